"""Failures while NGINX waits for the response header, or reads it."""

import socket
from collections.abc import Callable

from provoke import frames
from provoke.backends import Conduct, answer, answer_and_hold, answer_and_reset, by_path, finish, read_http, read_some
from provoke.client import reset
from provoke.config import php_location
from provoke.frames import FCGI_END, FCGI_STDOUT, fastcgi, http2, read_fastcgi, read_http2
from provoke.scenarios import needs_nginx
from provoke.stage import Stage

_UPSTREAM = "while reading response header from upstream"


def response_timeout(stage: Stage) -> None:
    """The application works longer than NGINX waits for it"""
    http, php = stage.backend(answer_and_hold()), stage.unix_backend("mypool", answer_and_hold(read=read_some))
    app = stage.unix_backend("app", answer_and_hold())
    stage.nginx(
        f"""
        proxy_read_timeout 1s;
        fastcgi_read_timeout 1s;
        location /http {{ proxy_pass http://{http}; }}
        location /api/ {{ proxy_pass http://{app}; }}
        location ~ \\.php$ {{ fastcgi_pass {php}; }}
        """
    )
    stage.get("/http")
    stage.get("/report.php", times=2)
    # After a timeout, and only then, no colon stands between a unix socket and what follows it.
    stage.get("/api/v1/users:7")
    for scheme, peer, events in (("http", http, 1), ("fastcgi", php, 2), ("http", app, 1)):
        stage.expect(
            "response_timeout", f"upstream timed out (110: Connection timed out) {_UPSTREAM}",
            phase="header", os_error="ETIMEDOUT", scheme=scheme, peer=peer, status=504, events=events,
        )


def response_reset(stage: Stage) -> None:
    """The backend resets the connection instead of answering; so does the kernel when a PHP-FPM child crashes, or is
    killed because it works longer than request_terminate_timeout"""
    pool = stage.socket_path("mypool")
    stage.php((pool, "request_terminate_timeout = 1s"))
    stage.file("slow.php", "<?php sleep(5);")
    stage.file("crash.php", "<?php exec('kill -SEGV ' . getmypid()); sleep(5);")
    peer = stage.backend(answer_and_reset())
    stage.nginx(f"location /http {{ proxy_pass http://{peer}; }}" + php_location(f"unix:{pool}"))
    stage.get("/http", times=2)
    stage.get("/slow.php")
    stage.get("/crash.php")
    for scheme, address, events in (("http", peer, 2), ("fastcgi", f"unix:{pool}", 2)):
        stage.expect(
            "response_reset", f"recv() failed (104: Connection reset by peer) {_UPSTREAM}",
            phase="header", os_error="ECONNRESET", scheme=scheme, peer=address, status=502, events=events,
        )


def response_closed(stage: Stage) -> None:
    """The backend closes the connection before the header is complete"""
    begun = b"HTTP/1.1 200 OK\r\nContent-Ty"
    http = stage.backend(by_path({b"/nothing": b"", b"/half": begun}))
    ended = fastcgi(FCGI_STDOUT, b"Status: 200") + fastcgi(FCGI_STDOUT, b"") + FCGI_END
    php = stage.backend(answer(ended, read=read_fastcgi))
    stage.nginx(
        f"""
        location / {{ proxy_pass http://{http}; }}
        location ~ \\.php$ {{ fastcgi_pass {php}; }}
        """
    )
    for target in ("/nothing", "/half", "/index.php"):
        stage.get(target)
    for scheme, peer, what, events in (("http", http, "connection", 2), ("fastcgi", php, "FastCGI stdout", 1)):
        stage.expect(
            "response_closed", f"upstream prematurely closed {what} {_UPSTREAM}",
            phase="header", scheme=scheme, peer=peer, status=502, events=events,
        )


def header_too_big(stage: Stage) -> None:
    """The response header does not fit the buffer: mostly cookies"""
    cookies = b"".join(b"Set-Cookie: c%d=%s\r\n" % (number, b"v" * 500) for number in range(10))
    http = stage.backend(answer(b"HTTP/1.1 200 OK\r\n" + cookies + b"\r\n"))
    php = stage.unix_backend("mypool", answer(fastcgi(FCGI_STDOUT, cookies + b"\r\n") + FCGI_END, read_fastcgi))
    stage.nginx(
        f"""
        location /http {{ proxy_buffer_size 4k; proxy_pass http://{http}; }}
        location ~ \\.php$ {{ fastcgi_buffer_size 4k; fastcgi_pass {php}; }}
        """
    )
    stage.get("/http", times=2)
    stage.get("/index.php")
    for scheme, peer, events in (("http", http, 2), ("fastcgi", php, 1)):
        stage.expect(
            "header_too_big", f"upstream sent too big header {_UPSTREAM}",
            phase="header", scheme=scheme, peer=peer, status=502, events=events,
        )


def invalid_response(stage: Stage) -> None:
    """The backend breaks the rules of its protocol, or speaks another one"""
    ok = b"HTTP/1.1 200 OK\r\n"
    bare = "upstream sent no valid HTTP/1.0 header"
    answers = (
        ("http", ok + b"Bad Header\r\n\r\n", 'upstream sent invalid header: "Bad\\x20..."'),
        ("http", ok + b"X-Zero: a\0b\r\n\r\n", 'upstream sent invalid header: "X-Zero: a\\x00..."'),
        ("http", b"-ERR unknown command\r\n", bare),
        ("fastcgi", fastcgi(FCGI_STDOUT, b"Status: abc\r\n\r\n"), 'upstream sent invalid status "abc"'),
        ("fastcgi", ok + b"\r\n", "upstream sent unsupported FastCGI protocol version: 72"),
        ("fastcgi", fastcgi(99, b"?"), "upstream sent invalid FastCGI record type: 99"),
        ("fastcgi", fastcgi(FCGI_STDOUT, b"?", request_id=7), "unexpected FastCGI request id low byte: 7"),
        ("fastcgi", fastcgi(FCGI_STDOUT, b"Status: 200") + FCGI_END, "upstream sent unexpected FastCGI record: 3"),
        ("uwsgi", ok + b"no colon\r\n\r\n", 'upstream sent invalid header: "no\\x20..."'),
        ("scgi", b"Status: x\r\n\r\n", 'upstream sent invalid status "x"'),
        ("memcached", b"ERROR no such thing\r\n", 'memcached sent invalid response: "ERROR no such thing"'),
        ("grpc", ok + b"\r\n", "upstream sent too large http2 frame: 4740180"),
    )
    passes = {"http": "proxy_pass http://", "memcached": "set $memcached_key key; memcached_pass "}
    locations = []
    for number, (scheme, data, text) in enumerate(answers):
        peer = stage.backend(answer(data, read=read_fastcgi if scheme == "fastcgi" else read_some))
        locations.append(f"location = /{number} {{ {passes.get(scheme, f'{scheme}_pass ')}{peer}; }}")
        # NGINX takes a reply without a status line for HTTP/0.9, and passes it on as it came.
        stage.expect(
            "invalid_response", f"{text} {_UPSTREAM}", phase="header", scheme=scheme, peer=peer,
            status=None if text == bare else 502,
        )
    chunks = stage.backend(answer(ok + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"))
    locations.append(f"location /chunks {{ proxy_http_version 1.1; proxy_pass http://{chunks}; }}")
    stage.nginx("\n".join(locations))
    for number in range(len(answers)):
        stage.get(f"/{number}")
    stage.get("/chunks")
    stage.expect(
        "invalid_response", "upstream sent invalid chunked response while reading upstream",
        phase="body", scheme="http", peer=chunks,
    )


@needs_nginx(1, 23)
def strict_headers(stage: Stage) -> None:
    """Response headers that NGINX 1.23 and later find wrong: the same one twice, lengths that are none or contradict
    each other"""
    both = '"Content-Length" and "Transfer-Encoding" headers at the same time'
    twice = 'duplicate header line: "Content-Length: 2", previous value: "Content-Length: 2"'
    wrong = (
        (b"Content-Length: 2\r\nContent-Length: 2\r\n", twice),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", both),
        (b"Content-Length: many\r\n", 'invalid "Content-Length" header: "Content-Length: many"'),
        (b"Transfer-Encoding: gzip\r\n", 'unknown "Transfer-Encoding": "gzip"'),
    )
    tolerated = b"Date: today\r\nDate: tomorrow\r\nContent-Length: 2\r\n"
    headers = {b"/%d" % number: header for number, (header, _) in enumerate(wrong)} | {b"/tolerated": tolerated}
    replies = {path: b"HTTP/1.1 200 OK\r\n" + header + b"\r\nok" for path, header in headers.items()}
    peer = stage.backend(by_path(replies))
    stage.nginx(f"location / {{ proxy_pass http://{peer}; }}", level="warn")
    for path in headers:
        stage.get(path)
    for _, text in wrong:
        stage.expect(
            "invalid_response", f"upstream sent {text} {_UPSTREAM}",
            phase="header", scheme="http", peer=peer, status=502,
        )
    stage.expect(
        "response_irregular",
        f'upstream sent duplicate header line: "Date: tomorrow", previous value: "Date: today", ignored {_UPSTREAM}',
        phase="header", level="warn", scheme="http", peer=peer,
    )


def request_rejected(stage: Stage) -> None:
    """A gRPC backend rejects the stream, or says goodbye with an error"""

    def rejects(kind: int, content: bytes, stream: int) -> Conduct:
        return answer(http2(kind, content, stream=stream), read=read_http2)

    def error(code: int) -> bytes:
        return code.to_bytes(4, "big")

    resets = stage.backend(rejects(frames.H2_RST_STREAM, error(frames.H2_REFUSED_STREAM), stream=1))
    leaves = stage.backend(rejects(frames.H2_GOAWAY, bytes(4) + error(frames.H2_ENHANCE_YOUR_CALM), stream=0))
    stage.nginx(
        f"""
        location /shop.Cart/Add {{ grpc_pass grpc://{resets}; }}
        location /shop.Cart/List {{ grpc_pass grpc://{leaves}; }}
        """
    )
    stage.get("/shop.Cart/Add", times=2)
    stage.get("/shop.Cart/List")
    for peer, text, events in (
        (resets, "upstream rejected request with error 7", 2),
        (leaves, "upstream sent goaway with error 11", 1),
    ):
        stage.expect(
            "request_rejected", f"{text} {_UPSTREAM}", phase="header", scheme="grpc", peer=peer, status=502,
            events=events,
        )


def wrong_protocol(stage: Stage) -> None:
    """NGINX speaks another protocol than the server behind it: HTTP or gRPC to PHP-FPM, HTTP or FastCGI to uWSGI, and
    whatever to a web server, which is NGINX too and logs what it was sent"""
    php, uwsgi, web = stage.socket_path("mypool"), stage.socket_path("app"), f"127.0.0.1:{stage.port()}"
    stage.php((php, ""))
    stage.uwsgi(uwsgi, "def application(environ, start_response):\n    raise NotImplementedError\n")
    was_reset, closed = "recv() failed (104: Connection reset by peer)", "upstream prematurely closed connection"
    cases = (
        (f"unix:{php}", "http", "response_reset", was_reset),
        (f"unix:{php}", "grpc", "response_reset", was_reset),
        (f"unix:{uwsgi}", "http", "response_closed", closed),
        (f"unix:{uwsgi}", "fastcgi", "response_closed", closed),
        (web, "fastcgi", "invalid_response", "upstream sent unsupported FastCGI protocol version: 72"),
        (web, "grpc", "invalid_response", "upstream sent too large http2 frame: 4740180"),
        (web, "memcached", "invalid_response", 'memcached sent invalid response: "HTTP/1.1 400 Bad Request"'),
    )
    passes = {
        "http": "proxy_pass http://",
        "fastcgi": "include /etc/nginx/fastcgi_params; fastcgi_pass ",
        "memcached": "set $memcached_key key; memcached_pass ",
    }
    locations = [
        f"location = /{at} {{ {passes.get(scheme, f'{scheme}_pass ')}{peer}; }}\n"
        for at, (peer, scheme, _, _) in enumerate(cases)
    ]
    # These take the web server's complaint for an answer.
    for scheme in ("uwsgi", "scgi"):
        locations.append(f"location /{scheme} {{ include /etc/nginx/{scheme}_params; {scheme}_pass {web}; }}\n")
    stage.nginx("".join(locations), http=f"server {{ listen {web}; return 204; }}", level="info")
    for at, (peer, scheme, class_, text) in enumerate(cases):
        stage.get(f"/{at}")
        stage.expect(
            class_, f"{text} {_UPSTREAM}", phase="header", os_error="ECONNRESET" if text == was_reset else None,
            scheme=scheme, peer=peer, status=502,
        )
    for scheme in ("uwsgi", "scgi"):
        stage.get(f"/{scheme}")
    stage.noise("[info]", "client sent invalid method while reading client request line", records=4)
    stage.noise("[info]", "client sent invalid request while reading client request line", '"PRI * HTTP/2.0"')


def keepalive_closed(stage: Stage) -> None:
    """The backend closes or resets a connection that was kept alive as soon as the next request comes. NGINX then tries
    a new one, but not for a POST, whose client gets 502"""
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def serve_once(end: Callable[[socket.socket], None]) -> Conduct:
        def conduct(connection: socket.socket) -> None:
            read_http(connection)
            connection.sendall(ok)
            read_http(connection)
            end(connection)

        return conduct

    closes, resets = stage.backend(serve_once(finish)), stage.backend(serve_once(reset))
    stage.nginx(
        """
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location /closes { proxy_pass http://closes; }
        location /resets { proxy_pass http://resets; }
        """,
        http=f"""
        upstream closes {{ server {closes}; keepalive 1; }}
        upstream resets {{ server {resets}; keepalive 1; }}
        """,
    )
    for target in ("/closes", "/resets"):
        stage.get(target, times=2)
        stage.post(target, b"order")
    for peer, class_, os_error, text in (
        (closes, "response_closed", None, "upstream prematurely closed connection"),
        (resets, "response_reset", "ECONNRESET", "recv() failed (104: Connection reset by peer)"),
    ):
        stage.expect(
            class_, f"{text} {_UPSTREAM}", phase="header", os_error=os_error, scheme="http", peer=peer, status=502,
            events=2, replies=1,
        )
