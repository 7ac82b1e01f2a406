//! The way of a byte, walked on all cores.
//!
//! This is where the rooms meet: chunks out of `source` go through `record`, `taxonomy` and `pool`,
//! and end in a rollup or, formatted, in a writer. No step takes a lock or allocates per record.

mod anonymous;
mod crew;
mod events;
mod notes;
mod period;
mod plan;
mod reading;
mod recall;
mod resume;
mod rules;
mod seen;
mod stop;
mod time;
mod worker;

use std::ops::Range;

use crate::pool::Names;
use crate::record::{Moment, Zone};
use crate::rollup::{Count, Intake, Rollup};
use crate::source::{Access, Input, Meter, Source, Trouble, open};
use crate::taxonomy::Rules;

use crew::Crew;
use reading::Reading;

pub use anonymous::Anonymize;
pub use notes::{Finding, Notes, State};
pub use period::{NoTime, period};
pub use resume::Resumed;
pub use rules::{RulesError, read_rules};
pub use stop::Stop;
pub use time::{Bucket, Span, When};

/// What to read, and how.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The inputs, in order.
    pub inputs: Vec<Input>,
    /// Map or read.
    pub access: Access,
    /// The zone in which the logs were written.
    pub zone: Zone,
    /// The machine whose logs they are, where no envelope names one.
    pub host: String,
    /// Events outside of this time are left out.
    pub window: Range<Moment>,
    /// What the operator adds to the classes.
    pub rules: Rules,
    /// What the configurations call the pools.
    pub names: Names,
    /// What becomes of clients' addresses, if they are not to be told.
    pub anonymize: Option<Anonymize>,
    /// About how many bytes are worked on at once.
    pub chunk_size: usize,
    /// About how many bytes of counts are held; where there are more, they are put aside if there is room for that.
    pub most_held: usize,
    /// Told how far the inputs were read.
    pub meter: Meter,
    /// Ends [`Scan::count`] and [`Scan::events`] before they are done.
    pub stop: Stop,
}

/// So many bytes of counts are held where nobody says otherwise.
const MOST_HELD: usize = 32 << 20;

/// What came out of a scan.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What was asked for.
    pub value: T,
    /// What was read.
    pub intake: Intake,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
}

impl<T> Outcome<T> {
    /// Whether there was trouble, and not one record.
    pub fn is_no_result(&self) -> bool {
        !self.troubles.is_empty() && self.intake.records == 0
    }
}

impl Scan {
    /// All of `inputs`, as written in this machine's zone.
    pub fn new(inputs: Vec<Input>) -> Self {
        Self {
            inputs,
            access: Access::default(),
            zone: Zone::default(),
            host: String::new(),
            window: Moment(i64::MIN)..Moment(i64::MAX),
            rules: Rules::default(),
            names: Names::default(),
            anonymize: None,
            chunk_size: 1 << 20,
            most_held: MOST_HELD,
            meter: Meter::default(),
            stop: Stop::default(),
        }
    }

    /// Counts all events in buckets of `width` microseconds.
    pub fn rollup(&self, width: i64) -> Outcome<Rollup> {
        self.count(|| Rollup::new(width))
    }

    /// Counts all events in what `new` gives each thread.
    pub fn count<T: Count>(&self, new: impl Fn() -> T) -> Outcome<T> {
        let crew = Crew::new(self, new);
        rayon::scope_fifo(|scope| {
            for input in self.largest_first() {
                let crew = &crew;
                scope.spawn_fifo(move |scope| match self.read(input, self.chunk_size) {
                    Ok(mut reading) => crew.read(scope, &mut reading),
                    Err(trouble) => crew.trouble(input, trouble),
                });
            }
        });
        crew.finish()
    }

    /// About how many bytes of counts a thread holds at most.
    pub fn most_held_by_one(&self) -> usize {
        self.most_held / rayon::current_num_threads()
    }

    fn read(&self, input: usize, chunk_size: usize) -> Result<Reading, Trouble> {
        let source = self.open(input)?;
        let position = self.meter.position(input);
        let reading = Reading::new(input, source, position, self.zone, chunk_size);
        Ok(reading.until(self.stop.clone()))
    }

    /// What cannot be opened needs no waiting for.
    fn open(&self, input: usize) -> Result<Source, Trouble> {
        let position = self.meter.position(input);
        let source = open(&self.inputs[input], self.access, position.clone());
        source.inspect_err(|_| position.finish())
    }

    /// Inputs in the order in which they are begun: who has nothing to do any more shall not wait long
    /// for who has.
    fn largest_first(&self) -> Vec<usize> {
        let mut inputs: Vec<usize> = (0..self.inputs.len()).collect();
        inputs.sort_by_cached_key(|&input| std::cmp::Reverse(self.length(input)));
        inputs
    }

    /// How long an input is, as it lies on its disk; 0 where that is not known before it is read.
    fn length(&self, input: usize) -> u64 {
        self.inputs[input].length().unwrap_or(0)
    }
}
