//! What people do to a record when they quote it, undone.
//!
//! NGINX writes the context fields on one line, so a line feed among them is somebody else's. Whoever
//! can put a line feed into a log can put a blank there as well, and a mended record is read by the
//! same grammar as any other: mending gives no one more than he has.

use super::fields::{first_field, write_fields};
use super::lines::{unindented, without_columns, without_marks};
use super::message::{mended_message, spaced};
use super::typed::typed;

/// A record with its context fields as NGINX writes them, on one line, behind commas, in quotes. `tail`
/// is where they begin, if that is known. Of a record that was quoted, they may begin anywhere, and its
/// message is mended as well; of another, `None` if nothing changes.
pub(in crate::record) fn mended(
    record: &[u8],
    tail: Option<usize>,
    is_quoted: bool,
) -> Option<Vec<u8>> {
    let text = without_marks(record);
    let text = match is_quoted {
        true => written(&without_columns(&text)),
        false => text.into_owned(),
    };
    let at = tail
        .filter(|_| text == record)
        .or_else(|| first_field(&text, is_quoted));
    if at.is_none() && !is_quoted {
        return None;
    }
    let (message, fields) = text.split_at(at.unwrap_or(text.len()));
    let mut text = match is_quoted {
        true => mended_message(message),
        false => message.trim_ascii_end().to_vec(),
    };
    write_fields(fields, is_quoted, &mut text);
    // A quotation is read as one, even if nothing changed.
    (is_quoted || text != record).then_some(text)
}

/// A record whose tail is whole, but not what stands before it.
pub(in crate::record) fn with_message_mended(record: &[u8], tail: usize) -> Option<Vec<u8>> {
    let (message, fields) = record.split_at(tail);
    let mut text = mended_message(&written(message));
    text.extend_from_slice(fields);
    (text != record).then_some(text)
}

/// A text in NGINX's characters, with its quotes and blanks.
fn written(text: &[u8]) -> Vec<u8> {
    spaced(&unindented(&typed(text)))
}
