//! VictoriaMetrics takes the same text.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::house::{BEGIN, DAY, DAYS, House};
use crate::server::Server;

#[test]
#[ignore = "needs VictoriaMetrics and DuckDB; tests/all sets it up"]
fn victoria_metrics_finds_the_same_sum() {
    let house = House::of_a_week();
    let server = Server::victoria_metrics();
    let metrics = house.export(&["--format", "openmetrics"]);
    assert_eq!(server.post("/api/v1/import/prometheus", &metrics), 204);
    let rows = house.duckdb("SELECT sum(events)::BIGINT AS sum FROM read_parquet($hourly)");
    let expected = &rows[0]["sum"];
    let time = (BEGIN + DAYS * DAY).to_string();
    let parameters = [
        ("query", "sum(sum_over_time(badgateway_events[8d]))"),
        ("time", time.as_str()),
        ("nocache", "1"),
    ];
    // What was imported shows after a moment.
    let begin = Instant::now();
    loop {
        let data = server.api("query", &parameters);
        let sum = data["result"][0]["value"][1].as_str().unwrap_or_default();
        if sum == expected {
            return;
        }
        assert!(begin.elapsed().as_secs() < 20, "{sum}, not {expected}");
        sleep(Duration::from_millis(200));
    }
}
