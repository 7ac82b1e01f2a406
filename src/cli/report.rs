use clap::{Args, ValueEnum};

use crate::render;
use crate::rollup::Summary;
use crate::scan::Scan;

use super::args::{Bucketed, Common, print};
use super::{CliError, Status};

/// What failed, where, when and why.
#[derive(Debug, Args)]
pub(super) struct Report {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    bucketed: Bucketed,

    /// How the report is written.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Terminal,
}

impl Report {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let width = self.bucketed.micros();
        let mut prepared = self.common.prepare()?;
        let site = std::mem::take(&mut prepared.site);
        let count = |scan: &Scan| Ok(scan.rollup(width));
        let (outcome, status) = self.common.scan_prepared(prepared, count)?;
        if status == Status::NoResult {
            return Ok(status);
        }
        let summary = Summary::new(&outcome.value.into_rows(), outcome.intake);
        let zone = self.common.zone();
        let text = match self.format {
            Format::Terminal => render::Report {
                summary: &summary,
                zone,
                bucket_seconds: self.bucketed.seconds(),
                site: &site,
            }
            .to_string(),
        };
        print(&text)?;
        Ok(status)
    }
}
