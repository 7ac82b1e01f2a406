//! Do NGINX and PHP-FPM mean the same address?

mod remedy;
mod unused;

use crate::config::Address;
use crate::taxonomy::Class;

use crate::doctor::checks::{faults, pages_fail, sites, unreached};
use crate::doctor::finding::Finding;
use crate::doctor::reach::Fault;
use crate::doctor::subject::Subject;

pub(super) use remedy::{Remedy, lead_to, remedy};
pub(super) use unused::unused;

use remedy::similar;

const CLASSES: &[Class] = &[Class::SocketMissing, Class::ConnectRefused];

pub(super) fn missing(subject: &Subject<'_>) -> Vec<Finding> {
    let found = faults(subject, |fault| {
        matches!(fault, Fault::PoolMissing).then_some(())
    });
    found
        .filter(|(backend, ())| matches!(backend.address, Address::Unix(_)))
        .filter(|(backend, ())| {
            subject.system.sockets.is_some() || similar(subject, backend).is_some()
        })
        .map(|(backend, ())| {
            let Remedy { why, seen, fix } = remedy(subject, backend);
            Finding {
                title: format!("no PHP-FPM pool listens on {}{why}", backend.address),
                consequence: pages_fail(&sites(subject, backend)),
                fix,
                ..unreached(subject, backend, "pool_missing", CLASSES, seen)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, POOL, POOL_FILE, SITE_FILE};
    use crate::doctor::finding::{Severity, Step};

    #[test]
    fn a_mistyped_socket_leads_to_the_pool_that_was_meant() {
        for wrong in [
            "unix:/run/php/shpo.sock",
            "unix:/run/shop.sock",
            "unix:/run/php/shops.sock",
        ] {
            let mut machine = Machine::healthy();
            machine.edit(SITE_FILE, "unix:/run/php/shop.sock", wrong);
            let finding = machine.only("pool_missing");
            assert_eq!(finding.severity, Severity::Critical);
            assert_eq!(
                machine.apply(&finding),
                ["nginx -t && systemctl reload nginx"]
            );
            assert_eq!(machine.findings(), [], "{wrong}");
        }
    }

    #[test]
    fn a_mistyped_socket_in_a_variable_is_changed_where_it_stands() {
        let mut machine = Machine::healthy();
        machine.edit(
            SITE_FILE,
            "fastcgi_pass unix:/run/php/shop.sock;",
            "set $php unix:/run/php/shpo.sock;\n        fastcgi_pass $php;",
        );
        let finding = machine.only("pool_missing");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn an_upgraded_php_leads_to_the_new_version() {
        let mut machine = Machine::healthy();
        machine.fpm(
            "8.3",
            "[www]\nlisten = /run/php/php8.3-fpm.sock\npm.max_children = 5\n",
        );
        machine.socket("/run/php/php8.3-fpm.sock", 0o666);
        machine.file(
            "/etc/nginx/sites-enabled/old",
            "server {\n    location / { fastcgi_pass unix:/run/php/php7.4-fpm.sock; }\n}\n",
        );
        let finding = machine.only("pool_missing");
        assert!(
            finding.title.contains("php8.3-fpm.sock"),
            "{}",
            finding.title
        );
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn a_pool_that_does_not_exist_is_made() {
        let mut machine = Machine::healthy();
        machine.file("/etc/nginx/sites-enabled/forum", "server {\n    location / {\n        fastcgi_pass unix:/run/php/forum.sock;\n    }\n}\n");
        let finding = machine.only("pool_missing");
        assert_eq!(
            machine.apply(&finding),
            ["php-fpm8.2 -t && systemctl reload php8.2-fpm"]
        );
        assert!(machine.at("/etc/php/8.2/fpm/pool.d/forum.conf").exists());
        // What is left to do is the command.
        machine.only("pool_not_running");
        machine.socket("/run/php/forum.sock", 0o666);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn another_sites_pool_is_never_proposed() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/php/8.2/fpm/pool.d/site1.conf",
            &POOL.replace("[shop]", "[site1]"),
        );
        machine.socket("/run/php/site1.sock", 0o666);
        for (site, file) in [("site1", "one"), ("site2", "two")] {
            let text = format!(
                "server {{\n    location / {{\n        fastcgi_pass unix:/run/php/{site}.sock;\n    }}\n}}\n"
            );
            machine.file(&format!("/etc/nginx/sites-enabled/{file}"), &text);
        }
        let finding = machine.only("pool_missing");
        assert!(
            matches!(&finding.fix[0], Step::Create { file, .. } if file.ends_with("site2.conf")),
            "{finding:#?}"
        );
    }

    #[test]
    fn a_pool_of_that_name_is_meant_wherever_it_listens() {
        let mut machine = Machine::healthy();
        machine.edit(POOL_FILE, "/run/php/$pool.sock", "127.0.0.1:9000");
        machine.listen("127.0.0.1:9000");
        machine.remove("/run/php/shop.sock");
        machine.deafen("/run/php/shop.sock");
        let finding = machine.only("pool_missing");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn another_program_may_listen_for_fastcgi() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/nginx/sites-enabled/git",
            "server {\n    location / {\n        fastcgi_pass unix:/run/git.socket;\n    }\n}\n",
        );
        machine.socket("/run/git.socket", 0o666);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn what_a_removed_php_leaves_is_no_php() {
        let mut machine = Machine::healthy();
        machine.fpm(
            "7.4",
            "[www]\nlisten = /run/php/php7.4-fpm.sock\npm.max_children = 5\n",
        );
        machine.fpm(
            "8.3",
            "[www]\nlisten = /run/php/php8.3-fpm.sock\npm.max_children = 5\n",
        );
        machine.kill("php-fpm: master process (/etc/php/7.4");
        machine.socket("/run/php/php8.3-fpm.sock", 0o666);
        machine.file(
            "/etc/nginx/sites-enabled/old",
            "server {\n    location / { fastcgi_pass unix:/run/php/php7.4-fpm.sock; }\n}\n",
        );
        let finding = machine.only("pool_missing");
        assert!(
            finding.title.contains("php8.3-fpm.sock"),
            "{}",
            finding.title
        );
    }
}
