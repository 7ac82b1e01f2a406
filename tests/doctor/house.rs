//! A house: NGINX and PHP-FPM with configurations of their own in a temporary folder, on a port of
//! their own.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::diagnosis::{Diagnosis, Finding};
use super::log::{Log, classes};
use super::port::free_port;
use super::process::{Process, children, end_all, in_file, of, send, wait_until};
use super::visitor::get;
use super::{files, fix};

const PROGRAM: &str = env!("CARGO_BIN_EXE_badgateway");

pub struct House {
    folder: TempDir,
    pub port: u16,
    log: Log,
    /// Where doctor is to look.
    flags: Vec<String>,
    /// The command that starts it.
    nginx: String,
    nginx_pid: PathBuf,
    fpm: String,
    fpm_pid: PathBuf,
}

impl House {
    /// Its files are there, nothing runs.
    pub fn new() -> Self {
        let folder = folder();
        let path = |name: &str| folder.path().join(name);
        for name in ["run", "log", "temp", "www", "sites", "pool.d"] {
            DirBuilder::new().mode(0o755).create(path(name)).unwrap();
        }
        let house = folder.path().to_str().unwrap();
        let in_house = |command: &str| command.replace("HOUSE", house);
        let flag = |flag: &str, name: &str| [flag.to_owned(), path(name).display().to_string()];
        let flags = [
            &flag("--nginx-conf", "nginx.conf")[..],
            &flag("--php-fpm", "php-fpm.conf"),
            &["--no-discover".to_owned()],
        ];
        let house = Self {
            port: free_port(),
            log: Log::new(path("log/error.log")),
            flags: flags.concat(),
            // Where NGINX complains before it has read where its log is.
            nginx: in_house("nginx -e HOUSE/log/error.log -c HOUSE/nginx.conf"),
            nginx_pid: path("run/nginx.pid"),
            fpm: in_house("php-fpm --fpm-config HOUSE/php-fpm.conf"),
            fpm_pid: path("run/php-fpm.pid"),
            folder,
        };
        for (name, text) in [
            ("nginx.conf", files::NGINX),
            ("php-fpm.conf", files::FPM),
            ("sites/shop", files::SITE),
            ("pool.d/shop.conf", files::POOL),
        ] {
            house.write(name, text);
        }
        for (name, text) in files::SCRIPTS {
            house.write(&format!("www/{name}"), text);
        }
        house
    }

    /// The machine's own configuration, on port 80; only in a namespace of its own.
    pub fn of_debian() -> Self {
        Self {
            folder: folder(),
            port: 80,
            log: Log::new("/var/log/nginx/error.log".into()),
            flags: Vec::new(),
            nginx: "/usr/sbin/nginx -g 'daemon on; master_process on;'".into(),
            nginx_pid: "/run/nginx.pid".into(),
            fpm: "/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf &"
                .into(),
            fpm_pid: "/run/php/php8.2-fpm.pid".into(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A text with `HOUSE` and `PORT` put in.
    pub fn fill(&self, text: &str) -> String {
        let house = self.folder.path().display().to_string();
        text.replace("HOUSE", &house)
            .replace("PORT", &self.port.to_string())
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), self.fill(text)).unwrap();
    }

    /// Changes a text that stands in a file once.
    pub fn change(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let (old, new) = (self.fill(old), self.fill(new));
        assert_eq!(text.matches(&old).count(), 1, "{old:?} in {text}");
        fs::write(self.path(name), text.replace(&old, &new)).unwrap();
    }

    /// The command that starts NGINX.
    pub fn starts_nginx_by(&mut self, command: &str) {
        self.nginx = self.fill(command);
    }

    /// The command that starts PHP-FPM.
    pub fn starts_fpm_by(&mut self, command: &str) {
        self.fpm = self.fill(command);
    }

    /// A shell's commands in the house.
    pub fn does(&self, commands: &str) {
        let output = fix::shell(self, commands);
        assert!(output.status.success(), "{commands}: {output:?}");
    }

    pub fn start_nginx(&self) {
        let output = self.try_nginx();
        let words = format!("NGINX does not start: {output:?}");
        assert!(output.status.success(), "{words}");
        let has_workers = |master| !children(master).is_empty();
        wait_until(&words, || self.nginx().is_some_and(has_workers));
    }

    /// Starts NGINX, which may refuse.
    pub fn try_nginx(&self) -> Output {
        fix::shell(self, &self.nginx)
    }

    pub fn start_fpm(&self) {
        let output = fix::shell(self, &self.fpm);
        let words = format!("PHP-FPM does not start: {output:?}");
        assert!(output.status.success(), "{words}");
        wait_until(&words, || self.fpm().is_some());
    }

    /// Both run.
    pub fn open_as_it_is(&self) {
        self.start_fpm();
        self.start_nginx();
    }

    /// Both run, the visitor is served, and doctor finds nothing.
    pub fn open(&mut self) {
        self.open_as_it_is();
        self.serves("/quick.php");
    }

    /// Until no worker is left that has the configuration from before.
    pub fn reload_nginx(&self) {
        let master = self.nginx().unwrap();
        let before = children(master);
        send("-HUP", master);
        wait_until("NGINX reloads", || {
            let now = children(master);
            let is_new = |worker: &Process| before.iter().all(|old| old.id != worker.id);
            !now.is_empty() && now.iter().all(is_new)
        });
    }

    /// NGINX's master process.
    pub fn nginx(&self) -> Option<u32> {
        in_file(&self.nginx_pid)
    }

    /// PHP-FPM's master process.
    pub fn fpm(&self) -> Option<u32> {
        in_file(&self.fpm_pid)
    }

    pub fn stop_nginx(&self) {
        send("-TERM", self.nginx().unwrap());
        wait_until("NGINX stops", || self.nginx().is_none());
    }

    pub fn stop_fpm(&self) {
        send("-TERM", self.fpm().unwrap());
        wait_until("PHP-FPM stops", || self.fpm().is_none());
    }

    /// As the kernel does when memory runs out, and its children go as well.
    pub fn kill_fpm(&self) {
        let children = children(self.fpm().unwrap());
        self.kill_fpm_only();
        for child in &children {
            send("-KILL", child.id);
        }
        let was_child = |process: Process| children.iter().any(|child| child.id == process.id);
        wait_until("PHP-FPM's children are dead", || {
            !of(self.folder.path()).into_iter().any(was_child)
        });
    }

    /// Its children live on.
    pub fn kill_fpm_only(&self) {
        send("-KILL", self.fpm().unwrap());
        wait_until("PHP-FPM is dead", || self.fpm().is_none());
    }

    /// Visitors are answered with a status, and the new errors are of these classes.
    pub fn fails(&mut self, path: &str, status: u16, expected: &[&str]) {
        self.log.news();
        for _ in 0..3 {
            let answer = get(self.port, path);
            let answered = answer.as_ref().map(|answer| answer.status);
            assert_eq!(answered, Some(status), "{answer:?}; {}", self.log.news());
        }
        self.logged(expected);
    }

    /// The errors that are new in the log are of these classes.
    pub fn logged(&mut self, expected: &[&str]) {
        let news = self.log.news();
        let classes: Vec<String> = classes(&news).into_iter().collect();
        assert_eq!(classes, expected, "{news}");
    }

    /// What doctor says.
    pub fn examine(&self) -> Diagnosis {
        Diagnosis::of(Command::new(PROGRAM).args(self.flags()))
    }

    /// What doctor says to somebody who may not look at other users' processes.
    pub fn examine_as_nobody(&self) -> Diagnosis {
        let program = self.path("badgateway");
        fs::copy(PROGRAM, &program).unwrap();
        let mut doctor = Command::new("setpriv");
        doctor.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        Diagnosis::of(doctor.arg(program).args(self.flags()))
    }

    fn flags(&self) -> Vec<String> {
        let fixed = ["doctor", "--format", "json", "--timezone", "UTC"];
        let mut flags = fixed.map(str::to_owned).to_vec();
        flags.extend_from_slice(&self.flags);
        flags.push(self.log.path.display().to_string());
        flags
    }

    /// Visitors are served, and doctor has nothing to say.
    pub fn serves(&mut self, path: &str) {
        self.answers(path);
        self.examine().finds_nothing();
    }

    /// Visitors are served, soon at least, and without any new error.
    pub fn answers(&mut self, path: &str) {
        let mut last = None;
        wait_until(&format!("{path} is served"), || {
            last = get(self.port, path);
            let is_served = last.as_ref().is_some_and(|answer| answer.status == 200);
            is_served && self.has_settled()
        });
        self.log.news();
        for _ in 0..5 {
            let answer = get(self.port, path);
            let status = answer.as_ref().map(|answer| answer.status);
            assert_eq!(status, Some(200), "{answer:?}; {}", self.log.news());
        }
        assert_eq!(self.log.news(), "");
    }

    /// Whether no worker is left that has the configuration from before.
    fn has_settled(&self) -> bool {
        let workers = |master| children(master).into_iter();
        self.nginx().is_some_and(|master| {
            !workers(master).any(|worker| worker.title.contains("shutting down"))
        })
    }

    /// Does what a finding advises, step by step.
    pub fn apply(&self, finding: &Finding) {
        for step in &finding.fix {
            fix::apply(self, step);
        }
    }

    /// A shell's command in the house, with all that a fix may call.
    pub fn shell(&self, line: &str) -> Command {
        let programs = self.path("bin");
        if !programs.exists() {
            fs::create_dir(&programs).unwrap();
            // Debian's has the version in its name.
            symlink("/usr/sbin/php-fpm8.2", programs.join("php-fpm")).unwrap();
        }
        let mut shell = Command::new("sh");
        let path = format!("{}:{}", programs.display(), "/usr/sbin:/usr/bin:/sbin:/bin");
        shell
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("TZ", "UTC");
        shell
    }
}

impl Drop for House {
    fn drop(&mut self) {
        end_all(self.folder.path());
    }
}

/// A folder that NGINX's workers may enter.
fn folder() -> TempDir {
    let permissions = Permissions::from_mode(0o755);
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("house").permissions(permissions);
    builder.tempdir().unwrap()
}
