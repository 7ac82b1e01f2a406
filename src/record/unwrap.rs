use std::borrow::Cow;

use super::envelope::{self, Follow, Form};
use super::head::stamp_in;
use super::quotation::Quotations;
use super::{Told, head, tail};

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
    /// Whether somebody quoted it out of its log.
    pub(super) is_quoted: bool,
    /// Where lines follow in the text that belong to it only if it was forged.
    pub(super) own_end: Option<usize>,
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

/// What the lines behind it can be.
enum Current {
    Nothing,
    /// A record without an envelope.
    Plain,
    /// A record that was quoted out of its log, with its head or without.
    Quoted {
        with_head: bool,
        /// JSON that goes on is no part of it.
        is_json: bool,
    },
    Wrapped(Form<'static>, bool),
}

/// A line that was written in parts, as far as they came.
struct Broken {
    at: usize,
    end: usize,
    /// How long its envelope is.
    prefix: usize,
    line: Vec<u8>,
}

impl Broken {
    /// Whether a line can stand between the parts: another stream's, and no record.
    fn is_interrupted_by(&self, line: &[u8]) -> bool {
        let form = Form::Prefix(Cow::Borrowed(&self.line[..self.prefix]));
        let may_be_rest = has_tail(line) || envelope::read(line).is_some();
        form.follow(line) == Follow::Other && !may_be_rest
    }

    /// Adds the next part, if this line is one; tells whether it breaks off as well.
    fn add(&mut self, line: &[u8], end: usize) -> Option<bool> {
        let (text, breaks_off) = envelope::goes_on(&self.line[..self.prefix], line)?;
        self.line.extend_from_slice(text);
        self.end = end;
        Some(breaks_off)
    }
}

impl Unwrapped {
    /// Unwraps a chunk, of which the first `from` bytes are passed over. Only at the beginning of an
    /// input can lines stand before its first record.
    pub(super) fn fill(
        &mut self,
        chunk: &[u8],
        from: usize,
        is_input: bool,
        quotations: Option<Quotations<'_>>,
    ) {
        self.text.clear();
        self.begins.clear();
        self.hosts.clear();
        self.stray = Stray::default();
        self.other = 0;
        let quotations = quotations.filter(|_| is_input);
        let mut current = Current::Nothing;
        let mut broken: Option<Broken> = None;
        let mut at = from;
        while at < chunk.len() {
            let end = memchr::memchr(b'\n', &chunk[at..]).map_or(chunk.len(), |length| at + length);
            let line = &chunk[at..end];
            let added = broken.as_mut().and_then(|part| part.add(line, end));
            // Only lines of other streams come between the parts.
            let is_between = added.is_none()
                && broken
                    .as_ref()
                    .is_some_and(|part| part.is_interrupted_by(line));
            let is_over = !is_between && added != Some(true);
            if is_over && let Some(whole) = broken.take() {
                current = self.line(&whole.line, whole.at, whole.end, current, quotations);
            }
            if is_between {
                self.other += 1;
            } else if added.is_none() {
                match envelope::breaks_off(line) {
                    Some(prefix) => {
                        let line = line.to_vec();
                        broken = Some(Broken {
                            at,
                            end,
                            prefix,
                            line,
                        });
                    }
                    None => current = self.line(line, at, end, current, quotations),
                }
            }
            at = end + 1;
        }
        if let Some(whole) = broken {
            self.line(&whole.line, whole.at, whole.end, current, quotations);
        }
        if !is_input && self.begins.is_empty() {
            self.other = 0;
        }
        if !is_input {
            self.stray = Stray::default();
        }
    }

    /// Takes a line, which stands from `at` to `end` in the chunk.
    fn line(
        &mut self,
        line: &[u8],
        at: usize,
        end: usize,
        current: Current,
        quotations: Option<Quotations<'_>>,
    ) -> Current {
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
                false,
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
            self.begin(&envelope.text, source, is_stamped, false);
            return Current::Wrapped(envelope.form.into_owned(), envelope.partial);
        }
        let may_be_quoted = matches!(current, Current::Nothing | Current::Quoted { .. });
        let is_first = matches!(current, Current::Nothing);
        if let Some(quotations) = quotations.filter(|_| may_be_quoted)
            && let Some(quotation) = quotations.begins(line, end, is_first)
        {
            let text = &quotation.text;
            let with_head = head::find(text) == Some(0) || head::find_level(text) == Some(0);
            // A line without a head goes on with a record that has one.
            if with_head
                || !matches!(
                    current,
                    Current::Quoted {
                        with_head: true,
                        ..
                    }
                )
            {
                let told = quotation.told;
                let host = quotation.host.map(|host| self.host(&host));
                let source = Source {
                    told,
                    host,
                    ..source
                };
                let is_stamped = told.is_some() || text.first().is_some_and(u8::is_ascii_digit);
                self.begin(text, source, is_stamped, true);
                let is_json = quotation.is_json;
                return Current::Quoted { with_head, is_json };
            }
        }
        match &current {
            Current::Nothing if envelope::is_other(line) => self.other += 1,
            Current::Nothing => self.stray.add(at, end),
            Current::Quoted { is_json: true, .. } if envelope::is_json(line) => self.other += 1,
            Current::Plain | Current::Quoted { .. } => self.push(line, end),
            Current::Wrapped(form, _) => match form.follow(line) {
                Follow::More(text, partial) => {
                    self.push(&text, end);
                    return with_partial(current, partial);
                }
                Follow::Other => {
                    self.other += 1;
                    self.push_rest(line, end);
                }
                Follow::Bare => self.push(line, end),
            },
        }
        current
    }

    fn begin(&mut self, text: &[u8], source: Source, is_stamped: bool, is_quoted: bool) {
        self.begins.push(Begin {
            start: self.text.len(),
            source,
            is_stamped,
            is_quoted,
            own_end: None,
        });
        self.push(text, source.end);
    }

    /// Adds a line in an envelope of the same form that is no record, if it has a tail: the envelope may
    /// be a client's, and then it is the rest of the record that the client broke out of.
    fn push_rest(&mut self, line: &[u8], end: usize) {
        if !has_tail(line) {
            return;
        }
        if let Some(begin) = self.begins.last_mut() {
            begin.own_end.get_or_insert(self.text.len());
        }
        self.push(line, end);
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

/// `, client: …, server: ` stands in every tail.
fn has_tail(line: &[u8]) -> bool {
    tail::first(line, 0)
        .is_some_and(|at| memchr::memmem::find(&line[at..], b", server: ").is_some())
}

fn with_partial(current: Current, partial: bool) -> Current {
    match current {
        Current::Wrapped(form, _) => Current::Wrapped(form, partial),
        other => other,
    }
}
