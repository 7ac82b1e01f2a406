//! NGINX and PHP-FPM of a house: how they are started, reloaded, stopped and killed.

use std::path::PathBuf;
use std::process::Output;

use super::fix;
use super::house::House;
use super::process::{Process, children, in_file, lives, of, send, wait_until};

/// A program that stays.
pub struct Daemon {
    /// What starts it.
    pub command: String,
    /// Where it writes its id.
    pub pid: PathBuf,
}

impl Daemon {
    fn id(&self) -> Option<u32> {
        in_file(&self.pid)
    }

    /// Has it reloaded, and waits until it runs and no child is left that has the configuration from before.
    pub fn reloads(&self, reload: impl FnOnce()) {
        let before = self.id().map(children).unwrap_or_default();
        reload();
        wait_until("a reload", || {
            let now = self.id().map(children);
            let is_new = |child: &Process| before.iter().all(|old| old.id != child.id);
            now.is_some_and(|now| now.is_empty() == before.is_empty() && now.iter().all(is_new))
        });
    }
}

impl House {
    /// The command that starts NGINX.
    pub fn starts_nginx_by(&mut self, command: &str) {
        self.nginx.command = self.fill(command);
    }

    /// The command that starts PHP-FPM. It tells by a file that it runs.
    pub fn starts_fpm_by(&mut self, command: &str) {
        self.fpm.command = self.fill(command);
    }

    pub fn start_nginx(&self) {
        let output = self.try_nginx();
        let words = format!("NGINX does not start: {output:?}");
        assert!(output.status.success(), "{words}");
        let has_workers = |master| !children(master).is_empty();
        wait_until(&words, || self.nginx_id().is_some_and(has_workers));
    }

    /// Starts NGINX, which may refuse.
    pub fn try_nginx(&self) -> Output {
        fix::shell(self, &self.nginx.command)
    }

    pub fn start_fpm(&self) {
        let output = fix::shell(self, &self.fpm.command);
        let words = format!("PHP-FPM does not start: {output:?}");
        assert!(output.status.success(), "{words}");
        wait_until(&words, || self.fpm_id().is_some());
    }

    /// The files are as old as files usually are: what a log says of the time before a file was changed is
    /// another matter.
    pub fn ages(&self) {
        self.does("find HOUSE -type f -exec touch -d '2 hours ago' {} +");
    }

    /// Both run.
    pub fn open_as_it_is(&self) {
        self.ages();
        self.start_fpm();
        self.start_nginx();
    }

    /// Both run, the visitor is served, and doctor finds nothing.
    pub fn open(&mut self) {
        self.open_as_it_is();
        self.serves("/quick.php");
    }

    pub fn reload_nginx(&self) {
        self.nginx
            .reloads(|| send("-HUP", self.nginx_id().unwrap()));
    }

    /// NGINX refuses the configuration, says so in the log, and goes on with the old one.
    pub fn reload_in_vain(&mut self) {
        self.log.news();
        send("-HUP", self.nginx_id().unwrap());
        wait_until("NGINX refuses", || self.log.has_news());
    }

    /// NGINX's master process.
    pub fn nginx_id(&self) -> Option<u32> {
        self.nginx.id()
    }

    /// PHP-FPM's master process.
    pub fn fpm_id(&self) -> Option<u32> {
        self.fpm.id()
    }

    pub fn stop_nginx(&self) {
        ends(self.nginx_id().unwrap(), "-TERM");
    }

    pub fn stop_fpm(&self) {
        ends(self.fpm_id().unwrap(), "-TERM");
    }

    /// As the kernel does when memory runs out, and its children go as well.
    pub fn kill_fpm(&self) {
        let children = children(self.fpm_id().unwrap());
        self.kill_fpm_only();
        for child in &children {
            send("-KILL", child.id);
        }
        let was_child = |process: Process| children.iter().any(|child| child.id == process.id);
        wait_until("PHP-FPM's children are dead", || {
            !of(&self.path("")).into_iter().any(was_child)
        });
    }

    /// Its children live on.
    pub fn kill_fpm_only(&self) {
        ends(self.fpm_id().unwrap(), "-KILL");
    }
}

/// A master removes the file with its id before it ends: what is waited for is the process.
fn ends(master: u32, signal: &str) {
    send(signal, master);
    wait_until("a daemon ends", || !lives(master));
}
