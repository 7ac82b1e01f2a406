"""Times `badgateway aggregate` against DuckDB counting upstream records by hour, peer and message.

    compare.py LOG…         with Python that has duckdb-cli: target/readers/bin/python benches/compare.py LOG

Both are whole processes on the same file, warmed, in turn, on all cores. DuckDB does less: it finds a message by
its first bracket and looks for no class, field or forged line.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BADGATEWAY = ROOT / "target/release/badgateway"
DUCKDB = Path(sys.executable).parent / "duckdb"
RUNS = 5

QUERY = r"""
SELECT substr(line, 1, 13) AS hour,
       regexp_extract(line, 'upstream: "[a-z]*:?/?/?([^/"]*)', 1) AS peer,
       regexp_extract(line, '\*[0-9]+ ([^(,]*)', 1) AS message,
       count(*) AS records
FROM read_csv({log}, columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false,
              auto_detect = false, strict_mode = false, ignore_errors = true)
WHERE contains(line, 'upstream')
GROUP BY ALL
"""


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def events(dataset: str) -> int:
    """How many events one run has written."""
    query = f"SELECT sum(events)::BIGINT AS n FROM read_parquet('{dataset}/hourly/*.parquet')"
    answer = subprocess.run([DUCKDB, "-json", "-c", query], check=True, capture_output=True).stdout
    return json.loads(answer)[0]["n"]


def compare(log: str) -> None:
    """Prints one line about one log."""
    with tempfile.TemporaryDirectory() as folder:
        ours = [str(BADGATEWAY), "aggregate", "-q", "--timezone", "UTC", "--out", folder, log]
        theirs = [str(DUCKDB), "-c", f"SET threads = {os.cpu_count()}; {QUERY.format(log=repr(log))}"]
        seconds(ours)
        found = events(folder)
        assert found > 0, "nothing to count in this log"
        seconds(theirs)
        pairs = []
        for _ in range(RUNS):
            shutil.rmtree(Path(folder, "hourly"))
            pairs.append((seconds(ours), seconds(theirs)))
        assert events(folder) == found
    ratio = statistics.median(one / other for one, other in pairs)
    badgateway, duckdb = (statistics.median(times) for times in zip(*pairs, strict=True))
    size = os.path.getsize(log) / 1e6
    print(
        f"{Path(log).name}: {size:.0f} MB, {found} events: "
        f"badgateway {badgateway:.2f} s, DuckDB {duckdb:.2f} s, ratio {ratio:.2f} (medians of {RUNS} pairs)"
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compare(name)
