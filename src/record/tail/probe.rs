/// How the tail of a health check begins.
pub(super) const PROBE: &[u8] = b", health check \"";

/// The tail that NGINX Plus writes for a health check (`health_check`, HTTP and stream), for which
/// there is no client.
pub(super) struct Probe<'a> {
    /// The address tried.
    pub(super) peer: &'a [u8],
}

impl<'a> Probe<'a> {
    /// Reads `, health check "name" of peer ADDRESS in upstream "NAME"`, and nothing behind.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let text = text.strip_prefix(PROBE)?.trim_ascii_end();
        let (_, text) = halves(text, b"\" of peer ")?;
        let (peer, upstream) = halves(text, b" in upstream \"")?;
        let is_word = |text: &[u8]| !text.iter().any(|byte| matches!(byte, b' ' | b'"'));
        let is_whole = is_word(peer) && upstream.strip_suffix(b"\"").is_some_and(is_word);
        is_whole.then_some(Self { peer })
    }
}

/// What stands before and behind a text.
fn halves<'a>(text: &'a [u8], between: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, between)?;
    Some((&text[..at], &text[at + between.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_peer() {
        let peer = |text: &str| Probe::read(text.as_bytes()).map(|probe| probe.peer.to_vec());
        let text = ", health check \"\" of peer 192.0.2.1:80 in upstream \"app\"";
        assert_eq!(peer(text).unwrap(), b"192.0.2.1:80");
        for text in [
            ", health check \"a\" of peer 192.0.2.1:80",
            ", health check \"a\" of peer b c in upstream \"app\"",
            ", health check \"a\" of peer 192.0.2.1:80 in upstream \"app\", client: x",
            ", client: x",
        ] {
            assert_eq!(peer(text), None, "{text}");
        }
    }
}
