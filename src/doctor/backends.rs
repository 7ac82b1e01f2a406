use std::collections::{BTreeMap, HashMap};

use crate::config::nginx::{Directive, Target};
use crate::config::{Address, Place};

use super::nginx::Nginx;

/// An address that NGINX connects to.
#[derive(Debug)]
pub(super) struct Backend<'a> {
    /// Whose it is.
    pub nginx: usize,
    pub address: Address,
    /// `fastcgi`, `proxy`, …
    pub family: &'a str,
    pub uses: Vec<Use<'a>>,
}

/// Where an address stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'a> {
    /// The pass by which requests get there.
    pub pass: usize,
    /// What names the address: the pass itself, or a `server` of an upstream block.
    pub directive: &'a Directive,
    /// The upstream block.
    pub upstream: Option<usize>,
    /// Whether variables decide at run time, and NGINX resolves a name then.
    pub at_run_time: bool,
}

impl Backend<'_> {
    pub fn places(&self) -> Vec<Place> {
        let mut places: Vec<_> = self
            .uses
            .iter()
            .map(|of| of.directive.place.clone())
            .collect();
        places.sort();
        places.dedup();
        places
    }
}

pub(super) fn backends<'a>(number: usize, nginx: &Nginx<'a>) -> Vec<Backend<'a>> {
    let mut found: BTreeMap<(Address, &'a str), Vec<Use<'a>>> = BTreeMap::new();
    let mut blocks = HashMap::new();
    for (at, upstream) in nginx.upstreams.iter().enumerate() {
        let name = (upstream.name, upstream.is_stream);
        blocks.entry(name).or_insert(at);
    }
    for (at, pass) in nginx.passes.iter().enumerate() {
        let at_run_time = matches!(pass.target, Target::Variable { .. });
        for address in pass.target.addresses() {
            let of = Use {
                pass: at,
                directive: pass.directive,
                upstream: None,
                at_run_time,
            };
            found
                .entry((address.clone(), pass.family))
                .or_default()
                .push(of);
        }
        for name in pass.target.blocks() {
            let Some(&block) = blocks.get(&(name, pass.is_stream)) else {
                continue;
            };
            for server in &nginx.upstreams[block].servers {
                if server.has("down") {
                    continue;
                }
                let at_run_time = server.has("resolve");
                let of = Use {
                    pass: at,
                    directive: server.directive,
                    upstream: Some(block),
                    at_run_time,
                };
                found
                    .entry((server.address.clone(), pass.family))
                    .or_default()
                    .push(of);
            }
        }
    }
    let backend = |((address, family), uses)| Backend {
        nginx: number,
        address,
        family,
        uses,
    };
    found.into_iter().map(backend).collect()
}
