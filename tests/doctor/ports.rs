//! Ports on which nobody listens.

use std::net::Ipv4Addr;

use super::backend;
use super::files::place;
use super::house::House;
use super::port::free_port;
use super::visitor::get;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_listens_on_another_port_is_found() {
    let mut house = House::new();
    let (wrong, right) = (free_port(), free_port());
    let pass = format!("127.0.0.1:{wrong}");
    house.change("sites/shop", "unix:HOUSE/run/shop.sock", &pass);
    let listen = format!("127.0.0.1:{right}");
    house.change("pool.d/shop.conf", "HOUSE/run/shop.sock", &listen);
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["connect_refused"]);
    let finding = house.examine().finds("port_closed", "critical");
    finding.names(&[&pass, &listen]);
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    finding.explains("connect_refused");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_backend_that_does_not_listen_is_found() {
    let mut house = House::new();
    let port = free_port();
    house.location("/", &format!("proxy_pass http://127.0.0.1:{port};"));
    house.open_as_it_is();
    house.fails("/", 502, &["connect_refused"]);
    let finding = house.examine().finds("port_closed", "critical");
    finding.names(&[&format!("127.0.0.1:{port}")]);
    finding.is_at(&place(&house.path("sites/shop"), "proxy_pass"));
    finding.explains("connect_refused").only_advises();
    // What the backend is, nobody but its owner can know.
    backend::listen((Ipv4Addr::LOCALHOST, port));
    house.serves("/");
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_port_that_is_open_to_the_newer_family_only_is_found() {
    let mut house = House::new();
    let port = free_port();
    // NGINX keeps such a socket to its family, though the kernel lists it as it does those that take both.
    house.in_front(&format!(
        "server {{\n    listen [::]:{port};\n    return 200 quick;\n}}\n"
    ));
    house.location("/", &format!("proxy_pass http://127.0.0.1:{port};"));
    house.open_as_it_is();
    house.fails("/", 502, &["connect_refused"]);
    let finding = house.examine().finds("port_closed", "critical");
    finding.names(&[&format!("127.0.0.1:{port}")]);
    finding.is_at(&place(&house.path("sites/shop"), "proxy_pass"));
    finding.explains("connect_refused");
    house.apply(&finding);
    house.serves("/");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_closed_port_behind_one_that_is_handed_on_is_found() {
    let mut house = House::new();
    let (port, behind) = (free_port(), free_port());
    house.has_stream(&format!(
        "server {{\n    listen 127.0.0.1:{port};\n    proxy_pass 127.0.0.1:{behind};\n}}\n"
    ));
    house.open_as_it_is();
    assert_eq!(get(port, "/"), None);
    house.logged(&["connect_refused"]);
    let finding = house.examine().finds("port_closed", "critical");
    finding.names(&[&format!("127.0.0.1:{behind}")]);
    finding.is_at(&place(
        &house.path("nginx.conf"),
        &format!("proxy_pass 127.0.0.1:{behind}"),
    ));
    finding.explains("connect_refused").only_advises();
    backend::listen((Ipv4Addr::LOCALHOST, behind));
    assert_eq!(get(port, "/").unwrap().status, 200);
    house.serves("/quick.php");
}
