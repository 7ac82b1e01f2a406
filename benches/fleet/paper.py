"""What the layout costs on paper: every number is one that was measured, times another that is named here."""

from collections import Counter
from dataclasses import dataclass

from runs import Run, total
from simulate import Figures, InBucket

#: How many hosts, and nights of a month.
HOSTS = 100_000
NIGHTS = 30
#: Dollars of S3 Standard, us-east-1: a GB and month; a thousand of PUT, POST and LIST; of GET and HEAD.
STORED, WRITTEN, READ = 0.023, 0.005, 0.0004
#: What S3 grants each part of its keys in a second, and how long it says a small request takes, in seconds.
GRANTED, ANSWER = 5500, 0.1
#: So many threads of DuckDB wait for answers, as many as it has cores by default.
THREADS = 16


@dataclass(frozen=True)
class Requests:
    """By their price."""

    written: float
    read: float

    @property
    def dollars(self) -> float:
        """What they cost."""
        return self.written * WRITTEN / 1000 + self.read * READ / 1000

    def __add__(self, other: "Requests") -> "Requests":
        return Requests(self.written + other.written, self.read + other.read)

    def __mul__(self, times: float) -> "Requests":
        return Requests(self.written * times, self.read * times)


def priced(asked: Counter[str], runs: int) -> Requests:
    """Requests of one run of so many. Deletions are free, but to ask for many at once is a POST."""
    written = sum(count for kind, count in asked.items() if kind.startswith(("PUT", "POST", "LIST")))
    read = sum(count for kind, count in asked.items() if kind.startswith(("GET", "HEAD")))
    return Requests(written / runs, read / runs)


def of(runs: list[Run]) -> Requests:
    """Requests of one of these runs."""
    return priced(total(runs), len(runs))


def costs(figures: Figures, bucket: InBucket) -> list[list[str]]:
    """Dollars of a host and month, and of all hosts, by how often it is compacted."""
    hosts = len(figures.passed)
    before = figures.before.weight
    after = figures.after.weight
    growing = Requests(0, 0)
    for runs in bucket.nights.values():
        growing += of(runs)
    growing *= NIGHTS / len(bucket.nights)
    compacting = of(bucket.runs["compact"])
    nightly = (
        of(bucket.runs["a night, after compacting"]) + of(bucket.runs["compact, a night later"])
    ) * NIGHTS
    rows = []
    for name, asked, weight in [
        ("never", growing, before),
        ("once a month", growing + compacting, before),
        ("each night", nightly, after),
    ]:
        stored = (weight.table_bytes + weight.other_bytes) / hosts
        kept = stored / 1e9 * STORED
        dollars = asked.dollars + kept
        rows.append(
            [
                name,
                f"{asked.written:,.0f}",
                f"{asked.read:,.0f}",
                f"{stored / 1000:,.0f} kB",
                f"{dollars * 1e6 / NIGHTS:,.1f}",
                f"{asked.dollars * HOSTS:,.0f} + {kept * HOSTS:,.2f}",
            ]
        )
    return rows


def reading(figures: Figures, bucket: InBucket) -> list[list[str]]:
    """What DuckDB asks a bucket for, once, over all files of all hosts."""
    hosts, nights = len(figures.passed), figures.passed[0].nights
    more = max(1, figures.before.weight.tables - figures.after.weight.tables)
    per_file = max(0, figures.before.asked[0].seconds - figures.after.asked[0].seconds) / more
    rows = []
    for when, weight in [
        ("before compacting", figures.before.weight),
        ("after compacting", figures.after.weight),
    ]:
        asked, tables = bucket.duckdb[when], bucket.tables[when]
        got = sum(counts[0] for kind, counts in asked.items() if kind != "LIST") / tables
        of_host = weight.tables / hosts * (NIGHTS / nights if when.startswith("before") else 1)
        files = of_host * HOSTS
        # A manifest, a mark and the incidents lie beside them.
        listed = files + 3 * HOSTS
        requests = Requests(listed / 1000, got * files)
        rows.append(
            [
                when,
                f"{files:,.0f}",
                f"{requests.written:,.0f}",
                f"{got:.2f}",
                f"{requests.read:,.0f}",
                f"{requests.dollars:,.2f}",
                span(requests.written * ANSWER),
                span(requests.read * ANSWER / THREADS),
                span(requests.read / GRANTED),
                span(files * per_file),
            ]
        )
    return rows


def span(seconds: float) -> str:
    """In minutes or hours, where that says more."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
