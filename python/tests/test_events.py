from __future__ import annotations

import bz2
import gzip
import json
import lzma
import warnings
from datetime import date, datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
import zstandard

import badgateway
from conftest import LINE, SAMPLES, cli, generate, rows


def table(*arguments: object, **keywords: object) -> pa.Table:
    return pa.table(badgateway.events(*arguments, **keywords))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """The events of the samples, as the program writes them to a Parquet file."""
    path = tmp_path_factory.mktemp("written") / "events.parquet"
    options = ("--timezone", "UTC", "--host", "web1", "--no-discover", "--format", "parquet", "--out", path)
    cli("events", SAMPLES / "*.log", *options)
    return pq.read_table(path)


@pytest.fixture
def reader() -> badgateway.RecordBatchReader:
    return badgateway.events(str(SAMPLES / "*.log"), timezone="UTC", host="web1")


def test_duckdb_reads_what_the_program_writes(
    reader: badgateway.RecordBatchReader, written: pa.Table
) -> None:
    query = "SELECT pool, class, count(*) AS events, min(time) AS since FROM {} GROUP BY ALL ORDER BY ALL"
    ours = duckdb.sql(query.format("reader")).to_arrow_table()  # type: ignore[union-attr]
    assert ours.num_rows > 200
    theirs = duckdb.sql(query.format("written")).to_arrow_table()  # type: ignore[union-attr]
    assert rows(ours) == rows(theirs)


def test_pyarrow_reads_what_the_program_writes(
    reader: badgateway.RecordBatchReader, written: pa.Table
) -> None:
    stream = pa.RecordBatchReader.from_stream(reader)
    assert stream.schema.metadata[b"badgateway.timezone"] == b"UTC"
    assert stream.schema.metadata[b"badgateway.version"].decode() == badgateway.__version__
    ours = stream.read_all()
    assert ours.schema.equals(written.schema)
    assert rows(ours) == rows(written)


def test_polars_reads_what_the_program_writes(
    reader: badgateway.RecordBatchReader, written: pa.Table
) -> None:
    assert pl.DataFrame(reader).equals(pl.DataFrame(written))


def test_pandas_reads_what_the_program_writes(
    reader: badgateway.RecordBatchReader, written: pa.Table
) -> None:
    frame = pd.DataFrame.from_arrow(reader)  # type: ignore[attr-defined]
    assert frame["offset"].tolist() == written["offset"].to_pylist()
    assert frame["time"].dropna().tolist() == written["time"].drop_null().to_pandas().tolist()


def test_batches_are_taken_one_by_one(
    reader: badgateway.RecordBatchReader, written: pa.Table
) -> None:
    batches = [pa.record_batch(batch) for batch in reader]
    assert rows(pa.Table.from_batches(batches)) == rows(written)
    assert list(reader) == []


def test_events_are_those_that_the_program_prints_as_json(tmp_path: Path) -> None:
    log = generate(tmp_path / "error.log", "300kB", "--hostile-share", "0.05")
    printed = cli("events", log, "--timezone", "Europe/Berlin", "--host", "web1", "--no-discover")
    printed_rows = [json.loads(line) for line in printed.splitlines()]
    ours = table(log, timezone="Europe/Berlin", host="web1")
    assert len(printed_rows) == ours.num_rows > 300
    for ours_row, printed_row in zip(rows(ours), printed_rows, strict=True):
        time = ours_row.pop("time")
        stated = printed_row.pop("time")
        assert (time and time) == (stated and datetime.fromisoformat(stated))
        assert ours_row == printed_row


PACKERS = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


@pytest.mark.parametrize("packer", PACKERS.values(), ids=PACKERS)
def test_bytes_in_memory_are_read_like_files(tmp_path: Path, packer: type[bytes]) -> None:
    log = generate(tmp_path / "error.log", "100kB")
    content = packer(log.read_bytes())
    from_file = table(log, timezone="UTC")
    from_memory = table((str(log), content), timezone="UTC")
    assert from_memory.num_rows > 50
    assert rows(from_memory) == rows(from_file)


def test_several_inputs_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "error.log").write_bytes(LINE)
    (tmp_path / "error.log.1").write_bytes(LINE)
    logs = [("b", LINE), tmp_path, badgateway.Log("a", bytearray(LINE)), memoryview(LINE), LINE]
    names = [str(tmp_path / "error.log"), str(tmp_path / "error.log.1")]
    assert table(logs)["source"].to_pylist() == ["b", *names, "a", "(bytes)", "(bytes)"]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_bytes(LINE)
    assert table([log, str(tmp_path), str(tmp_path / "*.log")]).num_rows == 1


def test_when_a_log_was_written_tells_the_year_that_it_leaves_out() -> None:
    line = b"Nov  1 09:15:02 web7 nginx: " + LINE.split(b" ", 2)[2]
    modified = datetime(2021, 11, 3, tzinfo=timezone.utc)
    told = table(badgateway.Log("x", line, modified), timezone="UTC")
    assert told["time"].to_pylist() == [datetime(2021, 11, 1, 9, 15, 2, tzinfo=timezone.utc)]
    assert told["host"].to_pylist() == ["web7"]


def test_times_are_instants_in_the_zone_of_the_logs() -> None:
    berlin = table(LINE, timezone=ZoneInfo("Europe/Berlin"))
    assert berlin["time"].to_pylist() == [datetime(2026, 11, 1, 8, 15, 2, tzinfo=timezone.utc)]
    assert berlin.schema.field("time").type == pa.timestamp("us", "UTC")


def test_an_hour_that_clocks_show_twice_is_two_hours() -> None:
    # Summer time ends on 2026-10-25 at 03:00 in Berlin.
    times = [b"02:30:00", b"02:50:00", b"02:10:00", b"02:30:00", b"03:00:00"]
    log = b"".join(LINE.replace(b"2026/11/01 09:15:02", b"2026/10/25 " + time) for time in times)
    told = table(log, timezone="Europe/Berlin")["time"].to_pylist()
    utc = [(0, 30), (0, 50), (1, 10), (1, 30), (2, 0)]
    assert told == [datetime(2026, 10, 25, h, m, tzinfo=timezone.utc) for h, m in utc]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, 3),
        ("2026-11-02", None, 2),
        (date(2026, 11, 2), "2026-11-03", 1),
        (datetime(2026, 11, 3, 9, 15, 2, tzinfo=timezone.utc), None, 1),
        (datetime(2026, 11, 3, 9, 15, 2), None, 1),
        ("2026-11-03T09:15:03Z", None, 0),
    ],
)
def test_since_and_until_choose(since: str | None, until: str | None, found: int) -> None:
    log = b"".join(LINE.replace(b"11/01", day) for day in (b"11/01", b"11/02", b"11/03"))
    assert table(log, timezone="UTC", since=since, until=until).num_rows == found


def test_clients_are_cut_or_dropped() -> None:
    assert table(LINE)["client"].to_pylist() == ["192.0.2.1"]
    assert table(LINE, anonymize="cut")["client"].to_pylist() == ["192.0.2.0"]
    assert table(LINE, anonymize="drop")["client"].to_pylist() == [None]


def test_configurations_and_rules_are_those_that_are_named(tmp_path: Path) -> None:
    conf = tmp_path / "nginx.conf"
    conf.write_text("events {} http { upstream shop { server 127.0.0.1:8080; } }")
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nname = 'no_peer'\nregex = '^connect'\nkind = 'F'\noverride = true\n")
    assert table(LINE)["pool"].to_pylist() == ["127.0.0.1:8080"]
    assert table(LINE, nginx_conf=conf)["pool"].to_pylist() == ["shop"]
    named = table(LINE, nginx_conf=[conf], rules=rules)
    assert named["class"].to_pylist() == ["no_peer"]


def test_hostile_bytes_come_through_as_text() -> None:
    request = b'"GET /\x00\xff\xfe\x1b[31m HTTP/1.1"'
    line = LINE.replace(b'"GET / HTTP/1.1"', request)
    told = table(line + bytes(range(256)) * 50 + b"\n" + LINE)
    assert told["request"].to_pylist()[0] == "GET /\x00\\xFF\\xFE\x1b[31m HTTP/1.1"
    told.validate(full=True)


def test_logs_without_events_and_no_logs_give_no_events(tmp_path: Path) -> None:
    notice = b"2026/11/01 09:15:02 [notice] 7#7: signal process started\n"
    for nothing in (notice, b"", [], [(str(tmp_path / "x"), b"")]):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert table(nothing).num_rows == 0


def test_the_columns_are_known_before_the_events_are_read(
    reader: badgateway.RecordBatchReader, written: pa.Table
) -> None:
    assert pa.schema(reader).names == written.schema.names
    assert pc.sum(pa.table(reader)["offset"]).as_py() == pc.sum(written["offset"]).as_py()


def test_events_are_read_once(reader: badgateway.RecordBatchReader) -> None:
    pa.table(reader)
    with pytest.raises(ValueError, match="something else reads these events already"):
        pa.table(reader)
