//! What the views say about a log whose events are known by heart.

use serde_json::{Value, json};

use super::house::House;

/// Ten days of a shop: some failures each day at nine and a few at 23:30, none on the eighth day, and an outage of eight
/// minutes on the last. On the third a peer was left out twice, and three visitors went away.
fn house() -> House {
    let house = House::new();
    let mut log = String::new();
    let mut connection = 0;
    let mut fail = |time: &str, message: &str, server: &str, client: u32| {
        connection += 1;
        log += &format!(
            "2026/11/{time} [error] 7#7: *{connection} {message}, client: 192.0.2.{client}, server: {server}, request: \
             \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php/shop.sock:\", host: \"{server}\"\n"
        );
    };
    let refused = "connect() to unix:/run/php/shop.sock failed (111: Connection refused) while connecting to upstream";
    let timeout = "upstream timed out (110: Connection timed out) while reading response header from upstream";
    for day in [1, 2, 3, 4, 5, 6, 7, 9] {
        for event in 0..day {
            fail(
                &format!("{day:02} 09:15:{event:02}"),
                timeout,
                "shop.example",
                event,
            );
        }
        fail(&format!("{day:02} 23:30:00"), refused, "www.example", 1);
    }
    let disabled = "upstream server temporarily disabled while connecting to upstream";
    let aborted = "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too \
         while reading response header from upstream";
    for second in 0..5 {
        let message = if second < 2 { disabled } else { aborted };
        fail(
            &format!("03 09:20:{second:02}"),
            message,
            "shop.example",
            second,
        );
    }
    for minute in 0..8 {
        for second in 0..30 {
            let server = if second == 29 {
                "www.example"
            } else {
                "shop.example"
            };
            let time = format!("10 14:{:02}:{second:02}", 20 + minute);
            fail(&time, refused, server, second);
        }
    }
    house.write("logs/error.log", log.as_bytes());
    house.badgateway(
        "aggregate logs/error.log --no-discover --timezone UTC --host web1 --out dataset",
    );
    house
}

/// Timeouts, then refusals, of all days.
const FAILURES: (u64, u64) = (37, 8 + 240);

#[track_caller]
fn says(house: &House, query: &str, wanted: Value) {
    assert_eq!(json!(house.rows("dataset", query)), wanted, "{query}");
    assert_eq!(
        json!(house.rows_in_python("dataset", query)),
        wanted,
        "{query}, in Python"
    );
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn the_views_count_what_the_log_holds() {
    let house = house();
    let (timeouts, refusals) = FAILURES;
    let all = timeouts + refusals;
    says(
        &house,
        "SELECT * EXCLUDE (since, latest, worst_hour), since::VARCHAR AS since, worst_hour::VARCHAR AS hour FROM per_pool",
        json!([{
            "pool": "shop", "failures": all, "percent": 100.0, "worst_class": "connect_refused",
            "worst_hour_failures": 240, "status_502": refusals, "status_504": timeouts, "peers": 1, "servers": 2,
            "clients_at_least": 29, "degraded": 2, "aborted": 3,
            "since": "2026-11-01 09:15:00+00", "hour": "2026-11-10 14:00:00+00",
        }]),
    );
    says(
        &house,
        "SELECT class, events, percent, pools FROM per_class",
        json!([
            {"class": "connect_refused", "events": refusals, "percent": 87.0, "pools": 1},
            {"class": "response_timeout", "events": timeouts, "percent": 13.0, "pools": 1},
            {"class": "client_aborted", "events": 3, "percent": 100.0, "pools": 1},
            {"class": "peer_disabled", "events": 2, "percent": 100.0, "pools": 1},
        ]),
    );
    says(
        &house,
        "SELECT pool, class, failures, contains(example, 'shop.sock') AS shown FROM per_pool_and_class",
        json!([
            {"pool": "shop", "class": "connect_refused", "failures": refusals, "shown": true},
            {"pool": "shop", "class": "response_timeout", "failures": timeouts, "shown": true},
        ]),
    );
    says(
        &house,
        "SELECT pool, status, failures, percent FROM per_status",
        json!([
            {"pool": "shop", "status": 502, "failures": refusals, "percent": 87.0},
            {"pool": "shop", "status": 504, "failures": timeouts, "percent": 13.0},
        ]),
    );
    says(
        &house,
        "SELECT server, failures, pools FROM per_server",
        json!([
            {"server": "shop.example", "failures": timeouts + 8 * 29, "pools": ["shop"]},
            {"server": "www.example", "failures": 8 + 8, "pools": ["shop"]},
        ]),
    );
    says(
        &house,
        "SELECT pool, peer, failures FROM per_peer",
        json!([{"pool": "shop", "peer": "unix:/run/php/shop.sock", "failures": all}]),
    );
    says(
        &house,
        "SELECT hour_of_day, failures, per_day FROM per_hour_of_day WHERE failures > 0",
        json!([
            {"hour_of_day": 9, "failures": timeouts, "per_day": 4.1},
            {"hour_of_day": 14, "failures": 240, "per_day": 26.7},
            {"hour_of_day": 23, "failures": 8, "per_day": 0.9},
        ]),
    );
    says(
        &house,
        "SELECT pool, from_0_to_23 AS marks FROM heat_map",
        json!([{"pool": "shop", "marks": "·········▂····█········▁"}]),
    );
    says(
        &house,
        "SELECT count(*) AS minutes, max(events) AS most, sum(events)::BIGINT AS events FROM per_minute",
        json!([{"minutes": 8 + 8 + 2 + 2 * 8, "most": 29, "events": all + 5}]),
    );
    says(
        &house,
        "SELECT min(minute)::VARCHAR AS first FROM per_minute WHERE events = 29",
        json!([{"first": "2026-11-10 14:20:00+00"}]),
    );
    says(
        &house,
        "SELECT sum(failures)::BIGINT AS failures FROM per_hour WHERE hour >= '2026-11-10'",
        json!([{"failures": 240}]),
    );
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn a_day_is_compared_with_the_day_before_and_the_week_before() {
    let house = house();
    says(
        &house,
        "SELECT day::VARCHAR AS day, failures, day_before, median_of_seven AS median FROM day_over_day",
        json!([
            {"day": "2026-11-10", "failures": 240, "day_before": 10, "median": 6.0},
            {"day": "2026-11-09", "failures": 10, "day_before": 0, "median": 5.0},
            {"day": "2026-11-08", "failures": 0, "day_before": 8, "median": 5.0},
            {"day": "2026-11-07", "failures": 8, "day_before": 7, "median": 4.5},
            {"day": "2026-11-06", "failures": 7, "day_before": 6, "median": 4.0},
            {"day": "2026-11-05", "failures": 6, "day_before": 5, "median": 3.5},
            {"day": "2026-11-04", "failures": 5, "day_before": 4, "median": 3.0},
            {"day": "2026-11-03", "failures": 4, "day_before": 3, "median": 2.5},
            {"day": "2026-11-02", "failures": 3, "day_before": 2, "median": 2.0},
            {"day": "2026-11-01", "failures": 2, "day_before": null, "median": null},
        ]),
    );
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn days_and_hours_are_those_of_the_zone_that_is_asked_for() {
    let house = house();
    let output = house.shell(
        "duckdb -cmd \"SET VARIABLE dataset = 'dataset'\" -cmd '.read grafana/duckdb.sql' \
         -c \"SET TimeZone = 'Europe/Berlin'\" \
         -c \"SELECT day::VARCHAR AS day, failures FROM day_over_day ORDER BY day LIMIT 2\" \
         -c 'SELECT hour_of_day FROM per_hour_of_day WHERE failures > 0'",
    );
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let said: String = said.split_whitespace().collect();
    // Half past eleven at night is half past midnight in Berlin: the next day.
    assert_eq!(
        said,
        r#"[{"day":"2026-11-01","failures":1},{"day":"2026-11-02","failures":3}][{"hour_of_day":0},{"hour_of_day":10},{"hour_of_day":15}]"#
    );
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn incidents_are_there_and_without_their_folder_there_are_none() {
    let house = house();
    let query = "SELECT pool, started::VARCHAR AS started, ended::VARCHAR AS ended, events, peak_per_minute AS peak, class, \
         peers, servers, clients, contains(example, 'shop.sock') AS shown FROM incidents";
    says(
        &house,
        query,
        json!([{
            "pool": "shop", "started": "2026-11-10 14:20:00+00", "ended": "2026-11-10 14:28:00+00", "events": 240, "peak": 30,
            "class": "connect_refused", "peers": ["unix:/run/php/shop.sock"], "servers": ["shop.example", "www.example"], "clients": 30,
            "shown": true,
        }]),
    );
    std::fs::remove_file(house.path("dataset/incidents/incidents.parquet")).unwrap();
    says(&house, query, json!([]));
    std::fs::remove_dir(house.path("dataset/incidents")).unwrap();
    says(&house, query, json!([]));
    let (timeouts, refusals) = FAILURES;
    says(
        &house,
        "SELECT sum(events)::BIGINT AS events FROM hourly",
        json!([{"events": timeouts + refusals + 5}]),
    );
}

#[test]
#[ignore = "needs DuckDB; tests/all sets it up"]
fn files_of_older_versions_lack_columns_and_are_read_all_the_same() {
    let house = house();
    std::fs::create_dir_all(house.path("dataset/old/hourly")).unwrap();
    house.rows(
        "dataset",
        "COPY (SELECT * EXCLUDE (minutes, example) FROM hourly) TO 'dataset/old/hourly/a.parquet'",
    );
    let (timeouts, refusals) = FAILURES;
    let query = "SELECT sum(events)::BIGINT AS events, count(minutes) AS minutes, count(example) AS examples FROM hourly";
    let wanted = json!([{"events": timeouts + refusals + 5, "minutes": 0, "examples": 0}]);
    assert_eq!(json!(house.rows("dataset/old", query)), wanted);
    assert_eq!(json!(house.rows_in_python("dataset/old", query)), wanted);
    assert!(house.rows("dataset/old", "FROM per_minute").is_empty());
    // And a dataset that has both, after an upgrade.
    std::fs::rename(
        house.path("dataset/old/hourly/a.parquet"),
        house.path("dataset/hourly/0.parquet"),
    )
    .unwrap();
    says(
        &house,
        "SELECT sum(events)::BIGINT AS events, (SELECT count(*) FROM per_minute) AS minutes FROM hourly",
        json!([{"events": 2 * (timeouts + refusals + 5), "minutes": 34}]),
    );
}
