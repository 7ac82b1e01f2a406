use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

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
}
