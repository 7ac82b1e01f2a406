use super::name;
use super::nginx::Nginx;
use super::table::{Known, Table};
use crate::config::Found;

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
        let table = |nginx: usize, fpms: usize| {
            let (nginx, fpms) = (&all_nginx[..nginx], &all_fpms[..fpms]);
            Table::new(nginx, fpms, known)
        };
        Self {
            here: table(all_nginx.len(), all_fpms.len()),
            elsewhere: table(named.nginx.len(), named.fpms.len()),
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

    /// The peers that belong to several pools, each with their names, the one first that it has where the
    /// server of an event does not tell.
    pub fn shared(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.here.shared()
    }
}
