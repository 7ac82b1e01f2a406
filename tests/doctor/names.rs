//! Names that mean nothing, or more than was thought. Each test brings its own /etc/hosts.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::files::place;
use super::house::House;
use super::namespace::{Machine, within};
use super::port::free_port;
use super::{backend, nameserver};

const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n";

/// A house whose site hands everything but PHP to an address.
fn passing_to(machine: &Machine, address: &str) -> House {
    machine.writes("/etc/hosts", HOSTS);
    let house = House::new();
    let pass = format!("location / {{\n        proxy_pass {address};\n    }}\n\n    location ~");
    house.change("sites/shop", "location ~", &pass);
    house
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_service_that_listens_on_one_of_the_two_addresses_of_localhost_is_found() {
    within(
        "names::a_service_that_listens_on_one_of_the_two_addresses_of_localhost_is_found",
        |machine| {
            let port = free_port();
            let mut house = passing_to(machine, &format!("http://localhost:{port}"));
            backend::listen((Ipv4Addr::LOCALHOST, port));
            house.open_as_it_is();
            // The visitor is served by the other address, and waits a little longer.
            house.fails("/", 200, &["connect_refused"]);
            let finding = house.examine().finds("localhost_two_addresses", "warning");
            finding.names(&["localhost", "127.0.0.1", "::1"]);
            finding.is_at(&place(&house.path("sites/shop"), "proxy_pass"));
            finding.explains("connect_refused");
            house.apply(&finding);
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_service_that_listens_on_the_newer_address_of_localhost_only_is_found() {
    within(
        "names::a_service_that_listens_on_the_newer_address_of_localhost_only_is_found",
        |machine| {
            let port = free_port();
            let mut house = passing_to(machine, &format!("http://localhost:{port}/"));
            backend::listen((Ipv6Addr::LOCALHOST, port));
            house.open_as_it_is();
            house.fails("/", 200, &["connect_refused"]);
            let finding = house.examine().finds("localhost_two_addresses", "warning");
            finding.explains("connect_refused");
            house.apply(&finding);
            house.serves("/");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_server_whose_name_was_mistyped_keeps_nginx_from_starting_and_is_found() {
    within(
        "names::a_server_whose_name_was_mistyped_keeps_nginx_from_starting_and_is_found",
        |machine| {
            let port = free_port();
            let mut house = passing_to(machine, "http://shop");
            let upstream = format!(
                "upstream shop {{\n    server localhots:{port};\n}}\n\nserver {{\n    listen"
            );
            house.change("sites/shop", "server {\n    listen", &upstream);
            machine.writes("/etc/hosts", "127.0.0.1 localhost\n");
            backend::listen((Ipv4Addr::LOCALHOST, port));
            house.start_fpm();
            let output = house.try_nginx();
            assert!(!output.status.success(), "{output:?}");
            house.logged(&["host_not_found"]);
            let diagnosis = house.examine();
            let finding = diagnosis.finds_among("name_unresolved", "critical", &["nginx_stopped"]);
            finding.names(&["localhots"]).explains("host_not_found");
            finding.is_at(&place(&house.path("sites/shop"), "localhots"));
            for finding in diagnosis.all() {
                house.apply(finding);
            }
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
            let mut house = passing_to(machine, &pass);
            let set = "set $backend backend.shop.test;\n        proxy_pass";
            house.change("sites/shop", "proxy_pass", set);
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
