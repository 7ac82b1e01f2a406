//! Names that mean nothing, or more than was thought. Each test brings its own /etc/hosts.

use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Instant;

use super::files::place;
use super::house::House;
use super::namespace::{Machine, within};
use super::port::free_port;
use super::{backend, nameserver};

/// A house whose site hands everything but PHP to an address.
fn passing_to(address: &str) -> House {
    let house = House::new();
    house.location("/", &format!("proxy_pass {address};"));
    house
}

/// A machine with other addresses than those of the loopback, on which `localhost` is two addresses.
fn localhost(machine: &Machine, others: &[&str]) {
    machine.writes(
        "/etc/hosts",
        "127.0.0.1 localhost\n::1 localhost ip6-localhost\n",
    );
    for other in others {
        machine.has_address(other);
    }
}

/// No name server is asked: a name that does not stand in /etc/hosts is none.
fn names_by_hosts_only(machine: &Machine) {
    machine.writes("/etc/hosts", "127.0.0.1 localhost\n");
    machine.writes(
        "/etc/nsswitch.conf",
        "passwd: files\ngroup: files\nhosts: files\n",
    );
}

/// Addresses for documentation (RFC 5737, RFC 3849).
const OLDER: &str = "192.0.2.1/24";
const NEWER: &str = "2001:db8::1/64";

/// The visitor is served by the other address, and waits a little longer.
fn found_on_one_address(house: &mut House) {
    house.open_as_it_is();
    house.fails("/", 200, &["connect_refused"]);
    let finding = house.examine().finds("localhost_two_addresses", "warning");
    finding.names(&["localhost", "127.0.0.1", "::1"]);
    finding.is_at(&place(&house.path("sites/shop"), "localhost"));
    finding.explains("connect_refused");
    house.apply(&finding);
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_service_on_one_of_two_addresses_of_localhost_is_found() {
    within(
        "names::a_service_on_one_of_two_addresses_of_localhost_is_found",
        |machine| {
            localhost(machine, &[OLDER, NEWER]);
            let port = free_port();
            let mut house = passing_to(&format!("http://localhost:{port}"));
            backend::listen((Ipv4Addr::LOCALHOST, port));
            found_on_one_address(&mut house);
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_service_on_the_newer_address_of_localhost_only_is_found() {
    within(
        "names::a_service_on_the_newer_address_of_localhost_only_is_found",
        |machine| {
            localhost(machine, &[OLDER, NEWER]);
            let port = free_port();
            let mut house = passing_to(&format!("http://localhost:{port}/"));
            backend::listen((Ipv6Addr::LOCALHOST, port));
            found_on_one_address(&mut house);
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_machine_without_a_network_asks_for_both_addresses_of_localhost() {
    within(
        "names::a_machine_without_a_network_asks_for_both_addresses_of_localhost",
        |machine| {
            localhost(machine, &[]);
            let port = free_port();
            let mut house = passing_to(&format!("http://localhost:{port}"));
            backend::listen((Ipv4Addr::LOCALHOST, port));
            found_on_one_address(&mut house);
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_machine_of_the_older_family_asks_for_one_address_of_localhost_and_is_well() {
    within(
        "names::a_machine_of_the_older_family_asks_for_one_address_of_localhost_and_is_well",
        |machine| {
            localhost(machine, &[OLDER]);
            let port = free_port();
            let mut house = passing_to(&format!("http://localhost:{port}"));
            backend::listen((Ipv4Addr::LOCALHOST, port));
            house.open();
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_server_of_an_upstream_block_on_one_of_two_addresses_is_found() {
    within(
        "names::a_server_of_an_upstream_block_on_one_of_two_addresses_is_found",
        |machine| {
            localhost(machine, &[OLDER, NEWER]);
            let mut house = passing_to("http://node");
            house.in_front("upstream node {\n    server localhost;\n}\n");
            // The port of the scheme, which stands nowhere.
            backend::listen((Ipv4Addr::LOCALHOST, 80));
            found_on_one_address(&mut house);
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_server_whose_name_was_mistyped_keeps_nginx_from_starting_and_is_found() {
    within(
        "names::a_server_whose_name_was_mistyped_keeps_nginx_from_starting_and_is_found",
        |machine| {
            names_by_hosts_only(machine);
            let port = free_port();
            let mut house = passing_to("http://shop");
            house.in_front(&format!(
                "upstream shop {{\n    server localhots:{port};\n}}\n"
            ));
            backend::listen((Ipv4Addr::LOCALHOST, port));
            house.ages();
            house.start_fpm();
            let output = house.try_nginx();
            assert!(!output.status.success(), "{output:?}");
            house.logged(&["host_not_found"]);
            let diagnosis = house.examine();
            // That NGINX does not run is what follows from it.
            let finding = diagnosis.finds_among("name_unresolved", "critical", &["nginx_stopped"]);
            finding.names(&["localhots"]).explains("host_not_found");
            finding.is_at(&place(&house.path("sites/shop"), "localhots"));
            house.heals();
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_server_whose_name_nobody_can_be_asked_for_is_found_as_nginx_would_not_start_without() {
    within(
        "names::a_server_whose_name_nobody_can_be_asked_for_is_found_as_nginx_would_not_start_without",
        |machine| {
            // As at boot, before the network is there.
            machine.writes("/etc/resolv.conf", "nameserver 192.0.2.53\n");
            let mut house = passing_to("http://backend.shop.test:8080");
            house.ages();
            house.start_fpm();
            let output = house.try_nginx();
            assert!(!output.status.success(), "{output:?}");
            house.logged(&["host_not_found"]);
            let diagnosis = house.examine();
            let finding = diagnosis.finds_among("name_unresolved", "critical", &["nginx_stopped"]);
            finding
                .names(&["backend.shop.test"])
                .explains("host_not_found");
            finding.is_at(&place(&house.path("sites/shop"), "proxy_pass"));
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_name_that_was_mistyped_in_a_site_of_a_running_nginx_is_found_before_it_is_restarted() {
    within(
        "names::a_name_that_was_mistyped_in_a_site_of_a_running_nginx_is_found_before_it_is_restarted",
        |machine| {
            names_by_hosts_only(machine);
            let port = free_port();
            backend::listen((Ipv4Addr::LOCALHOST, port));
            let mut house = passing_to(&format!("http://127.0.0.1:{port}"));
            house.open();
            house.change("sites/shop", "http://127.0.0.1", "http://localhots");
            house.reload_in_vain();
            house.logged(&["host_not_found"]);
            house.answers("/");
            let finding = house.examine().finds("name_unresolved", "critical");
            finding.names(&["localhots"]).explains("host_not_found");
            house.apply(&finding);
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_name_in_a_variable_without_a_resolver_is_found() {
    within(
        "names::a_name_in_a_variable_without_a_resolver_is_found",
        |machine| {
            machine.writes("/etc/resolv.conf", "nameserver 127.0.0.53\n");
            nameserver::serve([127, 0, 0, 53].into(), Ipv4Addr::LOCALHOST);
            let port = free_port();
            let pass = format!("http://$backend:{port}");
            let mut house = House::new();
            house.location(
                "/",
                &format!("set $backend backend.shop.test;\nproxy_pass {pass};"),
            );
            backend::listen((Ipv4Addr::LOCALHOST, port));
            house.open_as_it_is();
            house.fails("/", 502, &["resolver_missing"]);
            let finding = house.examine().finds("resolver_missing", "critical");
            finding.names(&["backend.shop.test", "resolver"]);
            finding.is_at(&place(&house.path("sites/shop"), "proxy_pass"));
            finding.explains("resolver_missing");
            house.apply(&finding);
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_name_in_a_block_that_nobody_uses_keeps_nginx_from_starting_all_the_same() {
    within(
        "names::a_name_in_a_block_that_nobody_uses_keeps_nginx_from_starting_all_the_same",
        |machine| {
            names_by_hosts_only(machine);
            let mut house = House::new();
            house.in_front("upstream old {\n    server localhots:8080;\n}\n");
            house.ages();
            house.start_fpm();
            assert!(!house.try_nginx().status.success());
            house.logged(&["host_not_found"]);
            let diagnosis = house.examine();
            let finding = diagnosis.finds_among("name_unresolved", "critical", &["nginx_stopped"]);
            finding.names(&["localhots"]).explains("host_not_found");
            finding.is_at(&place(&house.path("sites/shop"), "localhots"));
            house.heals();
            house.serves("/quick.php");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_name_in_a_variable_with_a_resolver_is_well() {
    within(
        "names::a_name_in_a_variable_with_a_resolver_is_well",
        |machine| {
            machine.writes("/etc/resolv.conf", "nameserver 127.0.0.53\n");
            nameserver::serve([127, 0, 0, 53].into(), Ipv4Addr::LOCALHOST);
            let port = free_port();
            let mut house = House::new();
            let set = "set $backend backend.shop.test;";
            house.location("/", &format!("{set}\nproxy_pass http://$backend:{port};"));
            let http = "http {\n    resolver 127.0.0.53;";
            house.change("nginx.conf", "http {", http);
            backend::listen((Ipv4Addr::LOCALHOST, port));
            house.open();
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_name_server_that_is_silent_does_not_hold_doctor_up() {
    within(
        "names::a_name_server_that_is_silent_does_not_hold_doctor_up",
        |machine| {
            machine.writes("/etc/resolv.conf", "nameserver 127.0.0.53\n");
            let _silent = UdpSocket::bind("127.0.0.53:53").unwrap();
            let house = passing_to("http://backend.shop.test:8080");
            let begin = Instant::now();
            let diagnosis = house.examine();
            assert!(begin.elapsed().as_secs() < 9);
            // Nothing runs, and nothing is said of the name.
            diagnosis.finds_among("nginx_stopped", "critical", &["fpm_stopped"]);
        },
    );
}
