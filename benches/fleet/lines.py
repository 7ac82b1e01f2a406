"""What NGINX writes when an upstream fails, and when nothing does."""

import time
from dataclasses import dataclass
from random import Random

#: Class, level and message of what a pool behind TCP says.
TCP = [
    ("connect_refused", "error", "connect() failed (111: Connection refused) while connecting to upstream"),
    (
        "connect_timeout",
        "error",
        "upstream timed out (110: Connection timed out) while connecting to upstream",
    ),
    (
        "response_timeout",
        "error",
        "upstream timed out (110: Connection timed out) while reading response header from upstream",
    ),
    (
        "response_closed",
        "error",
        "upstream prematurely closed connection while reading response header from upstream",
    ),
    (
        "response_reset",
        "error",
        "recv() failed (104: Connection reset by peer) while reading response header from upstream",
    ),
    ("no_live_upstreams", "error", "no live upstreams while connecting to upstream"),
    ("header_too_big", "error", "upstream sent too big header while reading response header from upstream"),
    (
        "response_buffered",
        "warn",
        "an upstream response is buffered to a temporary file /var/lib/nginx/{n:010} while reading upstream",
    ),
    (
        "client_aborted",
        "info",
        "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed "
        "too while sending request to upstream",
    ),
]
#: The same of PHP behind a socket.
SOCKET = [
    (
        "socket_missing",
        "crit",
        "connect() to {peer} failed (2: No such file or directory) while connecting to upstream",
    ),
    (
        "connect_refused",
        "error",
        "connect() to {peer} failed (111: Connection refused) while connecting to upstream",
    ),
    (
        "backlog_full",
        "error",
        "connect() to {peer} failed (11: Resource temporarily unavailable) while connecting to upstream",
    ),
    (
        "response_timeout",
        "error",
        "upstream timed out (110: Connection timed out) while reading response header from upstream",
    ),
    (
        "app_fatal",
        "error",
        'FastCGI sent in stderr: "PHP message: PHP Fatal error:  Allowed memory size of 134217728 bytes '
        'exhausted (tried to allocate 20480 bytes) in /srv/www/cart.php on line {n}" while reading response '
        "header from upstream",
    ),
]
#: What a log says besides.
OTHERS = [
    'open() "/srv/www/static/{n}.png" failed (2: No such file or directory)',
    "access forbidden by rule",
    "client sent invalid method while reading client request line",
    'user "admin" was not found in "/etc/nginx/htpasswd"',
]


@dataclass(frozen=True)
class Pool:
    """Who answers requests."""

    name: str
    peers: list[str]
    is_socket: bool

    @property
    def classes(self) -> list[tuple[str, str, str]]:
        """What can go wrong with it."""
        return SOCKET if self.is_socket else TCP


class Writer:
    """Writes the lines of one host, by its clock and in its zone."""

    def __init__(self, site: str, random: Random) -> None:
        self.site = site
        self.random = random
        self.connection = 0

    def _begin(self, second: int, level: str) -> str:
        self.connection += 1 + self.random.randrange(40)
        stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(second))
        return f"{stamp} [{level}] {811 + self.connection % 4}#0: *{self.connection}"

    def failure(self, second: int, pool: Pool, number: int, client: str) -> str:
        """An event of a pool: the class of this number."""
        name, level, message = pool.classes[number]
        peer = pool.peers[self.random.randrange(len(pool.peers))]
        path = f"/{pool.name}/{self.random.randrange(400)}"
        asked = pool.name if name == "no_live_upstreams" else peer
        upstream = f"fastcgi://{peer}:" if pool.is_socket else f"http://{asked}{path}"
        message = message.format(peer=peer, n=self.connection)
        return (
            f"{self._begin(second, level)} {message}, client: {client}, server: {self.site}, "
            f'request: "GET {path} HTTP/1.1", upstream: "{upstream}", host: "{self.site}"\n'
        )

    def other(self, second: int, client: str) -> str:
        """A line that is nobody's failure."""
        message = self.random.choice(OTHERS).format(n=self.connection)
        request = f'request: "GET /{self.random.randrange(400)} HTTP/1.1", host: "{self.site}"'
        return f"{self._begin(second, 'error')} {message}, client: {client}, server: {self.site}, {request}\n"
