"""Counts the records about an upstream by hour, peer and message, with ClickHouse local: with_clickhouse.py LOG"""

import sys

import chdb

QUERY = r"""
SELECT substring(line, 1, 13) AS hour,
       extract(substring(line, position(line, 'upstream: "') + 11, 160), '^(?:[a-z]+://)?([^/"]*)') AS peer,
       extract(substring(line, position(line, '*'), 160), '^.[0-9]+ ([a-zA-Z ]*)') AS message,
       count() AS records
FROM file('{log}', LineAsString, 'line String')
WHERE position(line, 'upstream: "') > 0
GROUP BY ALL
"""

sys.stdout.flush()
sys.stdout.buffer.write(chdb.query(QUERY.replace("{log}", sys.argv[1]), "TSVRaw").bytes())
