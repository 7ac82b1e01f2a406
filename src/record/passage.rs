use super::Moment;

/// Tells the two hours apart that a zone shows twice, when summer time ends, by the order of records:
/// once time has stepped back, it is the second one.
///
/// Workers write out of order by seconds, so a small step back means nothing. Where no step is seen,
/// because nothing was logged around it, it is the first hour.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passage {
    /// The latest moment so far, since the clock was set back, if it was.
    latest: Option<Moment>,
}

/// So far a record may stand behind a later one. NGINX reads the clock once per turn of its event loop,
/// which a slow disk can hold up for long, but hardly for two minutes.
const OUT_OF_ORDER: i64 = 120 * 1_000_000;

impl Passage {
    /// Goes on behind a record of this moment.
    pub fn behind(latest: Option<Moment>) -> Self {
        Self { latest }
    }

    /// The latest moment so far.
    pub fn latest(self) -> Option<Moment> {
        self.latest
    }

    /// When the next record was written, given the first and the second moment at which clocks showed
    /// its time; they are mostly the same.
    pub fn pass(&mut self, first: Moment, second: Moment) -> Moment {
        let is_before = |moment: Moment, latest: Moment| moment.0 < latest.0 - OUT_OF_ORDER;
        let moment = match self.latest {
            Some(latest) if is_before(first, latest) => second,
            _ => first,
        };
        self.latest = match self.latest {
            Some(latest) if !is_before(moment, latest) => Some(latest.max(moment)),
            // The clock was set back, or has just begun.
            _ => Some(moment),
        };
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600 * 1_000_000;

    /// Minutes behind the first beginning of the hour that is repeated, as clocks show them, to minutes
    /// as they are.
    fn resolved(shown: &[i64]) -> Vec<i64> {
        let mut passage = Passage::default();
        let minute = 60 * 1_000_000;
        let resolve = |&shown: &i64| {
            let first = Moment(shown * minute);
            let second = match shown {
                0..60 => Moment(first.0 + HOUR),
                // Behind the hour clocks show one hour less than there was.
                60.. => Moment(first.0 + HOUR),
                _ => first,
            };
            let first = if shown >= 60 { second } else { first };
            passage.pass(first, second).0 / minute
        };
        shown.iter().map(resolve).collect()
    }

    #[test]
    fn a_step_back_begins_the_second_hour() {
        assert_eq!(
            resolved(&[-5, 10, 50, 59, 0, 30, 59, 60, 70]),
            [-5, 10, 50, 59, 60, 90, 119, 120, 130]
        );
    }

    #[test]
    fn a_small_step_back_does_not() {
        assert_eq!(resolved(&[30, 31, 30, 32, 31]), [30, 31, 30, 32, 31]);
        assert_eq!(resolved(&[-1, 0, -1, 1]), [-1, 0, -1, 1]);
        assert_eq!(resolved(&[59, 0, 59, 1]), [59, 60, 59, 61]);
        assert_eq!(resolved(&[10, 5, 60, 59, 61]), [10, 65, 120, 119, 121]);
    }

    #[test]
    fn a_clock_that_was_set_back_begins_anew() {
        assert_eq!(resolved(&[300, -60, 10, 20]), [360, -60, 10, 20]);
    }

    #[test]
    fn without_a_step_it_is_the_first() {
        assert_eq!(resolved(&[10, 20, 65]), [10, 20, 125]);
    }
}
