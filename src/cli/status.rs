use std::process::ExitCode;

/// How a command ended; the number is the process's exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Done = 0,
    /// Done, but something was left out, and standard error says what; of `doctor`, that something is wrong.
    Incomplete = 1,
    /// No result; of `doctor`, that it could not look.
    NoResult = 2,
    /// Done, and a threshold was reached that a flag names.
    Reached = 3,
}

impl Status {
    /// The same, unless all was well and something else was left out.
    pub(super) fn but(self, is_whole: bool) -> Self {
        match self {
            Self::Done if !is_whole => Self::Incomplete,
            _ => self,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}
