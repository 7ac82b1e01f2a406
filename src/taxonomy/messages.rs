//! The table of messages: how NGINX begins what it says about an upstream, and what follows from it.
//!
//! Each entry names NGINX's source file (version 1.31.5, and 1.22.1 where the text is older). A
//! message is matched with its errno and its action already taken off.

use std::sync::LazyLock;

use super::class::Class;
use Decision::{
    Always, Bind, Closed, Connect, Exchange, Files, Handshake, Never, Resolve, Setup, Stderr,
    TimedOut,
};
use Form::{Around, Begins, Ends, Named, Whole};

/// What a message that matches stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
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
    /// NGINX's own side of TLS, if it was towards the upstream.
    Setup,
    /// A file, which matters only where it holds an upstream's response.
    Files,
    /// A name look-up failed.
    Resolve,
    /// A FastCGI application wrote to its error stream.
    Stderr,
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

const fn entry(form: Form, decision: Decision, source: &'static str) -> Entry {
    Entry {
        form,
        decision,
        source,
    }
}

const UPSTREAM: &str = "src/http/ngx_http_upstream.c";
const PROXY: &str = "src/http/modules/ngx_http_proxy_module.c";
const FASTCGI: &str = "src/http/modules/ngx_http_fastcgi_module.c";
const GRPC: &str = "src/http/modules/ngx_http_grpc_module.c";
const MEMCACHED: &str = "src/http/modules/ngx_http_memcached_module.c";
const STREAM: &str = "src/stream/ngx_stream_proxy_module.c";
const CONNECT: &str = "src/event/ngx_event_connect.c";
const OPENSSL: &str = "src/event/ngx_event_openssl.c";
const PIPE: &str = "src/event/ngx_event_pipe.c";
const UNIX: &str = "src/os/unix/ngx_recv.c, ngx_send.c, ngx_readv_chain.c, ngx_writev_chain.c";
const FILES: &str = "src/os/unix/ngx_files.c, src/core/ngx_file.c";

/// Entries are tried in order; the first that matches decides.
static MESSAGES: &[Entry] = &[
    // Connecting.
    entry(Whole("connect() failed"), Connect, UPSTREAM),
    entry(Named("connect() to ", " failed", false), Connect, CONNECT),
    entry(
        Whole("kevent() reported that connect() failed"),
        Connect,
        UPSTREAM,
    ),
    entry(Whole("socket() failed"), Connect, CONNECT),
    entry(Around("bind(", ") failed"), Bind, CONNECT),
    entry(
        Around("", " worker_connections are not enough"),
        Connect,
        "src/core/ngx_connection.c",
    ),
    entry(
        Whole("no live upstreams"),
        Always(Class::NoLiveUpstreams),
        UPSTREAM,
    ),
    entry(
        Whole("upstream server temporarily disabled"),
        Always(Class::PeerDisabled),
        "src/http/ngx_http_upstream_round_robin.c",
    ),
    // Looking up names.
    entry(
        Named("service ", " could not be resolved", false),
        Resolve,
        "src/stream/ngx_stream_upstream_zone_module.c",
    ),
    entry(
        Named("", " could not be resolved", false),
        Resolve,
        UPSTREAM,
    ),
    entry(
        Named("no resolver defined to resolve ", "", false),
        Always(Class::ResolverMissing),
        UPSTREAM,
    ),
    // Configuration, at start and at run time.
    entry(
        Named("host not found in upstream \"", "\"", true),
        Always(Class::HostNotFound),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named("no port in upstream \"", "\"", true),
        Always(Class::UpstreamMisconfigured),
        UPSTREAM,
    ),
    entry(
        Named("no host in upstream \"", "\"", true),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named("invalid port in upstream \"", "\"", true),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named("invalid host in upstream \"", "\"", true),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named("invalid port range in upstream \"", "\"", true),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named("invalid IPv6 address in upstream \"", "\"", true),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named(
            "no path in the unix domain socket in upstream \"",
            "\"",
            true,
        ),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Named(
            "too long path in the unix domain socket in upstream \"",
            "\"",
            true,
        ),
        Always(Class::UpstreamMisconfigured),
        "src/core/ngx_inet.c",
    ),
    entry(
        Begins("invalid URL prefix in \""),
        Always(Class::UpstreamMisconfigured),
        PROXY,
    ),
    entry(
        Whole("zero length URI to proxy"),
        Always(Class::UpstreamMisconfigured),
        PROXY,
    ),
    entry(
        Whole("no upstream configuration"),
        Always(Class::UpstreamMisconfigured),
        UPSTREAM,
    ),
    entry(
        Begins("invalid local address \""),
        Always(Class::UpstreamMisconfigured),
        UPSTREAM,
    ),
    entry(
        Whole("the \"$memcached_key\" variable is not set"),
        Always(Class::UpstreamMisconfigured),
        MEMCACHED,
    ),
    // TLS.
    entry(
        Begins("upstream SSL certificate verify error: "),
        Always(Class::TlsCertificateRejected),
        UPSTREAM,
    ),
    entry(
        Begins("upstream SSL certificate does not match \""),
        Always(Class::TlsCertificateRejected),
        UPSTREAM,
    ),
    entry(Begins("SSL_do_handshake() failed"), Handshake, OPENSSL),
    entry(
        Whole("peer closed connection in SSL handshake"),
        Handshake,
        OPENSSL,
    ),
    entry(Whole("handshake rejected"), Handshake, OPENSSL),
    entry(Begins("cannot load certificate "), Setup, OPENSSL),
    entry(Begins("SSL_set_tlsext_host_name(\""), Setup, UPSTREAM),
    entry(Begins("SSL_set_alpn_protos() failed"), Setup, UPSTREAM),
    entry(Begins("SSL_set_session() failed"), Setup, OPENSSL),
    entry(Begins("SSL_new() failed"), Setup, OPENSSL),
    entry(Begins("SSL_set_fd() failed"), Setup, OPENSSL),
    entry(Begins("SSL_use_certificate"), Setup, OPENSSL),
    entry(Begins("SSL_use_PrivateKey"), Setup, OPENSSL),
    // Waiting and talking.
    entry(Whole("upstream timed out"), TimedOut, UPSTREAM),
    entry(Whole("connection timed out"), TimedOut, STREAM),
    entry(
        Whole("upstream prematurely closed connection"),
        Closed,
        UPSTREAM,
    ),
    entry(
        Whole("upstream prematurely closed FastCGI stdout"),
        Closed,
        FASTCGI,
    ),
    entry(
        Whole("upstream prematurely closed FastCGI request"),
        Closed,
        FASTCGI,
    ),
    entry(Whole("upstream prematurely closed stream"), Closed, GRPC),
    entry(
        Whole("kevent() reported that upstream closed connection"),
        Closed,
        PIPE,
    ),
    entry(Whole("recv() failed"), Exchange, UNIX),
    entry(Whole("readv() failed"), Exchange, UNIX),
    entry(Whole("recvmsg() failed"), Exchange, UNIX),
    entry(Whole("send() failed"), Exchange, UNIX),
    entry(
        Whole("sendto() failed"),
        Exchange,
        "src/os/unix/ngx_udp_send.c",
    ),
    entry(
        Whole("sendmsg() failed"),
        Exchange,
        "src/os/unix/ngx_udp_sendmsg_chain.c",
    ),
    entry(Whole("writev() failed"), Exchange, UNIX),
    entry(
        Whole("sendfile() failed"),
        Exchange,
        "src/os/unix/ngx_linux_sendfile_chain.c",
    ),
    entry(
        Begins("kevent() reported about an closed connection"),
        Exchange,
        UNIX,
    ),
    entry(Begins("SSL_read() failed"), Exchange, OPENSSL),
    entry(Begins("SSL_write() failed"), Exchange, OPENSSL),
    // What the upstream said.
    entry(
        Whole("upstream sent too big header"),
        Always(Class::HeaderTooBig),
        UPSTREAM,
    ),
    entry(
        Begins("upstream rejected request with error "),
        Always(Class::RequestRejected),
        GRPC,
    ),
    entry(
        Begins("upstream sent goaway with error "),
        Always(Class::RequestRejected),
        GRPC,
    ),
    entry(
        Begins("upstream sent more data than specified in "),
        Always(Class::ResponseIrregular),
        PIPE,
    ),
    entry(
        Whole("upstream sent data after final chunk"),
        Always(Class::ResponseIrregular),
        PROXY,
    ),
    entry(
        Whole("upstream sent data after trailers"),
        Always(Class::ResponseIrregular),
        PROXY,
    ),
    entry(
        Whole("upstream sent too big early hints"),
        Always(Class::ResponseIrregular),
        UPSTREAM,
    ),
    entry(
        Begins("upstream sent "),
        Always(Class::InvalidResponse),
        UPSTREAM,
    ),
    entry(
        Whole("upstream prematurely sent response"),
        Always(Class::InvalidResponse),
        UPSTREAM,
    ),
    entry(
        Begins("upstream violated "),
        Always(Class::InvalidResponse),
        GRPC,
    ),
    entry(
        Begins("memcached sent invalid "),
        Always(Class::InvalidResponse),
        MEMCACHED,
    ),
    entry(
        Begins("an upstream response is buffered to a temporary file "),
        Always(Class::ResponseBuffered),
        PIPE,
    ),
    entry(Begins("FastCGI sent in stderr: \""), Stderr, FASTCGI),
    // Files that hold a response.
    entry(Begins("open() \""), Files, FILES),
    entry(Begins("mkdir() \""), Files, FILES),
    entry(Begins("write() \""), Files, FILES),
    entry(Begins("writev() \""), Files, FILES),
    entry(Begins("pwrite() \""), Files, FILES),
    entry(Begins("pwritev() \""), Files, FILES),
    entry(Begins("rename() \""), Files, FILES),
    entry(Begins("chmod() \""), Files, FILES),
    // The client went away.
    entry(
        Begins("client prematurely closed connection"),
        Always(Class::ClientAborted),
        UPSTREAM,
    ),
    entry(
        Begins("epoll_wait() reported that client prematurely closed connection"),
        Always(Class::ClientAborted),
        UPSTREAM,
    ),
    entry(
        Begins("kevent() reported that client prematurely closed connection"),
        Always(Class::ClientAborted),
        UPSTREAM,
    ),
    // A name that a client chose, and that is none.
    entry(Ends(" could not be resolved"), Resolve, UPSTREAM),
    // Not about an upstream, although a tail may name one: the request had asked it before, or the
    // client is at fault.
    entry(Begins("client "), Never, "src/http/ngx_http_request_body.c"),
    entry(
        Begins("access forbidden by rule"),
        Never,
        "src/http/modules/ngx_http_access_module.c",
    ),
    entry(
        Begins("limiting "),
        Never,
        "src/http/modules/ngx_http_limit_req_module.c",
    ),
    entry(
        Begins("delaying request"),
        Never,
        "src/http/modules/ngx_http_limit_req_module.c",
    ),
    entry(
        Begins("directory index of \""),
        Never,
        "src/http/modules/ngx_http_autoindex_module.c",
    ),
    entry(
        Begins("rewrite or internal redirection cycle"),
        Never,
        "src/http/ngx_http_core_module.c",
    ),
    entry(
        Begins("subrequests cycle"),
        Never,
        "src/http/ngx_http_core_module.c",
    ),
    entry(Begins("stat() \""), Never, "src/core/ngx_open_file_cache.c"),
    entry(
        Begins("\""),
        Never,
        "src/http/modules/ngx_http_index_module.c",
    ),
    entry(
        Begins("user \""),
        Never,
        "src/http/modules/ngx_http_auth_basic_module.c",
    ),
];

/// The entries that a message can match, by its first byte: almost always a handful.
static BY_FIRST_BYTE: LazyLock<[Vec<&'static Entry>; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let fits = |entry: &&Entry| match entry.form.start().as_bytes().first() {
            Some(&first) => usize::from(first) == byte,
            None => true,
        };
        MESSAGES.iter().filter(fits).collect()
    })
});

/// What a message that NGINX is known to write stands for, and the name it holds.
pub(super) fn find(message: &[u8]) -> Option<(Decision, Option<&[u8]>)> {
    BY_FIRST_BYTE[usize::from(*message.first()?)]
        .iter()
        .find_map(|entry| Some((entry.decision, entry.form.matches(message)?)))
}

/// What a text that begins with a message can stand for, judged by nothing but its first words.
pub(super) fn begins(text: &[u8]) -> Option<Decision> {
    BY_FIRST_BYTE[usize::from(*text.first()?)]
        .iter()
        .find(|entry| {
            let start = entry.form.start();
            !start.is_empty() && text.starts_with(start.as_bytes())
        })
        .map(|entry| entry.decision)
}

impl Form {
    fn start(self) -> &'static str {
        match self {
            Whole(start) | Begins(start) | Named(start, _, _) | Around(start, _) => start,
            Ends(_) => "",
        }
    }

    /// The name in a message of this form; `Some(None)` where it matches and holds none.
    fn matches(self, message: &[u8]) -> Option<Option<&[u8]>> {
        match self {
            Whole(text) => (message == text.as_bytes()).then_some(None),
            Begins(text) => message.starts_with(text.as_bytes()).then_some(None),
            Ends(text) => message.ends_with(text.as_bytes()).then_some(None),
            Around(before, after) => Named(before, after, false).matches(message).map(|_| None),
            Named(before, after, more) => {
                let rest = message.strip_prefix(before.as_bytes())?;
                let name = if more {
                    &rest[..memchr::memmem::find(rest, after.as_bytes())?]
                } else {
                    rest.strip_suffix(after.as_bytes())?
                };
                let is_name =
                    !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'"' | b'\n'));
                // Without a text before it, a name could be any sentence.
                let is_word = !before.is_empty() || !name.contains(&b' ');
                (is_name && is_word).then_some(Some(without_uri(name)))
            }
        }
    }
}

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
                Ends(text) => format!("two words{text}"),
                Named(before, after, _) | Around(before, after) => {
                    format!("{before}192.0.2.1{after}")
                }
            };
            let first = MESSAGES
                .iter()
                .position(|entry| entry.form.matches(example.as_bytes()).is_some());
            assert_eq!(first, Some(at), "{example}");
            assert!(entry.source.starts_with("src/"), "{example}");
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
