//! Compressed logs that are not whole: what stands before the damage counts, and nothing else does.

use std::io::{BufReader, Read, Write};

use badgateway::record::Zone;
use badgateway::render::Ndjson;
use badgateway::scan::Scan;
use badgateway::source::{Damage, Input, Trouble};
use serde_json::Value;

use super::pack;
use super::program::{From, House, events};
use super::{log, numbered};

/// What is read of these bytes, and what is told about the damage.
struct Reading {
    events: Vec<Value>,
    damage: Option<Told>,
}

/// At which compressed byte it is, how many decompressed ones were used, and what is wrong.
type Told = (u64, u64, Damage);

fn read(bytes: &[u8], chunk_size: usize) -> Reading {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let scan = Scan {
        zone: "UTC".parse::<Zone>().unwrap(),
        host: "web1".to_owned(),
        chunk_size,
        ..Scan::new(vec![Input::File(file.path().to_path_buf())])
    };
    let mut lines = Vec::new();
    let outcome = scan.events::<Ndjson>(|bytes| lines.write_all(bytes));
    let mut damage = None;
    for trouble in outcome.unwrap().troubles {
        match trouble {
            Trouble::Damaged {
                at,
                offset,
                damage: what,
                ..
            } => damage = Some((at, offset, what)),
            // So little was left that it is no log, or no sign of compression.
            Trouble::NoRecords { .. } => {}
            other => panic!("{other}"),
        }
    }
    Reading {
        events: events(&lines),
        damage,
    }
}

/// What another reader gets out of these bytes before it fails, byte by byte.
fn decodable(format: &str, bytes: &[u8]) -> Vec<u8> {
    let bytes = BufReader::with_capacity(1, bytes);
    let mut reader: Box<dyn Read> = match format {
        "gzip" => Box::new(flate2::bufread::MultiGzDecoder::new(bytes)),
        "zstd" => match zstd::Decoder::with_buffer(bytes) {
            Ok(decoder) => Box::new(decoder),
            Err(_) => return Vec::new(),
        },
        "xz" => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(bytes)),
        _ => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
    };
    let mut text = Vec::new();
    let mut byte = [0];
    while let Ok(1) = reader.read(&mut byte) {
        text.push(byte[0]);
    }
    text
}

/// How many bytes of `text` are whole lines.
fn whole_lines(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)
}

/// How many bytes both begin with.
fn alike(one: &[u8], other: &[u8]) -> usize {
    one.iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// The events that stand before a byte of the log.
fn before(events: &[Value], end: usize) -> &[Value] {
    let is_before = |event: &Value| event["offset"].as_u64().unwrap() < end as u64;
    &events[..events.iter().take_while(|event| is_before(event)).count()]
}

#[test]
fn wherever_a_file_is_cut_whole_records_count_and_a_torn_one_does_not() {
    let log = numbered(0..14);
    let all = read(&log, 1 << 20).events;
    for (format, bytes) in pack::one_of_each(&log) {
        // Before that it does not look compressed.
        for length in 6..bytes.len() {
            let reading = read(&bytes[..length], [1, 700, 1 << 20][length % 3]);
            let whole = whole_lines(&decodable(format, &bytes[..length]));
            let expected = Some((length as u64, whole as u64, Damage::Cut));
            assert_eq!(reading.damage, expected, "{format} {length}");
            assert!(reading.events == before(&all, whole), "{format} {length}");
        }
    }
}

#[test]
fn records_of_many_lines_count_only_if_all_of_them_stand_before_the_cut() {
    let log = log(60_000);
    let all = read(&log, 1 << 20).events;
    for (format, bytes) in pack::one_of_each(&log) {
        for length in (20..bytes.len()).step_by(bytes.len() / 50 + 1) {
            let reading = read(&bytes[..length], 4_096);
            let (_, used, damage) = reading.damage.unwrap();
            assert_eq!(damage, Damage::Cut);
            assert!(
                reading.events == before(&all, used as usize),
                "{format} {length}"
            );
            let decodable = decodable(format, &bytes[..length]).len();
            // What a client may have torn apart is held back; no record is longer.
            assert!(used as usize <= decodable && decodable - used as usize <= 8_192);
        }
    }
}

#[test]
fn wherever_a_bit_is_flipped_what_stands_before_it_counts() {
    let log = numbered(0..14);
    let all = read(&log, 1 << 20).events;
    for (format, bytes) in pack::one_of_each(&log) {
        for at in 6..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at * 5 % 8);
            let reading = read(&flipped, 700);
            let text = decodable(format, &flipped);
            let whole = whole_lines(&log[..alike(&text, &log)]);
            let intact = before(&all, whole);
            match reading.damage {
                None => assert!(reading.events == all, "{format} {at}"),
                // A block of bzip2 whose checksum is wrong is not given.
                Some(_) if format == "bzip2" => {
                    assert!(
                        reading.events.is_empty() || reading.events == all,
                        "{format} {at}"
                    );
                }
                Some(_) => assert!(reading.events.starts_with(intact), "{format} {at}"),
            }
        }
    }
}

#[test]
fn no_byte_of_a_damaged_block_of_bzip2_becomes_an_event() {
    let log = numbered(0..2_400);
    let all = read(&log, 1 << 20).events;
    let bytes = pack::bzip2(&log);
    let mut blocks = std::collections::BTreeSet::new();
    for at in (4..bytes.len()).step_by(bytes.len() / 40) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let reading = read(&flipped, 10_000);
        assert!(all.starts_with(&reading.events), "{at}");
        let Some((_, used, _)) = reading.damage else {
            assert!(reading.events == all, "{at}");
            continue;
        };
        assert!(reading.events == before(&all, used as usize), "{at}");
        // No block ends where a line does.
        assert_eq!(whole_lines(&log[..used as usize]), used as usize);
        blocks.insert(used);
    }
    assert!(blocks.len() >= 5, "{blocks:?}");
}

#[test]
fn what_stands_behind_the_end_takes_nothing_from_what_stands_before_it() {
    let log = numbered(0..14);
    let all = read(&log, 1 << 20).events;
    let packed = pack::one_of_each(&log);
    for (format, bytes) in &packed {
        let junk: [&[u8]; 4] = [b"junk", &log, b"\0\0\0\0junk", &[0xff; 3_000]];
        let others = packed.iter().filter(|other| other.0 != *format);
        for behind in junk
            .into_iter()
            .chain(others.map(|other| other.1.as_slice()))
        {
            let reading = read(&[bytes, behind].concat(), 1 << 20);
            let zeros = behind.iter().take_while(|&&byte| byte == 0).count();
            let at = (bytes.len() + zeros) as u64;
            let expected = Some((at, log.len() as u64, Damage::Trailing));
            assert_eq!(reading.damage, expected, "{format}");
            assert!(reading.events == all);
        }
        // What begins like another member and is none.
        let reading = read(
            &[bytes, &bytes[..1], b"junk, and more of it"].concat(),
            1 << 20,
        );
        let (at, used, damage) = reading.damage.unwrap();
        assert!(
            at >= bytes.len() as u64 && used == log.len() as u64,
            "{format}"
        );
        assert!(matches!(damage, Damage::Corrupt(_)), "{format} {damage:?}");
        assert!(reading.events == all);
    }
}

#[test]
fn a_damage_is_said_with_file_places_and_reason() {
    let log = numbered(0..600);
    let house = House::new();
    house.write("plain", &log);
    let all = house.run(&["events", "plain"]).events();
    for (format, bytes) in pack::one_of_each(&log) {
        for cut in 1..8 {
            let length = bytes.len() * cut / 8;
            house.write("error.log", &bytes[..length]);
            let whole = whole_lines(&decodable(format, &bytes[..length]));
            let words = format!(
                "badgateway: error.log: {format} data: at byte {length} it ends too early; the {whole} \
                 decompressed bytes before that were read, the rest was not\n"
            );
            let status = Some(if whole > 0 { 1 } else { 2 });
            for threads in ["1", "2", "8"] {
                let arguments = ["events", "error.log", "-j", threads, "--chunk-size", "5000"];
                let said = house.run(&arguments);
                assert_eq!((&said.words, said.status), (&words, status));
                assert!(said.events() == before(&all, whole), "{format} {length}");
            }
            let said = house.read(From::Stdin, "error.log", &["events"]);
            assert_eq!(
                (&said.words, said.status),
                (&words.replace("error.log", "-"), status)
            );
            assert!(said.events() == before(&all, whole), "{format} {length}");
            let out = format!("dataset-{format}-{cut}");
            let said = house.run(&["aggregate", "error.log", "--out", &out]);
            assert_eq!(said.status, status);
            assert_eq!(said.complaints(), [words.trim_end()]);
            assert_eq!(house.rows(&out).len(), before(&all, whole).len());
        }
        let middle = bytes.len() / 2;
        let mut flipped = bytes.clone();
        flipped[middle] ^= 0x10;
        house.write("error.log", &flipped);
        let said = house.run(&["report", "error.log"]);
        let begin = format!("badgateway: error.log: {format} data: at byte ");
        assert!(said.words.starts_with(&begin), "{}", said.words);
        assert!(said.words.contains(" it is corrupt ("), "{}", said.words);
        assert_ne!(said.status, Some(0));
    }
}

#[test]
fn whatever_stands_in_a_file_that_looks_compressed_ends_in_a_message() {
    let log = numbered(0..14);
    let mut random: u64 = 3;
    let mut dice = move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize
    };
    for (format, bytes) in pack::one_of_each(&log) {
        for attempt in 0..150 {
            // Junk from some place on, or here and there.
            let mut junk = bytes.clone();
            let from = 6 + dice() % 60;
            let step = [1, 1 + dice() % 40][attempt % 2];
            junk.iter_mut()
                .skip(from)
                .step_by(step)
                .for_each(|byte| *byte = dice() as u8);
            let reading = read(&junk, 700);
            assert!(reading.damage.is_some(), "{format} {attempt}");
        }
    }
}
