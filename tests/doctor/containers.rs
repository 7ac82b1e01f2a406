//! Services in containers: in namespaces of their own, behind a socket or a port that NGINX can reach.

use super::files::place;
use super::house::House;
use super::namespace::within;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_in_a_network_of_its_own_answers_on_its_socket() {
    within(
        "containers::a_pool_in_a_network_of_its_own_answers_on_its_socket",
        |_| {
            let mut house = House::new();
            // Its socket is not among those of the machine, in /proc/net/unix.
            house.starts_fpm_by("unshare --net php-fpm --fpm-config HOUSE/php-fpm.conf");
            house.open();
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_container_whose_configuration_has_the_same_path_is_another_php_fpm() {
    within(
        "containers::a_container_whose_configuration_has_the_same_path_is_another_php_fpm",
        |_| {
            let mut house = House::new();
            house.open();
            let guest = house.fill(
                "mkdir HOUSE/guest HOUSE/guest/pool.d HOUSE/guest/run HOUSE/guest/log &&
                 cp HOUSE/php-fpm.conf HOUSE/guest && cp HOUSE/pool.d/* HOUSE/guest/pool.d &&
                 unshare --mount --net sh -c 'mount --bind HOUSE/guest HOUSE &&
                 php-fpm8.2 --fpm-config HOUSE/php-fpm.conf'",
            );
            house.does(&guest);
            house.stop_fpm();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("fpm_stopped", "critical");
            finding.explains("socket_missing");
            finding.is_at(&place(&house.path("sites/shop"), "fastcgi_pass"));
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn an_nginx_in_a_container_does_not_stand_for_the_one_that_was_stopped() {
    within(
        "containers::an_nginx_in_a_container_does_not_stand_for_the_one_that_was_stopped",
        |_| {
            let mut house = House::new();
            house.open();
            let guest = house.fill(
                "mkdir HOUSE/guest HOUSE/guest/run HOUSE/guest/log HOUSE/guest/temp &&
                 cp -r HOUSE/nginx.conf HOUSE/sites HOUSE/guest &&
                 unshare --mount --net sh -c 'ip link set lo up && mount --bind HOUSE/guest HOUSE &&
                 nginx -c HOUSE/nginx.conf'",
            );
            house.does(&guest);
            house.stop_nginx();
            let finding = house.examine().finds("nginx_stopped", "critical");
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}
