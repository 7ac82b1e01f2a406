//! The table of messages. Each entry names the source file (NGINX 1.31.5, and older where the text is; other modules by
//! their name).

use super::super::class::Class;
use super::Decision::{
    self, Aborted, Always, Bind, Closed, Connect, Exchange, Files, Handshake, Never, Resolve,
    Script, Stderr, TimedOut, Towards,
};
use super::Entry;
use super::Form::{self, Around, Begins, Counted, Ends, Named, Service, Whole};

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
pub(super) static MESSAGES: &[Entry] = &[
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
