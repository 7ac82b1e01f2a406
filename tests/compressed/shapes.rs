//! Every shape that a format has, under names that lie, from wherever.

use super::log;
use super::pack::{self, Packed};
use super::program::{From, House};

const NAMES: [&str; 6] = [
    "error.log",
    "error.log.2.gz",
    "error.log.zst",
    "error.log-20261101.xz",
    "error.log.bz2",
    "error",
];

/// Holds what is read of packed logs against what is read of the plain one.
fn same_as_plain(log: &[u8], packed: impl Iterator<Item = Packed>) {
    let house = House::new();
    house.write("plain.gz", log);
    let aggregate = ["aggregate", "--host", "web1", "--bucket", "1m", "--out"];
    let plain = house.run(&["events", "plain.gz", "--host", "web1"]);
    assert_eq!(plain.status, Some(0), "{}", plain.words);
    let events = plain.events();
    assert!(events.len() > 100);
    house.read(
        From::File,
        "plain.gz",
        &[&aggregate[..], &["dataset-plain"]].concat(),
    );
    let rows = house.rows("dataset-plain");
    assert!(rows.len() > 100);
    for (number, (shape, bytes)) in packed.enumerate() {
        let name = NAMES[number % NAMES.len()];
        house.write(name, &bytes);
        let threads = ["1", "2", "8"];
        let ways = threads.map(|threads| (From::File, threads));
        for (from, threads) in ways
            .into_iter()
            .chain([(From::Stdin, "8"), (From::Fifo, "2")])
        {
            let how = format!("{shape} as {name}, {from:?}, {threads} threads");
            let all = [
                "events",
                "--host",
                "web1",
                "-j",
                threads,
                "--chunk-size",
                "20000",
            ];
            let said = house.read(from, name, &all);
            assert_eq!(said.words, "", "{how}");
            assert_eq!(said.status, Some(0), "{how}");
            assert!(said.events() == events, "{how}");
        }
        let from = [From::File, From::Stdin, From::Fifo][number % 3];
        let threads = threads[number / 3 % 3];
        let dataset = format!("dataset-{number}");
        let said = house.read(
            from,
            name,
            &[&aggregate[..], &[&dataset, "-j", threads]].concat(),
        );
        assert_eq!(said.status, Some(0), "{shape}: {}", said.words);
        assert!(said.complaints().is_empty(), "{shape}: {}", said.words);
        assert!(
            house.rows(&dataset) == rows,
            "{shape}, {from:?}, {threads} threads"
        );
    }
}

#[test]
fn every_shape_of_gzip_and_bzip2_gives_what_the_plain_log_gives() {
    let log = log(250_000);
    let all = pack::all(&log).into_iter();
    same_as_plain(&log, all.filter(|(shape, _)| shape.contains("zip")));
}

#[test]
fn every_shape_of_zstd_and_xz_gives_what_the_plain_log_gives() {
    let log = log(250_000);
    let all = pack::all(&log).into_iter();
    same_as_plain(&log, all.filter(|(shape, _)| !shape.contains("zip")));
}

#[test]
fn what_holds_nothing_is_an_empty_log() {
    let house = House::new();
    for (format, bytes) in pack::one_of_each(b"") {
        house.write("error.log", bytes);
        for from in [From::File, From::Stdin, From::Fifo] {
            let said = house.read(from, "error.log", &["events"]);
            assert_eq!(
                (said.status, said.words.as_str()),
                (Some(0), ""),
                "{format}, {from:?}"
            );
            assert!(said.output.is_empty());
        }
        let said = house.read(From::File, "error.log", &["aggregate", "--out", "dataset"]);
        assert_eq!(said.status, Some(0), "{format}: {}", said.words);
    }
}

#[test]
fn a_window_that_would_take_too_much_memory_is_named() {
    use zstd::stream::raw::CParameter;
    let house = House::new();
    let wide = [
        CParameter::EnableLongDistanceMatching(true),
        CParameter::WindowLog(31),
    ];
    // A frame whose length is told needs no more of a window than that.
    house.write("error.log", pack::zstd_with(&log(10_000), &wide, true));
    assert_eq!(house.run(&["report", "error.log"]).status, Some(0));
    house.write("error.log", pack::zstd_with(&log(10_000), &wide, false));
    let said = house.run(&["report", "error.log"]);
    assert_eq!(said.status, Some(2));
    assert_eq!(
        said.words,
        "badgateway: error.log: zstd data: at byte 0 it needs a window of more than 128 MiB, which is \
         not read; pipe it in: zstd -dc --long=31 FILE | badgateway … -; the 0 decompressed bytes \
         before that were read, the rest was not\n"
    );
}

/// What the programs make of a log, each told by its arguments.
const PROGRAMS: [&[&str]; 17] = [
    &["gzip", "-c"],
    &["gzip", "-9c", "--rsyncable"],
    &["pigz", "-c", "-p3", "-b128"],
    &["pigz", "-c", "-i", "-b128"],
    &["pigz", "-c", "-R"],
    &["zstd", "-c"],
    &["zstd", "-c", "--no-check"],
    &["zstd", "-c", "--long=27"],
    &["zstd", "-c", "--ultra", "-22"],
    &["zstd", "-c", "-T2", "--rsyncable"],
    &["zstd", "-c", "--format=gzip"],
    &["xz", "-c"],
    &["xz", "-c", "-T2", "--block-size=50000", "--check=sha256"],
    &["xz", "-c", "--check=none"],
    &["xz", "-c", "--delta=dist=1", "--x86", "--lzma2=preset=1"],
    &["bzip2", "-c"],
    &["pbzip2", "-c", "-b1"],
];

#[test]
#[ignore = "needs pigz, pbzip2, zstd and xz, which tests/all installs"]
fn what_the_programs_write_is_read() {
    use std::process::Command;
    let log = log(300_000);
    let house = House::new();
    house.write("log/plain", &log);
    let packed = PROGRAMS.map(|program| {
        let [name, arguments @ ..] = program else {
            unreachable!("every program has a name");
        };
        let plain = std::fs::File::open(house.path("log/plain")).unwrap();
        let output = Command::new(name).args(arguments).stdin(plain).output();
        let output = output.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(output.status.success(), "{program:?}");
        (*name, output.stdout)
    });
    same_as_plain(&log, packed.into_iter());
}
