//! Limits of NGINX itself.

use std::thread;
use std::time::Duration;

use super::house::House;
use super::process::{children, send, wait_until};
use super::visitor::{get, served_of};

/// More visitors at once than a limit allows; after the fix they are all served.
fn a_limit(old: &str, new: &str, check: &str, setting: &str, class: &str) {
    let mut house = House::new();
    house.change("nginx.conf", old, new);
    let many = "pm.max_children = 30\npm.start_servers = 20\npm.max_spare_servers = 20";
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

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_worker_that_only_finishes_what_it_has_begun_does_not_count() {
    let mut house = House::new();
    let few = "worker_processes 1;\nworker_rlimit_nofile 60;";
    house.change("nginx.conf", "worker_processes 1;", few);
    house.change(
        "nginx.conf",
        "worker_connections 768",
        "worker_connections 60",
    );
    house.open();
    thread::scope(|scope| {
        let port = house.port;
        let visitor = scope.spawn(move || get(port, "/slow.php?ms=1500"));
        thread::sleep(Duration::from_millis(300));
        house.change("nginx.conf", "rlimit_nofile 60", "rlimit_nofile 600");
        house.change("nginx.conf", "connections 60", "connections 600");
        send("-HUP", house.nginx_id().unwrap());
        let is_ending = || {
            let workers = children(house.nginx_id().unwrap());
            workers
                .iter()
                .any(|worker| worker.title.contains("shutting down"))
        };
        wait_until("the old worker ends", is_ending);
        house.examine().finds_nothing();
        assert!(is_ending());
        assert_eq!(visitor.join().unwrap().unwrap().status, 200);
    });
    house.serves("/quick.php");
}
