use std::process::ExitCode;

/// How a command ended; the number is the process's exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Done = 0,
    /// Done, but something was left out, and standard error says what.
    Incomplete = 1,
    /// No result.
    NoResult = 2,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}
