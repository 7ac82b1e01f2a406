//! Runs that add to a bucket. There are no locks: who is first to put a file of the next number has committed, and who
//! comes second looks at what the first one has counted.

use crate::dataset::home::{Listed, Manifest, Prefix};
use crate::dataset::{Dataset, DatasetError, HOURLY, write};
use crate::rollup::Row;
use crate::source::mapped;

use super::{Addition, Commit};

impl Prefix {
    /// The files that count as the run begins.
    pub(super) fn begin(
        &self,
        dataset: &Dataset,
        machine: &str,
    ) -> Result<Vec<Listed>, DatasetError> {
        let listing = self.listing_or_new()?;
        let listing = listing.ok_or_else(|| dataset.no_dataset())?;
        self.mark(machine)?;
        self.remove(&listing.dead(&listing.manifest))?;
        Ok(listing.files)
    }

    pub(super) fn commit(
        &self,
        dataset: &Dataset,
        addition: Addition<'_>,
        each: impl FnMut(&[Row]) + Send,
    ) -> Result<Commit, DatasetError> {
        let failed = self.failed(HOURLY);
        let mut file = tempfile::tempfile().map_err(&failed)?;
        let footer = addition.provenance.key_values(addition.entries);
        write::write(addition.rows, footer, &mut file, each).map_err(|source| {
            DatasetError::Parquet {
                path: self.url(HOURLY),
                source,
            }
        })?;
        let bytes = mapped(&file).map_err(&failed)?;
        loop {
            let Some(listing) = self.listing()? else {
                return Err(dataset.no_dataset());
            };
            let ledger = addition.ledger;
            if ledger.is_contradicted(&listing.files, addition.entries)? {
                return Ok(Commit::Contradicted);
            }
            let number = listing.highest + 1;
            let name = Manifest::run_file(number);
            let put = self.bucket.put_new(&self.file_key(&name), bytes.clone());
            if !put.map_err(&failed)? {
                continue;
            }
            // If it was compacted meanwhile, this number may be one of those that were merged.
            let manifest = self.manifest()?.map(|(_, manifest)| manifest);
            if manifest.is_some_and(|manifest| manifest.counts(&name)) {
                return Ok(Commit::Done(self.url(&format!("{HOURLY}/{name}"))));
            }
            self.remove(&[name])?;
        }
    }
}
