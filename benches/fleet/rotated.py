"""The logs of one host from night to night, rotated as Debian does it, and the truth in numbers."""

import csv
import gzip
import shutil
from collections import Counter
from pathlib import Path
from random import Random

from hosts import Host, Outage
from lines import Writer

#: How many rotated logs are kept.
KEPT = 14
#: From the rotation to the night's run.
MORNING = 5400
#: The first night's logs begin so long before it.
FIRST = 43200


class Rotated:
    """Writes the logs of a host."""

    def __init__(self, host: Host, outages: list[Outage], folder: Path) -> None:
        self.host = host
        names = [pool.name for pool in host.pools]
        self.outages = [
            (outage, names.index(outage.pool))
            for outage in outages
            if host.region in outage.regions and outage.pool in names
        ]
        self.folder = folder / "log"
        self.folder.mkdir(parents=True)
        self.nginx_conf = folder / "nginx.conf"
        self.nginx_conf.write_text(nginx_conf(host))
        self.random = Random(f"{host.seed} lines")
        self.writer = Writer(f"{host.role}.example", self.random)
        #: Events by hour (seconds since 1970, by the host's clock), pool and class.
        self.truth: Counter[tuple[int, str, str]] = Counter()
        self.clients: set[str] = set()
        self.bytes = 0

    def pass_night(self, night: int) -> None:
        """Writes what happened until this night's run, with the rotation in between."""
        end = self.host.run_at(night)
        begin = end - FIRST if night == 0 else self.host.run_at(night - 1)
        evening, morning = [], []
        for second, line in sorted(self._lines(begin, end), key=lambda found: found[0]):
            (evening if second < end - MORNING else morning).append(line)
        self._append(evening)
        self._rotate()
        self._append(morning)

    def _lines(self, begin: int, end: int) -> list[tuple[int, str]]:
        """What is logged in this time, with the true time of each line."""
        host, random = self.host, self.random
        events = []
        if random.random() >= host.calm:
            for _ in range(min(round(host.usual * random.lognormvariate(0, 0.5)), 20000)):
                trouble = host.troubles[min(int(random.expovariate(1.2)), len(host.troubles) - 1)]
                events.append((random.randrange(begin, end), *trouble))
        for outage, pool in self.outages:
            for second in self._outage(outage):
                if begin <= second < end:
                    events.append((second, pool, outage.number))
        lines = [(second, self._failure(second, pool, number)) for second, pool, number in events]
        # A night without any line at all is rare, but there are some.
        if lines or random.random() < 0.7:
            for _ in range(random.randrange(2 + len(lines) // 3)):
                second = random.randrange(begin, end)
                lines.append((second, self.writer.other(self._shown(second), random.choice(host.clients))))
        return lines

    def _outage(self, outage: Outage) -> list[int]:
        """When this host meets it: the same whichever night asks."""
        random = Random(f"{self.host.seed} {outage.begin}")
        count = random.randint(outage.per_host // 4, outage.per_host)
        return [outage.begin + random.randrange(outage.seconds) for _ in range(count)]

    def _shown(self, second: int) -> int:
        """What the host's clock shows in its zone."""
        return second + self.host.skew + self.host.offset

    def _failure(self, second: int, pool: int, number: int) -> str:
        random, failed = self.random, self.host.pools[pool]
        client = random.choice(self.host.clients)
        clock = second + self.host.skew
        self.truth[clock - clock % 3600, failed.name, failed.classes[number][0]] += 1
        self.clients.add(client)
        return self.writer.failure(self._shown(second), failed, number, client)

    def _append(self, lines: list[str]) -> None:
        with (self.folder / "error.log").open("ab") as log:
            self.bytes += log.write("".join(lines).encode())

    def _rotate(self) -> None:
        """`notifempty`, `delaycompress`."""
        log = self.folder / "error.log"
        if log.stat().st_size == 0:
            return
        (self.folder / f"error.log.{KEPT}.gz").unlink(missing_ok=True)
        for number in range(KEPT - 1, 1, -1):
            packed = self.folder / f"error.log.{number}.gz"
            if packed.exists():
                packed.rename(self.folder / f"error.log.{number + 1}.gz")
        last = self.folder / "error.log.1"
        if last.exists():
            with (
                last.open("rb") as text,
                gzip.GzipFile(self.folder / "error.log.2.gz", "wb", 6, mtime=0) as out,
            ):
                shutil.copyfileobj(text, out)
        log.replace(last)
        log.touch()

    def write_truth(self, file: Path) -> None:
        """As a table that DuckDB reads."""
        with file.open("w", newline="") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["host", "second", "pool", "class", "events"])
            rows.writerows([self.host.name, *key, events] for key, events in self.truth.items())


def nginx_conf(host: Host) -> str:
    """A configuration that names the pools."""
    blocks = "".join(
        f"    upstream {pool.name} {{ {' '.join(f'server {peer};' for peer in pool.peers)} }}\n"
        for pool in host.pools
        if not pool.is_socket
    )
    return f"events {{}}\nhttp {{\n{blocks}}}\n"
