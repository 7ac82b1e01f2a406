//! Limits of NGINX itself.

use super::house::House;
use super::visitor::served_of;

/// More visitors at once than a limit allows; after the fix they are all served.
fn a_limit(old: &str, new: &str, check: &str, setting: &str, class: &str) {
    let mut house = House::new();
    house.change("nginx.conf", old, new);
    let many = "pm.max_children = 20\npm.start_servers = 20\npm.max_spare_servers = 20";
    house.change("pool.d/shop.conf", "pm.max_children = 5", many);
    house.change("pool.d/shop.conf", "pm.start_servers = 2\n", "");
    house.change("pool.d/shop.conf", "pm.max_spare_servers = 3\n", "");
    house.open_as_it_is();
    let served = served_of(20, house.port, "/slow.php?ms=300");
    assert!((1..20).contains(&served), "{served}");
    house.logged(&[class]);
    let finding = house.examine().finds(check, "warning");
    finding.names(&[setting]).explains(class);
    house.apply(&finding);
    house.serves("/quick.php");
    assert_eq!(served_of(20, house.port, "/slow.php?ms=300"), 20);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn too_few_connections_are_found_and_raised() {
    a_limit(
        "worker_connections 768;",
        "worker_connections 30;",
        "worker_connections",
        "worker_connections",
        "connections_exhausted",
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn too_few_open_files_are_found_and_raised() {
    a_limit(
        "worker_processes 1;",
        "worker_processes 1;\nworker_rlimit_nofile 30;",
        "open_files",
        "worker_rlimit_nofile",
        "files_exhausted",
    );
}
