//! Laws that hold for every log, tried on generated ones: the fast reader agrees with a slow and
//! obvious one in every field, and it does not matter how a log is cut, by how many threads it is
//! read, or whether it is mapped or piped.

#[path = "../benches/generator/mod.rs"]
mod generator;
mod reference;

use std::io::Write;

use badgateway::record::{Splitter, Zone};
use badgateway::render::Ndjson;
use badgateway::rollup::{Intake, Row};
use badgateway::scan::Scan;
use badgateway::source::{Access, Input, Start};
use generator::{Settings, Written, generate};
use serde_json::Value;

const HOUR: i64 = 3_600_000_000;

fn log(settings: &Settings, bytes: u64) -> (Vec<u8>, Written) {
    let mut log = Vec::new();
    let written = generate(settings, bytes, &mut log).unwrap();
    (log, written)
}

/// Four kinds of logs. `BADGATEWAY_SEED` makes others of each kind, for longer searches by hand.
fn hostile_and_tame() -> impl Iterator<Item = Settings> {
    let seed = std::env::var("BADGATEWAY_SEED").map_or(1, |seed| seed.parse().unwrap());
    [(0.05, 0.0), (0.5, 0.05), (0.97, 0.0), (0.7, 1.0)]
        .into_iter()
        .zip(seed..)
        .map(|((upstream_share, hostile_share), seed)| Settings {
            seed,
            upstream_share,
            hostile_share,
            multi_line_share: 0.05,
            ..Settings::default()
        })
}

/// A scan of `log` from a file.
struct Case {
    file: tempfile::NamedTempFile,
}

impl Case {
    fn new(log: &[u8]) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(log).unwrap();
        Self { file }
    }

    fn scan(&self, access: Access, chunk_size: usize) -> Scan {
        Scan {
            access,
            chunk_size,
            zone: "UTC".parse::<Zone>().unwrap(),
            host: "web1".to_owned(),
            ..Scan::new(vec![Input::File(self.file.path().to_path_buf())])
        }
    }

    fn events(&self, access: Access, chunk_size: usize) -> (Vec<Value>, Intake) {
        let mut lines = Vec::new();
        let scan = self.scan(access, chunk_size);
        let outcome = scan
            .events::<Ndjson>(|bytes| lines.write_all(bytes))
            .unwrap();
        assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
        let events = serde_json::Deserializer::from_slice(&lines).into_iter();
        (events.map(Result::unwrap).collect(), outcome.intake)
    }

    fn rows(&self, access: Access, chunk_size: usize) -> (Vec<Row>, Intake) {
        let outcome = self.scan(access, chunk_size).rollup(HOUR);
        assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
        (outcome.value.into_rows(), outcome.intake)
    }
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}

/// What the reference says, in the form that our NDJSON has.
fn as_json(event: &reference::Event) -> Value {
    let text = |bytes: &Option<Vec<u8>>| {
        bytes
            .as_ref()
            .map(|bytes| badgateway::record::Text(bytes).to_str().into_owned())
    };
    // Where NGINX cut behind a space, the reference keeps the space.
    let message = Some(event.message.trim_ascii_end().to_vec());
    serde_json::json!({
        "time": format!("{}Z", event.time),
        "level": event.level,
        "pid": event.pid,
        "tid": event.tid,
        "connection": event.connection,
        "class": event.class,
        "kind": event.kind,
        "phase": event.phase,
        "os_error": event.os_error,
        "status": event.status,
        "scheme": event.scheme,
        "peer": event.peer,
        "pool": event.pool,
        "upstream": text(&event.upstream),
        "server": text(&event.server),
        "client": text(&event.client),
        "request": text(&event.request),
        "host_header": text(&event.host_header),
        "referrer": text(&event.referrer),
        "message": text(&message),
        "action": text(&event.action).map(|action| action.trim_end().to_owned()),
        "offset": event.offset,
    })
}

#[test]
fn the_fast_reader_agrees_with_the_obvious_one() {
    for settings in hostile_and_tame() {
        let (log, written) = log(&settings, 400_000);
        let reading = reference::read(&log);
        let (events, intake) = Case::new(&log).events(Access::Read, 1 << 20);
        let show = |event: &Value| serde_json::to_string_pretty(event).unwrap();
        for (ours, theirs) in events.iter().zip(&reading.events) {
            let mut ours = ours.clone();
            for origin in ["host", "source"] {
                ours.as_object_mut().unwrap().remove(origin);
            }
            let theirs = as_json(theirs);
            assert_eq!(show(&ours), show(&theirs), "{settings:?}");
        }
        assert_eq!(events.len(), reading.events.len(), "{settings:?}");
        assert_eq!(intake.lines, reading.lines);
        assert_eq!(intake.stray_lines, reading.stray_lines);
        assert_eq!(intake.records, reading.records);
        assert_eq!(intake.events, written.events, "{settings:?}");
    }
}

#[test]
fn it_does_not_matter_how_a_log_is_read() {
    for settings in hostile_and_tame() {
        let (log, _) = log(&settings, 50_000);
        let case = Case::new(&log);
        let (rows, intake) = with_threads(1, || case.rows(Access::Read, usize::MAX >> 1));
        let (events, _) = with_threads(1, || case.events(Access::Read, usize::MAX >> 1));
        assert!(!rows.is_empty());
        for threads in [1, 2, 8] {
            for access in [Access::Map, Access::Read] {
                for chunk_size in [1, 700, 65_536] {
                    with_threads(threads, || {
                        let how = format!("{threads} threads, {access:?}, chunks of {chunk_size}");
                        let (other_rows, other_intake) = case.rows(access, chunk_size);
                        assert_eq!(intake, other_intake, "{how}");
                        assert!(rows == other_rows, "{how}");
                        let (other_events, _) = case.events(access, chunk_size);
                        assert!(events == other_events, "{how}");
                    });
                }
            }
        }
    }
}

#[test]
fn rows_add_up_to_events() {
    let (log, _) = log(&Settings::default(), 300_000);
    let case = Case::new(&log);
    let (rows, intake) = case.rows(Access::Map, 4096);
    let (events, _) = case.events(Access::Map, 4096);
    assert_eq!(
        rows.iter().map(|row| row.events).sum::<u64>(),
        intake.events
    );
    assert_eq!(events.len() as u64, intake.events);
    for row in rows {
        let same = |event: &&Value| {
            let second = event["time"].as_str().unwrap();
            event["class"] == row.class.name()
                && event["pool"] == *row.pool
                && event["level"].as_str() == row.level.map(badgateway::record::Level::name)
                && event["phase"].as_str() == row.phase.map(badgateway::taxonomy::Phase::name)
                && event["os_error"].as_str() == row.os_error.map(badgateway::record::OsError::name)
                && event["status"].as_u64() == row.status.map(u64::from)
                && event["scheme"].as_str() == row.scheme.as_deref()
                && event["peer"].as_str() == row.peer.as_deref()
                && event["server"].as_str() == row.server.as_deref()
                && second[..13] == row.bucket.utc().format("%Y-%m-%dT%H").to_string()
        };
        let same: Vec<&Value> = events.iter().filter(same).collect();
        assert_eq!(same.len() as u64, row.events, "{row:?}");
        let clients = same.iter().filter_map(|event| event["client"].as_str());
        let distinct: std::collections::BTreeSet<_> = clients.collect();
        assert_eq!(distinct.len() as u64, row.clients.estimate(), "{row:?}");
        let times = same.iter().map(|event| event["time"].as_str().unwrap());
        let seen = |moment: badgateway::record::Moment| {
            moment.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
        };
        assert_eq!(times.clone().min(), Some(seen(row.first_seen).as_str()));
        assert_eq!(times.max(), Some(seen(row.last_seen).as_str()));
    }
}

#[test]
fn every_prefix_of_a_log_can_be_read() {
    let settings = Settings {
        hostile_share: 0.5,
        multi_line_share: 0.2,
        upstream_share: 0.8,
        ..Settings::default()
    };
    let (log, _) = log(&settings, 20_000);
    let mut splitter = Splitter::default();
    for end in 0..log.len() {
        let begin = end.saturating_sub(5_000);
        let records = splitter.split(&log[begin..end], Start::Input, true);
        for span in records.spans() {
            let record = records.read(span, 0);
            let _ = record.as_ref().and_then(badgateway::taxonomy::classify);
        }
    }
}

#[test]
fn a_byte_that_changes_changes_no_record_farther_away() {
    let (log, _) = log(&Settings::default(), 60_000);
    let whole = Case::new(&log).events(Access::Read, 1 << 20).0;
    let mut random = 7u64;
    for _ in 0..300 {
        random = random
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let at = (random >> 33) as usize % log.len();
        let mut mutated = log.clone();
        mutated[at] = (random >> 20) as u8;
        let events = Case::new(&mutated).events(Access::Read, 1 << 20).0;
        // A record is at most 4,096 bytes, and what it can draw in as much again.
        let far = |event: &&Value| event["offset"].as_u64().unwrap().abs_diff(at as u64) > 8_192;
        let strip = |events: &[Value]| -> Vec<Value> {
            let far = events.iter().filter(far);
            far.map(|event| {
                let mut event = event.clone();
                event.as_object_mut().unwrap().remove("source");
                event
            })
            .collect()
        };
        assert!(
            strip(&whole) == strip(&events),
            "byte {at} of {}",
            mutated[at]
        );
    }
}
