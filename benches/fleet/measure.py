"""What a fleet's datasets weigh, whether they hold the truth, and how long DuckDB takes over them."""

import datetime
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from clock import Failed
from hosts import FIRST_DAY

ASK = Path(__file__).with_name("ask.py")
#: Two estimates of the same sketch differ by less, and six of its standard errors are no more.
MOST_OFF = 0.1


@dataclass(frozen=True)
class Weight:
    """Files and bytes."""

    tables: int
    table_bytes: int
    others: int
    other_bytes: int


@dataclass(frozen=True)
class Asked:
    """A query over many files."""

    name: str
    seconds: float
    files: int | None
    rows: int
    memory: int


@dataclass(frozen=True)
class Where:
    """Where DuckDB looks: a folder or URL with a dataset for each host, and what they are to hold."""

    python: Path
    root: str
    truth: Path
    port: int | None = None
    #: Where below the root the files of a host lie.
    files: str = "{host}/hourly/*.parquet"

    def tables(self, host: str = "*") -> str:
        """The files of a host or of all."""
        return f"{self.root}/{self.files.format(host=host)}"

    def ask(self, host: str = "*", **question: object) -> dict:
        """One question, in a process of its own."""
        question |= {"tables": self.tables(host), "port": self.port}
        argv = [self.python, ASK, json.dumps(question)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"DuckDB over {self.tables(host)}: {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def check(self, when: str, by_manifest: bool = False) -> tuple[int, int]:
        """All files together must hold the truth, and a change of it be noticed; tells events and keys."""
        manifests = {"manifests": f"{self.root}/*/manifest.json"} if by_manifest else {}
        told = self.ask(check=f"{self.truth}/*.csv", **manifests)
        if told["wrong"]:
            examples = "; ".join(str(example) for example in told["examples"])
            raise Failed(f"{when}: {told['wrong']} of {told['keys']} counts are not the truth: {examples}")
        if told["unnoticed"]:
            raise Failed(f"{when}: a planted change is not found: {', '.join(told['unnoticed'])}")
        return told["events"], told["keys"]

    def best(self, name: str, sql: str, times: int, host: str = "*") -> Asked:
        """The fastest of some."""
        told = [self.ask(host, sql=sql) for _ in range(times)]
        files = self.ask(host, sql=sql, files=True)["files"]
        fastest = min(told, key=lambda each: each["seconds"])
        return Asked(name, fastest["seconds"], files, fastest["rows"], fastest["memory"])

    def clients(self, truth: dict[str, int]) -> tuple[Asked, float]:
        """Distinct clients of each host, and by how much the worst estimate is off."""
        told = self.ask(clients=True)
        found = told["clients"]
        if set(found) != {host for host, clients in truth.items() if clients}:
            raise Failed("clients are not told of the hosts that have some")
        off = max(abs(estimate / truth[host] - 1) for host, estimate in found.items())
        if off > MOST_OFF:
            raise Failed(f"an estimate of clients is off by {off:.1%}")
        return Asked("distinct clients by host", told["seconds"], None, told["rows"], told["memory"]), off


def queries(where: Where, nights: int, host: str, times: int) -> list[Asked]:
    """What people ask."""
    day = FIRST_DAY + datetime.timedelta(days=max(1, nights // 2))
    within = f"bucket >= '{day}' AND bucket < '{day + datetime.timedelta(days=1)}'"
    if "day=" in where.files:
        within += f" AND day = '{day}'"
    grouped = "SELECT pool, epoch(bucket), sum(events) FROM {tables} GROUP BY ALL"
    of_day = f"SELECT pool, class, sum(events) FROM {{tables}} WHERE {within} GROUP BY ALL"
    of_host = (
        "SELECT epoch(bucket), pool, class, sum(events) FROM {tables} WHERE host = '"
        + host
        + "' GROUP BY ALL"
    )
    found = [
        where.best("by pool and hour", grouped, times),
        where.best("one day, by pool and class", of_day, times),
        where.best("one host, by `host`", of_host, times),
    ]
    if "{host}" in where.files:
        found.append(where.best("one host, by its folder", of_host, times, host))
    return found


def put_by_day(where: Where, root: Path) -> tuple[Where, Asked]:
    """The same rows with a folder for each day, all hosts together: one command of DuckDB."""
    rows = "SELECT *, bucket::DATE AS day FROM {tables}"
    told = where.ask(sql=f"COPY ({rows}) TO '{root}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day))")
    by_day = Where(where.python, str(root), where.truth, files="day=*/*.parquet")
    return by_day, Asked("all rows into a folder for each day", told["seconds"], None, 0, told["memory"])


def weigh(root: Path) -> Weight:
    """All datasets below a folder."""
    tables, others = [], []
    for file in root.rglob("*"):
        if file.is_file():
            is_table = file.parent.name != "incidents" and file.suffix == ".parquet"
            (tables if is_table else others).append(file.stat().st_size)
    return Weight(len(tables), sum(tables), len(others), sum(others))
