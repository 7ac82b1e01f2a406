//! The same thing under another name: links, prefixes, paths that are relative.

use std::os::unix::fs::symlink;

use super::files::place;
use super::house::House;

/// NGINX knows the socket by a link, as /var/run is one for /run.
fn by_a_link() -> House {
    let house = House::new();
    symlink(house.path("run"), house.path("var")).unwrap();
    house.change("sites/shop", "HOUSE/run/shop.sock", "HOUSE/var/shop.sock");
    house
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_behind_a_link_is_well() {
    by_a_link().open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_is_found_behind_a_link() {
    let mut house = by_a_link();
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
fn a_pool_that_is_mistyped_is_found_behind_a_link() {
    let mut house = by_a_link();
    house.change("sites/shop", "var/shop.sock", "var/shopp.sock");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_names_its_socket_after_itself_is_well() {
    let mut house = House::new();
    house.change("pool.d/shop.conf", "run/shop.sock", "run/$pool.sock");
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_with_a_prefix_is_well() {
    let mut house = House::new();
    let listen = "prefix = HOUSE/run\nlisten = $pool.sock";
    house.change("pool.d/shop.conf", "listen = HOUSE/run/shop.sock", listen);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn programs_that_were_started_with_relative_paths_are_running() {
    let mut house = House::new();
    house.starts_nginx_by("nginx -e log/error.log -p HOUSE -c nginx.conf");
    house.starts_fpm_by("php-fpm -y php-fpm.conf");
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn programs_without_their_files_of_process_ids_are_running() {
    let mut house = House::new();
    house.open();
    for file in ["run/nginx.pid", "run/php-fpm.pid"] {
        house.remove(file);
    }
    house.examine().finds_nothing();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn programs_in_the_foreground_are_running() {
    let mut house = House::new();
    house.starts_nginx_by("nginx -e HOUSE/log/error.log -c HOUSE/nginx.conf -g 'daemon off;' &");
    house.starts_fpm_by("php-fpm -F -y HOUSE/php-fpm.conf &");
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn another_nginx_with_a_relative_path_does_not_stand_for_the_one_that_was_stopped() {
    let (mut house, mut other) = (House::new(), House::new());
    other.starts_nginx_by("nginx -e HOUSE/log/error.log -p HOUSE -c nginx.conf");
    other.open();
    house.open();
    house.stop_nginx();
    let finding = house.examine().finds("nginx_stopped", "critical");
    house.apply(&finding);
    house.serves("/quick.php");
}

/// NGINX knows the socket by a link to the socket itself, as Debian makes /run/php/php-fpm.sock one.
fn by_a_link_to_the_socket() -> House {
    let house = House::new();
    symlink(house.path("run/shop.sock"), house.path("run/php-fpm.sock")).unwrap();
    house.change("sites/shop", "run/shop.sock", "run/php-fpm.sock");
    house
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_link_to_a_socket_is_well() {
    by_a_link_to_the_socket().open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_is_found_behind_a_link_to_its_socket() {
    let mut house = by_a_link_to_the_socket();
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
fn a_timeout_is_found_behind_a_link_to_a_socket() {
    let mut house = by_a_link_to_the_socket();
    let pool = "[shop]\nrequest_terminate_timeout = 1s";
    house.change("pool.d/shop.conf", "[shop]", pool);
    house.open_as_it_is();
    house.fails("/slow.php?ms=3000", 502, &["response_reset"]);
    let diagnosis = house.examine();
    let finding = diagnosis.finds("terminate_before_read_timeout", "warning");
    finding.explains("response_reset");
    house.apply(&finding);
    house.serves("/slow.php?ms=1500");
}
