use std::fs::File;
use std::io;
use std::path::Path;

use crate::dataset::home::{Listed, Listing, Manifest, Prefix};
use crate::dataset::{Dataset, DatasetError};
use crate::record::Moment;
use crate::source::mapped;

use super::building::Building;
use super::{Compaction, Old};

/// So often it is begun again because another one was faster.
const ATTEMPTS: usize = 3;

impl Dataset {
    pub(super) fn compact_bucket(
        &self,
        prefix: &Prefix,
        kept_since: Option<Moment>,
    ) -> Result<Compaction, DatasetError> {
        for _ in 0..ATTEMPTS {
            let Some(listing) = prefix.listing()? else {
                return Err(self.no_dataset());
            };
            if let Some(done) = prefix.compact(&listing, kept_since)? {
                return Ok(done);
            }
        }
        Err(DatasetError::Busy {
            path: self.place(),
            pid: None,
        })
    }
}

impl Prefix {
    /// `None` if another compaction was faster.
    fn compact(
        &self,
        listing: &Listing,
        kept_since: Option<Moment>,
    ) -> Result<Option<Compaction>, DatasetError> {
        self.remove(&listing.dead(&listing.manifest))?;
        let old = Old::read(&listing.files, kept_since)?;
        if old.is_compact() {
            return Ok(Some(old.unchanged()));
        }
        let folder = tempfile::tempdir().map_err(self.failed(""))?;
        let building = Building {
            folder: folder.path(),
            pages: &old.pages,
            kept_since: old.kept_since,
        };
        let built = building.fill(&old.tables, &old.months)?;
        let events_dropped = old.events_dropped()?;
        let kept = built.kept.iter().map(|&at| &old.tables[at]);
        let mut bytes_after: u64 = kept.clone().map(|table| table.bytes).sum();
        let mut files: Vec<String> = kept.map(|table| table.file.name().to_owned()).collect();
        let mut made = Vec::new();
        for path in &built.made {
            let (name, bytes) = self.put_merged(path, &listing.manifest)?;
            bytes_after += bytes;
            made.push(name);
        }
        files.extend(made.iter().cloned());
        let is_merged =
            |name: &&str| Manifest::is_foreign(name) && !files.iter().any(|file| file == name);
        let merged = listing.files.iter().map(Listed::name).filter(is_merged);
        let merged = merged.map(str::to_owned).collect();
        let manifest = Manifest {
            compaction: listing.manifest.compaction + 1,
            through: listing.highest,
            merged,
            files,
        };
        if !self.replace(&listing.object, &manifest)? {
            self.remove(&made)?;
            return Ok(None);
        }
        // The next one removes them if this one cannot.
        let _ = self.remove(&listing.dead(&manifest));
        Ok(Some(Compaction {
            files_after: manifest.files.len() as u64,
            bytes_after,
            events_dropped,
            ..old.unchanged()
        }))
    }

    /// Puts a file into the table; it does not count yet. Told are its name and how long it is.
    fn put_merged(&self, path: &Path, manifest: &Manifest) -> Result<(String, u64), DatasetError> {
        // Its random part keeps it apart from what another compaction makes now.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = manifest.merged_file(&name);
        let put = || -> io::Result<u64> {
            let bytes = mapped(&File::open(path)?)?;
            let length = bytes.len() as u64;
            self.bucket.put(&self.file_key(&name), bytes)?;
            Ok(length)
        };
        let length = put().map_err(self.failed(&name))?;
        Ok((name, length))
    }
}
