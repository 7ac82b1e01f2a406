//! A machine in a folder, healthy until a test breaks something on it.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::config::fpm::Fpm;
use crate::config::nginx::Conf;
use crate::config::{Found, Root};
use crate::pool::Known;
use crate::record::Zone;
use crate::rollup::Row;
use crate::taxonomy::Class;

use super::{CHECKS, Check};
use crate::doctor::finding::{Finding, Step};
use crate::doctor::logged::{Logged, tests::row};
use crate::doctor::subject::Subject;
use crate::doctor::system::System;

pub(in crate::doctor) struct Machine {
    folder: tempfile::TempDir,
    fpms: Vec<PathBuf>,
    processes: Vec<(i32, i32, String)>,
    unix: Vec<PathBuf>,
    inet: Vec<SocketAddr>,
    pub rows: Vec<Row>,
    pub known: Known,
    listeners: Vec<UnixListener>,
    /// For how many seconds it runs, and its processes with it.
    pub uptime: f64,
}

pub(in crate::doctor) const NGINX: &str = "\
user www-data;
worker_processes 2;
events {
    worker_connections 768;
}
http {
    include /etc/nginx/sites-enabled/*;
}
";

pub(in crate::doctor) const SITE: &str = "\
server {
    listen 80;
    server_name shop.example;
    location ~ \\.php$ {
        fastcgi_pass unix:/run/php/shop.sock;
    }
}
";

pub(in crate::doctor) const POOL: &str = "\
[shop]
user = www-data
group = www-data
listen = /run/php/$pool.sock
listen.owner = www-data
listen.group = www-data
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
";

pub(in crate::doctor) const SITE_FILE: &str = "/etc/nginx/sites-enabled/shop";
pub(in crate::doctor) const POOL_FILE: &str = "/etc/php/8.2/fpm/pool.d/shop.conf";
const FPM: &str = "/etc/php/8.2/fpm/php-fpm.conf";

impl Machine {
    /// NGINX and PHP-FPM 8.2 with one site and its pool, under systemd.
    pub fn healthy() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut machine = Self {
            folder,
            fpms: vec![FPM.into()],
            processes: vec![
                (1, 0, "/sbin/init".to_owned()),
                (
                    10,
                    1,
                    "nginx: master process /usr/sbin/nginx -g daemon on;".to_owned(),
                ),
                (11, 10, "nginx: worker process".to_owned()),
                (12, 10, "nginx: worker process".to_owned()),
                (20, 1, format!("php-fpm: master process ({FPM})")),
                (21, 20, "php-fpm: pool shop".to_owned()),
                (22, 20, "php-fpm: pool shop".to_owned()),
            ],
            unix: Vec::new(),
            inet: vec!["0.0.0.0:80".parse().unwrap()],
            rows: Vec::new(),
            known: Known::default(),
            listeners: Vec::new(),
            // Just started: later than all changes of its files.
            uptime: 0.0,
        };
        // Files belong to whoever runs the tests; www-data is somebody else.
        machine.file(
            "/etc/passwd",
            "root:x:0:0:::\nwww-data:x:4000033:4000033:::\n",
        );
        machine.file("/etc/group", "root:x:0:\nwww-data:x:4000033:\n");
        machine.file("/etc/hosts", "127.0.0.1 localhost\n");
        machine.file("/etc/nginx/nginx.conf", NGINX);
        machine.file(SITE_FILE, SITE);
        machine.file(FPM, "[global]\nerror_log = /var/log/php8.2-fpm.log\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n");
        machine.file(
            "/etc/php/8.2/fpm/php.ini",
            "[PHP]\nmax_execution_time = 30\n",
        );
        machine.file(POOL_FILE, POOL);
        machine.file("/proc/sys/net/core/somaxconn", "4096\n");
        machine.file(
            "/proc/meminfo",
            "MemTotal: 8000000 kB\nMemAvailable:    4000000 kB\n",
        );
        machine.file("/usr/sbin/php-fpm8.2", "");
        machine.file("/run/systemd/system/keep", "");
        for service in ["nginx", "php8.2-fpm"] {
            machine.file(
                &format!("/lib/systemd/system/{service}.service"),
                "[Install]\n",
            );
            machine.file(
                &format!("/etc/systemd/system/multi-user.target.wants/{service}.service"),
                "",
            );
        }
        machine.socket("/run/php/shop.sock", 0o666);
        machine
    }

    /// The same with PHP-FPM's files where another distribution has them.
    pub fn with_fpm_at(conf: &str, pool: &str) -> Self {
        let mut machine = Self::healthy();
        let folder = Path::new(pool).parent().unwrap().display().to_string();
        machine.file(conf, &format!("[global]\ninclude={folder}/*.conf\n"));
        machine.file(pool, POOL);
        machine.fpms = vec![conf.into()];
        machine.remove("/usr/sbin/php-fpm8.2");
        for (.., title) in &mut machine.processes {
            *title = title.replace(FPM, conf);
        }
        machine
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    pub fn file(&mut self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Changes a file that is there.
    pub fn edit(&mut self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.at(path)).unwrap();
        assert!(text.contains(old), "{path} has no {old}");
        self.file(path, &text.replace(old, new));
    }

    /// A socket on which somebody listens.
    pub fn socket(&mut self, path: &str, mode: u32) {
        let outside = self.at(path);
        fs::create_dir_all(outside.parent().unwrap()).unwrap();
        self.listeners.push(UnixListener::bind(&outside).unwrap());
        fs::set_permissions(&outside, fs::Permissions::from_mode(mode)).unwrap();
        self.unix.push(path.into());
    }

    pub fn mode(&mut self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn remove(&mut self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    /// Nobody listens on the socket any more; its file stays.
    pub fn deafen(&mut self, path: &str) {
        self.unix.retain(|other| other != Path::new(path));
    }

    pub fn listen(&mut self, address: &str) {
        self.inet.push(address.parse().unwrap());
    }

    pub fn kill(&mut self, title: &str) {
        let is_meant = |process: &(i32, i32, String)| process.2.starts_with(title);
        let (ended, left): (Vec<_>, Vec<_>) = self.processes.drain(..).partition(is_meant);
        assert!(!ended.is_empty(), "no process {title}");
        self.processes = left;
        for (pid, ..) in ended {
            // Whoever has looked before has seen it.
            let _ = fs::remove_dir_all(self.at(&format!("/proc/{pid}")));
        }
    }

    /// What a process says that it is.
    pub fn retitle(&mut self, begin: &str, title: &str) {
        let mut processes = self.processes.iter_mut();
        let process = processes.find(|process| process.2.starts_with(begin));
        process.unwrap().2 = title.to_owned();
    }

    /// Another PHP-FPM, which runs.
    pub fn fpm(&mut self, version: &str, pool: &str) {
        let conf = format!("/etc/php/{version}/fpm/php-fpm.conf");
        self.file(
            &conf,
            &format!("[global]\ninclude=/etc/php/{version}/fpm/pool.d/*.conf\n"),
        );
        self.file(&format!("/etc/php/{version}/fpm/pool.d/www.conf"), pool);
        let pid = 100 * i32::try_from(self.fpms.len() + 1).unwrap();
        self.processes
            .push((pid, 1, format!("php-fpm: master process ({conf})")));
        self.fpms.push(conf.into());
    }

    /// Events in the log, after all changes.
    pub fn log(&mut self, class: Class, peer: &str, events: u64) {
        self.rows.push(row(class, Some(peer), events, i64::MAX / 2));
    }

    fn write_proc(&self) {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        for (pid, parent, title) in &self.processes {
            let folder = self.at(&format!("/proc/{pid}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cmdline"), title).unwrap();
            let id = if title.contains("worker") {
                4_000_033
            } else {
                0
            };
            let lines = status
                .lines()
                .map(|line| match line.split_once(':').unwrap().0 {
                    "Pid" => format!("Pid:\t{pid}\n"),
                    "PPid" => format!("PPid:\t{parent}\n"),
                    "Uid" => format!("Uid:\t{id}\t{id}\t{id}\t{id}\n"),
                    "Gid" => format!("Gid:\t{id}\t{id}\t{id}\t{id}\n"),
                    "Groups" => format!("Groups:\t{id} \n"),
                    "VmRSS" => "VmRSS:\t   40000 kB\n".to_owned(),
                    _ => format!("{line}\n"),
                });
            fs::write(folder.join("status"), lines.collect::<String>()).unwrap();
            if title.starts_with("php-fpm: pool") {
                // All sockets of the table below have this number.
                let files = folder.join("fd");
                fs::create_dir_all(&files).unwrap();
                let _ = fs::remove_file(files.join("0"));
                std::os::unix::fs::symlink("socket:[10]", files.join("0")).unwrap();
            }
            let stat = fs::read_to_string("/proc/self/stat").unwrap();
            let mut fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
            // starttime, the 22nd of all (proc(5)): when the machine was started
            fields[19] = "0";
            fs::write(
                folder.join("stat"),
                format!("{pid} (x) {}", fields.join(" ")),
            )
            .unwrap();
        }
        fs::write(self.at("/proc/uptime"), format!("{} 0.00\n", self.uptime)).unwrap();
        let net = self.at("/proc/net");
        fs::create_dir_all(&net).unwrap();
        let unix = self.unix.iter().map(|path| {
            format!(
                "0000000000000000: 00000002 00000000 00010000 0001 01 10 {}\n",
                path.display()
            )
        });
        fs::write(
            net.join("unix"),
            format!(
                "Num RefCount Protocol Flags Type St Inode Path\n{}",
                unix.collect::<String>()
            ),
        )
        .unwrap();
        let table = |is_v6: bool| {
            let rows = self.inet.iter().filter(|address| address.is_ipv6() == is_v6).map(|address| {
                let bytes: Vec<u8> = match address.ip() {
                    IpAddr::V4(ip) => ip.octets().to_vec(),
                    IpAddr::V6(ip) => ip.octets().to_vec(),
                };
                // The kernel shows each 32-bit word in the machine's order.
                let words = bytes.chunks(4).map(|word| format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap())));
                let local = words.collect::<String>();
                let zeros = "0".repeat(local.len());
                format!(
                    "   0: {local}:{:04X} {zeros}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0000000000000000 100 0 0 10 0\n",
                    address.port()
                )
            });
            format!(
                "  sl  local_address rem_address   st\n{}",
                rows.collect::<String>()
            )
        };
        fs::write(net.join("tcp"), table(false)).unwrap();
        fs::write(net.join("tcp6"), table(true)).unwrap();
    }

    fn with<T>(&self, look: impl FnOnce(&Subject<'_>) -> T) -> T {
        self.write_proc();
        let root = Root::new(self.folder.path());
        let nginx = Conf::read(&root, Path::new("/etc/nginx/nginx.conf")).unwrap();
        let fpms = self.fpms.iter().map(|path| Fpm::read(&root, path).unwrap());
        let found = Found {
            nginx: vec![nginx],
            fpms: fpms.collect(),
            problems: Vec::new(),
        };
        let system = System::look(root);
        let logged = Logged::new(self.rows.clone(), Zone::default());
        look(&Subject::new(&system, &found, &self.known, &logged))
    }

    /// Everything that is wrong, by check.
    pub fn findings(&self) -> Vec<Finding> {
        let of = |check: &Check, subject: &Subject<'_>| {
            let findings = check.run(subject);
            let is_named = findings.iter().all(|found| found.check == check.name);
            assert!(is_named, "{}: {findings:#?}", check.name);
            findings
        };
        self.with(|subject| CHECKS.iter().flat_map(|check| of(check, subject)).collect())
    }

    /// The only thing that is wrong.
    pub fn only(&self, check: &str) -> Finding {
        let mut findings = self.findings();
        let names: Vec<_> = findings.iter().map(|finding| finding.check).collect();
        assert_eq!(names, [check], "{findings:#?}");
        findings.remove(0)
    }

    /// Does what a fix says to files, and returns its commands.
    pub fn apply(&mut self, finding: &Finding) -> Vec<String> {
        let mut commands = Vec::new();
        for step in &finding.fix {
            match step {
                Step::Edit {
                    file,
                    line,
                    old,
                    new,
                } => self.lines(file, |lines| {
                    assert_eq!(lines[line - 1], *old);
                    lines[line - 1].clone_from(new);
                }),
                Step::Insert { file, line, new } => {
                    self.lines(file, |lines| lines.insert(*line, new.clone()));
                }
                Step::Create { file, text } => self.file(&file.to_string_lossy(), text),
                Step::Run { command } => commands.push(command.clone()),
                Step::Advise { .. } => {}
            }
        }
        commands
    }

    fn lines(&mut self, file: &Path, change: impl FnOnce(&mut Vec<String>)) {
        let path = file.to_string_lossy().into_owned();
        let text = fs::read_to_string(self.at(&path)).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        self.file(&path, &(lines.join("\n") + "\n"));
    }
}
