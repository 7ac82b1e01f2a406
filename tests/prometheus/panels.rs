//! What the panels of the dashboard must find, said in SQL.

/// What a panel must find.
pub enum Finds {
    /// These rows.
    All,
    /// Those of so many groups, the largest: rows that have so many first labels in common are a group.
    Most(usize, usize),
    /// One of each group.
    OneOf(usize),
    /// These rows with values that are as large or larger.
    AtLeast,
}
use Finds::{All, AtLeast, Most, OneOf};

/// By the panel's title and the query's letter: the labels, and the dataset's answer. `failures` are those of the
/// view, `of_all_classes` are they whatever class was chosen, `before` those of as long a time before, `others`
/// what is no failure; `ends` is a bucket's last second, `time` the end of the step that it is in.
pub const PANELS: [(&str, &str, &[&str], &str, Finds); 24] = [
    (
        "Failures",
        "A",
        &[],
        "SELECT sum(events) AS value FROM failures",
        All,
    ),
    (
        "Against the period before",
        "A",
        &[],
        "SELECT 100 * (sum(events) / (SELECT sum(events) FROM before) - 1) AS value FROM failures",
        All,
    ),
    (
        "Pool that failed most",
        "A",
        &["pool"],
        "SELECT pool, sum(events) AS value FROM failures GROUP BY pool QUALIFY rank() OVER (ORDER BY value DESC) = 1",
        OneOf(0),
    ),
    (
        "Its share",
        "A",
        &[],
        "SELECT 100 * sum(events) / (SELECT sum(events) FROM failures) AS value FROM failures GROUP BY pool \
         ORDER BY value DESC LIMIT 1",
        All,
    ),
    (
        "Failing since",
        "A",
        &[],
        "SELECT 1000 * min(ends) AS value FROM failures GROUP BY pool QUALIFY rank() OVER (ORDER BY sum(events) DESC) = 1",
        OneOf(0),
    ),
    (
        "Latest failure",
        "A",
        &[],
        "SELECT 1000 * max(ends) AS value FROM failures",
        All,
    ),
    (
        "Failures over time, by class",
        "A",
        &["class", "time"],
        "SELECT class, time, sum(events) AS value FROM failures GROUP BY ALL",
        All,
    ),
    (
        "Pools by hour",
        "A",
        &["pool", "time"],
        "SELECT pool, time, sum(events) AS value FROM failures GROUP BY ALL",
        Most(25, 1),
    ),
    (
        "Pools",
        "A",
        &["pool"],
        "SELECT pool, sum(events) AS value FROM failures GROUP BY ALL",
        All,
    ),
    (
        "Pools",
        "B",
        &["pool"],
        "SELECT pool, 100 * sum(events) / (SELECT sum(events) FROM failures) AS value FROM failures GROUP BY ALL",
        All,
    ),
    (
        "Pools",
        "C",
        &["pool", "class"],
        "SELECT pool, class, sum(events) AS value FROM failures GROUP BY pool, class \
         QUALIFY rank() OVER (PARTITION BY pool ORDER BY value DESC) = 1",
        OneOf(1),
    ),
    (
        "Pools",
        "D",
        &["pool"],
        "SELECT pool, max(sum) AS value FROM (SELECT pool, ends, sum(events) AS sum FROM failures GROUP BY ALL) GROUP BY pool",
        All,
    ),
    (
        "Pools",
        "E",
        &["pool"],
        "SELECT pool, sum(events) AS value FROM failures WHERE status = 502 GROUP BY ALL",
        All,
    ),
    (
        "Pools",
        "F",
        &["pool"],
        "SELECT pool, sum(events) AS value FROM failures WHERE status = 504 GROUP BY ALL",
        All,
    ),
    (
        "Pools",
        "G",
        &["pool"],
        "SELECT pool, count(DISTINCT coalesce(peer, '')) AS value FROM of_all_classes GROUP BY ALL",
        All,
    ),
    (
        "Pools",
        "H",
        &["pool"],
        "SELECT pool, count(DISTINCT coalesce(server, '')) AS value FROM of_all_classes GROUP BY ALL",
        All,
    ),
    (
        "Pools",
        "I",
        &["pool"],
        "SELECT pool, max(clients) AS value FROM of_all_classes GROUP BY ALL",
        AtLeast,
    ),
    (
        "Pools",
        "J",
        &["pool"],
        "SELECT pool, 1000 * max(ends) AS value FROM failures GROUP BY ALL",
        All,
    ),
    (
        "502 against 504",
        "A",
        &["time"],
        "SELECT time, sum(events) AS value FROM failures WHERE status = 502 GROUP BY ALL",
        All,
    ),
    (
        "502 against 504",
        "B",
        &["time"],
        "SELECT time, sum(events) AS value FROM failures WHERE status = 504 GROUP BY ALL",
        All,
    ),
    (
        "502 against 504",
        "C",
        &["time"],
        "SELECT time, sum(events) AS value FROM failures WHERE coalesce(status, 0) NOT IN (502, 504) GROUP BY ALL",
        All,
    ),
    (
        "Vhosts",
        "A",
        &["server"],
        "SELECT coalesce(nullif(server, ''), '(none)') AS server, sum(events) AS value FROM of_all_classes GROUP BY ALL",
        Most(15, 1),
    ),
    (
        "Peers",
        "A",
        &["peer", "pool"],
        "SELECT coalesce(nullif(peer, ''), '(none)') AS peer, pool, sum(events) AS value FROM of_all_classes GROUP BY ALL",
        Most(15, 2),
    ),
    (
        "Degraded, or the client's doing",
        "A",
        &["class", "kind"],
        "SELECT class, kind, sum(events) AS value FROM others GROUP BY ALL",
        All,
    ),
];
