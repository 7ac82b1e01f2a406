//! Sockets that are there, and that NGINX cannot use.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::files::place;
use super::house::House;

/// A pool whose socket NGINX may not use is given another one that it may use, and that lasts.
fn closed(owners: &str, evidence: &[&str]) {
    let mut house = House::new();
    let open = "listen.owner = www-data\nlisten.group = www-data\n";
    house.change("pool.d/shop.conf", open, owners);
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["connect_denied"]);
    let finding = house.examine().finds("socket_denied", "critical");
    finding.names(&[&house.fill("HOUSE/run/shop.sock"), "www-data"]);
    finding.names(evidence).explains("connect_denied");
    house.apply(&finding);
    house.serves("/quick.php");
    house.stop_fpm();
    house.start_fpm();
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_only_root_may_use_is_found_and_opened() {
    closed(
        "listen.owner = root\nlisten.group = root\nlisten.mode = 0600\n",
        &["0600", "root"],
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_with_a_mode_and_no_owner_is_found_and_opened() {
    closed("listen.mode = 0600\n", &["0600"]);
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_with_neither_mode_nor_owner_is_found_and_opened() {
    closed("", &["0660"]);
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_folder_that_nginx_may_not_enter_is_found_and_opened() {
    let mut house = House::new();
    house.open();
    let folder = house.path("run");
    fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
    house.fails("/quick.php", 502, &["connect_denied"]);
    let finding = house.examine().finds("socket_denied", "critical");
    finding.names(&[folder.to_str().unwrap(), "www-data"]);
    finding.explains("connect_denied");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_was_left_by_a_php_fpm_that_was_killed_is_found() {
    let mut house = House::new();
    house.open();
    house.kill_fpm();
    house.fails("/quick.php", 502, &["connect_refused"]);
    let diagnosis = house.examine();
    let finding = diagnosis.finds_among("fpm_stopped", "critical", &["socket_stale"]);
    finding.explains("connect_refused");
    house.apply(&finding);
    house.serves("/quick.php");
}

/// A file in the place of a socket, whose pool is elsewhere.
fn a_file_for_a_socket(mode: u32, class: &str) {
    let mut house = House::new();
    house.change("pool.d/shop.conf", "run/shop.sock", "run/php/shop.sock");
    fs::create_dir(house.path("run/php")).unwrap();
    house.write("run/shop.sock", "");
    let file = house.path("run/shop.sock");
    fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    house.open_as_it_is();
    house.fails("/quick.php", 502, &[class]);
    let finding = house.examine().finds("not_a_socket", "critical");
    finding.names(&[file.to_str().unwrap()]).explains(class);
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_file_where_a_socket_should_be_is_found() {
    a_file_for_a_socket(0o666, "connect_refused");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_file_where_a_socket_should_be_is_found_though_the_log_tells_of_rights() {
    a_file_for_a_socket(0o644, "connect_denied");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_was_deleted_under_a_running_pool_is_found() {
    let mut house = House::new();
    house.open();
    fs::remove_file(house.path("run/shop.sock")).unwrap();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("socket_missing", "critical");
    finding.names(&[&house.fill("HOUSE/run/shop.sock")]);
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}
