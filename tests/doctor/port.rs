//! Ports for one test each.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port of the loopback that nobody uses. Below those that the kernel hands out, so that nobody gets it
/// by chance before it is used.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(process::id() % 500).unwrap() * 20;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        let listen = |address| TcpListener::bind((address, port));
        if listen("127.0.0.1").is_ok() && listen("::").is_ok() {
            return port;
        }
    }
}
