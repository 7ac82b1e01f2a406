use clap::{Args, ValueEnum};

use crate::render;
use crate::rollup::Summary;

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
        let (outcome, status) = self.common.scan(|scan| Ok(scan.rollup(width)))?;
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
                site: &self.common.site(),
            }
            .to_string(),
        };
        print(&text)?;
        Ok(status)
    }
}
