//! Compressed logs give what plain ones give, whole or damaged, at once or night by night.

#[path = "../../benches/generator/mod.rs"]
mod generator;

mod damage;
mod memory;
mod nightly;
mod pack;
mod program;
mod shapes;

use generator::{Settings, generate};

/// A log of every kind of event.
fn log(bytes: u64) -> Vec<u8> {
    let settings = Settings {
        upstream_share: 0.7,
        hostile_share: 0.05,
        multi_line_share: 0.1,
        ..Settings::default()
    };
    let mut log = Vec::new();
    generate(&settings, bytes, &mut log).unwrap();
    log
}

/// A record for each number; the peer's address tells it.
fn numbered(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let mut log = Vec::new();
    for number in numbers {
        let (minute, second) = (number / 60 % 60, number % 60);
        let peer = format!("10.0.{}.{}:9000", number / 256, number % 256);
        log.extend(
            format!(
                "2026/11/01 09:{minute:02}:{second:02} [error] 7#7: *{number} connect() failed (111: \
                 Connection refused) while connecting to upstream, client: 192.0.2.1, server: a, \
                 request: \"GET /{} HTTP/1.1\", upstream: \"http://{peer}/\", host: \"a\"\n",
                number.wrapping_mul(2_654_435_761)
            )
            .into_bytes(),
        );
    }
    log
}
