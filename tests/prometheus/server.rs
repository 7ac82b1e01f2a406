//! Servers of one test each, on ports that nobody else has; they end with the test.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A process that answers HTTP on an address of the loopback.
pub struct Server {
    process: Child,
    address: String,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Prometheus over the blocks in a folder.
    pub fn prometheus(blocks: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("prometheus.yml");
        fs::write(&configuration, "").unwrap();
        let mut command = Command::new("prometheus");
        command
            .arg("--config.file")
            .arg(configuration)
            .arg("--storage.tsdb.path")
            .arg(blocks)
            .arg("--storage.tsdb.retention.time=100y")
            .arg("--web.listen-address=127.0.0.1:0");
        let server = Self::start(command, folder, said_address);
        server.wait("/-/ready");
        server
    }

    /// node_exporter with nothing but the textfile collector.
    pub fn node_exporter(textfiles: &Path) -> Self {
        let mut command = Command::new("prometheus-node-exporter");
        command
            .arg("--collector.disable-defaults")
            .arg("--collector.textfile")
            .arg("--collector.textfile.directory")
            .arg(textfiles)
            .arg("--web.listen-address=127.0.0.1:0");
        let server = Self::start(command, tempfile::tempdir().unwrap(), said_address);
        server.wait("/metrics");
        server
    }

    /// An empty VictoriaMetrics.
    pub fn victoria_metrics() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // It does not say which port the kernel has given it.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let mut command = Command::new("victoria-metrics");
        command
            .arg("-storageDataPath")
            .arg(folder.path().join("data"))
            .arg("-retentionPeriod=100y")
            .arg(format!("-httpListenAddr={address}"));
        let server = Self::start(command, folder, |_| Some(address.clone()));
        server.wait("/health");
        server
    }

    /// `address` finds it in what the server has said so far.
    fn start(
        mut command: Command,
        folder: TempDir,
        address: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let said = folder.path().join("said");
        let file = File::create(&said).unwrap();
        let mut process = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap();
        let begin = Instant::now();
        let address = loop {
            let words = fs::read_to_string(&said).unwrap();
            if let Some(address) = address(&words) {
                break address;
            }
            let has_ended = process.try_wait().unwrap().is_some();
            assert!(!has_ended && begin.elapsed().as_secs() < 20, "{words}");
            sleep(Duration::from_millis(10));
        };
        Self {
            process,
            address,
            _folder: folder,
        }
    }

    fn wait(&self, path: &str) {
        let begin = Instant::now();
        while self
            .ask("GET", path, "")
            .is_none_or(|(status, _)| status != 200)
        {
            assert!(begin.elapsed().as_secs() < 20, "{path} is not answered");
            sleep(Duration::from_millis(10));
        }
    }

    pub fn get(&self, path: &str) -> String {
        let (status, body) = self.ask("GET", path, "").unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub fn post(&self, path: &str, body: &str) -> u16 {
        self.ask("POST", path, body).unwrap().0
    }

    /// The series that a query gives, with their values at each step from one time to another.
    pub fn range(&self, query: &str, times: [i64; 3]) -> Vec<Value> {
        let [start, end, step] = times.map(|time| time.to_string());
        let parameters = [
            ("query", query),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        let data = self.api("query_range", &parameters);
        data["result"].as_array().unwrap().clone()
    }

    /// What Prometheus' API answers to a question.
    pub fn api(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let parameters: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let path = format!("/api/v1/{path}?{}", parameters.join("&"));
        let (status, body) = self.ask("GET", &path, "").unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        let mut answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["status"], "success", "{answer}");
        answer["data"].take()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.get(9..12)?.parse().ok()?, body.to_owned()))
    }
}

/// Where Prometheus' programs say that they listen.
fn said_address(words: &str) -> Option<String> {
    let (_, behind) = words.split_once("\"Listening on\" address=")?;
    let (address, _) = behind.split_once('\n')?;
    Some(address.to_owned())
}

/// A parameter as it stands in a URL.
fn encoded(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

/// The value of a series' label; empty, if it has none.
pub fn label(series: &Value, name: &str) -> String {
    let value = series["metric"][name].as_str();
    value.unwrap_or_default().to_owned()
}
