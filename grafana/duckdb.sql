-- Views over a dataset of badgateway, for DuckDB 1.5 or later. They copy nothing: each query reads the files as they are then.
--
--     duckdb -init duckdb.sql -c "FROM per_pool"
--     duckdb -cmd "SET VARIABLE dataset = '/srv/badgateway'" -cmd ".read duckdb.sql" -c "FROM per_pool"
--
-- The folder may have stars in it: '/mnt/share/badgateway/*' where each machine has a folder of its own. Hours and days
-- are those of UTC, until SET TimeZone = 'Europe/Berlin' asks for another zone's.

SET TimeZone = 'UTC';
-- Each view looks at the footers of all files, and again when it is asked.
SET parquet_metadata_cache = true;

CREATE OR REPLACE MACRO dataset() AS coalesce(getvariable('dataset'), '/var/lib/badgateway');

-- All rows with all columns; those that older files do not have are null there.
CREATE OR REPLACE VIEW hourly AS
SELECT bucket, host, pool, scheme, peer, server, class, kind, phase, os_error, level, status, events, clients,
    clients_sketch, first_seen, last_seen, minutes, example
FROM (
    FROM read_parquet(dataset() || '/hourly/*.parquet', union_by_name = true)
    UNION ALL BY NAME
    SELECT NULL::INTEGER[] AS minutes, NULL::VARCHAR AS example WHERE false
);

-- Failed attempts alone; the others are what works but degraded, and what clients did.
CREATE OR REPLACE VIEW failures AS
FROM hourly WHERE kind = 'F';

-- Events in each minute in which there were some.
CREATE OR REPLACE VIEW per_minute AS
SELECT bucket + to_minutes(minute - 1) AS minute, * EXCLUDE (bucket, minute)
FROM (
    SELECT bucket, host, pool, scheme, peer, server, class, kind, status,
        generate_subscripts(minutes, 1) AS minute, unnest(minutes)::BIGINT AS events
    FROM hourly
)
WHERE events > 0;

-- Failures per hour, or per bucket where that is wider.
CREATE OR REPLACE VIEW per_hour AS
SELECT date_trunc('hour', bucket) AS hour, pool, class, sum(events)::BIGINT AS failures
FROM failures
GROUP BY ALL
ORDER BY ALL;

-- Which pool failed, how often, since when, and how the visitor saw it. clients_at_least: of the row with the most.
CREATE OR REPLACE VIEW per_pool AS
WITH worst_hours AS (
    SELECT pool, first(hour ORDER BY failures DESC, hour) AS worst_hour, max(failures) AS worst_hour_failures
    FROM (SELECT pool, hour, sum(failures)::BIGINT AS failures FROM per_hour GROUP BY ALL)
    GROUP BY ALL
), worst_classes AS (
    SELECT pool, first(class ORDER BY failures DESC, class) AS worst_class
    FROM (SELECT pool, class, sum(failures) AS failures FROM per_hour GROUP BY ALL)
    GROUP BY ALL
), pools AS (
    SELECT pool,
        coalesce(sum(events) FILTER (kind = 'F'), 0)::BIGINT AS failures,
        min(first_seen) FILTER (kind = 'F') AS since,
        max(last_seen) FILTER (kind = 'F') AS latest,
        coalesce(sum(events) FILTER (kind = 'F' AND status = 502), 0)::BIGINT AS status_502,
        coalesce(sum(events) FILTER (kind = 'F' AND status = 504), 0)::BIGINT AS status_504,
        coalesce(sum(events) FILTER (kind = 'W'), 0)::BIGINT AS degraded,
        coalesce(sum(events) FILTER (kind = 'C'), 0)::BIGINT AS aborted,
        count(DISTINCT peer) FILTER (kind = 'F') AS peers,
        count(DISTINCT server) FILTER (kind = 'F') AS servers,
        coalesce(max(clients) FILTER (kind = 'F'), 0) AS clients_at_least
    FROM hourly
    GROUP BY ALL
)
SELECT pool, failures, round(100 * failures / sum(failures) OVER (), 1) AS percent, worst_class, since, latest,
    worst_hour, worst_hour_failures, status_502, status_504, peers, servers, clients_at_least, degraded, aborted
FROM pools
LEFT JOIN worst_classes USING (pool)
LEFT JOIN worst_hours USING (pool)
ORDER BY failures DESC, pool;

-- Every class, those of degraded service and of clients too; percent is of all events of that kind.
CREATE OR REPLACE VIEW per_class AS
SELECT class, kind, events, round(100 * events / sum(events) OVER (PARTITION BY kind), 1) AS percent, pools, since, latest
FROM (
    SELECT class, kind, sum(events)::BIGINT AS events, count(DISTINCT pool) AS pools,
        min(first_seen) AS since, max(last_seen) AS latest
    FROM hourly
    GROUP BY ALL
)
ORDER BY kind = 'F' DESC, events DESC, class;

-- What went wrong in each pool, with an example where one was kept.
CREATE OR REPLACE VIEW per_pool_and_class AS
SELECT pool, class, sum(events)::BIGINT AS failures, min(first_seen) AS since, max(last_seen) AS latest,
    first(example ORDER BY first_seen) FILTER (example IS NOT NULL) AS example
FROM failures
GROUP BY ALL
ORDER BY failures DESC, pool, class;

CREATE OR REPLACE VIEW per_server AS
SELECT server, sum(events)::BIGINT AS failures, list_sort(list(DISTINCT pool)) AS pools,
    min(first_seen) AS since, max(last_seen) AS latest
FROM failures
GROUP BY ALL
ORDER BY failures DESC, server;

CREATE OR REPLACE VIEW per_peer AS
SELECT pool, peer, sum(events)::BIGINT AS failures, min(first_seen) AS since, max(last_seen) AS latest
FROM failures
GROUP BY ALL
ORDER BY failures DESC, pool, peer;

-- 502 or 504? A null status: the visitor had got a header already, or it was not HTTP.
CREATE OR REPLACE VIEW per_status AS
SELECT pool, status, failures, round(100 * failures / sum(failures) OVER (PARTITION BY pool), 1) AS percent
FROM (SELECT pool, status, sum(events)::BIGINT AS failures FROM failures GROUP BY ALL)
ORDER BY pool, failures DESC, status;

-- At which time of the day it fails, all 24 hours; per_day is the mean over the days that the dataset spans.
CREATE OR REPLACE VIEW per_hour_of_day AS
WITH span AS (
    SELECT count(DISTINCT bucket::DATE) AS days FROM hourly
), hours AS (
    SELECT hour(bucket) AS hour_of_day, sum(events) AS failures FROM failures GROUP BY ALL
)
SELECT hour_of_day, coalesce(failures, 0)::BIGINT AS failures, round(coalesce(failures, 0) / days, 1) AS per_day
FROM (SELECT unnest(range(24)) AS hour_of_day)
LEFT JOIN hours USING (hour_of_day)
CROSS JOIN span
ORDER BY hour_of_day;

-- A line per pool: a mark for each of the 24 hours of the day, as high as its share of the pool's busiest one.
CREATE OR REPLACE VIEW heat_map AS
WITH cells AS (
    SELECT pool, hour_of_day, coalesce(events, 0) AS events, max(events) OVER (PARTITION BY pool) AS most
    FROM (SELECT DISTINCT pool FROM failures)
    CROSS JOIN (SELECT unnest(range(24)) AS hour_of_day)
    LEFT JOIN (SELECT pool, hour(bucket) AS hour_of_day, sum(events) AS events FROM failures GROUP BY ALL)
        USING (pool, hour_of_day)
)
SELECT pool, sum(events)::BIGINT AS failures,
    string_agg(substr('·▁▂▃▄▅▆▇█', 1 + ceil(8 * events / most)::INTEGER, 1), '' ORDER BY hour_of_day)
        AS from_0_to_23
FROM cells
GROUP BY ALL
ORDER BY failures DESC, pool;

-- Each day up to the last one in the dataset against the day before and the median of the seven days before. A day
-- without failures counts as 0; before the dataset's first day there is nothing to compare with.
CREATE OR REPLACE VIEW day_over_day AS
WITH days AS (
    SELECT unnest(generate_series(min(bucket::DATE), max(bucket::DATE), INTERVAL 1 DAY))::DATE AS day FROM hourly
), per_day AS (
    SELECT bucket::DATE AS day, pool, sum(events) AS failures FROM failures GROUP BY ALL
)
SELECT day, pool, coalesce(failures, 0)::BIGINT AS failures,
    lag(coalesce(failures, 0)::BIGINT) OVER (PARTITION BY pool ORDER BY day) AS day_before,
    median(coalesce(failures, 0)::BIGINT) OVER (PARTITION BY pool ORDER BY day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING)
        AS median_of_seven
FROM days
CROSS JOIN (SELECT DISTINCT pool FROM failures)
LEFT JOIN per_day USING (day, pool)
ORDER BY day DESC, failures DESC, pool;

-- Bursts. DuckDB refuses a pattern that no file matches, and a dataset may be without the folder of incidents: so the
-- pattern takes in hourly/ too, and files in other folders than incidents/ are left out by their names.
CREATE OR REPLACE VIEW incidents AS
SELECT pool, started, ended, events, peak_per_minute, class,
    CASE peers WHEN '' THEN [] ELSE string_split(peers, ', ') END AS peers,
    CASE servers WHEN '' THEN [] ELSE string_split(servers, ', ') END AS servers,
    clients, example
FROM (
    FROM read_parquet(dataset() || '/[hi]*[ys]/*.parquet', union_by_name = true)
    WHERE split_part(filename, '/', -2) = 'incidents'
    UNION ALL BY NAME
    SELECT NULL::TIMESTAMPTZ AS started, NULL::TIMESTAMPTZ AS ended, NULL::BIGINT AS peak_per_minute,
        NULL::VARCHAR AS peers, NULL::VARCHAR AS servers, NULL::VARCHAR AS example
    WHERE false
)
ORDER BY started, pool;
