use std::fmt::Write;

use super::Time;

/// The text of a time. Many events share their second, so it is made once for all of them.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    time: Option<Time>,
    text: String,
}

impl Stamp {
    pub(super) fn text(&mut self, time: Time) -> &str {
        if self.time != Some(time) {
            self.time = Some(time);
            self.text.clear();
            write!(self.text, "{time}").expect("writing to memory does not fail");
        }
        &self.text
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
            (0, "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(stamp.text(Time(Moment(micros))), text);
        }
    }
}
