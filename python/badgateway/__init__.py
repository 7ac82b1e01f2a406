"""Upstream failures out of NGINX error logs, as Arrow.

`events` reads every upstream event, `aggregate` counts them per bucket of time and pool, `merge` adds up what was counted
apart, `explain` says what a class means. `badgateway.spark` does the same on Spark and on Sail.
"""

from badgateway._badgateway import (
    Cause,
    Explanation,
    IncompleteWarning,
    Log,
    RecordBatch,
    RecordBatchReader,
    Setting,
    Source,
    Visitor,
    __version__,
    aggregate,
    classes,
    events,
    explain,
    merge,
)

__all__ = [
    "Cause",
    "Explanation",
    "IncompleteWarning",
    "Log",
    "RecordBatch",
    "RecordBatchReader",
    "Setting",
    "Source",
    "Visitor",
    "__version__",
    "aggregate",
    "classes",
    "events",
    "explain",
    "merge",
]
