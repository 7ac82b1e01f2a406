//! A machine of its own for one test: namespaces in which files of the machine can be changed, any port is
//! free, and no process is to be seen but the test's.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Names the folder for files of the machine, where the test is inside already.
const INSIDE: &str = "BADGATEWAY_INSIDE";

/// Runs a body on a machine of its own: the test program runs this one test again in there. Where that is
/// not permitted, as in most containers, this is said, and nothing is tested.
pub fn within(test: &str, body: impl FnOnce(&Machine)) {
    if let Some(folder) = env::var_os(INSIDE) {
        body(&Machine(folder.into()));
        return;
    }
    let permitted = unshare("true", &[], Path::new(""));
    if !permitted.status.success() {
        let why = String::from_utf8_lossy(&permitted.stderr);
        eprintln!("{test} is skipped, it needs namespaces of its own: {why}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = env::current_exe().unwrap();
    let arguments = ["--exact", "--include-ignored", "--nocapture", test];
    let mut words = vec![program.to_str().unwrap()];
    words.extend(arguments);
    // The shell is the first process there, and stays: it buries daemons whose parents have gone.
    let line = "ip link set lo up && \"$@\"; exit $?";
    let output = unshare(line, &words, folder.path());
    let said = String::from_utf8_lossy(&output.stdout);
    let is_done = output.status.success() && said.contains("1 passed");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(is_done, "{said}\n{complaints}");
}

fn unshare(line: &str, words: &[&str], folder: &Path) -> Output {
    Command::new("unshare")
        .args(["--mount", "--net", "--pid", "--mount-proc"])
        .args(["--fork", "--kill-child", "sh", "-c", line, "sh"])
        .args(words)
        .env(INSIDE, folder)
        .output()
        .unwrap()
}

/// The machine that a test has for itself. What is not made its own is the real machine's.
pub struct Machine(PathBuf);

impl Machine {
    /// A copy of a file or folder takes its place.
    pub fn owns(&self, path: &str) {
        let copy = self.0.join(path.replace('/', "_"));
        let status = Command::new("cp").args(["-a", path]).arg(&copy).status();
        assert!(status.unwrap().success(), "{path} is copied");
        mount(&["--bind", copy.to_str().unwrap(), path]);
    }

    /// An empty folder takes the place of one.
    pub fn empties(&self, path: &str) {
        mount(&["-t", "tmpfs", "-o", "mode=0755", "none", path]);
    }

    /// Other users' processes are not to be seen, except by root.
    pub fn hides_processes(&self) {
        mount(&["-o", "remount,hidepid=2", "/proc"]);
    }

    /// The machine has one more address.
    pub fn has_address(&self, address: &str) {
        let mut command = Command::new("ip");
        // An address that is still being looked for elsewhere could not be used yet.
        command.args(["address", "add", address, "dev", "lo", "nodad"]);
        assert!(command.status().unwrap().success(), "{address}");
    }

    /// A file with a text takes the place of one.
    pub fn writes(&self, path: &str, text: &str) {
        let file = self.0.join(path.replace('/', "_"));
        fs::write(&file, text).unwrap();
        mount(&["--bind", file.to_str().unwrap(), path]);
    }
}

fn mount(arguments: &[&str]) {
    let status = Command::new("mount").args(arguments).status().unwrap();
    assert!(status.success(), "mount {arguments:?}");
}
