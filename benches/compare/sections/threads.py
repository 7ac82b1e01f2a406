"""What the second thread is good for."""

from collections.abc import Iterator

from result import Bar, Line, ratio
from stand import SHARES, Stand, aggregate, told


def run(stand: Stand) -> Iterator[Line]:
    """One thread against two."""
    for kind in ["site", "hard"]:
        for share in SHARES:
            log = stand.log(share, kind)
            one, two = (aggregate(log.path, f"--threads={number}") for number in [1, 2])
            pairs = stand.pairs(one, two)
            what = f"{told(kind, share, stand.size)}: one thread"
            yield ratio("threads", what, pairs, "two threads", Bar(1.9, at_least=True))
