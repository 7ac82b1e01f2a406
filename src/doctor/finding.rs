use std::path::PathBuf;

use serde::Serialize;

use crate::config::Place;
use crate::taxonomy::Class;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Requests fail now, or will with the next reload.
    Critical,
    /// Requests fail under load, after a while, or after the next boot.
    Warning,
    /// Nothing fails of it by itself.
    Notice,
}

impl Severity {
    /// `critical`, `warning`, `notice`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// What follows from it for visitors.
    pub consequence: String,
    /// Where it stands in a configuration.
    #[serde(serialize_with = "places")]
    pub places: Vec<Place>,
    /// The classes of events that it explains.
    #[serde(serialize_with = "classes")]
    pub classes: Vec<Class>,
    /// What to do, in order.
    pub fix: Vec<Step>,
}

/// A step of a fix. All but [`Step::Advise`] can be done by a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Step {
    /// Another text for one line of a file.
    Edit {
        /// The file.
        file: PathBuf,
        /// The first line is 1.
        line: usize,
        /// What stands there.
        old: String,
        /// What is to stand there.
        new: String,
    },
    /// A new line behind another one.
    Insert {
        /// The file.
        file: PathBuf,
        /// The line before it.
        line: usize,
        /// The new line.
        new: String,
    },
    /// A new file.
    Create {
        /// The file.
        file: PathBuf,
        /// All of it.
        text: String,
    },
    /// A command for a shell, as root.
    Run {
        /// The command.
        command: String,
    },
    /// Something that only a person can do.
    Advise {
        /// What.
        text: String,
    },
}

impl Step {
    pub(super) fn run(command: impl Into<String>) -> Self {
        Self::Run {
            command: command.into(),
        }
    }

    pub(super) fn advise(text: impl Into<String>) -> Self {
        Self::Advise { text: text.into() }
    }
}

fn places<S: serde::Serializer>(places: &[Place], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(places.iter().map(Place::to_string))
}

fn classes<S: serde::Serializer>(classes: &[Class], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(classes.iter().map(|class| class.name()))
}
