"""Counts the records about an upstream by hour, peer and message, with Polars: with_polars.py LOG"""

import sys

import polars as pl

line = pl.col("line")
# `scan_lines` stops at the first byte that is not UTF-8.
lines = pl.scan_csv(
    sys.argv[1],
    schema={"line": pl.String},
    has_header=False,
    separator="\x01",
    quote_char=None,
    encoding="utf8-lossy",
    truncate_ragged_lines=True,
)
answer = (
    lines.filter(line.str.contains('upstream: "', literal=True))
    .group_by(
        line.str.head(13).alias("hour"),
        line.str.extract(r'upstream: "(?:[a-z]+://)?([^/"]*)', 1).fill_null("").alias("peer"),
        line.str.splitn("*", 2)
        .struct.field("field_1")
        .str.extract("^[0-9]+ ([a-zA-Z ]*)", 1)
        .fill_null("")
        .alias("message"),
    )
    .agg(pl.len().alias("records"))
    .collect(engine="streaming")
)
answer.write_csv(sys.stdout.buffer, separator="\t", include_header=False, quote_style="never")
