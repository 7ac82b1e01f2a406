-- Counts the records about an upstream by hour, peer and message, for DuckDB's own program,
-- which starts quicker than Python.
-- Text functions where they are faster than a regular expression. The reader of CSV is the one that works on all cores;
-- it leaves out lines that are not UTF-8.
WITH records AS (
    SELECT left(line, 13) AS hour,
           split_part(split_part(line, 'upstream: "', 2), '"', 1) AS upstream,
           split_part(line, '*', 2) AS text
    FROM read_csv('$log', columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false,
                  auto_detect = false, strict_mode = false, ignore_errors = true)
    WHERE contains(line, 'upstream: "')
)
SELECT hour,
       split_part(upstream, '/', CASE WHEN contains(upstream, '://') THEN 3 ELSE 1 END) AS peer,
       regexp_extract(text, '^[0-9]+ ([a-zA-Z ]*)', 1) AS message,
       count(*) AS records
FROM records
GROUP BY ALL
