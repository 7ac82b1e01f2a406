"""Every event, in each format."""

from collections.abc import Iterator

from clock import Command
from ground import BADGATEWAY, program, version_of
from result import Bar, Line, absent, ratio, seconds, value
from stand import Stand, told
from truth import FORMATS, check_events, written_events

MEGABYTES = Bar(500, at_least=True)


def run(stand: Stand) -> Iterator[Line]:
    """NDJSON against who reads it back, all formats against the log's bytes."""
    # jq takes some forty times as long.
    size = max(stand.size // 20, 1000)
    small = stand.log(0.97, size=size)
    missing = {name for name, module in FORMATS.items() if module and not version_of(stand.python, module)}
    yield from (absent("events", f"{FORMATS[name]}, to check {name} with") for name in sorted(missing))
    formats = [name for name in FORMATS if name not in missing]
    for name in formats:
        check_events(stand.python, name, events(small, name), small)
    if program("jq"):
        with written_events(events(small, "ndjson")) as file:
            pairs = stand.pairs(events(small, "ndjson"), Command(["jq", "-c", ".", file]))
        yield ratio("events", f"{told('site', 0.97, size)}: jq -c . reads it back", pairs, "jq", Bar(1 / 3))
    else:
        yield absent("events", "jq")
    log = stand.log(0.97)
    for name in formats:
        command = events(log, name)
        if name == "parquet":
            check_events(stand.python, name, command, log)
        took = stand.times(command)
        what = f"{told('site', 0.97, stand.size)} as {name}"
        bar = MEGABYTES if name == "parquet" else None
        yield value("events", what, log.bytes / took.wall / 1e6, "MB/s", bar, seconds(took), 0)


def events(log, name: str) -> Command:
    """Parquet needs a file; what others write is thrown away, as jq's is."""
    argv = [BADGATEWAY, "events", "-q", "--timezone=UTC", f"--format={name}", log.path]
    return Command(argv, fresh="--out" if name == "parquet" else None)
