//! NGINX and PHP-FPM that do not mean the same pool.

use std::fs;

use super::files::{POOL, SITE, place};
use super::house::House;
use super::port::free_port;

/// Requests for PHP are handed to an address.
fn through(address: &str) -> String {
    format!("include /etc/nginx/fastcgi.conf;\nfastcgi_pass {address};")
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_whose_file_was_written_but_never_loaded_is_found_and_loaded() {
    let mut house = House::new();
    house.open();
    house.write("pool.d/blog.conf", &POOL.replace("shop", "blog"));
    house.location("~ ^/slow", &through("unix:HOUSE/run/blog.sock"));
    house.reload_nginx();
    house.fails("/slow.php?ms=1", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_not_running", "critical");
    finding.names(&["blog", &house.fill("HOUSE/run/blog.sock")]);
    finding.names(&[&place(&house.path("pool.d/blog.conf"), "[blog]")]);
    finding.is_at(&place(&house.path("sites/shop"), "blog.sock"));
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/slow.php?ms=1");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_no_pool_has_and_none_resembles_gets_a_pool() {
    let mut house = House::new();
    house.location("~ ^/slow", &through("unix:HOUSE/run/warehouse.sock"));
    house.open_as_it_is();
    house.fails("/slow.php?ms=1", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.names(&[&house.fill("HOUSE/run/warehouse.sock")]);
    finding.is_at(&place(&house.path("sites/shop"), "warehouse.sock"));
    finding.explains("socket_missing");
    house.apply(&finding);
    house.serves("/slow.php?ms=1");
    house.serves("/quick.php");
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

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_block_that_was_left_down_after_maintenance_is_found_and_used_again() {
    let mut house = House::new();
    let upstream =
        "upstream php {\n    server unix:HOUSE/run/shop.sock down;\n}\n\nserver {\n    listen";
    house.change("sites/shop", "server {\n    listen", upstream);
    house.change("sites/shop", "unix:HOUSE/run/shop.sock;", "php;");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["no_live_upstreams"]);
    let finding = house.examine().finds("all_down", "warning");
    finding.is_at(&place(&house.path("sites/shop"), "server unix:"));
    finding.explains("no_live_upstreams");
    house.apply(&finding);
    house.serves("/quick.php");
}

/// A site whose pool is missing, beside one that has a pool with a socket of a similar name. Whoever made
/// them keeps their sites apart, and so must the fix.
fn a_neighbour(socket: &str, missing: &str) {
    let mut house = House::new();
    for folder in ["run/1", "run/2"] {
        fs::create_dir(house.path(folder)).unwrap();
    }
    house.change("sites/shop", "run/shop.sock", socket);
    house.change("pool.d/shop.conf", "run/shop.sock", socket);
    house.location("~ ^/slow", &through(&format!("unix:HOUSE/{missing}")));
    house.open_as_it_is();
    house.fails("/slow.php?ms=1", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.explains("socket_missing");
    house.apply(&finding);
    let site = fs::read_to_string(house.path("sites/shop")).unwrap();
    let pass = house.fill(&format!("fastcgi_pass unix:HOUSE/{socket};"));
    assert_eq!(site.matches(&pass).count(), 1, "{finding:?}");
    house.serves("/slow.php?ms=1");
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn the_pool_of_the_site_with_the_next_number_is_not_the_one_that_was_meant() {
    a_neighbour("run/site1.sock", "run/site2.sock");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_of_the_same_name_in_the_folder_of_another_site_is_not_the_one_that_was_meant() {
    a_neighbour("run/1/php.sock", "run/2/php.sock");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_of_the_right_name_that_listens_on_a_port_is_the_one_that_was_meant() {
    let mut house = House::new();
    let listen = format!("127.0.0.1:{}", free_port());
    house.change("pool.d/shop.conf", "HOUSE/run/shop.sock", &listen);
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    finding.names(&[&listen]).explains("socket_missing");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_php_fpm_would_refuse_does_not_take_the_others_with_it() {
    let mut house = House::new();
    house.open();
    let pool = POOL.replace("shop", "blog");
    let pool = pool.replace("start_servers = 2", "start_servers = 4");
    house.write("pool.d/blog.conf", &pool);
    house.location("~ ^/slow", &through("unix:HOUSE/run/blog.sock"));
    house.reload_nginx();
    house.fails("/slow.php?ms=1", 502, &["socket_missing"]);
    // A PHP-FPM that reads this ends, with all its pools. That is said first, and the fix of what follows tries it before.
    let diagnosis = house.examine();
    let others = ["pool_not_running"];
    let finding = diagnosis.finds_among("config_broken", "critical", &others);
    finding.names(&["pm.start_servers = 4 is not between"]);
    assert!(!house.tries(&diagnosis.all()[1]), "{:?}", diagnosis.all());
    house.answers("/quick.php");
    house.change("pool.d/blog.conf", "start_servers = 4", "start_servers = 2");
    let finding = house.examine().finds("pool_not_running", "critical");
    house.apply(&finding);
    house.serves("/slow.php?ms=1");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_was_mistyped_in_many_sites_is_mended_in_all() {
    let mut house = House::new();
    for file in 0..4 {
        let site = |number: usize| {
            let site = SITE.replace("shop.sock", "shpo.sock");
            site.replace("shop.test", &format!("shop{file}-{number}.test"))
        };
        let sites: String = (0..5).map(site).collect();
        house.write(&format!("sites/{file}"), &sites);
    }
    house.change("sites/shop", "run/shop.sock", "run/shpo.sock");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("pool_missing", "critical");
    house.apply(&finding);
    house.serves("/quick.php");
    let grep = house.shell("! grep -r shpo.sock sites").status().unwrap();
    assert!(grep.success());
}
