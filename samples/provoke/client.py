"""Requests as bytes, so that a scenario can send what no proper HTTP client would."""

import fcntl
import re
import socket
import struct
import termios
from collections.abc import Sequence
from pathlib import Path

Address = tuple[str, int] | Path
"""Host and port, or a unix socket."""

TIMEOUT = 15.0


def written(address: Address) -> str:
    """An address as NGINX writes it."""
    if isinstance(address, Path):
        return f"unix:{address}"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def connect(address: Address, timeout: float = TIMEOUT) -> socket.socket:
    """Connects to NGINX."""
    if isinstance(address, Path):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        connection.connect(str(address))
        return connection
    return socket.create_connection(address, timeout)


def open_stream(port: int) -> socket.socket:
    """Connects to a TCP stream of NGINX and begins to speak."""
    connection = connect(("127.0.0.1", port))
    connection.sendall(b"hello")
    return connection


def request(
    target: bytes, host: bytes, *, method: bytes = b"GET", headers: Sequence[bytes] = (), body: bytes = b"",
    keep: bool = False,
) -> bytes:
    """One HTTP/1.1 request, unchecked and unescaped. Closes the connection after it unless `keep` is set."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: " + host, *headers]
    if not keep:
        lines.append(b"Connection: close")
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def read_all(connection: socket.socket) -> bytes:
    """Everything up to the end of the connection, however it ends."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def read_reply(connection: socket.socket) -> bytes:
    """One reply on a connection that stays open: its header, and the body its Content-Length announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    header, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: (\d+)", header)
    left = int(length[1]) - len(body) if length else 0
    while left > 0 and (part := connection.recv(65536)):
        data += part
        left -= len(part)
    return data


def status_of(reply: bytes) -> int | None:
    """The status of an HTTP reply; None when there is no status line."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", reply)
    return int(found[1]) if found else None


def is_received(connection: socket.socket) -> bool:
    """Whether the other side's kernel has all that was sent, whoever will read it there."""
    unconfirmed = bytearray(4)
    fcntl.ioctl(connection, termios.TIOCOUTQ, unconfirmed)
    return not any(unconfirmed)


def reset(connection: socket.socket) -> None:
    """Closes with a reset (RST) instead of a proper end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
