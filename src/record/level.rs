use std::fmt;

/// NGINX's levels, gravest first (`src/core/ngx_log.c`, `err_levels`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// The system is unusable; NGINX does not start.
    Emerg,
    /// Something must be done at once.
    Alert,
    /// Critical.
    Crit,
    /// An ordinary failure.
    Error,
    /// Something to look at.
    Warn,
    /// Worth knowing.
    Notice,
    /// Information.
    Info,
    /// Debugging; such records never carry a tail.
    Debug,
}

impl Level {
    /// The word NGINX writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"error" => Self::Error,
            b"warn" => Self::Warn,
            b"crit" => Self::Crit,
            b"info" => Self::Info,
            b"notice" => Self::Notice,
            b"alert" => Self::Alert,
            b"emerg" => Self::Emerg,
            b"debug" => Self::Debug,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
