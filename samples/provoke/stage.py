"""What one scenario works with: a folder and ports of its own, servers that stop by themselves, and its statements."""

import signal
import socket
import ssl
import subprocess
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar, Unpack

from provoke import client, network
from provoke.backends import Backend, Conduct, Responder, listen_tcp, listen_unix
from provoke.config import PHP_INI, Options, nginx_conf, php_fpm_conf
from provoke.expect import Event, Noise, bears, pool_of, split_records
from provoke.servers import Daemon, Nginx, PhpFpm, wait_until

PORTS_EACH = 20
"""Ports that a scenario may use."""

USUAL = "(usual)"
"""Stands for the scenario's own server or client where it states events."""

LOG_SECONDS = 5.0

_Thing = TypeVar("_Thing")


class Stage:
    """Entered by the runner around one scenario; leaving it stops everything that the scenario started."""

    def __init__(self, name: str, folder: Path, first_port: int) -> None:
        self.folder = folder
        self.server_name = f"{name.replace('_', '-')}.test"
        self.client_name = "127.0.0.1"
        self.groups: list[Event | Noise] = []
        self.seen: Counter[int] = Counter()
        self.uses_php = False
        self.edit: Callable[[bytes], bytes] = lambda log: log
        """What is done to the log before it becomes a sample."""
        self.log_path = folder / "error.log"
        self._ports = iter(range(first_port, first_port + PORTS_EACH))
        self._stack = ExitStack()
        self.address: client.Address = ("127.0.0.1", self.port())
        (folder / "www").mkdir()
        (folder / "temp").mkdir()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # What the scenario sets up.

    def port(self) -> int:
        """A port of its own; nothing listens there yet."""
        return next(self._ports)

    def socket_path(self, name: str) -> Path:
        """Where a unix socket of that name goes."""
        return self.folder / f"{name}.sock"

    def file(self, name: str, content: str) -> Path:
        """Writes a file below the document root."""
        path = self.folder / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content))
        return path

    def own_network(self) -> None:
        """Runs what follows in a network of its own. NGINX and its client then meet at a unix socket."""
        network.enter_own_network()
        self.address = self.socket_path("nginx")
        self.client_name = "unix:"

    def use_ipv6(self) -> None:
        """NGINX and its client meet at ::1."""
        self.address = ("::1", self.port())
        self.client_name = "::1"

    def configure(self, server: str = "", **options: Unpack[Options]) -> Path:
        """Writes `nginx.conf`."""
        path = self.folder / "nginx.conf"
        path.write_text(nginx_conf(self.folder, client.written(self.address), self.server_name, server, options))
        return path

    def nginx(self, server: str = "", **options: Unpack[Options]) -> Nginx:
        """Starts NGINX with one `server {}` of the given content."""
        return self._keep(Nginx(self.folder, self.configure(server, **options)), Nginx.stop)

    def php(self, *pools: tuple[str | Path, str]) -> PhpFpm:
        """Starts PHP-FPM with pools of one child each: where a pool listens, and more settings."""
        self.uses_php = True
        ini, config = self.folder / "php.ini", self.folder / "php-fpm.conf"
        ini.write_text(PHP_INI)
        config.write_text(php_fpm_conf(pools))
        return self._keep(PhpFpm(self.folder, config, ini), PhpFpm.stop)

    def uwsgi(self, socket_path: Path, app: str, *options: str) -> Daemon:
        """Starts uWSGI on a unix socket with a WSGI application, given as its text."""
        uwsgi = self.daemon(
            "/usr/bin/uwsgi", "--plugin", "python3", "--wsgi-file", self.file("app.py", app), "--socket", socket_path,
            "--chmod-socket=666", "--master", "--die-on-term", *options,
            ready=lambda printed: "spawned uWSGI worker 1 " in printed,
        )
        self.until(lambda: uwsgi.catches(signal.SIGTERM))
        return uwsgi

    def daemon(self, *argv: str | Path, ready: Callable[[str], bool]) -> Daemon:
        """Starts another server in the foreground; it is ready when what it printed says so."""
        return self._keep(Daemon(self.folder, argv, ready), Daemon.stop)

    def backend(
        self, conduct: Conduct, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", receive_buffer: int = 0
    ) -> str:
        """Starts a TCP backend; its address as NGINX writes it."""
        port = self.port()
        listener = listen_tcp(port, host=host, receive_buffer=receive_buffer)
        self._keep(Backend(listener, conduct, tls), Backend.close)
        return client.written((host, port))

    def unix_backend(self, name: str, conduct: Conduct, mode: int = 0o666) -> str:
        """Starts a backend on a unix socket; its address as NGINX writes it."""
        path = self.socket_path(name)
        self._keep(Backend(listen_unix(path, mode), conduct), Backend.close)
        return f"unix:{path}"

    def responder(self, answer: Callable[[bytes], bytes | None]) -> str:
        """Starts a UDP server; its address."""
        port = self.port()
        self._keep(Responder(port, answer), Responder.close)
        return f"127.0.0.1:{port}"

    def dead(self) -> str:
        """An address where nothing listens."""
        return f"127.0.0.1:{self.port()}"

    def dead_socket(self, name: str) -> str:
        """A unix socket whose listener is gone: the file is all that is left."""
        path = self.socket_path(name)
        with listen_unix(path):
            return f"unix:{path}"

    def connect(self) -> socket.socket:
        """A connection to NGINX that is closed at the end of the scenario at the latest."""
        return self.held(client.connect(self.address))

    def held(self, connection: socket.socket) -> socket.socket:
        """Closes a socket at the end of the scenario at the latest."""
        return self._keep(connection, socket.socket.close)

    def certificate(self, name: str) -> tuple[Path, Path]:
        """Makes a self-signed certificate for a host name; the paths of certificate and key."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-out", certificate, "-keyout", key],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True,
        )
        return certificate, key

    # What the scenario does.

    def send(self, data: bytes) -> bytes:
        """Sends bytes on a new connection and reads until NGINX closes it."""
        with client.connect(self.address) as connection:
            connection.sendall(data)
            return self.count(client.read_all(connection))

    def request(
        self, target: str | bytes = "/", *, method: bytes = b"GET", headers: Iterable[str | bytes] = (),
        body: bytes = b"", host: str | bytes | None = None, keep: bool = False,
    ) -> bytes:
        """One request to this scenario's server, as bytes."""
        return client.request(
            _bytes(target), _bytes(self.server_name if host is None else host), method=method,
            headers=[_bytes(header) for header in headers], body=body, keep=keep,
        )

    def get(
        self, target: str | bytes = "/", times: int = 1, *, headers: Iterable[str | bytes] = (),
        host: str | bytes | None = None,
    ) -> bytes:
        """Makes a GET request, or some one after another, each on a new connection; the last reply."""
        for _ in range(times):
            reply = self.send(self.request(target, headers=headers, host=host))
        return reply

    def post(self, target: str, body: bytes) -> bytes:
        """Makes a POST request on a new connection; the reply."""
        return self.send(self.request(target, method=b"POST", body=body))

    def count(self, reply: bytes) -> bytes:
        """Counts the status that a client saw, for the check; gives the reply back."""
        status = client.status_of(reply)
        if status is not None:
            self.seen[status] += 1
        return reply

    def until(self, met: Callable[[], bool]) -> None:
        """Waits until something is so; the scenario fails when it does not come about."""
        if not wait_until(met, LOG_SECONDS):
            raise TimeoutError(f"nothing came of it within {LOG_SECONDS:.0f} s")

    def logged(self, text: str | bytes, times: int = 1) -> None:
        """Waits until the log holds `text` that many times. The check, not this, says when it never does."""
        wait_until(lambda: self.log().count(_bytes(text)) >= times, LOG_SECONDS)

    def wait_for(self, group: Event | Noise) -> None:
        """Waits until the log holds the records of a group, as `logged`."""
        wait_until(
            lambda: sum(bears(record, group) for record in split_records(self.log())) >= group.count(), LOG_SECONDS
        )

    def log(self) -> bytes:
        """The error log so far."""
        return self.log_path.read_bytes() if self.log_path.exists() else b""

    def access_log(self) -> bytes:
        """NGINX's access log so far."""
        return (self.folder / "access.log").read_bytes()

    # What the scenario states.

    def expect(
        self, class_: str, *says: str | bytes, events: int = 1, phase: str | None = None, os_error: str | None = None,
        level: str = "error", scheme: str | None = None, peer: str | None = None, pool: str | None = None,
        server: str | None = USUAL, client: str | None = USUAL, status: int | None = None, replies: int | None = None,
    ) -> None:
        """States a group of equal events.

        `says` are literal texts, all of which stand in each such record. `replies` is the number of replies of
        `status` that clients got for these events, where that differs: one reply can have several causes.
        """
        self.groups.append(
            Event(
                class_=class_,
                phase=phase,
                os_error=os_error,
                level=level,
                scheme=scheme,
                peer=peer,
                pool=pool_of(peer) if pool is None else pool,
                server=self.server_name if server == USUAL else server,
                client=self.client_name if client == USUAL else client,
                status=status,
                events=events,
                says=tuple(_bytes(text) for text in says),
                replies=events if replies is None else replies,
            )
        )

    def noise(self, *says: str | bytes, records: int = 1, status: int | None = None) -> None:
        """States records that are no events: texts as in `expect`, and the status each such request got."""
        self.groups.append(Noise(tuple(_bytes(text) for text in says), records, status))

    def _keep(self, thing: _Thing, close: Callable[[_Thing], object]) -> _Thing:
        self._stack.callback(close, thing)
        return thing


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
