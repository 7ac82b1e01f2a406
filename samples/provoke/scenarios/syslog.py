"""NGINX logs through syslog: what it sends, and what rsyslogd makes of it. The same trouble each time."""

from pathlib import Path

from provoke import network
from provoke.backends import answer, by_path
from provoke.frames import FCGI_END, FCGI_STDERR, FCGI_STDOUT, fastcgi, read_fastcgi
from provoke.stage import Stage

_HOST = "web1"

_RSYSLOG = """\
module(load="{module}")
input(type="{module}" {input} ruleset="nginx")
ruleset(name="nginx") {{ action(type="omfile" file="{log}" template="{template}") }}
"""


def _provoke(stage: Stage, server: str) -> None:
    """Provokes a bit of everything, and lets NGINX report it to a syslog server; states what comes of it."""
    dead, missing = stage.dead(), f"unix:{stage.socket_path('mypool')}"
    ok = b"HTTP/1.1 200 OK\r\n"
    web = stage.backend(by_path({b"/half": ok, b"/cookies": ok + b"Set-Cookie: " + b"v" * 9000}))
    fatal = b"PHP message: PHP Fatal error:  Uncaught RuntimeException: no price\nStack trace:\n#0 {main}\n  thrown"
    failed = fastcgi(FCGI_STDOUT, b"Status: 500 Internal Server Error\r\n\r\n")
    app = stage.backend(answer(fastcgi(FCGI_STDERR, fatal) + failed + FCGI_END, read=read_fastcgi))
    stage.nginx(
        f"""
        location /dead {{ fastcgi_pass {dead}; }}
        location ~ \\.php$ {{ fastcgi_pass {missing}; }}
        location / {{ proxy_pass http://{web}; }}
        location /app {{ fastcgi_pass {app}; }}
        location /files {{ }}
        """,
        http=f"error_log syslog:server={server} warn;",
    )
    stage.get("/dead", times=2)
    # A tab and bytes that are no UTF-8: rsyslogd replaces what it takes for control characters.
    stage.get("/index.php", headers=[b"Referer: http://shop.test/\tcaf\xe9"])
    stage.get("/half")
    stage.get("/cookies")
    stage.get("/app")
    stage.get(f"/dead?{'long' * 600}")
    stage.get("/files/missing.css")
    stage.expect(
        "connect_refused", "connect() failed (111: Connection refused) while connecting to upstream", '"GET /dead HTTP',
        phase="connect", os_error="ECONNREFUSED", scheme="fastcgi", peer=dead, status=502, events=2,
    )
    # Too long a request: the record ends before the upstream.
    stage.expect(
        "connect_refused", "connect() failed (111: Connection refused) while connecting to upstream", '"GET /dead?long',
        phase="connect", os_error="ECONNREFUSED", status=502,
    )
    stage.expect(
        "socket_missing", f"connect() to {missing} failed (2: No such file or directory) while connecting to upstream",
        phase="connect", os_error="ENOENT", level="crit", scheme="fastcgi", peer=missing, status=502,
    )
    stage.expect(
        "response_closed", "upstream prematurely closed connection while reading response header from upstream",
        phase="header", scheme="http", peer=web, status=502,
    )
    stage.expect(
        "header_too_big", "upstream sent too big header while reading response header from upstream",
        phase="header", scheme="http", peer=web, status=502,
    )
    stage.expect(
        "app_fatal", 'FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught RuntimeException: no price',
        phase="header", scheme="fastcgi", peer=app, status=500,
    )
    stage.noise("open()", "/files/missing.css", "(2: No such file or directory)", status=404)


def _rsyslog(stage: Stage, module: str, listens: str, template: str) -> None:
    """Starts rsyslogd, whose file becomes the sample."""
    stage.log_path = stage.folder / "syslog"
    config = stage.folder / "rsyslog.conf"
    config.write_text(_RSYSLOG.format(module=module, input=listens, log=stage.log_path, template=template))
    stage.daemon(
        "/usr/sbin/rsyslogd", "-n", "-f", config, "-i", stage.folder / "rsyslog.pid",
        ready=lambda _: (stage.folder / "rsyslog.pid").exists(),
    )


def _over_udp(stage: Stage, template: str) -> None:
    """NGINX names the host, and the time to the second."""
    network.take_host_name(_HOST)
    port = stage.port()
    _rsyslog(stage, "imudp", f'address="127.0.0.1" port="{port}"', template)
    own = f" 0100007F:{port:04X} "
    stage.until(lambda: own in Path("/proc/net/udp").read_text())
    _provoke(stage, f"127.0.0.1:{port}")


def syslog_raw(stage: Stage) -> None:
    """NGINX logs to a syslog server: its datagrams as they came, each on a line"""
    network.take_host_name(_HOST)
    stage.log_path = stage.folder / "syslog"

    def keep(datagram: bytes) -> None:
        with stage.log_path.open("ab") as file:
            file.write(datagram + b"\n")

    _provoke(stage, stage.responder(keep))


def syslog_traditional(stage: Stage) -> None:
    """NGINX logs to rsyslogd over UDP, which writes its traditional format"""
    _over_udp(stage, "RSYSLOG_TraditionalFileFormat")


def syslog_5424(stage: Stage) -> None:
    """NGINX logs to rsyslogd over UDP, which writes the format of RFC 5424"""
    _over_udp(stage, "RSYSLOG_SyslogProtocol23Format")


def syslog_precise(stage: Stage) -> None:
    """NGINX logs to rsyslogd at a unix socket, as at /dev/log, which adds precise times and the host by itself"""
    network.take_host_name(_HOST)
    socket = stage.socket_path("log")
    _rsyslog(stage, "imuxsock", f'Socket="{socket}"', "RSYSLOG_FileFormat")
    stage.until(socket.exists)
    _provoke(stage, f"unix:{socket},nohostname")
