use std::io::Write;

use clap::{Args, ValueEnum};

use crate::render;

use super::args::Common;
use super::output::Out;
use super::{CliError, Status};

/// Every upstream event, one line of JSON each.
#[derive(Debug, Args)]
pub(super) struct Events {
    #[command(flatten)]
    common: Common,

    /// How events are written.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,

    #[command(flatten)]
    out: Out,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Ndjson,
}

impl Events {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let format = match self.format {
            Format::Ndjson => render::ndjson,
        };
        let mut output = self.out.open()?;
        let (outcome, status) = self.common.scan(|scan| {
            scan.events(format, |bytes| output.write_all(bytes))
                .map_err(|source| self.out.failed(source))
        })?;
        output.finish()?;
        if !self.out.is_stdout() {
            self.common.remark_intake(&outcome.intake);
        }
        Ok(status)
    }
}
