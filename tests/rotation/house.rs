//! A folder with logs and a dataset, now.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono_tz::Tz;
use tempfile::TempDir;

use super::files::{open, seconds, set_modified, with};
use super::pack::Pack;
use super::program::{Clock, Program, Said};
use super::table::{events, read};

pub struct House {
    _home: TempDir,
    pub program: Program,
}

impl House {
    pub fn new() -> Self {
        let mut home = tempfile::tempdir().unwrap();
        home.disable_cleanup(std::env::var_os("BADGATEWAY_KEEP").is_some());
        fs::create_dir(home.path().join("log")).unwrap();
        let program = Program {
            clock: Clock::Now,
            zone: Tz::UTC,
            folder: home.path().to_path_buf(),
            logs: vec!["log"],
        };
        Self {
            _home: home,
            program,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.program.folder.join("log").join(name)
    }

    /// Writes behind what is there.
    pub fn write(&self, name: &str, text: &str) {
        use std::io::Write;
        let file = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Has a log be compressed.
    pub fn pack(&self, name: &str, pack: Pack) {
        let bytes = pack.pack(&fs::read(self.path(name)).unwrap());
        fs::write(with(&self.path(name), pack.extension()), bytes).unwrap();
        self.remove(name);
    }

    /// Nobody has written to a log for so long.
    pub fn age(&self, name: &str, seconds_ago: i64) {
        set_modified(&open(&self.path(name)), now() - seconds_ago);
    }

    /// A run that has nothing to complain of, and how many events there are after it.
    pub fn count(&self) -> i64 {
        let said = self.run();
        assert_eq!(said.status, 0, "{}", said.words);
        events(&read(&self.program.dataset()))
    }

    pub fn run(&self) -> Said {
        self.program.aggregate(now(), &[])
    }
}

pub fn now() -> i64 {
    seconds(SystemTime::now())
}

/// Failures of as many peers, told apart by the number of their connection too.
pub fn failures(connections: std::ops::Range<u32>, server: &str) -> String {
    let line = |connection: u32| {
        let peer = format!("10.0.{}.{}", connection / 250, connection % 250);
        format!(
            "2026/01/30 09:15:02 [error] 7#7: *{connection} connect() failed (111: Connection refused) while \
             connecting to upstream, client: 192.0.2.1, server: {server}, request: \"GET / HTTP/1.1\", \
             upstream: \"http://{peer}:8080/\", host: \"{server}\"\n"
        )
    };
    connections.map(line).collect()
}
