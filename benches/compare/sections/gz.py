"""Compressed logs: one large file, and several."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from clock import Command
from ground import CORES, READING, program
from logs import packed, warm
from result import Bar, Line, absent, ratio
from stand import SHARES, Stand, aggregate, told
from truth import check_aggregate, must_agree

SEVERAL = 4


def run(stand: Stand) -> Iterator[Line]:
    """Each set on its own."""
    decoders = {
        "igzip": ["igzip", "-dc"],
        "gzip": ["gzip", "-dc"],
        "pigz": ["pigz", "-dc"],
        "rapidgzip": ["rapidgzip", "-dc", "-P", str(CORES)],
    }
    decoders = {name: [program(name, stand.python), *argv[1:]] for name, argv in decoders.items()}
    yield from (absent("gz", name) for name, argv in decoders.items() if argv[0] is None)
    decoders = {name: argv for name, argv in decoders.items() if argv[0]}
    for share in SHARES:
        one = [stand.log(share)]
        yield from compare(stand, decoders, f"{told('site', share, stand.size)}", one)
        part = stand.size // SEVERAL
        several = [stand.log(share, size=part, seed=seed) for seed in range(1, SEVERAL + 1)]
        yield from compare(stand, decoders, f"{SEVERAL} × {told('site', share, part)}", several)


def compare(stand: Stand, decoders: dict[str, list[str]], what: str, logs: list) -> Iterator[Line]:
    """One set of logs, in all decoders."""
    files = [packed(log) for log in logs]
    warm(*files)
    ours = aggregate(*files)
    check_aggregate(ours, *logs)
    alone = Command([READING, "--decoder-alone", f"--threads={CORES}", *files])
    told_bytes = int(subprocess.run(alone.argv, capture_output=True, text=True, check=True).stdout)
    must_agree("the decoder", {"bytes": told_bytes}, {"bytes": sum(log.bytes for log in logs)})
    yield ratio("gz", f"{what}: its decoder alone", stand.pairs(ours, alone), "decoder", Bar(1.1))
    for name, argv in decoders.items():
        goal = Bar(1.1) if name == "igzip" else None
        theirs = Command(argv + files) if len(files) == 1 else side_by_side(argv, files)
        yield ratio("gz", f"{what}: {name}", stand.pairs(ours, theirs), name, goal)


def side_by_side(argv: list[str], files: list[Path]) -> Command:
    """As many of them at once as there are cores."""
    script = 'cores=$1; shift; files=$1; shift; printf "%s\\0" $files | xargs -0 -n 1 -P "$cores" "$@"'
    return Command(["sh", "-c", script, "sh", str(CORES), " ".join(map(str, files)), *argv])
