"""NGINX's own machine runs short: of ports, files, connections, or of a place for temporary files."""

from pathlib import Path

from provoke import client, network
from provoke.backends import answer, answer_and_hold
from provoke.client import read_reply
from provoke.stage import Stage


def ports_exhausted(stage: Stage) -> None:
    """No local port is left for another connection to the backend, and proxy_bind names an address that is not ours"""
    stage.own_network()
    network.set_ipv4("ip_local_port_range", "40000 40001")
    peer = stage.backend(answer_and_hold())
    foreign = "198.51.100.9"
    stage.nginx(
        f"""
        location /ports {{ proxy_pass http://{peer}; }}
        location /bind {{ proxy_bind {foreign}; proxy_pass http://{peer}; }}
        """
    )
    for _ in range(2):
        stage.connect().sendall(stage.request("/ports"))
    stage.get("/ports", times=3)
    stage.get("/bind", times=2)
    stage.expect(
        "ports_exhausted", f"connect() to {peer} failed (99: Cannot assign requested address) while connecting to",
        phase="connect", os_error="EADDRNOTAVAIL", level="crit", scheme="http", peer=peer, status=502, events=3,
    )
    stage.expect(
        "ports_exhausted", f"bind({foreign}) failed (99: Cannot assign requested address) while connecting to",
        phase="connect", os_error="EADDRNOTAVAIL", level="crit", scheme="http", peer=peer, status=500, events=2,
    )


def files_exhausted(stage: Stage) -> None:
    """The worker may not open another file: its limit is below what its clients and backends need"""
    peer = stage.backend(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    # A client that lingers would keep its file while the next one needs it.
    site = f"lingering_close off; location / {{ proxy_pass http://{peer}; }} location = /ready {{ return 204; }}"
    # Only a worker can tell how many files it needs with one client in, the backend's socket not counted.
    nginx = stage.nginx(site)
    connection = stage.connect()
    connection.sendall(stage.request("/ready", keep=True))
    read_reply(connection)
    needed = len(list(Path(f"/proc/{nginx.worker}/fd").iterdir()))
    nginx.stop()
    stage.nginx(site, main=f"worker_rlimit_nofile {needed};")
    stage.get("/", times=3)
    stage.expect(
        "files_exhausted", "socket() failed (24: Too many open files) while connecting to upstream",
        phase="connect", os_error="EMFILE", level="alert", scheme="http", peer=peer, status=500, events=3,
    )
    stage.noise(": socketpair() failed (24: Too many open files)")  # NGINX tries out what its epoll can do.


def connections_exhausted(stage: Stage) -> None:
    """The worker has no connection left for the backend: worker_connections is too small"""
    peer = stage.dead()
    stage.nginx(f"location / {{ fastcgi_pass {peer}; }}", connections=3)
    stage.get("/index.php", times=3)
    stage.expect(
        "connections_exhausted", "3 worker_connections are not enough while connecting to upstream",
        phase="connect", level="alert", scheme="fastcgi", peer=peer, status=500, events=3,
    )


def temp_file_failed(stage: Stage) -> None:
    """The folder for temporary files, or the cache, does not let NGINX write a large response into it"""
    body = bytes(16_000_000)  # Far more than the kernel takes for a client that does not read.
    peer = stage.backend(answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body))
    small = stage.backend(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: max-age=60\r\n\r\nok"))
    cache = stage.folder / "cache"
    stage.nginx(
        f"""
        location /large {{
            proxy_buffer_size 4k;
            proxy_buffers 2 4k;
            proxy_busy_buffers_size 4k;
            proxy_pass http://{peer};
        }}
        location /cached {{ proxy_cache small; proxy_pass http://{small}; }}
        """,
        http=f"proxy_cache_path {cache} keys_zone=small:1m levels=1 use_temp_path=off;",
    )
    (stage.folder / "temp/proxy").chmod(0)
    cache.chmod(0o555)
    connection = stage.connect()
    connection.sendall(stage.request("/large"))
    stage.logged("failed (13: Permission denied) while reading upstream")
    client.read_all(connection)
    stage.get("/cached")
    stage.expect(
        "temp_file_failed", "/temp/proxy/", " failed (13: Permission denied) while reading upstream",
        phase="body", os_error="EACCES", level="crit", scheme="http", peer=peer,
    )
    stage.expect(
        "temp_file_failed", f"{cache}/", " failed (13: Permission denied) while reading upstream",
        phase="body", os_error="EACCES", level="crit", scheme="http", peer=small,
    )
