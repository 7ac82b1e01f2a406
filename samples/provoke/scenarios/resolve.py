"""The backend's name does not become an address, while requests are served or when NGINX reads its configuration."""

from functools import partial

from provoke import frames
from provoke.servers import fail_to_start
from provoke.stage import Stage


def resolve_failed(stage: Stage) -> None:
    """The DNS server says that the backend's name does not exist, or fails, or refuses to answer"""
    reasons = {
        "gone.backend.test": (frames.DNS_NXDOMAIN, "3: Host not found"),
        "broken.backend.test": (frames.DNS_SERVFAIL, "2: Server failure"),
        "private.backend.test": (frames.DNS_REFUSED, "5: Operation refused"),
        "old.backend.test": (frames.DNS_NOTIMP, "4: Unimplemented"),
    }
    server = stage.responder(partial(frames.dns_answer, {name: code for name, (code, _) in reasons.items()}))
    stage.nginx(
        f"""
        resolver {server} ipv6=off;
        location / {{ set $backend $arg_to; proxy_pass http://$backend:8080; }}
        location ~ \\.php$ {{ set $pool $arg_to; fastcgi_pass $pool:9000; }}
        """
    )
    for name, (_, text) in reasons.items():
        stage.get(f"/?to={name}")
        stage.expect("resolve_failed", f"{name} could not be resolved ({text})", "GET /?", phase="resolve", peer=name, status=502)
    stage.get("/index.php?to=gone.backend.test", times=2)
    stage.expect(
        "resolve_failed", "gone.backend.test could not be resolved (3: Host not found)", "GET /index.php",
        phase="resolve", peer="gone.backend.test", status=502, events=2,
    )


def resolve_timeout(stage: Stage) -> None:
    """The DNS server does not answer, or answers with what NGINX cannot use"""
    server = stage.responder(partial(frames.dns_answer, {"odd.backend.test": frames.DNS_FORMERR}))
    stage.nginx(
        f"""
        resolver {server} ipv6=off;
        resolver_timeout 1s;
        location / {{ set $backend $arg_to; proxy_pass http://$backend:8080; }}
        """
    )
    for name in ("silent.backend.test", "odd.backend.test"):
        stage.get(f"/?to={name}")
        stage.expect(
            "resolve_timeout", f"{name} could not be resolved (110: Operation timed out)",
            phase="resolve", os_error="ETIMEDOUT", peer=name, status=502,
        )
    stage.noise(": DNS error (1: Format error), query id:", 'name:"odd.backend.test"')


def resolver_missing(stage: Stage) -> None:
    """The address holds a variable, so NGINX needs a resolver, and none is configured"""
    stage.nginx("location / { set $backend backend.test; proxy_pass http://$backend; }")
    stage.get("/", times=3)
    stage.expect(
        "resolver_missing", "no resolver defined to resolve backend.test",
        phase="resolve", peer="backend.test", status=502, events=3,
    )


def host_not_found(stage: Stage) -> None:
    """An upstream's name cannot be resolved when NGINX starts, so it does not start; and again on a reload, so it
    keeps its old configuration"""
    # The system's resolver is asked: in a network of its own no question gets out.
    stage.own_network()
    fail_to_start(stage.folder, stage.configure(http="upstream app { server nosuch.invalid:8080; }"))
    nginx = stage.nginx("location / { return 204; }")
    stage.configure("location / { proxy_pass http://api.invalid; }")
    nginx.reload()
    stage.get("/")
    for name in ("nosuch.invalid:8080", "api.invalid"):
        stage.expect(
            "host_not_found", f'host not found in upstream "{name}" in ', phase="config", level="emerg", peer=name,
            server=None, client=None,
        )


def console(stage: Stage) -> None:
    """What NGINX prints on the console when it refuses to start: records without a time"""
    stage.own_network()
    direct = stage.configure("location / { proxy_pass http://nosuch.invalid; }")
    printed = fail_to_start(stage.folder, direct)
    block = stage.configure(http="gzip_types text/html;\nupstream app { server nosuch.invalid:8080; }")
    printed += fail_to_start(stage.folder, block)
    stage.log_path.write_text(printed)
    for name in ("nosuch.invalid", "nosuch.invalid:8080"):
        stage.expect(
            "host_not_found", f'nginx: [emerg] host not found in upstream "{name}" in ', phase="config",
            level="emerg", peer=name, server=None, client=None,
        )
    stage.noise('nginx: [warn] duplicate MIME type "text/html" in ')
