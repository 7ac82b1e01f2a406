"""Odd but honest records: subrequests, quotes, bytes that are no UTF-8, IPv6, other line ends."""

from provoke import client
from provoke.backends import answer, read_some
from provoke.stage import Stage

_REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"


def subrequest(stage: Stage) -> None:
    """Subrequests to dead backends: for auth_request, for a part of a page (SSI), for a mirror"""
    auth, part, mirror = stage.dead(), stage.dead(), stage.dead()
    stage.file("page.html", '<p><!--# include virtual="/part?of=page" --></p>')
    stage.file("report.html", "<p>report</p>")
    stage.nginx(
        f"""
        default_type text/html;
        location /auth {{ internal; proxy_pass http://{auth}; }}
        location /protected {{ auth_request /auth; }}
        location /part {{ proxy_pass http://{part}; }}
        location /page.html {{ ssi on; }}
        location /mirror {{ internal; proxy_pass http://{mirror}/copy; }}
        location /report.html {{ mirror /mirror; }}
        """
    )
    stage.get("/protected/list", times=2)
    stage.get("/page.html")
    stage.get("/report.html")
    # What the client gets for a failed subrequest depends on who asked for it: 500 from auth_request, 200 from SSI
    # and mirror. The record does not tell which of them did, so no status is stated.
    for peer, uri, events in ((auth, "/auth", 2), (part, "/part", 1), (mirror, "/mirror", 1)):
        stage.expect(
            "connect_refused", _REFUSED, f'subrequest: "{uri}"', phase="connect", os_error="ECONNREFUSED",
            scheme="http", peer=peer, events=events,
        )
    stage.noise("auth request unexpected status: 502 while sending to client", records=2, status=500)


def quote_in_request(stage: Stage) -> None:
    """Request lines with quotes in them, one after the look of a record's fields"""
    peer = stage.dead()
    stage.nginx(f"location / {{ proxy_pass http://{peer}; }}")
    targets = ('/search?q="tea"', '/a"b', '/x",upstream:"http://10.9.9.9:80/",host:"evil.example', '/"?","=",')
    for target in targets:
        stage.get(target)
    stage.expect(
        "connect_refused", _REFUSED, phase="connect", os_error="ECONNREFUSED", scheme="http", peer=peer, status=502,
        events=len(targets),
    )


def not_utf8(stage: Stage) -> None:
    """Bytes that are no UTF-8 in path, host and Referer, and bytes that make a terminal act"""
    peer = stage.dead()
    stage.nginx(f"location / {{ proxy_pass http://{peer}; }} location /files/ {{ }}")
    stage.get(b"/caf\xe9?q=\xff\xfe")
    stage.get("/", host=b"\xff\x80.test")
    stage.get("/", headers=[b"Referer: http://caf\xe9.test/\xc3\x28"])
    stage.get("/", headers=[b"Referer: \x1b[2J\x1b]0;title\x07\x08\x7f"])
    stage.get("/", headers=["Referer: http://täglich.test/→\u202e"])
    stage.expect(
        "connect_refused", _REFUSED, phase="connect", os_error="ECONNREFUSED", scheme="http", peer=peer, status=502,
        events=5,
    )
    # Here the path is decoded.
    stage.get("/files/%FF%1B%5B31m%0D%08")
    stage.noise(b"open()", b"/www/files/\xff\x1b[31m\r\x08", status=404)


def ipv6(stage: Stage) -> None:
    """Clients and backends at IPv6 addresses"""
    stage.use_ipv6()
    port, stream_port = stage.port(), stage.port()
    dead = f"[::1]:{port}"
    closing = stage.backend(answer(b"", read=read_some), host="::1")
    stage.nginx(
        f"""
        location ~ \\.php$ {{ fastcgi_pass {dead}; }}
        location / {{ proxy_pass http://{dead}; }}
        location /closing {{ scgi_pass {closing}; }}
        """,
        modules=["ngx_stream_module"],
        blocks=f"""
        stream {{ error_log {stage.log_path} error; server {{ listen [::1]:{stream_port}; proxy_pass {dead}; }} }}
        """,
    )
    stage.get("/index.php")
    stage.get("/", times=2)
    stage.get("/closing")
    with client.connect(("::1", stream_port)) as connection:
        client.read_all(connection)
    for scheme, events in (("fastcgi", 1), ("http", 2)):
        stage.expect(
            "connect_refused", _REFUSED, phase="connect", os_error="ECONNREFUSED", scheme=scheme, peer=dead,
            status=502, events=events,
        )
    stage.expect(
        "response_closed", "upstream prematurely closed connection while reading response header from upstream",
        phase="header", scheme="scgi", peer=closing, status=502,
    )
    stage.expect(
        "connect_refused", _REFUSED, f'upstream: "{dead}", bytes from/to client:0/0', phase="connect",
        os_error="ECONNREFUSED", peer=dead, server=f"[::1]:{stream_port}",
    )


def windows_line_ends(stage: Stage) -> None:
    """A real log whose lines were made to end in CR LF afterwards, as editors and mail programs do"""
    stage.edit = lambda log: log.replace(b"\n", b"\r\n")
    tcp, gone = stage.dead(), stage.dead_socket("mypool")
    stage.nginx(
        f"""
        location / {{ proxy_pass http://{tcp}; }}
        location ~ \\.php$ {{ fastcgi_pass {gone}; }}
        location /files/ {{ }}
        """
    )
    stage.get("/", times=2)
    stage.get("/index.php")
    stage.get("/files/x")
    stage.get("/", headers=["Referer: http://windows-line-ends.test/"])
    stage.expect(
        "connect_refused", _REFUSED, phase="connect", os_error="ECONNREFUSED", scheme="http", peer=tcp, status=502,
        events=3,
    )
    stage.expect(
        "connect_refused", f"connect() to {gone} failed (111: Connection refused) while connecting to upstream",
        phase="connect", os_error="ECONNREFUSED", scheme="fastcgi", peer=gone, status=502,
    )
    stage.noise("open()", "/www/files/x", status=404)
