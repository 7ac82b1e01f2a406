use serde::{Deserialize, Serialize};

/// Which files of a table in a bucket count.
///
/// A bucket cannot give two objects their names in one step. So files that compacting has made count from the moment
/// on in which one object, the manifest, says so, and those that they replace no longer do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dataset) struct Manifest {
    /// How often the table was compacted.
    pub(in crate::dataset) compaction: u64,
    /// Up to this number files of runs count only if they are named here.
    pub(in crate::dataset) through: u64,
    /// The names of files that count.
    pub(in crate::dataset) files: Vec<String>,
    /// The names of files that somebody has put there, from a folder perhaps, and that were merged.
    #[serde(default)]
    pub(in crate::dataset) merged: Vec<String>,
}

/// What the name of a file says.
enum Name {
    /// The number of a run.
    Run(u64),
    /// The number of the compaction that made it.
    Merged(u64),
    /// Somebody else has put it there.
    Foreign,
}

fn read(name: &str) -> Name {
    let number = |text: &str| text.parse().ok();
    let stem = name.strip_suffix(".parquet").unwrap_or_default();
    let merged = stem.strip_prefix("m").and_then(|rest| rest.split_once('-'));
    match (number(stem), merged.and_then(|(text, _)| number(text))) {
        (Some(run), _) => Name::Run(run),
        (None, Some(compaction)) => Name::Merged(compaction),
        (None, None) => Name::Foreign,
    }
}

impl Manifest {
    /// What a run's file is called: whoever puts one of this name is the only one.
    pub(in crate::dataset) fn run_file(number: u64) -> String {
        format!("{number:010}.parquet")
    }

    /// What a file is called that the next compaction makes; its names are behind those of runs, so that who lists a table
    /// from its beginning and misses a file that was merged finds what it was merged into.
    pub(in crate::dataset) fn merged_file(&self, rest: &str) -> String {
        format!("m{:06}-{rest}", self.compaction + 1)
    }

    /// The number of a run's file.
    pub(in crate::dataset) fn number(name: &str) -> Option<u64> {
        match read(name) {
            Name::Run(number) => Some(number),
            Name::Merged(_) | Name::Foreign => None,
        }
    }

    /// Whether a file is neither of a run nor of a compaction in a bucket.
    pub(in crate::dataset) fn is_foreign(name: &str) -> bool {
        matches!(read(name), Name::Foreign)
    }

    /// Whether a file counts.
    pub(in crate::dataset) fn counts(&self, name: &str) -> bool {
        let is_named = || self.files.iter().any(|file| file == name);
        match read(name) {
            Name::Run(number) => number > self.through || is_named(),
            Name::Merged(_) => is_named(),
            // As in a folder.
            Name::Foreign => is_named() || !self.merged.iter().any(|file| file == name),
        }
    }

    /// Whether a file does not count and never will: what a compaction has made that is not done yet may count soon.
    pub(in crate::dataset) fn is_dead(&self, name: &str) -> bool {
        !self.counts(name)
            && match read(name) {
                Name::Merged(compaction) => compaction <= self.compaction,
                Name::Run(_) | Name::Foreign => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            compaction: 2,
            through: 40,
            files: vec![
                "0000000007.parquet".into(),
                "m000002-a-202611.parquet".into(),
            ],
            merged: vec!["20261101T000000Z-web1-a.parquet".into()],
        }
    }

    #[test]
    fn files_count_that_are_named_or_of_later_runs() {
        let manifest = manifest();
        for name in [
            "0000000007.parquet",
            "0000000041.parquet",
            "m000002-a-202611.parquet",
            "restored.parquet",
        ] {
            assert!(manifest.counts(name) && !manifest.is_dead(name), "{name}");
        }
        for name in [
            "0000000040.parquet",
            "m000001-b-202611.parquet",
            "m000002-c-202611.parquet",
            "20261101T000000Z-web1-a.parquet",
        ] {
            assert!(!manifest.counts(name) && manifest.is_dead(name), "{name}");
        }
    }

    #[test]
    fn what_the_next_compaction_makes_may_count_soon() {
        let name = manifest().merged_file("d-202611.parquet");
        assert_eq!(name, "m000003-d-202611.parquet");
        assert!(!manifest().counts(&name) && !manifest().is_dead(&name));
    }

    #[test]
    fn runs_come_before_what_is_made_of_them_in_a_listing() {
        assert!(Manifest::run_file(9_999_999_999) < Manifest::default().merged_file("a"));
        assert_eq!(Manifest::number(&Manifest::run_file(41)), Some(41));
        assert_eq!(Manifest::number("m000003-d-202611.parquet"), None);
    }
}
