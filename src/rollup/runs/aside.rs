use std::io;
use std::ops::Range;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::rollup::other::Few;
use crate::rollup::stored::Storing;

use super::{Place, Run, Shelf, Shelved, Traits};

/// What one thread puts aside: runs, one behind the other.
pub(super) struct Aside {
    place: Box<dyn Place>,
    length: u64,
    runs: Vec<Range<u64>>,
    traits: HashMap<Traits, u32>,
    /// The names of all rows.
    pub(super) names: Few,
}

/// So many bytes are put aside at once.
const AT_ONCE: usize = 128 << 10;

impl Aside {
    pub(super) fn new(shelf: &dyn Shelf) -> io::Result<Self> {
        Ok(Self {
            place: shelf.place()?,
            length: 0,
            runs: Vec::new(),
            traits: HashMap::new(),
            names: Few::default(),
        })
    }

    /// Puts aside what was stored, if it is much.
    pub(super) fn pour_much(&mut self, out: &mut Storing) -> io::Result<()> {
        match out.bytes().len() >= AT_ONCE {
            true => self.pour(out),
            false => Ok(()),
        }
    }

    fn pour(&mut self, out: &mut Storing) -> io::Result<()> {
        self.place.append(out.bytes())?;
        self.length += out.bytes().len() as u64;
        out.clear();
        Ok(())
    }

    /// What was stored since the last run is one.
    pub(super) fn end_run(&mut self, mut out: Storing) -> io::Result<()> {
        self.pour(&mut out)?;
        let begin = self.runs.last().map_or(0, |run| run.end);
        self.runs.push(begin..self.length);
        Ok(())
    }

    /// By which number these are told.
    pub(super) fn number(&mut self, traits: Traits) -> u64 {
        let next = self.traits.len() as u32;
        u64::from(*self.traits.entry(traits).or_insert(next))
    }

    /// All runs; what is known of the names of their rows is added to `names`.
    pub(super) fn into_runs(self, names: &mut Few) -> Vec<Run> {
        names.merge(self.names);
        let mut traits: Vec<(Traits, u32)> = self.traits.into_iter().collect();
        traits.sort_unstable_by_key(|&(_, number)| number);
        let shelved = Arc::new(Shelved {
            place: self.place,
            traits: traits.into_iter().map(|(traits, _)| traits).collect(),
        });
        let runs = self.runs.into_iter().map(|range| Run {
            shelved: Arc::clone(&shelved),
            range,
        });
        runs.collect()
    }
}
