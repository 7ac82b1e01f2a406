//! Programs that do not run.

use super::house::House;
use super::port::free_port;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_is_found_and_started() {
    let mut house = House::new();
    house.open();
    house.stop_fpm();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("fpm_stopped", "critical");
    finding.explains("socket_missing");
    finding.names(&[&house.fill("HOUSE/php-fpm.conf")]);
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_behind_a_port_is_found_and_started() {
    let mut house = House::new();
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    house.change("pool.d/shop.conf", "HOUSE/run/shop.sock", &address);
    house.change("sites/shop", "unix:HOUSE/run/shop.sock", &address);
    house.open();
    house.stop_fpm();
    house.fails("/quick.php", 502, &["connect_refused"]);
    let finding = house.examine().finds("fpm_stopped", "critical");
    finding.explains("connect_refused");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_that_was_stopped_is_found_and_started() {
    let mut house = House::new();
    house.open();
    house.stop_nginx();
    assert_eq!(super::visitor::get(house.port, "/quick.php"), None);
    let finding = house.examine().finds("nginx_stopped", "critical");
    finding.names(&[&house.fill("HOUSE/nginx.conf")]);
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn what_does_not_run_is_found_without_a_log() {
    let mut house = House::new();
    house.open();
    house.examine_without_log().finds_nothing();
    house.stop_fpm();
    let finding = house.examine_without_log().finds("fpm_stopped", "critical");
    house.apply(&finding);
    house.examine_without_log().finds_nothing();
    house.serves("/quick.php");
}
