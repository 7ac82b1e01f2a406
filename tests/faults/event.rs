//! What NGINX writes, and what the dataset is to say about it.

use chrono::{DateTime, Utc};
use rand::RngExt;

use super::Dice;

/// An event that no other is like: its `server` is its number.
pub struct Event {
    pub bucket: i64,
    pub class: &'static str,
    pub peer: String,
}

const HOUR: i64 = 3_600_000_000;

/// The record of an event.
pub fn record(serial: usize, time: DateTime<Utc>, dice: &mut Dice) -> (String, Event) {
    let port = dice.random_range(8000..8100);
    let http = format!("127.0.0.1:{port}");
    let socket = format!("unix:/run/php/p{port}.sock");
    let waiting = "while reading response header from upstream";
    let (message, class, peer, upstream) = match dice.random_range(0..6) {
        0 | 1 => (
            "connect() failed (111: Connection refused) while connecting to upstream".to_owned(),
            "connect_refused",
            http.clone(),
            format!("http://{http}/cart"),
        ),
        2 => (
            format!("upstream timed out (110: Connection timed out) {waiting}"),
            "response_timeout",
            http.clone(),
            format!("http://{http}/cart"),
        ),
        3 => (
            format!("upstream prematurely closed connection {waiting}"),
            "response_closed",
            http.clone(),
            format!("http://{http}/cart"),
        ),
        4 => (
            "no live upstreams while connecting to upstream".to_owned(),
            "no_live_upstreams",
            "shop".to_owned(),
            "http://shop/cart".to_owned(),
        ),
        _ => (
            format!("FastCGI sent in stderr: \"PHP message: PHP Fatal error:  {TRACE}\" {waiting}"),
            "app_fatal",
            socket.clone(),
            format!("fastcgi://{socket}:"),
        ),
    };
    let stamp = time.format("%Y/%m/%d %H:%M:%S");
    let client = dice.random_range(1..250);
    let text = format!(
        "{stamp} [error] 712#712: *{serial} {message}, client: 192.0.2.{client}, server: e{serial}, \
         request: \"GET /cart HTTP/1.1\", upstream: \"{upstream}\", host: \"shop.example\"\n"
    );
    let event = Event {
        bucket: time.timestamp_micros().div_euclid(HOUR) * HOUR,
        class,
        peer,
    };
    (text, event)
}

/// A record of several lines is written at once, too.
const TRACE: &str = "Uncaught RuntimeException: no price in /srv/shop/price.php:2
Stack trace:
#0 /srv/shop/price.php(3): total(Array)
#1 {main}
  thrown in /srv/shop/price.php on line 2";

/// A record that concerns no upstream.
pub fn other(time: DateTime<Utc>, dice: &mut Dice) -> String {
    let stamp = time.format("%Y/%m/%d %H:%M:%S");
    match dice.random_range(0..3) {
        0 => format!("{stamp} [notice] 7#7: signal process started\n"),
        1 => format!(
            "{stamp} [error] 712#712: *9 open() \"/srv/www/favicon.ico\" failed (2: No such file or \
             directory), client: 192.0.2.9, server: e, request: \"GET /favicon.ico HTTP/1.1\", host: \
             \"shop.example\"\n"
        ),
        _ => format!("{stamp} [info] 712#712: *9 client 192.0.2.9 closed keepalive connection\n"),
    }
}

/// With what several logs begin that are opened in the same second.
pub fn reopening(time: DateTime<Utc>) -> String {
    let stamp = time.format("%Y/%m/%d %H:%M:%S");
    format!("{stamp} [notice] 712#712: reopening logs\n")
}
