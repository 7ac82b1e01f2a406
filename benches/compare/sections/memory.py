"""What `aggregate` holds for itself, at ten times the usual log: plain, compressed, and through a pipe."""

from collections.abc import Iterator

from ground import say
from logs import Log, packed, remove
from private import most
from result import Bar, Line, value
from stand import Stand, aggregate, told
from truth import check_aggregate

MOST = Bar(96)
TIMES = 10


def run(stand: Stand) -> Iterator[Line]:
    """The kinds of logs that have the most rows."""
    for kind in ["site", "hard"]:
        yield from compare(stand, kind)


def compare(stand: Stand, kind: str) -> Iterator[Line]:
    """One log in its three forms."""
    size = TIMES * stand.size
    what = told(kind, 0.97, size)
    # The same gigabyte ten times over is as much work to decompress, and takes no minutes to compress.
    usual = stand.log(0.97, kind)
    log = stand.log(0.97, kind, size)
    packed_log = log.path.with_suffix(".log.gz")
    with packed_log.open("wb") as out:
        for _ in range(TIMES):
            out.write(packed(usual).read_bytes())
    say(f"checking the answers on {log.name}.log")
    rows = check_aggregate(aggregate(log.path), log)
    check_aggregate(aggregate(packed_log), *[usual] * TIMES)
    yield Line("memory", what, figure=f"{log.all_events:,} events in {rows:,} rows")
    yield measured(f"{what}, plain", log, aggregate(log.path))
    yield measured(f"{what}, .gz", log, aggregate(packed_log))
    yield measured(f"{what}, a pipe", log, aggregate("-"), feed=True)
    remove(log)


def measured(what: str, log: Log, command, feed: bool = False) -> Line:
    """One run that is watched."""
    held = most(command, log.path if feed else None)
    return value("memory", what, held.bytes / 2**20, "MiB", MOST, ours=f"{held.wall:.2f} s, watched")
