//! Names that strangers chose, through Prometheus' eyes.

use crate::house::{House, refused};
use crate::server::Server;

#[test]
#[ignore = "needs Prometheus; tests/all sets it up"]
fn hostile_names_come_through_and_what_acts_on_terminals_is_visible() {
    let house = House::new();
    let texts = [
        ("plain é 漢字 \u{1f600}", "plain é 漢字 \u{1f600}"),
        ("x\" evil=\"1\"} 9 9 # {", "x\" evil=\"1\"} 9 9 # {"),
        ("back\\slash\\n \\\" end\\", "back\\slash\\n \\\" end\\"),
        ("# EOF", "# EOF"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        (
            "${__data} $pool {{pool}} [[x]]",
            "${__data} $pool {{pool}} [[x]]",
        ),
        (
            "bell\x07 esc\x1b[31m nul\0 del\x7f",
            "bell\\u{7} esc\\u{1b}[31m nul\\u{0} del\\u{7f}",
        ),
        ("turned\u{202e}", "turned\\u{202e}"),
        ("not utf-8: \u{ff}", "not utf-8: \u{ff}"),
    ];
    let log = texts.map(|(text, _)| refused("2026/11/02 09:15:02", text));
    house.aggregate("web\n\"1\\\r", log.concat().as_bytes());
    let mut raw = refused("2026/11/02 09:15:02", "raw ").into_bytes();
    let at = raw.windows(4).position(|four| four == b"raw ").unwrap() + 4;
    raw.insert(at, 0xff);
    house.aggregate("web\n\"1\\\r", &raw);

    let prometheus =
        Server::prometheus(&house.back_fill(&house.export(&["--format", "openmetrics"])));
    let query = "badgateway_server_failures[5y]";
    let data = prometheus.api("query", &[("query", query), ("time", "1800000000")]);
    let mut found = Vec::new();
    for series in data["result"].as_array().unwrap() {
        let labels = series["metric"].as_object().unwrap();
        assert_eq!(labels["host"], "web\n\"1\\\\r");
        assert_eq!(labels.len(), 4, "{labels:?}");
        let values = series["values"].as_array().unwrap();
        assert_eq!(values.len(), 1, "{series}");
        assert_eq!(values[0][1], "1");
        found.push(labels["server"].as_str().unwrap().to_owned());
    }
    let mut expected = texts.map(|(_, text)| text.to_owned()).to_vec();
    expected.push("raw \\xFF".to_owned());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
