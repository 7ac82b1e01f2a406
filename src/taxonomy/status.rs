use crate::record::Record;

use super::class::Class;
use super::phase::{Phase, Side};

/// Only the mail proxy says so.
const MAIL: &str = "upstream sent too long response line: ";

/// What NGINX can find only behind the header, although its action still is to read it: both came at
/// once (`src/http/modules/ngx_http_grpc_module.c`, `ngx_http_memcached_module.c`).
const BEHIND_HEADER: [&str; 6] = [
    "upstream sent data frame for unknown stream",
    "upstream sent frame for closed stream",
    "upstream sent trailer without end stream flag",
    "upstream sent invalid trailer",
    "upstream sent response body larger than indicated content length",
    "memcached sent invalid trailer",
];

pub(super) fn status(
    record: &Record<'_>,
    class: Class,
    phase: Option<Phase>,
    side: Side,
) -> Option<u16> {
    let tail = &record.tail;
    let says = |start: &&str| record.message.starts_with(start.as_bytes());
    // A record that was cut before its tail is taken for HTTP, as most are.
    let is_http = tail.request.is_some()
        || match tail.upstream {
            Some(upstream) => upstream.scheme.is_some(),
            None => tail.client.is_none() && !says(&MAIL),
        };
    let header_sent = matches!(phase, Some(Phase::Body | Phase::Session))
        || side == Side::Client
        || BEHIND_HEADER.iter().any(says);
    // A slice fails when the header of the whole may be on its way.
    let header_sent = header_sent || record.message.ends_with(b"slice response");
    // What a subrequest's failure does to the request depends on the module that made it.
    if !is_http || header_sent || tail.subrequest.is_some() {
        return None;
    }
    match class {
        // A response without any status line passes for HTTP/0.9 (ngx_http_proxy_process_status_line).
        Class::InvalidResponse if record.message == b"upstream sent no valid HTTP/1.0 header" => {
            None
        }
        // NGINX says so and connects from any address (ngx_http_upstream_set_local).
        Class::UpstreamMisconfigured if record.message.starts_with(b"invalid local address ") => {
            None
        }
        // bind() fails before there is a peer to give up (ngx_event_connect_peer: NGX_ERROR).
        Class::PortsExhausted if record.message.starts_with(b"bind(") => Some(500),
        Class::ScriptNotFound if record.message.ends_with(b"(Permission denied)\"") => Some(403),
        // NGINX's own timer gives 504; an ETIMEDOUT of the system is an error like others.
        Class::ConnectTimeout | Class::SendTimeout | Class::ResponseTimeout
            if record.message != b"upstream timed out" =>
        {
            Some(502)
        }
        _ => class.status(),
    }
}
