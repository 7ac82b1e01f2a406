"""Asks DuckDB about all datasets of a fleet; a process of its own for each question.

It is given JSON: `tables` (a glob of the files), `port` of an S3 server if they lie there, and what is asked:
`check` (the glob of the truth; with `manifests`, a glob too, only files that count), `sql`, or `clients`. It
prints JSON.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path

import duckdb

KEYS = "host, second, pool, class"
FOUND = """
    SELECT host, epoch(bucket)::BIGINT AS second, pool, class, sum(events)::BIGINT AS events
    FROM {tables} GROUP BY ALL
"""
#: The files that count by the manifests of a bucket: a compaction that was killed leaves others beside them.
COUNTING = """(
    SELECT rows.* EXCLUDE (filename)
    FROM read_parquet({tables}, filename = true) AS rows
    JOIN read_json({manifests}, filename = true,
                   columns = {{'through': 'BIGINT', 'files': 'VARCHAR[]'}}) AS manifest
      ON parse_dirpath(parse_dirpath(rows.filename)) = parse_dirpath(manifest.filename)
    WHERE list_contains(files, parse_filename(rows.filename))
       OR coalesce(try_cast(parse_filename(rows.filename, true) AS BIGINT) > through, false)
)"""
TRUTH = """
    FROM read_csv({truth}, header = true, columns = {{
        'host': 'VARCHAR', 'second': 'BIGINT', 'pool': 'VARCHAR', 'class': 'VARCHAR', 'events': 'BIGINT'}})
"""
DIFFERENT = f"""
    SELECT {KEYS}, sum(events)::BIGINT AS difference
    FROM (SELECT {KEYS}, events FROM found UNION ALL SELECT {KEYS}, -events FROM {{truth}})
    GROUP BY ALL HAVING sum(events) <> 0 ORDER BY ALL
"""
#: Changes of one event of the truth. Each is to be found.
PLANTED = {
    "one more": "events + 1 AS events",
    "one less": "events - 1 AS events",
    "another hour": "second + 3600 AS second",
    "another host": "host || '0' AS host",
    "another pool": "pool || '0' AS pool",
    "another class": "class || '0' AS class",
}


def connect(port: int | None) -> duckdb.DuckDBPyConnection:
    """DuckDB, which finds the bucket if there is one."""
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    if port:
        import duckdb_extension_httpfs

        folder = Path(duckdb_extension_httpfs.__file__).parent
        base.execute(f"LOAD '{next(folder.glob('extensions/*/httpfs.duckdb_extension'))}'")
        base.execute(
            f"""CREATE SECRET (TYPE s3, KEY_ID 'fleet', SECRET 'fleet', REGION 'us-east-1', URL_STYLE 'path',
            USE_SSL false, ENDPOINT '127.0.0.1:{port}')"""
        )
    return base


def check(base: duckdb.DuckDBPyConnection, tables: str, truth: str) -> dict:
    """Whether all files together hold the truth, and whether that could have been noticed."""
    base.execute(f"CREATE TABLE found AS {FOUND.format(tables=tables)}")
    base.execute(f"CREATE TABLE truth AS {TRUTH.format(truth=truth)}")
    events, keys = base.execute("SELECT coalesce(sum(events), 0)::BIGINT, count(*) FROM truth").fetchone()
    wrong = base.execute(DIFFERENT.format(truth="truth")).fetchall()
    unnoticed = []
    for name, change in PLANTED.items():
        base.execute(
            f"""CREATE OR REPLACE TABLE planted AS
            FROM truth WHERE rowid <> {keys // 2} UNION ALL
            SELECT * REPLACE ({change}) FROM truth WHERE rowid = {keys // 2}"""
        )
        planted = base.execute(DIFFERENT.format(truth="planted")).fetchall()
        if len(planted) == len(wrong):
            unnoticed.append(name)
    return {
        "events": events,
        "keys": keys,
        "wrong": len(wrong),
        "examples": wrong[:5],
        "unnoticed": unnoticed,
    }


def asked(base: duckdb.DuckDBPyConnection, sql: str) -> dict:
    """How long a query takes, its answer's rows, and how many files it has read."""
    begin = time.perf_counter()
    rows = base.execute(sql).fetchall()
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rows": len(rows)}


def files_read(base: duckdb.DuckDBPyConnection, sql: str) -> dict:
    """How many files it reads, by DuckDB's own count."""
    plan = "".join(text for _, text in base.execute(f"EXPLAIN ANALYZE {sql}").fetchall())
    # Long lines are broken within the box that is drawn around them.
    found = re.search(r"Total Files Read: (\d+)", re.sub(r"[│\s]+", " ", plan))
    return {"files": int(found[1]) if found else None}


def clients(base: duckdb.DuckDBPyConnection, tables: str) -> dict:
    """Distinct clients of each host, of the merged sketches."""
    import datasketches

    begin = time.perf_counter()
    query = base.execute(f"SELECT host, clients_sketch FROM read_parquet({tables})")
    merged: dict = {}
    while rows := query.fetchmany(10_000):
        for host, sketch in rows:
            if host not in merged:
                merged[host] = datasketches.hll_union(12)
            merged[host].update(datasketches.hll_sketch.deserialize(sketch))
    found = {host: union.get_estimate() for host, union in merged.items()}
    return {"seconds": time.perf_counter() - begin, "rows": len(found), "clients": found}


def main() -> None:
    """One question."""
    question = json.loads(sys.argv[1])
    base = connect(question.get("port"))
    tables = f"'{question['tables']}'"
    if "check" in question:
        if "manifests" in question:
            counting = COUNTING.format(tables=tables, manifests=f"'{question['manifests']}'")
        else:
            counting = f"read_parquet({tables})"
        told = check(base, counting, f"'{question['check']}'")
    elif "sql" in question:
        sql = question["sql"].format(tables=f"read_parquet({tables})")
        told = files_read(base, sql) if question.get("files") else asked(base, sql)
    else:
        told = clients(base, tables)
    told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(told))


if __name__ == "__main__":
    main()
