from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import badgateway
from conftest import LINE, SAMPLES, generate, rows

Hourly = Callable[..., pa.Table]


def table(batch: badgateway.RecordBatch) -> pa.Table:
    return pa.table(batch)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Logs of one time, in which many clients are in several; some rows have more than sketches count exactly."""
    folder = tmp_path_factory.mktemp("logs")
    few = ("--pools", "2", "--servers", "1", "--troubles-per-pool", "1", "--clients", "60000")
    busy = ("--records-per-second", "20", "--upstream-share", "0.6", *few)
    names = [f"error.log.{number}" for number in range(12)]
    for number, name in enumerate(names):
        settings = busy if number % 2 else ("--pools", "6", "--hostile-share", "0.02")
        generate(folder / name, "400kB", "--seed", str(number), *settings)
    return [folder / name for name in names]


@pytest.mark.parametrize("bucket", ["1h", "5m", "1d"])
def test_rows_are_those_that_the_program_writes(
    bucket: str, logs: list[Path], hourly: Hourly
) -> None:
    written = hourly(*logs, "--timezone", "UTC", "--host", "web1", "--bucket", bucket)
    ours = table(badgateway.aggregate(logs, timezone="UTC", host="web1", bucket=bucket))
    assert ours.schema.equals(written.schema)
    assert ours.num_rows > 100
    assert rows(ours) == rows(written)


@pytest.mark.filterwarnings("ignore::badgateway.IncompleteWarning")
def test_rows_of_the_samples_are_those_that_the_program_writes(hourly: Hourly) -> None:
    # Two logs that begin alike are one to who reads on at night; so each sample is a run of its own here.
    for log in sorted(SAMPLES.glob("*.log"))[::7]:
        ours = table(badgateway.aggregate(log, timezone="UTC", host="web1"))
        if ours.num_rows:
            assert rows(ours) == rows(hourly(log, "--timezone", "UTC", "--host", "web1"))


def test_duckdb_asks_the_rows_by_the_name_of_a_variable(logs: list[Path]) -> None:
    r = badgateway.aggregate(logs, timezone="UTC")
    query = "SELECT sum(events) FROM r"
    found = duckdb.sql(query).fetchall()  # type: ignore[union-attr]
    assert found == [(pc.sum(table(r)["events"]).as_py(),)]
    # It may be asked again, unlike a stream.
    assert duckdb.sql(query).fetchall() == found  # type: ignore[union-attr]


def test_parts_add_up_to_one_run(logs: list[Path], hourly: Hourly) -> None:
    written = hourly(*logs, "--timezone", "UTC", "--host", "web1")
    assert max(written["clients"].to_pylist()) > 384
    parts = [badgateway.aggregate(log, timezone="UTC", host="web1") for log in logs]
    assert sum(part.num_rows for part in parts) > written.num_rows
    merged = table(badgateway.merge(parts))
    assert merged.schema.equals(written.schema)
    assert rows(merged) == rows(written)
    # In any order, at once or bit by bit, an example stays one.
    bit_by_bit = badgateway.merge([badgateway.merge(reversed(parts[:5])), *parts[5:]])
    assert rows(table(bit_by_bit)) == rows(written)
    tables = [table(part) for part in parts]
    assert rows(table(badgateway.merge(pa.concat_tables(tables)))) == rows(written)


def test_one_example_of_each_pool_class_and_bucket_stays(tmp_path: Path) -> None:
    lines = {host: LINE.replace(b"*23", b"*%d" % len(host)) for host in ("web1", "web22", "web333")}
    one_run = {}
    for host, line in lines.items():
        (tmp_path / host).write_bytes(b"Nov  1 09:15:02 " + host.encode() + b" nginx: " + line)
        one_run[host] = (tmp_path / host).read_bytes()
    whole = badgateway.aggregate(b"".join(one_run.values()), timezone="UTC")
    parts = [badgateway.aggregate(content, timezone="UTC") for content in one_run.values()]
    assert rows(table(badgateway.merge(parts))) == rows(table(whole))
    examples = [example for example in table(whole)["example"].to_pylist() if example]
    assert len(examples) == 1 and len(table(whole)) == 3


def test_rollups_that_went_through_engines_are_merged(logs: list[Path]) -> None:
    part = badgateway.aggregate(logs[0], timezone="UTC", host="web1")
    expected = rows(table(badgateway.merge([part, part])))
    assert expected[0]["events"] == 2 * rows(table(part))[0]["events"]  # type: ignore[operator]
    frame = pl.DataFrame(part)
    relation = duckdb.sql("SELECT * FROM part")
    assert relation is not None
    large = table(part)
    for name in ("pool", "class", "example"):
        at = large.schema.get_field_index(name)
        large = large.set_column(at, name, large[name].cast(pa.large_string()))
    new_york = large.set_column(0, "bucket", large["bucket"].cast(pa.timestamp("us", "America/New_York")))
    for other in (frame, relation.to_arrow_table(), large, new_york):
        assert rows(table(badgateway.merge([part, other]))) == expected


def test_nothing_merges_to_no_rows() -> None:
    assert badgateway.merge([]).num_rows == 0
    nothing = badgateway.aggregate([])
    assert badgateway.merge(nothing).num_rows == 0
    assert table(nothing).schema.names[:3] == ["bucket", "host", "pool"]


def test_what_is_no_rollup_is_refused() -> None:
    good = table(badgateway.aggregate(LINE, timezone="UTC"))

    def changed(name: str, values: list[object]) -> pa.Table:
        at = good.schema.get_field_index(name)
        return good.set_column(at, name, pa.array(values, good.schema.field(name).type))

    early = datetime(2020, 1, 1, tzinfo=timezone.utc)
    for bad, words in [
        (good.drop_columns(["minutes"]), "'?minutes'? of a rollup is missing"),
        (good.append_column("day", pa.array(["x"])), "no column"),
        (good.append_column("pool", good["pool"]), "no column twice"),
        (good.set_column(2, "pool", pa.nulls(1, pa.string())), "pool"),
        (changed("minutes", [None]), "minutes"),
        (changed("events", [-1]), "no version of badgateway has written"),
        (changed("first_seen", [early]), "no version of badgateway has written"),
        (changed("clients_sketch", [b"no sketch"]), "no version of badgateway has written"),
        (changed("events", [None]), "null"),
        (good.set_column(12, "events", pa.array(["many"])), "events"),
    ]:
        with pytest.raises(ValueError, match=words.replace("'?", '.?')):
            badgateway.merge(bad)
    with pytest.raises(TypeError, match="speaks Arrow's C interface"):
        badgateway.merge([7])  # type: ignore[list-item]


def test_a_text_that_is_none_does_no_harm() -> None:
    good = pa.record_batch(badgateway.aggregate(LINE, timezone="UTC"))
    pool = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\4\0\0\0"), pa.py_buffer(b"\xff\xff\xff\xff")]
    )
    with pytest.raises(ValueError, match="pool"):
        badgateway.merge(good.set_column(2, good.schema.field("pool"), pool))


def test_the_width_of_a_bucket_has_to_divide_a_day() -> None:
    for wrong in ("7m", "30s", "2d", ""):
        with pytest.raises(ValueError, match="that divide a day"):
            badgateway.aggregate(LINE, bucket=wrong)
