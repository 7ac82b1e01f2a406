//! The table of messages: how NGINX begins what it says about an upstream, and what follows from it.
//!
//! Each entry names the source file (NGINX 1.31.5, and older where the text is; other modules by their
//! name). A message is matched with its errno and its action already taken off.

use std::sync::LazyLock;

use super::class::Class;
use Decision::{
    Aborted, Always, Bind, Closed, Connect, Exchange, Files, Handshake, Never, Resolve, Script,
    Stderr, TimedOut, Towards,
};
use Form::{Around, Begins, Counted, Ends, Named, Service, Whole};

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
const UWSGI: &str = "src/http/modules/ngx_http_uwsgi_module.c";
const SCGI: &str = "src/http/modules/ngx_http_scgi_module.c";
const GRPC: &str = "src/http/modules/ngx_http_grpc_module.c, ngx_http_proxy_v2_module.c";
const MEMCACHED: &str = "src/http/modules/ngx_http_memcached_module.c";
const SLICE: &str = "src/http/modules/ngx_http_slice_filter_module.c";
const GUNZIP: &str = "src/http/modules/ngx_http_gunzip_filter_module.c";
const STREAM: &str = "src/stream/ngx_stream_proxy_module.c";
const ZONE: &str = "src/stream/ngx_stream_upstream_zone_module.c";
const MAIL: &str = "src/mail/ngx_mail_proxy_module.c";
const INET: &str = "src/core/ngx_inet.c";
const CONNECT: &str = "src/event/ngx_event_connect.c";
const OPENSSL: &str = "src/event/ngx_event_openssl.c";
const PIPE: &str = "src/event/ngx_event_pipe.c";
const CACHE: &str = "src/http/ngx_http_file_cache.c";
const UNIX: &str = "src/os/unix/ngx_recv.c, ngx_send.c, ngx_readv_chain.c, ngx_writev_chain.c";
const UDP: &str = "src/os/unix/ngx_udp_recv.c, ngx_udp_send.c, ngx_udp_sendmsg_chain.c";
const SENDFILE: &str = "src/os/unix/ngx_linux_sendfile_chain.c";
const WIN32: &str = "src/os/win32/ngx_wsarecv.c, ngx_wsasend.c, ngx_socket.h";
const FILES: &str = "src/os/unix/ngx_files.c, src/core/ngx_file.c";
const WIN32_FILES: &str = "src/os/win32/ngx_files.c";
const REQUEST_BODY: &str = "src/http/ngx_http_request_body.c";
const HTTP2: &str = "src/http/v2/ngx_http_v2.c, src/http/v3/ngx_http_v3_request.c";
const CORE: &str = "src/http/ngx_http_core_module.c";
const CHECK: &str = "nginx_upstream_check_module";
const PROXY_CONNECT: &str = "ngx_http_proxy_connect_module";
const DYNAMIC_SERVERS: &str = "ngx_upstream_dynamic_servers";
const JDOMAIN: &str = "ngx_upstream_jdomain";
const PLUS: &str = "NGINX Plus, health_check";
const LUA: &str = "lua-nginx-module";
const NJS: &str = "njs";
const MODSECURITY: &str = "ModSecurity-nginx";

const MISCONFIGURED: Decision = Always(Class::UpstreamMisconfigured);
const SETUP: Decision = Towards(Class::TlsSetupFailed);
const INVALID: Decision = Always(Class::InvalidResponse);

/// Entries are tried in order; the first that matches decides.
#[rustfmt::skip]
static MESSAGES: &[Entry] = &[
    // Connecting.
    entry(Whole("connect() failed"), Connect, UPSTREAM),
    entry(Named("connect() to ", " failed", false), Connect, CONNECT),
    entry(Whole("kevent() reported that connect() failed"), Connect, UPSTREAM),
    entry(Whole("socket() failed"), Connect, CONNECT),
    entry(Whole("WSASocketW() failed"), Connect, WIN32),
    entry(Whole("ioctl(FIONBIO) failed"), Connect, CONNECT),
    entry(Whole("fcntl(O_NONBLOCK) failed"), Connect, CONNECT),
    entry(Whole("ioctlsocket(FIONBIO) failed"), Connect, WIN32),
    entry(Around("bind(", ") failed"), Bind, CONNECT),
    entry(Counted(" worker_connections are not enough"), Connect, "src/core/ngx_connection.c"),
    entry(Whole("no live upstreams"), Always(Class::NoLiveUpstreams), UPSTREAM),
    entry(Whole("upstream server temporarily disabled"), Always(Class::PeerDisabled),
        "src/http/ngx_http_upstream_round_robin.c"),
    entry(Begins("peer is unhealthy"), Always(Class::PeerDisabled), PLUS),
    entry(Begins("peer is healthy"), Never, PLUS),
    entry(Named("check protocol http error with peer: ", "", false), INVALID, CHECK),
    entry(Named("check protocol fastcgi error with peer: ", "", false), INVALID, CHECK),
    entry(Named("http parse status line error with peer: ", "", false), INVALID, CHECK),
    entry(Named("check time out with peer: ", "", false), Always(Class::ResponseTimeout), CHECK),
    entry(Named("disable check peer: ", "", false), Always(Class::PeerDisabled), CHECK),
    entry(Named("enable check peer: ", "", false), Never, CHECK),
    entry(Named("proxy_connect: upstream connect timed out (peer:", ")", false), TimedOut, PROXY_CONNECT),
    entry(Whole("proxy_connect: connection error"), Towards(Class::ConnectFailed), PROXY_CONNECT),
    entry(Begins("proxy_connect: client "), Never, PROXY_CONNECT),
    // What an option of the socket could not be set to is left as it was.
    entry(Around("setsockopt(", " failed, ignored"), Never, CONNECT),
    entry(Begins("setsockopt(TCP_NODELAY) failed"), Exchange, "src/core/ngx_connection.c"),
    entry(Begins("setsockopt(TCP_CORK) failed"), Exchange, SENDFILE),
    entry(Begins("setsockopt(!TCP_CORK) failed"), Exchange, UPSTREAM),
    entry(Begins("setsockopt(TCP_NOPUSH) failed"), Exchange, "src/os/unix/ngx_freebsd_sendfile_chain.c"),
    entry(Begins("setsockopt(!TCP_NOPUSH) failed"), Exchange, UPSTREAM),
    entry(Begins("setsockopt("), Towards(Class::ConnectFailed), CONNECT),
    entry(Whole("could not enable transparent proxying for IPv6 on this platform"),
        Towards(Class::ConnectFailed), CONNECT),
    entry(Begins("close() socket"), Never, CONNECT),
    entry(Begins("closesocket() "), Never, WIN32),
    entry(Whole("shutdown() failed"), Never, STREAM),
    // Looking up names.
    entry(Named("upstream-dynamic-servers: '", "' could not be resolved", false), Resolve, DYNAMIC_SERVERS),
    entry(Service(" could not be resolved"), Resolve, ZONE),
    entry(Named("ngx_http_upstream_jdomain_module: resolver failed, \"", "\"", false), Resolve, JDOMAIN),
    entry(Named("", " could not be resolved", false), Resolve, UPSTREAM),
    entry(Whole("could not be resolved"), Resolve, UPSTREAM),
    entry(Named("no resolver defined to resolve ", "", false), Resolve, UPSTREAM),
    // Configuration, at start and at run time.
    entry(Named("host not found in upstream \"", "\"", true), Always(Class::HostNotFound), INET),
    entry(Begins("host not found in upstream"), Always(Class::HostNotFound), INET),
    entry(Named("no port in upstream \"", "\"", true), MISCONFIGURED, UPSTREAM),
    entry(Named("no host in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("invalid port in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("invalid host in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("invalid port range in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("invalid IPv6 address in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("no path in the unix domain socket in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("too long path in the unix domain socket in upstream \"", "\"", true), MISCONFIGURED, INET),
    entry(Named("the INET6 sockets are not supported on this platform in upstream \"", "\"", true),
        MISCONFIGURED, INET),
    entry(Named("the unix domain sockets are not supported on this platform in upstream \"", "\"", true),
        MISCONFIGURED, INET),
    entry(Begins("invalid URL prefix"), MISCONFIGURED, PROXY),
    entry(Whole("zero length URI to proxy"), MISCONFIGURED, PROXY),
    entry(Whole("no upstream configuration"), MISCONFIGURED, UPSTREAM),
    entry(Begins("no servers are inside upstream"), MISCONFIGURED, "src/http/ngx_http_upstream_round_robin.c"),
    entry(Begins("invalid local address \""), MISCONFIGURED, UPSTREAM),
    entry(Around("cache \"", "\" not found"), MISCONFIGURED, UPSTREAM),
    entry(Around("thread pool \"", "\" not found"), Towards(Class::UpstreamMisconfigured), UPSTREAM),
    entry(Begins("proxy_buffer_size "), MISCONFIGURED, UPSTREAM),
    entry(Begins("fastcgi_buffer_size "), MISCONFIGURED, UPSTREAM),
    entry(Begins("uwsgi_buffer_size "), MISCONFIGURED, UPSTREAM),
    entry(Begins("scgi_buffer_size "), MISCONFIGURED, UPSTREAM),
    entry(Around("cannot add new server to upstream \"", "\", memory exhausted"), MISCONFIGURED, ZONE),
    entry(Whole("the \"$memcached_key\" variable is not set"), MISCONFIGURED, MEMCACHED),
    entry(Whole("grpcs protocol requires SSL support"), MISCONFIGURED, GRPC),
    entry(Whole("suwsgi protocol requires SSL support"), MISCONFIGURED, UWSGI),
    entry(Whole("https protocol requires SSL support"), MISCONFIGURED, PROXY),
    entry(Whole("no password available"), Towards(Class::UpstreamMisconfigured), MAIL),
    // The request does not fit into the upstream's protocol.
    entry(Begins("fastcgi request record is too big: "), MISCONFIGURED, FASTCGI),
    entry(Whole("fastcgi request length mismatch"), MISCONFIGURED, FASTCGI),
    entry(Whole("scgi request length mismatch"), MISCONFIGURED, SCGI),
    entry(Begins("uwsgi request is too "), MISCONFIGURED, UWSGI),
    entry(Whole("uwsgi request length mismatch"), MISCONFIGURED, UWSGI),
    entry(Begins("too long http2 "), MISCONFIGURED, GRPC),
    entry(Whole("no buffer space in grpc create request"), MISCONFIGURED, GRPC),
    entry(Whole("no buffer space in HTTP/2 create request"), MISCONFIGURED, GRPC),
    // TLS.
    entry(Begins("upstream SSL certificate verify error: "), Always(Class::TlsCertificateRejected), UPSTREAM),
    entry(Begins("upstream SSL certificate does not match \""), Always(Class::TlsCertificateRejected), UPSTREAM),
    entry(Begins("SSL_do_handshake() failed"), Handshake, OPENSSL),
    entry(Whole("peer closed connection in SSL handshake"), Handshake, OPENSSL),
    entry(Whole("handshake rejected"), Handshake, OPENSSL),
    entry(Begins("cannot load certificate "), SETUP, OPENSSL),
    entry(Begins("SSL_set_tlsext_host_name(\""), SETUP, UPSTREAM),
    entry(Begins("SSL_set_alpn_protos() failed"), SETUP, UPSTREAM),
    entry(Begins("SSL_set_session() failed"), SETUP, OPENSSL),
    entry(Begins("SSL_new() failed"), SETUP, OPENSSL),
    entry(Begins("SSL_set_fd() failed"), SETUP, OPENSSL),
    entry(Begins("SSL_use_certificate"), SETUP, OPENSSL),
    entry(Begins("SSL_use_PrivateKey"), SETUP, OPENSSL),
    // Waiting and talking.
    entry(Whole("upstream timed out"), TimedOut, UPSTREAM),
    entry(Whole("connection timed out"), TimedOut, STREAM),
    entry(Whole("upstream prematurely closed connection"), Closed, UPSTREAM),
    entry(Whole("upstream prematurely closed FastCGI stdout"), Closed, FASTCGI),
    entry(Whole("upstream prematurely closed FastCGI request"), Closed, FASTCGI),
    entry(Whole("upstream prematurely closed stream"), Closed, GRPC),
    entry(Whole("upstream closed prematurely connection"), Closed, "src/http/ngx_http_upstream.c before 0.6.22"),
    entry(Whole("kevent() reported that upstream closed connection"), Closed, PIPE),
    entry(Begins("recv() "), Exchange, UNIX),
    entry(Begins("readv() failed"), Exchange, UNIX),
    entry(Begins("recvmsg() failed"), Exchange, UDP),
    entry(Begins("recvfrom() failed"), Exchange, UDP),
    entry(Begins("send() "), Exchange, UNIX),
    entry(Begins("sendto() "), Exchange, UDP),
    entry(Begins("sendmsg() "), Exchange, UDP),
    entry(Whole("writev() failed"), Exchange, UNIX),
    entry(Begins("sendfile() "), Exchange, SENDFILE),
    entry(Begins("sendfilev() "), Exchange, "src/os/unix/ngx_solaris_sendfilev_chain.c"),
    entry(Whole("ioctl(FIONREAD) failed"), Exchange, UNIX),
    entry(Begins("kevent() reported about an closed connection"), Exchange, UNIX),
    entry(Begins("WSARecv() failed"), Exchange, WIN32),
    entry(Begins("WSASend() failed"), Exchange, WIN32),
    entry(Begins("bad buf in output chain "), Exchange, UNIX),
    entry(Begins("file buf in writev "), Exchange, UNIX),
    entry(Begins("SSL_read() failed"), Exchange, OPENSSL),
    entry(Begins("SSL_write() failed"), Exchange, OPENSSL),
    entry(Begins("SSL_read_early_data() failed"), Exchange, OPENSSL),
    entry(Begins("SSL_write_early_data() failed"), Exchange, OPENSSL),
    entry(Begins("SSL_sendfile() failed"), Exchange, OPENSSL),
    entry(Begins("SSL_shutdown() failed"), Exchange, OPENSSL),
    entry(Whole("could not send PROXY protocol header at once"), Towards(Class::SendFailed), STREAM),
    entry(Whole("no connection data found for keepalive http2 connection"), Towards(Class::SendFailed), GRPC),
    // The session with the peer before has failed, which was said; only another is not tried.
    entry(Whole("buffered data on next upstream"), Never, STREAM),
    // What the upstream said.
    entry(Whole("upstream sent too big header"), Always(Class::HeaderTooBig), UPSTREAM),
    entry(Begins("upstream rejected request with error "), Always(Class::RequestRejected), GRPC),
    entry(Begins("upstream sent goaway with error "), Always(Class::RequestRejected), GRPC),
    entry(Begins("upstream sent more data than specified in "), Always(Class::ResponseIrregular), PIPE),
    entry(Whole("upstream sent data after final chunk"), Always(Class::ResponseIrregular), PROXY),
    entry(Whole("upstream sent data after trailers"), Always(Class::ResponseIrregular), PROXY),
    entry(Whole("upstream sent too big early hints"), Always(Class::ResponseIrregular), UPSTREAM),
    entry(Begins("upstream sent "), INVALID, UPSTREAM),
    entry(Whole("upstream prematurely sent response"), INVALID, UPSTREAM),
    entry(Begins("upstream violated "), INVALID, GRPC),
    entry(Begins("memcached sent invalid "), INVALID, MEMCACHED),
    entry(Whole("connection upgrade in subrequest"), INVALID, UPSTREAM),
    entry(Whole("invalid header after joining FastCGI records"), INVALID, FASTCGI),
    entry(Around("unsafe URI \"", "\" was detected"), Towards(Class::InvalidResponse), "src/http/ngx_http_parse.c"),
    entry(Begins("inflate() failed"), Towards(Class::InvalidResponse), GUNZIP),
    entry(Whole("etag mismatch in slice response"), INVALID, SLICE),
    entry(Whole("invalid range in slice response"), INVALID, SLICE),
    entry(Whole("no complete length in slice response"), INVALID, SLICE),
    entry(Around("unexpected status code ", " in slice response"), INVALID, SLICE),
    entry(Whole("missing slice response"), INVALID, SLICE),
    entry(Begins("unexpected range in slice response: "), INVALID, SLICE),
    entry(Begins("an upstream response is buffered to a temporary file "), Always(Class::ResponseBuffered), PIPE),
    entry(Begins("upstream response is buffered to a temporary file "), Always(Class::ResponseBuffered), PIPE),
    entry(Begins("FastCGI sent in stderr: \""), Stderr, FASTCGI),
    // The rest of a record whose beginning is lost.
    entry(Begins("PHP message: "), Stderr, FASTCGI),
    entry(Begins("key: \""), Never, MEMCACHED),
    // Files that hold a response.
    entry(Begins("open() "), Files, FILES),
    entry(Begins("openat() \""), Files, FILES),
    entry(Begins("mkdir() \""), Files, FILES),
    entry(Begins("read() "), Files, FILES),
    entry(Begins("pread() "), Files, FILES),
    entry(Begins("write() \""), Files, FILES),
    entry(Begins("writev() \""), Files, FILES),
    entry(Begins("pwrite() \""), Files, FILES),
    entry(Begins("pwritev() \""), Files, FILES),
    entry(Begins("rename() \""), Files, FILES),
    entry(Begins("chmod() \""), Files, FILES),
    entry(Begins("unlink() \""), Files, UPSTREAM),
    entry(Begins("fstat() \""), Files, FILES),
    entry(Begins("utimes() \""), Files, FILES),
    entry(Begins("CreateFile() \""), Files, WIN32_FILES),
    entry(Begins("ReadFile() \""), Files, WIN32_FILES),
    entry(Begins("WriteFile() \""), Files, WIN32_FILES),
    entry(Begins("MoveFile() \""), Files, WIN32_FILES),
    entry(Begins("DeleteFile() \""), Files, WIN32_FILES),
    entry(Begins("invalid thread call, "), Files, FILES),
    entry(Begins("cache file \""), Files, CACHE),
    // NGINX's own disks and threads are slow, or its buffers are in disorder.
    entry(Begins("thread operation took too long"), Never, UPSTREAM),
    entry(Whole("recycled buffer in pipe out chain"), Never, PIPE),
    entry(Begins("pcre_exec() failed"), Never, FASTCGI),
    entry(Begins("pcre2_match() failed"), Never, FASTCGI),
    // The client went away.
    entry(Begins("client prematurely closed connection, so upstream connection is closed too"),
        Aborted, UPSTREAM),
    entry(Begins("client prematurely closed connection"), Aborted, UPSTREAM),
    entry(Begins("epoll_wait() reported that client prematurely closed connection"), Aborted, UPSTREAM),
    entry(Begins("kevent() reported that client prematurely closed connection"), Aborted, UPSTREAM),
    entry(Begins("client prematurely closed stream"), Aborted, HTTP2),
    entry(Begins("client canceled stream "), Aborted, HTTP2),
    entry(Begins("client terminated stream "), Aborted, HTTP2),
    // A name that a client chose, and that is none.
    entry(Ends(" could not be resolved"), Resolve, UPSTREAM),
    // Not about an upstream, although a tail may name one: the request had asked it before, or the
    // client is at fault.
    entry(Begins("client "), Never, REQUEST_BODY),
    entry(Whole("proxied session done"), Never, MAIL),
    entry(Whole("shutdown timeout"), Never, STREAM),
    entry(Whole("disconnected on shutdown"), Never, STREAM),
    entry(Begins("upstream disconnected, "), Never, STREAM),
    entry(Begins("udp "), Never, STREAM),
    entry(Begins("proxy "), Never, STREAM),
    entry(Begins("auth request unexpected status: "), Never, "src/http/modules/ngx_http_auth_request_module.c"),
    entry(Begins("too big subrequest response: "), Never, "src/http/ngx_http_postpone_filter_module.c"),
    entry(Begins("access forbidden by rule"), Never, "src/http/modules/ngx_http_access_module.c"),
    entry(Begins("limiting "), Never, "src/http/modules/ngx_http_limit_req_module.c"),
    entry(Begins("delaying request"), Never, "src/http/modules/ngx_http_limit_req_module.c"),
    entry(Begins("directory index of \""), Never, "src/http/modules/ngx_http_autoindex_module.c"),
    entry(Begins("could not find named location \""), Never, CORE),
    entry(Begins("rewrite or internal redirection cycle"), Never, CORE),
    entry(Begins("subrequests cycle"), Never, CORE),
    entry(Begins("write() to \""), Never, "src/http/modules/ngx_http_log_module.c"),
    entry(Begins("stat() \""), Never, "src/core/ngx_open_file_cache.c"),
    entry(Begins("\""), Never, "src/http/modules/ngx_http_index_module.c"),
    entry(Begins("user \""), Never, "src/http/modules/ngx_http_auth_basic_module.c"),
    // What other programs log through NGINX.
    entry(Begins("[lua] "), Script, LUA),
    entry(Begins("lua "), Script, LUA),
    entry(Begins("js: "), Script, NJS),
    entry(Begins("[client "), Never, MODSECURITY),
    entry(Begins("ModSecurity: "), Never, MODSECURITY),
];

/// The entries that a message can match, by its first byte: almost always a handful.
static BY_FIRST_BYTE: LazyLock<[Vec<Start>; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let fits = |entry: &&Entry| match entry.form.start().as_bytes().first() {
            Some(&first) => usize::from(first) == byte,
            None => true,
        };
        MESSAGES.iter().filter(fits).map(Start::of).collect()
    })
});

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

/// The entries that a text may match.
fn starts(text: &[u8]) -> impl Iterator<Item = &'static Entry> {
    let eight = eight(text);
    let starts = text
        .first()
        .map_or(&[][..], |&first| &BY_FIRST_BYTE[usize::from(first)]);
    starts
        .iter()
        .filter(move |start| start.may_be(eight))
        .map(|start| start.entry)
}

/// What a message that NGINX is known to write stands for, and the name it holds.
pub(super) fn find(message: &[u8]) -> Option<(Decision, Option<&[u8]>)> {
    starts(message).find_map(|entry| Some((entry.decision, entry.form.matches(message)?)))
}

/// What a text that begins with a message can stand for, judged by nothing but its first words; those
/// of which more is known to follow do not rule it out.
#[inline]
pub(super) fn begins(text: &[u8]) -> Option<Decision> {
    let is_known =
        |entry: &&Entry| !matches!(entry.decision, Never) || matches!(entry.form, Begins(_));
    let begins = |entry: &&Entry| {
        let start = entry.form.start();
        !start.is_empty() && text.starts_with(start.as_bytes())
    };
    let entry = starts(text).filter(is_known).find(begins)?;
    Some(entry.decision)
}

/// What a text stands for that was cut within the first words of a message, if these are enough to tell.
pub(super) fn cut(text: &[u8]) -> Option<Decision> {
    if !(TELLING..=LONGEST).contains(&text.len()) {
        return None;
    }
    let mut begun = BY_FIRST_BYTE[usize::from(text[0])]
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
pub(super) const LONGEST: usize = 96;

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
