//! No bytes in a configuration panic, or are read without end. A line of two dashes separates files, `main`
//! and then `a`, `b`, …, so that they can include each other.

#![no_main]

use std::fs;
use std::path::Path;

use badgateway::config::Root;
use badgateway::config::fpm::Fpm;
use badgateway::config::nginx::Conf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    let mut rest = bytes;
    for name in ["main", "a", "b", "c"] {
        let mark = b"\n--\n";
        let end = rest.windows(mark.len()).position(|window| window == mark);
        let (text, behind) = match end {
            Some(end) => (&rest[..end], &rest[end + mark.len()..]),
            None => (rest, &b""[..]),
        };
        fs::write(folder.path().join(name), text).unwrap();
        rest = behind;
    }
    let root = Root::new(folder.path());
    let conf = Conf::read(&root, Path::new("/main")).unwrap();
    conf.upstreams();
    conf.passes();
    Fpm::read(&root, Path::new("/main")).unwrap();
});
