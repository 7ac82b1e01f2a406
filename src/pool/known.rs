use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Address;

/// What is known of names and addresses, for [`Names::new`](super::Names::new).
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The addresses of names.
    pub names: HashMap<String, Vec<IpAddr>>,
    /// The machine's own addresses.
    pub own: Vec<IpAddr>,
}

impl Known {
    /// The peers as which NGINX may log a server: its address, or those of its name.
    pub(super) fn peers(&self, address: &Address) -> Vec<String> {
        let mut peers = vec![address.to_string()];
        if let Address::Name(host, port) = address {
            let addresses = self.names.get(host).into_iter().flatten();
            peers.extend(addresses.map(|&ip| SocketAddr::new(ip, *port).to_string()));
        }
        peers
    }

    /// The peers as which NGINX may log what listens on an address.
    pub fn listening(&self, listen: &Address) -> Vec<String> {
        match listen {
            Address::Unix(path) => {
                let peer = listen.to_string();
                // One is a link to the other since `/run` is there (`file-hierarchy(7)`).
                let twin = match path.strip_prefix("/var/run") {
                    Ok(rest) => Some(format!("unix:/run/{}", rest.display())),
                    Err(_) => {
                        let rest = path.strip_prefix("/run").ok();
                        rest.map(|rest| format!("unix:/var/run/{}", rest.display()))
                    }
                };
                [peer].into_iter().chain(twin).collect()
            }
            Address::Name(..) => self.peers(listen),
            Address::Inet(address) if !address.ip().is_unspecified() => {
                let mut peers = vec![listen.to_string()];
                if address.ip().is_loopback() {
                    peers.push(format!("localhost:{}", address.port()));
                }
                peers
            }
            // Linux hands what comes by IPv4 to who listens on all of IPv6 (`ipv6(7)`).
            Address::Inet(address) => self.everywhere(address.port(), address.is_ipv6()),
            Address::Port(port) => self.everywhere(*port, true),
        }
    }

    fn everywhere(&self, port: u16, has_v6: bool) -> Vec<String> {
        let loopback = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        let addresses = loopback.iter().chain(&self.own);
        let addresses = addresses.filter(|ip| has_v6 || ip.is_ipv4());
        let mut peers: Vec<String> = addresses
            .map(|&ip| SocketAddr::new(ip, port).to_string())
            .collect();
        peers.push(format!("localhost:{port}"));
        peers
    }
}
