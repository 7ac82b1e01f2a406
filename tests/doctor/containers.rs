//! Services in containers: in namespaces of their own, behind a socket or a port that NGINX can reach.

use super::files::place;
use super::house::House;
use super::namespace::within;

/// What stands in a container's files under the very same names as the house's own does.
const GUEST: &str = "mkdir -p HOUSE/guest/run HOUSE/guest/log HOUSE/guest/temp &&
    cp -r HOUSE/nginx.conf HOUSE/php-fpm.conf HOUSE/sites HOUSE/pool.d HOUSE/guest";
const ENTER: &str =
    "unshare --mount --net sh -c 'ip link set lo up && mount --bind HOUSE/guest HOUSE && cd HOUSE";

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
            house.does(&format!(
                "{GUEST} && {ENTER} && php-fpm8.2 --fpm-config HOUSE/php-fpm.conf'"
            ));
            house.open();
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
            house.does(&format!(
                "{GUEST} && sed -i \"s/www-data/nobody nogroup/\" HOUSE/guest/nginx.conf && {ENTER} && nginx -c HOUSE/nginx.conf'"
            ));
            // Nor does its user, who could not use the socket.
            house.open();
            house.stop_nginx();
            let finding = house.examine().finds("nginx_stopped", "critical");
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_whose_folder_is_hidden_from_nginx_is_found() {
    within(
        "containers::a_pool_whose_folder_is_hidden_from_nginx_is_found",
        |_| {
            let mut house = House::new();
            // As systemd does for PrivateTmp=yes: its socket lies where nobody else sees it.
            house.change("php-fpm.conf", "HOUSE/run/php-fpm.pid", "HOUSE/php-fpm.pid");
            house.starts_fpm_by(
                "unshare --mount sh -c 'mount -t tmpfs none HOUSE/run && php-fpm --fpm-config HOUSE/php-fpm.conf' &&
                 cp HOUSE/php-fpm.pid HOUSE/run",
            );
            house.open_as_it_is();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("socket_missing", "critical");
            finding.explains("socket_missing").names(&["PrivateTmp"]);
            finding.only_advises();
        },
    );
}
