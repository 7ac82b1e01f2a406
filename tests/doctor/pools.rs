//! NGINX and PHP-FPM that do not mean the same pool.

use super::files::{POOL, place};
use super::house::House;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_whose_file_was_written_but_never_loaded_is_found_and_loaded() {
    let mut house = House::new();
    house.open();
    house.write("pool.d/blog.conf", &POOL.replace("shop", "blog"));
    house.change("sites/shop", "run/shop.sock", "run/blog.sock");
    house.reload_nginx();
    house.fails("/quick.php", 502, &["socket_missing"]);
    // That the old pool is of no use to anyone now is true as well.
    let diagnosis = house.examine();
    let finding = diagnosis.finds_among("pool_not_running", "critical", &["pool_unused"]);
    finding.names(&["blog"]).explains("socket_missing");
    finding.is_at(&place(&house.path("pool.d/blog.conf"), "[blog]"));
    house.apply(&finding);
    house.answers("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_no_pool_has_and_none_resembles_gets_a_pool() {
    let mut house = House::new();
    house.write("pool.d/warehouse.conf", &POOL.replace("shop", "warehouse"));
    house.remove("pool.d/shop.conf");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let diagnosis = house.examine();
    let finding = diagnosis.finds_among("pool_missing", "critical", &["pool_unused"]);
    finding.names(&[&house.fill("HOUSE/run/shop.sock")]);
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    finding.explains("socket_missing");
    house.apply(&finding);
    house.answers("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_whose_name_was_mistyped_is_found_and_mended() {
    let mut house = House::new();
    house.change("sites/shop", "run/shop.sock", "run/shpo.sock");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.names(&["shpo.sock", "shop"]);
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_of_the_php_before_the_upgrade_is_found_and_mended() {
    let mut house = House::new();
    house.change("sites/shop", "shop.sock", "php7.4-fpm.sock");
    house.change("pool.d/shop.conf", "[shop]", "[www]");
    house.change("pool.d/shop.conf", "shop.sock", "php8.2-fpm.sock");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.names(&["php7.4-fpm.sock", "php8.2-fpm.sock"]);
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_server_of_an_upstream_block_that_was_mistyped_is_found_and_mended() {
    let mut house = House::new();
    let upstream =
        "upstream php {\n    server unix:HOUSE/run/shoop.sock;\n}\n\nserver {\n    listen";
    house.change("sites/shop", "server {\n    listen", upstream);
    house.change("sites/shop", "unix:HOUSE/run/shop.sock;", "php;");
    house.open_as_it_is();
    // One server only, so it is never left out.
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.is_at(&place(&house.path("sites/shop"), "server unix:"));
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}
