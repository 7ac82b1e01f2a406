//! The fields of the context, from the left, in NGINX's order.

use regex::bytes::Regex;

patterns! {
    HTTP_END = r#" HTTP/\d+\.\d+ *("(?:, |\r?\n|$))"#;
    CLIENT = "^, (?:udp )?client: (.*?)(?: using starttls)?(?:, |,?\r?\n|,?$)";
    SERVER = ", server: (.*?)(?:, |,?\r?\n|,?$)";
    BEFORE_SUBREQUEST = r#"("(?:, subrequest: "|, upstream: |, host: "|, referrer: "|, bytes from/to |\r?\n|$))"#;
    BEFORE_UPSTREAM = r#"("(?:, upstream: |, host: "|, referrer: "|, bytes from/to |\r?\n|$))"#;
    BEFORE_HOST = r#"("(?:, host: "|, referrer: "|, bytes from/to |\r?\n|$))"#;
    BEFORE_REFERRER = r#"("(?:, referrer: "|\r?\n|$))"#;
    CUT_AFTER = r#"(",[a-z/ :]*$)"#;
    LINE_END = "(\"?\r?(?:\n|$))";
}

/// The context, in NGINX's order.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) client: Option<&'a [u8]>,
    pub(super) server: Option<&'a [u8]>,
    pub(super) request: Option<&'a [u8]>,
    pub(super) has_subrequest: bool,
    pub(super) upstream: Option<&'a [u8]>,
    /// Whether the end of `upstream` is there.
    pub(super) upstream_whole: bool,
    pub(super) host: Option<&'a [u8]>,
    pub(super) referrer: Option<&'a [u8]>,
}

pub(super) fn fields(context: &[u8]) -> Fields<'_> {
    let client = CLIENT
        .captures(context)
        .map(|c| c.get(1).unwrap().as_bytes())
        .filter(|client| !client.is_empty());
    let mut found = Fields {
        client,
        ..Fields::default()
    };
    // Nothing a client sends stands before `server:`, so the first one is NGINX's.
    let Some(server) = SERVER.captures(context) else {
        return found;
    };
    let server = server.get(1).unwrap();
    let is_cut = server.end() == context.trim_ascii_end().len() + 1; // behind the space of `server: `
    found.server = Some(server.as_bytes()).filter(|name| !name.is_empty() || !is_cut);
    let mut rest = &context[server.end()..];
    found.request = quoted(
        &mut rest,
        b", request: \"",
        &[&HTTP_END, &BEFORE_SUBREQUEST],
    )
    .map(|(value, _)| value);
    quoted(&mut rest, b", URL: \"", &[&BEFORE_SUBREQUEST]); // NGINX before 0.8
    found.has_subrequest = rest.starts_with(b", subrequest: ");
    quoted(&mut rest, b", subrequest: \"", &[&BEFORE_UPSTREAM]);
    quoted(&mut rest, b", login: \"", &[&BEFORE_UPSTREAM]);
    if let Some((value, whole)) = quoted(&mut rest, b", upstream: \"", &[&BEFORE_HOST]) {
        (found.upstream, found.upstream_whole) = (Some(value), whole);
    } else if let Some(value @ [_, ..]) = rest.strip_prefix(b", upstream: ") {
        let end = LINE_END.find(value).map_or(value.len(), |end| end.start()); // mail: no quotes, always last
        (found.upstream, found.upstream_whole) = (Some(&value[..end]), true);
    }
    found.host = quoted(&mut rest, b", host: \"", &[&BEFORE_REFERRER]).map(|(value, _)| value);
    found.referrer = quoted(&mut rest, b", referrer: \"", &[&LINE_END]).map(|(value, _)| value);
    found
}

/// Takes `name` and its value off the front of `rest`. The value ends where the first of `ends` that matches says; in a
/// cut record also where the name of the next field breaks off, or with the record. The flag says whether it did end.
fn quoted<'a>(rest: &mut &'a [u8], name: &[u8], ends: &[&Regex]) -> Option<(&'a [u8], bool)> {
    let value = rest.strip_prefix(name)?;
    for end in ends.iter().copied().chain([&*CUT_AFTER]) {
        if let Some(found) = end.captures(value) {
            let quote = found.get(1).unwrap().start();
            if quote == value.len() && value.is_empty() {
                break; // cut before the value
            }
            *rest = value[quote..].strip_prefix(b"\"").unwrap_or_default();
            return Some((&value[..quote], true));
        }
    }
    *rest = b"";
    (!value.is_empty()).then_some((value, false))
}
