//! What NGINX's configuration calls the pools.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::known::Known;
use crate::config::Address;
use crate::config::nginx::{Conf, Pass, Upstream};

/// What is used of a configuration.
pub(super) struct Nginx<'a> {
    upstreams: Vec<Upstream<'a>>,
    passes: Vec<Pass<'a>>,
}

impl<'a> Nginx<'a> {
    pub(super) fn new(conf: &'a Conf) -> Self {
        Self {
            upstreams: conf.upstreams(),
            passes: conf.passes(),
        }
    }
}

/// The servers of the upstream blocks.
pub(super) fn add_upstreams(draft: &mut Draft, nginx: &Nginx<'_>, known: &Known) {
    for upstream in &nginx.upstreams {
        let number = draft.number(upstream.name);
        for server in &upstream.servers {
            for peer in known.peers(&server.address) {
                draft.add(peer, number);
            }
        }
    }
}

/// The names of the blocks, which NGINX logs where no server is left, and those of servers, which it logs
/// where they have no address.
pub(super) fn add_upstream_names(draft: &mut Draft, nginx: &Nginx<'_>) {
    for upstream in &nginx.upstreams {
        let number = draft.number(upstream.name);
        draft.add(upstream.name, number);
    }
    for upstream in &nginx.upstreams {
        let number = draft.number(upstream.name);
        for server in &upstream.servers {
            if let Address::Name(host, _) = &server.address
                && draft.known(host).is_none()
            {
                draft.add(host, number);
            }
        }
    }
}

/// Servers to which NGINX passes by their name, without any block: the pool is the name as it is written.
pub(super) fn add_passes(draft: &mut Draft, nginx: &Nginx<'_>, known: &Known) {
    for pass in &nginx.passes {
        for address in pass.target.addresses() {
            let Some(name) = name(pass, address) else {
                continue;
            };
            let number = draft.number(&name);
            for peer in known.peers(address) {
                draft.add(peer, number);
            }
        }
    }
}

/// Their names alone, which NGINX logs where they have no address.
pub(super) fn add_pass_names(draft: &mut Draft, nginx: &Nginx<'_>) {
    for pass in &nginx.passes {
        for address in pass.target.addresses() {
            if let (Address::Name(host, _), Some(name)) = (address, name(pass, address)) {
                let number = draft.number(&name);
                draft.add(host, number);
            }
        }
    }
}

/// To which pools each server passes.
pub(super) fn add_servers(draft: &mut Draft, nginx: &Nginx<'_>) {
    for pass in &nginx.passes {
        // The blocks around it are the file, `http`, the server and so on.
        let Some(server) = pass.scope.0.get(2).filter(|_| !pass.is_stream) else {
            continue;
        };
        let mut pools: BTreeSet<String> = pass.target.blocks().map(str::to_owned).collect();
        let addresses = pass.target.addresses();
        pools.extend(addresses.filter_map(|address| name(pass, address)));
        let numbers: Vec<_> = pools.iter().filter_map(|name| draft.known(name)).collect();
        let names = server.iter().filter(|one| one.name == "server_name");
        let mut names: Vec<&str> = names
            .flat_map(|one| &one.args)
            .map(String::as_str)
            .collect();
        if names.is_empty() {
            names.push("");
        }
        for name in names {
            for &number in &numbers {
                draft.add_server(name, number);
            }
        }
    }
}

/// `backend.example.com:8080` of `proxy_pass http://backend.example.com:8080/`, without the port where it is
/// that of the scheme.
fn name(pass: &Pass<'_>, address: &Address) -> Option<String> {
    let Address::Name(host, port) = address else {
        return None;
    };
    let is_default = !pass.is_stream && {
        let text = pass.directive.args.first().map_or("", String::as_str);
        let text = text.to_ascii_lowercase();
        match (text.split_once("://"), pass.family) {
            (Some(("http" | "grpc", _)), _) => *port == 80,
            (Some(("https" | "grpcs", _)), _) => *port == 443,
            // The scheme is in a variable.
            (_, "proxy" | "grpc") => matches!(port, 80 | 443),
            _ => false,
        }
    };
    Some(match is_default {
        true => host.clone(),
        false => format!("{host}:{port}"),
    })
}
