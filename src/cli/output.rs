use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::CliError;
use super::whole::Whole;
use crate::render::Safe;
use crate::source::Privacy;

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

    /// Opens it. Privacy is that of what it is made of.
    pub(super) fn open(&self, privacy: Privacy) -> Result<Output<'_>, CliError> {
        let target = match self.is_stdout() {
            true => stdout().map(Target::Direct),
            false => Target::open(&self.out, privacy),
        };
        let target = target.map_err(|source| self.failed(source))?;
        Ok(Output { out: self, target })
    }

    /// What it is that is written to; it is not opened for that.
    pub(super) fn surface(&self) -> Result<Surface, CliError> {
        let is_terminal = || match self.is_stdout() {
            true => io::stdout().is_terminal(),
            false => File::open(&self.out).is_ok_and(|file| file.is_terminal()),
        };
        let meta = match self.is_stdout() {
            true => stdout().and_then(|file| file.metadata()),
            false => match fs::metadata(&self.out) {
                Ok(meta) if !meta.is_file() => Ok(meta),
                // It will be a new one.
                _ => return Ok(Surface::Empty),
            },
        };
        let meta = meta.map_err(|source| self.failed(source))?;
        let kind = meta.file_type();
        Ok(match () {
            () if kind.is_fifo() || kind.is_socket() => Surface::Pipe,
            () if kind.is_char_device() && is_terminal() => Surface::Terminal,
            () if kind.is_file() && meta.len() > 0 => Surface::Begun,
            () => Surface::Empty,
        })
    }

    /// As it is called where something is said about it.
    pub(super) fn name(&self) -> String {
        match self.is_stdout() {
            true => "standard output".to_owned(),
            false => self.out.display().to_string(),
        }
    }

    /// What is said where writing failed.
    pub(super) fn failed(&self, source: io::Error) -> CliError {
        CliError::Output {
            name: self.name(),
            source,
        }
    }
}

/// What stands behind an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// Where nothing stands yet: a file, or a device that keeps nothing.
    Empty,
    /// A file that holds something already, and is appended to.
    Begun,
    /// Something that only flows: a pipe, a FIFO, a socket.
    Pipe,
    /// What somebody looks at.
    Terminal,
}

/// Shows text on a terminal, on which nothing but its line feeds acts.
pub(super) fn show(text: &[u8], terminal: &mut impl Write) -> io::Result<()> {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split_terminator('\n');
    lines.try_for_each(|line| writeln!(terminal, "{}", Safe(line)))
}

/// Standard output, without the buffer that ends with each line.
fn stdout() -> io::Result<File> {
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// An output that is being written. A file takes its name with `finish`, and without it never.
pub(super) struct Output<'a> {
    out: &'a Out,
    target: Target,
}

enum Target {
    /// Standard output, a FIFO, a device: something that is not replaced.
    Direct(File),
    Whole(Whole),
}

impl Target {
    fn open(path: &Path, privacy: Privacy) -> io::Result<Self> {
        if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
            return File::options().write(true).open(path).map(Self::Direct);
        }
        // A link stays one: /dev/stdout is one, too.
        let path = match path.is_symlink() && path.exists() {
            true => fs::canonicalize(path)?,
            false => path.to_path_buf(),
        };
        Whole::new(path, privacy).map(Self::Whole)
    }

    fn file(&mut self) -> &mut File {
        match self {
            Self::Direct(file) => file,
            Self::Whole(whole) => whole.file(),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.target.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.file().flush()
    }
}

impl Output<'_> {
    /// The end: what was written is there, under the name that was asked for.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        self.flush().map_err(|source| self.out.failed(source))?;
        match self.target {
            Target::Whole(whole) => whole.finish().map_err(|source| self.out.failed(source)),
            Target::Direct(_) => Ok(()),
        }
    }
}
