"""Measures badgateway against the bars it is held to, and against others on the same logs.

Whole processes, warmed, in turn; each answer is checked before it is timed. Logs, peers and what is built stay under
target/ for the next time. With 1 GB it takes half an hour, 20 GB of disk and 13 GB of memory as page cache;
a machine that does something else meanwhile tells nothing.
"""

import argparse
import datetime
import fcntl
import importlib
import signal
import sys
import time
from pathlib import Path

import ground
from clock import Failed
from logs import FOLDER, size
from result import Line, markdown, plain
from stand import Stand

SECTIONS = ["peers", "gz", "memory", "growth", "threads", "keys", "small", "events"]


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python3 benches/compare", description=__doc__)
    parser.add_argument("--only", metavar="SECTION,…", help=f"some of {', '.join(SECTIONS)}")
    parser.add_argument("--bytes", type=size, default=size("1GB"), help="of the usual log [default: 1GB]")
    parser.add_argument("--pairs", type=int, default=7, metavar="N", help="how often each is timed [default: 7]")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="all of it so often in a row [default: 1]")
    parser.add_argument("--record", type=Path, metavar="FILE", help="add the table to this file, as Markdown")
    parser.add_argument(
        "--python", type=Path, help="one with duckdb-cli, duckdb, chdb and polars [default: made under target/]"
    )
    parser.add_argument("--no-build", action="store_true", help="measure what is built already")
    chosen = parser.parse_args()
    chosen.only = chosen.only.split(",") if chosen.only else SECTIONS
    if wrong := set(chosen.only) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(wrong))}")
    return chosen


def main() -> int:
    """0: all is measured, and every bar met; 1: one is missed; 2: something failed."""
    chosen = arguments()
    # Whoever is told to end takes along what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (FOLDER / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"another run measures in {FOLDER}; two at once would measure each other")
    if not chosen.no_build:
        ground.build("generate", "reading")
    python = chosen.python or ground.readers()
    stand = Stand(chosen.bytes, chosen.pairs, python.absolute())
    about = ground.machine()
    versions = ground.versions(stand.python)
    for name, what in about + versions:
        print(f"{name:16} {what}")
    begin = time.monotonic()
    runs: list[list[Line]] = []
    failed = False
    for number in range(chosen.runs):
        print(f"\nrun {number + 1} of {chosen.runs}")
        lines: list[Line] = []
        for name in chosen.only:
            try:
                for line in importlib.import_module(f"sections.{name}").run(stand):
                    lines.append(line)
                    print(plain(line), flush=True)
            except (Failed, OSError) as error:
                failed = True
                lines.append(Line(name, "FAILED", figure=str(error).replace("\n", " "), verdict="missed: failed"))
                print(plain(lines[-1]), flush=True)
        runs.append(lines)
    took = datetime.timedelta(seconds=round(time.monotonic() - begin))
    judged = [line for lines in runs for line in lines if line.bar]
    missed = [line for lines in runs for line in lines if line.is_missed]
    absent = sum(line.verdict.startswith("not ") for lines in runs for line in lines)
    outcome = f"{len(judged) - len(missed)} of {len(judged)} bars met, in {took}"
    outcome += f"; {absent} figures could not be taken" if absent else ""
    print(f"\n{outcome}; the logs stay in {FOLDER}")
    if chosen.record:
        write(chosen.record, about + versions, runs, outcome)
    return 2 if failed else int(bool(missed))


def write(file: Path, about: list[tuple[str, str]], runs: list[list[Line]], outcome: str) -> None:
    """Adds to a record."""
    with file.open("a") as record:
        command = " ".join(["python3", "benches/compare", *sys.argv[1:]])
        record.write(f"# {datetime.date.today()}: the measuring stand\n\n    {command}\n\n{outcome}.\n\n")
        record.writelines(f"- {name}: {what}\n" for name, what in about)
        for number, lines in enumerate(runs):
            record.write(f"\n## Run {number + 1}\n\n{markdown(lines)}")


if __name__ == "__main__":
    sys.exit(main())
