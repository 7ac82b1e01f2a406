use crate::record::Text;

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
    /// Lines before the first record of their input.
    pub stray_lines: u64,
    /// Lines of other programs between those of NGINX.
    pub other_lines: u64,
    /// The first few lines and records that were not understood.
    pub samples: Vec<Sample>,
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
    /// Why it stands here.
    pub what: &'static str,
    /// Its beginning.
    pub text: String,
}

impl Intake {
    /// How many samples are kept.
    pub const SAMPLES: usize = 5;

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
        self.stray_lines += other.stray_lines;
        self.other_lines += other.other_lines;
        self.samples.extend(other.samples);
        self.samples.sort();
        self.samples.truncate(Self::SAMPLES);
    }

    /// Notes a line or record that was not understood, if it is among the first.
    pub fn sample(
        &mut self,
        input: usize,
        source: &str,
        offset: u64,
        what: &'static str,
        text: &[u8],
    ) {
        let place = self
            .samples
            .partition_point(|sample| (sample.input, sample.offset) <= (input, offset));
        if place < Self::SAMPLES {
            let sample = Sample {
                input,
                offset,
                source: source.to_owned(),
                what,
                text: Text(&text[..text.len().min(SHOWN)]).to_str().into_owned(),
            };
            self.samples.insert(place, sample);
            self.samples.truncate(Self::SAMPLES);
        }
    }
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
}
