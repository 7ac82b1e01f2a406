-- What badgateway events writes, as tables of DuckDB 1.5 or later:
--
--     badgateway events error.log | duckdb -init events.sql -c "FROM events_json('/dev/stdin')"
--
-- The argument is a file, a pattern, or '/dev/stdin'. The types are given, for DuckDB would guess that a pool named 10 is
-- a number, and that a time has no zone.

-- In CSV a text that a spreadsheet would take for a formula has an apostrophe in front; so has one that begins with an
-- apostrophe itself. Taking one off gives the text back.
CREATE OR REPLACE MACRO unguarded(cell) AS if(starts_with(cell, ''''), substr(cell, 2), cell);

-- What events --format csv writes.
CREATE OR REPLACE MACRO events_csv(file) AS TABLE
SELECT * REPLACE (
    unguarded(peer) AS peer, unguarded(pool) AS pool, unguarded(upstream) AS upstream, unguarded(server) AS server,
    unguarded(client) AS client, unguarded(request) AS request, unguarded(host_header) AS host_header,
    unguarded(referrer) AS referrer, unguarded(message) AS message, unguarded(action) AS action,
    unguarded(host) AS host, unguarded(source) AS source, unguarded(scheme) AS scheme
)
FROM read_csv(file, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false,
    columns = {
        time: 'TIMESTAMPTZ', level: 'VARCHAR', pid: 'BIGINT', tid: 'BIGINT', connection: 'BIGINT', class: 'VARCHAR',
        kind: 'VARCHAR', phase: 'VARCHAR', os_error: 'VARCHAR', status: 'INTEGER', scheme: 'VARCHAR', peer: 'VARCHAR',
        pool: 'VARCHAR', upstream: 'VARCHAR', server: 'VARCHAR', client: 'VARCHAR', request: 'VARCHAR',
        host_header: 'VARCHAR', referrer: 'VARCHAR', message: 'VARCHAR', action: 'VARCHAR', host: 'VARCHAR',
        source: 'VARCHAR', "offset": 'BIGINT'
    });

-- What events writes without --format.
CREATE OR REPLACE MACRO events_json(file) AS TABLE
FROM read_json(file, format = 'newline_delimited',
    columns = {
        time: 'TIMESTAMPTZ', level: 'VARCHAR', pid: 'BIGINT', tid: 'BIGINT', connection: 'BIGINT', class: 'VARCHAR',
        kind: 'VARCHAR', phase: 'VARCHAR', os_error: 'VARCHAR', status: 'INTEGER', scheme: 'VARCHAR', peer: 'VARCHAR',
        pool: 'VARCHAR', upstream: 'VARCHAR', server: 'VARCHAR', client: 'VARCHAR', request: 'VARCHAR',
        host_header: 'VARCHAR', referrer: 'VARCHAR', message: 'VARCHAR', action: 'VARCHAR', host: 'VARCHAR',
        source: 'VARCHAR', "offset": 'BIGINT'
    });
