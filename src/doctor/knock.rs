//! Connecting to backends as NGINX would, from this machine: to its own sockets and to peers elsewhere.

use std::collections::BTreeSet;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

/// So many peers are asked at once.
const MOST_AT_ONCE: usize = 64;
/// How long a remote peer may take to answer.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whether somebody accepts connections on a socket that `/proc` does not show, as those of another
/// network namespace are.
pub(super) fn answers(path: &Path) -> bool {
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
pub(super) fn refuses(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE)
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Which of these peers refuse a connection. Many are asked at once: those that are silent take their time.
pub(super) fn refused(addresses: BTreeSet<SocketAddr>) -> BTreeSet<SocketAddr> {
    let addresses: Vec<_> = addresses.into_iter().collect();
    let mut refused = BTreeSet::new();
    for some in addresses.chunks(MOST_AT_ONCE) {
        thread::scope(|scope| {
            let asked = some.iter().map(|&address| {
                let thread = thread::Builder::new();
                (
                    address,
                    thread.spawn_scoped(scope, move || refuses(address)),
                )
            });
            let asked: Vec<_> = asked.collect();
            refused.extend(asked.into_iter().filter_map(|(address, asked)| {
                // Where there is no thread to be had it is asked by this one.
                let refuses = match asked {
                    Ok(asked) => asked.join().is_ok_and(|refuses| refuses),
                    Err(_) => refuses(address),
                };
                refuses.then_some(address)
            }));
        });
    }
    refused
}
