/// There are styles for so many colours.
const LEVELS: usize = 9;

/// Which colour a number of failures has: each step is some two, three or ten times the one before, so that a
/// pool with few failures is seen beside one with many.
#[derive(Debug)]
pub(super) struct Scale {
    /// Where each colour begins.
    bounds: Vec<u64>,
}

impl Scale {
    /// The finest of round steps that needs no more colours than there are.
    pub(super) fn up_to(max: u64) -> Self {
        let series: [&[u64]; 3] = [&[1, 2, 5], &[1, 3], &[1]];
        let every_second = (0..).map(|power| 100_u64.checked_pow(power));
        let bounds = series
            .into_iter()
            .map(|digits| round(digits, max))
            .find(|bounds| bounds.len() <= LEVELS)
            .unwrap_or_else(|| {
                let bounds = every_second.map_while(|bound| bound);
                bounds
                    .take_while(|&bound| bound <= max)
                    .take(LEVELS)
                    .collect()
            });
        Self { bounds }
    }

    /// The colour, from 1, or 0 for none.
    pub(super) fn level(&self, failures: u64) -> usize {
        self.color(self.bounds.partition_point(|&bound| bound <= failures))
    }

    /// Each colour and where it begins.
    pub(super) fn steps(&self) -> impl Iterator<Item = (usize, u64)> {
        let step = |(at, &bound): (usize, &u64)| (self.color(at + 1), bound);
        self.bounds.iter().enumerate().map(step)
    }

    /// Few steps are spread over all colours, unless the numbers are small.
    fn color(&self, step: usize) -> usize {
        let steps = self.bounds.len();
        match step {
            0 => 0,
            _ if steps < 5 => step,
            _ => 1 + (step - 1) * (LEVELS - 1) / (steps - 1),
        }
    }
}

/// `1, 2, 5, 10, 20, …` up to a number.
fn round(digits: &[u64], max: u64) -> Vec<u64> {
    let powers = (0..=19).map(|power| 10_u64.pow(power));
    let bounds = powers.flat_map(|power| {
        digits
            .iter()
            .filter_map(move |digit| digit.checked_mul(power))
    });
    bounds.take_while(|&bound| bound <= max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_color_and_more_failures_no_lighter_one() {
        for max in [1, 2, 3, 9, 49, 100, 999, 1_000, 54_321, 9_999_999, u64::MAX] {
            let scale = Scale::up_to(max);
            assert_eq!(scale.level(0), 0);
            assert!(scale.level(1) >= 1);
            assert!(scale.level(max) <= LEVELS);
            let steps: Vec<(usize, u64)> = scale.steps().collect();
            assert!(steps.len() <= LEVELS);
            for pair in steps.windows(2) {
                assert!(pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1, "{steps:?}");
            }
            for (level, from) in steps {
                assert_eq!(scale.level(from), level);
                assert!(scale.level(from - 1) < level);
            }
        }
        let bounds = |max| Scale::up_to(max).bounds;
        assert_eq!(bounds(900), [1, 2, 5, 10, 20, 50, 100, 200, 500]);
        assert_eq!(bounds(2_999), [1, 3, 10, 30, 100, 300, 1_000]);
        assert_eq!(bounds(54_321), [1, 10, 100, 1_000, 10_000]);
    }
}
