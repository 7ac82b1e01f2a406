"""Failures after the response header: the client has a status already, so none is stated."""

import socket
import time
from collections.abc import Callable

from provoke import client
from provoke.backends import PAUSE, answer, answer_and_hold, answer_and_reset, answer_in_parts, by_path, listen_tcp
from provoke.frames import FCGI_END, FCGI_STDOUT, fastcgi, read_fastcgi
from provoke.stage import Stage

_OK = b"HTTP/1.1 200 OK\r\n"
_PART = _OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 100
_FASTCGI_PART = fastcgi(FCGI_STDOUT, b"Content-Length: 1000\r\n\r\n" + b"x" * 100)


def body_timeout(stage: Stage) -> None:
    """The backend falls silent in the middle of its response"""
    http = stage.backend(answer_and_hold(_PART))
    php = stage.unix_backend("mypool", answer_and_hold(_FASTCGI_PART, read=read_fastcgi))
    stage.nginx(
        f"""
        location /http {{ proxy_read_timeout 1s; proxy_pass http://{http}; }}
        location ~ \\.php$ {{ fastcgi_read_timeout 1s; fastcgi_pass {php}; }}
        """
    )
    stage.get("/http", times=2)
    stage.get("/export.php")
    for scheme, peer, events in (("http", http, 2), ("fastcgi", php, 1)):
        stage.expect(
            "body_timeout", "upstream timed out (110: Connection timed out) while reading upstream",
            phase="body", os_error="ETIMEDOUT", scheme=scheme, peer=peer, events=events,
        )


def body_reset(stage: Stage) -> None:
    """The backend resets the connection in the middle of its response"""
    http = stage.backend(answer_and_reset(_PART))
    php = stage.backend(answer_and_reset(_FASTCGI_PART, read=read_fastcgi))
    stage.nginx(
        f"""
        location /http {{ proxy_pass http://{http}; }}
        location /unbuffered {{ proxy_buffering off; proxy_pass http://{http}; }}
        location ~ \\.php$ {{ fastcgi_pass {php}; }}
        """
    )
    stage.get("/http", times=2)
    stage.get("/unbuffered")
    stage.get("/export.php")
    for scheme, peer, call, request, events in (
        ("http", http, "readv", "GET /http ", 2),
        ("http", http, "recv", "GET /unbuffered ", 1),
        ("fastcgi", php, "readv", "GET /export.php ", 1),
    ):
        stage.expect(
            "body_reset", f"{call}() failed (104: Connection reset by peer) while reading upstream", request,
            phase="body", os_error="ECONNRESET", scheme=scheme, peer=peer, events=events,
        )


def body_truncated(stage: Stage) -> None:
    """The backend ends the connection before all of the announced response was sent"""
    http = stage.backend(answer(_PART))
    # Without the record that ends the request, NGINX 1.22 takes a closed connection for the end, and says nothing.
    php = stage.backend(answer(_FASTCGI_PART + fastcgi(FCGI_STDOUT, b"") + FCGI_END, read=read_fastcgi))
    stage.nginx(
        f"""
        location /http {{ proxy_pass http://{http}; }}
        location ~ \\.php$ {{ fastcgi_pass {php}; }}
        """
    )
    stage.get("/http", times=3)
    stage.get("/export.php")
    for scheme, peer, what, events in (("http", http, "connection", 3), ("fastcgi", php, "FastCGI stdout", 1)):
        stage.expect(
            "body_truncated", f"upstream prematurely closed {what} while reading upstream",
            phase="body", scheme=scheme, peer=peer, events=events,
        )


def body_unbuffered(stage: Stage) -> None:
    """Without buffering, header, part of the body and the end come at once: NGINX says that it sends to the client, but
    it is the backend that closed or reset the connection"""

    def end(connection: socket.socket) -> None:
        connection.shutdown(socket.SHUT_WR)

    endings: tuple[tuple[str, str | None, str, Callable[[socket.socket], None]], ...] = (
        ("body_truncated", None, "upstream prematurely closed connection", end),
        ("body_reset", "ECONNRESET", "recv() failed (104: Connection reset by peer)", client.reset),
    )
    port = stage.port()
    peer = f"127.0.0.1:{port}"
    listener = stage.held(listen_tcp(port))
    nginx = stage.nginx(f"location / {{ proxy_buffering off; proxy_pass http://{peer}; }}")
    for class_, os_error, text, finish in endings:
        asking = stage.connect()
        asking.sendall(stage.request("/report"))
        upstream = stage.held(listener.accept()[0])
        upstream.recv(65536)
        # Afterwards NGINX finds all at once.
        nginx.pause()
        upstream.sendall(_PART)
        finish(upstream)
        time.sleep(PAUSE)
        nginx.resume()
        stage.count(client.read_all(asking))
        stage.expect(class_, f"{text} while sending to client", os_error=os_error, scheme="http", peer=peer)


def body_chunked(stage: Stage) -> None:
    """A chunked response ends within a chunk, before the last one, or goes on with what is no chunk; buffered or not"""
    head = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
    answers = {
        "within": ("body_truncated", b"a\r\nhalf", "upstream prematurely closed connection"),
        "between": ("body_truncated", b"2\r\nok\r\n", "upstream prematurely closed connection"),
        "wrong": ("invalid_response", b"2\r\nok\r\n<html>\r\n", "upstream sent invalid chunked response"),
    }
    peers = {name: stage.backend(answer_in_parts(head, data)) for name, (_, data, _) in answers.items()}
    stage.nginx(
        "proxy_http_version 1.1;\n"
        + "".join(
            f"location /{name} {{ proxy_pass http://{peer}; }}\n"
            f"location /unbuffered/{name} {{ proxy_buffering off; proxy_pass http://{peer}; }}\n"
            for name, peer in peers.items()
        )
    )
    for name, (class_, _, text) in answers.items():
        stage.get(f"/{name}")
        stage.get(f"/unbuffered/{name}")
        stage.expect(
            class_, f"{text} while reading upstream", phase="body", scheme="http", peer=peers[name], events=2
        )


def response_irregular(stage: Stage) -> None:
    """The backend sends more than it announced; NGINX drops the rest and goes on"""
    http = stage.backend(
        by_path(
            {
                b"/length": _OK + b"Content-Length: 2\r\n\r\nok, and more",
                b"/chunks": _OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore",
            }
        )
    )
    more = fastcgi(FCGI_STDOUT, b"Content-Length: 2\r\n\r\nok, and more") + FCGI_END
    php = stage.unix_backend("mypool", answer(more, read=read_fastcgi))
    stage.nginx(
        f"""
        location / {{ proxy_http_version 1.1; proxy_pass http://{http}; }}
        location ~ \\.php$ {{ fastcgi_pass {php}; }}
        """,
        level="warn",
    )
    for target, text, scheme, peer in (
        ("/length", 'upstream sent more data than specified in "Content-Length" header', "http", http),
        ("/chunks", "upstream sent data after final chunk", "http", http),
        ("/index.php", 'upstream sent more data than specified in "Content-Length" header', "fastcgi", php),
    ):
        stage.get(target)
        stage.expect(
            "response_irregular", f"{text} while reading upstream", phase="body", level="warn", scheme=scheme, peer=peer
        )


def response_buffered(stage: Stage) -> None:
    """The client takes a large response more slowly than the backend sends it"""
    size = 16_000_000  # Far more than the kernel takes for a client that does not read.
    http = stage.backend(answer(_OK + b"Content-Length: %d\r\n\r\n" % size + bytes(size)))
    stage.nginx(f"location / {{ proxy_pass http://{http}; }}", level="warn")
    for times in (1, 2):
        slow = stage.connect()
        slow.sendall(stage.request("/report.pdf"))
        stage.logged("buffered to a temporary file", times)
        client.read_all(slow)
    stage.expect(
        "response_buffered", "an upstream response is buffered to a temporary file ", " while reading upstream",
        phase="body", level="warn", scheme="http", peer=http, events=2,
    )
