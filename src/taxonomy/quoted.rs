//! Messages that the table has, and that somebody who quoted them changed.

use crate::record::Record;

use super::look::{WHILE, without_ellipsis};
use super::messages::{self, Decision};
use super::words::on_one_line;

/// What a message stands for, and the name in it.
type Found<'a> = (Decision, Option<&'a [u8]>);

/// What the message of a record stands for that is not in the table as it is.
pub(super) fn find<'a>(record: &Record<'a>) -> Option<Found<'a>> {
    find_broken(record.message)
        .or_else(|| find_behind(record))
        .or_else(|| find_cut(record))
}

/// What a message stands for whose lines were broken, or whose action was cut, by whoever quoted it.
fn find_broken(message: &[u8]) -> Option<Found<'_>> {
    const ACTIONS: [&[u8]; 5] = [
        b"connecting",
        b"SSL hand",
        b"sending",
        b"reading",
        b"proxying",
    ];
    if let Some(at) = memchr::memmem::find(message, WHILE)
        && ACTIONS
            .iter()
            .any(|start| message[at + WHILE.len()..].starts_with(start))
        && let Some(found) = messages::find(&message[..at])
    {
        return Some(found);
    }
    memchr::memchr(b'\n', message)?;
    messages::find(&on_one_line(message)).map(|(decision, _)| (decision, None))
}

/// What a message stands for before which something is left: process ids that somebody mistyped, or a
/// tool's own words.
fn find_behind<'a>(record: &Record<'a>) -> Option<Found<'a>> {
    let message = record.message;
    let is_number = message.first().is_some_and(u8::is_ascii_digit);
    // NGINX writes its process behind the level, except on the console.
    if record.head.has_process() || (record.head.level.is_some() && !is_number) {
        return None;
    }
    let behind = memchr::memchr_iter(b' ', message).map(|at| &message[at + 1..]);
    behind
        .take(6)
        .filter(|text| is_number || !text.first().is_some_and(u8::is_ascii_digit))
        .find_map(messages::find)
}

/// What a record stands for that ends within the first words of its message.
fn find_cut<'a>(record: &Record<'a>) -> Option<Found<'a>> {
    let is_all = record.statement.len() == record.head.text.len();
    let decision = messages::cut(without_ellipsis(record.statement)).filter(|_| is_all)?;
    Some((decision, None))
}
