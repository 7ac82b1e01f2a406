use std::fmt::Write;

use super::Time;

/// The texts of the last few seconds. Many events share theirs, and NGINX's workers write them in some
/// disorder.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    known: [(Option<Time>, String); SECONDS],
}

const SECONDS: usize = 4;

impl Stamp {
    pub(super) fn text(&mut self, time: Time) -> &str {
        let second = time.0.0.div_euclid(1_000_000);
        let (known, text) = &mut self.known[second as usize % SECONDS];
        if *known != Some(time) {
            *known = Some(time);
            text.clear();
            write!(text, "{time}").expect("writing to memory does not fail");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Moment;

    #[test]
    fn the_text_is_always_that_of_the_time() {
        let mut stamp = Stamp::default();
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (0, "1970-01-01T00:00:00Z"),
            (1_000_000, "1970-01-01T00:00:01Z"),
            (1_000_001, "1970-01-01T00:00:01.000001Z"),
            (4_000_000, "1970-01-01T00:00:04Z"),
            (0, "1970-01-01T00:00:00Z"),
            (-1_000_000, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(stamp.text(Time(Moment(micros))), text);
        }
    }
}
