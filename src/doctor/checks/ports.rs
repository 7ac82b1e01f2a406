use std::net::SocketAddr;

use crate::config::Address;
use crate::taxonomy::Class;

use super::pools::{self, Remedy};
use super::{counted, faults, sites, unreached};
use crate::doctor::backends::Backend;
use crate::doctor::finding::{Finding, Severity, Step};
use crate::doctor::reach::Fault;
use crate::doctor::subject::Subject;

const REFUSED: &[Class] = &[Class::ConnectRefused];

pub(super) fn closed(subject: &Subject<'_>) -> Vec<Finding> {
    let found = faults(subject, |fault| match fault {
        Fault::PortClosed(address) => Some(Some(*address)),
        Fault::PoolMissing => Some(None),
        _ => None,
    });
    found
        .filter(|(backend, _)| !matches!(backend.address, Address::Unix(_)))
        .map(|(backend, address)| {
            let Remedy { why, seen, fix } = match address {
                Some(address) => {
                    let (why, fix) = elsewhere(subject, backend, address);
                    let seen = Vec::new();
                    Remedy { why, seen, fix }
                }
                None => pools::remedy(subject, backend),
            };
            Finding {
                title: format!("nothing listens on {}{why}", backend.address),
                fix,
                ..unreached(subject, backend, "port_closed", REFUSED, seen)
            }
        })
        .collect()
}

/// Whether the port is open on another address of this machine.
fn elsewhere(
    subject: &Subject<'_>,
    backend: &Backend<'_>,
    address: SocketAddr,
) -> (String, Vec<Step>) {
    if !subject.is_own(address.ip()) {
        let command = format!(
            "on {}: ss -ltnp 'sport = :{}'",
            address.ip(),
            address.port()
        );
        return (
            "; the machine is there and refuses".to_owned(),
            vec![Step::advise(format!(
                "start the service there, or open its firewall; {command} shows whether it listens"
            ))],
        );
    }
    let open = subject
        .system
        .sockets
        .as_ref()
        .map(|sockets| sockets.on_port(address.port()))
        .unwrap_or_default();
    match open.first() {
        Some(other) => (
            format!("; but {other} is open"),
            pools::lead_to(subject, backend, &other.to_string()),
        ),
        None => (
            String::new(),
            vec![Step::advise(format!(
                "start the service that is to listen on {address}; ss -ltnp lists what listens where"
            ))],
        ),
    }
}

pub(super) fn two_addresses(subject: &Subject<'_>) -> Vec<Finding> {
    let found = faults(subject, |fault| match fault {
        Fault::PartlyClosed { open, closed } => Some((*open, *closed)),
        _ => None,
    });
    found
        .map(|(backend, (open, closed))| {
            let seen = [format!("something listens on {open}, nothing on {closed}")];
            Finding {
                severity: Severity::Warning,
                title: format!("{} is {open} and {closed} to NGINX, and {closed} is closed", backend.address),
                consequence: format!(
                    "every second request of {} is refused first; when the other address fails once, NGINX has no live upstream",
                    sites(subject, backend)
                ),
                classes: vec![Class::ConnectRefused, Class::NoLiveUpstreams],
                fix: pools::lead_to(subject, backend, &open.to_string()),
                ..unreached(subject, backend, "localhost_two_addresses", REFUSED, seen)
            }
        })
        .collect()
}

pub(super) fn selinux(subject: &Subject<'_>) -> Vec<Finding> {
    let classes = &[Class::ConnectDenied];
    let seen = subject
        .logged
        .of_peer(|peer| matches!(peer, Address::Inet(_)), classes, None);
    let Some(seen) = seen.filter(|_| subject.system.selinux_forbids_network()) else {
        return Vec::new();
    };
    vec![Finding {
        check: "selinux",
        severity: Severity::Critical,
        title: "SELinux does not let NGINX connect to the network".to_owned(),
        evidence: vec![
            "SELinux enforces, and its boolean httpd_can_network_connect is off".to_owned(),
            counted(subject, &seen),
        ],
        consequence: "every request that NGINX passes to an address and port gets 502 Bad Gateway"
            .to_owned(),
        places: Vec::new(),
        classes: classes.to_vec(),
        fix: vec![
            Step::run("setsebool -P httpd_can_network_connect 1"),
            Step::advise("ausearch -m avc -ts recent shows each denial"),
        ],
    }]
}

#[cfg(test)]
mod tests {
    use super::super::machine::{Machine, POOL_FILE, SITE_FILE};
    use super::*;

    fn passing_to(address: &str) -> Machine {
        let mut machine = Machine::healthy();
        machine.edit(SITE_FILE, "unix:/run/php/shop.sock", address);
        machine
    }

    #[test]
    fn a_port_that_the_pool_does_not_listen_on_is_corrected() {
        let mut machine = passing_to("127.0.0.1:9000");
        machine.edit(POOL_FILE, "/run/php/$pool.sock", "127.0.0.1:9001");
        machine.listen("127.0.0.1:9001");
        machine.log(Class::ConnectRefused, "127.0.0.1:9000", 5);
        let finding = machine.only("port_closed");
        assert!(
            finding
                .evidence
                .iter()
                .any(|line| line.starts_with("5 events")),
            "{:?}",
            finding.evidence
        );
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn every_way_to_listen_on_a_port_is_known() {
        for (listen, open, pass) in [
            ("9000", "[::]:9000", "127.0.0.1:9000"),
            ("[::]:9000", "[::]:9000", "127.0.0.1:9000"),
            ("0.0.0.0:9000", "0.0.0.0:9000", "127.0.0.1:9000"),
            ("[::1]:9000", "[::1]:9000", "[::1]:9000"),
            ("127.0.0.1:9000", "127.0.0.1:9000", "127.0.0.1:9000"),
        ] {
            let mut machine = passing_to(pass);
            machine.edit(POOL_FILE, "/run/php/$pool.sock", listen);
            machine.listen(open);
            assert_eq!(machine.findings(), [], "{listen}");
        }
    }

    #[test]
    fn a_backend_that_listens_on_another_address_is_found_there() {
        let mut machine = Machine::healthy();
        machine.file(
            "/etc/nginx/sites-enabled/app",
            "server {\n    location / {\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n",
        );
        machine.only("port_closed");
        machine.listen("[::1]:3000");
        let finding = machine.only("port_closed");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn localhost_is_two_addresses_where_there_is_ipv6() {
        let mut machine = passing_to("localhost:9000");
        machine.edit(POOL_FILE, "/run/php/$pool.sock", "127.0.0.1:9000");
        machine.listen("127.0.0.1:9000");
        machine.known.names.insert(
            "localhost".to_owned(),
            vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        );
        machine.known.own.push("192.0.2.7".parse().unwrap());
        assert_eq!(machine.findings(), []);
        machine.known.own.push("2001:db8::1".parse().unwrap());
        let finding = machine.only("localhost_two_addresses");
        machine.apply(&finding);
        assert_eq!(machine.findings(), []);
    }

    #[test]
    fn selinux_is_blamed_where_it_forbids() {
        let mut machine = passing_to("127.0.0.1:9000");
        machine.edit(POOL_FILE, "/run/php/$pool.sock", "127.0.0.1:9000");
        machine.listen("127.0.0.1:9000");
        machine.log(Class::ConnectDenied, "127.0.0.1:9000", 5);
        machine.file("/sys/fs/selinux/enforce", "1");
        machine.file("/sys/fs/selinux/booleans/httpd_can_network_connect", "1 1");
        assert_eq!(machine.findings(), []);
        machine.file("/sys/fs/selinux/booleans/httpd_can_network_connect", "0 0");
        let finding = machine.only("selinux");
        assert_eq!(
            machine.apply(&finding),
            ["setsebool -P httpd_can_network_connect 1"]
        );
    }
}
