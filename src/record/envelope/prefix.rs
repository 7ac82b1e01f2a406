use crate::record::Told;

use super::time;

/// What the text before a record's head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Prefix<'a> {
    pub(super) told: Option<Told>,
    pub(super) host: Option<&'a [u8]>,
}

/// No envelope has more parts; `docker compose logs -t` of a service that writes RFC 3339 has three.
const MOST_PARTS: usize = 8;

impl<'a> Prefix<'a> {
    /// Reads a prefix; `None` when any part of it is something else than an envelope. That is the
    /// point: `192.0.2.1 - ` in front of a head is an access log's line whose user name a client
    /// chose.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let mut prefix = Self::default();
        let mut rest = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        if rest.len() > rest.trim_ascii_start().len() + MOST_INDENT {
            return None;
        }
        for part in 0..=MOST_PARTS {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return Some(prefix);
            }
            rest = prefix.part(rest, part == 0)?;
        }
        None
    }

    /// Takes the next part off the front.
    fn part(&mut self, rest: &'a [u8], is_first: bool) -> Option<&'a [u8]> {
        if let Some(behind) = escape(rest).or_else(|| bracketed(rest)) {
            return Some(behind);
        }
        if let Some(behind) = priority(rest) {
            return match behind.strip_prefix(b"1 ") {
                Some(header) => self.rfc5424(header),
                None => Some(behind),
            };
        }
        if let Some((told, length)) = time::read(rest).filter(|found| is_apart(rest, found.1)) {
            self.told.get_or_insert(told);
            return self.origin(&rest[length..]);
        }
        if let Some((_, length)) = time::time_of_day(rest).filter(|found| is_apart(rest, found.1)) {
            return Some(&rest[length..]);
        }
        if let Some(behind) = foreign_month(rest) {
            return self.origin(behind);
        }
        if let Some((_, behind)) = cri(rest) {
            return Some(behind);
        }
        if let Some(behind) = column(rest).or_else(|| word(rest)) {
            return Some(behind);
        }
        if !is_first {
            return tag(rest);
        }
        // Without a time in front, only a process id makes sure that this is syslog's tag.
        let with_id = |behind: &&[u8]| rest[..rest.len() - behind.len()].ends_with(b"]:");
        if let Some(behind) = tag(rest).filter(|behind| with_id(behind) || program(rest)) {
            return Some(behind);
        }
        if let Some(behind) = file_name(rest).or_else(|| pod_and_container(rest)) {
            return Some(behind);
        }
        let (host, behind) = token(rest)?;
        let behind = tag(behind).filter(with_id)?;
        self.host = Some(host);
        Some(behind)
    }

    /// What may follow a syslog time: host and tag, or the tag alone (`nohostname`).
    fn origin(&mut self, rest: &'a [u8]) -> Option<&'a [u8]> {
        if let Some((host, behind)) = token(rest)
            && !host.ends_with(b":")
            && let Some(behind) = tag(behind)
        {
            self.host.get_or_insert(host);
            return Some(behind);
        }
        Some(tag(rest).unwrap_or(rest))
    }

    /// `TIME HOST APP-NAME PROCID MSGID STRUCTURED-DATA ` (RFC 5424, section 6).
    fn rfc5424(&mut self, header: &'a [u8]) -> Option<&'a [u8]> {
        let (time, rest) = token(header)?;
        let (host, rest) = token(rest)?;
        let (_app, rest) = token(rest)?;
        let (_process, rest) = token(rest)?;
        let (_message, rest) = token(rest)?;
        self.told = time::iso(time).map(|(told, _)| told).or(self.told);
        self.host = Some(host).filter(|host| host != b"-");
        let rest = rest.trim_ascii_start();
        let rest = match rest.strip_prefix(b"-") {
            Some(rest) => rest,
            None => structured_data(rest)?,
        };
        let message = rest.strip_prefix(b" ").unwrap_or(rest);
        Some(message.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(message))
    }
}

/// Code in a text is indented by no more; what journald indents farther goes on with a message.
const MOST_INDENT: usize = 8;

/// Whether the first `length` bytes stand by themselves.
fn is_apart(text: &[u8], length: usize) -> bool {
    text.get(length).is_none_or(u8::is_ascii_whitespace)
}

/// A word, and what is behind it.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    let length = text
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(text.len());
    (length > 0).then(|| text.split_at(length))
}

/// `ESC [ … m`: colours.
fn escape(text: &[u8]) -> Option<&[u8]> {
    let codes = text.strip_prefix(b"\x1b[")?;
    let length = codes
        .iter()
        .position(|byte| !(byte.is_ascii_digit() || *byte == b';'))?;
    (codes[length] == b'm').then(|| &codes[length + 1..])
}

/// `[pod/web-1/nginx]`, `[nginx][]`
fn bracketed(text: &[u8]) -> Option<&[u8]> {
    let inner = text.strip_prefix(b"[")?;
    let length = memchr::memchr2(b']', b'[', inner)?;
    (inner[length] == b']').then(|| &inner[length + 1..])
}

/// `<187>`
fn priority(text: &[u8]) -> Option<&[u8]> {
    let number = text.strip_prefix(b"<")?;
    let width = number
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let behind = number[width..].strip_prefix(b">")?;
    (1..=3).contains(&width).then_some(behind)
}

/// `stderr F ` (Kubernetes, CRI): whether the line is partial, and what is behind.
pub(super) fn cri(text: &[u8]) -> Option<(bool, &[u8])> {
    let (stream, rest) = token(text)?;
    let (tags, rest) = token(rest)?;
    let is_cri =
        matches!(stream, b"stdout" | b"stderr") && matches!(tags.first(), Some(b'F' | b'P'));
    let is_tag = tags.len() == 1 || tags[1] == b':';
    (is_cri && is_tag).then_some((tags[0] == b'P', rest))
}

/// `nginx-1  | `
fn column(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = token(text)?;
    // An access log may have bars, too, but no name in front of the first.
    let is_name = name.iter().all(is_of_name) && name.iter().any(u8::is_ascii_alphabetic);
    let bar = rest.trim_ascii_start().strip_prefix(b"|")?;
    is_name.then_some(bar)
}

fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/')
}

/// Words that exporters put before a record, and the sign before a quotation.
fn word(text: &[u8]) -> Option<&[u8]> {
    const WORDS: [&[u8]; 13] = [
        b"stdout",
        b"stderr",
        b"ERROR",
        b"WARN",
        b"WARNING",
        b"INFO",
        b"NOTICE",
        b"CRITICAL",
        b"ALERT",
        b"EMERGENCY",
        b"DEBUG",
        b"DEFAULT",
        b">",
    ];
    let (word, rest) = token(text)?;
    WORDS.contains(&word).then_some(rest)
}

/// `nginx: `, `nginx[676]: `, `app[web.1]: `
fn tag(text: &[u8]) -> Option<&[u8]> {
    let (word, rest) = token(text)?;
    let name = word.strip_suffix(b":")?;
    let name = match name.strip_suffix(b"]") {
        Some(name) => &name[..memchr::memchr(b'[', name)?],
        None => name,
    };
    (!name.is_empty() && name.iter().all(is_of_name)).then_some(rest)
}

/// Whether a tag is what NGINX calls itself.
fn program(text: &[u8]) -> bool {
    text.starts_with(b"nginx: ") || text.starts_with(b"freenginx: ") || text.starts_with(b"angie: ")
}

/// `/var/log/nginx/error.log:`, as grep(1) writes, with or without the line's number.
fn file_name(text: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', text)?;
    let name = &text[..colon];
    let is_name = name.iter().all(is_of_name) && memchr::memmem::find(name, b"log").is_some();
    let behind = &text[colon + 1..];
    let width = behind
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let number = behind.get(width) == Some(&b':') && width > 0;
    is_name.then(|| &behind[if number { width + 1 } else { 0 }..])
}

/// `web-7d9f container `, as stern(1) writes: two names, perhaps a time, and nothing else.
fn pod_and_container(text: &[u8]) -> Option<&[u8]> {
    let (pod, rest) = token(text)?;
    let (container, rest) = token(rest)?;
    let is_name = |name: &[u8]| {
        name.iter().all(|byte| is_of_name(byte) && *byte != b'/')
            && name.iter().any(u8::is_ascii_lowercase)
    };
    let is_pod = memchr::memchr(b'-', pod).is_some_and(|at| at > 0);
    let behind = rest.trim_ascii();
    let is_all = behind.is_empty() || time::iso(behind).is_some_and(|(_, end)| end == behind.len());
    (is_pod && is_name(pod) && is_name(container) && is_all).then_some(rest)
}

/// `abr 12 14:13:31`: journalctl(1) writes the month in the language of who calls it.
fn foreign_month(text: &[u8]) -> Option<&[u8]> {
    let (month, rest) = token(text)?;
    let (day, rest) = token(rest)?;
    let rest = rest.strip_prefix(b" ")?;
    let (_, length) = time::time_of_day(rest)?;
    let is_month = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'.' || !byte.is_ascii();
    let is_date = month.iter().all(is_month) && day.iter().all(u8::is_ascii_digit);
    (is_date && day.len() <= 2 && is_apart(rest, length)).then(|| &rest[length..])
}

/// `[id name="value"][…]`; a quote, backslash or bracket in a value stands behind a backslash.
fn structured_data(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    while text.get(at) == Some(&b'[') {
        let mut is_quoted = false;
        loop {
            match text.get(at)? {
                b'\\' if is_quoted => at += 1,
                b'"' => is_quoted = !is_quoted,
                b']' if !is_quoted => break,
                _ => {}
            }
            at += 1;
        }
        at += 1;
    }
    (at > 0).then(|| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Option<Option<String>> {
        let prefix = Prefix::read(text.as_bytes())?;
        let host = prefix.host.map(|host| String::from_utf8(host.to_vec()));
        Some(host.map(Result::unwrap))
    }

    #[test]
    fn envelopes() {
        let web1 = Some("web1".to_owned());
        for (text, expected) in [
            ("", None),
            ("Nov  1 09:15:02 web1 nginx: ", web1.clone()),
            ("Nov 11 09:15:02 web1 nginx[676]: ", web1.clone()),
            ("<187>Nov  1 09:15:02 web1 nginx: ", web1.clone()),
            ("<187>Nov  1 09:15:02 nginx: ", None),
            (
                "2026-11-01T09:15:02.123456+01:00 web1 nginx[1]: ",
                web1.clone(),
            ),
            (
                "2026-11-01T09:15:02+0100 web1 nginx[1]: nginx: ",
                web1.clone(),
            ),
            (
                "<187>1 2026-11-01T09:15:02.1+01:00 web1 nginx 12 - - ",
                web1.clone(),
            ),
            (
                "<187>1 2026-11-01T09:15:02Z web1 nginx - - [a b=\"\\\"]\"][c] \u{feff}",
                web1.clone(),
            ),
            ("<187>1 - - nginx - - - ", None),
            ("web1 nginx[2833]: ", web1.clone()),
            ("2026-11-01T09:15:02.123456789Z ", None),
            ("2026-11-01T09:15:02.123456789Z stderr F ", None),
            ("nginx-1  | ", None),
            ("\u{1b}[36mnginx-1  |\u{1b}[0m ", None),
            ("nginx-1  | 2026-11-01T09:15:02.12Z ", None),
            ("1793524502123\t2026-11-01T09:15:02.123Z\t", None),
            (
                "ERROR 2026-11-01T09:15:02Z [resource.labels.containerName: nginx] ",
                None,
            ),
            ("[nginx][] ", None),
            ("[pod/web-1/nginx] ", None),
            ("2026-11-01T09:15:02+00:00 app[web.1]: ", None),
            ("web-7d9f nginx ", None),
            ("web-7d9f nginx 2026-11-01T10:15:02.5+01:00 ", None),
            ("abr 12 14:13:31 web1 nginx[1]: ", web1.clone()),
            ("/var/log/nginx/error.log:", None),
            ("error.log.1:12:", None),
            ("nginx: ", None),
            ("    ", None),
            ("09:15:02 web.1   | ", None),
        ] {
            assert_eq!(host(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_a_client_chooses_is_no_envelope() {
        for text in [
            "192.0.2.1 - ",
            "192.0.2.1 - user: ",
            "192.0.2.1 - user[1]: ",
            "192.0.2.1 ",
            "user ",
            "2026-11-01T09:15:02Z 192.0.2.1 - ",
            "nginx-1  | 192.0.2.1 - ",
            "192.0.2.1 | ",
            "a sentence in front of ",
            "PHP message: ",
            "                                 ",
        ] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn no_part_of_an_envelope_panics() {
        let text =
            b"<187>1 2026-11-01T09:15:02Z web1 nginx - - [a b=\"\\\"]\"][c] \xEF\xBB\xBFx[1]: |";
        for from in 0..text.len() {
            for to in from..text.len() {
                let _ = Prefix::read(&text[from..to]);
            }
        }
    }
}
