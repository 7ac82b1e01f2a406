"""Answers, checked before anything is timed."""

import csv
import io
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clock import Command, Failed, room, run
from ground import BADGATEWAY, answer, program
from logs import Log

#: hour, peer and message, and how many records have them.
Groups = dict[tuple[str, ...], int]


#: Formats of events, and what has to be there to check them.
FORMATS = {"ndjson": None, "csv": None, "arrow": "polars", "parquet": "duckdb"}

READERS = {
    "arrow": "import json, polars, sys; classes = polars.read_ipc_stream(sys.argv[1], columns=['class'])['class'];"
    " print(json.dumps(dict(classes.value_counts().iter_rows())))",
    "parquet": "import duckdb, json, sys; query = 'SELECT class, count(*) FROM read_parquet(?) GROUP BY 1';"
    " print(json.dumps(dict(duckdb.execute(query, sys.argv[1:]).fetchall())))",
}


def check_aggregate(command: Command, *logs: Log) -> int:
    """Runs it once. The dataset must hold what the generator has written; tells its rows."""
    with room() as name:
        run(command, Path(name))
        dataset = next(path for path in Path(name).iterdir() if path.is_dir())
        argv = [BADGATEWAY, "export", "--dataset", dataset, "--format", "csv"]
        rows, events = 0, Counter()
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as export:
            for row in csv.DictReader(io.TextIOWrapper(export.stdout, newline="", errors="replace")):
                rows += 1
                events[row["class"]] += int(row["events"])
    must_agree("aggregate", events, sum((Counter(log.events) for log in logs), Counter()))
    return rows


def check_lines(log: Log) -> None:
    """What wc and rg count must be there."""
    with log.path.open("rb") as lines:
        found = sum(b"upstream" in line for line in lines)
    for argv, count in [(["wc", "-l"], log.lines), (["rg", "-c", "upstream"], found)]:
        if program(argv[0]):
            said = subprocess.run([*argv, log.path], capture_output=True, text=True, check=True).stdout
            must_agree(argv[0], {"lines": int(said.split()[0])}, {"lines": count})


def check_report(log: Log) -> None:
    """The report must tell what the generator has written."""
    argv = [BADGATEWAY, "report", "--timezone=UTC", "--format=json", log.path]
    told = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    must_agree("report", {row["class"]: row["events"] for row in told["classes"]}, log.events)


@contextmanager
def written_events(command: Command) -> Iterator[Path]:
    """What a command has written, to its output or to the file that it was told."""
    with room() as name:
        folder = Path(name)
        run(Command(command.argv, stdout=folder / "events", fresh=command.fresh), folder)
        others = [path for path in folder.iterdir() if path.name not in ("events", "stderr")]
        yield others[0] if command.fresh else folder / "events"


def check_events(python: Path, name: str, command: Command, log: Log) -> None:
    """Another reader must find the events of each class."""
    with written_events(command) as file:
        if name == "ndjson":
            with file.open() as lines:
                found = Counter(json.loads(line)["class"] for line in lines)
        elif name == "csv":
            with file.open(newline="") as rows:
                found = Counter(row["class"] for row in csv.DictReader(rows))
        else:
            found = json.loads(answer([str(python), "-c", READERS[name], str(file)]) or "{}")
    must_agree(name, found, log.events)


def must_agree(what: str, found: dict[str, int], written: dict[str, int]) -> None:
    """Class by class."""
    wrong = {name: (found.get(name, 0), written.get(name, 0)) for name in {*found, *written}}
    wrong = {name: pair for name, pair in wrong.items() if pair[0] != pair[1]}
    if wrong:
        raise Failed(f"{what} does not count what the log holds (found, written): {wrong}")


def groups(command: Command) -> Groups:
    """What a peer answers."""
    with room() as name:
        answer = Path(name, "answer")
        run(Command(command.argv, stdout=answer), Path(name))
        found = {}
        for line in answer.read_text(errors="replace").splitlines():
            *key, records = line.split("\t")
            found[tuple(key)] = int(records)
        return found


def check_groups(name: str, found: Groups, others: Groups, log: Log) -> None:
    """Peers must agree with each other, but for lines that are not UTF-8, which some of them leave out; and see most
    of what the generator has written, all but the events without a peer."""
    differ = sum(abs(found.get(key, 0) - others.get(key, 0)) for key in {*found, *others})
    if differ > log.hostile:
        raise Failed(f"{name} counts {differ} records of {log.name}.log in other groups than another peer")
    if sum(found.values()) < 0.9 * log.all_events:
        raise Failed(f"{name} finds {sum(found.values())} records in {log.name}.log, of {log.all_events} events")
