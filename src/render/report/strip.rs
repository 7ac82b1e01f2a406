use crate::render::Time;

use super::clock::Clock;
use super::document::Document;

/// Counts in the order of time as a strip of characters, a character for so many buckets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strips {
    /// Buckets that make a cell.
    pub(super) per_cell: usize,
    /// Whether bars may be drawn with more than ASCII.
    pub(super) has_unicode: bool,
}

const UNICODE: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 9] = ['.', ':', '-', '=', '+', 'o', '*', '%', '#'];

impl Strips {
    /// Strips of at most so many cells.
    pub(super) fn new(document: &Document, most_cells: usize, has_unicode: bool) -> Self {
        Self {
            per_cell: document.timeline.len().div_ceil(most_cells).max(1),
            has_unicode,
        }
    }

    /// A strip, and what its fullest cell holds: that one is drawn full, and an empty one as a dot.
    pub(super) fn draw(self, counts: impl Iterator<Item = u64>) -> (String, u64) {
        let counts: Vec<u64> = counts.collect();
        let cells = counts.chunks(self.per_cell).map(|cell| {
            cell.iter()
                .fold(0, |sum: u64, &count| sum.saturating_add(count))
        });
        let cells: Vec<u64> = cells.collect();
        let most = cells.iter().copied().max().unwrap_or(0);
        let steps = if self.has_unicode { UNICODE } else { ASCII };
        let drawn = cells.iter().map(|&cell| steps[level(cell, most)]);
        (drawn.collect(), most)
    }

    /// What stands below strips: where days begin, and between them, if there is room, times.
    pub(super) fn axis(self, document: &Document, clock: Clock) -> String {
        let begins = document.timeline.iter().step_by(self.per_cell);
        let begins: Vec<Time> = begins.map(|cell| cell.bucket).collect();
        let days: Vec<String> = begins.iter().map(|&begin| clock.day(begin)).collect();
        let mut axis = vec![' '; begins.len()];
        let mut write = |at: usize, mark: &str| {
            // A blank is kept on both sides.
            let around = at.saturating_sub(1)..(at + mark.len() + 1).min(axis.len());
            let has_room = at + mark.len() <= axis.len();
            if has_room && axis[around].iter().all(|&letter| letter == ' ') {
                axis.splice(at..at + mark.len(), mark.chars());
            }
        };
        for at in (1..days.len()).filter(|&at| days[at] != days[at - 1]) {
            write(at, &days[at]);
        }
        let cell_seconds = document.timeline_seconds * self.per_cell as i64;
        if cell_seconds < 3 * 3600 {
            for at in (0..begins.len()).step_by(8) {
                write(at, &clock.time_of_day(begins[at]));
            }
        }
        String::from_iter(axis).trim_end().to_owned()
    }
}

/// A bar of at most `width` characters; what is not nothing is seen.
pub(super) fn bar(part: u64, whole: u64, width: usize, has_unicode: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let steps = if has_unicode { 8 } else { 1 };
    let length = share(part, whole, width as u64 * steps);
    let full = (length / steps) as usize;
    if has_unicode {
        "█".repeat(full) + EIGHTHS[(length % 8) as usize]
    } else {
        "#".repeat(full)
    }
}

fn level(count: u64, most: u64) -> usize {
    share(count, most, 8) as usize
}

/// The part of `steps` that `part` is of `whole`, rounded up.
fn share(part: u64, whole: u64, steps: u64) -> u64 {
    let part = u128::from(part.min(whole));
    let exact = (part * u128::from(steps)).div_ceil(u128::from(whole.max(1)));
    exact as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_shows_the_fullest_cell_full_and_a_single_failure_at_all() {
        let strips = |per_cell, has_unicode| Strips {
            per_cell,
            has_unicode,
        };
        let counts = [0, 1, 400, 800, u64::MAX / 2].into_iter();
        assert_eq!(
            strips(1, true).draw([0, 1, 400, 401, 800].into_iter()),
            ("·▁▄▅█".to_owned(), 800)
        );
        assert_eq!(strips(2, false).draw([0, 0, 1, 7, 2].into_iter()).0, ".#-");
        assert_eq!(strips(1, false).draw(counts).0, ".:::#");
        assert_eq!(strips(1, true).draw(std::iter::empty()), (String::new(), 0));
        assert_eq!(strips(1, true).draw([0, 0].into_iter()).0, "··");
    }

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        assert_eq!(bar(8, 8, 4, true), "████");
        assert_eq!(bar(3, 8, 4, true), "█▌");
        assert_eq!(bar(1, u64::MAX, 4, true), "▏");
        assert_eq!(bar(0, 8, 4, true), "");
        assert_eq!(bar(0, 0, 4, false), "");
        assert_eq!(bar(3, 8, 4, false), "##");
    }
}
