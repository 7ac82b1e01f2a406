//! The line between the program and the server: one request after the other goes over it, and it may be cut.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done, and answered.
    Answered,
    /// The server never hears of it.
    Lost,
    /// It is done, but nobody hears the answer.
    Unanswered,
}

/// A request: its number, from 1 on, and its first line.
pub struct Request<'a> {
    pub number: u64,
    pub line: &'a str,
}

type Decide = dyn FnMut(Request<'_>) -> Fate + Send;

pub struct Line {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    server: u16,
    requests: AtomicU64,
    is_over: AtomicBool,
    /// Only one request at a time is with the server: its conditions are conditions then.
    decide: Mutex<Box<Decide>>,
}

impl Line {
    /// To a server at this port; `decide` is asked before each request.
    pub fn new(server: u16, decide: impl FnMut(Request<'_>) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            server,
            requests: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            decide: Mutex::new(Box::new(decide)),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.is_over.load(Ordering::Acquire) {
                    return;
                }
                let state = Arc::clone(&shared);
                thread::spawn(move || {
                    // A client that was killed is no error.
                    let _ = client.and_then(|client| state.carry(client));
                });
            }
        });
        Self { port, state }
    }

    /// Whether no request is with the server.
    pub fn is_idle(&self) -> bool {
        self.state.decide.try_lock().is_ok()
    }

    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Acquire)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Release);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl State {
    /// Carries one request of a connection, which ends with it.
    fn carry(&self, client: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let (head, body) = read_request(&mut reader)?;
        let line = head.lines().next().unwrap_or_default().to_owned();
        let mut decide = self.decide.lock().unwrap();
        let number = self.requests.fetch_add(1, Ordering::AcqRel) + 1;
        let fate = decide(Request {
            number,
            line: &line,
        });
        if fate == Fate::Lost {
            return client.shutdown(Shutdown::Both);
        }
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server))?;
        let head = head.trim_end().to_owned() + "\r\nConnection: close\r\n\r\n";
        server.write_all(head.as_bytes())?;
        server.write_all(&body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        drop(decide);
        if fate == Fate::Answered {
            (&client).write_all(&answer)?;
        }
        client.shutdown(Shutdown::Both)
    }
}

fn read_request(reader: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}
