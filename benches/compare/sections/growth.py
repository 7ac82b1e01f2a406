"""Whether time grows with the bytes, and with nothing else."""

from collections.abc import Iterator

from logs import fits_in_memory, remove
from result import Bar, Line, seconds, value
from stand import SHARES, Stand, aggregate, told, words
from truth import check_aggregate

#: The size, as a part of the usual one, and how often it is timed for each time that others are.
SIZES = [(1 / 100, 3), (1 / 10, 2), (1, 1), (10, 1)]


def run(stand: Stand) -> Iterator[Line]:
    """Sizes from a hundredth to ten times the usual log."""
    for share in SHARES:
        yield from compare(stand, share)


def compare(stand: Stand, share: float) -> Iterator[Line]:
    """What a process takes that has next to nothing to read, and what each byte takes beyond that."""
    start = stand.times(aggregate(stand.log(share, size=1000).path), 3 * stand.count).wall
    rates = {}
    for part, often in SIZES:
        size = round(stand.size * part)
        if not fits_in_memory(size):
            yield Line("growth", told("site", share, size), verdict="not measured: the page cache cannot hold it")
            continue
        log = stand.log(share, size=size)
        command = aggregate(log.path)
        check_aggregate(command, log)
        took = stand.times(command, often * stand.count if part < 10 else 3)
        rates[size] = (took, (took.wall - start) / log.bytes)
        if part > 1:
            remove(log)
    usual = rates[stand.size][1]
    for size, (took, rate) in rates.items():
        what = f"{told('site', share, size)}, beyond {start * 1000:.1f} ms"
        bar = None if size == stand.size else Bar(1.1)
        line = value("growth", what, rate / usual, f"of {words(stand.size)}'s time for a byte", bar, seconds(took), 3)
        yield line
