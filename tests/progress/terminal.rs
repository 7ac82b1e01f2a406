//! A pseudo terminal, and the program on it.

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const ROWS: u16 = 8;

/// A program whose standard error is a terminal.
pub struct Terminal {
    pub child: Child,
    columns: u16,
    began: Instant,
    came: Arc<Mutex<Came>>,
    reader: JoinHandle<()>,
}

#[derive(Default)]
struct Came {
    bytes: Vec<u8>,
    first: Option<Instant>,
}

/// What is left when the program has ended.
pub struct Left {
    /// How it ended: the exit status, or the signal.
    pub ended: Result<i32, i32>,
    /// All that came.
    pub came: String,
    /// When the first of it came after the start.
    pub first: Option<Duration>,
    /// What is to be seen.
    pub screen: String,
    /// Row and column of the cursor.
    pub cursor: (u16, u16),
}

impl Terminal {
    /// Runs the command on a terminal of so many columns, which is its standard output as well if asked for.
    pub fn run(mut command: Command, columns: u16, is_stdout: bool) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let size = Winsize {
            ws_row: ROWS,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).unwrap();
        let slave = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        command.stderr(slave.try_clone().unwrap());
        if is_stdout {
            command.stdout(slave);
        }
        let began = Instant::now();
        let child = command.spawn().unwrap();
        // Its ends of the terminal are closed with it.
        drop(command);
        let came = Arc::new(Mutex::new(Came::default()));
        let reader = thread::spawn({
            let came = Arc::clone(&came);
            let mut master = File::from(master);
            move || {
                let mut buffer = [0; 4096];
                // The end of a terminal is an error.
                while let Ok(read @ 1..) = master.read(&mut buffer) {
                    let mut came = came.lock().unwrap();
                    came.first.get_or_insert_with(Instant::now);
                    came.bytes.extend_from_slice(&buffer[..read]);
                }
            }
        });
        Terminal {
            child,
            columns,
            began,
            came,
            reader,
        }
    }

    /// What came so far.
    pub fn came(&self) -> String {
        String::from_utf8(self.came.lock().unwrap().bytes.clone()).unwrap()
    }

    /// Waits until this has come.
    pub fn wait_for(&self, text: &str) {
        let patience = Instant::now();
        while !self.came().contains(text) {
            let waited = patience.elapsed();
            assert!(waited < Duration::from_secs(20), "{text}: {}", self.came());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end of the program.
    pub fn end(mut self) -> Left {
        let status = self.child.wait().unwrap();
        self.reader.join().unwrap();
        let came = self.came.lock().unwrap();
        let mut parser = vt100::Parser::new(ROWS, self.columns, 0);
        parser.process(&came.bytes);
        Left {
            ended: status.code().ok_or(status.signal().unwrap_or_default()),
            came: String::from_utf8(came.bytes.clone()).unwrap(),
            first: came.first.map(|first| first - self.began),
            screen: parser.screen().contents(),
            cursor: parser.screen().cursor_position(),
        }
    }
}

/// The program, as on a terminal that can do what terminals do.
pub fn badgateway(arguments: &[&str]) -> Command {
    // Who runs tests in the background has them ignore signals, and what they start as well.
    let mut command = Command::new("env");
    command
        .args(["--default-signal=INT,HUP", env!("CARGO_BIN_EXE_badgateway")])
        .args(arguments)
        .args(["--timezone", "UTC", "--no-discover"])
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}
