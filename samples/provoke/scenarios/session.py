"""Sessions that NGINX only passes on: upgraded HTTP connections and TCP streams."""

from provoke import client
from provoke.backends import answer_and_hold, answer_and_reset, read_some
from provoke.client import read_reply
from provoke.config import stream_conf
from provoke.stage import Stage

_UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
_UPGRADE = ("Upgrade: websocket", "Connection: Upgrade")
_PROXY_UPGRADE = """
proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection Upgrade;
"""


def session_timeout(stage: Stage) -> None:
    """Nothing comes over an upgraded (WebSocket) connection, or over a TCP stream, for too long"""
    web, tcp = stage.backend(answer_and_hold(_UPGRADED)), stage.backend(answer_and_hold(b"hello", read=read_some))
    port = stage.port()
    server = f"server {{ listen 127.0.0.1:{port}; proxy_timeout 1s; proxy_pass {tcp}; }}"
    stage.nginx(
        f"location / {{ {_PROXY_UPGRADE} proxy_read_timeout 1s; proxy_pass http://{web}; }}",
        modules=["ngx_stream_module"],
        blocks=stream_conf(stage.log_path, server),
        level="info",
    )
    for _ in range(2):
        stage.send(stage.request("/live", headers=_UPGRADE, keep=True))
    with client.open_stream(port) as stream:
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
        blocks=stream_conf(
            stage.log_path,
            f"server {{ listen 127.0.0.1:{port}; proxy_pass {tcp}; }}"
            f"server {{ listen 127.0.0.1:{steady_port}; proxy_pass {steady_tcp}; }}",
        ),
        level="info",
    )
    for _ in range(2):
        stage.send(stage.request("/live", headers=_UPGRADE, keep=True))
    with client.open_stream(port) as stream:
        client.read_all(stream)
    leaving = stage.connect()
    leaving.sendall(stage.request("/steady", headers=_UPGRADE, keep=True))
    read_reply(leaving)
    client.reset(leaving)
    stream = client.open_stream(steady_port)
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
