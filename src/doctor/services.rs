use std::path::Path;

use crate::config::fpm::Fpm;
use crate::render::quoted;

use super::system::{Init, Process, System};

/// The commands that start and reload a PHP-FPM.
pub(super) struct FpmService<'a> {
    system: &'a System,
    fpm: &'a Fpm,
}

impl<'a> FpmService<'a> {
    pub fn new(system: &'a System, fpm: &'a Fpm) -> Self {
        Self { system, fpm }
    }

    /// Whether it is more than the configuration that Debian's packages leave when they are removed.
    pub fn is_installed(&self) -> bool {
        let exists = |path: &str| self.system.root.outside(Path::new(path)).exists();
        let version = match self
            .fpm
            .conf
            .strip_prefix("/etc/php")
            .map(|rest| rest.iter().next())
        {
            Ok(Some(version)) if self.fpm.version.is_some() => version.to_string_lossy(),
            _ => return true,
        };
        let program = format!("/usr/sbin/php-fpm{version}");
        !exists("/usr/sbin") || exists(&program) || self.master().is_some()
    }

    /// What people call it.
    pub fn title(&self) -> String {
        match &self.fpm.version {
            Some(version) => format!("PHP-FPM {version}"),
            None => "PHP-FPM".to_owned(),
        }
    }

    pub fn master(&self) -> Option<&'a Process> {
        self.system.processes.as_ref()?.fpm_master(&self.fpm.conf)
    }

    pub fn start(&self) -> String {
        self.tested(self.managed("start").unwrap_or_else(|| self.by_hand()))
    }

    /// New workers with the new configuration; the sockets stay as they are.
    pub fn reload(&self) -> String {
        self.tested(match (self.managed("reload"), self.master()) {
            (Some(command), _) => command,
            (None, Some(master)) => format!("kill -USR2 {}", master.pid),
            (None, None) => self.by_hand(),
        })
    }

    /// New sockets too.
    pub fn restart(&self) -> String {
        self.tested(match (self.managed("restart"), self.master()) {
            (Some(command), _) => command,
            (None, Some(Process { pid, .. })) => format!(
                "{{ kill -QUIT {pid}; for i in $(seq 100); do kill -0 {pid} 2>/dev/null || break; sleep 0.1; done; {}; }}",
                self.by_hand()
            ),
            (None, None) => self.by_hand(),
        })
    }

    /// Where it says why it ended.
    pub fn journal(&self) -> String {
        let mut settings = self.fpm.global.iter();
        let log = settings.rfind(|setting| setting.key == "error_log");
        let service = self.fpm.service();
        let journal = journal(self.system, self.is_usual().then_some(service.as_str()));
        journal.unwrap_or_else(|| match log {
            Some(log) => format!("{} says why it ended", log.value),
            None => "its error_log says why it ended".to_owned(),
        })
    }

    /// A PHP-FPM that is reloaded with a configuration which it refuses ends, with all of its pools.
    fn tested(&self, command: String) -> String {
        format!("{} && {command}", self.test())
    }

    /// Reads the configuration and nothing else.
    pub fn test(&self) -> String {
        let program = self.program();
        match self.is_usual() && self.fpm.version.is_some() {
            true => format!("{program} -t"),
            false => format!("{program} -t --fpm-config {}", quoted(&self.fpm.conf)),
        }
    }

    /// As a service, if it is one.
    fn managed(&self, verb: &str) -> Option<String> {
        self.is_usual()
            .then(|| managed(self.system, &self.fpm.service(), verb))
            .flatten()
    }

    fn is_usual(&self) -> bool {
        let usual = ["/etc/php", "/etc/opt/remi/", "/etc/php-fpm.conf"];
        let conf = self.fpm.conf.to_string_lossy();
        usual.iter().any(|path| conf.starts_with(path))
    }

    /// Debian and Alpine have one for each version, which knows its configuration; Remi has each in a place of
    /// its own.
    fn program(&self) -> String {
        let version = self.fpm.version.as_deref().unwrap_or_default();
        let digits = version.replace('.', "");
        let programs = [
            format!("/usr/sbin/php-fpm{version}"),
            format!("/usr/sbin/php-fpm{digits}"),
            format!("/opt/remi/php{digits}/root/usr/sbin/php-fpm"),
        ];
        let exists = |path: &&String| self.system.root.outside(Path::new(path)).exists();
        let found = programs.iter().find(exists).filter(|_| !version.is_empty());
        found
            .map_or("php-fpm", |path| path.trim_start_matches("/usr/sbin/"))
            .to_owned()
    }

    fn by_hand(&self) -> String {
        format!("{} --fpm-config {}", self.program(), quoted(&self.fpm.conf))
    }
}

/// The commands that start and reload NGINX.
pub(super) struct NginxService<'a> {
    system: &'a System,
    conf: &'a Path,
}

/// Where NGINX's packages, and those of OpenResty and of NGINX's own source, have it.
const USUAL: [&str; 4] = [
    "/etc/nginx/nginx.conf",
    "/usr/local/nginx/conf/nginx.conf",
    "/usr/local/etc/nginx/nginx.conf",
    "/usr/local/openresty/nginx/conf/nginx.conf",
];

impl<'a> NginxService<'a> {
    pub fn new(system: &'a System, conf: &'a Path) -> Self {
        Self { system, conf }
    }

    pub fn is_usual(&self) -> bool {
        USUAL.iter().any(|path| Path::new(path) == self.conf)
    }

    pub fn master(&self) -> Option<&'a Process> {
        self.system
            .processes
            .as_ref()?
            .nginx_master(self.conf, self.is_usual())
    }

    pub fn start(&self) -> String {
        let managed = self
            .is_usual()
            .then(|| managed(self.system, "nginx", "start"));
        let start = managed
            .flatten()
            .unwrap_or_else(|| format!("nginx{}", self.options()));
        format!("{} && {start}", self.test())
    }

    /// Where it says why it ended.
    pub fn journal(&self) -> String {
        let service = self.is_usual().then_some("nginx");
        let journal = journal(self.system, service);
        journal.unwrap_or_else(|| "its error log says why it ended".to_owned())
    }

    /// Starts it if it does not run.
    pub fn reload(&self) -> String {
        let is_seen = self.system.processes.is_some();
        if is_seen && self.master().is_none() {
            return self.start();
        }
        let managed = self
            .is_usual()
            .then(|| managed(self.system, "nginx", "reload"));
        let reload = managed
            .flatten()
            .unwrap_or_else(|| format!("nginx{} -s reload", self.options()));
        format!("{} && {reload}", self.test())
    }

    /// Reads the configuration and nothing else.
    pub fn test(&self) -> String {
        match self.is_usual() {
            true => "nginx -t".to_owned(),
            false => format!("nginx{} -t", self.options()),
        }
    }

    fn options(&self) -> String {
        match (self.master(), self.is_usual()) {
            (Some(master), _) => master.nginx_options(),
            (None, true) => String::new(),
            (None, false) => format!(" -c {}", quoted(self.conf)),
        }
    }
}

/// The command that does something to a service, if the machine knows one of this name.
fn managed(system: &System, service: &str, verb: &str) -> Option<String> {
    if !system.units.knows(service) {
        return None;
    }
    let name = quoted(service);
    Some(match system.units.init {
        Init::Systemd => match system.units.unmask(service) {
            Some(unmask) if verb != "reload" => {
                format!("{unmask} {name} && systemctl {verb} {name}")
            }
            _ => format!("systemctl {verb} {name}"),
        },
        Init::OpenRc => format!("rc-service {name} {verb}"),
        Init::Scripts => format!("service {name} {verb}"),
    })
}

/// What systemd keeps of what a service said, if it is one of systemd's.
fn journal(system: &System, service: Option<&str>) -> Option<String> {
    let service = service.filter(|service| system.units.knows(service))?;
    (system.units.init == Init::Systemd)
        .then(|| format!("journalctl -u {} -e says why it ended", quoted(service)))
}

#[cfg(test)]
mod tests {
    use crate::doctor::checks::machine::Machine;
    use crate::doctor::finding::Step;

    /// What starts a PHP-FPM that was stopped.
    fn start(machine: &mut Machine) -> String {
        assert_eq!(machine.findings(), []);
        machine.kill("php-fpm: ");
        machine.deafen("/run/php/shop.sock");
        let finding = machine.only("fpm_stopped");
        machine.apply(&finding).remove(0)
    }

    #[test]
    fn each_distribution_has_commands_of_its_own() {
        let mut fedora = Machine::with_fpm_at("/etc/php-fpm.conf", "/etc/php-fpm.d/shop.conf");
        fedora.file("/usr/lib/systemd/system/php-fpm.service", "[Service]\n");
        assert_eq!(
            start(&mut fedora),
            "php-fpm -t --fpm-config /etc/php-fpm.conf && systemctl start php-fpm"
        );

        let mut remi = Machine::with_fpm_at(
            "/etc/opt/remi/php82/php-fpm.conf",
            "/etc/opt/remi/php82/php-fpm.d/shop.conf",
        );
        remi.file(
            "/usr/lib/systemd/system/php82-php-fpm.service",
            "[Service]\n",
        );
        remi.file("/opt/remi/php82/root/usr/sbin/php-fpm", "");
        assert_eq!(
            start(&mut remi),
            "/opt/remi/php82/root/usr/sbin/php-fpm -t && systemctl start php82-php-fpm"
        );

        let mut alpine =
            Machine::with_fpm_at("/etc/php82/php-fpm.conf", "/etc/php82/php-fpm.d/shop.conf");
        std::fs::remove_dir_all(alpine.at("/run/systemd")).unwrap();
        alpine.file("/run/openrc/softlevel", "default");
        alpine.file("/etc/init.d/php-fpm82", "");
        alpine.file("/usr/sbin/php-fpm82", "");
        assert_eq!(
            start(&mut alpine),
            "php-fpm82 -t && rc-service php-fpm82 start"
        );

        let mut image = Machine::with_fpm_at(
            "/usr/local/etc/php-fpm.conf",
            "/usr/local/etc/php-fpm.d/shop.conf",
        );
        image.file(
            "/usr/local/etc/php-fpm.conf",
            "[global]\nerror_log = /proc/self/fd/2\ninclude=/usr/local/etc/php-fpm.d/*.conf\n",
        );
        let by_hand = "php-fpm -t --fpm-config /usr/local/etc/php-fpm.conf && php-fpm --fpm-config /usr/local/etc/php-fpm.conf";
        assert_eq!(start(&mut image), by_hand);
        let finding = image.only("fpm_stopped");
        let said = Step::advise("/proc/self/fd/2 says why it ended");
        assert_eq!(finding.fix.last(), Some(&said));
    }
}
