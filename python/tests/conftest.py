"""What the tests share: the command line to compare with, and logs that are made up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
BINARY = Path(os.environ.get("BADGATEWAY", ROOT / "target/debug/badgateway"))
GENERATE = Path(os.environ.get("BADGATEWAY_GENERATE", ROOT / "target/debug/examples/generate"))

LINE = (
    b"2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection refused) while connecting to "
    b'upstream, client: 192.0.2.1, server: a, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:8080/", '
    b'host: "a"\n'
)


def cli(*arguments: str | Path, status: int = 0) -> str:
    """What the program prints; `status` is what it is to end with."""
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


def generate(path: Path, size: str, *settings: str) -> Path:
    """A log of the generator."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        subprocess.run([GENERATE, "--bytes", size, *settings], stdout=out, check=True)
    return path


def rows(table: pa.Table) -> list[dict[str, object]]:
    """All rows, in their order."""
    return list(table.to_pylist())


@pytest.fixture
def hourly(tmp_path: Path) -> Callable[..., pa.Table]:
    """The table that `badgateway aggregate` writes in one run."""

    def run(*arguments: str | Path, status: int = 0) -> pa.Table:
        dataset = tmp_path / f"dataset{len(list(tmp_path.iterdir()))}"
        cli("aggregate", *arguments, "--out", dataset, "--no-discover", status=status)
        (file,) = (dataset / "hourly").glob("*.parquet")
        return pq.read_table(file)

    return run


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 60 MB that is full of events."""
    return generate(tmp_path_factory.mktemp("large") / "error.log", "60MB", "--upstream-share", "0.9")
