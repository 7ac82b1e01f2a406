"""Servers that misbehave, on threads: over TCP, TLS, unix sockets and UDP.

A `Conduct` is what a backend does with one connection. It may leave the connection open by returning `KEEP`; then it
stays open until the backend closes. Every wait ends when the backend closes its sockets, or after `TIMEOUT`.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from provoke.client import TIMEOUT, reset

KEEP = True
"""Returned by a conduct: leave the connection open."""

PAUSE = 0.2
"""Seconds for NGINX to take what was sent, before something else happens."""

Conduct = Callable[[socket.socket], bool | None]


class Backend:
    """Accepts connections and treats each as its conduct says."""

    def __init__(self, listener: socket.socket, conduct: Conduct, tls: ssl.SSLContext | None = None) -> None:
        self._listener = listener
        self._conduct = conduct
        self._tls = tls
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stops accepting and closes every connection."""
        # Only a shutdown wakes a thread that is blocked in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # NGINX closed it first.
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(TIMEOUT)
            with self._lock:
                self._open.append(connection)
            threading.Thread(target=self._treat, args=(connection,), daemon=True).start()

    def _treat(self, connection: socket.socket) -> None:
        try:
            spoken = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            if self._conduct(spoken) is not KEEP:
                spoken.close()
            elif self._tls:
                # The wrapped socket took over what the listener gave.
                with self._lock:
                    self._open.append(spoken)
        except OSError:
            connection.close()  # NGINX gave up, or the backend closed: both are meant to happen.


class Responder:
    """Answers UDP datagrams with `answer(datagram)`; says nothing where that is None."""

    def __init__(self, port: int, answer: Callable[[bytes], bytes | None]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        # A datagram socket cannot be woken by a shutdown: look for the end now and then.
        self._socket.settimeout(0.05)
        self._answer = answer
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops answering."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                datagram, sender = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            if (reply := self._answer(datagram)) is not None:
                self._socket.sendto(reply, sender)


def listen_tcp(port: int, *, host: str = "127.0.0.1", backlog: int = 64, receive_buffer: int = 0) -> socket.socket:
    """A listening TCP socket. A small `receive_buffer` makes senders block soon."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive_buffer:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    listener.bind((host, port))
    listener.listen(backlog)
    return listener


def listen_unix(path: Path, mode: int = 0o666) -> socket.socket:
    """A listening unix socket with the given file mode."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(mode)
    listener.listen(64)
    return listener


def read_http(connection: socket.socket) -> bytes:
    """The header of a request, with its body as far as Content-Length announces one."""
    data = b""
    while b"\r\n\r\n" not in data and (part := connection.recv(65536)):
        data += part
    length = re.search(rb"(?im)^content-length: (\d+)", data)
    end = data.find(b"\r\n\r\n") + 4 + (int(length[1]) if length else 0)
    while len(data) < end and (part := connection.recv(65536)):
        data += part
    return data


def read_some(connection: socket.socket) -> bytes:
    """Whatever arrives first: enough for protocols whose requests fit one segment."""
    return connection.recv(65536)


def finish(connection: socket.socket) -> None:
    """Ends properly: unread bytes at close() would make the kernel send a reset instead."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def answer(data: bytes, read: Callable[[socket.socket], bytes] = read_http) -> Conduct:
    """Reads a request, sends `data`, ends the connection properly."""

    def conduct(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(data)
        finish(connection)

    return conduct


def answer_and_reset(data: bytes = b"", read: Callable[[socket.socket], bytes] = read_http) -> Conduct:
    """Reads a request, sends `data`, resets the connection once NGINX took the data."""

    def conduct(connection: socket.socket) -> None:
        read(connection)
        if data:
            connection.sendall(data)
            time.sleep(PAUSE)  # NGINX shall see the data first, and the reset by itself.
        reset(connection)

    return conduct


def answer_and_hold(data: bytes = b"", read: Callable[[socket.socket], bytes] = read_http) -> Conduct:
    """Reads a request, sends `data`, then falls silent with the connection open."""

    def conduct(connection: socket.socket) -> bool:
        read(connection)
        connection.sendall(data)
        return KEEP

    return conduct


def answer_in_parts(first: bytes, second: bytes, read: Callable[[socket.socket], bytes] = read_http) -> Conduct:
    """Reads a request, sends `first`, and goes on with `second` and the end once NGINX took that."""

    def conduct(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(first)
        time.sleep(PAUSE)
        connection.sendall(second)
        finish(connection)

    return conduct


def answer_late(data: bytes) -> Conduct:
    """Reads a request, and sends `data` only after its client had time to leave."""

    def conduct(connection: socket.socket) -> None:
        read_http(connection)
        time.sleep(2 * PAUSE)
        connection.sendall(data)

    return conduct


def never_read(_connection: socket.socket) -> bool:
    """Accepts, and reads nothing ever."""
    return KEEP


def by_path(replies: Mapping[bytes, bytes]) -> Conduct:
    """As `answer`, with a reply for each path."""

    def conduct(connection: socket.socket) -> None:
        connection.sendall(replies[read_http(connection).split(b" ", 2)[1]])
        finish(connection)

    return conduct
