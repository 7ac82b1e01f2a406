use super::{Head, Span, quotation, tail};

/// Records as NGINX wrote them, which somebody quoted otherwise.
#[derive(Debug, Default)]
pub(super) struct Mended {
    text: Vec<u8>,
    spans: Vec<Span>,
}

fn quotes_upstream(record: &[u8], tail: usize, head: &Head<'_>) -> bool {
    tail::is_foreign(head.text) && memchr::memchr(b'"', &record[..tail]).is_some()
}

/// Nobody quotes longer records.
const LONGEST: usize = 8192;

/// What may have happened to a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Damage {
    /// A program put lines behind it, or a person broke its lines.
    Lines,
    /// It may be a log's first record, or a quotation with time and level.
    Likely,
    /// Anything that people do: it is no log's.
    Any,
}

impl Mended {
    /// Mends those of the records in a text that need it. The first `quoted` of them were quoted, what an
    /// input begins with may have been; others can only have broken lines, if there are any breaks.
    pub(super) fn fill(
        &mut self,
        text: &[u8],
        records: &mut [Span],
        quoted: usize,
        is_input: bool,
        has_breaks: bool,
    ) {
        self.text.clear();
        self.spans.clear();
        let count = match has_breaks {
            true => records.len(),
            false => records.len().min(quoted.max(usize::from(is_input))),
        };
        for (number, span) in records[..count].iter_mut().enumerate() {
            let fields = &span.bytes(text)[span.tail.unwrap_or(0)..];
            let damage = match number {
                _ if number < quoted => Damage::Any,
                0 if is_input => Damage::Likely,
                _ if !span.is_line && memchr::memchr(b'\n', fields).is_some() => Damage::Lines,
                _ => continue,
            };
            if !span.is_cut_from(span) && span.length() <= LONGEST {
                self.add(text, span, damage);
            }
        }
    }

    /// What is read instead of a record, and in which text.
    pub(super) fn of(&self, span: &Span) -> Option<(&[u8], &Span)> {
        let number = span.mended? as usize;
        Some((&self.text, &self.spans[number]))
    }

    /// Mends a record, if that makes it whole.
    fn add(&mut self, text: &[u8], span: &mut Span, damage: Damage) {
        let Some(head) = span.head(text) else { return };
        // A mail login is raw, and so is a name that a client chose: they can hold all that makes a record
        // look broken.
        let holds = |part: &[u8]| memchr::memmem::find(head.text, part).is_some();
        if holds(b", login: \"") || (damage != Damage::Any && holds(b" could not be resolved")) {
            return;
        }
        let record = span.bytes(text);
        let found = tail::find(&head, span).filter(|_| span.tail.is_some());
        let known = found.map(|at| record.len() - head.text.len() + at);
        let is_quoted = damage != Damage::Lines;
        let shows_columns = || holds(b"    ") || quotation::is_of_columns(record);
        let is_whole = found.is_some_and(|at| tail::begins_whole(&head.text[at..]))
            && !(damage == Damage::Any && shows_columns());
        let mended = match known {
            // What an upstream sent is not touched.
            Some(at) if is_whole && (!is_quoted || quotes_upstream(record, at, &head)) => None,
            Some(at) if is_whole => quotation::with_message_mended(record, at),
            _ => quotation::mended(record, known, is_quoted),
        };
        let Some(mended) = mended else { return };
        let start = self.text.len();
        self.text.extend_from_slice(&mended);
        let instead = span.instead(&self.text, start, is_quoted);
        let is_whole = is_quoted
            || instead.head(&self.text).is_some_and(|head| {
                let at = tail::find(&head, &instead);
                at.is_some_and(|at| tail::is_whole(&head.text[at..]))
            });
        match u32::try_from(self.spans.len()) {
            Ok(number) if is_whole => {
                span.mended = Some(number);
                span.is_wanted = None;
                self.spans.push(instead);
            }
            _ => self.text.truncate(start),
        }
    }
}
