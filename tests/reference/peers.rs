//! Scheme, peer and pool.

use super::fields::Fields;
use super::parts::Parts;
use super::string;
use regex::bytes::Regex;

patterns! {
    pub(super) NO_RESOLVER = r#"^no resolver defined to resolve (?:names at run time in upstream "([^"]*)"|(\S+)$)"#;
    NOT_FOUND = r#"^host not found in upstream "([^"/]+)"#;
    pub(super) BAD_URL = r#"^(?:no servers|no port|no host|invalid host|invalid port|invalid port range|invalid IPv6 address|no path in the unix domain socket|too long path in the unix domain socket|the (?:unix domain|INET6) sockets are not supported on this platform) in upstream "(unix:[^":]*|[^"/]+)?"#;
    pub(super) CONNECT = r"^(?:connect\(\)(?: to (.+))?|kevent\(\) reported that connect\(\)) failed$";
    SCHEME = "^([a-z][a-z0-9+.-]*)://(.*)$";
    SOCKET_FILE = r"^(unix:[^:?]*?\.sock(?:et)?)(?::|/|$)";
}

/// Scheme, peer and pool. The peer is what stands in its place: the pool's name for `no live upstreams`, the name in the
/// message when it was not found or not understood.
pub(super) fn target(parts: &Parts, class: &str) -> (Option<String>, Option<String>, String) {
    let told_by = |pattern: &Regex| {
        let found = pattern.captures(parts.message)?;
        let name = found.get(1).or_else(|| found.get(2))?;
        Some(string(name.as_bytes()))
    };
    let named = match class {
        "resolve_failed" | "resolve_timeout" => parts.unresolved.map(|(name, _)| string(name)),
        "resolver_missing" => told_by(&NO_RESOLVER),
        "host_not_found" => told_by(&NOT_FOUND),
        "upstream_misconfigured" => told_by(&BAD_URL),
        _ => None,
    };
    let (mut scheme, mut address) = (None, None);
    if let Some(upstream) = parts.fields.upstream {
        let mut rest = upstream;
        if let Some(found) = SCHEME.captures(upstream) {
            scheme = Some(string(&found[1]));
            rest = found.get(2).unwrap().as_bytes();
        }
        address = address_of(rest, scheme.is_some(), &parts.fields);
    }
    let peer = named.or(address).or_else(|| told_by(&CONNECT));
    let pool = peer.as_deref().map_or("(unknown)".to_owned(), pool_of);
    (scheme, peer, pool)
}

/// The address at the front of `rest` (what follows `scheme://`); `None` when the record is cut inside it.
fn address_of(rest: &[u8], has_scheme: bool, fields: &Fields) -> Option<String> {
    let until = |byte: u8| rest.iter().position(|&b| b == byte);
    if !has_scheme {
        return fields.upstream_whole.then(|| string(rest)); // stream and mail: no URI follows
    }
    if !rest.starts_with(b"unix:") {
        let end = until(b'/').or(fields.upstream_whole.then_some(rest.len()))?;
        let userinfo = rest[..end]
            .iter()
            .rposition(|&b| b == b'@')
            .map_or(0, |at| at + 1);
        return Some(string(&rest[userinfo..end]));
    }
    // A timeout is logged after the peer was released, then no `:` stands between socket and URI
    // (src/http/ngx_http_upstream.c:4626 and :4632, src/http/ngx_http_request.c:4207).
    if let Some(found) = SOCKET_FILE
        .captures(rest)
        .filter(|c| fields.upstream_whole || c[0].len() > c[1].len())
    {
        return Some(string(&found[1]));
    }
    if let Some(colon) = rest["unix:".len()..].iter().position(|&b| b == b':') {
        return Some(string(&rest[.."unix:".len() + colon]));
    }
    let uri = fields
        .request
        .and_then(|request| request.split(|&b| b == b' ').nth(1));
    let path = uri.and_then(|uri| rest.strip_suffix(uri)).unwrap_or(rest);
    fields.upstream_whole.then(|| string(path))
}

/// The pool's name: the file stem of a unix socket, otherwise the address itself.
fn pool_of(address: &str) -> String {
    let Some(path) = address.strip_prefix("unix:") else {
        return address.to_owned();
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.rfind('.') {
        Some(dot) if dot > 0 => file[..dot].to_owned(),
        _ => file.to_owned(),
    }
}
