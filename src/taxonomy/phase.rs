use super::words::on_one_line;

/// Where in the exchange with the upstream something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Reading the configuration.
    Config,
    /// Looking up the upstream's name.
    Resolve,
    /// Connecting.
    Connect,
    /// Shaking hands for TLS.
    TlsHandshake,
    /// Sending the request.
    Send,
    /// Reading the response header.
    Header,
    /// Reading the response body.
    Body,
    /// Passing bytes both ways: an upgraded connection, stream, mail.
    Session,
}

impl Phase {
    const ALL: [Self; 8] = [
        Self::Config,
        Self::Resolve,
        Self::Connect,
        Self::TlsHandshake,
        Self::Send,
        Self::Header,
        Self::Body,
        Self::Session,
    ];

    /// The phase of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// The name in events and datasets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::TlsHandshake => "tls_handshake",
            Self::Send => "send",
            Self::Header => "header",
            Self::Body => "body",
            Self::Session => "session",
        }
    }
}

/// Whose doing an action is, and in which phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// NGINX dealt with the upstream.
    Upstream(Phase),
    /// NGINX dealt with the client, although an upstream may be named behind it.
    Client,
    /// Neither can be told.
    Unknown,
}

impl Side {
    /// The phase, where NGINX dealt with the upstream.
    pub(super) fn phase(self) -> Option<Phase> {
        match self {
            Self::Upstream(phase) => Some(phase),
            Self::Client | Self::Unknown => None,
        }
    }
}

/// What an action says. The actions are those that NGINX assigns to `log->action` in
/// `src/http/ngx_http_upstream.c`, `src/event/ngx_event_pipe.c`,
/// `src/stream/ngx_stream_proxy_module.c` and `src/mail/ngx_mail_proxy_module.c`.
pub(super) fn side(action: Option<&[u8]>) -> Side {
    let Some(action) = action else {
        return Side::Unknown;
    };
    if memchr::memchr2(b'\n', b'\r', action).is_some() {
        return side_of(&on_one_line(action));
    }
    side_of(action)
}

fn side_of(action: &[u8]) -> Side {
    let phase = match action {
        b"connecting to upstream" => Phase::Connect,
        b"SSL handshaking to upstream" => Phase::TlsHandshake,
        b"reading response header from upstream" => Phase::Header,
        b"reading upstream" | b"reading response from upstream" => Phase::Body,
        b"proxying upgraded connection"
        | b"proxying connection"
        | b"proxying"
        | b"proxying and reading from upstream"
        | b"proxying and sending to upstream" => Phase::Session,
        _ if action.starts_with(b"sending ") && action.ends_with(b" to upstream") => Phase::Send,
        _ if action.starts_with(b"reading ") && action.ends_with(b" from upstream") => Phase::Body,
        b"proxying and reading from client"
        | b"proxying and sending to client"
        | b"sending to client"
        | b"sending early hints to client" => return Side::Client,
        _ => return cut(action),
    };
    Side::Upstream(phase)
}

/// What an action says that was cut, if enough is left of it.
fn cut(action: &[u8]) -> Side {
    const ACTIONS: [(&[u8], Phase); 6] = [
        (b"connecting to upstream", Phase::Connect),
        (b"SSL handshaking to upstream", Phase::TlsHandshake),
        (b"sending request to upstream", Phase::Send),
        (b"reading response header from upstream", Phase::Header),
        (b"reading upstream", Phase::Body),
        (b"reading response from upstream", Phase::Body),
    ];
    // A client's handshake has this action.
    let is_telling = action.len() > b"connecting".len() && action != b"SSL handshaking";
    let mut begun = ACTIONS
        .iter()
        .filter(|(whole, _)| is_telling && whole.starts_with(action));
    match (begun.next(), begun.next()) {
        (Some(&(_, phase)), None) => Side::Upstream(phase),
        _ => Side::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(action: &str) -> Option<Phase> {
        side(Some(action.as_bytes())).phase()
    }

    #[test]
    fn actions_name_the_phase() {
        assert_eq!(
            phase("sending LOGIN command to upstream"),
            Some(Phase::Send)
        );
        assert_eq!(phase("sending request to upstream"), Some(Phase::Send));
        assert_eq!(phase("reading upstream"), Some(Phase::Body));
        assert_eq!(phase("connecting to \nupstream"), Some(Phase::Connect));
        assert_eq!(phase("SSL handshaking"), None);
        assert_eq!(phase("in http auth state"), None);
        assert_eq!(phase("reading response header"), Some(Phase::Header));
        assert_eq!(phase("connecting to"), Some(Phase::Connect));
        for action in ["reading response", "reading", "SSL", "connecting"] {
            assert_eq!(phase(action), None, "{action}");
        }
        assert_eq!(side(Some(b"sending to client")), Side::Client);
        assert_eq!(side(None), Side::Unknown);
    }
}
