//! A machine with many logs, through the nights of a year.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use tempfile::TempDir;

use super::administrator::{Administrator, folder};
use super::calendar::{Day, HOUR, MINUTE};
use super::program::{Clock, Program};
use super::random::{Random, scale};
use super::record::{Head, Meaning, Vhost};
use super::scheme;
use super::site::Site;
use super::table::Truth;
use super::traffic::{Ahead, Entry, Habit, Traffic};

/// What is to be simulated.
#[derive(Debug, Clone)]
pub struct Plan {
    pub zone: Tz,
    pub first: &'static str,
    pub days: usize,
    pub clock: Clock,
    pub seed: u64,
    /// Every so many days the dataset is compacted; never, if it is 0.
    pub compacts: usize,
}

pub struct World {
    _home: TempDir,
    pub program: Program,
    pub truth: Truth,
    pub sites: Vec<Site>,
    pub now: i64,
    pub plan: Plan,
    pub administrator: Administrator,
    pub random: Random,
    pub runs: usize,
    off_until: usize,
}

enum Action {
    Write(usize, Entry),
    Rotate(usize),
    Work,
    Run,
}

/// Two virtual servers fail in the same second, whenever their logs begin; the lines of the second two
/// are the same altogether for a while.
const TWINS: [(usize, usize); 2] = [(0, 1), (2, 3)];

const SITES: [(&str, scheme::Scheme, f64); 16] = [
    ("shop", scheme::DEBIAN, 8.0),
    ("blog", scheme::DEBIAN_FOR_SHORT, 3.0),
    ("api", scheme::RHEL, 5.0),
    ("app", scheme::DATED_AND_DELAYED, 5.0),
    ("mail", scheme::COPIED, 4.0),
    ("cdn", scheme::COPIED_AND_PACKED, 4.0),
    ("pay", scheme::HOURLY, 4.5),
    ("wiki", scheme::WEEKLY, 2.0),
    ("img", scheme::ZSTD, 3.0),
    ("doc", scheme::XZ, 3.0),
    ("forum", scheme::BZIP2, 3.0),
    ("search", scheme::BY_SIZE, 12.0),
    ("static", scheme::DATE_BEFORE, 3.0),
    ("news", scheme::MOVED_AWAY, 3.0),
    ("quiet", scheme::DEBIAN_FOR_SHORT, 0.2),
    ("legal", scheme::NEVER_PACKED, 2.0),
];

impl World {
    pub fn new(plan: Plan) -> Self {
        let mut home = tempfile::tempdir().unwrap();
        if std::env::var_os("BADGATEWAY_KEEP").is_some() {
            // To be looked at, after a failure.
            println!("{}", home.path().display());
            home.disable_cleanup(true);
        }
        let first: NaiveDate = plan.first.parse().unwrap();
        let now = Day::new(plan.zone, first).from;
        let mut random = Random::new(plan.seed);
        let [logs, away, copies] =
            ["nginx", "old", "copies"].map(|name| folder(home.path(), name, now));
        let site = |(number, (name, scheme, pace)): (usize, (&str, scheme::Scheme, f64))| {
            let habit = [Habit::Both, Habit::Both, Habit::First, Habit::Second][number % 4];
            let random = Random::new(random.within(0..i64::MAX) as u64);
            let vhost = Vhost::new(number, name);
            let traffic = Traffic::new(vhost, habit, pace * scale(), plan.days, random);
            Site::new(name, scheme, traffic, &logs, &away, plan.zone, now)
        };
        let sites = SITES.into_iter().enumerate().map(site).collect();
        let program = Program {
            clock: plan.clock,
            zone: plan.zone,
            folder: home.path().to_path_buf(),
            logs: vec!["nginx", "old", "copies"],
        };
        Self {
            _home: home,
            program,
            truth: Truth::default(),
            sites,
            now,
            plan,
            administrator: Administrator::new(copies, Random::new(!random.below(1 << 30) as u64)),
            random,
            off_until: 0,
            runs: 0,
        }
    }

    /// Lives through all days, and the nights after them until everything is read.
    pub fn live(mut self) -> Self {
        let first: NaiveDate = self.plan.first.parse().unwrap();
        for number in 0..self.plan.days {
            let date = first + TimeDelta::days(number as i64);
            let day = Day::new(self.plan.zone, date);
            self.live_day(number, &day);
            if self.plan.compacts > 0 && number % self.plan.compacts == self.plan.compacts - 1 {
                self.compact();
            }
        }
        for later in [2 * HOUR, 30 * HOUR] {
            self.now += later;
            self.run();
        }
        println!("{} runs, {} events", self.runs, self.truth.events());
        self
    }

    fn live_day(&mut self, number: usize, day: &Day) {
        let ahead = (day.step.is_none() && self.random.percent(6)).then(|| {
            let from = self.random.within(day.from + 2 * HOUR..day.to - 2 * HOUR);
            let by = self.random.within(2 * MINUTE..9 * MINUTE);
            Ahead {
                from,
                to: from + 40 * MINUTE,
                by,
            }
        });
        let mut actions = Vec::new();
        for site in 0..self.sites.len() {
            let scheme = self.sites[site].scheme;
            let times = scheme.times(day, &mut self.random);
            actions.extend(times.into_iter().map(|time| (time, Action::Rotate(site))));
            let entries = self.sites[site].traffic.day(number, day, ahead);
            actions.extend(
                entries
                    .into_iter()
                    .map(|entry| (entry.at, Action::Write(site, entry))),
            );
        }
        if day.step.is_none() {
            let entries = self.twins(day);
            actions.extend(entries.map(|(site, entry)| (entry.at, Action::Write(site, entry))));
        }
        actions.push((day.at(11, 0), Action::Work));
        // Never for so long that logs are removed before a run has seen them.
        if number > self.off_until && self.random.percent(3) {
            self.off_until = number + 1 + self.random.below(3);
        }
        if number >= self.off_until {
            let time = match day.step {
                Some(step) => step.at + self.random.within(-50 * MINUTE..50 * MINUTE),
                None => day.at(1, 10) + self.random.within(0..50 * MINUTE),
            };
            actions.push((time, Action::Run));
            if self.random.percent(5) {
                actions.push((day.at(13, 0), Action::Run));
            }
        }
        actions.sort_by_key(|(time, _)| *time);
        for (time, action) in actions {
            self.now = time;
            match action {
                Action::Write(site, entry) => self.write(site, &entry),
                Action::Rotate(site) => {
                    let is_slow = self.random.percent(10);
                    let slow = is_slow.then_some(&mut self.random);
                    self.sites[site].rotate(time, slow);
                }
                Action::Work => self.administrator.work(&mut self.sites, time),
                Action::Run => self.run_by_night(day),
            }
        }
        self.now = day.to;
    }

    /// What twins log, and what is theirs alone, before the run or behind it.
    fn twins(&mut self, day: &Day) -> impl Iterator<Item = (usize, Entry)> + use<> {
        let mut entries = Vec::new();
        let at = day.at(1, 2);
        for (one, other) in TWINS {
            if self.random.percent(40) {
                continue;
            }
            let lines = if one == 0 {
                1
            } else {
                1 + self.random.below(20) as u64
            };
            for connection in 1..=lines {
                let head = Head {
                    stamp: day.stamp(at),
                    pid: 7,
                    connection,
                };
                for site in [one, other] {
                    let writer = if one == 0 { site } else { one };
                    let record = self.sites[writer].traffic.vhost.shared(&head);
                    entries.push((
                        site,
                        Entry {
                            at,
                            means: at,
                            is_late: false,
                            record,
                        },
                    ));
                }
            }
            for site in [one, other] {
                let at = if self.random.percent(50) {
                    at + 60
                } else {
                    day.at(5, 0)
                };
                let entry = self.sites[site].traffic.entry(at, day, None, 60);
                entries.push((
                    site,
                    Entry {
                        is_late: false,
                        ..entry
                    },
                ));
            }
        }
        entries.into_iter()
    }

    fn write(&mut self, site: usize, entry: &Entry) {
        let text = &entry.record.text;
        let site = &mut self.sites[site];
        if !(entry.is_late && site.write_late(entry.at, text)) {
            site.write(entry.at, text);
        }
        self.know(entry.means, entry.record.meaning.as_ref());
    }

    pub fn know(&mut self, moment: i64, meaning: Option<&Meaning>) {
        if let Some(meaning) = meaning {
            self.truth.add(moment, meaning);
        }
    }
}
