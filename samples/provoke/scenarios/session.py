"""Sessions that NGINX only passes on: upgraded HTTP connections, TCP and UDP streams."""

import socket

from provoke import client
from provoke.backends import answer_and_hold, answer_and_reset, read_some
from provoke.client import read_reply
from provoke.stage import Stage

_UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
_UPGRADE = ("Upgrade: websocket", "Connection: Upgrade")
_PROXY_UPGRADE = """
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection Upgrade;
"""


def _stream(stage: Stage, servers: str) -> str:
    return f"stream {{ error_log {stage.log_path} info; {servers} }}"


def _open_stream(port: int) -> socket.socket:
    connection = client.connect(("127.0.0.1", port))
    connection.sendall(b"hello")
    return connection


def session_timeout(stage: Stage) -> None:
    """Nothing comes over an upgraded (WebSocket) connection, or over a TCP stream, for too long"""
    web, tcp = stage.backend(answer_and_hold(_UPGRADED)), stage.backend(answer_and_hold(b"hello", read=read_some))
    port = stage.port()
    stage.nginx(
        f"location / {{ {_PROXY_UPGRADE} proxy_read_timeout 1s; proxy_pass http://{web}; }}",
        modules=["ngx_stream_module"],
        blocks=_stream(stage, f"server {{ listen 127.0.0.1:{port}; proxy_timeout 1s; proxy_pass {tcp}; }}"),
        level="info",
    )
    for _ in range(2):
        stage.send(stage.request("/live", headers=_UPGRADE, keep=True))
    with _open_stream(port) as stream:
        client.read_all(stream)
    stage.expect(
        "session_timeout", "upstream timed out (110: Connection timed out) while proxying upgraded connection",
        phase="session", os_error="ETIMEDOUT", level="info", scheme="http", peer=web, events=2,
    )
    stage.expect(
        "session_timeout", "connection timed out (110: Connection timed out) while proxying connection",
        phase="session", os_error="ETIMEDOUT", level="info", peer=tcp, server=f"127.0.0.1:{port}",
    )
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}")
    stage.noise(" proxy 127.0.0.1:", f" connected to {tcp}")


def session_reset(stage: Stage) -> None:
    """The backend resets an upgraded connection or a TCP stream; clients that do so are no events"""
    web, steady_web = stage.backend(answer_and_reset(_UPGRADED)), stage.backend(answer_and_hold(_UPGRADED))
    tcp = stage.backend(answer_and_reset(b"hello", read=read_some))
    steady_tcp = stage.backend(answer_and_hold(b"hello", read=read_some))
    port, steady_port = stage.port(), stage.port()
    stage.nginx(
        f"""
        {_PROXY_UPGRADE}
        location / {{ proxy_pass http://{web}; }}
        location /steady {{ proxy_pass http://{steady_web}; }}
        """,
        modules=["ngx_stream_module"],
        blocks=_stream(
            stage,
            f"server {{ listen 127.0.0.1:{port}; proxy_pass {tcp}; }}"
            f"server {{ listen 127.0.0.1:{steady_port}; proxy_pass {steady_tcp}; }}",
        ),
        level="info",
    )
    for _ in range(2):
        stage.send(stage.request("/live", headers=_UPGRADE, keep=True))
    with _open_stream(port) as stream:
        client.read_all(stream)
    leaving = stage.connect()
    leaving.sendall(stage.request("/steady", headers=_UPGRADE, keep=True))
    read_reply(leaving)
    client.reset(leaving)
    stream = _open_stream(steady_port)
    stream.recv(1)
    client.reset(stream)
    stage.expect(
        "session_reset", "recv() failed (104: Connection reset by peer) while proxying upgraded connection",
        phase="session", os_error="ECONNRESET", scheme="http", peer=web, events=2,
    )
    stage.expect(
        "session_reset", "recv() failed (104: Connection reset by peer) while proxying and reading from upstream",
        phase="session", os_error="ECONNRESET", peer=tcp, server=f"127.0.0.1:{port}",
    )
    # Only the level tells whose connection it was.
    stage.noise("[info]", "recv() failed (104: Connection reset by peer) while proxying upgraded connection")
    stage.noise("[info]", "recv() failed (104: Connection reset by peer) while proxying and reading from client")
    for peer, own, who in ((tcp, port, "upstream"), (steady_tcp, steady_port, "client")):
        stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{own}")
        stage.noise(" proxy 127.0.0.1:", f" connected to {peer}")
        stage.noise(f" {who} disconnected, bytes from/to client:5/5")


def stream(stage: Stage) -> None:
    """TCP streams to backends that do not listen or do not exist, beside one that works"""
    refused, first, second = stage.dead(), stage.dead(), stage.dead()
    steady, missing = stage.backend(answer_and_hold(b"hello", read=read_some)), f"unix:{stage.socket_path('mypool')}"
    ports = {name: stage.port() for name in (refused, "two_dead", missing, steady)}
    servers = "".join(f"server {{ listen 127.0.0.1:{port}; proxy_pass {name}; }}" for name, port in ports.items())
    limits = "max_fails=1 fail_timeout=60s"
    pool = f"upstream two_dead {{ server {first} {limits}; server {second} {limits}; }}"
    stage.nginx(modules=["ngx_stream_module"], blocks=_stream(stage, pool + servers))
    for name in (refused, refused, "two_dead", "two_dead", missing):
        with _open_stream(ports[name]) as connection:
            client.read_all(connection)
    with _open_stream(ports[steady]) as connection:
        connection.recv(5)
    for peer, name, events in ((refused, refused, 2), (first, "two_dead", 1), (second, "two_dead", 1)):
        stage.expect(
            "connect_refused", "connect() failed (111: Connection refused) while connecting to upstream",
            phase="connect", os_error="ECONNREFUSED", peer=peer, server=f"127.0.0.1:{ports[name]}", events=events,
        )
    for peer in (first, second):
        stage.expect(
            "peer_disabled", "upstream server temporarily disabled while connecting to upstream",
            phase="connect", level="warn", peer=peer, server=f"127.0.0.1:{ports['two_dead']}",
        )
    stage.expect(
        "no_live_upstreams", "no live upstreams while connecting to upstream",
        phase="connect", peer="two_dead", server=f"127.0.0.1:{ports['two_dead']}",
    )
    stage.expect(
        "socket_missing", f"connect() to {missing} failed (2: No such file or directory) while connecting",
        phase="connect", os_error="ENOENT", level="crit", peer=missing, server=f"127.0.0.1:{ports[missing]}",
    )
    for name, records in ((refused, 2), ("two_dead", 2), (missing, 1), (steady, 1)):
        stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{ports[name]}", records=records)
    stage.noise(" proxy 127.0.0.1:", f" connected to {steady}")
    stage.noise(" client disconnected, bytes from/to client:5/5")


def stream_udp(stage: Stage) -> None:
    """A UDP stream to a port where nothing listens, and one to a server that does not answer: its end is no event"""
    refused, silent = stage.dead(), stage.responder(lambda _: None)
    ports = {peer: stage.port() for peer in (refused, silent)}
    servers = (
        f"server {{ listen 127.0.0.1:{port} udp; proxy_timeout 1s; proxy_pass {peer}; }}"
        for peer, port in ports.items()
    )
    stage.nginx(modules=["ngx_stream_module"], blocks=_stream(stage, "".join(servers)))
    for peer, port in ports.items():
        stage.held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).sendto(b"hello", ("127.0.0.1", port))
        stage.noise(" udp client 127.0.0.1:", f" connected to 127.0.0.1:{port}")
        stage.noise(" udp proxy 127.0.0.1:", f" connected to {peer}")
    # The kernel reports what connect() would have for TCP: nothing listens there.
    stage.expect(
        "connect_refused", "recv() failed (111: Connection refused) while proxying and reading from upstream",
        phase="session", os_error="ECONNREFUSED", peer=refused, server=f"127.0.0.1:{ports[refused]}",
    )
    stage.noise(" udp timed out, packets from/to client:1/", records=2)
