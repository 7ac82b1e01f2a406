//! What somebody who looks at Grafana's dashboard has chosen, and what Grafana makes of a query then.

use crate::house::{BEGIN, DAY, HOUR};

/// What somebody who looks at the dashboard has chosen.
#[derive(Debug)]
pub struct View {
    pub from: i64,
    pub to: i64,
    pub host: &'static [&'static str],
    pub pool: &'static [&'static str],
    pub class: &'static [&'static str],
}

pub const WEEK: View = View {
    from: BEGIN,
    to: BEGIN + 7 * DAY,
    host: &[],
    pool: &[],
    class: &[],
};

/// All hosts, pools and classes of a week, of two months and of odd times; one each; several, with letters that mean something
/// in patterns.
pub const VIEWS: [View; 6] = [
    WEEK,
    View {
        from: BEGIN - 53 * DAY,
        ..WEEK
    },
    View {
        from: BEGIN + 2 * DAY + 1_234,
        to: BEGIN + 4 * DAY + 77,
        ..WEEK
    },
    View {
        host: &["web2"],
        ..WEEK
    },
    View {
        pool: &["account_0"],
        class: &["response_timeout"],
        ..WEEK
    },
    View {
        pool: &["10.0.1.11:8080", "[2001:db8:4::2]:8080", "account_0"],
        class: &["connect_refused", "connect_timeout", "response_closed"],
        ..WEEK
    },
];

impl View {
    pub fn range(&self) -> i64 {
        self.to - self.from
    }

    /// What Grafana sends to Prometheus for a query.
    pub fn expanded(&self, query: &str, step: i64) -> String {
        let query = query
            .replace("$__range", &format!("{}s", self.range()))
            .replace("$__interval", &format!("{}h", step / HOUR))
            .replace("$bucket", "1h")
            .replace("$host", &pattern(self.host))
            .replace("$pool", &pattern(self.pool))
            .replace("$class", &pattern(self.class));
        assert!(!query.contains('$'), "{query}");
        query
    }

    /// The tables that [`PANELS`](crate::panels::PANELS) speak of, with buckets that end behind `start` and up to `end`.
    pub fn tables(&self, start: i64, end: i64, step: i64) -> String {
        let chosen = |column, values| is_in(column, values);
        let (host, pool) = (chosen("host", self.host), chosen("pool", self.pool));
        let class = chosen("class", self.class);
        let before = start - self.range();
        format!(
            "WITH rows AS (SELECT *, epoch(bucket)::BIGINT + 3599 AS ends, (ends // {step} + 1) * {step} AS time \
             FROM read_parquet($hourly) WHERE {host} AND {pool}), \
             in_time AS (FROM rows WHERE ends > {start} AND ends <= {end}), \
             others AS (FROM in_time WHERE kind <> 'F'), \
             of_all_classes AS (FROM in_time WHERE kind = 'F'), \
             failures AS (FROM of_all_classes WHERE {class}), \
             before AS (FROM rows WHERE kind = 'F' AND {class} AND ends > {before} AND ends <= {start}) "
        )
    }
}

/// Values that were chosen, as Grafana puts them into a pattern; nothing chosen is what the dashboard says for All.
fn pattern(chosen: &[&str]) -> String {
    let escaped = |value: &&str| {
        let mut text = String::new();
        for character in value.chars() {
            match character {
                '\\' => text.push_str("\\\\\\\\"),
                '$' | '^' | '*' | '{' | '}' | '[' | ']' | '\'' | '+' | '?' | '.' | '(' | ')'
                | '|' => {
                    text.push_str("\\\\");
                    text.push(character);
                }
                _ => text.push(character),
            }
        }
        text
    };
    let values: Vec<String> = chosen.iter().map(escaped).collect();
    match &values[..] {
        [] => ".*".to_owned(),
        [value] => value.clone(),
        _ => format!("({})", values.join("|")),
    }
}

fn is_in(column: &str, values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    match values.is_empty() {
        true => "true".to_owned(),
        false => format!("{column} IN ({})", values.join(", ")),
    }
}

/// The step that Grafana takes: as many points as the panel is wide, rounded, and no shorter than a bucket.
pub fn step(range: i64, points: i64) -> i64 {
    let steps = [(90, 1), (150, 2), (270, 3), (540, 6), (1_440, 12)];
    let minutes = range / points / 60;
    let found = steps.iter().find(|&&(below, _)| minutes < below);
    found.map_or(DAY, |&(_, hours)| hours * HOUR)
}
