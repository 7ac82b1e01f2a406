//! `upstream` blocks.

use super::url::Url;
use super::{Conf, Directive, Server, Upstream};

/// The blocks in which NGINX knows upstreams and passes, and whether it is `stream`.
pub(super) fn worlds(conf: &Conf) -> impl Iterator<Item = (&Directive, &[Directive], bool)> {
    conf.directives.iter().filter_map(|directive| {
        let is_stream = match directive.name.as_str() {
            "http" => false,
            "stream" => true,
            _ => return None,
        };
        Some((directive, directive.block.as_deref()?, is_stream))
    })
}

pub(super) fn all(conf: &Conf) -> Vec<Upstream<'_>> {
    worlds(conf)
        .flat_map(|(_, block, is_stream)| {
            block
                .iter()
                .filter_map(move |directive| one(directive, is_stream))
        })
        .collect()
}

fn one(directive: &Directive, is_stream: bool) -> Option<Upstream<'_>> {
    let name = directive
        .args
        .first()
        .filter(|_| directive.name == "upstream")?;
    let block = directive.block.as_deref()?;
    // A server of HTTP has a default port, one of a stream needs its own
    // (`ngx_http_upstream_server`, `ngx_stream_upstream_server`).
    let default_port = (!is_stream).then_some(80);
    let servers = block.iter().filter(|inner| inner.name == "server");
    let servers = servers.filter_map(|directive| {
        let url = Url::read(directive.args.first()?, false)?;
        let address = url.address(default_port)?;
        Some(Server { address, directive })
    });
    Some(Upstream {
        name,
        servers: servers.collect(),
        is_stream,
        directive,
    })
}
