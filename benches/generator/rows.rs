//! What NGINX writes: the texts of the records, how often each comes up, and which protocols it fits.

// Protocols, one bit each.
pub(super) const HTTP: u16 = 1;
pub(super) const HTTPS: u16 = 2;
pub(super) const HTTP_UNIX: u16 = 4;
pub(super) const FASTCGI: u16 = 8;
pub(super) const PHP: u16 = 16;
pub(super) const UWSGI: u16 = 32;
pub(super) const GRPC: u16 = 64;
pub(super) const MEMCACHED: u16 = 128;
pub(super) const STREAM: u16 = 256;
pub(super) const UDP: u16 = 512;
pub(super) const MAIL: u16 = 1024;
pub(super) const UNIX: u16 = HTTP_UNIX | PHP | UWSGI;
pub(super) const PLAIN: u16 = HTTP | FASTCGI | GRPC | MEMCACHED;
pub(super) const TCP: u16 = PLAIN | HTTPS;
pub(super) const WEB: u16 = TCP | UNIX;
pub(super) const URI: u16 = HTTP | HTTPS | HTTP_UNIX;
pub(super) const STDERR: u16 = FASTCGI | PHP;
pub(super) const PROXY: u16 = HTTP | HTTPS | HTTP_UNIX;
pub(super) const ANY: u16 = WEB | STREAM;

/// What stands in the `upstream:` field, and what the pool is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// The peer.
    Peer,
    /// The peer after it was released: a unix socket without the `:` behind it (`src/http/ngx_http_upstream.c:4626`).
    Released,
    /// The pool's own name.
    Pool,
    /// No field; the message tells the host.
    Host,
    /// No field and no connection; the message tells host and port.
    Start,
    /// No field, a request only.
    Request,
    /// No field; the message tells the pool.
    Named,
    /// No request: a handshake with a client.
    Handshake,
    /// A connection number and no context.
    Connection,
    /// Nothing but the process.
    Process,
}

/// Class, level, weight, protocols, upstream field, text. `{…}` is filled in, see [`Part`](super::shapes::Part).
pub(super) type Row = (&'static str, &'static str, u32, u16, At, &'static str);

#[rustfmt::skip]
pub(super) const EVENTS: &[Row] = &[
    ("connect_refused", "error", 600, PLAIN | HTTPS | STREAM | MAIL, At::Peer, "connect() failed (111: Connection refused) while connecting to upstream"),
    ("connect_refused", "error", 500, UNIX, At::Peer, "connect() to {peer} failed (111: Connection refused) while connecting to upstream"),
    ("connect_timeout", "error", 200, ANY, At::Released, "upstream timed out (110: Connection timed out) while connecting to upstream"),
    ("connect_timeout", "error", 10, TCP, At::Peer, "connect() failed (110: Connection timed out) while connecting to upstream"),
    ("connect_unreachable", "error", 40, TCP | STREAM, At::Peer, "connect() failed (113: No route to host) while connecting to upstream"),
    ("connect_unreachable", "error", 10, TCP, At::Peer, "connect() to {peer} failed (101: Network is unreachable) while connecting to upstream"),
    ("connect_denied", "crit", 60, UNIX, At::Peer, "connect() to {peer} failed (13: Permission denied) while connecting to upstream"),
    ("connect_denied", "crit", 20, TCP, At::Peer, "connect() to {peer} failed (13: Permission denied) while connecting to upstream"),
    ("connect_failed", "crit", 10, UNIX, At::Peer, "connect() to {peer} failed (91: Protocol wrong type for socket) while connecting to upstream"),
    ("connect_failed", "crit", 5, TCP, At::Peer, "connect() to {peer} failed (22: Invalid argument) while connecting to upstream"),
    ("socket_missing", "crit", 150, UNIX, At::Peer, "connect() to {peer} failed (2: No such file or directory) while connecting to upstream"),
    ("backlog_full", "error", 250, UNIX, At::Peer, "connect() to {peer} failed (11: Resource temporarily unavailable) while connecting to upstream"),
    ("ports_exhausted", "crit", 40, TCP, At::Peer, "connect() to {peer} failed (99: Cannot assign requested address) while connecting to upstream"),
    ("ports_exhausted", "crit", 5, TCP, At::Peer, "bind(10.20.0.5) failed (99: Cannot assign requested address) while connecting to upstream"),
    ("files_exhausted", "alert", 20, WEB, At::Peer, "socket() failed (24: Too many open files) while connecting to upstream"),
    ("connections_exhausted", "alert", 30, WEB | STREAM, At::Peer, "1024 worker_connections are not enough while connecting to upstream"),
    ("temp_file_failed", "crit", 15, WEB, At::Peer, "pwrite() \"/var/cache/nginx/proxy_temp/{temp}\" failed (28: No space left on device) while reading upstream"),
    ("temp_file_failed", "crit", 15, WEB, At::Peer, "open() \"/var/cache/nginx/proxy_temp/{temp}\" failed (13: Permission denied) while reading upstream"),
    ("resolve_failed", "error", 60, PROXY, At::Host, "{host} could not be resolved (3: Host not found)"),
    ("resolve_failed", "error", 15, PROXY, At::Host, "{host} could not be resolved (2: Server failure)"),
    ("resolve_timeout", "error", 25, PROXY, At::Host, "{host} could not be resolved (110: Operation timed out)"),
    ("resolver_missing", "error", 15, PROXY, At::Host, "no resolver defined to resolve {host}"),
    ("host_not_found", "emerg", 4, PROXY, At::Start, "host not found in upstream \"{host}:8080\" in /etc/nginx/conf.d/upstreams.conf:{number}"),
    ("upstream_misconfigured", "error", 8, PROXY, At::Named, "no port in upstream \"{pool}\""),
    ("upstream_misconfigured", "error", 5, PROXY, At::Request, "invalid URL prefix in \"{pool}\""),
    ("no_live_upstreams", "error", 300, WEB | STREAM, At::Pool, "no live upstreams while connecting to upstream"),
    ("peer_disabled", "warn", 60, WEB | STREAM, At::Peer, "upstream server temporarily disabled while connecting to upstream"),
    ("peer_disabled", "warn", 40, WEB, At::Peer, "upstream server temporarily disabled while reading response header from upstream"),
    ("tls_setup_failed", "error", 8, HTTPS, At::Peer, "cannot load certificate \"/etc/nginx/certs/{pool}.pem\": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(/etc/nginx/certs/{pool}.pem, r) error:10000080:BIO routines::no such file) while connecting to upstream"),
    ("tls_handshake_failed", "crit", 25, HTTPS, At::Peer, "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::ssl/tls alert handshake failure:SSL alert number 40) while SSL handshaking to upstream"),
    ("tls_handshake_failed", "error", 25, HTTPS, At::Peer, "peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking to upstream"),
    ("tls_handshake_failed", "error", 10, HTTPS, At::Peer, "peer closed connection in SSL handshake while SSL handshaking to upstream"),
    ("tls_handshake_timeout", "error", 20, HTTPS, At::Released, "upstream timed out (110: Connection timed out) while SSL handshaking to upstream"),
    ("tls_certificate_rejected", "error", 25, HTTPS, At::Peer, "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream"),
    ("tls_certificate_rejected", "error", 10, HTTPS, At::Peer, "upstream SSL certificate does not match \"{host}\" while SSL handshaking to upstream"),
    ("send_timeout", "error", 30, WEB, At::Released, "upstream timed out (110: Connection timed out) while sending request to upstream"),
    ("send_failed", "error", 40, TCP, At::Peer, "writev() failed (32: Broken pipe) while sending request to upstream"),
    ("send_failed", "error", 20, WEB, At::Peer, "writev() failed (104: Connection reset by peer) while sending request to upstream"),
    ("send_failed", "error", 10, HTTPS, At::Peer, "SSL_write() failed (32: Broken pipe) while sending request to upstream"),
    ("response_timeout", "error", 900, WEB, At::Released, "upstream timed out (110: Connection timed out) while reading response header from upstream"),
    ("response_reset", "error", 250, WEB, At::Peer, "recv() failed (104: Connection reset by peer) while reading response header from upstream"),
    ("response_closed", "error", 300, TCP | HTTP_UNIX | UWSGI, At::Peer, "upstream prematurely closed connection while reading response header from upstream"),
    ("response_closed", "error", 40, STDERR, At::Peer, "upstream prematurely closed FastCGI stdout while reading response header from upstream"),
    ("header_too_big", "error", 50, WEB, At::Peer, "upstream sent too big header while reading response header from upstream"),
    ("invalid_response", "error", 25, PROXY, At::Peer, "upstream sent invalid header: \"X-Trace \\x20...\" while reading response header from upstream"),
    ("invalid_response", "error", 25, PROXY, At::Peer, "upstream sent invalid chunked response while reading upstream"),
    ("invalid_response", "error", 10, PROXY, At::Peer, "upstream sent duplicate header line: \"Content-Length: {number}\", previous value: \"Content-Length: {number}\" while reading response header from upstream"),
    ("invalid_response", "error", 10, STDERR, At::Peer, "upstream sent unsupported FastCGI protocol version: 72 while reading response header from upstream"),
    ("invalid_response", "error", 10, GRPC, At::Peer, "upstream sent too large http2 frame: 4740180 while reading response header from upstream"),
    ("invalid_response", "error", 10, MEMCACHED, At::Peer, "memcached sent invalid response: \"ERROR\" while reading response header from upstream"),
    ("request_rejected", "error", 60, GRPC, At::Peer, "upstream rejected request with error 7 while reading response header from upstream"),
    ("request_rejected", "error", 20, GRPC, At::Peer, "upstream sent goaway with error 1 while reading response header from upstream"),
    ("body_timeout", "error", 60, WEB, At::Peer, "upstream timed out (110: Connection timed out) while reading upstream"),
    ("body_reset", "error", 60, WEB, At::Peer, "readv() failed (104: Connection reset by peer) while reading upstream"),
    ("body_reset", "error", 30, MAIL, At::Peer, "recv() failed (104: Connection reset by peer) while reading response from upstream"),
    ("body_truncated", "error", 80, WEB, At::Peer, "upstream prematurely closed connection while reading upstream"),
    ("response_irregular", "warn", 25, PROXY, At::Peer, "upstream sent more data than specified in \"Content-Length\" header while reading upstream"),
    ("response_irregular", "warn", 15, PROXY, At::Peer, "upstream sent duplicate header line: \"Expires: Thu, 01 Jan 1970 00:00:01 GMT\", previous value: \"Expires: 0\", ignored while reading response header from upstream"),
    ("response_buffered", "warn", 500, WEB, At::Peer, "an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/{temp} while reading upstream"),
    ("session_timeout", "error", 60, PROXY, At::Peer, "upstream timed out (110: Connection timed out) while proxying upgraded connection"),
    ("session_timeout", "error", 200, UDP, At::Peer, "upstream timed out (110: Connection timed out) while proxying connection"),
    ("session_reset", "error", 40, PROXY, At::Peer, "recv() failed (104: Connection reset by peer) while proxying upgraded connection"),
    ("session_reset", "error", 150, STREAM, At::Peer, "recv() failed (104: Connection reset by peer) while proxying and reading from upstream"),
    ("connect_refused", "error", 100, UDP, At::Peer, "recv() failed (111: Connection refused) while proxying and reading from upstream"),
    ("script_not_found", "error", 200, STDERR, At::Peer, "FastCGI sent in stderr: \"Primary script unknown\" while reading response header from upstream"),
    ("script_not_found", "error", 20, STDERR, At::Peer, "FastCGI sent in stderr: \"Unable to open primary script: {script} (No such file or directory)\" while reading response header from upstream"),
    ("script_denied", "error", 30, STDERR, At::Peer, "FastCGI sent in stderr: \"Access to the script '{script}.txt' has been denied (see security.limit_extensions)\" while reading response header from upstream"),
    ("app_fatal", "error", 150, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Uncaught Error: Call to undefined method Order::total() in {script}:{number}\" while reading response header from upstream"),
    ("app_fatal", "error", 60, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in {script} on line {number}\" while reading upstream"),
    ("app_fatal", "error", 30, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Warning:  Undefined array key \"id\" in {script} on line {number}; PHP message: PHP Parse error:  syntax error, unexpected token \")\" in {script} on line {number}\" while reading response header from upstream"),
    ("app_warning", "error", 500, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Warning:  Undefined variable $item in {script} on line {number}\" while reading response header from upstream"),
    ("app_warning", "error", 200, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Deprecated:  Optional parameter $a declared before required parameter $b in {script} on line {number}; PHP message: PHP Notice:  Undefined index: page in {script} on line {number}\" while reading response header from upstream"),
    ("app_stderr", "error", 80, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: payment {number} declined (code 51), client: card\" while reading response header from upstream"),
    ("app_stderr", "error", 40, STDERR, At::Peer, "FastCGI sent in stderr: \"cache miss for \"order:{number}\" while warming up\" while reading upstream"),
    ("client_aborted", "info", 400, WEB, At::Peer, "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream"),
    ("client_aborted", "info", 150, WEB, At::Peer, "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too (104: Connection reset by peer) while reading upstream"),
    ("client_aborted", "info", 60, WEB, At::Peer, "client prematurely closed connection, so upstream connection is closed too while connecting to upstream"),
    ("invalid_response", "error", 10, HTTP, At::Peer, "etag mismatch in slice response while reading response header from upstream"),
    ("upstream_other", "error", 10, HTTP, At::Peer, "failed to run balancer_by_lua*: balancer_by_lua:3: no peer is left while connecting to upstream"),
    ("upstream_other", "alert", 5, WEB, At::Peer, "zero size buf in writer t:0 r:0 f:0 00007F3A5C02A000 00007F3A5C02A000-00007F3A5C02A000 0000000000000000 0-0 while sending request to upstream"),
];

#[rustfmt::skip]
pub(super) const MULTI_LINE_EVENTS: &[Row] = &[
    ("app_fatal", "error", 50, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in {script}:{number}\nStack trace:\n#0 {script}({number}): PDO->__construct('mysql:host=db...', 'shop', Object(SensitiveParameterValue))\n#1 {script}({number}): App\\Db->connect()\n#2 {main}\n  thrown in {script} on line {number}\" while reading response header from upstream"),
    ("app_fatal", "error", 20, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Warning:  Undefined variable $a in {script} on line {number}\nPHP message: PHP Fatal error:  Maximum execution time of 30 seconds exceeded in {script} on line {number}\" while reading response header from upstream"),
    ("app_warning", "error", 50, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: PHP Warning:  file_get_contents(): Failed to open stream: Connection refused in {script} on line {number}\nPHP message: PHP Notice:  Trying to access array offset on value of type null in {script} on line {number}\nPHP message: PHP Notice:  Undefined index: title in {script} on line {number}\" while reading response header from upstream"),
    ("app_stderr", "error", 20, STDERR, At::Peer, "FastCGI sent in stderr: \"PHP message: request dump:\nmethod=POST, client: mobile, retry=\"{number}\"\n\n upstream: \"http://billing/\"\" while reading upstream"),
];

#[rustfmt::skip]
pub(super) const OTHERS: &[Row] = &[
    ("", "error", 800, WEB, At::Request, "open() \"/srv/www{path}\" failed (2: No such file or directory)"),
    ("", "error", 60, WEB, At::Request, "open() \"/srv/www{path}\" failed (13: Permission denied)"),
    ("", "error", 80, WEB, At::Request, "\"/srv/www{path}/index.html\" is not found (2: No such file or directory)"),
    ("", "error", 60, WEB, At::Request, "directory index of \"/srv/www{path}/\" is forbidden"),
    ("", "error", 200, WEB, At::Request, "access forbidden by rule"),
    ("", "error", 200, WEB, At::Request, "limiting requests, excess: 20.{milli} by zone \"per_address\""),
    ("", "error", 40, WEB, At::Request, "limiting connections by zone \"per_server\""),
    ("", "warn", 40, WEB, At::Request, "delaying request, excess: 4.{milli}, by zone \"upstream_login\""),
    ("", "crit", 100, WEB, At::Handshake, "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking"),
    ("", "info", 80, WEB, At::Handshake, "SSL_do_handshake() failed (SSL: error:0A000102:SSL routines::unsupported protocol) while SSL handshaking"),
    ("", "info", 60, WEB, At::Handshake, "peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking"),
    ("", "info", 60, WEB, At::Handshake, "client timed out (110: Connection timed out) while waiting for request"),
    ("", "info", 60, WEB, At::Handshake, "recv() failed (104: Connection reset by peer) while waiting for request"),
    ("", "info", 60, WEB, At::Connection, "client {client} closed keepalive connection"),
    ("", "error", 30, WEB, At::Request, "client intended to send too large body: {number}0000 bytes"),
    ("", "warn", 120, WEB, At::Request, "a client request body is buffered to a temporary file /var/cache/nginx/client_temp/{temp}"),
    ("", "crit", 5, WEB, At::Request, "open() \"/var/cache/nginx/client_temp/{temp}\" failed (28: No space left on device)"),
    ("", "info", 30, WEB, At::Request, "client sent invalid host header while reading client request headers"),
    ("", "error", 30, WEB, At::Request, "user \"admin{number}\": password mismatch"),
    ("", "error", 20, WEB, At::Request, "user \"admin{number}\" was not found in \"/etc/nginx/htpasswd\""),
    ("", "error", 20, WEB, At::Request, "[lua] access.lua:{number}: token of upstream \"{pool}\" has expired"),
    ("", "notice", 30, WEB, At::Request, "\"^/old/(.*)\" matches \"{path}\""),
    ("", "error", 10, WEB, At::Request, "rewrite or internal redirection cycle while internally redirecting to \"{path}\""),
    ("", "info", 60, WEB, At::Peer, "writev() failed (32: Broken pipe) while sending to client"),
    ("", "info", 40, WEB, At::Peer, "recv() failed (104: Connection reset by peer) while sending to client"),
    ("", "info", 20, PROXY, At::Peer, "recv() failed (104: Connection reset by peer) while proxying upgraded connection"),
    ("", "error", 15, WEB, At::Released, "open() \"/srv/www/50x.html\" failed (2: No such file or directory) while reading response header from upstream"),
    ("", "info", 30, MEMCACHED, At::Peer, "key: \"{path}\" was not found by memcached while reading response header from upstream"),
    ("", "info", 200, STREAM, At::Connection, "client disconnected, bytes from/to client:{number}/{number}, bytes from/to upstream:{number}/{number}"),
    ("", "info", 200, STREAM, At::Connection, "upstream disconnected, bytes from/to client:{number}/{number}, bytes from/to upstream:{number}/{number}"),
    ("", "info", 100, STREAM, At::Peer, "recv() failed (104: Connection reset by peer) while proxying and reading from client"),
    ("", "info", 300, UDP, At::Connection, "udp timed out, packets from/to client:1/1, bytes from/to client:{number}/{number}, bytes from/to upstream:{number}/{number}"),
    ("", "info", 100, MAIL, At::Peer, "client logged in"),
    ("", "info", 100, MAIL, At::Peer, "proxied session done"),
    ("", "alert", 2, WEB, At::Connection, "open socket #{number} left in connection 56"),
    ("", "notice", 5, WEB, At::Process, "worker process {number} exited with code 0"),
    ("", "emerg", 1, WEB, At::Process, "duplicate upstream \"{pool}\" in /etc/nginx/conf.d/upstreams.conf:{number}"),
];

#[rustfmt::skip]
pub(super) const MULTI_LINE_OTHERS: &[Row] = &[
    ("", "error", 1, WEB, At::Request, "lua entry thread aborted: runtime error: /etc/nginx/lua/route.lua:{number}: attempt to index a nil value\nstack traceback:\ncoroutine 0:\n\t[C]: in function 'require'\n\t/etc/nginx/lua/route.lua:{number}: in main chunk"),
];

#[cfg(test)]
mod tests {
    use super::super::{Settings, tests::log};
    use super::EVENTS;

    #[test]
    fn shows_every_class_early() {
        let settings = Settings {
            upstream_share: 1.0,
            ..Settings::default()
        };
        let (_, written) = log(&settings, 100_000);
        let classes: std::collections::BTreeSet<_> = EVENTS.iter().map(|row| row.0).collect();
        assert_eq!(classes.len(), 44);
        assert!(
            classes
                .iter()
                .all(|class| written.events_by_class.contains_key(class))
        );
    }
}
