//! Where a log may be cut.

use crate::source::{Cut, Start};

use super::envelope;
use super::forged::WINDOW;
use super::head::stamp_in;
use super::span::Span;
use super::split::Splitter;

/// Cuts between records, and only where a look around shows that no forged line could tie the two
/// sides together. So it does not matter where a log is cut: the records are the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Boundaries;

/// After this many places that could not be vouched for by a look around, the chunk is worked
/// through from its beginning, which settles it.
const PLACES_TRIED: usize = 4;

/// How far the places that are tried lie apart: what one look around has doubted, the next one mostly does
/// not see. All of them lie within [`Cut::LOOK_AHEAD`].
const NEXT_PLACE: usize = 3 * WINDOW;

impl Cut for Boundaries {
    const LOOK_AHEAD: usize = 16 * WINDOW;

    /// NGINX writes a record at once, but who looks at that moment, or at a copy that is being made, may
    /// see its first lines only.
    fn settled(&self, bytes: &[u8], start: Start) -> usize {
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        let mut splitter = Splitter::default();
        splitter.split(&bytes[..whole], start, false);
        splitter.unfinished().map_or(whole, Span::place)
    }

    fn cut(&self, bytes: &[u8], target: usize, at_end: bool) -> Option<usize> {
        let mut splitter = Splitter::default();
        let mut place = next_begin(bytes, target);
        for _ in 0..PLACES_TRIED {
            let Some((at, is_wrapped)) = place else { break };
            // An envelope around every line makes a record longer than NGINX does.
            let reach = if is_wrapped { 4 * WINDOW } else { WINDOW };
            if at + reach > bytes.len() && !at_end {
                return None;
            }
            let from = line_start(bytes, at.saturating_sub(2 * reach));
            let mut to = bytes.len().min(at + reach);
            if is_wrapped && to < bytes.len() {
                to = line_start(bytes, to).max(line_end(bytes, at));
            } else if let Some((next, _)) = next_begin(bytes, to) {
                // A last record that the look around tears itself would be doubted.
                to = next;
            }
            let records = splitter.split(&bytes[from..to], Start::Record, false);
            let begins = at - from..line_end(bytes, at) - from;
            let is_begin = records
                .spans()
                .iter()
                .any(|span| begins.contains(&span.place()));
            let has_second_tail = records.has_second_tail();
            if is_begin && !has_second_tail && !splitter.has_doubts() {
                return Some(at);
            }
            place = next_begin(bytes, at + NEXT_PLACE);
        }
        if place.is_some() {
            let records = splitter.split(bytes, Start::Record, false);
            let settled = match at_end {
                true => bytes.len(),
                false => bytes.len() - WINDOW,
            };
            let stamped = records.spans().iter().filter(|span| span.is_stamped());
            let mut places = stamped.map(Span::place);
            if let Some(at) = places.find(|&at| at >= target && at > 0 && at <= settled) {
                return Some(line_start(bytes, at));
            }
        }
        at_end.then_some(bytes.len())
    }
}

/// The first line at or behind `from`, but not the very first, at which a record begins that says
/// when it was written; and whether it has an envelope.
fn next_begin(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from.max(1) - 1;
    loop {
        at += memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
        let line = &bytes[at..line_end(bytes, at)];
        if stamp_in(line).is_some() {
            return Some((at, false));
        }
        let is_stamped =
            |envelope: envelope::Envelope<'_>| envelope.is_stamped() || envelope.told.is_some();
        if envelope::read(line).is_some_and(is_stamped) {
            return Some((at, true));
        }
    }
}

/// Where the line begins in which `at` stands.
fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1)
}

/// Where the line ends that begins at `at`.
fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where ordinary records begin: as short and as long as they come, over many lines, other modules' too.
    fn log() -> (Vec<u8>, Vec<usize>) {
        let mut log = Vec::new();
        let mut begins = Vec::new();
        for number in 0..400_usize {
            begins.push(log.len());
            let path = "x".repeat(number * 37 % 900);
            let message = match number % 4 {
                0 => "connect() failed (111: Connection refused) while connecting to upstream",
                1 => {
                    "FastCGI sent in stderr: \"PHP message: PHP Warning:  a\nPHP message: b\" while reading upstream"
                }
                2 => "open() \"/srv/www/a\" failed (2: No such file or directory)",
                _ => "client intended to send too large body: 4 bytes",
            };
            let record = format!(
                "2026/11/01 09:15:02 [error] 7#7: *{number} {message}, client: 192.0.2.1, server: a, \
                 request: \"GET /{path} HTTP/1.1\", upstream: \"fastcgi://127.0.0.1:9000\", host: \"a\"\n"
            );
            log.extend_from_slice(record.as_bytes());
        }
        (log, begins)
    }

    #[test]
    fn an_ordinary_log_is_cut_at_the_next_record() {
        let (log, begins) = log();
        for target in (1..log.len() - Boundaries::LOOK_AHEAD).step_by(61) {
            let window = &log[..target + Boundaries::LOOK_AHEAD];
            let next = begins.iter().find(|&&begin| begin >= target);
            let cut = Boundaries.cut(window, target, false);
            assert_eq!(cut.as_ref(), next, "{target}");
        }
    }
}
