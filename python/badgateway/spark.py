"""The same on Spark and on Sail: logs are read by the workers, with `mapInArrow`.

    events(spark, "s3a://logs/nginx/*/error.log*")
    aggregate(spark, "/mnt/logs/*/error.log*", host=lambda path: path.split("/")[3])

Both read every compression that badgateway knows. With `read="content"`, Spark's source `binaryFile` gives each log as a
whole, from wherever Spark reads: one that has more than 2 GiB is an error of Spark's, and a task holds what it is given at
once. (Through Spark Connect, which is how Sail is spoken to, contents are first sent to where their paths belong.) With `read="paths"` the workers open the files themselves, as long as they may be, and hold a few megabytes of them;
all workers must see them under these paths.

A log is one row, whose records are read in their order by one task. Every log is read whole, and by itself: two names of
one file are two logs.

What a zone, host, since or until mean that are not given, or are relative ("24h"), is decided where the function is called,
not by each worker. rules, nginx_conf and php_fpm are files that each worker opens. Columns of time are instants: what
`spark.sql.session.timeZone` says changes how they are shown, not what they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import pyarrow as pa

import badgateway
from badgateway import _badgateway

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["CLIENTS", "aggregate", "events", "partials"]

_Path: TypeAlias = str | PathLike[str]
_Files: TypeAlias = _Path | Sequence[_Path]
_Time: TypeAlias = str | date | datetime
_Host: TypeAlias = str | Callable[[str], str] | None
_Read: TypeAlias = Literal["content", "paths"]
_Incomplete: TypeAlias = Literal["raise", "warn"]

CLIENTS: Final = "hll_sketch_estimate(hll_union(hll_union_agg(clients_sketch), hll_union_agg(clients_sketch)))"
"""How many distinct clients a group of rows has, in Spark's SQL.

A union of short sketches remembers in which order they came, and its estimate depends on that. One that was united with
itself does not.
"""

# What Spark calls the types of the columns.
_TYPES = {
    pa.string(): "string",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.binary(): "binary",
    pa.timestamp("us", "UTC"): "timestamp",
    pa.list_(pa.field("item", pa.int32(), nullable=False)): "array<int>",
}


def events(
    spark: SparkSession,
    path: _Files,
    *,
    read: _Read = "content",
    timezone: str | tzinfo | None = None,
    host: _Host = None,
    since: _Time | None = None,
    until: _Time | None = None,
    rules: _Path | None = None,
    nginx_conf: _Files = (),
    php_fpm: _Files = (),
    anonymize: Literal["cut", "drop"] | None = None,
    threads: int = 1,
    incomplete: _Incomplete = "raise",
) -> DataFrame:
    """Every upstream event of the logs, with the columns of `badgateway.events`.

    `path` is what Spark loads: a file, a folder (all of its files), a pattern, or several of these; with `read="paths"` it is a LOG as
    `badgateway.events` takes it. `host` may be a function that makes the machine's name of a log's path; it is pickled.
    `threads` are those of each task. What could not be read makes its task, and the job, fail, unless `incomplete` is
    "warn": then it is an `IncompleteWarning` in the worker's standard error. Of each log, events keep their order.
    """
    job = _job(timezone, host, since, until, rules, nginx_conf, php_fpm, anonymize, threads, incomplete)
    return _logs(spark, path, read).mapInArrow(partial(_events, job, _root(path)), _event_types())


def aggregate(
    spark: SparkSession,
    path: _Files,
    *,
    bucket: str = "1h",
    read: _Read = "content",
    timezone: str | tzinfo | None = None,
    host: _Host = None,
    since: _Time | None = None,
    until: _Time | None = None,
    rules: _Path | None = None,
    nginx_conf: _Files = (),
    php_fpm: _Files = (),
    anonymize: Literal["cut", "drop"] | None = None,
    threads: int = 1,
    incomplete: _Incomplete = "raise",
) -> DataFrame:
    """The events counted per bucket of time, pool and the rest: the rows of `badgateway.aggregate` over all logs.

    Each task counts its logs; what it has counted, not the events, is sent to where its bucket and pool are merged by
    `badgateway.merge`, which is exact: sketches of clients, minutes and examples are those of one run. Only where more than
    4,096 pools, or 8,192 peers or servers, have events are more of their names kept, for each task counts those that are
    too many under `(other)` by itself. Rows come in no order; the other arguments are those of `events`.
    """
    counted = partials(
        spark,
        path,
        bucket=bucket,
        read=read,
        timezone=timezone,
        host=host,
        since=since,
        until=until,
        rules=rules,
        nginx_conf=nginx_conf,
        php_fpm=php_fpm,
        anonymize=anonymize,
        threads=threads,
        incomplete=incomplete,
    )
    return counted.repartition("bucket", "pool").mapInArrow(_merged, _rollup_types())


def partials(
    spark: SparkSession,
    path: _Files,
    *,
    bucket: str = "1h",
    read: _Read = "content",
    timezone: str | tzinfo | None = None,
    host: _Host = None,
    since: _Time | None = None,
    until: _Time | None = None,
    rules: _Path | None = None,
    nginx_conf: _Files = (),
    php_fpm: _Files = (),
    anonymize: Literal["cut", "drop"] | None = None,
    threads: int = 1,
    incomplete: _Incomplete = "raise",
) -> DataFrame:
    """What each task has counted, not merged: rows add up.

    For Spark's own functions: `sum(events)`, `min(first_seen)`, `max(last_seen)`, and `expr(CLIENTS)` for the distinct
    clients, which is what one run estimates. The arguments are those of `aggregate`.

    Not on Sail 0.7.2: where a sketch of more than 384 clients meets others, its `hll_union_agg` may lose clients.
    """
    badgateway.aggregate((), bucket=bucket)
    job = _job(timezone, host, since, until, rules, nginx_conf, php_fpm, anonymize, threads, incomplete)
    counts = partial(_counts, job, _root(path), bucket)
    return _logs(spark, path, read).mapInArrow(counts, _rollup_types())


@dataclass(frozen=True)
class _Job:
    """What the workers are told, decided once."""

    keywords: dict[str, Any]
    host: str | Callable[[str], str]
    incomplete: _Incomplete


def _job(
    timezone: str | tzinfo | None,
    host: _Host,
    since: _Time | None,
    until: _Time | None,
    rules: _Path | None,
    nginx_conf: _Files,
    php_fpm: _Files,
    anonymize: Literal["cut", "drop"] | None,
    threads: int,
    incomplete: _Incomplete,
) -> _Job:
    if incomplete not in ("raise", "warn"):
        raise ValueError(f"incomplete is 'raise' or 'warn', not {incomplete!r}")
    name = None if callable(host) else host
    zone, name, since, until = _badgateway.decide(timezone=timezone, host=name, since=since, until=until)
    keywords = {
        "timezone": zone,
        "since": since,
        "until": until,
        "rules": rules,
        "nginx_conf": nginx_conf,
        "php_fpm": php_fpm,
        "anonymize": anonymize,
        "threads": threads,
    }
    return _Job(keywords, host if callable(host) else name, incomplete)


def _logs(spark: SparkSession, path: _Files, read: _Read) -> DataFrame:
    """A row for each log."""
    paths = _paths(path)
    if read == "content":
        logs = spark.read.format("binaryFile").load(paths).select("path", "modificationTime", "content")
        # Sail 0.7.2 splits large scans into ranges of bytes, and gives the whole file for each range of it.
        return logs.dropDuplicates(["path"]) if _is_connect(spark) else logs
    if read != "paths":
        raise ValueError(f"read is 'content' or 'paths', not {read!r}")
    files, problems = _badgateway.discover(paths)
    if problems:
        raise FileNotFoundError("\n".join(problems))
    tasks = min(len(files), int(spark.conf.get("spark.sql.shuffle.partitions") or 200))
    return spark.createDataFrame([(file,) for file in files], "path string").repartition(max(tasks, 1))


def _is_connect(spark: SparkSession) -> bool:
    return type(spark).__module__.startswith("pyspark.sql.connect.")


def _paths(path: _Files) -> list[str]:
    several = [path] if isinstance(path, (str, PathLike)) else path
    return list(dict.fromkeys(fspath(one) for one in several))


def _root(path: _Files) -> str:
    """Sail names files without the slash with which their paths begin."""
    return "/" if all(one.startswith(("/", "file:")) for one in _paths(path)) else ""


def _event_types() -> str:
    return _types(pa.schema(badgateway.events(())))


def _rollup_types() -> str:
    return _types(pa.schema(badgateway.aggregate(())))


def _types(schema: pa.Schema) -> str:
    return ", ".join(f"`{field.name}` {_TYPES[field.type]}" for field in schema)


def _events(job: _Job, root: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for host, logs in _by_host(job, root, batches):
        try:
            reader = badgateway.events(logs, host=host, **job.keywords)
        except OSError as error:
            _tell(job, [str(error)])
            continue
        for batch in reader:
            yield pa.record_batch(batch)
        _tell(job, reader.problems)


def _counts(
    job: _Job, root: str, bucket: str, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for host, logs in _by_host(job, root, batches):
        try:
            counted = badgateway.aggregate(logs, bucket=bucket, host=host, **job.keywords)
        except OSError as error:
            _tell(job, [str(error)])
            continue
        _tell(job, counted.problems)
        yield pa.record_batch(counted)


def _merged(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield pa.record_batch(badgateway.merge(batches))


def _by_host(
    job: _Job, root: str, batches: Iterable[pa.RecordBatch]
) -> Iterator[tuple[str, list[str | badgateway.Log]]]:
    """The logs of a task, those of one machine together."""
    for batch in batches:
        logs: dict[str, list[str | badgateway.Log]] = {}
        for row in range(batch.num_rows):
            path = _local(batch.column("path")[row].as_py(), root)
            host = job.host if isinstance(job.host, str) else job.host(path)
            log: str | badgateway.Log = path
            if "content" in batch.schema.names:
                modified = batch.column("modificationTime")[row].as_py()
                log = badgateway.Log(path, batch.column("content")[row].as_py(), modified)
            logs.setdefault(host, []).append(log)
        yield from logs.items()


def _local(path: str, root: str) -> str:
    """A file's path as everything else calls it: Spark says file:/a/b, Sail a/b."""
    if path.startswith("file:"):
        return "/" + path.removeprefix("file:").lstrip("/")
    return path if "://" in path or path.startswith("/") else root + path


def _tell(job: _Job, problems: list[str]) -> None:
    if problems and job.incomplete == "raise":
        raise OSError("\n".join(problems))
    for problem in problems:
        warnings.warn(problem, badgateway.IncompleteWarning, stacklevel=1)
