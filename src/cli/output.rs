use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::NamedTempFile;

use super::CliError;

/// Where a command's data goes.
#[derive(Debug, Args)]
pub(super) struct Out {
    /// Where it is written: a file, which appears once it is whole, or - for standard output.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "-",
        help_heading = "Output"
    )]
    out: PathBuf,
}

impl Out {
    pub(super) fn is_stdout(&self) -> bool {
        self.out.as_os_str() == "-"
    }

    pub(super) fn open(&self) -> Result<Output<'_>, CliError> {
        let target = match self.is_stdout() {
            true => Ok(Target::Stdout),
            false => Target::open(&self.out),
        };
        let target = target.map_err(|source| self.failed(source))?;
        Ok(Output { out: self, target })
    }

    /// What is said where writing failed.
    pub(super) fn failed(&self, source: io::Error) -> CliError {
        CliError::Output {
            name: match self.is_stdout() {
                true => "standard output".to_owned(),
                false => self.out.display().to_string(),
            },
            source,
        }
    }
}

/// An output that is being written. A file takes its name with `finish`, and without it never.
pub(super) struct Output<'a> {
    out: &'a Out,
    target: Target,
}

enum Target {
    Stdout,
    /// A FIFO, a device: something that is not replaced.
    Direct(File),
    /// A file that takes its name when it is whole.
    Temporary(NamedTempFile),
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
            return File::options().write(true).open(path).map(Self::Direct);
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        tempfile::Builder::new()
            .prefix(".writing-")
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map(Self::Temporary)
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Stdout => io::stdout().write(bytes),
            Target::Direct(file) => file.write(bytes),
            Target::Temporary(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout => io::stdout().flush(),
            Target::Direct(file) => file.flush(),
            Target::Temporary(file) => file.flush(),
        }
    }
}

impl Output<'_> {
    /// The end: what was written is there, under the name that was asked for.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        self.flush().map_err(|source| self.out.failed(source))?;
        match self.target {
            Target::Temporary(file) => match file.persist(&self.out.out) {
                Ok(_) => Ok(()),
                Err(error) => Err(self.out.failed(error.error)),
            },
            Target::Stdout | Target::Direct(_) => Ok(()),
        }
    }
}
