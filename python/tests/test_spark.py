"""The same job on Spark or Sail, whichever BADGATEWAY_ENGINE says, against one run of the program over the same logs."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from conftest import LINE, cli, generate, rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ENGINE = os.environ.get("BADGATEWAY_ENGINE", "")
if not ENGINE:
    pytest.skip("BADGATEWAY_ENGINE names neither sail nor spark", allow_module_level=True)

from badgateway import spark as bad  # noqa: E402

UTC = ("--timezone", "UTC", "--no-discover")
LOGS = 200


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    if ENGINE == "sail":
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        _, port = server.listening_address
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        yield session
        session.stop()
        server.stop()
    else:
        builder = SparkSession.builder.master("local-cluster[2,1,1024]")
        builder = builder.config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
        # A clean machine has no JIT-warm workers, and 200 tasks of a shuffle take their time.
        session = builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of five machines: plain, .gz and .zst; in two of three the same many clients, in two hours."""
    folder = tmp_path_factory.mktemp("two words")
    one = ("--pools", "2", "--servers", "1", "--servers-per-pool", "1", "--troubles-per-pool", "1")
    many = (*one, "--clients", "60000", "--records-per-second", "50", "--hostile-share", "0")
    few = ("--pools", "6", "--servers", "3", "--records-per-second", "1", "--hostile-share", "0.01")
    for number in range(LOGS):
        log = folder / f"web{number % 5}" / f"error.log.{number}"
        start = ("--start", f"2026-11-01 09:0{number % 2}:02", "--upstream-share", "0.6")
        generate(log, "200kB", "--seed", str(number), *start, *(many if number % 3 else few))
        content = log.read_bytes()
        if number % 4 == 1:
            log.with_name(log.name + ".gz").write_bytes(gzip.compress(content))
            log.unlink()
        if number % 4 == 2:
            log.with_name(log.name + ".zst").write_bytes(zstandard.compress(content))
            log.unlink()
    return folder


@pytest.fixture(scope="module")
def local(logs: Path) -> list[dict[str, Any]]:
    """The rows of one run of the program over all logs."""
    dataset = logs.parent / "dataset"
    cli("aggregate", logs / "*" / "error.log*", "--out", dataset, *UTC, "--host", "web")
    (file,) = (dataset / "hourly").glob("*.parquet")
    found: list[dict[str, Any]] = rows(pq.read_table(file))
    assert len(found) > 1000 and sum(row["clients"] > 384 for row in found) > 10
    return found


def arrow(frame: DataFrame) -> pa.Table:
    return frame.toArrow()


def key(row: dict[str, Any]) -> str:
    names = ["bucket", "host", "pool", "class", "kind", "phase", "os_error", "level", "status", "scheme", "peer", "server"]
    return repr([instant(row[name]) for name in names])


def instant(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=key)


@pytest.mark.parametrize("read", ["content", "paths"])
def test_rows_are_those_of_one_local_run(
    spark: SparkSession, logs: Path, local: list[dict[str, Any]], read: Any
) -> None:
    frame = bad.aggregate(spark, f"{logs}/*/error.log*", timezone="UTC", host="web", read=read)
    found = rows(arrow(frame))
    assert in_order(found) == in_order(local)


def test_spark_itself_merges_parts_to_the_same_counts(
    spark: SparkSession, logs: Path, local: list[dict[str, Any]]
) -> None:
    from pyspark.sql import functions as f

    parts = bad.partials(spark, f"{logs}/*/error.log*", timezone="UTC", host="web")
    names = [name for name in parts.columns if name not in NOT_KEYS]
    merged = parts.groupBy(*names).agg(
        f.sum("events").alias("events"),
        f.expr(bad.CLIENTS).alias("clients"),
        f.min("first_seen").alias("first_seen"),
        f.max("last_seen").alias("last_seen"),
    )
    expected = in_order([{name: row[name] for name in merged.columns} for row in local])
    found = in_order(rows(arrow(merged)))
    if ENGINE == "sail":
        # What its hll_union_agg makes of large sketches is less.
        for row, expected_row in zip(found, expected, strict=True):
            if expected_row["clients"] > 384:
                row["clients"] = expected_row["clients"]
    assert found == expected


NOT_KEYS = ["events", "clients", "clients_sketch", "first_seen", "last_seen", "minutes", "example"]


def test_events_are_those_that_the_program_writes(spark: SparkSession, logs: Path) -> None:
    out = logs.parent / "events.parquet"
    cli("events", logs / "*" / "error.log*", *UTC, "--host", "web", "--format", "parquet", "--out", out)
    expected = rows(pq.read_table(out))
    found = rows(arrow(bad.events(spark, f"{logs}/*/error.log*", timezone="UTC", host="web")))
    assert len(expected) > 50_000

    def multiset(events: list[dict[str, Any]]) -> Counter[str]:
        return Counter(repr([instant(value) for value in event.values()]) for event in events)

    assert multiset(found) == multiset(expected)


def test_a_function_names_the_machine_of_each_log(spark: SparkSession, logs: Path) -> None:
    def machine(path: str) -> str:
        return path.split("/")[-2]

    dataset = logs.parent / "machines"
    for number in range(5):
        folder = logs / f"web{number}"
        cli("aggregate", folder, "--out", dataset / folder.name, *UTC, "--host", folder.name)
    files = sorted(dataset.glob("*/hourly/*.parquet"))
    import badgateway

    expected = rows(pa.table(badgateway.merge([pq.read_table(file) for file in files])))
    found = rows(arrow(bad.aggregate(spark, f"{logs}/*/error.log*", timezone="UTC", host=machine)))
    assert {row["host"] for row in found} == {f"web{number}" for number in range(5)}
    assert in_order(found) == in_order(expected)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_times_are_instants_whatever_the_sessions_zone(
    spark: SparkSession, logs: Path, local: list[dict[str, Any]], zone: str
) -> None:
    before = spark.conf.get("spark.sql.session.timeZone") or "UTC"
    spark.conf.set("spark.sql.session.timeZone", zone)
    try:
        found = rows(arrow(bad.aggregate(spark, f"{logs}/*/error.log*", timezone="UTC", host="web")))
        assert in_order(found) == in_order(local)
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)


def test_options_choose_and_change_events(spark: SparkSession, tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_bytes(LINE + LINE.replace(b"11/01", b"11/02") + LINE.replace(b"11/01", b"11/03"))
    conf = tmp_path / "nginx.conf"
    conf.write_text("events {} http { upstream shop { server 127.0.0.1:8080; } }")
    frame = bad.events(
        spark, str(log), timezone="Europe/Berlin", since="2026-11-02", until="2026-11-03", nginx_conf=conf, anonymize="cut"
    )
    (row,) = rows(arrow(frame))
    assert (row["pool"], row["client"], row["source"]) == ("shop", "192.0.2.0", str(log))
    assert instant(row["time"]) == datetime.fromisoformat("2026-11-02T08:15:02Z").timestamp()
    days = rows(arrow(bad.aggregate(spark, [str(log)], bucket="1d", timezone="UTC")))
    assert [row["events"] for row in days] == [1, 1, 1]


@pytest.mark.parametrize("call", [bad.events, bad.aggregate])
def test_what_cannot_be_read_fails_unless_told_to_warn(
    spark: SparkSession, tmp_path: Path, call: Callable[..., DataFrame]
) -> None:
    (tmp_path / "error.log").write_bytes(LINE)
    (tmp_path / "error.log.1.gz").write_bytes(gzip.compress(LINE * 9000)[:-20])
    (tmp_path / "error.log.2").write_bytes(b"no log\n")
    for read in ("content", "paths"):
        with pytest.raises(Exception, match="error.log"):
            arrow(call(spark, f"{tmp_path}/*", read=read))
        assert arrow(call(spark, f"{tmp_path}/*", read=read, incomplete="warn")).num_rows > 0


def test_logs_without_events_give_no_rows(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "error.log").write_bytes(b"2026/11/01 09:15:02 [notice] 7#7: signal process started\n")
    (tmp_path / "error.log.1").write_bytes(b"")
    for call in (bad.events, bad.aggregate):
        assert arrow(call(spark, str(tmp_path))).num_rows == 0


def test_mistakes_are_told_before_anything_runs(spark: SparkSession, tmp_path: Path) -> None:
    for keywords in ({"timezone": "Mars"}, {"read": "lines"}, {"incomplete": "ignore"}):
        with pytest.raises(ValueError):
            bad.events(spark, str(tmp_path), **keywords)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="divide a day"):
        bad.aggregate(spark, str(tmp_path), bucket="7m")
    shutil.rmtree(tmp_path)
    with pytest.raises(FileNotFoundError):
        bad.aggregate(spark, f"{tmp_path}/*.log", read="paths")
