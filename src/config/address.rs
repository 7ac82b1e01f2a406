use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a server listens on, or what NGINX connects to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// An address and a port. The unspecified address (`0.0.0.0`, `::`) listens on all of its family.
    Inet(SocketAddr),
    /// A port on every address of the machine, of both families (`listen = 9000`).
    Port(u16),
    /// A name that is still to be resolved, and a port.
    Name(String, u16),
}

impl fmt::Display for Address {
    /// As NGINX writes a peer into its log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
            Self::Inet(address) => write!(out, "{address}"),
            Self::Port(port) => write!(out, "*:{port}"),
            Self::Name(host, port) => write!(out, "{host}:{port}"),
        }
    }
}
