//! A real NGINX that fails to reach its upstreams, a real logrotate, and runs in between, some of them
//! killed: each request that was answered with 502 is counted once.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rand::{RngExt, SeedableRng};

/// How each server's log is rotated, and whether what is written meanwhile is lost by design.
const SCHEMES: [(&str, &str, bool); 4] = [
    (
        "debian",
        "compress\ndelaycompress\nnotifempty\ncreate",
        false,
    ),
    (
        "dated",
        "compress\ndateext\ndateformat -%Y%m%d-%s\nnotifempty\ncreate",
        false,
    ),
    ("copied", "copytruncate\ncompress\ndelaycompress", true),
    (
        "xz",
        "compresscmd /usr/bin/xz\ncompressext .xz\ncompress\nnotifempty\ncreate",
        false,
    ),
];

/// NGINX with a server for each scheme, whose requests all fail.
struct Nginx {
    folder: PathBuf,
    ports: Vec<u16>,
    master: Child,
}

impl Nginx {
    fn start(folder: &Path) -> Self {
        fs::create_dir(folder.join("log")).unwrap();
        // Taken all at once, so that they differ.
        let sockets: Vec<TcpListener> = (0..=SCHEMES.len())
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let ports = sockets
            .iter()
            .map(|socket| socket.local_addr().unwrap().port());
        let mut ports: Vec<u16> = ports.collect();
        drop(sockets);
        let nobody = ports.pop().unwrap();
        let servers = SCHEMES.iter().zip(&ports).map(|((name, ..), port)| {
            format!(
                "server {{ listen 127.0.0.1:{port}; server_name {name}; error_log log/{name}-error.log; \
                 location / {{ proxy_pass http://127.0.0.1:{nobody}; }} }}\n"
            )
        });
        let servers: String = servers.collect();
        let config = format!(
            "user root;\ndaemon off;\nworker_processes 2;\npid nginx.pid;\nerror_log log/main-error.log;\n\
             events {{ }}\nhttp {{\naccess_log off;\nproxy_temp_path temp;\n{servers}}}\n"
        );
        fs::write(folder.join("nginx.conf"), config).unwrap();
        let master = Command::new("nginx")
            .arg("-p")
            .arg(folder)
            .args(["-c", "nginx.conf"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let folder = folder.to_path_buf();
        let nginx = Self {
            folder,
            ports,
            master,
        };
        nginx.configure_logrotate();
        let begin = Instant::now();
        while nginx.request(0).is_none() {
            assert!(begin.elapsed().as_secs() < 10, "NGINX does not start");
            thread::sleep(Duration::from_millis(20));
        }
        nginx
    }

    fn configure_logrotate(&self) {
        let pid = self.folder.join("nginx.pid");
        let log = |name: &str| self.folder.join(format!("log/{name}-error.log"));
        let rules = SCHEMES.iter().map(|(name, how, is_copied)| {
            // Workers open the new file shortly after the signal; before that they write to the old one.
            let reopen = format!(
                "postrotate\nkill -USR1 $(cat {})\nsleep 0.3\nendscript",
                pid.display()
            );
            let reopen = if *is_copied { "" } else { &reopen };
            format!(
                "{} {{\ndaily\nrotate 1000\n{how}\n{reopen}\n}}\n",
                log(name).display()
            )
        });
        fs::write(
            self.folder.join("logrotate.conf"),
            rules.collect::<String>(),
        )
        .unwrap();
    }

    /// The status with which a server answers.
    fn request(&self, server: usize) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports[server])).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.get(9..12)?.parse().ok()
    }

    fn logrotate(&self) -> Child {
        Command::new("logrotate")
            .args(["--force", "--state", "logrotate.state", "logrotate.conf"])
            .current_dir(&self.folder)
            // That a dated name is taken already is said; it is rotated the next time.
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn aggregate(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badgateway"));
        command
            .args(["aggregate", "log", "--out", "dataset", "--timezone", "UTC"])
            .arg("--no-discover")
            .current_dir(&self.folder);
        command
    }

    /// A run that nothing happens to.
    fn count(&self) {
        let output = self.aggregate().output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}");
    }

    /// How many events the dataset has of each server.
    fn counted(&self) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for file in fs::read_dir(self.folder.join("dataset/hourly")).unwrap() {
            let file = File::open(file.unwrap().path()).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                let server = batch.column_by_name("server").unwrap().as_string::<i32>();
                let events = batch.column_by_name("events").unwrap();
                let events = events.as_primitive::<Int64Type>();
                for row in 0..batch.num_rows() {
                    *counts.entry(server.value(row).to_owned()).or_default() += events.value(row);
                }
            }
        }
        counts
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = self.master.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &pid]).status();
        let _ = self.master.wait();
    }
}

/// Ends the requests when it is dropped.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
#[ignore = "needs NGINX and logrotate, which tests/all installs"]
fn what_a_real_nginx_answers_is_counted_once_while_a_real_logrotate_is_at_work() {
    let folder = tempfile::tempdir().unwrap();
    let nginx = Nginx::start(folder.path());
    let answered: [AtomicI64; SCHEMES.len()] = Default::default();
    answered[0].store(1, Ordering::Relaxed);
    let is_over = AtomicBool::new(false);
    // Held while a log is copied and truncated, and by who would write to it meanwhile.
    let copying = Mutex::new(());
    let mut dice = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut runs, mut kills, mut rotations) = (0, 0, 0);
    thread::scope(|scope| {
        for (server, answered) in answered.iter().enumerate() {
            let (nginx, is_over, copying) = (&nginx, &is_over, &copying);
            scope.spawn(move || {
                while !is_over.load(Ordering::Acquire) {
                    let turn = SCHEMES[server].2.then(|| copying.lock().unwrap());
                    assert_eq!(nginx.request(server), Some(502));
                    answered.fetch_add(1, Ordering::Relaxed);
                    drop(turn);
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        // Also where an assertion fails.
        let end = End(&is_over);
        let begin = Instant::now();
        while begin.elapsed().as_secs() < 15 {
            let turn = copying.lock().unwrap();
            let mut logrotate = nginx.logrotate();
            while logrotate.try_wait().unwrap().is_none() {
                if dice.random_bool(0.4) {
                    let mut run = nginx.aggregate().stderr(Stdio::null()).spawn().unwrap();
                    thread::sleep(Duration::from_millis(dice.random_range(0..30)));
                    kills += i32::from(run.try_wait().unwrap().is_none());
                    run.kill().unwrap();
                    run.wait().unwrap();
                } else {
                    nginx.count();
                }
                runs += 1;
            }
            rotations += 1;
            drop(turn);
            thread::sleep(Duration::from_millis(dice.random_range(50..300)));
        }
        drop(end);
    });
    nginx.count();
    let expected: BTreeMap<String, i64> = SCHEMES
        .iter()
        .zip(&answered)
        .map(|((name, ..), answered)| (name.to_string(), answered.load(Ordering::Relaxed)))
        .collect();
    println!("{runs} runs, {kills} killed, {rotations} rotations; requests: {expected:?}");
    assert_eq!(nginx.counted(), expected);
    assert!(
        rotations > 3 && kills > 3,
        "{rotations} rotations, {kills} kills"
    );
}
