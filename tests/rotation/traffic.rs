//! What a virtual server logs on a day, and when.

use super::calendar::{Day, HOUR, MINUTE};
use super::random::Random;
use super::record::{Head, Record, Vhost};

/// A record, and when it is written.
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: i64,
    /// The moment that its time stamp means, as README tells it.
    pub means: i64,
    /// Whether a worker writes it that is shutting down and has not reopened its log.
    pub is_late: bool,
    pub record: Record,
}

/// What is logged while clocks show an hour twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Enough in both hours to see the step.
    Both,
    /// Nothing in the second hour.
    First,
    /// Nothing around the step: what is logged in the second hour is taken for the first.
    Second,
}

/// For some minutes the clock of the machine is ahead, and then it is set back.
#[derive(Debug, Clone, Copy)]
pub struct Ahead {
    pub from: i64,
    pub to: i64,
    pub by: i64,
}

/// A virtual server's traffic.
#[derive(Debug, Clone)]
pub struct Traffic {
    pub vhost: Vhost,
    pub habit: Habit,
    /// About so many records a day.
    pub pace: f64,
    /// From one day to another it is silent, counted from the first.
    pub silent: std::ops::Range<usize>,
    random: Random,
    pids: Vec<u32>,
    connection: u64,
}

impl Traffic {
    pub fn new(vhost: Vhost, habit: Habit, pace: f64, days: usize, mut random: Random) -> Self {
        let silent = random.below(days.max(1));
        Self {
            vhost,
            habit,
            pace,
            silent: silent..silent + 3 + random.below(9),
            pids: (0..3).map(|_| 1000 + random.below(30_000) as u32).collect(),
            connection: 1,
            random,
        }
    }

    /// The records of a day, in the order in which they are written.
    pub fn day(&mut self, number: usize, day: &Day, ahead: Option<Ahead>) -> Vec<Entry> {
        let mut times = Vec::new();
        let is_silent = self.silent.contains(&number) || self.random.percent(12);
        if !is_silent {
            let most = (2.0 * self.pace) as i64 + 1;
            for _ in 0..self.random.within(0..most + 1) {
                times.push(self.random.within(day.from..day.to));
            }
            if self.pace > 3.0 && self.random.percent(1) {
                // An outage.
                let from = self.random.within(day.from..day.to - HOUR);
                let many = (50.0 * self.pace) as usize + 200;
                times.extend((0..many).map(|_| self.random.within(from..from + 40 * MINUTE)));
            }
        }
        times.retain(|&time| !day.is_near_step(time));
        times.extend(self.around_step(day));
        times.sort_unstable();
        let clients = if times.len() > 300 { 1500 } else { 60 };
        times
            .into_iter()
            .map(|at| self.entry(at, day, ahead, clients))
            .collect()
    }

    /// One record.
    pub fn entry(&mut self, at: i64, day: &Day, ahead: Option<Ahead>, clients: usize) -> Entry {
        let (stamp, means) = self.time(at, day, ahead);
        let head = self.head(stamp);
        let is_late = !day.is_near_step(at) && self.random.percent(3);
        let record = self.vhost.any(&head, clients, &mut self.random);
        Entry {
            at,
            means,
            is_late,
            record,
        }
    }

    /// A record of an upstream in which an application says several lines.
    pub fn lines(&mut self, at: i64, day: &Day) -> Entry {
        let (stamp, means) = self.time(at, day, None);
        let head = self.head(stamp);
        let record = loop {
            let record = self.vhost.event(&head, 60, &mut self.random);
            if memchr::memchr_iter(b'\n', &record.text).count() > 1 {
                break record;
            }
        };
        Entry {
            at,
            means,
            is_late: false,
            record,
        }
    }

    fn head(&mut self, stamp: String) -> Head {
        self.connection += 1 + self.random.below(40) as u64;
        let pid = self.pids[self.random.below(self.pids.len())];
        Head {
            stamp,
            pid,
            connection: self.connection,
        }
    }

    /// What the time stamp of a record that is written then shows, and what it means.
    fn time(&mut self, at: i64, day: &Day, ahead: Option<Ahead>) -> (String, i64) {
        // Each worker reads the clock once per turn of its event loop.
        let late = if self.random.percent(20) {
            1 + self.random.below(2) as i64
        } else {
            0
        };
        let mut shown = at - late;
        if let Some(ahead) = ahead.filter(|ahead| (ahead.from..ahead.to).contains(&at)) {
            shown += ahead.by;
        }
        match day.step {
            Some(step) if step.repeats > 0 && self.habit == Habit::Second => {
                let is_second = (step.at..step.at + step.repeats).contains(&shown);
                let means = if is_second {
                    shown - step.repeats
                } else {
                    shown
                };
                (day.stamp(shown), means)
            }
            Some(step)
                if (step.at..step.at - step.repeats).contains(&shown)
                    && self.random.percent(30) =>
            {
                (day.stamp_before(step, shown), shown)
            }
            _ => (day.stamp(shown), shown),
        }
    }

    fn around_step(&mut self, day: &Day) -> Vec<i64> {
        let Some(step) = day.step else {
            return Vec::new();
        };
        let mut times = Vec::new();
        let mut time = step.at - 100 * MINUTE;
        while time < step.at + 100 * MINUTE {
            time += self.random.within(2 * MINUTE..7 * MINUTE);
            times.push(time);
        }
        let length = step.repeats.max(0);
        // A worker may be late by two seconds.
        let first = step.at - length - 5..step.at + 5;
        let second = step.at..step.at + length + 5;
        times.retain(|time| match self.habit {
            Habit::Both => true,
            Habit::First => !second.contains(time),
            Habit::Second => !first.contains(time),
        });
        if length == 0 || self.habit != Habit::Both {
            return times;
        }
        // Two workers at the moment of the step.
        times.extend([step.at - 1, step.at, step.at + 1, step.at + 2]);
        times
    }
}
