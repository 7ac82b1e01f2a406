//! What a record is taken for, and that the cheap look before it agrees.

use badgateway::record::Record;
use badgateway::taxonomy::{Verdict, classify, may_concern_upstream};

/// Like [`classify`], and panics where the first look would have passed over an event.
pub fn judge<'a>(record: &Record<'a>) -> Option<Verdict<'a>> {
    let verdict = classify(record)?;
    assert!(
        may_concern_upstream(&record.head),
        "{}",
        record.statement.escape_ascii()
    );
    Some(verdict)
}
