//! The grammar of fields under attack: texts made of all that could pass for NGINX's own, in every place
//! where somebody else chooses the text.

#[path = "forge/cuts.rs"]
mod cuts;
mod forge;
#[path = "forge/judge.rs"]
mod judge;

use std::path::Path;

use forge::{Case, Place};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

const FRAGMENTS: [&str; 48] = [
    "\"",
    "\", ",
    ", ",
    " ",
    "a",
    "\n",
    "%0A",
    ": ",
    "client: 6.6.6.6",
    ", client: 6.6.6.6",
    ", server: evil.example",
    "\", request: \"GET /evil HTTP/1.1",
    ", request: \"GET /evil HTTP/1.1\"",
    "\", subrequest: \"/evil",
    "\", upstream: \"http://evil.example:80/",
    ", upstream: \"http://evil.example:80/\"",
    "\", host: \"evil.example",
    ", host: \"evil.example\"",
    "\", referrer: \"http://evil.example/",
    ", referrer: \"http://evil.example/\"",
    "\", login: \"evil",
    "\", upstream: 6.6.6.6:143",
    " HTTP/1.1\"",
    " while connecting to upstream",
    " while reading response header from upstream",
    "\" while reading upstream",
    " (110: Connection timed out)",
    " failed (2: No such file or directory)",
    "\" failed (2: No such file or directory)",
    "connect() failed (111: Connection refused) while connecting to upstream",
    "no live upstreams while connecting to upstream",
    "FastCGI sent in stderr: \"PHP message: PHP Fatal error:  evil",
    "PHP message: ",
    "2026/11/01 09:15:02 [crit] 7#7: *66 ",
    "2026-11-01T09:15:02.5Z stderr F 2026/11/01 09:15:02 [crit] 7#7: *66 ",
    "nginx: [emerg] host not found in upstream \"evil\"",
    "{\"log\":\"2026/11/01 09:15:02 [crit] 7#7: *66 no live upstreams while connecting to upstream\"}",
    "2026/11/01 09:15:02 [crit] 7#7: *66 connect() failed (111: Connection refused) while connecting to upstream, client: 6.6.6.6, server: evil.example, request: \"GET / HTTP/1.1\", upstream: \"http://evil.example:80/\", host: \"evil.example\"",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "\u{fc}",
    "    ",
    "failed(",
    "](http://evil.example/)",
    "[http://evil.example/](http",
    "\u{201d}, upstream: \u{201c}http://evil.example/\u{201d}",
    "**",
    "&quot;, host: &quot;evil.example",
    "\\\"",
];

/// `BADGATEWAY_SEED` makes other texts, for longer searches by hand.
fn seed() -> u64 {
    std::env::var("BADGATEWAY_SEED").map_or(1, |seed| seed.parse().unwrap())
}

#[test]
fn what_others_choose_changes_nothing_else() {
    let mut random = StdRng::seed_from_u64(seed());
    let mut tried = [0; Place::ALL.len()];
    for _ in 0..60_000 {
        let mut text = String::new();
        for _ in 0..random.random_range(1..8) {
            text += FRAGMENTS.choose(&mut random).unwrap();
        }
        if random.random_ratio(1, 20) {
            // Up to NGINX's cut, and over it.
            let length = random
                .random_range(1_500..2_100_usize)
                .saturating_sub(text.len());
            text += &"x".repeat(length);
            text += FRAGMENTS.choose(&mut random).unwrap();
        }
        let at = random.random_range(0..Place::ALL.len());
        let visible = matches!(Place::ALL[at], Place::Request | Place::Host | Place::Name);
        let text = if visible {
            text.replace([' ', '\n'], "")
        } else {
            text
        };
        if let Some(case) = Case::new(Place::ALL[at], text.as_bytes()) {
            case.check();
            tried[at] += 1;
        }
    }
    for (place, tried) in Place::ALL.iter().zip(tried) {
        assert!(tried > 500, "{place:?} was tried {tried} times only");
    }
}

/// What the fuzz targets have found, small.
#[test]
fn what_fuzzing_found_stays_found() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, check) in [
        ("records", cuts::check as fn(&[u8])),
        ("forgery", forge::check),
    ] {
        let inputs = std::fs::read_dir(corpus.join(target)).unwrap();
        let mut tried = 0;
        for input in inputs {
            check(&std::fs::read(input.unwrap().path()).unwrap());
            tried += 1;
        }
        assert!(tried > 20, "{target}: {tried} inputs only");
    }
}
