use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use crate::config::Address;
use crate::config::fpm::{Fpm, Pool};
use crate::taxonomy::Class;

use super::backends::Backend;
use super::facts::Facts;
use super::knock::{answers, refuses};
use super::system::{Barrier, Listening, barrier};

/// What keeps NGINX from reaching a backend: the first thing that has to be mended.
#[derive(Debug, Clone)]
pub(super) enum Fault<'a> {
    /// No pool listens there, nor anybody else.
    PoolMissing,
    /// The pool's PHP-FPM does not run.
    FpmStopped(&'a Fpm, &'a Pool),
    /// PHP-FPM runs, but without the pool.
    PoolNotRunning(&'a Fpm, &'a Pool),
    /// PHP-FPM listens, but the socket's file is gone, or another file is in its place.
    FileReplaced(&'a Fpm, &'a Pool, Barrier),
    /// There is no socket, and no pool is to listen on it.
    SocketMissing,
    /// What is there is no socket.
    NotASocket,
    /// The socket's file is left, but nobody listens.
    SocketStale,
    /// NGINX's workers may not connect.
    Denied(Barrier, Option<(&'a Fpm, &'a Pool)>),
    /// Nobody listens on the port.
    PortClosed(SocketAddr),
    /// The name stands for no address.
    Unresolved(String),
    /// The name stands for several addresses of this machine, and only on some somebody listens.
    PartlyClosed {
        open: SocketAddr,
        closed: SocketAddr,
    },
}

/// What keeps NGINX from reaching a backend, as far as can be seen from here.
pub(super) fn fault<'a>(facts: &Facts<'a>, backend: &Backend<'a>) -> Option<Fault<'a>> {
    match &backend.address {
        Address::Unix(path) => unix(facts, backend, path),
        Address::Inet(address) => inet(facts, backend, *address),
        Address::Port(_) => None,
        Address::Name(host, port) => named(facts, backend, host, *port),
    }
}

fn unix<'a>(facts: &Facts<'a>, backend: &Backend<'a>, path: &Path) -> Option<Fault<'a>> {
    let pool = facts.pools_at(&backend.address).into_iter().next();
    let Some(sockets) = &facts.system.sockets else {
        return (pool.is_none() && is_for_php(facts, backend)).then_some(Fault::PoolMissing);
    };
    let worker = facts.nginx[backend.nginx].worker.as_ref();
    let barrier = barrier(facts.system, worker, path);
    let is_live = facts.system.root.is_live();
    let is_listening = sockets.has_unix(path)
        || sockets.has_unix(&facts.links.real(path))
        || (is_live && answers(path));
    match (pool, is_listening, barrier) {
        (Some((fpm, pool)), true, Some(barrier @ (Barrier::Missing | Barrier::NotASocket))) => {
            Some(Fault::FileReplaced(fpm, pool, barrier))
        }
        (Some((fpm, pool)), false, barrier) => {
            // Who cannot see processes sees the file at least.
            let unseen = match barrier {
                Some(Barrier::Missing) => Fault::SocketMissing,
                Some(Barrier::NotASocket) => Fault::NotASocket,
                _ => Fault::SocketStale,
            };
            Some(stopped(facts, fpm, pool).unwrap_or(unseen))
        }
        (None, _, Some(Barrier::NotASocket)) => Some(Fault::NotASocket),
        (None, true, Some(Barrier::Missing)) | (None, false, _) if is_for_php(facts, backend) => {
            Some(Fault::PoolMissing)
        }
        (None, _, Some(Barrier::Missing)) => Some(Fault::SocketMissing),
        (None, false, _) => Some(Fault::SocketStale),
        (pool, true, Some(barrier)) => Some(Fault::Denied(barrier, pool)),
        (Some((fpm, pool)), true, None) => orphaned(facts, fpm, pool),
        (None, true, None) => None,
    }
}

fn inet<'a>(facts: &Facts<'a>, backend: &Backend<'a>, address: SocketAddr) -> Option<Fault<'a>> {
    if is_udp(facts, backend) {
        return None;
    }
    if !facts.is_own(address.ip()) {
        return facts
            .refused
            .contains(&address)
            .then_some(Fault::PortClosed(address));
    }
    let sockets = facts.system.sockets.as_ref()?;
    let pool = facts.pools_at(&Address::Inet(address)).into_iter().next();
    let is_live = facts.system.root.is_live();
    let is_open = match sockets.inet(address) {
        Listening::Yes => true,
        Listening::Perhaps => !is_live || !refuses(address),
        // The kernel may lead it elsewhere, as Docker has it do without a proxy.
        Listening::No => is_live && !refuses(address),
    };
    match pool {
        Some((fpm, pool)) if is_open => orphaned(facts, fpm, pool),
        None if is_open => None,
        Some((fpm, pool)) => stopped(facts, fpm, pool).or(Some(Fault::PortClosed(address))),
        None if is_for_php(facts, backend) => Some(Fault::PoolMissing),
        None => Some(Fault::PortClosed(address)),
    }
}

fn named<'a>(facts: &Facts<'a>, backend: &Backend<'a>, host: &str, port: u16) -> Option<Fault<'a>> {
    let unresolved = || Some(Fault::Unresolved(host.to_owned()));
    let Some(ips) = facts.names.get(host) else {
        // Nobody can be asked now, and NGINX could not either.
        let seen = facts.logged.of_name(host, &[Class::HostNotFound]);
        return seen.and_then(|_| unresolved());
    };
    if ips.is_empty() {
        return unresolved();
    }
    let tried = ips.iter().filter(|ip| is_asked_for(facts, **ip));
    let faults: Vec<_> = tried
        .map(|ip| SocketAddr::new(*ip, port))
        .map(|address| (address, inet(facts, backend, address)))
        .collect();
    let open = faults.iter().find(|(_, fault)| fault.is_none());
    let closed = faults.iter().find(|(_, fault)| fault.is_some());
    match (open, closed) {
        (Some(&(open, _)), Some(&(closed, _))) => Some(Fault::PartlyClosed { open, closed }),
        (None, Some((_, fault))) => fault.clone(),
        (_, None) => None,
    }
}

/// Whether NGINX takes addresses of this family: it asks for those that the machine has one of, besides
/// loopback, and for both where it has none (getaddrinfo(3), AI_ADDRCONFIG).
fn is_asked_for(facts: &Facts<'_>, ip: IpAddr) -> bool {
    let has = |is_v6: bool| {
        let mut own = facts.own.iter();
        own.any(|own| own.is_ipv6() == is_v6 && !own.is_loopback())
    };
    has(ip.is_ipv6()) || !has(!ip.is_ipv6())
}

/// Whether a pool only answers because its processes have outlived their master.
fn orphaned<'a>(facts: &Facts<'a>, fpm: &'a Fpm, pool: &'a Pool) -> Option<Fault<'a>> {
    let processes = facts.system.processes.as_ref()?;
    let is_orphaned = facts.fpm_service(fpm).master().is_none() && {
        let sockets = facts.sockets_of(pool);
        processes.fpm_orphans(&pool.name, &sockets).next().is_some()
    };
    is_orphaned.then_some(Fault::FpmStopped(fpm, pool))
}

/// Why nobody listens on a pool's address.
fn stopped<'a>(facts: &Facts<'a>, fpm: &'a Fpm, pool: &'a Pool) -> Option<Fault<'a>> {
    facts.system.processes.as_ref()?;
    Some(match facts.fpm_service(fpm).master() {
        Some(_) => Fault::PoolNotRunning(fpm, pool),
        None => Fault::FpmStopped(fpm, pool),
    })
}

/// Whether it is PHP-FPM that a backend stands for, as far as is known: where a pool's file may not be read, its
/// pool may be the one.
fn is_for_php(facts: &Facts<'_>, backend: &Backend<'_>) -> bool {
    let is_elsewhere = match &backend.address {
        Address::Unix(path) => ["fcgiwrap", "hhvm", "flup", "spawn"]
            .iter()
            .any(|other| path.to_string_lossy().contains(other)),
        _ => false,
    };
    let mut problems = facts.fpms.iter().flat_map(|fpm| &fpm.problems);
    let is_known = !facts.fpms.is_empty() && problems.all(|problem| !problem.is_denied);
    backend.family == "fastcgi" && is_known && !is_elsewhere
}

fn is_udp(facts: &Facts<'_>, backend: &Backend<'_>) -> bool {
    backend.uses.iter().any(|of| {
        let listen = facts.pass(backend, of).scope.find("listen");
        listen.is_some_and(|listen| listen.args.iter().any(|arg| arg == "udp"))
    })
}
