//! A house: NGINX and PHP-FPM with configurations of their own in a temporary folder, on a port of
//! their own.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::daemons::Daemon;
use super::log::Log;
use super::port::free_port;
use super::process::end_all;
use super::{files, fix};

pub struct House {
    folder: TempDir,
    pub port: u16,
    pub log: Log,
    /// Where doctor is to look.
    pub flags: Vec<String>,
    pub nginx: Daemon,
    pub fpm: Daemon,
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
            nginx: Daemon {
                command: in_house("nginx -e HOUSE/log/error.log -c HOUSE/nginx.conf"),
                pid: path("run/nginx.pid"),
            },
            fpm: Daemon {
                command: in_house("php-fpm --fpm-config HOUSE/php-fpm.conf"),
                pid: path("run/php-fpm.pid"),
            },
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
            nginx: Daemon {
                command: "/usr/sbin/nginx -g 'daemon on; master_process on;'".into(),
                pid: "/run/nginx.pid".into(),
            },
            fpm: Daemon {
                command: "/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf &"
                    .into(),
                pid: "/run/php/php8.2-fpm.pid".into(),
            },
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// NGINX hands on connections as they are, too.
    pub fn has_stream(&self, text: &str) {
        let module = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;";
        let conf = fs::read_to_string(self.path("nginx.conf")).unwrap();
        self.write(
            "nginx.conf",
            &format!("{module}\n{conf}\nstream {{\n{text}}}\n"),
        );
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

    /// The site has one more location.
    pub fn location(&self, path: &str, directives: &str) {
        let lines: String = directives
            .lines()
            .map(|line| format!("        {}\n", line.trim()))
            .collect();
        let location = format!("location {path} {{\n{lines}    }}\n\n    location ~ \\.php$");
        self.change("sites/shop", "location ~ \\.php$", &location);
    }

    /// What stands in front of the site in its file.
    pub fn in_front(&self, text: &str) {
        let site = fs::read_to_string(self.path("sites/shop")).unwrap();
        self.write("sites/shop", &format!("{text}\n{site}"));
    }

    /// A shell's commands in the house.
    pub fn does(&self, commands: &str) {
        let output = fix::shell(self, &self.fill(commands));
        assert!(output.status.success(), "{commands}: {output:?}");
    }

    /// A shell's command in the house, with all that a fix may call.
    pub fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        let path = self.fill("HOUSE/bin:/usr/sbin:/usr/bin:/sbin:/bin");
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

/// A folder that NGINX's workers may enter, with a folder for programs in it.
fn folder() -> TempDir {
    let permissions = Permissions::from_mode(0o755);
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("house").permissions(permissions);
    let folder = builder.tempdir().unwrap();
    let programs = folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    // Debian's has the version in its name.
    symlink("/usr/sbin/php-fpm8.2", programs.join("php-fpm")).unwrap();
    folder
}
