"""TCP and UDP streams: the backend, its name, TLS towards it, and how sessions end."""

import socket
import ssl
import time
from collections.abc import Callable
from functools import partial

from provoke import client, frames
from provoke.backends import PAUSE, answer, answer_and_hold, answer_and_reset, listen_tcp, never_read, read_some
from provoke.config import stream_conf
from provoke.servers import Nginx
from provoke.stage import Stage


def stream(stage: Stage) -> None:
    """TCP streams to backends that do not listen or do not exist, beside one that works"""
    refused, first, second = stage.dead(), stage.dead(), stage.dead()
    steady, missing = stage.backend(answer_and_hold(b"hello", read=read_some)), f"unix:{stage.socket_path('mypool')}"
    ports = {name: stage.port() for name in (refused, "two_dead", missing, steady)}
    servers = "".join(f"server {{ listen 127.0.0.1:{port}; proxy_pass {name}; }}" for name, port in ports.items())
    limits = "max_fails=1 fail_timeout=60s"
    pool = f"upstream two_dead {{ server {first} {limits}; server {second} {limits}; }}"
    stage.nginx(modules=["ngx_stream_module"], blocks=stream_conf(stage.log_path, pool + servers))
    for name in (refused, refused, "two_dead", "two_dead", missing):
        with client.open_stream(ports[name]) as connection:
            client.read_all(connection)
    with client.open_stream(ports[steady]) as connection:
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
    stage.nginx(modules=["ngx_stream_module"], blocks=stream_conf(stage.log_path, "".join(servers)))
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


def _start(stage: Stage, servers: dict[str, str]) -> tuple[Nginx, dict[str, int]]:
    """Starts NGINX with a stream server of the given content under each name; their ports."""
    ports = {name: stage.port() for name in servers}
    inside = "".join(f"server {{ listen 127.0.0.1:{port}; {servers[name]} }}\n" for name, port in ports.items())
    nginx = stage.nginx(modules=["ngx_stream_module"], blocks=stream_conf(stage.log_path, inside))
    return nginx, ports


def _ask(stage: Stage, port: int, times: int = 1) -> None:
    """Speaks on a new connection and waits for its end; the record that it began is no event."""
    for _ in range(times):
        with client.open_stream(port) as connection:
            client.read_all(connection)
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{port}", records=times)


def stream_timeout(stage: Stage) -> None:
    """A TCP stream's backend does not take the connection in time, and proxy_bind names an address that is not ours; a
    TLS handshake that gets no answer is given up without a record"""
    full, silent, unused = stage.port(), stage.backend(never_read), stage.dead()
    foreign = "198.51.100.9"
    stage.held(listen_tcp(full, backlog=0))
    for _ in range(2):
        filler = stage.held(socket.socket())
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", full))
    _, ports = _start(
        stage,
        {
            "full": f"proxy_connect_timeout 1s; proxy_pass 127.0.0.1:{full};",
            "silent": f"proxy_connect_timeout 1s; proxy_ssl on; proxy_pass {silent};",
            "bind": f"proxy_bind {foreign}; proxy_pass {unused};",
        },
    )
    for name, times in (("full", 2), ("silent", 1), ("bind", 1)):
        _ask(stage, ports[name], times)
    stage.expect(
        "connect_timeout", "upstream timed out (110: Connection timed out) while connecting to upstream",
        phase="connect", os_error="ETIMEDOUT", peer=f"127.0.0.1:{full}", server=f"127.0.0.1:{ports['full']}", events=2,
    )
    stage.expect(
        "ports_exhausted", f"bind({foreign}) failed (99: Cannot assign requested address) while connecting to upstream",
        phase="connect", os_error="EADDRNOTAVAIL", level="crit", peer=unused, server=f"127.0.0.1:{ports['bind']}",
    )


def stream_tls(stage: Stage) -> None:
    """TLS towards a TCP stream's backend: it speaks none, refuses, closes or resets within the handshake, shows a
    certificate that NGINX does not trust or that names another; and NGINX's own certificate is not there"""
    own, other = stage.certificate("own.test"), stage.certificate("other.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own)
    alert = bytes((21, 3, 3, 0, 2, 2, 40))  # TLS record of type alert: fatal, handshake_failure
    serves = stage.backend(answer(b"hello", read=read_some), tls=context)
    failed, shaking = "SSL_do_handshake() failed (SSL: error:0A", "while SSL handshaking to upstream"
    closed = "peer closed connection in SSL handshake"
    # The servers have one backend: a session made for one of them would bring its verification to the next.
    verify = "proxy_ssl on; proxy_ssl_session_reuse off; proxy_ssl_verify on;"
    name, trust = "proxy_ssl_name own.test;", f"proxy_ssl_trusted_certificate {own[0]};"
    missing = f"{stage.folder}/$protocol"
    cases = {
        "plain": (answer(b"220 mail.test\r\n", read=read_some), f"{failed}00010B:"),
        "refuses": (answer(alert, read=read_some), f"{failed}000410:"),
        "closes": (answer(b"", read=read_some), f"{closed} {shaking}"),
        "resets": (answer_and_reset(read=read_some), f"{closed} (104: Connection reset by peer) {shaking}"),
    }
    peers = {case: stage.backend(conduct) for case, (conduct, _) in cases.items()}
    servers = {case: f"proxy_ssl on; proxy_pass {peer};" for case, peer in peers.items()} | {
        "unknown": f"{verify} {name} proxy_ssl_trusted_certificate {other[0]}; proxy_pass {serves};",
        "misnamed": f"{verify} proxy_ssl_name shop.test; {trust} proxy_pass {serves};",
        "missing": (
            f"proxy_ssl on; proxy_ssl_certificate {missing}.pem; proxy_ssl_certificate_key {missing}.key;"
            f"proxy_pass {serves};"
        ),
        "trusted": f"{verify} {name} {trust} proxy_pass {serves};",
    }
    _, ports = _start(stage, servers)
    for case in servers:
        _ask(stage, ports[case])
    for case, (_, text) in cases.items():
        stage.expect(
            "tls_handshake_failed", text, shaking, phase="tls_handshake",
            os_error="ECONNRESET" if case == "resets" else None, peer=peers[case], server=f"127.0.0.1:{ports[case]}",
        )
    for case, class_, phase, text in (
        ("unknown", "tls_certificate_rejected", "tls_handshake", "verify error: (18:self-signed certificate)"),
        ("misnamed", "tls_certificate_rejected", "tls_handshake", 'does not match "shop.test"'),
        ("missing", "tls_setup_failed", "connect", f'cannot load certificate "{stage.folder}/TCP.pem": '),
    ):
        stage.expect(class_, text, phase=phase, peer=serves, server=f"127.0.0.1:{ports[case]}")
    stage.noise(" proxy 127.0.0.1:", f" connected to {serves}")
    stage.noise(" upstream disconnected, bytes from/to client:5/5")


def stream_resolve(stage: Stage) -> None:
    """Variables name a TCP stream's backend: it does not exist, the DNS server is silent, no resolver is configured, or
    the address has no port, no valid port, or nothing at all"""
    server = stage.responder(partial(frames.dns_answer, {"gone.backend.test": frames.DNS_NXDOMAIN}))
    resolver = f"resolver {server} ipv6=off; resolver_timeout 1s;"
    cases = (
        (resolver, "gone.backend.test:80", "resolve_failed", "gone.backend.test could not be resolved (3: Host not"),
        (resolver, "mute.backend.test:80", "resolve_timeout", "mute.backend.test could not be resolved (110: Opera"),
        ("", "api.backend.test:80", "resolver_missing", "no resolver defined to resolve api.backend.test"),
        ("", "db.backend.test", "upstream_misconfigured", 'no port in upstream "db.backend.test"'),
        ("", "127.0.0.1", "upstream_misconfigured", 'no port in upstream "127.0.0.1"'),
        ("", "127.0.0.1:99999", "upstream_misconfigured", 'invalid port in upstream "127.0.0.1:99999"'),
        ("", "", "upstream_misconfigured", 'no host in upstream ""'),
    )
    servers = {f"{at}": f'{settings} set $to "{to}"; proxy_pass $to;' for at, (settings, to, _, _) in enumerate(cases)}
    _, ports = _start(stage, servers)
    for port, (_, to, class_, text) in zip(ports.values(), cases, strict=True):
        _ask(stage, port)
        stage.expect(
            class_, text, phase="config" if class_ == "upstream_misconfigured" else "resolve",
            os_error="ETIMEDOUT" if class_ == "resolve_timeout" else None, peer=to.removesuffix(":80") or None,
            server=f"127.0.0.1:{port}",
        )


def stream_broken(stage: Stage) -> None:
    """A TCP stream's backend resets the connection, or ends it and then resets it, while the client is sending"""

    def end_and_reset(connection: socket.socket) -> None:
        connection.shutdown(socket.SHUT_WR)
        client.reset(connection)

    backend = stage.port()
    listener = stage.held(listen_tcp(backend))
    nginx, ports = _start(stage, {"upload": f"proxy_pass 127.0.0.1:{backend};"})
    endings: tuple[tuple[str, str, Callable[[socket.socket], None]], ...] = (
        ("ECONNRESET", "writev() failed (104: Connection reset by peer)", client.reset),
        ("EPIPE", "writev() failed (32: Broken pipe)", end_and_reset),
    )
    for os_error, text, end in endings:
        uploading = stage.held(client.open_stream(ports["upload"]))
        upstream = stage.held(listener.accept()[0])
        upstream.recv(5)
        # Afterwards NGINX finds both at once, and looks at what happened first: there is more to send.
        nginx.pause()
        uploading.sendall(b"more")
        stage.until(partial(client.is_received, uploading))
        end(upstream)
        time.sleep(PAUSE)
        nginx.resume()
        client.read_all(uploading)
        stage.expect(
            "session_reset", f"{text} while proxying and sending to upstream", phase="session", os_error=os_error,
            peer=f"127.0.0.1:{backend}", server=f"127.0.0.1:{ports['upload']}",
        )
    stage.noise(" client 127.0.0.1:", f" connected to 127.0.0.1:{ports['upload']}", records=len(endings))
    stage.noise(" proxy 127.0.0.1:", f" connected to 127.0.0.1:{backend}", records=len(endings))


def stream_udp_answers(stage: Stage) -> None:
    """UDP streams that expect one answer: one server gives it, one does not, and where the third should be nothing
    listens"""
    steady, silent, dead = stage.responder(lambda _: b"hello"), stage.responder(lambda _: None), stage.dead()
    ports = {peer: stage.port() for peer in (steady, silent, dead)}
    inside = "".join(
        f"server {{ listen 127.0.0.1:{port} udp; proxy_timeout 1s; proxy_responses 1; proxy_pass {peer}; }}"
        for peer, port in ports.items()
    )
    stage.nginx(modules=["ngx_stream_module"], blocks=stream_conf(stage.log_path, inside))
    for peer, port in ports.items():
        stage.held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).sendto(b"hello", ("127.0.0.1", port))
        stage.noise(" udp client 127.0.0.1:", f" connected to 127.0.0.1:{port}")
        stage.noise(" udp proxy 127.0.0.1:", f" connected to {peer}")
    stage.expect(
        "session_timeout", "upstream timed out (110: Connection timed out) while proxying connection",
        phase="session", os_error="ETIMEDOUT", peer=silent, server=f"127.0.0.1:{ports[silent]}",
    )
    stage.expect(
        "connect_refused", "recv() failed (111: Connection refused) while proxying and reading from upstream",
        phase="session", os_error="ECONNREFUSED", peer=dead, server=f"127.0.0.1:{ports[dead]}",
    )
    # The one that was answered, and the one that was refused.
    stage.noise(" udp done, packets from/to client:1/1, bytes from/to client:5/5")
    stage.noise(" udp done, packets from/to client:1/1, bytes from/to client:5/0")
