//! Many runs become fewer, each row of which was read once for each time that it was written.

use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use crate::rollup::other::{Few, RowByRow};

use super::aside::Aside;
use super::merge::Merge;
use super::{Pool, Run, Shelf};

/// So many runs are read side by side.
const ABREAST: usize = 256;

/// Makes of very many runs as many as can be read side by side.
pub(super) fn few(mut runs: Vec<Run>, shelf: &dyn Shelf) -> io::Result<Vec<Run>> {
    while runs.len() > ABREAST {
        let groups: Vec<Vec<Run>> = runs.chunks(ABREAST).map(<[Run]>::to_vec).collect();
        drop(runs);
        runs = merged(groups, shelf)?;
    }
    Ok(runs)
}

/// Makes of all runs such as have no row in common: for whoever reads them again and again.
pub(super) fn apart(runs: Vec<Run>, shelf: &dyn Shelf) -> io::Result<Vec<Run>> {
    let runs = few(runs, shelf)?;
    let mut bounds = vec![None];
    bounds.extend(cuts(&runs, rayon::current_num_threads()).map(Some));
    bounds.push(None);
    let part = |bounds: &[Option<Arc<Pool>>]| {
        let part = |run: &Run| run.part(bounds[0].as_ref(), bounds[1].as_ref());
        runs.iter().map(part).collect()
    };
    let parts: Vec<Vec<Run>> = bounds.windows(2).map(part).collect();
    drop(runs);
    merged(parts, shelf)
}

/// One run of rows that are in order.
pub(super) fn made_of(rows: RowByRow, shelf: &dyn Shelf) -> io::Result<Vec<Run>> {
    let mut aside = Aside::new(shelf)?;
    aside.put_rows(rows)?;
    Ok(aside.into_runs(&mut Few::default()))
}

/// One run of each group, all of them merged side by side.
fn merged(groups: Vec<Vec<Run>>, shelf: &dyn Shelf) -> io::Result<Vec<Run>> {
    let merged = groups.into_par_iter().map(|runs| {
        let mut aside = Aside::new(shelf)?;
        aside.put_merged(Merge::new(runs)?)?;
        // Nobody asks for their names again.
        Ok(aside.into_runs(&mut Few::default()))
    });
    let merged: io::Result<Vec<Vec<Run>>> = merged.collect();
    Ok(merged?.into_iter().flatten().collect())
}

/// Where so many parts of all runs begin that are about as long, but for the first.
fn cuts(runs: &[Run], parts: usize) -> impl Iterator<Item = Arc<Pool>> {
    let marks = runs.iter().flat_map(|run| run.marks.iter());
    let mut pools: Vec<Arc<Pool>> = marks.map(|mark| Arc::clone(&mark.pool)).collect();
    pools.sort_unstable();
    let count = pools.len();
    let mut cuts: Vec<Arc<Pool>> = (1..parts)
        .filter_map(|part| pools.get(count * part / parts).cloned())
        .collect();
    cuts.dedup();
    cuts.into_iter()
}

impl Run {
    /// What is in it from one pool on, up to another.
    pub(super) fn part(&self, from: Option<&Arc<Pool>>, until: Option<&Arc<Pool>>) -> Self {
        let mut part = self.clone();
        (part.from, part.until) = (from.cloned(), until.cloned());
        if let Some(from) = from {
            let before = self.marks.partition_point(|mark| mark.pool <= *from);
            let mark = before.checked_sub(1).map(|at| &self.marks[at]);
            part.range.start = mark.map_or(part.range.start, |mark| mark.at);
        }
        part
    }
}
