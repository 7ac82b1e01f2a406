use std::collections::HashSet;

use super::draft::Draft;
use super::known::Known;
use super::nginx::Nginx;
use super::table::Table;
use super::{fpm, name, nginx};
use crate::config::Found;
use crate::config::fpm::Fpm;

/// What the configurations call the pools, looked up by peer.
///
/// A configuration that was found on this machine says nothing of the peers of others, whose events come in
/// through syslog: `127.0.0.1:9000` is somewhere else there.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// For events of this machine.
    here: Table,
    /// For those of all others.
    elsewhere: Table,
    machine: Machine,
}

/// Whose events are those of this machine.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// This machine's name, as envelopes have it.
    pub name: String,
    /// Whether events are its own that come without an envelope.
    pub is_default: bool,
}

/// This machine's name, as `hostname` has it.
pub fn this_machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}

impl Machine {
    /// Whether an event that an envelope says is of `host` is one of its events.
    pub fn is(&self, host: Option<&[u8]>) -> bool {
        let Some(host) = host else {
            return self.is_default;
        };
        let name = self.name.as_bytes();
        // Syslog has the first part only.
        let short = name.split(|&byte| byte == b'.').next();
        host == name || Some(host) == short
    }
}

impl Names {
    /// What is `named` counts for all machines, what was `found` for this one; before it comes what is named.
    pub fn new(named: &Found, found: &Found, known: &Known, machine: Machine) -> Self {
        let nginx = named.nginx.iter().chain(&found.nginx);
        let all_nginx: Vec<_> = nginx.map(Nginx::new).collect();
        let all_fpms: Vec<_> = named.fpms.iter().chain(&found.fpms).collect();
        let first = |nginx: usize, fpms: usize| {
            let (nginx, fpms) = (&all_nginx[..nginx], &all_fpms[..fpms]);
            table(nginx, fpms, known)
        };
        Self {
            here: first(all_nginx.len(), all_fpms.len()),
            elsewhere: first(named.nginx.len(), named.fpms.len()),
            machine,
        }
    }

    /// The pool to which a peer belongs: `by_rule` is what a rule says, `server` and `host` are where the
    /// event was logged, if its record says so.
    pub fn name<'a>(
        &'a self,
        by_rule: Option<&'a [u8]>,
        peer: Option<&'a [u8]>,
        server: Option<&[u8]>,
        host: Option<&[u8]>,
    ) -> &'a [u8] {
        let known = || {
            let table = match self.machine.is(host) {
                true => &self.here,
                false => &self.elsewhere,
            };
            table.find(peer?, server)
        };
        let known = if by_rule.is_none() { known() } else { None };
        known.unwrap_or_else(|| name(by_rule, peer))
    }

    /// The names that configurations give.
    pub fn pools(&self) -> HashSet<String> {
        let tables = [&self.here, &self.elsewhere];
        let names = tables.into_iter().flat_map(|table| &table.names);
        names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }

    /// The peers that belong to several pools, each with their names, the one first that it has where the
    /// server of an event does not tell.
    pub fn shared(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.here.shared()
    }
}

/// The pools of peers, what is stronger first.
fn table(nginx: &[Nginx<'_>], fpms: &[&Fpm], known: &Known) -> Table {
    let mut draft = Draft::default();
    for nginx in nginx {
        nginx::add_upstreams(&mut draft, nginx, known);
    }
    draft.settle();
    for nginx in nginx {
        nginx::add_upstream_names(&mut draft, nginx);
    }
    draft.settle();
    fpm::add_pools(&mut draft, fpms, known);
    draft.settle();
    for nginx in nginx {
        nginx::add_passes(&mut draft, nginx, known);
    }
    draft.settle();
    for nginx in nginx {
        nginx::add_pass_names(&mut draft, nginx);
    }
    draft.settle_unique();
    if draft.is_shared() {
        for nginx in nginx {
            nginx::add_servers(&mut draft, nginx);
        }
    }
    draft.into_table()
}
