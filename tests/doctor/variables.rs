//! Sockets and addresses that stand in variables.

use super::house::House;

/// The site hands PHP to what a variable says, and this says it.
fn by_a_variable(set: &str) -> House {
    let house = House::new();
    let pass = "fastcgi_pass unix:HOUSE/run/shop.sock";
    house.change("sites/shop", pass, &format!("{set}fastcgi_pass $php"));
    house
}

const SET: &str = "set $php unix:HOUSE/run/shop.sock;\n        ";

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_in_a_variable_is_well() {
    by_a_variable(SET).open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_in_a_map_is_well() {
    let mut house = by_a_variable("");
    house.in_front("map $host $php {\n    default unix:HOUSE/run/shop.sock;\n}\n");
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_is_found_behind_a_variable() {
    let mut house = by_a_variable(SET);
    house.open();
    house.stop_fpm();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("fpm_stopped", "critical");
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_was_mistyped_in_a_variable_is_mended_where_it_stands() {
    let mut house = by_a_variable(&SET.replace("shop.sock", "shpo.sock"));
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_was_mistyped_in_a_map_is_mended_where_it_stands() {
    let mut house = by_a_variable("");
    house.in_front("map $host $php {\n    default unix:HOUSE/run/shpo.sock;\n}\n");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}
