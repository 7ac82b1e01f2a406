use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Mutex;

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::record::Moment;
use crate::rollup::cell::{Cell, Key, Length};
use crate::rollup::clients::{Gathering, Met};
use crate::rollup::other::Few;
use crate::rollup::{Minutes, Rollup};

use super::aside::Aside;
use super::*;

/// Room in memory.
struct Memory;

struct Bytes(Mutex<Vec<u8>>);

impl Shelf for Memory {
    fn place(&self) -> io::Result<Box<dyn Place>> {
        Ok(Box::new(Bytes(Mutex::default())))
    }
}

impl Place for Bytes {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend(bytes);
        Ok(())
    }

    fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
        let held = self.0.lock().unwrap();
        let rest = &held[at as usize..];
        // Now and then, less is read than was asked for.
        let read = rest.len().min(bytes.len()).min(10_007);
        bytes[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }
}

/// A rollup with some of a few hundred keys, some of which read alike.
fn rollup(dice: &mut Xoshiro256PlusPlus) -> Rollup {
    let pools: [&[u8]; 4] = [b"shop", b"a\xe9", b"a\\xE9", b""];
    let hosts: [&[u8]; 2] = [b"web1", b"web2"];
    let peers: [Option<&[u8]>; 4] = [None, Some(b"10.0.0.1:80"), Some(b"b\xff"), Some(b"b\\xFF")];
    let mut rollup = Rollup::new(3_600_000_000);
    for _ in 0..dice.random_range(0..60) {
        let class = *Class::ALL[..4].choose(dice).unwrap();
        let pool = *pools.choose(dice).unwrap();
        let texts = [
            Some(*hosts.choose(dice).unwrap()),
            Some(pool),
            None,
            *peers.choose(dice).unwrap(),
            None,
        ];
        let key = Key {
            bucket: dice.random_range(0..3) * 3_600_000_000,
            class,
            phase: None,
            os_error: None,
            level: None,
            status: dice.random_bool(0.5).then_some(502),
            lengths: texts.map(Length::of),
        };
        let mut hasher = rollup.hasher.build_hasher();
        key.hash(&mut hasher);
        texts.iter().flatten().for_each(|text| hasher.write(text));
        let mut clients = Gathering::default();
        let most = *[1, 5, 300, 500].choose(dice).unwrap();
        for _ in 0..dice.random_range(0..=most) {
            let client = dice.random_range(0..2_000_u32).to_le_bytes();
            clients.add(Met::default().coupon(&client).unwrap());
        }
        let mut minutes = Minutes::default();
        for _ in 0..dice.random_range(1..4) {
            minutes.add(Moment(0), Moment(dice.random_range(0..3_600_000_000)));
        }
        // Some records begin alike, and have one lot.
        let lot = dice.random_range(0..40);
        let raw = [dice.random_range(0..3), b'\xe9'];
        rollup.examples.offer(key.bucket, class, pool, &raw, lot);
        let cell = Cell {
            hash: hasher.finish(),
            key,
            texts: texts
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .concat()
                .into(),
            events: dice.random_range(1..9),
            clients,
            minutes,
            lot,
            first_seen: Moment(key.bucket + dice.random_range(0..90)),
            last_seen: Moment(key.bucket + dice.random_range(90..100)),
        };
        let mut one = Rollup::new(3_600_000_000);
        one.insert(cell);
        rollup.merge(one);
    }
    rollup
}

fn read(runs: &Runs) -> Vec<Row> {
    runs.rows().unwrap().map(Result::unwrap).collect()
}

#[test]
fn rows_are_the_same_however_often_they_were_put_aside() {
    for seed in 0..12 {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(seed);
        // More than are read side by side, now and then.
        let count = *[1, 2, 7, 300].choose(&mut dice).unwrap();
        let rollups: Vec<Rollup> = (0..count).map(|_| rollup(&mut dice)).collect();
        let mut held = Rollup::new(3_600_000_000);
        rollups.iter().for_each(|rollup| held.merge(rollup.clone()));
        let expected = held.into_rows();
        assert!(expected.iter().any(|row| row.example.is_some()) || expected.is_empty());
        let mut asides: Vec<Aside> = (0..3).map(|_| Aside::new(&Memory).unwrap()).collect();
        for rollup in rollups {
            asides[dice.random_range(0..3)].put(rollup).unwrap();
        }
        let mut names = Few::default();
        let runs = asides.into_iter();
        let runs = runs.flat_map(|aside| aside.into_runs(&mut names));
        let runs: Vec<Run> = runs.collect();
        let apart = Runs(fewer::apart(runs.clone(), &Memory).unwrap());
        let runs = Runs(fewer::few(runs, &Memory).unwrap());
        let rows = read(&runs);
        assert_eq!(read(&apart), rows);
        assert_eq!(read(&runs), rows);
        assert_eq!(rows.len(), expected.len(), "{seed}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row, expected, "{seed}");
            assert_eq!(row.clients.sketch(), expected.clients.sketch(), "{seed}");
        }
        let is_sorted = rows.is_sorted_by(|one, other| one.order(other).is_lt());
        assert!(is_sorted, "{seed}");
    }
}

/// A run that is long enough to be marked in its midst.
fn long_run() -> Run {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut all = Rollup::new(3_600_000_000);
    (0..30).for_each(|_| all.merge(rollup(&mut dice)));
    let mut aside = Aside::new(&Memory).unwrap();
    aside.put(all).unwrap();
    let run = aside.into_runs(&mut Few::default()).remove(0);
    assert!(run.marks.len() > 2, "{}", run.marks.len());
    run
}

#[test]
fn parts_of_a_run_are_the_whole_together() {
    let run = long_run();
    let whole = read(&Runs(vec![run.clone()]));
    let pool = |row: &Row| Pool {
        bucket: row.bucket,
        name: Arc::clone(&row.pool),
    };
    let mut pools: Vec<Pool> = whole.iter().map(pool).collect();
    pools.dedup();
    pools.push(Pool::default());
    for bucket in [0, 3_600_000_000, i64::MAX] {
        pools.push(Pool {
            bucket: Moment(bucket),
            name: "between".into(),
        });
    }
    for bound in pools.into_iter().map(Arc::new) {
        let parts = [run.part(None, Some(&bound)), run.part(Some(&bound), None)];
        let [before, behind] = parts.map(|part| read(&Runs(vec![part])));
        assert!(before.iter().all(|row| pool(row) < *bound), "{bound:?}");
        assert!(behind.iter().all(|row| pool(row) >= *bound), "{bound:?}");
        assert_eq!([before, behind].concat(), whole, "{bound:?}");
    }
}

#[test]
fn rows_of_some_pools_and_what_rows_are_called_by_are_those_of_all_rows() {
    // What reads alike is one row only then.
    let runs = Runs(fewer::apart(vec![long_run()], &Memory).unwrap());
    let whole = read(&runs);
    for wanted in ["shop", "", "none"] {
        let rows = runs.rows_of(move |pool| pool == wanted).unwrap();
        let rows: Vec<Row> = rows.map(Result::unwrap).collect();
        let expected: Vec<Row> = whole
            .iter()
            .filter(|row| *row.pool == *wanted)
            .cloned()
            .collect();
        assert!(rows == expected, "{wanted}");
    }
    let mut expected = whole.iter().map(|row| format!("{:?}", Mention::of(row)));
    let mut look = |one: &Mention<'_>| assert_eq!(Some(format!("{one:?}")), expected.next());
    runs.mentions(&mut look).unwrap();
    assert_eq!(expected.next(), None);
}

#[test]
fn rows_that_have_their_examples_keep_them() {
    let whole = read(&Runs(vec![long_run()]));
    assert!(whole.iter().any(|row| row.example.is_some()));
    let rows: RowByRow = Box::new(whole.clone().into_iter().map(Ok));
    let again = Runs(fewer::made_of(rows, &Memory).unwrap());
    assert_eq!(read(&again), whole);
}

#[test]
fn what_is_damaged_is_an_error() {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(1);
    let whole = {
        let mut aside = Aside::new(&Memory).unwrap();
        aside.put(rollup(&mut dice)).unwrap();
        aside.into_runs(&mut Few::default()).remove(0)
    };
    let Range { start, end } = whole.range.clone();
    for cut in [end - 1, start + 2, start + 9] {
        let run = Run {
            range: start..cut,
            ..whole.clone()
        };
        let read: io::Result<Vec<Row>> = Merge::new([run]).and_then(Iterator::collect);
        assert!(read.is_err(), "{cut}");
    }
}
