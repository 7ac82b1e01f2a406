"""Nothing is wrong with any backend: records that a reader in a hurry could take for events."""

import time

from provoke import client
from provoke.backends import PAUSE, answer, answer_and_hold, answer_late, read_some
from provoke.stage import Stage


def noise_only(stage: Stage) -> None:
    """No event at all, though much of it mentions an upstream: ordinary ends of sessions, files that are not there,
    rules and limits, clients that leave, a cache that misses"""
    steady = stage.backend(answer_and_hold(b"hello", read=read_some))
    closing = stage.backend(answer(b"hello", read=read_some))
    late = stage.backend(answer_late(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    memcached = stage.backend(answer(b"END\r\n", read=read_some))
    certificate, key = stage.certificate("noise.test")
    tls, streams = stage.port(), {"upstream": (stage.port(), closing), "client": (stage.port(), steady)}
    servers = "".join(f"server {{ listen 127.0.0.1:{port}; proxy_pass {peer}; }}" for port, peer in streams.values())
    (stage.folder / "www/upstream-logs").mkdir()
    (stage.folder / "users").write_text("admin:{PLAIN}secret\n")
    stage.nginx(
        f"""
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        client_header_timeout 1s;
        rewrite_log on;
        location /private {{ deny all; }}
        location /limited {{ limit_req zone=upstream; }}
        location /admin {{ auth_basic upstream; auth_basic_user_file {stage.folder}/users; }}
        location /small {{ client_max_body_size 10; }}
        location /old {{ rewrite ^/old(.*) /upstream$1; }}
        location /late {{ proxy_ignore_client_abort on; proxy_pass http://{late}; }}
        location /counter {{ set $memcached_key upstream; memcached_pass {memcached}; }}
        """,
        http="limit_req_zone $server_name zone=upstream:1m rate=1r/m;",
        modules=["ngx_stream_module"],
        blocks=f"stream {{ error_log {stage.log_path} info; {servers} }}",
        level="info",
    )
    _ask_for_what_is_refused(stage)
    _leave_early(stage, late)
    _garble_tls(stage, tls)
    for who, (port, peer) in streams.items():
        _end_stream(stage, port, peer, who)


def _ask_for_what_is_refused(stage: Stage) -> None:
    stage.get("/upstream/connect()%20failed", times=2)
    stage.noise("open()", "/www/upstream/connect() failed", "(2: No such file", records=2, status=404)
    stage.get("/upstream-logs/")
    stage.noise("directory index of", '/upstream-logs/" is forbidden')
    stage.get("/private/upstream")
    stage.noise("access forbidden by rule", "/private/upstream")
    stage.get("/limited", times=2)
    stage.noise("open()", "/www/limited", status=404)
    stage.noise("limiting requests, excess: ", 'by zone "upstream"', status=503)
    stage.get("/admin", headers=["Authorization: Basic dXBzdHJlYW06eA=="])
    stage.noise('user "upstream" was not found in ', status=401)
    stage.post("/small", bytes(100))
    stage.noise("client intended to send too large body: 100 bytes", status=413)
    stage.get("/old/page")
    stage.noise('"^/old(.*)" matches "/old/page"')
    stage.noise('rewritten data: "/upstream/page"')
    stage.noise("open()", "/www/upstream/page", status=404)
    stage.get("/counter")
    stage.noise('key: "upstream" was not found by memcached while reading response header from upstream', status=404)
    stage.send(b"upstream\r\n\r\n")
    stage.noise("client sent invalid method while reading client request line", status=400)


def _leave_early(stage: Stage, late: str) -> None:
    leaving = stage.connect()
    leaving.sendall(stage.request("/late"))
    time.sleep(PAUSE)
    client.reset(leaving)
    # This one names an upstream, but only the client is in trouble.
    stage.noise("[info]", "failed (104: Connection reset by peer) while sending to client", f'upstream: "http://{late}')
    stage.connect().close()
    stage.noise("client closed connection while waiting for request")
    with stage.connect() as keeping:
        keeping.sendall(stage.request("/private/again", keep=True))
        client.read_reply(keeping)
    stage.noise("access forbidden by rule", "/private/again")
    stage.noise("closed keepalive connection")
    stage.send(b"GET /upstream HTTP/1.1\r\n")
    stage.noise("client timed out (110: Connection timed out) while reading client request headers")


def _garble_tls(stage: Stage, port: int) -> None:
    with client.connect(("127.0.0.1", port)) as connection:
        connection.sendall(b"\x16\x03\x01\0\x08upstream")
        client.read_all(connection)
    stage.noise("SSL_do_handshake() failed", "while SSL handshaking, client: ")


def _end_stream(stage: Stage, port: int, peer: str, who: str) -> None:
    with client.connect(("127.0.0.1", port)) as connection:
        connection.sendall(b"hello")
        connection.recv(5)
        if who == "upstream":
            client.read_all(connection)
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}")
    stage.noise(" proxy 127.0.0.1:", f" connected to {peer}")
    stage.noise(f" {who} disconnected, bytes from/to client:5/5")
