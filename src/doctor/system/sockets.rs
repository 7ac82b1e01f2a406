use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use procfs::net::{TcpNetEntries, TcpState, UnixNetEntries, UnixState};
use procfs::prelude::{FromRead, FromReadSI};

use crate::config::{Address, Root};

/// What is listened on, from `/proc/net`.
#[derive(Debug, Default)]
pub struct Sockets {
    /// With the numbers of the sockets that were bound to each path, the last one to its file.
    unix: HashMap<PathBuf, Vec<u64>>,
    inet: Vec<(SocketAddr, u64)>,
}

impl Sockets {
    /// `None` where they are not to be seen.
    pub(super) fn look(root: &Root) -> Option<Self> {
        // `/proc/net` is a link to the reader's own, which is not among a container's processes.
        let folders = ["/proc/net", "/proc/1/net"].map(Path::new);
        let path = |folder: &Path, name: &str| root.outside(&folder.join(name));
        let read = |folder: &Path| UnixNetEntries::from_file(path(folder, "unix")).ok();
        let (folder, unix) = folders
            .into_iter()
            .find_map(|folder| Some((folder, read(folder)?)))?;
        let unix = unix.0.into_iter().filter(|socket| {
            // A socket that was connected or accepted has another state.
            i32::from(socket.socket_type) == libc::SOCK_STREAM
                && socket.state == UnixState::UNCONNECTED
        });
        let system = procfs::current_system_info();
        let inet = ["tcp", "tcp6"].into_iter().filter_map(|name| {
            // Without IPv6 there is no tcp6.
            TcpNetEntries::from_file(path(folder, name), system).ok()
        });
        let inet = inet.flat_map(|entries| entries.0);
        let inet = inet.filter(|socket| socket.state == TcpState::Listen);
        let mut by_path: HashMap<PathBuf, Vec<u64>> = HashMap::new();
        for socket in unix {
            if let Some(path) = socket.path {
                by_path.entry(path).or_default().push(socket.inode);
            }
        }
        Some(Self {
            unix: by_path,
            inet: inet
                .map(|socket| (socket.local_address, socket.inode))
                .collect(),
        })
    }

    /// Whether a process accepts connections on a socket of this path. The file may be gone.
    pub fn has_unix(&self, path: &Path) -> bool {
        self.unix.contains_key(path)
    }

    /// Whether a process accepts connections on this address.
    pub fn inet(&self, address: SocketAddr) -> Listening {
        let on_port = self
            .inet
            .iter()
            .filter(|(socket, _)| socket.port() == address.port());
        let states = on_port.map(|(socket, _)| covers(socket.ip(), address.ip()));
        states.max().unwrap_or(Listening::No)
    }

    /// The numbers of the sockets on which a pool that listens on this address may accept connections.
    pub fn numbers(&self, listen: &Address) -> Vec<u64> {
        let on = |port: u16| {
            let on_port = self
                .inet
                .iter()
                .filter(move |(socket, _)| socket.port() == port);
            on_port.map(|&(_, number)| number).collect()
        };
        match listen {
            Address::Unix(path) => self.unix.get(path).cloned().unwrap_or_default(),
            Address::Inet(address) => on(address.port()),
            Address::Port(port) | Address::Name(_, port) => on(*port),
        }
    }

    /// The addresses on which this port is listened on.
    pub fn on_port(&self, port: u16) -> Vec<SocketAddr> {
        let mut found: Vec<_> = self
            .inet
            .iter()
            .map(|&(socket, _)| socket)
            .filter(|socket| socket.port() == port)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether somebody listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listening {
    /// Nobody.
    No,
    /// What listens on `::`, if it takes IPv4 too, which `/proc` does not show (ipv6(7), IPV6_V6ONLY).
    Perhaps,
    /// Somebody.
    Yes,
}

/// Whether a socket that listens on one address accepts connections to the other.
fn covers(listening: IpAddr, address: IpAddr) -> Listening {
    let is_it = match listening {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) if address.is_ipv4() => return Listening::Perhaps,
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => true,
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.is_ipv4(),
        IpAddr::V6(v6) => {
            listening == address || v6.to_ipv4_mapped().map(IpAddr::V4) == Some(address)
        }
        IpAddr::V4(_) => listening == address,
    };
    if is_it { Listening::Yes } else { Listening::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_listens_counts() {
        let folder = tempfile::tempdir().unwrap();
        let net = folder.path().join("proc/net");
        std::fs::create_dir_all(&net).unwrap();
        let unix = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 10 /run/listening.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 11 /run/connected.sock\n\
            0000000000000000: 00000002 00000000 00000000 0002 01 12 /run/datagrams.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03 13\n";
        std::fs::write(net.join("unix"), unix).unwrap();
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        let row = |local: &str, state: &str| {
            let zeros = if local.len() > 20 {
                "0".repeat(32)
            } else {
                "0".repeat(8)
            };
            format!(
                "   0: {local} {zeros}:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 5 1 0000000000000000 100 0 0 10 0\n"
            )
        };
        let v4 = format!(
            "{head}{}{}",
            row("0100007F:2328", "0A"),
            row("0100007F:1F90", "01")
        );
        std::fs::write(net.join("tcp"), v4).unwrap();
        let v6 = format!("{head}{}", row(&format!("{}:0050", "0".repeat(32)), "0A"));
        std::fs::write(net.join("tcp6"), v6).unwrap();
        let sockets = Sockets::look(&Root::new(folder.path())).unwrap();
        assert!(sockets.has_unix(Path::new("/run/listening.sock")));
        assert!(!sockets.has_unix(Path::new("/run/connected.sock")));
        assert!(!sockets.has_unix(Path::new("/run/datagrams.sock")));
        for (address, expected) in [
            ("127.0.0.1:9000", Listening::Yes),
            ("127.0.0.2:9000", Listening::No),
            ("[::1]:9000", Listening::No),
            ("127.0.0.1:8080", Listening::No),
            ("10.0.0.1:80", Listening::Perhaps),
            ("[2001:db8::1]:80", Listening::Yes),
        ] {
            assert_eq!(
                sockets.inet(address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
    }
}
