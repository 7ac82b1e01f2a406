//! Is there a socket, does somebody listen, and may NGINX use it?

mod denied;

use std::path::Path;

use crate::config::Address;
use crate::config::fpm::{Fpm, Pool};
use crate::taxonomy::Class;

use crate::doctor::backends::Backend;
use crate::doctor::checks::{faults, pools, unreached};
use crate::doctor::finding::{Finding, Step};
use crate::doctor::reach::Fault;
use crate::doctor::steps;
use crate::doctor::subject::Subject;
use crate::doctor::system::Barrier;

pub(super) use denied::denied;

pub(super) fn missing(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::SocketMissing];
    let found = faults(subject, |fault| match fault {
        Fault::FileReplaced(fpm, pool, Barrier::Missing) => Some(Some((*fpm, *pool))),
        Fault::SocketMissing => Some(None),
        _ => None,
    });
    found
        .map(|(backend, owner)| {
            let path = path(backend);
            let mut seen = vec![format!("{path} does not exist")];
            let fix = match owner {
                Some((fpm, pool)) => {
                    let (why, fix) = remade(subject, backend, fpm, pool);
                    seen.push(why);
                    fix
                }
                None => start(subject, backend).unwrap_or_else(|| {
                    vec![Step::advise(format!(
                        "start the service that listens on {path}, or name its real socket at {}",
                        places(backend)
                    ))]
                }),
            };
            Finding {
                title: format!("the socket {path} is missing"),
                fix,
                ..unreached(subject, backend, "socket_missing", classes, seen)
            }
        })
        .collect()
}

/// Starts the PHP-FPM whose pool is to listen on a socket.
fn start(subject: &Subject<'_>, backend: &Backend<'_>) -> Option<Vec<Step>> {
    let (fpm, _) = subject.pools_at(&backend.address).into_iter().next()?;
    Some(vec![Step::run(subject.fpm_service(fpm).start())])
}

/// Why a pool listens on a file that is not there, and how NGINX gets one.
fn remade<'a>(
    subject: &Subject<'a>,
    backend: &Backend<'a>,
    fpm: &'a Fpm,
    pool: &'a Pool,
) -> (String, Vec<Step>) {
    let service = subject.fpm_service(fpm);
    let (title, name, path) = (service.title(), &pool.name, path(backend));
    let root = &subject.system.root;
    let theirs = service.master().map(|master| {
        let root = format!("/proc/{}/root", master.pid);
        Path::new(&root).join(path.trim_start_matches('/'))
    });
    if theirs.is_some_and(|theirs| root.outside(&theirs).exists()) {
        let folders = ["/run/php", "/run/php-fpm", "/run"].map(Path::new);
        let folder = folders
            .into_iter()
            .find(|folder| root.outside(folder).is_dir());
        let socket = folder.unwrap_or(folders[2]).join(format!("{name}.sock"));
        let mut fix = vec![steps::setting(
            subject,
            pool,
            "listen",
            &socket.display().to_string(),
        )];
        fix.push(Step::run(service.restart()));
        fix.extend(pools::lead_to(
            subject,
            backend,
            &format!("unix:{}", socket.display()),
        ));
        let why = format!(
            "{title} has its socket in a folder that only it sees (PrivateTmp= of systemd)"
        );
        return (why, fix);
    }
    let why = format!("{title} still listens for its pool {name}, on a file that was removed");
    let advice = "a reload keeps the old socket and does not make the file anew";
    (
        why,
        vec![Step::run(service.restart()), Step::advise(advice)],
    )
}

pub(super) fn not_a_socket(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ConnectRefused, Class::ConnectDenied];
    let found = faults(subject, |fault| match fault {
        Fault::FileReplaced(fpm, pool, Barrier::NotASocket) => Some(Some((*fpm, *pool))),
        Fault::NotASocket => Some(None),
        _ => None,
    });
    found
        .map(|(backend, owner)| {
            let path = path(backend);
            let mut seen = vec![format!("{path} is no socket")];
            let fix = match owner {
                Some((fpm, _)) => vec![Step::run(subject.fpm_service(fpm).restart())],
                None if backend.family == "fastcgi" && !subject.fpms.is_empty() => {
                    let remedy = pools::remedy(subject, backend);
                    seen.extend(remedy.seen);
                    remedy.fix
                }
                None => vec![Step::advise(format!(
                    "remove {path} and restart the service that listens there"
                ))],
            };
            Finding {
                title: format!("another file is in the place of the socket {path}"),
                fix,
                ..unreached(subject, backend, "not_a_socket", classes, seen)
            }
        })
        .collect()
}

pub(super) fn stale(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ConnectRefused];
    let found = faults(subject, |fault| {
        matches!(fault, Fault::SocketStale).then_some(())
    });
    found
        .map(|(backend, ())| {
            let path = path(backend);
            let seen = [format!("{path} exists, and no process listens on it")];
            Finding {
                title: format!("the service behind the socket {path} has ended"),
                fix: start(subject, backend).unwrap_or_else(|| {
                    vec![Step::advise(format!(
                        "start the service that listens on {path}; most remove the old file themselves"
                    ))]
                }),
                ..unreached(subject, backend, "socket_stale", classes, seen)
            }
        })
        .collect()
}

fn path(backend: &Backend<'_>) -> String {
    match &backend.address {
        Address::Unix(path) => path.display().to_string(),
        other => other.to_string(),
    }
}

fn places(backend: &Backend<'_>) -> String {
    let places: Vec<_> = backend.places().iter().map(ToString::to_string).collect();
    places.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, SITE_FILE};

    #[test]
    fn a_socket_whose_file_was_removed_needs_a_restart() {
        let mut machine = Machine::healthy();
        machine.remove("/run/php/shop.sock");
        let finding = machine.only("socket_missing");
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl restart php8.2-fpm"]
        );
    }

    #[test]
    fn another_file_in_the_place_of_a_socket_is_said() {
        let mut machine = Machine::healthy();
        machine.remove("/run/php/shop.sock");
        machine.file("/run/php/shop.sock", "");
        let finding = machine.only("not_a_socket");
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl restart php8.2-fpm"]
        );
    }

    #[test]
    fn sockets_of_other_services_are_looked_at_too() {
        let site = "server {\n    server_name app.example;\n    location / {\n        proxy_pass http://unix:/run/app.sock:/;\n    }\n}\n";
        let mut machine = Machine::healthy();
        machine.file("/etc/nginx/sites-enabled/app", site);
        assert!(
            machine
                .only("socket_missing")
                .consequence
                .contains("app.example")
        );
        machine.socket("/run/app.sock", 0o666);
        assert_eq!(machine.findings(), []);
        machine.deafen("/run/app.sock");
        machine.only("socket_stale");
        machine.remove("/run/app.sock");
        machine.file("/run/app.sock", "");
        machine.only("not_a_socket");
    }

    #[test]
    fn a_link_in_the_path_is_followed() {
        let mut machine = Machine::healthy();
        std::fs::create_dir(machine.at("/var")).unwrap();
        std::os::unix::fs::symlink("../run", machine.at("/var/run")).unwrap();
        machine.edit(SITE_FILE, "unix:/run/php", "unix:/var/run/php");
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn a_link_to_the_socket_of_one_version_is_followed_also_where_it_leads_nowhere() {
        let mut machine = Machine::healthy();
        std::os::unix::fs::symlink("shop.sock", machine.at("/run/php/php-fpm.sock")).unwrap();
        machine.edit(
            SITE_FILE,
            "unix:/run/php/shop.sock",
            "unix:/run/php/php-fpm.sock",
        );
        assert_eq!(machine.findings(), []);
        machine.kill("php-fpm: ");
        machine.deafen("/run/php/shop.sock");
        machine.remove("/run/php/shop.sock");
        machine.only("fpm_stopped");
    }
}
