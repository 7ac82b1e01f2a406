"""`aggregate` against what else could be asked of the same log."""

from collections.abc import Iterator
from pathlib import Path

from clock import Command, Pairs
from ground import PEERS, program, say, version_of
from result import Bar, Line, absent, ratio, seconds
from stand import SHARES, Stand, aggregate, told
from truth import check_aggregate, check_groups, check_lines, groups

ENGINES = ["DuckDB", "ClickHouse", "Polars"]


def run(stand: Stand) -> Iterator[Line]:
    """Each log on its own."""
    installed = {
        "DuckDB": program("duckdb", stand.python),
        "ClickHouse": version_of(stand.python, "chdb"),
        "Polars": version_of(stand.python, "polars"),
    }
    engines = [name for name in ENGINES if installed[name]]
    yield from (absent("peers", name) for name in ENGINES if name not in engines)
    yield from (absent("peers", name) for name in ["rg", "mawk"] if not program(name))
    one = stand.log(0.97, size=1000).path
    for name in engines:
        yield Line("peers", f"a log of 1 kB in {name}", theirs=seconds(stand.times(grouped(stand, name, one))))
    yield Line("peers", "a log of 1 kB", seconds(stand.times(aggregate(one))))
    for kind in ["site", "hard"]:
        for share in SHARES:
            yield from compare(stand, engines, kind, share)


def compare(stand: Stand, engines: list[str], kind: str, share: float) -> Iterator[Line]:
    """All peers on one log."""
    log = stand.log(share, kind)
    what = told(kind, share, stand.size)
    ours = aggregate(log.path)
    say(f"checking the answers on {log.name}.log")
    rows = check_aggregate(ours, log)
    check_lines(log)
    yield Line("peers", what, figure=f"{log.all_events:,} events in {rows:,} rows")
    grouping = [*(["mawk"] if program("mawk") else []), *engines]
    answers = {name: groups(grouped(stand, name, log.path)) for name in grouping}
    for name, answer in answers.items():
        check_groups(name, answer, answers[grouping[-1] if name == grouping[0] else grouping[0]], log)
    yield ratio("peers", f"{what}: wc -l", stand.pairs(ours, Command(["wc", "-l", log.path])), "wc")
    if program("rg"):
        counting = stand.pairs(ours, Command(["rg", "-c", "upstream", log.path]))
        yield ratio("peers", f"{what}: rg -c upstream", counting, "rg", Bar(1, 0.6))
    measured: dict[str, Pairs] = {}
    for name in grouping:
        measured[name] = stand.pairs(ours, grouped(stand, name, log.path))
        yield ratio("peers", f"{what}: GROUP BY in {name}", measured[name], name)
    if engines:
        fastest = min(engines, key=lambda name: measured[name].theirs.wall)
        yield ratio("peers", f"{what}: the fastest of them", measured[fastest], fastest, Bar(1 / 4, 1 / 6))


def grouped(stand: Stand, name: str, log: Path) -> Command:
    """The query as a process."""
    if name == "mawk":
        return Command(["mawk", "-f", PEERS / "group.awk", log])
    if name == "DuckDB":
        query = (PEERS / "group.sql").read_text().replace("$log", str(log))
        return Command([program("duckdb", stand.python), "-list", "-noheader", "-separator", "\t", "-c", query])
    return Command([stand.python, PEERS / f"with_{name.lower()}.py", log])
