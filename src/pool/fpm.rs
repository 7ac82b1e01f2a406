//! What PHP-FPM's configuration calls the pools.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::draft::Draft;
use super::known::Known;
use crate::config::Address;
use crate::config::fpm::Fpm;

/// The pools of all installations, by what they listen on.
pub(super) fn add_pools(draft: &mut Draft, fpms: &[&Fpm], known: &Known) {
    let mut fpms_of: HashMap<&str, Vec<&Fpm>> = HashMap::new();
    for fpm in fpms {
        for pool in &fpm.pools {
            fpms_of.entry(&pool.name).or_default().push(fpm);
        }
    }
    let mut met = HashSet::new();
    for fpm in fpms {
        for pool in &fpm.pools {
            let Some(listen) = &pool.listen else {
                continue;
            };
            let name = name(&pool.name, fpm, &fpms_of[pool.name.as_str()]);
            let number = draft.number(&name);
            // Only one can listen; NGINX's servers do not tell which.
            for peer in peers(listen, known) {
                if met.insert(peer.clone()) {
                    draft.add(peer, number);
                }
            }
        }
    }
}

/// `www`, or `www (8.2)` where several installations have a pool of this name, or their place where they
/// have the version in common.
fn name(pool: &str, fpm: &Fpm, with_this_pool: &[&Fpm]) -> String {
    if with_this_pool.len() < 2 {
        return pool.to_owned();
    }
    let same = with_this_pool
        .iter()
        .filter(|other| other.version == fpm.version);
    match &fpm.version {
        Some(version) if same.count() == 1 => format!("{pool} ({version})"),
        _ => format!("{pool} ({})", fpm.conf.display()),
    }
}

/// As what NGINX may log what listens there.
fn peers(listen: &Address, known: &Known) -> Vec<String> {
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
        Address::Name(..) => known.peers(listen),
        Address::Inet(address) if !address.ip().is_unspecified() => {
            let mut peers = vec![listen.to_string()];
            if address.ip().is_loopback() {
                peers.push(format!("localhost:{}", address.port()));
            }
            peers
        }
        // Linux hands what comes by IPv4 to who listens on all of IPv6 (`ipv6(7)`).
        Address::Inet(address) => everywhere(address.port(), known, address.is_ipv6()),
        Address::Port(port) => everywhere(*port, known, true),
    }
}

fn everywhere(port: u16, known: &Known, has_v6: bool) -> Vec<String> {
    let loopback = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let addresses = loopback.iter().chain(&known.own);
    let addresses = addresses.filter(|ip| has_v6 || ip.is_ipv4());
    let mut peers: Vec<String> = addresses
        .map(|&ip| SocketAddr::new(ip, port).to_string())
        .collect();
    peers.push(format!("localhost:{port}"));
    peers
}
