//! Connections that NGINX keeps.

use std::net::Ipv4Addr;
use std::thread::sleep;
use std::time::Duration;

use super::backend;
use super::files::place;
use super::house::House;
use super::port::free_port;
use super::visitor::{get, served_of};

/// A visitor comes again after the backend has lost its patience, and before NGINX does.
fn visit_twice(house: &House) {
    for pause in [2500, 0] {
        assert_eq!(get(house.port, "/").map(|answer| answer.status), Some(200));
        sleep(Duration::from_millis(pause));
    }
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_backend_that_closes_connections_which_nginx_keeps_is_found() {
    let mut house = House::new();
    let port = free_port();
    backend::listen_patiently((Ipv4Addr::LOCALHOST, port), Duration::from_secs(2));
    house.in_front(&format!(
        "upstream node {{\n    server 127.0.0.1:{port};\n    keepalive 16;\n}}\n"
    ));
    house.location(
        "/",
        "proxy_pass http://node;\nproxy_http_version 1.1;\nproxy_set_header Connection \"\";",
    );
    house.open_as_it_is();
    // NGINX tries again, which it would not do with a form that was sent.
    visit_twice(&house);
    house.logged(&["response_closed"]);
    let finding = house.examine().finds("keepalive_timeout", "warning");
    finding.names(&["node", "keepalive"]);
    finding.is_at(&place(&house.path("sites/shop"), "upstream node"));
    finding.explains("response_closed");
    house.apply(&finding);
    house.serves("/");
    visit_twice(&house);
    house.logged(&[]);
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn idle_connections_that_occupy_every_child_of_a_pool_are_found() {
    let mut house = House::new();
    house.in_front("upstream php {\n    server unix:HOUSE/run/shop.sock;\n    keepalive 16;\n}\n");
    let kept = "fastcgi_keep_conn on;\n        fastcgi_read_timeout 1s;\n        fastcgi_pass php";
    house.change("sites/shop", "fastcgi_pass unix:HOUSE/run/shop.sock", kept);
    let few = "pm.max_children = 2\nrequest_terminate_timeout = 1s";
    house.change("pool.d/shop.conf", "pm.max_children = 5", few);
    house.change("pool.d/shop.conf", "pm = dynamic", "pm = static");
    house.change("nginx.conf", "worker_processes 1", "worker_processes 2");
    house.open_as_it_is();
    // Two are served, and their connections kept; whoever waits then, waits in vain.
    assert!(served_of(8, house.port, "/quick.php") < 8);
    house.logged(&["response_timeout"]);
    let finding = house.examine().finds("keepalive_children", "warning");
    finding.names(&["shop", "pm.max_children", "keepalive 16"]);
    finding.explains("response_timeout");
    house.apply(&finding);
    house.serves("/quick.php");
    assert_eq!(served_of(8, house.port, "/quick.php"), 8);
    house.serves("/quick.php");
}
