//! Unit tests of the reference.

use super::*;

const TAIL: &str = r#", client: 192.0.2.7, server: shop.example, request: "GET /a HTTP/1.1", upstream: "fastcgi://unix:/run/php/www.sock:", host: "shop.example""#;

fn line(level: &str, rest: &str) -> String {
    format!("2026/11/01 09:15:02 [{level}] 1203#1204: *23 {rest}\n")
}

fn only(log: impl AsRef<[u8]>) -> Option<Event> {
    let reading = read(log.as_ref());
    assert_eq!(reading.records, 1, "{reading:?}");
    assert!(reading.events.len() <= 1);
    reading.events.into_iter().next()
}

fn class(level: &str, rest: &str) -> Option<String> {
    only(line(level, rest)).map(|event| event.class)
}

fn text(field: &Option<Vec<u8>>) -> &str {
    field
        .as_deref()
        .map_or("(null)", |bytes| std::str::from_utf8(bytes).unwrap())
}

#[test]
fn reads_every_field() {
    let log = line(
        "error",
        r#"connect() failed (111: Connection refused) while connecting to upstream, client: 2001:db8::7, server: , request: "POST /a?b=c HTTP/1.1", subrequest: "/auth", upstream: "https://[2001:db8::1]:443/a?b=c", host: "shop.example", referrer: "https://shop.example/""#,
    );
    let log = format!("stray\nlines\n{log}");
    let reading = read(log.as_bytes());
    assert_eq!(
        (reading.lines, reading.records, reading.stray_lines),
        (3, 1, 2)
    );
    let some = |text: &str| Some(text.to_owned());
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let expected = Event {
        time: "2026-11-01T09:15:02".to_owned(),
        level: some("error"),
        pid: Some(1203),
        tid: Some(1204),
        connection: Some(23),
        class: "connect_refused".to_owned(),
        kind: "F".to_owned(),
        phase: some("connect"),
        os_error: some("ECONNREFUSED"),
        status: None, // a subrequest: what the client gets depends on who made it
        scheme: some("https"),
        peer: some("[2001:db8::1]:443"),
        pool: "[2001:db8::1]:443".to_owned(),
        upstream: bytes("https://[2001:db8::1]:443/a?b=c"),
        server: bytes(""),
        client: bytes("2001:db8::7"),
        request: bytes("POST /a?b=c HTTP/1.1"),
        host_header: bytes("shop.example"),
        referrer: bytes("https://shop.example/"),
        message: b"connect() failed".to_vec(),
        action: bytes("connecting to upstream"),
        offset: 12,
    };
    assert_eq!(reading.events, [expected]);
}

#[test]
fn gives_each_class_its_kind_phase_error_and_status() {
    // level | message and action | class kind phase os_error status
    let table = r#"
error|upstream timed out (110: Connection timed out) while connecting to upstream|connect_timeout F connect ETIMEDOUT 504
error|connect() failed (110: Operation timed out) while connecting to upstream|connect_timeout F connect ETIMEDOUT 502
error|upstream timed out (10060: some words) while connecting to upstream|connect_timeout F connect ETIMEDOUT 504
error|kevent() reported that connect() failed (61: Connection refused) while connecting to upstream|connect_refused F connect ECONNREFUSED 502
error|connect() failed (113: Host is unreachable) while connecting to upstream|connect_unreachable F connect EHOSTUNREACH 502
crit|connect() to unix:/run/a.sock failed (13: Permission denied) while connecting to upstream|connect_denied F connect EACCES 502
crit|connect() to unix:/run/a.sock failed (91: Protocol wrong type for socket) while connecting to upstream|connect_failed F connect EPROTOTYPE 502
crit|connect() to unix:/run/a.sock failed (2: No such file or directory) while connecting to upstream|socket_missing F connect ENOENT 502
error|connect() to unix:/run/a.sock failed (11: Resource temporarily unavailable) while connecting to upstream|backlog_full F connect EAGAIN 502
crit|connect() to 10.0.0.1:80 failed (99: Cannot assign requested address) while connecting to upstream|ports_exhausted F connect EADDRNOTAVAIL 502
crit|bind(10.0.0.9) failed (99: Address not available) while connecting to upstream|ports_exhausted F connect EADDRNOTAVAIL 500
alert|socket() failed (24: Too many open files) while connecting to upstream|files_exhausted F connect EMFILE 500
alert|1024 worker_connections are not enough while connecting to upstream|connections_exhausted F connect - 500
crit|open() "/var/cache/nginx/proxy_temp/1/00/01" failed (13: Permission denied) while reading upstream|temp_file_failed F body EACCES -
crit|pwrite() "/var/cache/nginx/a, client: b" failed (28: No space left on device) while reading response header from upstream|temp_file_failed F header ENOSPC 500
crit|pwritev() "/var/cache/nginx/1" has written only 512 of 4096 while sending request to upstream|temp_file_failed F send - 500
error|api.internal could not be resolved (3: Host not found)|resolve_failed F resolve - 502
error|api.internal could not be resolved (110: Operation timed out)|resolve_timeout F resolve ETIMEDOUT 502
error|no resolver defined to resolve api.internal|resolver_missing F resolve - 502
error|no port in upstream "api"|upstream_misconfigured F config - 500
error|invalid URL prefix in "ftp://x"|upstream_misconfigured F config - 500
alert|no upstream configuration|upstream_misconfigured F config - 500
error|no live upstreams while connecting to upstream|no_live_upstreams F connect - 502
warn|upstream server temporarily disabled while connecting to upstream|peer_disabled W connect - -
error|cannot load certificate "/a.pem": BIO_new_file() failed while connecting to upstream|tls_setup_failed F connect - 500
error|SSL_set_tlsext_host_name("a") failed while connecting to upstream|tls_setup_failed F connect - 500
crit|SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40) while SSL handshaking to upstream|tls_handshake_failed F tls_handshake - 502
error|peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking to upstream|tls_handshake_failed F tls_handshake ECONNRESET 502
error|upstream timed out (110: Connection timed out) while SSL handshaking to upstream|tls_handshake_timeout F tls_handshake ETIMEDOUT 504
error|upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream|tls_certificate_rejected F tls_handshake - 502
error|upstream SSL certificate does not match "a.example" while SSL handshaking to upstream|tls_certificate_rejected F tls_handshake - 502
error|upstream timed out (110: Connection timed out) while sending request to upstream|send_timeout F send ETIMEDOUT 504
error|writev() failed (32: Broken pipe) while sending request to upstream|send_failed F send EPIPE 502
error|upstream timed out (110: Connection timed out) while reading response header from upstream|response_timeout F header ETIMEDOUT 504
error|recv() failed (104: Connection reset by peer) while reading response header from upstream|response_reset F header ECONNRESET 502
error|upstream prematurely closed connection while reading response header from upstream|response_closed F header - 502
error|upstream prematurely closed FastCGI stdout while reading response header from upstream|response_closed F header - 502
error|upstream sent too big header while reading response header from upstream|header_too_big F header - 502
error|upstream sent invalid header: "\x20..." while reading response header from upstream|invalid_response F header - 502
error|upstream sent invalid chunked response while reading upstream|invalid_response F body - -
error|upstream violated stream flow control, received 9 data frame with window 1 while reading upstream|invalid_response F body - -
error|upstream sent goaway with error 1 while reading response header from upstream|request_rejected F header - 502
error|upstream rejected request with error 7 while reading response header from upstream|request_rejected F header - 502
error|upstream timed out (110: Connection timed out) while reading upstream|body_timeout F body ETIMEDOUT -
error|readv() failed (104: Connection reset by peer) while reading upstream|body_reset F body ECONNRESET -
error|upstream prematurely closed connection while reading upstream|body_truncated F body - -
warn|upstream sent more data than specified in "Content-Length" header while reading upstream|response_irregular W body - -
warn|upstream sent duplicate header line: "A: b, client: c", previous value: "A: d", ignored while reading response header from upstream|response_irregular W header - -
warn|an upstream response is buffered to a temporary file /var/cache/nginx/1 while reading upstream|response_buffered W body - -
error|upstream timed out (110: Connection timed out) while proxying upgraded connection|session_timeout F session ETIMEDOUT -
error|writev() failed (110: Connection timed out) while sending request to upstream|send_timeout F send ETIMEDOUT 502
error|recv() failed (110: Connection timed out) while reading response header from upstream|response_timeout F header ETIMEDOUT 502
error|SSL_read() failed (60: Operation timed out) while reading response header from upstream|response_timeout F header ETIMEDOUT 502
error|readv() failed (110: Operation timed out) while reading upstream|body_timeout F body ETIMEDOUT -
error|recv() failed (110: Connection timed out) while proxying upgraded connection|session_timeout F session ETIMEDOUT -
error|recv() failed (110: Connection timed out) while SSL handshaking to upstream|tls_handshake_failed F tls_handshake ETIMEDOUT 502
error|recv() failed (104: Connection reset by peer) while proxying upgraded connection|session_reset F session ECONNRESET -
info|epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too (104: Connection reset by peer) while sending request to upstream|client_aborted C send ECONNRESET 499
info|client prematurely closed connection, so upstream connection is closed too while reading upstream|client_aborted C body - -
error|FastCGI sent in stderr: "Primary script unknown" while reading response header from upstream|script_not_found F header - 404
error|FastCGI sent in stderr: "PHP message: PHP Warning:  x in Unknown on line 0; Unable to open primary script: /a.php (Permission denied)" while reading response header from upstream|script_not_found F header - 403
error|FastCGI sent in stderr: "Access to the script '/a.txt' has been denied (see security.limit_extensions)" while reading response header from upstream|script_denied F header - 403
error|FastCGI sent in stderr: "PHP message: PHP Notice:  x; PHP message: PHP Fatal error:  Uncaught Error: y" while reading upstream|app_fatal F body - -
error|FastCGI sent in stderr: "PHP message: PHP Parse error:  syntax error" while reading response header from upstream|app_fatal F header - 500
error|FastCGI sent in stderr: "PHP message: PHP Deprecated:  each(), client: 1" while reading response header from upstream|app_warning W header - -
error|FastCGI sent in stderr: "PHP message: said PHP Fatal error:  (2: no)" while reading response header from upstream|app_stderr W header - -
alert|send() returned zero while sending request to upstream|upstream_other F send - -
"#;
    for row in table.trim().lines() {
        let [level, message, expected] = row.splitn(3, '|').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let event = only(line(level, &format!("{message}{TAIL}")))
            .unwrap_or_else(|| panic!("no event: {row}"));
        let dash = |field: Option<String>| field.unwrap_or_else(|| "-".to_owned());
        let found = [
            event.class,
            event.kind,
            dash(event.phase),
            dash(event.os_error),
            dash(event.status.map(|s| s.to_string())),
        ];
        assert_eq!(found.join(" "), expected, "{row}");
        assert_eq!(
            event.host_header.as_deref(),
            Some(&b"shop.example"[..]),
            "{row}"
        );
    }
}

#[test]
fn leaves_out_what_concerns_no_upstream() {
    for row in r#"
error|open() "/srv/www/connect() failed (111: Connection refused) while connecting to upstream" failed (2: No such file or directory)
error|open() "/srv/50x.html" failed (2: No such file or directory) while reading response header from upstream
crit|open() "/var/cache/nginx/client_temp/1" failed (13: Permission denied)
crit|pread() "/srv/a" failed (5: Input/output error) while sending response to client
error|"/srv/a/index.html" is not found (2: No such file or directory)
error|directory index of "/srv/upstream/" is forbidden
error|access forbidden by rule
error|limiting requests, excess: 1.880 by zone "upstream"
info|recv() failed (104: Connection reset by peer) while proxying upgraded connection
info|writev() failed (32: Broken pipe) while reading upstream
error|recv() failed (104: Connection reset by peer) while proxying and reading from client
info|client timed out (110: Connection timed out) while sending to client
info|peer closed connection in SSL handshake while SSL handshaking
error|mail.example could not be resolved (3: Host not found) while in resolving client address
debug|upstream timed out
warn|1024 worker_connections are not enough, reusing connections"#
        .trim()
        .lines()
    {
        let (level, message) = row.split_once('|').unwrap();
        assert_eq!(class(level, &format!("{message}{TAIL}")), None, "{row}");
    }
    let without_upstream = r#", client: 192.0.2.7, server: a, request: "GET / HTTP/1.1""#;
    assert_eq!(
        class(
            "info",
            &format!("client prematurely closed connection{without_upstream}")
        ),
        None
    );
    assert_eq!(
        class(
            "error",
            &format!(
                "connect() failed (111: Connection refused) while in http auth state{without_upstream}"
            )
        ),
        None
    );
    assert_eq!(
        class(
            "info",
            "upstream disconnected, bytes from/to client:0/0, bytes from/to upstream:0/0"
        ),
        None
    );
    assert_eq!(
        class(
            "emerg",
            "duplicate upstream \"a\" in /etc/nginx/nginx.conf:7"
        ),
        None
    );
    let handshake = "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking";
    assert_eq!(
        class(
            "crit",
            &format!("{handshake}, client: 192.0.2.7, server: 0.0.0.0:443")
        ),
        None
    );
    assert_eq!(class("error", "no resolver for upstream here"), None);
}

#[test]
fn names_peer_and_pool() {
    let timed_out = "upstream timed out (110: Connection timed out) while reading response header from upstream";
    for (message, upstream, expected) in [
        (
            timed_out,
            r#""http://10.0.0.1:80/a""#,
            "http 10.0.0.1:80 10.0.0.1:80",
        ),
        (
            timed_out,
            r#""http://unix:/run/app.sock:/a:b""#,
            "http unix:/run/app.sock app",
        ),
        (
            timed_out,
            r#""http://unix:/run/app.sock/a?b=:/""#,
            "http unix:/run/app.sock app",
        ),
        (
            timed_out,
            r#""http://unix:/run/app/a""#,
            "http unix:/run/app app",
        ),
        (
            timed_out,
            r#""fastcgi://unix:/run/php8.3-fpm.sock""#,
            "fastcgi unix:/run/php8.3-fpm.sock php8.3-fpm",
        ),
        (
            timed_out,
            r#""grpc://[::1]:50051""#,
            "grpc [::1]:50051 [::1]:50051",
        ),
        (
            timed_out,
            r#""10.0.0.1:80", bytes from/to client:0/0, bytes from/to upstream:0/0"#,
            "- 10.0.0.1:80 10.0.0.1:80",
        ),
        (timed_out, "10.0.0.1:143", "- 10.0.0.1:143 10.0.0.1:143"),
        (
            "no live upstreams while connecting to upstream",
            r#""http://backend/a""#,
            "http backend backend",
        ),
        (
            "no live upstreams while connecting to upstream",
            r#""backend""#,
            "- backend backend",
        ),
        (timed_out, r#""http://10.0.0.1:8"#, "http - (unknown)"),
        (
            timed_out,
            r#""http://10.0.0.1:80/"#,
            "http 10.0.0.1:80 10.0.0.1:80",
        ),
        (timed_out, r#""http://unix:/run/app.so"#, "http - (unknown)"),
        (
            "connect() to unix:/run/a.sock failed (2: x) while connecting to upstream",
            r#""fastcgi://un"#,
            "fastcgi unix:/run/a.sock a",
        ),
    ] {
        let event = only(line("error", &format!(r#"{message}, client: 192.0.2.7, server: a, request: "GET /a HTTP/1.1", upstream: {upstream}"#))).unwrap();
        let found = format!(
            "{} {} {}",
            event.scheme.as_deref().unwrap_or("-"),
            event.peer.as_deref().unwrap_or("-"),
            event.pool
        );
        assert_eq!(found, expected, "{upstream}");
    }
    for (message, peer) in [
        (
            "api.internal could not be resolved (2: Server failure)",
            Some("api.internal"),
        ),
        (
            "service http of api.internal could not be resolved (3: Host not found)",
            Some("api.internal"),
        ),
        (
            "a.internal could not be resolved (3: Host not found) while resolving service http of api",
            Some("a.internal"),
        ),
        (
            "api.internal could not be resolved (110: Operation timed out)",
            Some("api.internal"),
        ),
        (
            "no resolver defined to resolve api.internal",
            Some("api.internal"),
        ),
        (
            r#"no resolver defined to resolve names at run time in upstream "api" in /etc/nginx/nginx.conf:26"#,
            Some("api"),
        ),
        (
            r#"host not found in upstream "app1:80" in /etc/nginx/nginx.conf:26"#,
            Some("app1:80"),
        ),
        (
            r#"host not found in upstream "app1/a" in /etc/nginx/nginx.conf:26"#,
            Some("app1"),
        ),
        (r#"no port in upstream "api""#, Some("api")),
        (
            r#"invalid port in upstream "api:99999/a""#,
            Some("api:99999"),
        ),
        (
            r#"invalid host in upstream "[::1:80" in /etc/nginx/nginx.conf:26"#,
            Some("[::1:80"),
        ),
        (
            r#"no servers in upstream "api" in /etc/nginx/nginx.conf:26"#,
            Some("api"),
        ),
        (r#"no host in upstream "/a""#, None),
        (r#"invalid URL prefix in "api""#, None),
        ("no upstream configuration", None),
        (
            "connect() to 10.0.0.1:80 failed (111: Connection refused) while connecting to upstream",
            Some("10.0.0.1:80"),
        ),
        (
            "upstream timed out (110: Connection timed out) while connecting to upstream",
            None,
        ),
        ("no live upstreams while connecting to upstream", None),
    ] {
        let event = only(line("emerg", message)).unwrap();
        assert_eq!(
            (event.peer.as_deref(), event.pool.as_str(), event.status),
            (peer, peer.unwrap_or("(unknown)"), None),
            "{message}"
        );
    }
}

#[test]
fn takes_the_error_off_the_message() {
    for (message, expected) in [
        (
            "api.internal could not be resolved (3: Host not found)",
            "api.internal could not be resolved",
        ),
        (
            "a.internal could not be resolved (110: Operation timed out) while resolving service http of api",
            "a.internal could not be resolved",
        ),
        (
            "connect() failed (111: Connection refused) while connecting to upstream",
            "connect() failed",
        ),
        (
            "client prematurely closed connection, so upstream connection is closed too (104: Connection reset by peer) while reading upstream",
            "client prematurely closed connection, so upstream connection is closed too",
        ),
        (
            "etag mismatch in slice response (5: Input/output error (again)) while reading upstream",
            "etag mismatch in slice response",
        ),
        (
            "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream",
            "upstream SSL certificate verify error: (10:certificate has expired)",
        ),
        (
            "FastCGI sent in stderr: \"declined (51: no)\" while reading upstream",
            "FastCGI sent in stderr: \"declined (51: no)\"",
        ),
    ] {
        let event = only(line("error", &format!("{message}{TAIL}"))).unwrap();
        assert_eq!(std::str::from_utf8(&event.message).unwrap(), expected);
    }
}

#[test]
fn counts_a_cut_record_without_a_tail_as_http() {
    let status = |length: usize, begin: &str| {
        let mut cut = line("error", &format!("{begin}{}", "a".repeat(5000)));
        cut.truncate(length - 1);
        let genuine = line(
            "error",
            &format!("no live upstreams while connecting to upstream{TAIL}"),
        );
        let reading = read(format!("{cut}\n{genuine}").as_bytes());
        assert_eq!((reading.records, reading.events.len()), (2, 2));
        reading.events[0].status
    };
    let header = "upstream sent invalid header: \"";
    let begun = "connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: ";
    assert_eq!(status(2048, header), Some(502));
    assert_eq!(status(4096, header), Some(502));
    assert_eq!(status(2047, header), None);
    assert_eq!(status(3000, header), None);
    assert_eq!(status(2048, begun), None);
}

#[test]
fn takes_each_field_from_nginx_and_not_from_the_client() {
    let start = "connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: a";
    let upstream = r#", upstream: "http://10.0.0.1:80/", host: "a""#;
    let forged = r#"x", upstream: "http://evil/", host: "evil"#;
    let event = only(line(
        "error",
        &format!(r#"{start}, request: "GET / HTTP/1.1"{upstream}, referrer: "{forged}""#),
    ))
    .unwrap();
    assert_eq!(
        (
            event.pool.as_str(),
            text(&event.referrer),
            text(&event.host_header)
        ),
        ("10.0.0.1:80", forged, "a")
    );
    let event = only(line(
        "error",
        &format!(r#"{start}, request: "GET /{forged} HTTP/1.1"{upstream}"#),
    ))
    .unwrap();
    assert_eq!(
        (event.pool.as_str(), text(&event.request)),
        ("10.0.0.1:80", format!("GET /{forged} HTTP/1.1").as_str())
    );
    let event = only(line(
        "error",
        &format!(r#"{start}, request: "GET /a""{upstream}"#),
    ))
    .unwrap();
    assert_eq!(
        (event.pool.as_str(), text(&event.request)),
        ("10.0.0.1:80", "GET /a\"")
    );
    let mut log = line(
        "error",
        &format!(r#"{start}, request: "GET /? HTTP/1.1"{upstream}, referrer: "?""#),
    )
    .into_bytes();
    log.iter_mut()
        .filter(|byte| **byte == b'?')
        .for_each(|byte| *byte = 0xff);
    let event = only(log).unwrap();
    assert_eq!(
        (event.request.unwrap(), event.referrer.unwrap()),
        (b"GET /\xff HTTP/1.1".to_vec(), vec![0xff])
    );
}

#[test]
fn keeps_lines_together_that_one_record_wrote() {
    let stderr = "FastCGI sent in stderr: \"PHP message: PHP Warning:  \"a\", client: b\nPHP message: PHP Fatal error:  c\n#0 {main}\" while reading response header from upstream";
    let log = line("error", &format!("{stderr}{TAIL}"))
        + &line(
            "error",
            &format!("no live upstreams while connecting to upstream{TAIL}"),
        );
    let reading = read(log.as_bytes());
    assert_eq!((reading.lines, reading.records), (4, 2));
    assert_eq!(
        (
            reading.events[0].class.as_str(),
            reading.events[0].pool.as_str()
        ),
        ("app_fatal", "www")
    );
    assert_eq!(
        reading.events[0].message,
        stderr
            .strip_suffix(" while reading response header from upstream")
            .unwrap()
            .as_bytes()
    );
    let crlf = log.replace('\n', "\r\n");
    assert_eq!(
        text(&read(crlf.as_bytes()).events[1].host_header),
        "shop.example"
    );
    assert_eq!(read(log.trim_end().as_bytes()), reading);
}

#[test]
fn gives_forged_lines_to_the_record_that_carries_them() {
    let forged = line(
        "error",
        &format!("connect() failed (111: Connection refused) while connecting to upstream{TAIL}"),
    );
    let forged = forged.trim_end();
    let genuine = line(
        "error",
        &format!("no live upstreams while connecting to upstream{TAIL}"),
    );
    let tail = r#"" failed (2: No such file or directory), client: 192.0.2.6, server: a, request: "GET /%0A2026 HTTP/1.1""#;
    for (opening, tail) in [
        ("open() \"/srv/www/a", tail),
        ("open() \"/srv/www/a, client: b\"", tail),
        (
            "\"/srv/www/",
            r#"/index.html" is not found (2: No such file or directory), client: 192.0.2.6"#,
        ),
        (
            "user \"",
            r#"": password mismatch, client: 192.0.2.6, server: a"#,
        ),
    ] {
        for lines in [
            forged.to_owned(),
            format!("{forged}\nx\n{forged}"),
            forged[..60].to_owned(),
        ] {
            let log = line("error", &format!("{opening}\n{lines}{tail}")) + &genuine;
            let reading = read(log.as_bytes());
            assert_eq!((reading.records, reading.events.len()), (2, 1), "{log}");
            assert_eq!(reading.events[0].offset as usize, log.len() - genuine.len());
        }
    }
    let stderr = line(
        "error",
        &format!(
            "FastCGI sent in stderr: \"PHP message: a\n{forged}\" while reading response header from upstream{TAIL}"
        ),
    );
    assert_eq!(only(stderr).unwrap().class, "app_stderr");
    // Cut inside the forged text: no tail, but exactly as long as NGINX cuts.
    let mut cut = line(
        "error",
        &format!("directory index of \"/srv/\n{forged}\n{}", forged.repeat(9)),
    );
    cut.truncate(2047);
    assert_eq!(read(format!("{cut}\n{genuine}").as_bytes()).events.len(), 1);
    // A record that ends early without a quotation, or at the cut, takes nothing with it.
    let left = line("alert", "open socket #71 left in connection 56");
    assert_eq!(read((left + &genuine).as_bytes()).events.len(), 1);
    let mut stderr = line(
        "error",
        &format!("FastCGI sent in stderr: \"{}", "a".repeat(2100)),
    );
    stderr.truncate(2047);
    let reading = read(format!("{stderr}\n{genuine}{genuine}").as_bytes());
    assert_eq!((reading.records, reading.events.len()), (3, 3));
    assert_eq!(
        (
            reading.events[0].class.as_str(),
            reading.events[0].pool.as_str()
        ),
        ("app_stderr", "(unknown)")
    );
}

#[test]
fn reads_what_a_cut_leaves() {
    let log = line(
        "crit",
        &format!(
            "connect() to unix:/run/php/www.sock failed (2: No such file or directory) while connecting to upstream{TAIL}"
        ),
    );
    for end in 0..log.len() {
        let reading = read(&log.as_bytes()[..end]);
        for event in reading.events {
            assert!(
                matches!(event.class.as_str(), "socket_missing" | "upstream_other"),
                "{end}"
            );
            assert_eq!(event.pool, "www", "{end}");
        }
    }
}
