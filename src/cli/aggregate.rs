use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use crate::dataset::{Dataset, Provenance};
use crate::render::plural;
use crate::rollup::Summary;

use super::args::{Bucketed, Common};
use super::{CliError, Status};

/// Append per-pool, per-hour Parquet to a dataset.
///
/// Every run adds one file to the table `hourly` of the dataset: DIR/hourly/*.parquet.
#[derive(Debug, Args)]
pub(super) struct Aggregate {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    bucketed: Bucketed,

    /// The folder of the dataset; made if need be.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: PathBuf,
}

impl Aggregate {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let run = Utc::now();
        let dataset = Dataset::new(&self.out);
        dataset.prepare()?;
        let width = self.bucketed.micros();
        let (outcome, status) = self.common.scan(|scan| Ok(scan.rollup(width)))?;
        if status == Status::NoResult {
            return Ok(status);
        }
        let rows = outcome.value.into_rows();
        let provenance = Provenance {
            zone: self.common.zone().to_string(),
            bucket_seconds: self.bucketed.seconds(),
            run,
        };
        let path = dataset.append(&rows, &provenance)?;
        self.common.remark_intake(&outcome.intake);
        let summary = Summary::new(&rows, outcome.intake);
        if let Some(pool) = summary.pools.first() {
            let (class, events) = pool.worst;
            self.common.remark(format_args!(
                "{} in {}; worst: {} ({} × {class})",
                plural(summary.total.failed, "failure"),
                plural(summary.pools.len() as u64, "pool"),
                pool.name,
                events,
            ));
        }
        self.common.remark(format_args!(
            "wrote {} to {}",
            plural(rows.len() as u64, "row"),
            path.display()
        ));
        Ok(status)
    }
}
