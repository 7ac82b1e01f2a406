"""Reads a dataset back with readers that are not ours, and compares with what the samples' .toml files state.

    check.py SAMPLES DATASET    DATASET holds one run over the logs of SAMPLES
"""

import sys
import tomllib
from collections import Counter
from pathlib import Path

import duckdb
import polars
import pyarrow.parquet
from datasketches import hll_sketch, hll_union, tgt_hll_type

COLUMNS = {
    "bucket": "TIMESTAMP WITH TIME ZONE",
    "host": "VARCHAR",
    "pool": "VARCHAR",
    "scheme": "VARCHAR",
    "peer": "VARCHAR",
    "server": "VARCHAR",
    "class": "VARCHAR",
    "kind": "VARCHAR",
    "phase": "VARCHAR",
    "os_error": "VARCHAR",
    "level": "VARCHAR",
    "status": "INTEGER",
    "events": "BIGINT",
    "clients": "BIGINT",
    "clients_sketch": "BLOB",
    "first_seen": "TIMESTAMP WITH TIME ZONE",
    "last_seen": "TIMESTAMP WITH TIME ZONE",
    "minutes": "INTEGER[]",
    "example": "VARCHAR",
}

NEVER_NULL = {
    "bucket", "host", "pool", "class", "kind", "events", "clients", "clients_sketch", "first_seen", "last_seen",
    "minutes",
}  # fmt: skip

KEY = ("pool", "class", "kind", "phase", "os_error", "level", "scheme", "peer", "server", "status")


def stated(samples: Path) -> Counter:
    """The events that stand beside the samples."""
    counts: Counter = Counter()
    for path in samples.glob("*.toml"):
        for group in tomllib.loads(path.read_text())["events"]:
            counts[tuple(group.get(name) for name in KEY)] += group["events"]
    return counts


def main() -> None:
    samples, dataset = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = stated(samples)
    files = f"{dataset}/hourly/*.parquet"

    described = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{files}')").fetchall()
    assert {name: kind for name, kind, *_ in described} == COLUMNS, described
    assert [name for name, *_ in described] == list(COLUMNS), described

    names = ", ".join(f'"{name}"' for name in KEY)
    rows = duckdb.sql(f"SELECT {names}, sum(events) FROM read_parquet('{files}') GROUP BY ALL").fetchall()
    by_duckdb = Counter({row[:-1]: int(row[-1]) for row in rows})
    assert by_duckdb == wanted, (by_duckdb - wanted, wanted - by_duckdb)

    frame = polars.read_parquet(files)
    sums = frame.group_by(KEY).agg(polars.col("events").sum())
    by_polars = Counter({row[:-1]: row[-1] for row in sums.iter_rows()})
    assert by_polars == wanted, (by_polars - wanted, wanted - by_polars)
    assert frame.schema["bucket"] == polars.Datetime("us", "UTC"), frame.schema
    for name in NEVER_NULL:
        assert frame[name].null_count() == 0, name

    for path in Path(dataset, "hourly").glob("*.parquet"):
        schema = pyarrow.parquet.read_schema(path)
        assert {field.name for field in schema if not field.nullable} == NEVER_NULL, schema
        group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        assert [column.column_index for column in group.sorting_columns] == [0, 2], group.sorting_columns
        assert group.column(0).statistics.has_min_max
        table = pyarrow.parquet.read_table(path, columns=["bucket", "pool"])
        pairs = list(zip(*(table.column(name).to_pylist() for name in ("bucket", "pool")), strict=True))
        assert pairs == sorted(pairs), "the rows are not sorted as the footer says"

    odd = duckdb.sql(f"FROM read_parquet('{files}') WHERE list_sum(minutes) <> events OR minutes[-1] = 0").fetchall()
    assert odd == [], "minutes do not add up to the row's events"
    examples = f"SELECT count(example) AS examples FROM read_parquet('{files}') WHERE kind = 'F' GROUP BY bucket, pool, class"
    assert duckdb.sql(f"FROM ({examples}) WHERE examples <> 1").fetchall() == [], "one example of each class and pool"

    union = hll_union(12)
    for sketch, clients in frame.select("clients_sketch", "clients").iter_rows():
        read = hll_sketch.deserialize(sketch)
        assert read.lg_config_k == 12 and read.tgt_type == tgt_hll_type.HLL_4
        assert round(read.get_estimate()) == clients, (read.get_estimate(), clients)
        union.update(read)
    by_hand = hll_sketch(12, tgt_hll_type.HLL_4)
    for path in samples.glob("*.toml"):
        for group in tomllib.loads(path.read_text())["events"]:
            by_hand.update(group.get("client", "")) if group.get("client") else None
    assert round(union.get_result().get_estimate()) == round(by_hand.get_estimate())

    print(f"{sum(wanted.values())} events in {len(frame)} rows, the same for DuckDB, Polars and PyArrow")


if __name__ == "__main__":
    main()
