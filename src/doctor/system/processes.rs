use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use procfs::process::{LimitValue, all_processes_with_root};

use crate::config::Root;
use crate::render::quoted;

/// A process of NGINX or of PHP-FPM. Both write what they are into their command line
/// (`ngx_setproctitle`, `fpm_env_setproctitle`).
#[derive(Debug, Clone)]
pub struct Process {
    pub pid: i32,
    pub parent: i32,
    /// `nginx: worker process`, `php-fpm: pool www`
    pub title: String,
    pub uid: u32,
    pub gids: Vec<u32>,
    /// Bytes of memory that are its own or shared.
    pub resident: Option<u64>,
    /// The folder that relative paths start from, where that is to be seen.
    pub folder: Option<PathBuf>,
    /// How many files it may have open; `None` is any number, or not known.
    pub open_files: Option<u64>,
    /// The numbers of its sockets, if it is a pool's and they are to be seen.
    pub sockets: Vec<u64>,
    /// When it was started, to a tenth of a second or so.
    pub started: Option<SystemTime>,
}

/// NGINX's and PHP-FPM's processes.
#[derive(Debug, Default)]
pub struct Processes(Vec<Process>);

const NGINX_MASTER: &str = "nginx: master process ";
const NGINX_WORKER: &str = "nginx: worker process";
const FPM_MASTER: &str = "php-fpm: master process (";
const FPM_POOL: &str = "php-fpm: pool ";

impl Processes {
    /// `None` where those of others are not to be seen (proc(5), `hidepid`).
    pub(super) fn look(root: &Root) -> Option<Self> {
        let proc = root.outside(Path::new("/proc"));
        let boot = boot(root);
        let home = fs::metadata(root.outside(Path::new("/"))).ok();
        let mut is_visible = false;
        let mut found = Vec::new();
        for process in all_processes_with_root(&proc).ok()?.flatten() {
            // A process can end while it is looked at.
            let Ok(command) = process.cmdline() else {
                continue;
            };
            is_visible |= process.pid() == 1;
            let title = command.join(" ").trim().to_owned();
            if !title.starts_with("nginx: ") && !title.starts_with("php-fpm: ") {
                continue;
            }
            let folder = proc.join(process.pid().to_string());
            // A container's have other files. Who may not look takes all for this machine's.
            let theirs = fs::metadata(folder.join("root")).ok();
            let same = |one: &fs::Metadata, other: &fs::Metadata| {
                one.dev() == other.dev() && one.ino() == other.ino()
            };
            if let (Some(home), Some(theirs)) = (&home, &theirs)
                && !same(home, theirs)
            {
                continue;
            }
            let Ok(status) = process.status() else {
                continue;
            };
            let mut gids = vec![status.egid];
            gids.extend(status.groups);
            let limits = process.limits().ok();
            let sockets = match title.starts_with(FPM_POOL) {
                true => sockets(&folder),
                false => Vec::new(),
            };
            let ticks = process.stat().ok().map(|stat| stat.starttime);
            found.push(Process {
                pid: status.pid,
                parent: status.ppid,
                title,
                folder: fs::read_link(folder.join("cwd")).ok(),
                uid: status.euid,
                gids,
                resident: status.vmrss.map(|kilobytes| kilobytes * 1024),
                open_files: limits.and_then(|limits| match limits.max_open_files.soft_limit {
                    LimitValue::Value(files) => Some(files),
                    LimitValue::Unlimited => None,
                }),
                sockets,
                started: boot.zip(ticks).map(|(boot, ticks)| {
                    let seconds = ticks as f64 / procfs::ticks_per_second() as f64;
                    boot + Duration::from_secs_f64(seconds)
                }),
            });
        }
        // Anybody can give a process such a title: those of root come first.
        found.sort_by_key(|process| process.uid != 0);
        is_visible.then_some(Self(found))
    }

    /// NGINX's master that was started with this configuration; `is_usual` if that is where it looks
    /// without `-c`.
    pub fn nginx_master(&self, conf: &Path, is_usual: bool) -> Option<&Process> {
        self.0.iter().find(|process| {
            let Some(command) = process.title.strip_prefix(NGINX_MASTER) else {
                return false;
            };
            match option(command, "-c") {
                // Relative to the prefix (`ngx_process_options`), of which the program alone knows the default.
                Some(path) => match option(command, "-p") {
                    Some(prefix) => process.whole(&prefix.join(path)) == conf,
                    None => path == conf || (is_usual && conf.ends_with(path)),
                },
                None => is_usual,
            }
        })
    }

    /// The workers of a master.
    pub fn nginx_workers(&self, master: &Process) -> impl Iterator<Item = &Process> {
        let parent = master.pid;
        let workers = self
            .0
            .iter()
            .filter(move |process| process.parent == parent);
        // One that is shutting down lives with a configuration from before.
        workers.filter(|process| process.title == NGINX_WORKER)
    }

    /// PHP-FPM's master that reads this file.
    pub fn fpm_master(&self, conf: &Path) -> Option<&Process> {
        self.0.iter().find(|process| {
            let path = process.title.strip_prefix(FPM_MASTER);
            let path = path.and_then(|path| path.strip_suffix(')'));
            path.is_some_and(|path| process.whole(Path::new(path)) == conf)
        })
    }

    /// The processes of a pool whose master is gone: they answer on its sockets until somebody ends them. Other
    /// installations may have a pool of that name.
    pub fn fpm_orphans<'a>(
        &'a self,
        pool: &'a str,
        sockets: &'a [u64],
    ) -> impl Iterator<Item = &'a Process> {
        let masters = || {
            self.0
                .iter()
                .filter(|process| process.title.starts_with(FPM_MASTER))
        };
        let children = self
            .0
            .iter()
            .filter(move |process| process.title.strip_prefix(FPM_POOL) == Some(pool));
        let holds = |child: &Process| child.sockets.iter().any(|number| sockets.contains(number));
        children
            .filter(move |child| holds(child) && masters().all(|master| master.pid != child.parent))
    }

    /// The processes of a pool.
    pub fn fpm_children<'a>(
        &'a self,
        master: &Process,
        pool: &'a str,
    ) -> impl Iterator<Item = &'a Process> {
        let parent = master.pid;
        let children = self
            .0
            .iter()
            .filter(move |process| process.parent == parent);
        children.filter(move |process| process.title.strip_prefix(FPM_POOL) == Some(pool))
    }
}

impl Process {
    /// A path of its command line.
    fn whole(&self, path: &Path) -> PathBuf {
        let path = match &self.folder {
            Some(folder) => folder.join(path),
            None => path.to_path_buf(),
        };
        // `./` and doubled slashes do not count.
        path.components().collect()
    }

    /// The options with which NGINX was started and which say where its files are.
    pub fn nginx_options(&self) -> String {
        let command = self.title.strip_prefix(NGINX_MASTER).unwrap_or_default();
        let mut options = String::new();
        for name in ["-p", "-c"] {
            if let Some(path) = option(command, name) {
                options.push_str(&format!(" {name} {}", quoted(path)));
            }
        }
        options
    }
}

/// The numbers of a process's sockets (proc(5), `fd`).
fn sockets(process: &Path) -> Vec<u64> {
    let files = fs::read_dir(process.join("fd"));
    let targets = files.into_iter().flatten().flatten();
    let targets = targets.filter_map(|file| fs::read_link(file.path()).ok());
    let number = |target: PathBuf| {
        let text = target.to_str()?.strip_prefix("socket:[")?;
        text.strip_suffix(']')?.parse().ok()
    };
    targets.filter_map(number).collect()
}

/// When the machine was started (proc(5), `uptime`).
fn boot(root: &Root) -> Option<SystemTime> {
    let text = root.read(Path::new("/proc/uptime")).ok()?;
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    SystemTime::now().checked_sub(Duration::try_from_secs_f64(seconds).ok()?)
}

/// What stands behind an option on a command line.
fn option(command: &str, name: &str) -> Option<PathBuf> {
    let mut words = command.split_whitespace();
    words.find(|&word| word == name)?;
    words.next().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(processes: &[(i32, i32, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (pid, parent, title) in processes {
            let process = folder.path().join(format!("proc/{pid}"));
            std::fs::create_dir_all(&process).unwrap();
            std::fs::write(process.join("cmdline"), format!("{title}\0\0\0")).unwrap();
            let template = std::fs::read_to_string("/proc/self/status").unwrap();
            let status = template
                .lines()
                .map(|line| match line.split_once(':').unwrap().0 {
                    "Pid" => format!("Pid:\t{pid}\n"),
                    "PPid" => format!("PPid:\t{parent}\n"),
                    "Uid" => "Uid:\t33\t33\t33\t33\n".to_owned(),
                    "Gid" => "Gid:\t33\t33\t33\t33\n".to_owned(),
                    "Groups" => "Groups:\t33 40 \n".to_owned(),
                    _ => format!("{line}\n"),
                });
            std::fs::write(process.join("status"), status.collect::<String>()).unwrap();
        }
        folder
    }

    #[test]
    fn masters_are_known_by_their_configuration() {
        let folder = root(&[
            (1, 0, "/sbin/init"),
            (
                10,
                1,
                "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
            ),
            (11, 10, "nginx: worker process"),
            (12, 10, "nginx: worker process is shutting down"),
            (
                20,
                1,
                "nginx: master process nginx -p /srv/ -c conf/nginx.conf",
            ),
            (21, 20, "nginx: worker process"),
            (
                30,
                1,
                "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)",
            ),
            (31, 30, "php-fpm: pool www"),
            (32, 30, "php-fpm: pool shop"),
            (
                40,
                1,
                "vim php-fpm: master process (/etc/php/7.4/fpm/php-fpm.conf)",
            ),
        ]);
        let processes = Processes::look(&Root::new(folder.path())).unwrap();
        let master = |path: &str, is_usual| processes.nginx_master(Path::new(path), is_usual);
        assert_eq!(master("/etc/nginx/nginx.conf", true).unwrap().pid, 10);
        assert!(master("/etc/nginx/nginx.conf", false).is_none());
        let own = master("/srv/conf/nginx.conf", false).unwrap();
        assert_eq!(
            (own.pid, own.nginx_options().as_str()),
            (20, " -p /srv/ -c conf/nginx.conf")
        );
        let workers: Vec<_> = processes
            .nginx_workers(own)
            .map(|worker| worker.pid)
            .collect();
        assert_eq!(workers, [21]);
        let fpm = processes
            .fpm_master(Path::new("/etc/php/8.2/fpm/php-fpm.conf"))
            .unwrap();
        let children: Vec<_> = processes.fpm_children(fpm, "shop").collect();
        assert_eq!((children.len(), children[0].pid), (1, 32));
        assert_eq!(
            (children[0].uid, children[0].gids.as_slice()),
            (33, [33, 33, 40].as_slice())
        );
        assert!(
            processes
                .fpm_master(Path::new("/etc/php/7.4/fpm/php-fpm.conf"))
                .is_none()
        );
    }

    #[test]
    fn a_machine_without_processes_is_not_to_be_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Processes::look(&Root::new(folder.path())).is_none());
        std::fs::create_dir(folder.path().join("proc")).unwrap();
        assert!(Processes::look(&Root::new(folder.path())).is_none());
    }
}
