use std::io::{self, Write};

use clap::{Args, ValueEnum};

use crate::dataset::EventFile;
use crate::render::{ArrowStream, Batches, CodedBatches, Csv, Ndjson, event_schema};
use crate::scan::{Outcome, Scan};

use super::args::Common;
use super::output::{Out, Output, Surface, show};
use super::{CliError, Status};

/// Every upstream event, as JSON, CSV, Arrow or Parquet.
///
/// All formats have the same fields in the same order. Events come in the order of the logs and of the
/// records in them; memory does not grow with them.
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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON, an event on each line.
    #[default]
    Ndjson,
    /// CSV (RFC 4180, with line feeds) under a line of names. What is absent is empty, an empty text is "".
    /// A text that a spreadsheet would take for a formula has a ' in front, and so has one that begins
    /// with ' itself: take one ' away from where a text begins.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    /// A Parquet file. No reader takes that from a pipe.
    Parquet,
}

impl Events {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let surface = self.out.surface()?;
        if let Some(what) = self.format.objection(surface) {
            return Err(CliError::Unfit {
                name: self.out.name(),
                what,
                format: match self.format {
                    Format::Ndjson => "JSON",
                    Format::Csv => "CSV",
                    Format::Arrow => "Arrow",
                    Format::Parquet => "Parquet",
                },
            });
        }
        let mut prepared = self.common.prepare()?;
        let mut output = self.out.open(prepared.privacy())?;
        prepared.beside = match surface {
            // Whoever named a FIFO knows who reads it.
            Surface::Pipe if !self.out.is_stdout() => Surface::Empty,
            surface => surface,
        };
        let (outcome, status) = self.common.scan_prepared(prepared, |scan| {
            let written = self.format.write(scan, &mut output, surface);
            written.map_err(|source| self.out.failed(source))
        })?;
        output.finish()?;
        if !self.out.is_stdout() {
            self.common.remark_intake(&outcome.intake);
        }
        Ok(status)
    }
}

impl Format {
    /// What speaks against writing it there.
    fn objection(self, surface: Surface) -> Option<&'static str> {
        match (self, surface) {
            (Self::Arrow | Self::Parquet, Surface::Terminal) => {
                Some("is a terminal, and this is nothing to look at")
            }
            (Self::Parquet, Surface::Pipe) => Some(
                "is a pipe, and Parquet is read from its end, so that no reader takes it from there",
            ),
            (Self::Parquet, Surface::Begun) => {
                Some("holds something already, and Parquet has to be at the beginning of a file")
            }
            _ => None,
        }
    }

    fn write(
        self,
        scan: &Scan,
        output: &mut Output<'_>,
        surface: Surface,
    ) -> io::Result<Outcome<()>> {
        let zone = scan.zone.to_string();
        match self {
            Self::Ndjson => scan.events::<Ndjson>(|lines| output.write_all(lines)),
            Self::Csv => {
                output.write_all(&Csv::header())?;
                scan.events::<Csv>(|lines| match surface {
                    Surface::Terminal => show(lines, output),
                    _ => output.write_all(lines),
                })
            }
            Self::Arrow => {
                let mut stream = ArrowStream::new(output, &zone)?;
                let outcome = scan.events::<Batches>(|batches| stream.write(batches))?;
                stream.finish()?;
                Ok(outcome)
            }
            Self::Parquet => {
                let mut file = EventFile::new(output, event_schema(), &zone)?;
                let outcome = scan.events::<CodedBatches>(|batches| file.write(batches))?;
                file.finish()?;
                Ok(outcome)
            }
        }
    }
}
