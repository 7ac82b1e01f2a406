use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Serialize, Serializer};

/// What an event says about the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A failed attempt.
    Failed,
    /// It works, but degraded.
    Degraded,
    /// The client's doing.
    Client,
}

impl Kind {
    /// The letter that stands in events and datasets: `F`, `W`, `C`.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Failed => "F",
            Self::Degraded => "W",
            Self::Client => "C",
        }
    }

    pub(super) fn from_letter(letter: &str) -> Option<Self> {
        let kinds = [Self::Failed, Self::Degraded, Self::Client];
        kinds.into_iter().find(|kind| kind.letter() == letter)
    }
}

/// A class that a rule of the operator has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserClass(&'static Row);

impl UserClass {
    /// Rules are read once, and their classes are named wherever events are: they stay.
    pub(super) fn new(name: String, kind: Kind, meaning: String) -> Self {
        Self(Box::leak(Box::new(Row {
            name: name.leak(),
            kind,
            status: None,
            meaning: meaning.leak(),
            explained: None,
        })))
    }
}

macro_rules! classes {
    ($($variant:ident $name:literal $kind:ident $status:expr, $meaning:literal;)+) => {
        /// An actionable cause: two events of one class call for the same remedy.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Class {
            $(#[doc = $meaning] $variant,)+
            /// One of the operator's.
            User(UserClass),
        }

        impl Class {
            /// Every class but the operator's, in the order of the exchange.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        name: $name,
                        kind: Kind::$kind,
                        status: $status,
                        meaning: $meaning,
                        explained: Some(include_str!(concat!("explanations/", $name, ".toml"))),
                    },)+
                    Self::User(class) => *class.0,
                }
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    name: &'static str,
    kind: Kind,
    status: Option<u16>,
    meaning: &'static str,
    /// The file that explains it; no class is without one.
    explained: Option<&'static str>,
}

// The table of classes. The status is what NGINX sends to the client if no other peer takes over
// and no header was sent yet (`ngx_http_upstream_next` and `ngx_http_upstream_finalize_request` in
// `src/http/ngx_http_upstream.c`); for FastCGI messages, what PHP-FPM answers.
classes! {
    ConnectRefused "connect_refused" Failed Some(502),
        "nothing listens on the peer's address: the service is down, or listens elsewhere";
    ConnectTimeout "connect_timeout" Failed Some(504),
        "the peer did not answer the connection: host down, firewall, or its queue is full";
    ConnectUnreachable "connect_unreachable" Failed Some(502),
        "the network has no way to the peer: host or route is gone";
    ConnectDenied "connect_denied" Failed Some(502),
        "NGINX may not use the socket: its owner or mode, or on TCP usually SELinux";
    ConnectFailed "connect_failed" Failed Some(502),
        "the connection could not be made, for another reason that the errno names";
    SocketMissing "socket_missing" Failed Some(502),
        "the unix socket does not exist: the service is down, or has another path";
    BacklogFull "backlog_full" Failed Some(502),
        "the unix socket's queue is full: too few workers for the load";
    PortsExhausted "ports_exhausted" Failed Some(502),
        "no local address or port is left for the connection";
    FilesExhausted "files_exhausted" Failed Some(500),
        "NGINX ran out of file descriptors";
    ConnectionsExhausted "connections_exhausted" Failed Some(500),
        "NGINX ran out of worker_connections";
    TempFileFailed "temp_file_failed" Failed Some(500),
        "the response could not be written to a temporary or cache file: disk full, or not allowed";
    ResolveFailed "resolve_failed" Failed Some(502),
        "the upstream's name could not be resolved";
    ResolveTimeout "resolve_timeout" Failed Some(502),
        "the name server did not answer in time";
    ResolverMissing "resolver_missing" Failed Some(502),
        "a name must be resolved at run time, and no resolver is configured";
    HostNotFound "host_not_found" Failed None,
        "NGINX did not start or reload: an upstream's name could not be resolved";
    UpstreamMisconfigured "upstream_misconfigured" Failed Some(500),
        "the upstream's address in the configuration makes no sense";
    NoLiveUpstreams "no_live_upstreams" Failed Some(502),
        "every server of the upstream block is marked as failed";
    PeerDisabled "peer_disabled" Degraded None,
        "a server of the upstream block failed too often and is left out for a while";
    TlsSetupFailed "tls_setup_failed" Failed Some(500),
        "NGINX's own side of TLS to the upstream cannot be set up: certificate, key, name";
    TlsHandshakeFailed "tls_handshake_failed" Failed Some(502),
        "the TLS handshake with the upstream failed";
    TlsHandshakeTimeout "tls_handshake_timeout" Failed Some(504),
        "the TLS handshake with the upstream did not end in time";
    TlsCertificateRejected "tls_certificate_rejected" Failed Some(502),
        "the upstream's certificate is not trusted, or is for another name";
    SendTimeout "send_timeout" Failed Some(504),
        "the upstream stopped reading the request";
    SendFailed "send_failed" Failed Some(502),
        "the upstream closed the connection while the request was sent";
    ResponseTimeout "response_timeout" Failed Some(504),
        "the upstream did not begin its response in time";
    ResponseReset "response_reset" Failed Some(502),
        "the upstream reset the connection instead of answering";
    ResponseClosed "response_closed" Failed Some(502),
        "the upstream closed the connection before its header was complete: it crashed or was killed";
    HeaderTooBig "header_too_big" Failed Some(502),
        "the response header does not fit into NGINX's buffer";
    InvalidResponse "invalid_response" Failed Some(502),
        "the upstream broke the rules of its protocol";
    RequestRejected "request_rejected" Failed Some(502),
        "the upstream refused the HTTP/2 or gRPC stream";
    BodyTimeout "body_timeout" Failed None,
        "the upstream stopped in the middle of the response";
    BodyReset "body_reset" Failed None,
        "the upstream reset the connection in the middle of the response";
    BodyTruncated "body_truncated" Failed None,
        "the upstream closed the connection before the response was complete";
    ResponseIrregular "response_irregular" Degraded None,
        "the response was odd, but NGINX let it pass";
    ResponseBuffered "response_buffered" Degraded None,
        "the response did not fit into memory and went through a temporary file";
    SessionTimeout "session_timeout" Failed None,
        "an upgraded or stream session was silent for too long";
    SessionReset "session_reset" Failed None,
        "the upstream reset an upgraded or stream session";
    ScriptNotFound "script_not_found" Failed Some(404),
        "PHP-FPM does not find the script: SCRIPT_FILENAME or root is wrong";
    ScriptDenied "script_denied" Failed Some(403),
        "PHP-FPM refuses the script's name (security.limit_extensions)";
    AppFatal "app_fatal" Failed Some(500),
        "the application died of a fatal error";
    AppWarning "app_warning" Degraded None,
        "the application warns";
    AppStderr "app_stderr" Degraded None,
        "the application wrote to its error stream";
    ClientAborted "client_aborted" Client Some(499),
        "the client went away while the upstream worked";
    UpstreamOther "upstream_other" Failed None,
        "concerns an upstream, and is none of the other classes";
}

/// So many classes that are not built in are told apart, and so long are their names at most.
const MOST_FOREIGN: usize = 1_024;
const LONGEST_FOREIGN: usize = 1_024;

impl Class {
    /// The name in events, datasets and commands.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The class of this name, of those that are built in.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.name() == name)
    }

    /// The one whose name is most like this one, which is none; `None` if they are not alike.
    pub fn nearest(name: &str) -> Option<Self> {
        let likeness = |class: Self| strsim::normalized_damerau_levenshtein(name, class.name());
        let scored = Self::ALL.iter().map(|&class| (likeness(class), class));
        let nearest = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        (nearest.0 > 0.5).then_some(nearest.1)
    }

    /// A class that is not built in, as a dataset names it; `None` if its kind is none. Where datasets name more of them
    /// than anybody has, the last are `(other)`.
    pub fn foreign(name: &str, kind: &str) -> Option<Self> {
        static MET: Mutex<BTreeMap<(Kind, String), UserClass>> = Mutex::new(BTreeMap::new());
        let kind = Kind::from_letter(kind)?;
        let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
        let is_one_more = met.len() < MOST_FOREIGN && name.len() <= LONGEST_FOREIGN;
        let key = match (kind, name.to_owned()) {
            key if is_one_more || met.contains_key(&key) => key,
            _ => (kind, "(other)".to_owned()),
        };
        let class = met.entry(key).or_insert_with_key(|(kind, name)| {
            let meaning = "a class of your rules, or of another version";
            UserClass::new(name.clone(), *kind, meaning.to_owned())
        });
        Some(Self::User(*class))
    }

    /// What an event of the class says about the upstream.
    pub const fn kind(self) -> Kind {
        self.row().kind
    }

    /// The class in one line.
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// Its [explanation](super::Explanation), in TOML.
    pub(super) const fn explained(self) -> Option<&'static str> {
        self.row().explained
    }

    /// The status that the client is sent, as a rule; see [`Verdict::status`](super::Verdict).
    pub const fn status(self) -> Option<u16> {
        self.row().status
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_that_names_classes_without_end_takes_no_more_memory() {
        let class = |number: usize| Class::foreign(&format!("tenant_{number}"), "F").unwrap();
        let first = class(0);
        let classes: std::collections::BTreeSet<Class> = (0..10_000).map(class).collect();
        assert!(classes.len() <= MOST_FOREIGN + 1);
        assert_eq!((class(0), first.name()), (first, "tenant_0"));
        assert_eq!(class(9_999).name(), "(other)");
        let long = Class::foreign(&"x".repeat(LONGEST_FOREIGN + 1), "W").unwrap();
        assert_eq!((long.name(), long.kind()), ("(other)", Kind::Degraded));
        assert_eq!(Class::foreign("tenant_0", "X"), None);
    }

    #[test]
    fn names_are_unique_and_the_order_is_the_tables() {
        for (at, &class) in Class::ALL.iter().enumerate() {
            assert!(at == 0 || Class::ALL[at - 1] < class);
            let twin = Class::ALL[at + 1..]
                .iter()
                .find(|other| other.name() == class.name());
            assert_eq!(twin, None);
        }
        assert_eq!(Class::ALL.len(), 44);
    }
}
