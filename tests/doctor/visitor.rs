//! A visitor, who asks for a page and sees a status.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// What the visitor is answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// What several who come at the same moment are answered.
pub fn get_each(visitors: usize, port: u16, path: &str) -> Vec<Option<Answer>> {
    thread::scope(|scope| {
        let visit = |_| scope.spawn(|| get(port, path));
        let visitors: Vec<_> = (0..visitors).map(visit).collect();
        let answers = visitors.into_iter().map(|visitor| visitor.join().unwrap());
        answers.collect()
    })
}

/// None where nobody answers.
pub fn get(port: u16, path: &str) -> Option<Answer> {
    let answer = begin(port, path).and_then(finish).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    let body = body.to_owned();
    Some(Answer { status, body })
}

/// Asks for a page, and has more to say.
fn begin(port: u16, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {path} HTTP/1.0\r\n")?;
    Ok(stream)
}

fn finish(mut stream: TcpStream) -> io::Result<String> {
    write!(stream, "Host: localhost\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// How many of those who visit at the same moment are served.
pub fn served_of(visitors: usize, port: u16, path: &str) -> usize {
    let visitors: Vec<_> = (0..visitors).map(|_| begin(port, path).unwrap()).collect();
    // NGINX reads what they have said, so it will not take their connections away from them for others.
    thread::sleep(Duration::from_millis(100));
    thread::scope(|scope| {
        let finish = |stream| scope.spawn(move || finish(stream));
        let visitors: Vec<_> = visitors.into_iter().map(finish).collect();
        let answers = visitors.into_iter().map(|visitor| visitor.join().unwrap());
        let is_served = |answer: &io::Result<String>| {
            let answer = answer.as_deref().unwrap_or_default();
            answer.starts_with("HTTP/1.1 200 ")
        };
        answers.filter(is_served).count()
    })
}
