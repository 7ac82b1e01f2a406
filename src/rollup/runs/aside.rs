use std::io;
use std::ops::Range;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::rollup::other::Few;
use crate::rollup::stored::Storing;

use super::{Mark, Place, Pool, Run, Shelf, Shelved, Traits};

/// What one thread puts aside: runs, one behind the other.
pub(super) struct Aside {
    place: Box<dyn Place>,
    length: u64,
    runs: Vec<(Range<u64>, Vec<Mark>)>,
    /// Marks of the run that is being put aside.
    marks: Vec<Mark>,
    traits: HashMap<Traits, u32>,
    /// The names of all rows.
    pub(super) names: Few,
}

/// So many bytes are put aside at once.
const AT_ONCE: usize = 128 << 10;

/// At least so many lie between two marks.
const APART: u64 = 64 << 10;

impl Aside {
    pub(super) fn new(shelf: &dyn Shelf) -> io::Result<Self> {
        Ok(Self {
            place: shelf.place()?,
            length: 0,
            runs: Vec::new(),
            marks: Vec::new(),
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

    /// The pool that begins behind `out` is marked, if that is far behind the last mark.
    pub(super) fn mark(&mut self, out: &Storing, pool: impl FnOnce() -> Pool) {
        let at = self.length + out.bytes().len() as u64;
        if self.marks.last().is_none_or(|last| at - last.at >= APART) {
            let pool = Arc::new(pool());
            self.marks.push(Mark { pool, at });
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
        let begin = self.runs.last().map_or(0, |(range, _)| range.end);
        let marks = std::mem::take(&mut self.marks);
        self.runs.push((begin..self.length, marks));
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
        let runs = self.runs.into_iter().map(|(range, marks)| Run {
            shelved: Arc::clone(&shelved),
            range,
            marks: marks.into(),
            from: None,
            until: None,
        });
        runs.collect()
    }
}
