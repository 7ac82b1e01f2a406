//! Cheap looks at the beginning of a record.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use memchr::memmem::Finder;

use crate::record::{Head, Level};

use super::messages::{self, Decision};
use super::phase::{Side, side};

/// Building a searcher costs more than searching a record with it.
pub(super) static UPSTREAM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("upstream"));
static UNRESOLVED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(UNRESOLVED_NAME));

const UNRESOLVED_NAME: &str = " could not be resolved";

/// Both at once; `None` if this machine cannot.
static EITHER: LazyLock<Option<Searcher>> =
    LazyLock::new(|| Searcher::new(["upstream", UNRESOLVED_NAME]));

/// Whether the word stands anywhere in a record.
pub(crate) fn names_upstream(head: &Head<'_>) -> bool {
    UPSTREAM.find(head.text).is_some()
}

/// Whether a record with this head could be an event. A cheap look that lets the many records that
/// are none be passed over; it says `true` for every record that [`classify`](super::classify) makes one of.
pub fn may_concern_upstream(head: &Head<'_>) -> bool {
    if head.level == Some(Level::Debug) {
        return false;
    }
    match messages::begins(head.text) {
        // A name that does not resolve may begin with anything but blanks.
        Some(Decision::Never) => head.text[0] == b'"' && UNRESOLVED.find(head.text).is_some(),
        Some(Decision::Files) => is_at_least(head, Level::Crit),
        Some(_) => true,
        None => {
            (!is_aside(head) && names_either(head.text))
                || is_edited(head)
                || messages::cut(without_ellipsis(head.text)).is_some()
        }
    }
}

/// Whether a record tells of no error, so that it is an event only if the table has it. What the table does not know by
/// its first words begins with a number, or is a name that does not resolve, which counts from level error on.
fn is_aside(head: &Head<'_>) -> bool {
    let is_number = || head.text.first().is_none_or(u8::is_ascii_digit);
    !is_at_least(head, Level::Error) && head.has_process() && !is_number()
}

/// Whether a text has the word `upstream`, or tells of a name that does not resolve.
fn names_either(text: &[u8]) -> bool {
    match &*EITHER {
        Some(either) => either.find(text).is_some(),
        None => UPSTREAM.find(text).is_some() || UNRESOLVED.find(text).is_some(),
    }
}

/// Whether a person left out the head, or what stands in it is no process's, or broke the first words.
fn is_edited(head: &Head<'_>) -> bool {
    let first_words = &head.text[..head.text.len().min(messages::LONGEST)];
    head.level.is_none()
        || first_words.contains(&b'\n')
        || (!head.has_process() && head.text.first().is_some_and(u8::is_ascii_digit))
}

/// A text without what a terminal or a pager puts where it cuts a line.
pub(super) fn without_ellipsis(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    ["...".as_bytes(), "…".as_bytes(), b">"]
        .into_iter()
        .find_map(|mark| text.strip_suffix(mark))
        .unwrap_or(text)
}

/// Whether a head that nothing introduces is followed by what NGINX says of an upstream: somebody quoted
/// it, perhaps without its time and level. Where `by_action` is set, an upstream's action is enough.
pub fn is_message(head: &Head<'_>, by_action: bool) -> bool {
    let text = head.text;
    let found = messages::begins(text);
    if head.level.is_some() && found.is_some_and(|decision| decision != Decision::Never) {
        return true;
    }
    let is_rest = text.starts_with(b"PHP ");
    let names_upstream = || memchr::memmem::find(text, b"upstream: \"").is_some();
    let says_so = |decision| match decision {
        Decision::Always(_) | Decision::Connect | Decision::TimedOut | Decision::Closed => true,
        Decision::Aborted => by_action,
        Decision::Stderr => !is_rest || names_upstream_action(text),
        Decision::Resolve => text.starts_with(b"no resolver "),
        Decision::Handshake => names_upstream() || names_upstream_action(text),
        Decision::Never => false,
        _ => names_upstream_action(text),
    };
    found.is_some_and(says_so)
        || (by_action && messages::cut(text.trim_ascii_end()).is_some())
        || UNRESOLVED.find(text).is_some_and(|at| {
            let behind = &text[at + UNRESOLVED.needle().len()..];
            behind.starts_with(b" (") && !text[..at].contains(&b' ')
        })
        || (by_action && names_upstream_action(text))
}

/// Whether ` while connecting to upstream` or its like stands in a text.
fn names_upstream_action(text: &[u8]) -> bool {
    memchr::memmem::find(text, WHILE).is_some_and(|at| {
        let behind = &text[at + WHILE.len()..];
        let clause = &behind[..memchr::memchr2(b',', b'.', behind).unwrap_or(behind.len())];
        let upstream = UPSTREAM.find(clause).map(|at| at + UPSTREAM.needle().len());
        let action = clause[..upstream.unwrap_or(clause.len())].trim_ascii();
        matches!(side(Some(action)), Side::Upstream(_)) || action == b"proxying and reading"
    })
}

/// Whether a record is that grave; one that was quoted without its level is taken to be.
pub(super) fn is_at_least(head: &Head<'_>, level: Level) -> bool {
    head.level.is_none_or(|own| own <= level)
}

/// What stands before an action.
pub(super) const WHILE: &[u8] = b" while ";
