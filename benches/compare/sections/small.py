"""A small log, from its bytes to its summary."""

from collections.abc import Iterator

from clock import Command
from ground import BADGATEWAY
from result import Bar, Line, value
from stand import Stand, aggregate, told
from truth import check_aggregate, check_report


def run(stand: Stand) -> Iterator[Line]:
    """A thousandth of the usual log."""
    size = max(stand.size // 1000, 1000)
    log = stand.log(0.3, size=size)
    check_report(log)
    took = stand.times(Command([BADGATEWAY, "report", "--timezone=UTC", log.path]), 5 * stand.count)
    ours = f"{took.wall * 1000:.1f} ms ({took.cpu * 1000:.1f} CPU), slowest {max(took.walls) * 1000:.1f}"
    yield value("small", f"{told('site', 0.3, size)}: report", took.wall * 1000, "ms", Bar(15), ours)
    check_aggregate(aggregate(log.path), log)
    took = stand.times(aggregate(log.path), 5 * stand.count)
    ours = f"{took.wall * 1000:.1f} ms ({took.cpu * 1000:.1f} CPU), slowest {max(took.walls) * 1000:.1f}"
    yield value("small", f"{told('site', 0.3, size)}: aggregate", took.wall * 1000, "ms", None, ours)
