"""Failures to connect: nothing listens, nobody answers, no route, no right, a full queue."""

import socket
import threading
import time

from provoke import client, network
from provoke.backends import PAUSE, answer, answer_and_hold, listen_tcp
from provoke.config import php_location
from provoke.stage import Stage

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def connect_refused(stage: Stage) -> None:
    """Nothing listens on the FastCGI port: PHP-FPM is not running. Beside it a unix socket whose listener is gone,
    and dead backends of every other protocol."""
    fastcgi, http, grpc, uwsgi, scgi, memcached = (stage.dead() for _ in range(6))
    gone = stage.dead_socket("mypool")
    stage.nginx(
        f"""
        location ~ \\.php$ {{ fastcgi_pass {fastcgi}; }}
        location /gone {{ fastcgi_pass {gone}; }}
        location /http/ {{ proxy_pass http://{http}/; }}
        location /grpc/ {{ grpc_pass grpc://{grpc}; }}
        location /uwsgi/ {{ uwsgi_pass {uwsgi}; }}
        location /scgi/ {{ scgi_pass {scgi}; }}
        location /memcached/ {{ set $memcached_key $uri; memcached_pass {memcached}; }}
        """
    )
    stage.get("/index.php", times=3)
    stage.get("/gone")
    stage.get("/missing.html")
    refused = "failed (111: Connection refused) while connecting to upstream"
    stage.expect(
        "connect_refused", f"connect() {refused}", phase="connect", os_error="ECONNREFUSED", scheme="fastcgi",
        peer=fastcgi, status=502, events=3,
    )
    stage.expect(
        "connect_refused", f"connect() to {gone} {refused}", phase="connect", os_error="ECONNREFUSED",
        scheme="fastcgi", peer=gone, status=502,
    )
    others = {"http": http, "grpc": grpc, "uwsgi": uwsgi, "scgi": scgi, "memcached": memcached}
    for scheme, peer in others.items():
        stage.get(f"/{scheme}/")
        stage.expect(
            "connect_refused", f"connect() {refused}", phase="connect", os_error="ECONNREFUSED", scheme=scheme,
            peer=peer, status=502,
        )
    stage.noise("missing.html", "open()", "(2: No such file or directory)", status=404)


def connect_timeout(stage: Stage) -> None:
    """The backend's accept queue is full and its kernel drops what comes: NGINX gives up after its own time limit,
    or the kernel gives up before it"""
    stage.own_network()
    # One retry, and no extra ones at short intervals: the kernel gives up after three seconds, not two minutes.
    network.set_ipv4("tcp_syn_retries", "1")
    network.set_ipv4("tcp_syn_linear_timeouts", "0")
    port = stage.port()
    stage.held(listen_tcp(port, backlog=0))
    for _ in range(2):
        filler = stage.held(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
    peer = f"127.0.0.1:{port}"
    stage.nginx(
        f"""
        location /limit {{ proxy_connect_timeout 1s; proxy_pass http://{peer}; }}
        location /kernel {{ proxy_connect_timeout 30s; proxy_pass http://{peer}; }}
        """
    )
    slow = threading.Thread(target=stage.get, args=("/kernel",))
    slow.start()
    stage.get("/limit", times=2)
    slow.join()
    stage.expect(
        "connect_timeout", "upstream timed out (110: Connection timed out) while connecting to upstream",
        phase="connect", os_error="ETIMEDOUT", scheme="http", peer=peer, status=504, events=2,
    )
    stage.expect(
        "connect_timeout", "connect() failed (110: Connection timed out) while connecting to upstream",
        phase="connect", os_error="ETIMEDOUT", scheme="http", peer=peer, status=502,
    )


def connect_unreachable(stage: Stage) -> None:
    """No route to the backend's network, and a backend whose router says that the host is unreachable"""
    stage.own_network()
    network.add_route("unreachable", "198.51.100.0/24")
    no_host, no_network = "198.51.100.7:9000", "203.0.113.7:8080"
    stage.nginx(
        f"""
        location /host {{ fastcgi_pass {no_host}; }}
        location /network {{ proxy_pass http://{no_network}; }}
        """
    )
    stage.get("/host", times=2)
    stage.get("/network")
    stage.expect(
        "connect_unreachable", f"connect() to {no_host} failed (113: No route to host) while connecting to upstream",
        phase="connect", os_error="EHOSTUNREACH", scheme="fastcgi", peer=no_host, status=502, events=2,
    )
    stage.expect(
        "connect_unreachable", f"connect() to {no_network} failed (101: Network is unreachable) while connecting to",
        phase="connect", os_error="ENETUNREACH", scheme="http", peer=no_network, status=502,
    )


def connect_denied(stage: Stage) -> None:
    """The socket's owner or mode keeps NGINX out; and a backend that a routing rule prohibits"""
    stage.own_network()
    network.add_route("prohibit", "198.51.100.0/24")
    prohibited = "198.51.100.7:9000"
    closed = stage.unix_backend("mypool", answer(_OK), mode=0o600)
    stage.nginx(
        f"""
        location /socket {{ fastcgi_pass {closed}; }}
        location /route {{ fastcgi_pass {prohibited}; }}
        """
    )
    stage.get("/socket", times=3)
    stage.get("/route")
    for peer, events in ((closed, 3), (prohibited, 1)):
        stage.expect(
            "connect_denied", f"connect() to {peer} failed (13: Permission denied) while connecting to upstream",
            phase="connect", os_error="EACCES", level="crit", scheme="fastcgi", peer=peer, status=502, events=events,
        )


def connect_failed(stage: Stage) -> None:
    """The unix socket is a datagram socket, and a route swallows what is sent to a backend"""
    stage.own_network()
    network.add_route("blackhole", "198.51.100.0/24")
    swallowed = "198.51.100.7:8080"
    path = stage.socket_path("mypool")
    datagram = stage.held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    datagram.bind(str(path))
    path.chmod(0o666)
    stage.nginx(
        f"""
        location /type {{ fastcgi_pass unix:{path}; }}
        location /route {{ proxy_pass http://{swallowed}; }}
        """
    )
    stage.get("/type", times=2)
    stage.get("/route")
    stage.expect(
        "connect_failed", f"connect() to unix:{path} failed (91: Protocol wrong type for socket) while connecting",
        phase="connect", os_error="EPROTOTYPE", level="crit", scheme="fastcgi", peer=f"unix:{path}", status=502,
        events=2,
    )
    stage.expect(
        "connect_failed", f"connect() to {swallowed} failed (22: Invalid argument) while connecting to upstream",
        phase="connect", os_error="EINVAL", level="crit", scheme="http", peer=swallowed, status=502,
    )


def socket_missing(stage: Stage) -> None:
    """The unix socket does not exist: PHP-FPM is not running, or listens elsewhere"""
    stage.server_name = ""
    pool, backend = stage.socket_path("mypool"), stage.socket_path("app.backend")
    stage.nginx(
        f"""
        location ~ \\.php$ {{ fastcgi_pass unix:{pool}; }}
        location / {{ proxy_pass http://unix:{backend}:/; }}
        """
    )
    stage.get("/index.php?page=1", times=2, host="example.test")
    stage.get("/api/v1/users", host="example.test")
    for scheme, path, events in (("fastcgi", pool, 2), ("http", backend, 1)):
        stage.expect(
            "socket_missing", f"connect() to unix:{path} failed (2: No such file or directory) while connecting to",
            phase="connect", os_error="ENOENT", level="crit", scheme=scheme, peer=f"unix:{path}", status=502,
            events=events,
        )


def backlog_full(stage: Stage) -> None:
    """PHP-FPM's only child is busy and its listen queue is full"""
    path = stage.socket_path("mypool")
    stage.php((path, "listen.backlog = 1"))
    stage.file("busy.php", "<?php touch(__DIR__ . '/../temp/started'); sleep(2); echo 'done';")
    stage.file("quick.php", "<?php echo 'ok';")
    (stage.folder / "temp").chmod(0o777)
    stage.nginx(php_location(f"unix:{path}"))
    waiting = [stage.connect() for _ in range(3)]
    waiting[0].sendall(stage.request("/busy.php"))
    stage.until((stage.folder / "temp/started").exists)
    # A queue of length 1 holds two: the kernel refuses once there are more than the length.
    for connection in waiting[1:]:
        connection.sendall(stage.request("/quick.php"))
    time.sleep(PAUSE)
    stage.get("/quick.php", times=4)
    for connection in waiting:
        stage.count(client.read_all(connection))
    stage.expect(
        "backlog_full", f"connect() to unix:{path} failed (11: Resource temporarily unavailable) while connecting to",
        phase="connect", os_error="EAGAIN", scheme="fastcgi", peer=f"unix:{path}", status=502, events=4,
    )


def no_live_upstreams(stage: Stage) -> None:
    """Both peers of a pool are dead: each is tried once and disabled, then no live upstream is left"""
    first, second = stage.dead(), stage.dead()
    stage.nginx(
        "location / { proxy_pass http://two_dead; }",
        http=f"""
        upstream two_dead {{
            server {first} max_fails=1 fail_timeout=60s;
            server {second} max_fails=1 fail_timeout=60s;
        }}
        """,
        level="warn",
    )
    stage.get("/checkout", times=4)
    # One reply for both failed attempts.
    for peer, replies in ((first, 0), (second, 1)):
        stage.expect(
            "connect_refused", "connect() failed (111: Connection refused) while connecting to upstream",
            phase="connect", os_error="ECONNREFUSED", scheme="http", peer=peer, status=502, replies=replies,
        )
        stage.expect(
            "peer_disabled", "upstream server temporarily disabled while connecting to upstream",
            phase="connect", level="warn", scheme="http", peer=peer,
        )
    stage.expect(
        "no_live_upstreams", "no live upstreams while connecting to upstream",
        phase="connect", scheme="http", peer="two_dead", status=502, events=3,
    )


def peer_disabled(stage: Stage) -> None:
    """One of two peers is silent and disabled after its first timeout; the other serves"""
    silent, alive = stage.backend(answer_and_hold()), stage.backend(answer(_OK))
    stage.nginx(
        "location / { proxy_pass http://app; proxy_read_timeout 1s; }",
        http=f"""
        upstream app {{
            server {silent} max_fails=1 fail_timeout=60s;
            server {alive};
        }}
        """,
        level="warn",
    )
    stage.get("/", times=4)
    stage.expect(
        "response_timeout", "upstream timed out (110: Connection timed out) while reading response header from",
        phase="header", os_error="ETIMEDOUT", scheme="http", peer=silent, status=504, replies=0,
    )
    stage.expect(
        "peer_disabled", "upstream server temporarily disabled while reading response header from upstream",
        phase="header", level="warn", scheme="http", peer=silent,
    )
