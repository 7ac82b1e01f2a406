//! A name server that knows one address, and gives it for every name.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;

/// Serves on port 53 of an address, as long as the test runs.
pub fn serve(listen: Ipv4Addr, address: Ipv4Addr) {
    let socket = UdpSocket::bind((listen, 53)).unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut query).unwrap();
            let answer = answer(&query[..length], address);
            socket.send_to(&answer, from).unwrap();
        }
    });
}

/// RFC 1035: the question again, and for an address of the old kind one answer.
fn answer(query: &[u8], address: Ipv4Addr) -> Vec<u8> {
    const HEAD: usize = 12;
    let name = query[HEAD..].iter().position(|&byte| byte == 0).unwrap();
    let end_of_name = HEAD + name + 1;
    let question = &query[HEAD..end_of_name + 4];
    let is_ipv4 = query[end_of_name..end_of_name + 2] == [0, 1];
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
    answer.extend(question);
    if is_ipv4 {
        // The name is at the begin of the question; an address of class IN, for a minute.
        answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    answer
}
