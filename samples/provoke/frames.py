"""FastCGI records, HTTP/2 frames and DNS answers as bytes, right and wrong ones."""

import socket
import struct
from collections.abc import Mapping

FCGI_END_REQUEST = 3
FCGI_STDIN = 5
FCGI_STDOUT = 6
FCGI_STDERR = 7

DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED = 1, 2, 3, 4, 5

H2_DATA, H2_HEADERS, H2_RST_STREAM, H2_SETTINGS, H2_PUSH_PROMISE, H2_PING, H2_GOAWAY = 0, 1, 3, 4, 5, 6, 7
H2_ACK, H2_END_STREAM, H2_END_HEADERS, H2_PADDED = 1, 1, 4, 8
H2_INTERNAL_ERROR, H2_REFUSED_STREAM, H2_ENHANCE_YOUR_CALM = 2, 7, 11


def fastcgi(kind: int, content: bytes, *, version: int = 1, request_id: int = 1) -> bytes:
    """One FastCGI record."""
    return struct.pack(">BBHHBB", version, kind, request_id, len(content), 0, 0) + content


FCGI_END = fastcgi(FCGI_END_REQUEST, bytes(8))
"""The record that ends a FastCGI request."""


def read_fastcgi(connection: socket.socket) -> bytes:
    """One whole FastCGI request: all up to the empty FCGI_STDIN record."""
    data = b""
    at = 0
    while True:
        while len(data) < at + 8:
            part = connection.recv(65536)
            if not part:
                return data
            data += part
        _, kind, _, length, padding, _ = struct.unpack_from(">BBHHBB", data, at)
        at += 8 + length + padding
        if kind == FCGI_STDIN and length == 0:
            return data


def http2(kind: int, content: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """One HTTP/2 frame."""
    return len(content).to_bytes(3, "big") + struct.pack(">BBI", kind, flags, stream) + content


def http2_headers(*fields: tuple[bytes, bytes], end: bool = False, stream: int = 1) -> bytes:
    """A whole header in one HTTP/2 frame, its fields literal and not indexed."""
    block = b"".join(b"\0%c%b%c%b" % (len(name), name, len(value), value) for name, value in fields)
    return http2(H2_HEADERS, block, flags=H2_END_HEADERS | (H2_END_STREAM if end else 0), stream=stream)


def read_http2(connection: socket.socket) -> bytes:
    """What NGINX sends for a request without a body: preface, settings and headers leave it at once."""
    data = connection.recv(65536)
    connection.sendall(http2(H2_SETTINGS) + http2(H2_SETTINGS, flags=H2_ACK))
    return data


def dns_answer(codes: Mapping[str, int], query: bytes) -> bytes | None:
    """Answers a query with the response code of its name; None (silence) for a name not in `codes`."""
    labels = []
    at = 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    code = codes.get(".".join(labels))
    if code is None:
        return None
    question = query[12 : at + 5]
    return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 0, 0, 0) + question
