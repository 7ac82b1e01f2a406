use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

use crate::config::Address;
use crate::config::fpm::{Fpm, Pool};
use crate::taxonomy::Class;

use super::backends::Backend;
use super::subject::Subject;
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

/// How long a remote peer may take to answer.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What keeps NGINX from reaching a backend, as far as can be seen from here.
pub(super) fn fault<'a>(subject: &Subject<'a>, backend: &Backend<'a>) -> Option<Fault<'a>> {
    match &backend.address {
        Address::Unix(path) => unix(subject, backend, path),
        Address::Inet(address) => inet(subject, backend, *address),
        Address::Port(_) => None,
        Address::Name(host, port) => named(subject, backend, host, *port),
    }
}

fn unix<'a>(subject: &Subject<'a>, backend: &Backend<'a>, path: &Path) -> Option<Fault<'a>> {
    let pool = subject.pools_at(&backend.address).into_iter().next();
    let Some(sockets) = &subject.system.sockets else {
        return (pool.is_none() && is_for_php(subject, backend)).then_some(Fault::PoolMissing);
    };
    let worker = subject.nginx[backend.nginx].worker.as_ref();
    let barrier = barrier(subject.system, worker, path);
    let is_listening =
        sockets.has_unix(path) || sockets.has_unix(&subject.real(path)) || answers(subject, path);
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
            Some(stopped(subject, fpm, pool).unwrap_or(unseen))
        }
        (None, _, Some(Barrier::NotASocket)) => Some(Fault::NotASocket),
        (None, true, Some(Barrier::Missing)) | (None, false, _) if is_for_php(subject, backend) => {
            Some(Fault::PoolMissing)
        }
        (None, _, Some(Barrier::Missing)) => Some(Fault::SocketMissing),
        (None, false, _) => Some(Fault::SocketStale),
        (pool, true, Some(barrier)) => Some(Fault::Denied(barrier, pool)),
        (Some((fpm, pool)), true, None) => orphaned(subject, fpm, pool),
        (None, true, None) => None,
    }
}

fn inet<'a>(
    subject: &Subject<'a>,
    backend: &Backend<'a>,
    address: SocketAddr,
) -> Option<Fault<'a>> {
    if is_udp(subject, backend) {
        return None;
    }
    if !subject.is_own(address.ip()) {
        return refuses(subject, address).then_some(Fault::PortClosed(address));
    }
    let sockets = subject.system.sockets.as_ref()?;
    let pool = subject.pools_at(&Address::Inet(address)).into_iter().next();
    let is_open = match sockets.inet(address) {
        Listening::Yes => true,
        Listening::Perhaps => !refuses(subject, address),
        Listening::No => false,
    };
    match pool {
        Some((fpm, pool)) if is_open => orphaned(subject, fpm, pool),
        None if is_open => None,
        Some((fpm, pool)) => stopped(subject, fpm, pool).or(Some(Fault::PortClosed(address))),
        None if is_for_php(subject, backend) => Some(Fault::PoolMissing),
        None => Some(Fault::PortClosed(address)),
    }
}

fn named<'a>(
    subject: &Subject<'a>,
    backend: &Backend<'a>,
    host: &str,
    port: u16,
) -> Option<Fault<'a>> {
    let unresolved = || Some(Fault::Unresolved(host.to_owned()));
    let Some(ips) = subject.names.get(host) else {
        // Nobody can be asked now, and NGINX could not either.
        let seen = subject.logged.of_name(host, &[Class::HostNotFound]);
        return seen.and_then(|_| unresolved());
    };
    if ips.is_empty() {
        return unresolved();
    }
    let tried = ips.iter().filter(|ip| is_asked_for(subject, **ip));
    let faults: Vec<_> = tried
        .map(|ip| SocketAddr::new(*ip, port))
        .map(|address| (address, inet(subject, backend, address)))
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
fn is_asked_for(subject: &Subject<'_>, ip: IpAddr) -> bool {
    let has = |is_v6: bool| {
        let mut own = subject.own.iter();
        own.any(|own| own.is_ipv6() == is_v6 && !own.is_loopback())
    };
    has(ip.is_ipv6()) || !has(!ip.is_ipv6())
}

/// Whether a pool only answers because its processes have outlived their master.
fn orphaned<'a>(subject: &Subject<'a>, fpm: &'a Fpm, pool: &'a Pool) -> Option<Fault<'a>> {
    let processes = subject.system.processes.as_ref()?;
    let is_orphaned = subject.fpm_service(fpm).master().is_none()
        && processes.fpm_orphans(&pool.name).next().is_some();
    is_orphaned.then_some(Fault::FpmStopped(fpm, pool))
}

/// Why nobody listens on a pool's address.
fn stopped<'a>(subject: &Subject<'a>, fpm: &'a Fpm, pool: &'a Pool) -> Option<Fault<'a>> {
    subject.system.processes.as_ref()?;
    Some(match subject.fpm_service(fpm).master() {
        Some(_) => Fault::PoolNotRunning(fpm, pool),
        None => Fault::FpmStopped(fpm, pool),
    })
}

/// Whether it is PHP-FPM that a backend stands for, as far as is known.
fn is_for_php(subject: &Subject<'_>, backend: &Backend<'_>) -> bool {
    let is_elsewhere = match &backend.address {
        Address::Unix(path) => ["fcgiwrap", "hhvm", "flup", "spawn"]
            .iter()
            .any(|other| path.to_string_lossy().contains(other)),
        _ => false,
    };
    backend.family == "fastcgi" && !subject.fpms.is_empty() && !is_elsewhere
}

fn is_udp(subject: &Subject<'_>, backend: &Backend<'_>) -> bool {
    backend.uses.iter().any(|of| {
        let listen = subject.pass(backend, of).scope.find("listen");
        listen.is_some_and(|listen| listen.args.iter().any(|arg| arg == "udp"))
    })
}

/// Whether somebody accepts connections on a socket that `/proc` does not show, as those of another
/// network namespace are.
fn answers(subject: &Subject<'_>, path: &Path) -> bool {
    if !subject.system.root.is_live() {
        return false;
    }
    let connect = || -> rustix::io::Result<()> {
        // A full queue would be waited for.
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        net::connect(&socket, &SocketAddrUnix::new(path)?)
    };
    // A full queue and a closed door have somebody behind them, or may have.
    matches!(connect(), Ok(()) | Err(Errno::AGAIN | Errno::ACCESS))
}

/// Whether a peer refuses a connection. One that does not answer may only be silent towards us.
fn refuses(subject: &Subject<'_>, address: SocketAddr) -> bool {
    subject.system.root.is_live()
        && TcpStream::connect_timeout(&address, PATIENCE)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
