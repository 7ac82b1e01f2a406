//! `fastcgi_pass`, `proxy_pass` and their like.

use std::collections::HashMap;

use super::script::has_variables;
use super::upstream::{self, worlds};
use super::url::{Url, strip_prefix};
use super::value::{Value, Variables};
use super::{Conf, Directive, Pass, Scope, Target};

/// Schemes, and the port of each where none is written.
type Schemes = &'static [(&'static str, Option<u16>)];

/// How the directives of a family begin, and its schemes. An empty scheme stands for none.
const FAMILIES: [(&str, Schemes); 6] = [
    ("fastcgi", &[("", None)]),
    ("proxy", &[("http://", Some(80)), ("https://", Some(443))]),
    (
        "uwsgi",
        &[("uwsgi://", None), ("suwsgi://", None), ("", None)],
    ),
    ("scgi", &[("", None)]),
    (
        "grpc",
        &[
            ("grpc://", Some(80)),
            ("grpcs://", Some(443)),
            ("", Some(80)),
        ],
    ),
    ("memcached", &[("", None)]),
];

/// Variables that begin with a slash or a question mark, or are empty: they end an address.
const PATHS: [&str; 4] = ["uri", "request_uri", "document_uri", "is_args"];

pub(super) fn all(conf: &Conf) -> Vec<Pass<'_>> {
    let mut passes = Vec::new();
    let upstreams = upstream::all(conf);
    for (world, block, is_stream) in worlds(conf) {
        let names = upstreams.iter().filter(|one| one.is_stream == is_stream);
        let mut walk = Walk {
            is_stream,
            upstreams: names
                .map(|one| (one.name.to_ascii_lowercase(), one.name))
                .collect(),
            variables: Variables::of(block),
            around: vec![world],
            scope: vec![&conf.directives],
            passes: &mut passes,
        };
        walk.block(block);
    }
    passes
}

struct Walk<'a, 'p> {
    is_stream: bool,
    /// The names of upstream blocks as they are written, by what they are in small letters.
    upstreams: HashMap<String, &'a str>,
    variables: Variables<'a>,
    around: Vec<&'a Directive>,
    scope: Vec<&'a [Directive]>,
    passes: &'p mut Vec<Pass<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn block(&mut self, block: &'a [Directive]) {
        self.scope.push(block);
        for directive in block {
            if let Some(family) = self.family(directive) {
                let text = directive.args[0].as_str();
                self.passes.push(Pass {
                    directive,
                    family,
                    target: self.target(family, text),
                    is_stream: self.is_stream,
                    scope: Scope(self.scope.clone()),
                });
            }
            let is_way = matches!(
                directive.name.as_str(),
                "server" | "location" | "if" | "limit_except"
            );
            if let Some(inside) = directive.block.as_deref().filter(|_| is_way) {
                self.around.push(directive);
                self.block(inside);
                self.around.pop();
            }
        }
        self.scope.pop();
    }

    fn family(&self, directive: &Directive) -> Option<&'static str> {
        let family = directive.name.strip_suffix("_pass")?;
        let family = FAMILIES.iter().find(|(name, _)| *name == family)?.0;
        let is_known = family == "proxy" || !self.is_stream;
        (is_known && directive.block.is_none() && directive.args.len() == 1).then_some(family)
    }

    fn target(&self, family: &str, text: &str) -> Target {
        if !has_variables(text) {
            return self.constant(family, text).unwrap_or(Target::Unknown);
        }
        let mut candidates = Vec::new();
        let mut is_open = false;
        for value in self.variables.at(&self.around).values(text) {
            let (target, is_sure) = self.value(family, &value);
            is_open |= !is_sure;
            if let Some(target) = target.filter(|target| !candidates.contains(target)) {
                candidates.push(target);
            }
        }
        Target::Variable {
            candidates,
            is_open,
        }
    }

    /// What a value names, and whether it names nothing else. An empty one names nothing.
    fn value(&self, family: &str, value: &Value) -> (Option<Target>, bool) {
        let Some(variable) = &value.open else {
            return (self.constant(family, &value.text), true);
        };
        let may_have_uri = self.may_have_uri(family);
        let Some((rest, _)) = self.scheme(family, &value.text) else {
            return (None, false);
        };
        let is_ended = may_have_uri
            && match strip_prefix(rest, "unix:") {
                Some(path) => path.contains(':'),
                None => {
                    rest.contains(['/', '?'])
                        || (!rest.is_empty() && PATHS.contains(&variable.as_str()))
                }
            };
        let target = self.constant(family, &value.text);
        let has_port = matches!(
            Url::read(rest, may_have_uri),
            Some(Url::Inet { port: Some(_), .. })
        );
        let is_likely = has_port || matches!(target, Some(Target::Upstream(_)));
        (target.filter(|_| is_ended || is_likely), is_ended)
    }

    fn constant(&self, family: &str, text: &str) -> Option<Target> {
        let (rest, default_port) = self.scheme(family, text)?;
        let url = Url::read(rest, self.may_have_uri(family))?;
        // A name with a port is no block's (`ngx_http_upstream_add`).
        if let Url::Inet { host, port: None } = url
            && let Some(name) = self.upstreams.get(&host.to_ascii_lowercase())
        {
            return Some(Target::Upstream((*name).to_owned()));
        }
        url.address(default_port).map(Target::Address)
    }

    /// What stands behind the scheme, and the port that belongs to it.
    fn scheme<'t>(&self, family: &str, text: &'t str) -> Option<(&'t str, Option<u16>)> {
        if self.is_stream {
            return Some((text, None));
        }
        let (_, schemes) = FAMILIES.iter().find(|(name, _)| *name == family)?;
        schemes
            .iter()
            .find_map(|&(scheme, port)| Some((strip_prefix(text, scheme)?, port)))
    }

    fn may_have_uri(&self, family: &str) -> bool {
        family == "proxy" && !self.is_stream
    }
}
