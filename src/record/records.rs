use super::mended::Mended;
use super::unwrap::{Source, Stray, Unwrapped};
use super::{Glance, Head, IsWanted, Outline, Record, Span, Written};

/// The records of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    pub(super) text: &'a [u8],
    pub(super) chunk: &'a [u8],
    pub(super) spans: &'a [Span],
    pub(super) unwrapped: &'a Unwrapped,
    pub(super) mended: &'a Mended,
    pub(super) stray: &'a Stray,
    pub(super) is_wanted: Option<IsWanted>,
    /// How many lines end in the chunk; the unterminated last line of an input is one.
    pub lines: u64,
    /// How many of them are other programs'.
    pub other_lines: u64,
}

impl<'a> Records<'a> {
    /// Where they stand, in order.
    pub fn spans(&self) -> &'a [Span] {
        self.spans
    }

    /// Reads one of them; `offset` is where the chunk begins in its input. `None` if it is none after
    /// all, for there is no such level, or if it was passed over ([`Splitter::wanting`](super::Splitter::wanting)).
    ///
    /// ```
    /// use badgateway::record::Splitter;
    /// use badgateway::source::Start;
    ///
    /// let log = b"2026/11/01 09:15:02 [error] 12#12: *23 connect() failed (111: Connection refused) \
    ///     while connecting to upstream, client: 192.0.2.1, server: shop.example, \
    ///     request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:8080/\", host: \"shop.example\"\n";
    /// let mut splitter = Splitter::default();
    /// let records = splitter.split(log, Start::Input, true);
    /// let record = records.read(&records.spans()[0], 0).unwrap();
    /// assert_eq!(record.message, b"connect() failed");
    /// assert_eq!(record.errno.unwrap().number, 111);
    /// assert_eq!(record.action, Some(b"connecting to upstream".as_slice()));
    /// assert_eq!(record.tail.client, Some(b"192.0.2.1".as_slice()));
    /// assert_eq!(record.tail.upstream.unwrap().peer, Some(b"127.0.0.1:8080".as_slice()));
    /// ```
    pub fn read(&self, span: &Span, offset: u64) -> Option<Record<'a>> {
        self.outline(span, offset).map(Outline::finish)
    }

    /// Begins to read one of them.
    pub(crate) fn outline(&self, span: &Span, offset: u64) -> Option<Outline<'a>> {
        if span.is_passed() {
            return None;
        }
        let raw = span.bytes(self.text);
        let head = self.head(span)?;
        let is_asked_for = self.is_wanted.filter(|_| span.is_wanted.is_none());
        if is_asked_for.is_some_and(|is_wanted| !is_wanted(&head)) {
            return None;
        }
        let written = self.written_in(span, &head);
        let host = self.envelope(span).and_then(|envelope| envelope.host);
        let host = host.map(|place| self.unwrapped.host_at(place));
        let offset = offset + span.place() as u64;
        let (_, span) = self.mended(span);
        Some(Outline::new(raw, head, span, written, host, offset))
    }

    /// A glance at one of them; `None` if it takes more to read it.
    pub(crate) fn glance(&self, span: &Span) -> Option<Glance<'a>> {
        match span.is_wanted {
            Some(true) => Glance::at(self.text, span),
            _ => None,
        }
    }

    /// The time stamp of one of them, if it or its envelope has one.
    pub fn written(&self, span: &Span) -> Written<'a> {
        let head = self.head(span);
        head.map_or(Written::Unknown, |head| self.written_in(span, &head))
    }

    fn head(&self, span: &Span) -> Option<Head<'a>> {
        let (text, span) = self.mended(span);
        span.head(text)
    }

    /// Where a record is read, and in which text.
    fn mended<'s>(&self, span: &'s Span) -> (&'a [u8], &'s Span)
    where
        'a: 's,
    {
        self.mended.of(span).unwrap_or((self.text, span))
    }

    fn written_in(&self, span: &Span, head: &Head<'a>) -> Written<'a> {
        let told = || self.envelope(span)?.told.map(Written::Told);
        head.written().or_else(told).unwrap_or(Written::Unknown)
    }

    fn envelope(&self, span: &Span) -> Option<&'a Source> {
        let number = span.wrapped? as usize;
        Some(&self.unwrapped.begins()[number].source)
    }

    /// Whether one of them may have a tail that is another one's.
    pub(super) fn has_second_tail(&self) -> bool {
        let mut spans = self.spans.iter();
        spans.any(|span| span.has_second_tail(self.text))
    }

    /// How many lines stand before the first record of the input and are no other program's.
    pub fn stray_lines(&self) -> u64 {
        self.stray.count
    }

    /// The first few of them, and where they begin in the chunk.
    pub fn first_stray(&self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let chunk = self.chunk;
        let first = self.stray.first.iter();
        first.map(move |&(start, end)| (start, &chunk[start..end]))
    }
}
