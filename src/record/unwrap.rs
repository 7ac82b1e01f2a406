use super::envelope::{self, Follow, Form};
use super::split::stamp_in;
use super::{Head, Told};

/// A chunk out of its envelopes: the text that NGINX wrote, and where it came from.
#[derive(Debug, Default)]
pub(super) struct Unwrapped {
    text: Vec<u8>,
    begins: Vec<Begin>,
    hosts: Vec<u8>,
    /// Lines of other programs.
    other: u64,
    stray: Stray,
}

/// Lines before the first record that are no other program's.
#[derive(Debug, Default)]
pub(super) struct Stray {
    pub(super) count: u64,
    /// Where the first of them stand in the chunk.
    pub(super) first: Vec<(usize, usize)>,
}

impl Stray {
    /// So many are kept to be shown.
    const SHOWN: usize = 3;

    pub(super) fn add(&mut self, start: usize, end: usize) {
        self.count += 1;
        if self.first.len() < Self::SHOWN {
            self.first.push((start, end));
        }
    }
}

/// Where a record begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begin {
    /// In the text.
    pub(super) start: usize,
    pub(super) source: Source,
    /// Whether it says itself when it was written.
    pub(super) is_stamped: bool,
}

/// Where a record stood before it was unwrapped, and what its envelope tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    /// Where its first line begins in the chunk.
    pub(super) start: usize,
    /// Where its last line ends.
    pub(super) end: usize,
    pub(super) told: Option<Told>,
    /// Where its machine's name stands among [`Unwrapped::hosts`].
    pub(super) host: Option<(usize, usize)>,
}

/// Tells whether a text without a head is what NGINX says of an upstream.
pub(super) type IsMessage = fn(&[u8]) -> bool;

/// What the lines behind it can be.
enum Current {
    Nothing,
    /// A record without an envelope.
    Plain,
    /// A message that was quoted without its head.
    Headless,
    Wrapped(Form<'static>, bool),
}

impl Unwrapped {
    /// Unwraps a chunk, of which the first `from` bytes are passed over. Only at the beginning of an
    /// input can lines stand before its first record.
    pub(super) fn fill(
        &mut self,
        chunk: &[u8],
        from: usize,
        is_input: bool,
        is_message: Option<IsMessage>,
    ) {
        self.text.clear();
        self.begins.clear();
        self.hosts.clear();
        self.stray = Stray::default();
        self.other = 0;
        let is_message = is_message.filter(|_| is_input);
        let mut current = Current::Nothing;
        let mut at = from;
        while at < chunk.len() {
            let end = memchr::memchr(b'\n', &chunk[at..]).map_or(chunk.len(), |length| at + length);
            current = self.line(chunk, at, end, current, is_message);
            at = end + 1;
        }
        if !is_input && self.begins.is_empty() {
            self.other = 0;
        }
        if !is_input {
            self.stray = Stray::default();
        }
    }

    fn line(
        &mut self,
        chunk: &[u8],
        at: usize,
        end: usize,
        current: Current,
        is_message: Option<IsMessage>,
    ) -> Current {
        let line = &chunk[at..end];
        let source = Source {
            start: at,
            end,
            told: None,
            host: None,
        };
        // Behind a line that breaks off, nothing begins.
        if let Current::Wrapped(form, true) = &current
            && let Follow::More(text, partial) = form.follow(line)
        {
            self.text.pop();
            self.push(&text, end);
            return with_partial(current, partial);
        }
        if let Some(lead) = stamp_in(line) {
            self.begin(
                &line[lead..],
                Source {
                    start: at + lead,
                    ..source
                },
                true,
            );
            return Current::Plain;
        }
        if let Some(envelope) = envelope::read(line) {
            let is_stamped = envelope.is_stamped() || envelope.told.is_some();
            let host = envelope.host.map(|host| self.host(&host));
            let source = Source {
                told: envelope.told,
                host,
                ..source
            };
            self.begin(&envelope.text, source, is_stamped);
            return Current::Wrapped(envelope.form.into_owned(), envelope.partial);
        }
        if let (Current::Nothing | Current::Headless, Some(is_message)) = (&current, is_message)
            && let Some(text) = headless(line, is_message)
        {
            self.begin(text, source, false);
            return Current::Headless;
        }
        match &current {
            Current::Nothing if envelope::is_other(line) => self.other += 1,
            Current::Nothing => self.stray.add(at, end),
            Current::Plain | Current::Headless => self.push(line, end),
            Current::Wrapped(form, _) => match form.follow(line) {
                Follow::More(text, partial) => {
                    self.push(&text, end);
                    return with_partial(current, partial);
                }
                Follow::Other => self.other += 1,
                Follow::Bare => self.push(line, end),
            },
        }
        current
    }

    fn begin(&mut self, text: &[u8], source: Source, is_stamped: bool) {
        let start = self.text.len();
        self.begins.push(Begin {
            start,
            source,
            is_stamped,
        });
        self.push(text, source.end);
    }

    fn push(&mut self, text: &[u8], end: usize) {
        self.text.extend_from_slice(text);
        self.text.push(b'\n');
        if let Some(begin) = self.begins.last_mut() {
            begin.source.end = end;
        }
    }

    /// Most records of a chunk are one machine's.
    fn host(&mut self, host: &[u8]) -> (usize, usize) {
        let last = self.begins.iter().rev().find_map(|begin| begin.source.host);
        if let Some((from, to)) = last
            && &self.hosts[from..to] == host
        {
            return (from, to);
        }
        let from = self.hosts.len();
        self.hosts.extend_from_slice(host);
        (from, self.hosts.len())
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn begins(&self) -> &[Begin] {
        &self.begins
    }

    pub(super) fn other(&self) -> u64 {
        self.other
    }

    pub(super) fn take_stray(&mut self) -> Stray {
        std::mem::take(&mut self.stray)
    }

    pub(super) fn host_at(&self, place: (usize, usize)) -> &[u8] {
        &self.hosts[place.0..place.1]
    }
}

fn with_partial(current: Current, partial: bool) -> Current {
    match current {
        Current::Wrapped(form, _) => Current::Wrapped(form, partial),
        other => other,
    }
}

/// A message that somebody quoted without time and level, perhaps behind a program's name.
pub(super) fn headless(line: &[u8], is_message: IsMessage) -> Option<&[u8]> {
    let is_known = |text: &&[u8]| is_message(Head::read(text).text);
    let text = line.trim_ascii_start();
    let colon = memchr::memmem::find(&text[..text.len().min(LONGEST_NAME)], b": ");
    let named = colon.filter(|&at| {
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        text[..at].iter().all(is_of_name)
    });
    let behind_name = named.map(|at| &text[at + 2..]);
    behind_name.into_iter().chain([text]).find(is_known)
}

const LONGEST_NAME: usize = 32;
