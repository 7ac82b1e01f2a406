//! The parts of one record: message, errno, action, context.

use super::fields::{Fields, fields};
use super::records::{ACTION, STDERR, context_start};
use super::string;

patterns! {
    WHILE = format!("^(.*) while ({ACTION})$");
    ERRNO = r#"^(.*) \((\d+): ([^()"]*(?:\([^()"]*\)[^()"]*)*)\)$"#;
    ERRNO_CUT = r#"^(.*) \((\d+): ([^()"]*)$"#;
    UNRESOLVED = r"^(?:service \S+ of )?(\S+) could not be resolved( \(\d+: ([^)]*)\))$";
}

/// The parts of a record that decide its class.
pub(super) struct Parts<'a> {
    pub(super) level: &'a str,
    pub(super) message: &'a [u8],
    pub(super) errno: Option<(u32, &'a [u8])>,
    /// The name that was not resolved, and why.
    pub(super) unresolved: Option<(&'a [u8], &'a [u8])>,
    pub(super) action: Option<&'a [u8]>,
    pub(super) fields: Fields<'a>,
}

/// Splits what follows the ids: message, errno, action, context.
pub(super) fn split<'a>(level: &'a str, text: &'a [u8]) -> Parts<'a> {
    let context = context_start(text);
    let mut message = &text[..context.unwrap_or(text.len())];
    let (mut action, mut errno, mut unresolved) = (None, None, None);
    let is_stderr = STDERR.is_match(message);
    if (context.is_some() || !is_stderr)
        && let Some(found) = WHILE.captures(message)
    {
        action = Some(found.get(2).unwrap().as_bytes());
        message = found.get(1).unwrap().as_bytes();
    }
    if let Some(found) = UNRESOLVED.captures(message) {
        let [name, code, reason] = [1, 2, 3].map(|group| found.get(group).unwrap());
        unresolved = Some((name.as_bytes(), reason.as_bytes())); // the resolver's own code, not an errno
        message = &message[..code.start()];
    } else if !is_stderr {
        let is_cut = context.is_none() && action.is_none();
        let found = ERRNO
            .captures(message)
            .or_else(|| ERRNO_CUT.captures(message).filter(|_| is_cut));
        if let Some(found) = found {
            errno = string(&found[2])
                .parse()
                .ok()
                .map(|number| (number, found.get(3).unwrap().as_bytes()));
            message = found.get(1).unwrap().as_bytes();
        }
    }
    Parts {
        level,
        message,
        errno,
        unresolved,
        action,
        fields: context.map(|at| fields(&text[at..])).unwrap_or_default(),
    }
}
