"""Reads events in each format with readers that are not ours; all must find what Python finds in the NDJSON.

    events.py FOLDER BADGATEWAY    FOLDER holds events.ndjson, .csv, .arrow, .parquet of the same logs, and
                                   error.log, from which the program BADGATEWAY writes into pipes
"""

import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import polars
import pyarrow
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

INTEGERS = {"pid": "BIGINT", "tid": "BIGINT", "connection": "BIGINT", "status": "INTEGER", "offset": "BIGINT"}

FOLDER = Path(sys.argv[1])
BADGATEWAY = sys.argv[2]
DUCKDB = Path(sys.executable).parent / "duckdb"

LINES = (FOLDER / "events.ndjson").read_text(encoding="utf-8").split("\n")[:-1]
EVENTS = [json.loads(line) for line in LINES]
NAMES = list(EVENTS[0])
TYPES = {name: INTEGERS.get(name, "TIMESTAMPTZ" if name == "time" else "VARCHAR") for name in NAMES}
TEXTS = [name for name in NAMES if TYPES[name] == "VARCHAR"]
COLUMNS = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())


def moment(value: object) -> object:
    """A time, in whatever form a reader has it, without its zone, which is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value is not None and value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    return value


def same(what: str, rows: list, wanted: list | None = None) -> None:
    """Whether rows are the events, value for value."""
    wanted = WANTED if wanted is None else wanted
    found = [(moment(row[0]), *row[1:]) for row in rows]
    assert len(found) == len(wanted), (what, len(found), len(wanted))
    for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
        differing = [(name, a, b) for name, a, b in zip(NAMES, one, other, strict=True) if a != b]
        assert not differing, (what, number, differing)
    print(f"{what}: {len(found)} events")


WANTED = [(moment(event["time"]), *list(event.values())[1:]) for event in EVENTS]


def as_it_was(text: str | None) -> str | None:
    """A text of the CSV, without the apostrophe that keeps it from being a formula."""
    return text.removeprefix("'") if text is not None else None


def of_csv(rows: list) -> list:
    return [
        tuple(as_it_was(value) if name in TEXTS else value for name, value in zip(NAMES, row, strict=True))
        for row in rows
    ]


def with_pyarrow() -> None:
    with pyarrow.ipc.open_stream(FOLDER / "events.arrow") as stream:
        table = stream.read_all()
    assert str(table.schema.field("time").type) == "timestamp[us, tz=UTC]", table.schema
    assert not table.schema.field("pool").nullable and table.schema.field("peer").nullable
    same("PyArrow, Arrow", [tuple(row.values()) for row in table.to_pylist()])
    file = pyarrow.parquet.read_table(FOLDER / "events.parquet")
    assert file.schema.remove_metadata() == table.schema.remove_metadata(), file.schema
    metadata = pyarrow.parquet.read_metadata(FOLDER / "events.parquet").metadata
    assert metadata[b"badgateway.timezone"] == b"UTC", metadata
    same("PyArrow, Parquet", [tuple(row.values()) for row in file.to_pylist()])
    table = pyarrow.csv.read_csv(
        FOLDER / "events.csv",
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=table.schema, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )
    same("PyArrow, CSV", of_csv([tuple(row.values()) for row in table.to_pylist()]))
    table = pyarrow.json.read_json(FOLDER / "events.ndjson")
    same("PyArrow, NDJSON", [tuple(row.values()) for row in table.to_pylist()])


def with_polars() -> None:
    same("Polars, Arrow", polars.read_ipc_stream(FOLDER / "events.arrow").rows())
    frame = polars.read_parquet(FOLDER / "events.parquet")
    assert frame.schema["time"] == polars.Datetime("us", "UTC"), frame.schema
    same("Polars, Parquet", frame.rows())
    same("Polars, NDJSON", polars.read_ndjson(FOLDER / "events.ndjson", infer_schema_length=None).rows())
    frame = polars.read_csv(
        FOLDER / "events.csv",
        schema_overrides={name: polars.Int64 if name in INTEGERS else polars.String for name in NAMES},
    )
    # Polars takes an empty text for an absent one.
    wanted = [tuple(None if value == "" else value for value in row) for row in WANTED]
    found = [tuple(None if value == "" else value for value in row) for row in of_csv(frame.rows())]
    same("Polars, CSV", found, wanted)


def rows(source: str) -> list:
    """Rows in DuckDB; a time with its zone would take one more module."""
    return duckdb.sql(f"SELECT * REPLACE (time::TIMESTAMP AS time) FROM {source}").fetchall()


def with_duckdb() -> None:
    duckdb.sql("SET TimeZone = 'UTC'")
    parquet = f"SELECT * FROM read_parquet('{FOLDER}/events.parquet')"
    described = {name: kind for name, kind, *_ in duckdb.sql(f"DESCRIBE {parquet}").fetchall()}
    wanted = {name: kind.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE") for name, kind in TYPES.items()}
    assert described == wanted, described
    same("DuckDB, Parquet", rows(f"read_parquet('{FOLDER}/events.parquet')"))
    csv = f"read_csv('{FOLDER}/events.csv', columns = {{{COLUMNS}}}, allow_quoted_nulls = false)"
    same("DuckDB, CSV", of_csv(rows(csv)))
    undone = ", ".join(f"regexp_replace({name}, '^''', '') AS {name}" for name in TEXTS)
    same("DuckDB, CSV, undone", rows(f"(SELECT * REPLACE ({undone}) FROM {csv})"))
    json_lines = f"read_json('{FOLDER}/events.ndjson', columns = {{{COLUMNS}}})"
    same("DuckDB, NDJSON", rows(json_lines))
    with pyarrow.ipc.open_stream(FOLDER / "events.arrow") as stream:
        relation = duckdb.from_arrow(stream).project("* REPLACE (time::TIMESTAMP AS time)")
        same("DuckDB, Arrow", relation.fetchall())


def with_the_command_line() -> None:
    """The ways that the README shows."""
    log = FOLDER / "error.log"
    events = [BADGATEWAY, "events", "-q", "--no-discover", "--timezone", "UTC", "--host", "web1", "error.log"]
    wanted = sum(event["source"] == "error.log" for event in EVENTS)
    assert wanted > 0 and log.exists()

    def count(source: str, **how: object) -> int:
        command = [DUCKDB, "-json", "-c", f"SELECT count(*) AS n, count(DISTINCT pool) AS pools FROM {source}"]
        done = subprocess.run(command, cwd=FOLDER, check=False, capture_output=True, **how)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)[0]
        pools = len({event["pool"] for event in EVENTS if event["source"] == "error.log"})
        assert answer["pools"] == pools, (source, answer, pools)
        return answer["n"]

    for name, source in {
        "csv": "read_csv('/dev/stdin', types = {'pool': 'VARCHAR'})",
        "ndjson": "read_json('/dev/stdin')",
    }.items():
        with subprocess.Popen([*events, "--format", name], cwd=FOLDER, stdout=subprocess.PIPE) as writer:
            assert count(source, stdin=writer.stdout) == wanted, name
        assert writer.returncode == 0
        print(f"DuckDB's command line, {name} through a pipe: {wanted} events")
    with open(FOLDER / "redirected.parquet", "wb") as file:
        subprocess.run([*events, "--format", "parquet"], cwd=FOLDER, check=True, stdout=file)
    with open(FOLDER / "redirected.parquet", "rb") as file:
        assert count("read_parquet('/dev/stdin')", stdin=file) == wanted
    assert count("'redirected.parquet'") == wanted
    print(f"DuckDB's command line, parquet: {wanted} events")
    with subprocess.Popen([*events, "--format", "arrow"], cwd=FOLDER, stdout=subprocess.PIPE) as writer:
        with pyarrow.ipc.open_stream(writer.stdout) as stream:
            assert stream.read_all().num_rows == wanted
    print(f"PyArrow, arrow through a pipe: {wanted} events")


if __name__ == "__main__":
    with_pyarrow()
    with_polars()
    with_duckdb()
    with_the_command_line()
