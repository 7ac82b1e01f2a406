//! An HTTP backend as applications bring their own: HTTP/1.1, connections are kept.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Answers as long as the test runs.
pub fn listen(address: impl Into<SocketAddr>) {
    listen_patiently(address, Duration::MAX);
}

/// Answers, but not on a connection that was idle for so long. One that closes it just then has not seen
/// the request that is on its way; here the moment lasts, so that it is met for sure.
pub fn listen_patiently(address: impl Into<SocketAddr>, patience: Duration) {
    let listener = TcpListener::bind(address.into()).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(&stream, patience));
        }
    });
}

/// Until one of the two closes the connection.
fn serve(mut stream: &TcpStream, patience: Duration) {
    let mut answered = Instant::now();
    let mut is_kept = true;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if answered.elapsed() > patience {
            return;
        }
        is_kept &= !line.ends_with(" HTTP/1.0");
        if line.is_empty() {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nquick";
            let _ = stream.write_all(answer);
            if !is_kept {
                return;
            }
            answered = Instant::now();
        }
    }
}
