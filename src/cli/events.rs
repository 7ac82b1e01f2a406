use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tempfile::NamedTempFile;

use crate::render;

use super::args::Common;
use super::{CliError, Status};

/// Every upstream event, one line of JSON each.
#[derive(Debug, Args)]
pub(super) struct Events {
    #[command(flatten)]
    common: Common,

    /// How events are written.
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: Format,

    /// Where events are written: a file, which appears once it is whole, or - for standard output.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "-",
        help_heading = "Output"
    )]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Ndjson,
}

impl Events {
    pub(super) fn run(&self) -> Result<Status, CliError> {
        let failed = |source| CliError::Output {
            name: match self.out.as_os_str() == "-" {
                true => "standard output".to_owned(),
                false => self.out.display().to_string(),
            },
            source,
        };
        let format = match self.format {
            Format::Ndjson => render::ndjson,
        };
        let mut output = Output::open(&self.out).map_err(failed)?;
        let (outcome, status) = self.common.scan(|scan| {
            scan.events(format, |bytes| output.write(bytes))
                .map_err(failed)
        })?;
        output.finish(&self.out).map_err(failed)?;
        if self.out.as_os_str() != "-" {
            self.common.remark_intake(&outcome.intake);
        }
        Ok(status)
    }
}

enum Output {
    Stdout,
    /// A FIFO, a device: something that is not replaced.
    Direct(File),
    /// A file that takes its name when it is whole.
    Temporary(NamedTempFile),
}

impl Output {
    fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
            return File::options().write(true).open(path).map(Self::Direct);
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        use std::os::unix::fs::PermissionsExt;
        tempfile::Builder::new()
            .prefix(".writing-")
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map(Self::Temporary)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().write_all(bytes),
            Self::Direct(file) => file.write_all(bytes),
            Self::Temporary(file) => file.write_all(bytes),
        }
    }

    fn finish(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().flush(),
            Self::Direct(mut file) => file.flush(),
            Self::Temporary(file) => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }
}
