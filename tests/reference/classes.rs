//! The class of a record, decided by where its message begins, with kind, phase and status.

use super::errno::os_error;
use super::parts::Parts;
use super::peers::{BAD_URL, CONNECT, NO_RESOLVER, target};
use super::records::{FILE, FILE_CALL, STDERR};
use super::string;

/// Where a PHP message begins inside FastCGI's stderr, never just anywhere in it.
const PHP: &str = r#"(?:(?:^FastCGI sent in stderr: "|\n)(?:PHP message: )?|; PHP message: )"#;

patterns! {
    TLS_SETUP = r#"^(?:SSL_set_tlsext_host_name\("|SSL_set_alpn_protos\(\)|cannot load certificate |SSL_use_certificate\("|SSL_set0_chain\("|SSL_use_PrivateKey\("|SSL_new\(\)|SSL_set_fd\(\)|SSL_set_ex_data\(\)|SSL_set_session\(\))"#;
    SOCKET_CALL = r"^(?:(?:recv|readv|recvmsg|send|sendto|sendmsg|writev|sendfile|sendfile64|SSL_read|SSL_write|SSL_sendfile)\(\) failed|kevent\(\) reported (?:about an closed connection|that upstream closed connection))";
    HANDSHAKE = r"^(?:SSL_do_handshake\(\) failed|peer closed connection in SSL handshake|handshake rejected)";
    BROKEN = "^(?:upstream (?:sent|prematurely sent|violated) |memcached sent |.* slice response$)";
    FOR_OTHERS = "^(?:in|requesting|SSL) ";
    CONNECTIONS = r"^\d+ worker_connections are not enough";
    CLIENT_LEFT = r"^(?:(?:epoll_wait|kevent)\(\) reported that )?client prematurely closed connection(, so upstream connection is closed too)?";
    NEVER = format!(r#"^(?:{FILE_CALL}|"|directory index of |access forbidden|limiting |delaying |client |user "|rewrite or internal redirection cycle|could not find named location)"#);
    PHP_MISSING = format!("(?:{PHP}|; )(?:Primary script unknown|Unable to open primary script)");
    PHP_DENIED = format!("(?:{PHP}|; )Access to the script '[^\\n]*' has been denied");
    PHP_FATAL = format!(r"{PHP}(?:PHP (?:Fatal error|Recoverable fatal error|Catchable fatal error|Parse error):|(?:\[[^\]\n]*\] )?(?:PHP )?Uncaught )");
    PHP_WARNING = format!(r"{PHP}PHP (?:Warning|Notice|Deprecated|Strict Standards):");
}

/// The phases that an action tells.
#[rustfmt::skip]
const PHASES: [&str; 6] = ["connect", "tls_handshake", "send", "header", "body", "session"];

pub(super) fn phase(action: Option<&[u8]>) -> Option<&'static str> {
    let action = string(action?);
    match action.as_str() {
        "connecting to upstream" => Some("connect"),
        "SSL handshaking to upstream" => Some("tls_handshake"),
        "reading response header from upstream" => Some("header"),
        "reading upstream" | "reading response from upstream" => Some("body"),
        _ if action.starts_with("proxying") => Some("session"),
        _ if action.starts_with("sending ") && action.ends_with(" to upstream") => Some("send"),
        _ => None,
    }
}

/// Beginnings that decide alone.
#[rustfmt::skip]
const PLAIN: [(&str, &str); 11] = [
    ("host not found in upstream \"", "host_not_found"),
    ("no upstream configuration", "upstream_misconfigured"),
    ("invalid URL prefix in \"", "upstream_misconfigured"),
    ("zero length URI to proxy", "upstream_misconfigured"),
    ("no live upstreams", "no_live_upstreams"),
    ("upstream server temporarily disabled", "peer_disabled"),
    ("upstream SSL certificate ", "tls_certificate_rejected"),
    ("upstream sent too big header", "header_too_big"),
    ("upstream rejected request with error", "request_rejected"),
    ("upstream sent goaway with error", "request_rejected"),
    ("an upstream response is buffered to a temporary file", "response_buffered"),
];

/// The class, decided by where the message begins; `None` when the record concerns no upstream.
pub(super) fn classify(parts: &Parts) -> Option<&'static str> {
    let message = parts.message;
    let starts = |text: &str| message.starts_with(text.as_bytes());
    let is_bad = matches!(parts.level, "error" | "crit" | "alert" | "emerg");
    let phase = phase(parts.action);
    let action = parts.action.map(string).unwrap_or_default();
    let has_upstream = parts.fields.upstream.is_some();
    // What happens on the client's side of the exchange is the client's doing, even with an upstream at hand.
    let concerns_upstream = !action.contains("client") && (phase.is_some() || has_upstream);
    let error = os_error(parts).unwrap_or_default();
    // One class for each of PHASES.
    let by_phase = |classes: &'static str| match phase {
        Some(phase) => classes
            .split(' ')
            .nth(PHASES.iter().position(|&p| p == phase)?),
        None => is_bad.then_some("upstream_other"),
    };

    if parts.level == "debug" {
        return None;
    }
    if STDERR.is_match(message) {
        return Some(stderr_class(message));
    }
    if let Some(left) = CLIENT_LEFT.captures(message) {
        let matters = left.get(1).is_some() || has_upstream || concerns_upstream;
        return matters.then_some("client_aborted");
    }
    if starts("upstream timed out") {
        return by_phase(
            "connect_timeout tls_handshake_timeout send_timeout response_timeout body_timeout session_timeout",
        );
    }
    if starts("connection timed out") && phase == Some("session") && has_upstream {
        return Some("session_timeout"); // how a stream session over TCP times out
    }
    if CONNECT.is_match(message) && concerns_upstream {
        let peer = target(parts, "connect_failed").1;
        let to_unix = peer.is_some_and(|peer| peer.starts_with("unix:"));
        return Some(match error.as_str() {
            "ECONNREFUSED" => "connect_refused",
            "ETIMEDOUT" => "connect_timeout",
            "EHOSTUNREACH" | "ENETUNREACH" | "EHOSTDOWN" | "ENETDOWN" => "connect_unreachable",
            "EACCES" | "EPERM" => "connect_denied",
            "ENOENT" if to_unix => "socket_missing",
            "EAGAIN" if to_unix => "backlog_full",
            "EADDRNOTAVAIL" => "ports_exhausted",
            "EMFILE" | "ENFILE" => "files_exhausted",
            _ => "connect_failed",
        });
    }
    if starts("bind(") && concerns_upstream && error == "EADDRNOTAVAIL" {
        return Some("ports_exhausted");
    }
    let no_files = matches!(error.as_str(), "EMFILE" | "ENFILE");
    if starts("socket() failed") && concerns_upstream && no_files {
        return Some("files_exhausted");
    }
    if CONNECTIONS.is_match(message) && concerns_upstream && is_bad {
        return Some("connections_exhausted");
    }
    if FILE.is_match(message) && is_bad && parts.level != "error" {
        // A file that a client asked for and that is missing is logged at level error and without such an action.
        let while_proxying = matches!(
            phase,
            Some("connect" | "tls_handshake" | "send" | "header" | "body")
        );
        return while_proxying.then_some("temp_file_failed");
    }
    if let Some((_, reason)) = parts.unresolved {
        let for_others = FOR_OTHERS.is_match(action.as_bytes());
        let class = if reason == b"Operation timed out" {
            "resolve_timeout"
        } else {
            "resolve_failed"
        };
        return (!for_others && is_bad).then_some(class);
    }
    if NO_RESOLVER.is_match(message) && is_bad {
        return Some("resolver_missing");
    }
    if let Some((_, class)) = PLAIN.iter().find(|(start, _)| starts(start)) {
        return Some(class);
    }
    if BAD_URL.is_match(message) {
        return Some("upstream_misconfigured");
    }
    if TLS_SETUP.is_match(message) && concerns_upstream {
        return Some("tls_setup_failed");
    }
    if phase == Some("tls_handshake")
        && (HANDSHAKE.is_match(message) || SOCKET_CALL.is_match(message))
    {
        return Some("tls_handshake_failed");
    }
    if starts("upstream prematurely closed ") {
        return Some(if matches!(phase, Some("body" | "session")) {
            "body_truncated"
        } else {
            "response_closed"
        });
    }
    if BROKEN.is_match(message) && is_bad {
        return Some("invalid_response");
    }
    if starts("upstream sent ") && parts.level == "warn" {
        return Some("response_irregular");
    }
    if !is_bad || !concerns_upstream || NEVER.is_match(message) {
        return None;
    }
    if SOCKET_CALL.is_match(message) && phase.is_some() && error == "ECONNREFUSED" {
        return Some("connect_refused"); // UDP and mail meet a closed port only when they read
    }
    if SOCKET_CALL.is_match(message) {
        return by_phase(if error == "ETIMEDOUT" {
            "upstream_other upstream_other send_timeout response_timeout body_timeout session_timeout"
        } else {
            "upstream_other upstream_other send_failed response_reset body_reset session_reset"
        });
    }
    Some("upstream_other")
}

/// Several PHP messages share one record: the gravest decides.
fn stderr_class(message: &[u8]) -> &'static str {
    match () {
        () if PHP_MISSING.is_match(message) => "script_not_found",
        () if PHP_DENIED.is_match(message) => "script_denied",
        () if PHP_FATAL.is_match(message) => "app_fatal",
        () if PHP_WARNING.is_match(message) => "app_warning",
        () => "app_stderr",
    }
}

pub(super) fn kind_and_status(class: &str) -> (&'static str, Option<i32>) {
    match class {
        "files_exhausted"
        | "connections_exhausted"
        | "temp_file_failed"
        | "upstream_misconfigured"
        | "tls_setup_failed"
        | "app_fatal" => ("F", Some(500)),
        "connect_timeout" | "tls_handshake_timeout" | "send_timeout" | "response_timeout" => {
            ("F", Some(504))
        }
        "script_not_found" => ("F", Some(404)),
        "script_denied" => ("F", Some(403)),
        "peer_disabled" | "response_irregular" | "response_buffered" | "app_warning"
        | "app_stderr" => ("W", None),
        "client_aborted" => ("C", Some(499)),
        "host_not_found" | "body_timeout" | "body_reset" | "body_truncated" | "session_timeout"
        | "session_reset" | "upstream_other" => ("F", None),
        _ => ("F", Some(502)),
    }
}
