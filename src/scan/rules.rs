use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::taxonomy::{RuleError, Rules};

/// Why a file of rules gives none.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It could not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds something that is no rule.
    #[error("{}: {source}", path.display())]
    Rule {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        source: RuleError,
    },
}

/// Reads a file of the operator's rules; there are none without one.
pub fn read_rules(path: Option<&Path>) -> Result<Rules, RulesError> {
    let Some(path) = path else {
        return Ok(Rules::default());
    };
    let text = fs::read_to_string(path).map_err(|source| RulesError::File {
        path: path.to_path_buf(),
        source,
    })?;
    Rules::parse(&text).map_err(|source| RulesError::Rule {
        path: path.to_path_buf(),
        source,
    })
}
