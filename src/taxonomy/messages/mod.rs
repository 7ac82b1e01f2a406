//! How NGINX begins what it says about an upstream, and what follows from it. A message is matched with its errno and
//! its action already taken off.

mod table;

use std::sync::LazyLock;

use super::class::Class;
use Decision::Never;
use Form::{Around, Begins, Counted, Ends, Named, Service, Whole};
use table::MESSAGES;

/// What a message that matches stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::taxonomy) enum Decision {
    /// Names an upstream by itself: always this class.
    Always(Class),
    /// A connect() or socket(): the class depends on the errno, the phase must be the upstream's.
    Connect,
    /// A bind() before connecting.
    Bind,
    /// A timer of NGINX fired: the class depends on the phase.
    TimedOut,
    /// The upstream closed the connection: the class depends on the phase.
    Closed,
    /// A system call on an open connection failed: class by phase, and only if the other side is
    /// the upstream.
    Exchange,
    /// The TLS handshake, if it was the upstream's.
    Handshake,
    /// This class, if NGINX dealt with the upstream.
    Towards(Class),
    /// The client went away, which matters while the upstream worked.
    Aborted,
    /// A file, which matters only where it holds an upstream's response.
    Files,
    /// A name look-up failed.
    Resolve,
    /// A FastCGI application wrote to its error stream.
    Stderr,
    /// A script of the server's operator logged something, which matters where it chooses the peer.
    Script,
    /// Not about an upstream, whatever stands in the tail.
    Never,
}

/// How a message reads.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// This and nothing else.
    Whole(&'static str),
    /// This, and anything behind.
    Begins(&'static str),
    /// The peer's name between two texts; `true` where anything may follow the second.
    Named(&'static str, &'static str, bool),
    /// `service NAME of NAME`, and this: the second name is the one that counts.
    Service(&'static str),
    /// A number, and this.
    Counted(&'static str),
    /// Something else between two texts: a number, NGINX's own address.
    Around(&'static str, &'static str),
    /// Anything, and this.
    Ends(&'static str),
}

struct Entry {
    form: Form,
    decision: Decision,
    #[allow(
        dead_code,
        reason = "read by the test that checks every entry's source"
    )]
    source: &'static str,
}

/// Entries by the first byte of the messages that can match them: almost always a handful.
type ByFirstByte = [Vec<Start>; 256];

/// All entries.
static ENTRIES: LazyLock<ByFirstByte> = LazyLock::new(|| by_first_byte(|_| true));

/// Those by which a message is known from its first words on.
static BEGINNINGS: LazyLock<ByFirstByte> = LazyLock::new(|| {
    by_first_byte(|entry| {
        let is_known = !matches!(entry.decision, Never) || matches!(entry.form, Begins(_));
        is_known && !entry.form.start().is_empty()
    })
});

fn by_first_byte(is_one: impl Fn(&Entry) -> bool) -> ByFirstByte {
    std::array::from_fn(|byte| {
        let fits = |entry: &&Entry| match entry.form.start().as_bytes().first() {
            Some(&first) => usize::from(first) == byte && is_one(entry),
            None => is_one(entry),
        };
        MESSAGES.iter().filter(fits).map(Start::of).collect()
    })
}

/// An entry, and how its messages start: the first eight bytes are compared as a number.
struct Start {
    entry: &'static Entry,
    eight: u64,
    /// Those bits of them that the entry has.
    mask: u64,
}

impl Start {
    fn of(entry: &'static Entry) -> Self {
        let text = entry.form.start().as_bytes();
        let known = text.len().min(8);
        let mut mask = [0; 8];
        mask[..known].fill(0xFF);
        Self {
            entry,
            eight: eight(text),
            mask: u64::from_ne_bytes(mask),
        }
    }

    fn may_be(&self, eight: u64) -> bool {
        eight & self.mask == self.eight
    }
}

/// The first eight bytes of a text, and zeros where it is shorter.
fn eight(text: &[u8]) -> u64 {
    let first = text.first_chunk().copied().unwrap_or_else(|| {
        let mut first = [0; 8];
        first[..text.len()].copy_from_slice(text);
        first
    });
    u64::from_ne_bytes(first)
}

/// Those of the entries that a text may match.
fn starts(text: &[u8], entries: &'static ByFirstByte) -> impl Iterator<Item = &'static Entry> {
    let eight = eight(text);
    let starts = text
        .first()
        .map_or(&[][..], |&first| &entries[usize::from(first)]);
    starts
        .iter()
        .filter(move |start| start.may_be(eight))
        .map(|start| start.entry)
}

/// What a message that NGINX is known to write stands for, and the name it holds.
pub(in crate::taxonomy) fn find(message: &[u8]) -> Option<(Decision, Option<&[u8]>)> {
    starts(message, &ENTRIES).find_map(|entry| Some((entry.decision, entry.form.matches(message)?)))
}

/// What a text that begins with a message can stand for, judged by nothing but its first words; those
/// of which more is known to follow do not rule it out.
#[inline]
pub(in crate::taxonomy) fn begins(text: &[u8]) -> Option<Decision> {
    let begins = |entry: &&Entry| text.starts_with(entry.form.start().as_bytes());
    let entry = starts(text, &BEGINNINGS).find(begins)?;
    Some(entry.decision)
}

/// What a text stands for that was cut within the first words of a message, if these are enough to tell.
pub(in crate::taxonomy) fn cut(text: &[u8]) -> Option<Decision> {
    if !(TELLING..=LONGEST).contains(&text.len()) {
        return None;
    }
    let mut begun = ENTRIES[usize::from(text[0])]
        .iter()
        .map(|start| start.entry)
        .filter(|entry| entry.form.start().as_bytes().starts_with(text))
        .map(|entry| entry.decision);
    let first = begun.next()?;
    begun.all(|other| other == first).then_some(first)
}

/// So many bytes tell a message from others.
const TELLING: usize = 16;

/// No text of the table is longer.
pub(in crate::taxonomy) const LONGEST: usize = 96;

impl Form {
    fn start(self) -> &'static str {
        match self {
            Whole(start) | Begins(start) | Named(start, _, _) | Around(start, _) => start,
            Service(_) => SERVICE,
            Counted(_) | Ends(_) => "",
        }
    }

    /// The name in a message of this form; `Some(None)` where it matches and holds none.
    fn matches(self, message: &[u8]) -> Option<Option<&[u8]>> {
        match self {
            Whole(text) => (message == text.as_bytes()).then_some(None),
            Begins(text) => message.starts_with(text.as_bytes()).then_some(None),
            Ends(text) => message.ends_with(text.as_bytes()).then_some(None),
            Counted(after) => {
                let number = message.strip_suffix(after.as_bytes())?;
                let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
                is_number.then_some(None)
            }
            Around(before, after) => {
                let rest = message.strip_prefix(before.as_bytes())?;
                rest.ends_with(after.as_bytes()).then_some(None)
            }
            Service(after) => {
                let names = message.strip_prefix(SERVICE.as_bytes())?;
                let names = names.strip_suffix(after.as_bytes())?;
                let of = memchr::memmem::find(names, b" of ")?;
                Some(Some(&names[of + b" of ".len()..]))
            }
            Named(before, after, more) => {
                let rest = message.strip_prefix(before.as_bytes())?;
                let name = if more {
                    &rest[..memchr::memmem::find(rest, after.as_bytes())?]
                } else {
                    rest.strip_suffix(after.as_bytes())?
                };
                // Between quotes, a name may be empty.
                let is_name = (more || !name.is_empty())
                    && !name.iter().any(|byte| matches!(byte, b'"' | b'\n'));
                // Without a text on both sides, a name could be any sentence.
                let is_mask = name.starts_with(b"<") && name.ends_with(b">");
                let is_word =
                    !(before.is_empty() || after.is_empty()) || is_mask || !name.contains(&b' ');
                // In the configuration nothing is a client's.
                let behind = &rest[name.len()..];
                let is_configured = behind.starts_with(b"\" in ");
                let name = if is_configured {
                    name
                } else {
                    without_uri(name)
                };
                (is_name && is_word).then_some(Some(name).filter(|name| !name.is_empty()))
            }
        }
    }
}

const SERVICE: &str = "service ";

/// `api:99999` of `api:99999/path`: what follows the address may be the client's.
fn without_uri(name: &[u8]) -> &[u8] {
    if name.starts_with(b"unix:") {
        return name;
    }
    let address = memchr::memmem::find(name, b"://").map_or(0, |at| at + 3);
    let end = memchr::memchr(b'/', &name[address..]);
    end.map_or(name, |end| &name[..address + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_reached_and_names_its_source() {
        for (at, entry) in MESSAGES.iter().enumerate() {
            let example = match entry.form {
                Whole(text) => text.to_owned(),
                Begins(text) => format!("{text}x"),
                Service(text) => format!("{SERVICE}http of a.example{text}"),
                Counted(text) => format!("512{text}"),
                Ends(text) => format!("two words{text}"),
                Named(before, after, _) | Around(before, after) => {
                    format!("{before}192.0.2.1{after}")
                }
            };
            let first = MESSAGES
                .iter()
                .position(|entry| entry.form.matches(example.as_bytes()).is_some());
            assert_eq!(first, Some(at), "{example}");
            assert!(!entry.source.is_empty(), "{example}");
        }
    }

    #[test]
    fn names_are_taken_out() {
        let name = |text: &str| find(text.as_bytes()).and_then(|found| found.1.map(<[u8]>::to_vec));
        assert_eq!(
            name("connect() to unix:/a b.sock failed").unwrap(),
            b"unix:/a b.sock"
        );
        assert_eq!(
            name("b.example could not be resolved").unwrap(),
            b"b.example"
        );
        assert_eq!(
            name("host not found in upstream \"a:80\" in /etc/x:9").unwrap(),
            b"a:80"
        );
        assert_eq!(name("a sentence could not be resolved"), None);
        assert_eq!(
            name("invalid port in upstream \"a:99999/b\"").unwrap(),
            b"a:99999"
        );
        assert!(find(b"connect() failed while connecting to upstream\" failed").is_none());
    }
}
