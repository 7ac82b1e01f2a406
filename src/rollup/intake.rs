use crate::record::{Moment, Text};

/// What was read: how much, and what of it was not understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intake {
    /// Inputs of which something could be read.
    pub inputs: u64,
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Records.
    pub records: u64,
    /// Records that concern an upstream and lie in the asked-for time.
    pub events: u64,
    /// Records that concern an upstream and lie outside of it.
    pub outside: u64,
    /// Records that concern an upstream and whose time does not exist.
    pub impossible_times: u64,
    /// Events that are of no class but `upstream_other`.
    pub unclassified: u64,
    /// Records that concern an upstream and neither say when nor have an envelope that does.
    pub undated: u64,
    /// The first moment of which a record tells, whatever it is about: from then on there is data.
    pub begins: Option<Moment>,
    /// Lines before the first record of their input.
    pub stray_lines: u64,
    /// Lines of other programs between those of NGINX.
    pub other_lines: u64,
    /// The first few lines and records that were not understood.
    pub samples: Vec<Sample>,
    /// One event of each kind of `upstream_other`, the first kinds.
    pub unclassified_samples: Vec<Sample>,
}

/// Something that was not understood, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The input's place among the inputs.
    pub input: usize,
    /// The byte at which it begins.
    pub offset: u64,
    /// The input's path, or `-`.
    pub source: String,
    /// Why it stands here; for an event, its message without what differs from event to event.
    pub what: String,
    /// Its beginning.
    pub text: String,
}

impl Intake {
    /// How many samples are kept.
    pub const SAMPLES: usize = 5;

    /// Of how many kinds of `upstream_other` an example is kept.
    pub const KINDS: usize = 10;

    /// Adds what another part has read. The samples that stay are the first by input and offset, so
    /// they do not depend on who merged first.
    pub fn merge(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.records += other.records;
        self.events += other.events;
        self.outside += other.outside;
        self.impossible_times += other.impossible_times;
        self.unclassified += other.unclassified;
        self.undated += other.undated;
        self.begin(other.begins);
        self.stray_lines += other.stray_lines;
        self.other_lines += other.other_lines;
        self.samples.extend(other.samples);
        self.samples.sort();
        self.samples.truncate(Self::SAMPLES);
        for sample in other.unclassified_samples {
            self.keep_unclassified(sample);
        }
    }

    /// Notes a moment of which a record tells.
    pub fn begin(&mut self, moment: Option<Moment>) {
        self.begins = self.begins.into_iter().chain(moment).min();
    }

    /// Notes a line or record that was not understood, if it is among the first.
    pub fn sample(&mut self, input: usize, source: &str, offset: u64, what: &str, text: &[u8]) {
        let place = self
            .samples
            .partition_point(|sample| (sample.input, sample.offset) <= (input, offset));
        if place < Self::SAMPLES {
            let sample = Sample::new(input, source, offset, what.to_owned(), text);
            self.samples.insert(place, sample);
            self.samples.truncate(Self::SAMPLES);
        }
    }

    /// Notes an event of class `upstream_other`.
    pub fn unclassified(
        &mut self,
        input: usize,
        source: &str,
        offset: u64,
        message: &[u8],
        text: &[u8],
    ) {
        self.unclassified += 1;
        self.keep_unclassified(Sample::new(input, source, offset, kind(message), text));
    }

    /// Keeps the first sample of each kind, and of the kinds those that came first: whoever merges
    /// first, the same stay.
    fn keep_unclassified(&mut self, sample: Sample) {
        let samples = &mut self.unclassified_samples;
        match samples.iter_mut().find(|kept| kept.what == sample.what) {
            Some(kept) if sample < *kept => *kept = sample,
            Some(_) => return,
            None => samples.push(sample),
        }
        samples.sort();
        samples.truncate(Self::KINDS);
    }
}

impl Sample {
    fn new(input: usize, source: &str, offset: u64, what: String, text: &[u8]) -> Self {
        Self {
            input,
            offset,
            source: source.to_owned(),
            what,
            text: Text(&text[..text.len().min(SHOWN)]).to_str().into_owned(),
        }
    }
}

/// A message without its numbers and quotations.
fn kind(message: &[u8]) -> String {
    let mut kind = String::new();
    let mut is_quoted = false;
    for &byte in message.iter().take(SHOWN) {
        match byte {
            b'"' => {
                is_quoted = !is_quoted;
                kind.push('"');
            }
            _ if is_quoted => {}
            b'0'..=b'9' if kind.ends_with('0') => {}
            b'0'..=b'9' => kind.push('0'),
            byte if byte.is_ascii() => kind.push(byte.into()),
            _ => {}
        }
    }
    kind
}

/// As much of a line as a message may show.
const SHOWN: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(offsets: &[u64]) -> Intake {
        let mut intake = Intake::default();
        for &offset in offsets {
            intake.sample(0, "error.log", offset, "", b"");
        }
        intake
    }

    #[test]
    fn the_first_samples_stay_whatever_comes_when() {
        let offsets = |intake: &Intake| -> Vec<u64> {
            intake.samples.iter().map(|sample| sample.offset).collect()
        };
        assert_eq!(offsets(&with(&[9, 7, 8, 1, 3, 2, 6])), [1, 2, 3, 6, 7]);
        let mut merged = with(&[9, 1, 8]);
        merged.merge(with(&[2, 7, 3, 6]));
        assert_eq!(offsets(&merged), [1, 2, 3, 6, 7]);
    }

    #[test]
    fn each_kind_keeps_its_first_event() {
        let of = |events: &[(u64, &str)]| {
            let mut intake = Intake::default();
            for &(offset, message) in events {
                intake.unclassified(0, "error.log", offset, message.as_bytes(), b"");
            }
            intake
        };
        let kept = |intake: &Intake| -> Vec<(u64, String)> {
            let samples = intake.unclassified_samples.iter();
            samples
                .map(|sample| (sample.offset, sample.what.clone()))
                .collect()
        };
        let mut merged = of(&[(9, "odd \"a\" 17"), (4, "even 2")]);
        merged.merge(of(&[(7, "even 33"), (3, "odd \"b\" 5")]));
        let expected = [(3, "odd \"\" 0".to_owned()), (4, "even 0".to_owned())];
        assert_eq!((merged.unclassified, kept(&merged)), (4, expected.to_vec()));
        let many: Vec<String> = (b'a'..=b'z')
            .map(|letter| char::from(letter).to_string())
            .collect();
        let many: Vec<(u64, &str)> = (1..).zip(many.iter().map(String::as_str)).collect();
        assert_eq!(of(&many).unclassified_samples.len(), Intake::KINDS);
    }
}
