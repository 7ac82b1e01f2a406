//! An HTTP backend as applications bring their own: HTTP/1.1, connections are kept.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Answers as long as the test runs.
pub fn listen(address: impl Into<SocketAddr>) {
    let listener = TcpListener::bind(address.into()).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(&stream));
        }
    });
}

/// Until NGINX closes the connection.
fn serve(mut stream: &TcpStream) {
    let lines = BufReader::new(stream).lines();
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nquick";
            let _ = stream.write_all(answer);
        }
    }
}
