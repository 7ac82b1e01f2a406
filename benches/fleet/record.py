"""The figures, as Markdown."""

import datetime
import statistics
import sys
from collections import Counter

import paper
from hosts import fleet as crowd
from runs import Run, total
from simulate import Figures, InBucket, State, Wanted


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def record(wanted: Wanted, figures: Figures, about: list[tuple[str, str]], seconds: float) -> str:
    """All of it."""
    command = " ".join(["python3", "benches/fleet", *sys.argv[1:]])
    parts = [
        f"# {datetime.date.today()}: a fleet, simulated\n\n    {command}\n\n",
        "".join(f"- {name}: {what}\n" for name, what in about),
        f"- took: {datetime.timedelta(seconds=round(seconds))}\n\n",
        fleet(wanted, figures),
        "## Files and bytes\n\n",
        weights(figures),
        "## Runs\n\n",
        runs(figures),
        "## DuckDB over all of it\n\n",
        duckdb(figures),
    ]
    if figures.bucket:
        parts += [
            "## A bucket\n\n",
            requests(figures.bucket),
            "## On paper\n\n",
            on_paper(figures, figures.bucket),
        ]
    return "".join(parts)


def fleet(wanted: Wanted, figures: Figures) -> str:
    """What was simulated, and that every count is right."""
    passed, hosts = figures.passed, crowd(wanted.hosts, wanted.nights, wanted.seed)
    off = [abs(host.skew) for host in hosts]
    kinds = Counter(run.kind for each in passed for run in each.runs)
    in_bucket = ""
    if figures.bucket:
        killed = len(figures.bucket.killed)
        in_bucket = f", and of {wanted.bucket_hosts} hosts in a bucket ({killed} runs killed)"
    return (
        f"{len(passed):,} hosts, {wanted.nights} nights, {sum(each.bytes for each in passed) / 1e6:,.0f} MB "
        f"of log, {sum(each.events for each in passed):,} events. "
        f"{sum(host.zone != 'UTC' for host in hosts)} hosts log in a zone other than UTC, the clocks of "
        f"{sum(seconds > 60 for seconds in off)} are off by more than a minute and of "
        f"{sum(seconds > 3600 for seconds in off)} by more than an hour, "
        f"{sum(bool(host.absences) for host in hosts)} missed one to six nights in a row. "
        f"{kinds['night']:,} runs added a night's file and {kinds['late']:,} that of several nights, "
        f"{kinds['nothing']:,} had nothing new, {kinds['killed']:,} were killed.\n\n"
        f"DuckDB over all files gives the {figures.keys:,} counts by host, hour, pool and class as they were "
        f"written, before compacting, after it, and put by day{in_bucket}; each time, six planted changes "
        "of the truth are found.\n\n"
    )


def weights(figures: Figures) -> str:
    """Files and bytes, of all and of a host."""
    hosts, nights = len(figures.passed), figures.passed[0].nights
    rows = []
    for name, state in [
        ("before compacting", figures.before),
        ("after compacting", figures.after),
        ("put by day", figures.by_day),
    ]:
        weight = state.weight
        rows.append(
            [
                name,
                f"{weight.tables:,}",
                f"{weight.table_bytes / 1e6:,.1f} MB",
                f"{weight.table_bytes / max(1, weight.tables) / 1000:,.1f} kB",
                f"{weight.tables / hosts / nights:.3f}",
                f"{weight.table_bytes / hosts / nights:,.0f}",
                f"{weight.others:,}, {weight.other_bytes / 1e6:,.1f} MB",
            ]
        )
    head = [
        "",
        "files",
        "bytes",
        "a file",
        "files per host and night",
        "bytes per host and night",
        "locks, incidents",
    ]
    return table(head, rows)


def runs(figures: Figures) -> str:
    """Seconds and memory of each kind."""
    found: dict[str, list[Run]] = {}
    for each in [run for passed in figures.passed for run in passed.runs] + figures.compacting:
        found.setdefault(each.kind, []).append(each)
    names = {
        "night": "a night with something new",
        "late": "several nights at once",
        "nothing": "nothing new",
        "compact": "compact",
    }
    rows = []
    for kind, name in names.items():
        if kind not in found:
            continue
        these = found[kind]
        walls = sorted(run.wall for run in these)
        cpus = [run.cpu for run in these]
        rows.append(
            [
                name,
                f"{len(these):,}",
                f"{walls[len(walls) // 10] * 1000:.1f}, {statistics.median(walls) * 1000:.1f}",
                f"{statistics.median(cpus) * 1000:.1f}",
                f"{sum(cpus):,.0f} s",
                f"{statistics.median(run.memory for run in these) / 2**20:.0f}, "
                f"{max(run.memory for run in these) / 2**20:.0f} MiB",
            ]
        )
    return table(
        ["", "runs", "ms: a tenth are faster, half", "CPU ms, half", "CPU of all", "memory: half, most"], rows
    )


def duckdb(figures: Figures) -> str:
    """Queries, over many files and few."""

    def cell(state: State, name: str) -> str:
        asked = next((each for each in state.asked if each.name == name), None)
        if asked is None:
            return ""
        files = "" if asked.files is None else f", {asked.files:,} files"
        return f"{asked.seconds:.2f} s{files}, {asked.memory / 2**20:,.0f} MiB"

    states = [figures.before, figures.after, figures.by_day]
    names = dict.fromkeys(asked.name for state in states for asked in state.asked)
    rows = [[name, *(cell(state, name) for state in states)] for name in names]
    told = table(["", "before compacting", "after compacting", "put by day"], rows)
    return told + (
        f"The worst estimate of a host's distinct clients is off by {figures.before.off:.1%} before "
        f"compacting and {figures.after.off:.1%} after it.\n\n"
    )


def requests(bucket: InBucket) -> str:
    """What each kind of run asks for, by method and object; the mean of a run."""
    nights = sorted(bucket.nights)
    chosen = sorted({nights[0], nights[len(nights) // 2], nights[-1]})
    all_runs = {f"night {night + 1}": bucket.nights[night] for night in chosen} | bucket.runs
    kinds = sorted({kind for these in all_runs.values() for run in these for kind in run.requests})
    rows = []
    for name, these in all_runs.items():
        if not these:
            continue
        asked = total(these)
        cells = [
            f"{asked[kind] / len(these):.1f}".removesuffix(".0") if asked[kind] else "" for kind in kinds
        ]
        came, went = (
            sum(counts[at] for run in these for counts in run.requests.values()) / len(these) / 1000
            for at in (1, 2)
        )
        rows.append([name, *cells, f"{came:.0f}, {went:.0f}"])
    told = table(["", *kinds, "kB in, out"], rows)
    rows = []
    for when, asked in bucket.duckdb.items():
        cells = ", ".join(f"{counts[0]:,} {kind}" for kind, counts in sorted(asked.items()))
        went = sum(counts[2] for counts in asked.values()) / 1e6
        rows.append(
            [when, f"{bucket.tables[when]:,}", cells, f"{went:.1f} MB", f"{bucket.seconds[when]:.2f} s"]
        )
    return told + table(["DuckDB, by pool and hour", "files", "requests", "out", "seconds"], rows)


def on_paper(figures: Figures, bucket: InBucket) -> str:
    """Costs at a hundred times the size."""
    head = [
        "compacted",
        "PUT, POST, LIST per host and month",
        "GET, HEAD",
        "stored per host after a month",
        "millionths of a dollar per host and day",
        f"dollars a month, {paper.HOSTS:,} hosts: requests + storage",
    ]
    told = table(head, paper.costs(figures, bucket))
    head = [
        f"one query over {paper.HOSTS:,} hosts",
        "files",
        "LIST",
        "requests a file",
        "GET, HEAD",
        "dollars",
        "to list",
        f"to wait, {paper.THREADS} at once",
        "at S3's rate",
        "work of DuckDB, 2 cores",
    ]
    return told + table(head, paper.reading(figures, bucket))
