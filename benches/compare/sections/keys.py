"""What more distinct keys cost, all of them in the same hour."""

from collections.abc import Iterator

from logs import make, remove, warm
from private import most
from result import Bar, Line, seconds, value
from stand import Stand, aggregate, words
from truth import check_aggregate

#: Pools, virtual servers, servers of a pool, troubles of a pool; for about 100, 1,000, … 1,000,000 keys.
KEYS = [(2, 2, 1, 1), (40, 40, 1, 1), (800, 500, 2, 1), (10_000, 3_000, 3, 1), (100_000, 20_000, 8, 4)]


def run(stand: Stand) -> Iterator[Line]:
    """The usual log of upstream events alone, with ever more pools and servers."""
    for pools, servers, per_pool, troubles in KEYS:
        settings = [f"--pools={pools}", f"--servers={servers}", f"--servers-per-pool={per_pool}"]
        settings += [f"--troubles-per-pool={troubles}", "--start=2026-11-01 00:00:00"]
        # An hour has room for all of it.
        settings.append(f"--records-per-second={stand.size / 300 / 3000}")
        log = make(f"keys-{pools}", stand.size, 0.97, *settings)
        warm(log.path)
        command = aggregate(log.path)
        rows = check_aggregate(command, log)
        took = stand.times(command, min(stand.count, 5))
        held = most(command)
        what = f"{words(stand.size)}, {pools:,} pools: {rows:,} rows"
        yield value("keys", what, held.bytes / 2**20, "MiB", Bar(96), seconds(took))
        remove(log)
