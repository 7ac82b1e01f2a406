"""uWSGI with a real application, and scripted servers that speak uwsgi or SCGI badly."""

import time
from pathlib import Path

from provoke import client
from provoke.backends import PAUSE, answer, answer_and_hold, answer_and_reset, read_some
from provoke.stage import Stage

_UPSTREAM = "while reading response header from upstream"

_APP = """\
import os, pathlib, signal, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(5)
    if path == "/crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "/raise":
        raise RuntimeError("no price for tea")
    if path == "/wait":
        folder = pathlib.Path(__file__).parent
        (folder / "started").touch()
        while not (folder / "go").exists():
            time.sleep(0.05)
    headers = [("Content-Type", "text/plain")]
    if path == "/half":
        start_response("200 OK", headers + [("Content-Length", "1000")])
        yield b"x" * 100
        os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", headers)
    yield b"ok"
"""


def _pass(where: str, address: str | Path) -> str:
    return f"location {where} {{ include /etc/nginx/uwsgi_params; uwsgi_pass {address}; }}\n"


def uwsgi_app(stage: Stage) -> None:
    """uWSGI's worker is killed: by its harakiri after a second, by the system, or in the middle of the response; the
    application raises before it answers, or answers without having read the request's body"""
    path = stage.socket_path("app")
    # A worker that died is back after a second, so there is one for each request.
    stage.uwsgi(path, _APP, "--harakiri", "1", "--processes", "8")
    peer = f"unix:{path}"
    stage.nginx("client_body_buffer_size 64k;\n" + _pass("/", peer))
    for target in ("/slow", "/crash", "/raise", "/half"):
        stage.get(target)
    for target in ("/crash", "/"):
        stage.post(target, bytes(50_000))
    stage.get("/")
    stage.expect(
        "response_closed", f"upstream prematurely closed connection {_UPSTREAM}", "GET /",
        phase="header", scheme="uwsgi", peer=peer, status=502, events=3,
    )
    stage.expect(
        "body_truncated", "upstream prematurely closed connection while reading upstream", "GET /half ",
        phase="body", scheme="uwsgi", peer=peer,
    )
    # What was not read of a request makes the kernel reset the connection.
    stage.expect(
        "response_reset", f"recv() failed (104: Connection reset by peer) {_UPSTREAM}", "POST /crash ",
        phase="header", os_error="ECONNRESET", scheme="uwsgi", peer=peer, status=502,
    )
    stage.expect(
        "body_reset", "readv() failed (104: Connection reset by peer) while reading upstream", "POST / ",
        phase="body", os_error="ECONNRESET", scheme="uwsgi", peer=peer,
    )


def uwsgi_down(stage: Stage) -> None:
    """uWSGI was stopped and left its socket behind, or took it with it (vacuum)"""
    stale, gone = stage.socket_path("stale"), stage.socket_path("gone")
    servers = stage.uwsgi(stale, _APP), stage.uwsgi(gone, _APP, "--vacuum")
    stage.nginx(_pass("/stale", f"unix:{stale}") + _pass("/gone", f"unix:{gone}"))
    for target in ("/stale", "/gone"):
        stage.get(target)  # Only a worker that has served can be stopped in order.
    for server in servers:
        server.stop()
    stage.get("/stale", times=2)
    stage.get("/gone")
    stage.expect(
        "connect_refused", f"connect() to unix:{stale} failed (111: Connection refused) while connecting to upstream",
        phase="connect", os_error="ECONNREFUSED", scheme="uwsgi", peer=f"unix:{stale}", status=502, events=2,
    )
    stage.expect(
        "socket_missing", f"connect() to unix:{gone} failed (2: No such file or directory) while connecting to",
        phase="connect", os_error="ENOENT", level="crit", scheme="uwsgi", peer=f"unix:{gone}", status=502,
    )


def uwsgi_busy(stage: Stage) -> None:
    """uWSGI's only worker is busy and its listen queue is full; after that, NGINX waits too short for it"""
    path = stage.socket_path("app")
    peer = f"unix:{path}"
    stage.uwsgi(path, _APP, "--listen", "1")
    stage.nginx("uwsgi_read_timeout 1s;\n" + _pass("/", peer))
    waiting = [stage.connect() for _ in range(3)]
    waiting[0].sendall(stage.request("/wait"))
    stage.until((stage.folder / "www/started").exists)
    # A queue of length 1 holds two.
    for connection in waiting[1:]:
        connection.sendall(stage.request("/wait"))
    time.sleep(PAUSE)
    stage.get("/wait", times=4)
    for connection in waiting:
        stage.count(client.read_all(connection))
    stage.file("go", "")
    stage.expect(
        "backlog_full", f"connect() to {peer} failed (11: Resource temporarily unavailable) while connecting to",
        phase="connect", os_error="EAGAIN", scheme="uwsgi", peer=peer, status=502, events=4,
    )
    stage.expect(
        "response_timeout", f"upstream timed out (110: Connection timed out) {_UPSTREAM}",
        phase="header", os_error="ETIMEDOUT", scheme="uwsgi", peer=peer, status=504, events=3,
    )


def _break_headers(stage: Stage, scheme: str) -> None:
    """Breaks the response header in all ways that a protocol with a plain header knows."""
    cookies = b"".join(b"Set-Cookie: c%d=%s\r\n" % (number, b"v" * 500) for number in range(10))
    ends, breaks, is_cut = "response_closed", "invalid_response", "upstream prematurely closed connection"
    answers = (
        (ends, b"", is_cut),
        (ends, b"Status: 200 OK\r\nContent-Ty", is_cut),
        ("header_too_big", b"Status: 200 OK\r\n" + cookies + b"\r\n", "upstream sent too big header"),
        (breaks, b"Status: none\r\n\r\n", 'upstream sent invalid status "none"'),
        (breaks, b"Status: \r\n\r\n", 'upstream sent invalid status ""'),
        (breaks, b"Content-Type text/plain\r\n\r\n", 'upstream sent invalid header: "Content-Type\\x20..."'),
        (breaks, b"X-Zero: a\0b\r\n\r\n", 'upstream sent invalid header: "X-Zero: a\\x00..."'),
    )
    locations = [f"{scheme}_buffer_size 4k; {scheme}_read_timeout 1s;"]
    for number, (class_, data, text) in enumerate(answers):
        peer = stage.backend(answer(data, read=read_some))
        locations.append(f"location = /{number} {{ {scheme}_pass {peer}; }}")
        stage.expect(class_, f"{text} {_UPSTREAM}", phase="header", scheme=scheme, peer=peer, status=502)
    silent, resets = stage.backend(answer_and_hold(read=read_some)), stage.backend(answer_and_reset(read=read_some))
    locations.append(f"location /silent {{ {scheme}_pass {silent}; }} location /resets {{ {scheme}_pass {resets}; }}")
    stage.nginx("\n".join(locations))
    for number in range(len(answers)):
        stage.get(f"/{number}")
    stage.get("/silent", times=2)
    stage.get("/resets")
    stage.expect(
        "response_timeout", f"upstream timed out (110: Connection timed out) {_UPSTREAM}",
        phase="header", os_error="ETIMEDOUT", scheme=scheme, peer=silent, status=504, events=2,
    )
    stage.expect(
        "response_reset", f"recv() failed (104: Connection reset by peer) {_UPSTREAM}",
        phase="header", os_error="ECONNRESET", scheme=scheme, peer=resets, status=502,
    )


def _break_bodies(stage: Stage, scheme: str) -> None:
    """Breaks off in the body, or goes on after its end."""
    part = b"Status: 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100
    more = b"Status: 200 OK\r\nContent-Length: 2\r\n\r\nok, and more"
    cut, silent = stage.backend(answer(part, read=read_some)), stage.backend(answer_and_hold(part, read=read_some))
    resets = stage.backend(answer_and_reset(part, read=read_some))
    irregular = stage.backend(answer(more, read=read_some))
    stage.nginx(
        f"""
        {scheme}_read_timeout 1s;
        location /cut {{ {scheme}_pass {cut}; }}
        location /silent {{ {scheme}_pass {silent}; }}
        location /resets {{ {scheme}_pass {resets}; }}
        location /irregular {{ {scheme}_pass {irregular}; }}
        """,
        level="warn",
    )
    stage.get("/cut", times=2)
    for target in ("/silent", "/resets", "/irregular"):
        stage.get(target)
    stage.expect(
        "body_truncated", "upstream prematurely closed connection while reading upstream",
        phase="body", scheme=scheme, peer=cut, events=2,
    )
    stage.expect(
        "body_timeout", "upstream timed out (110: Connection timed out) while reading upstream",
        phase="body", os_error="ETIMEDOUT", scheme=scheme, peer=silent,
    )
    stage.expect(
        "body_reset", "readv() failed (104: Connection reset by peer) while reading upstream",
        phase="body", os_error="ECONNRESET", scheme=scheme, peer=resets,
    )
    stage.expect(
        "response_irregular", 'upstream sent more data than specified in "Content-Length" header while reading',
        phase="body", level="warn", scheme=scheme, peer=irregular,
    )


def uwsgi_header(stage: Stage) -> None:
    """A uwsgi server closes, resets or falls silent before its response header is complete, or sends a wrong one"""
    _break_headers(stage, "uwsgi")


def uwsgi_body(stage: Stage) -> None:
    """A uwsgi server breaks off in the middle of its response, or sends more than it announced"""
    _break_bodies(stage, "uwsgi")


def scgi_header(stage: Stage) -> None:
    """An SCGI server closes, resets or falls silent before its response header is complete, or sends a wrong one"""
    _break_headers(stage, "scgi")


def scgi_body(stage: Stage) -> None:
    """An SCGI server breaks off in the middle of its response, or sends more than it announced"""
    _break_bodies(stage, "scgi")


def scgi_down(stage: Stage) -> None:
    """The SCGI server does not run: nothing listens on its port, its socket is gone, both of a pool are dead"""
    port, first, second = stage.dead(), stage.dead(), stage.dead_socket("second")
    missing = f"unix:{stage.socket_path('app')}"
    limits = "max_fails=1 fail_timeout=60s"
    stage.nginx(
        f"""
        location /port {{ scgi_pass {port}; }}
        location /socket {{ scgi_pass {missing}; }}
        location /pool {{ scgi_pass both_dead; }}
        """,
        http=f"upstream both_dead {{ server {first} {limits}; server {second} {limits}; }}",
        level="warn",
    )
    stage.get("/port", times=2)
    stage.get("/socket")
    stage.get("/pool", times=3)
    refused = "failed (111: Connection refused) while connecting to upstream"
    # The first attempt on the pool gets no reply of its own: the second peer is tried for the same request.
    for peer, text, replies, events in (
        (port, f"connect() {refused}", 2, 2),
        (first, f"connect() {refused}", 0, 1),
        (second, f"connect() to {second} {refused}", 1, 1),
    ):
        stage.expect(
            "connect_refused", text, phase="connect", os_error="ECONNREFUSED", scheme="scgi", peer=peer, status=502,
            replies=replies, events=events,
        )
    for peer in (first, second):
        stage.expect(
            "peer_disabled", "upstream server temporarily disabled while connecting to upstream",
            phase="connect", level="warn", scheme="scgi", peer=peer,
        )
    stage.expect(
        "no_live_upstreams", "no live upstreams while connecting to upstream",
        phase="connect", scheme="scgi", peer="both_dead", status=502, events=2,
    )
    stage.expect(
        "socket_missing", f"connect() to {missing} failed (2: No such file or directory) while connecting to",
        phase="connect", os_error="ENOENT", level="crit", scheme="scgi", peer=missing, status=502,
    )
