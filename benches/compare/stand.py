"""What a section is given."""

from dataclasses import dataclass
from pathlib import Path

from clock import Command, Pairs, Took, pairs, times
from ground import BADGATEWAY
from logs import HARD, SITE, Log, make, warm

SHARES = (0.05, 0.97)


@dataclass(frozen=True)
class Stand:
    """How much is measured, and how often."""

    #: Bytes of the usual log; all others follow from it.
    size: int
    #: Pairs of each comparison.
    count: int
    #: A Python that has DuckDB, ClickHouse and Polars, as far as they are installed.
    python: Path

    def log(self, share: float, kind: str = "site", size: int | None = None, seed: int = 1) -> Log:
        """A log in the page cache; `kind` is `site` or `hard`."""
        size = size or self.size
        name = f"{kind}-{share * 100:02.0f}-{words(size).replace(' ', '')}" + (f"-{seed}" if seed > 1 else "")
        log = make(name, size, share, *(SITE if kind == "site" else HARD), seed=seed)
        warm(log.path)
        return log

    def pairs(self, ours: Command, theirs: Command) -> Pairs:
        """In turn."""
        return pairs(ours, theirs, self.count)

    def times(self, command: Command, count: int | None = None) -> Took:
        """One command alone."""
        return times(command, count or self.count)


def aggregate(*words: str | Path) -> Command:
    """What is measured most: logs, and flags if any."""
    return Command([BADGATEWAY, "aggregate", "-q", "--timezone=UTC", *words], fresh="--out")


def words(size: int) -> str:
    """`1 GB`"""
    for unit, name in [(10**9, "GB"), (10**6, "MB"), (10**3, "kB")]:
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def told(kind: str, share: float, size: int) -> str:
    """What a log is called in the table."""
    hard = ", hard" if kind == "hard" else ""
    return f"{words(size)}, {share * 100:.0f} %{hard}"
