//! Programs that do not run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::files::POOL;
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

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn everything_at_once_is_mended_one_after_the_other() {
    let mut house = House::new();
    let pool = POOL.replace("shop", "blog");
    let owners = "listen.owner = www-data\nlisten.group = www-data\n";
    house.write(
        "pool.d/blog.conf",
        &pool.replace(owners, "listen.mode = 0600\n"),
    );
    let blog = "include /etc/nginx/fastcgi.conf;\nfastcgi_pass unix:HOUSE/run/blog.sock;";
    house.location("~ ^/slow", blog);
    house.change("sites/shop", "run/shop.sock", "run/shpo.sock");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    house.fails("/slow.php?ms=1", 502, &["connect_denied"]);
    fs::set_permissions(house.path("run"), Permissions::from_mode(0o700)).unwrap();
    house.fails("/quick.php", 502, &["connect_denied"]);
    house.stop_fpm();
    house.stop_nginx();
    house.heals();
    house.serves("/quick.php");
    house.serves("/slow.php?ms=1");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_site_that_nginx_cannot_read_is_found_before_it_is_restarted() {
    let mut house = House::new();
    house.open();
    house.change("sites/shop", "root HOUSE/www;", "root HOUSE/www");
    house.reload_in_vain();
    house.answers("/quick.php");
    let diagnosis = house.examine();
    let finding = diagnosis.first();
    assert_eq!(finding.check, "config_broken", "{finding:?}");
    finding.names(&[&house.fill("HOUSE/sites/shop")]);
    house.change("sites/shop", "root HOUSE/www", "root HOUSE/www;");
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_site_that_nginx_cannot_read_keeps_it_from_starting_and_is_said_first() {
    let mut house = House::new();
    house.change("sites/shop", "root HOUSE/www;", "root HOUSE/www");
    house.ages();
    house.start_fpm();
    assert!(!house.try_nginx().status.success());
    let diagnosis = house.examine();
    let finding = diagnosis.finds_among("config_broken", "critical", &["nginx_stopped"]);
    finding.names(&[&house.fill("HOUSE/sites/shop")]);
    house.change("sites/shop", "root HOUSE/www", "root HOUSE/www;");
    house.heals();
    house.serves("/quick.php");
}
