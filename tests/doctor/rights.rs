//! Who may use a socket, where its mode alone does not tell, and what doctor may see.

use super::files::{POOL, place};
use super::house::House;
use super::namespace::within;
use super::process::{children, lives, send, wait_until};

const OWNERS: &str = "listen.owner = www-data\nlisten.group = www-data";

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_of_a_group_that_nginx_was_added_to_is_well() {
    within(
        "rights::a_socket_of_a_group_that_nginx_was_added_to_is_well",
        |machine| {
            let groups = std::fs::read_to_string("/etc/group").unwrap();
            machine.writes("/etc/group", &(groups + "shop:x:4242:www-data\n"));
            let mut house = House::new();
            let owners = "listen.owner = root\nlisten.group = shop\nlisten.mode = 0660";
            house.change("pool.d/shop.conf", OWNERS, owners);
            house.open();
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_an_access_list_opens_is_well() {
    let mut house = House::new();
    let owners = "listen.acl_users = www-data";
    house.change("pool.d/shop.conf", OWNERS, owners);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_that_runs_as_another_user_than_its_socket_is_for_is_found() {
    let mut house = House::new();
    house.change("nginx.conf", "user www-data;", "user nobody nogroup;");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["connect_denied"]);
    let finding = house.examine().finds("socket_denied", "critical");
    finding.names(&["nobody", "www-data", &house.fill("HOUSE/run/shop.sock")]);
    finding.explains("connect_denied");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_whose_user_nobody_has_named_is_found() {
    let mut house = House::new();
    house.change("nginx.conf", "user www-data;\n", "");
    house.open_as_it_is();
    house.fails("/quick.php", 502, &["connect_denied"]);
    let finding = house.examine().finds("socket_denied", "critical");
    finding.names(&["nobody", &house.fill("HOUSE/run/shop.sock")]);
    finding.explains("connect_denied");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn who_is_not_root_is_told_nothing_that_is_not_so() {
    let mut house = House::new();
    let port = super::port::free_port();
    let pool = POOL.replace("HOUSE/run/shop.sock", &format!("127.0.0.1:{port}"));
    house.write("pool.d/blog.conf", &pool.replace("shop", "blog"));
    let blog = format!(
        "location ~ ^/slow {{\n        include /etc/nginx/fastcgi.conf;\n        \
         fastcgi_pass 127.0.0.1:{port};\n    }}\n\n    location ~ \\"
    );
    house.change("sites/shop", "location ~ \\", &blog);
    house.open();
    house.serves("/slow.php?ms=1");
    house.examine_as_nobody().finds_nothing();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn who_is_not_root_is_told_that_php_fpm_has_stopped() {
    let mut house = House::new();
    house.open();
    house.stop_fpm();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine_as_nobody().finds("fpm_stopped", "critical");
    finding.explains("socket_missing");
    finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn who_cannot_see_processes_is_not_told_that_none_run() {
    within(
        "rights::who_cannot_see_processes_is_not_told_that_none_run",
        |machine| {
            let mut house = House::new();
            house.open();
            machine.hides_processes();
            house.examine_as_nobody().finds_nothing();
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn who_cannot_see_processes_is_told_of_a_socket_that_is_missing() {
    within(
        "rights::who_cannot_see_processes_is_told_of_a_socket_that_is_missing",
        |machine| {
            let mut house = House::new();
            house.open();
            machine.hides_processes();
            house.stop_fpm();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let diagnosis = house.examine_as_nobody();
            let finding = diagnosis.first();
            assert_eq!(finding.severity, "critical");
            finding.names(&[&house.fill("HOUSE/run/shop.sock")]);
            finding.explains("socket_missing");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_that_runs_as_a_user_of_its_own_is_well() {
    let mut house = House::new();
    let user = "user = www-data\ngroup = www-data";
    house.change("pool.d/shop.conf", user, "user = nobody\ngroup = nogroup");
    let owners = "listen.owner = nobody\nlisten.group = www-data\nlisten.mode = 0660";
    house.change("pool.d/shop.conf", OWNERS, owners);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_that_runs_as_root_may_use_any_socket() {
    let mut house = House::new();
    house.change("nginx.conf", "user www-data;", "user root;");
    let owners = "listen.owner = nobody\nlisten.group = nogroup\nlisten.mode = 0600";
    house.change("pool.d/shop.conf", OWNERS, owners);
    house.open();
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn who_may_not_read_the_pools_is_told_so_and_not_that_there_are_none() {
    let mut house = House::new();
    house.open();
    house.does("chmod 0600 HOUSE/pool.d/shop.conf");
    let diagnosis = house.examine_as_nobody();
    assert_eq!(diagnosis.checks(), [""; 0]);
    diagnosis.could_not_read(&house.fill("HOUSE/pool.d/shop.conf"));
    house.stop_fpm();
    house.fails("/quick.php", 502, &["socket_missing"]);
    // What is wrong is to be seen; that a pool has to be made is not.
    let diagnosis = house.examine_as_nobody();
    let finding = diagnosis.first();
    finding.explains("socket_missing");
    assert_ne!(finding.check, "pool_missing");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_that_is_being_upgraded_is_well() {
    let mut house = House::new();
    // The program that is to follow is looked for where this one was.
    house.starts_nginx_by("/usr/sbin/nginx -e HOUSE/log/error.log -c HOUSE/nginx.conf");
    house.open();
    let old = house.nginx_id().unwrap();
    send("-USR2", old);
    let is_there = || {
        house
            .nginx_id()
            .is_some_and(|new| new != old && !children(new).is_empty())
    };
    wait_until("a second NGINX", is_there);
    house.serves("/quick.php");
    send("-WINCH", old);
    wait_until("the old workers end", || children(old).len() == 1);
    house.serves("/quick.php");
    send("-QUIT", old);
    wait_until("the old NGINX ends", || !lives(old));
    house.serves("/quick.php");
}
