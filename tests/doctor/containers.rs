//! Services in containers: in namespaces of their own, behind a socket or a port that NGINX can reach.

use std::fs;

use super::files::place;
use super::house::House;
use super::namespace::within;

/// A container, whose own files stand under the very same names as the house's do.
const IN_A_CONTAINER: &str = r"mkdir HOUSE/guest && exec unshare --mount --net sh -ec '
    ip link set lo up
    mount -t tmpfs none HOUSE/guest
    cp -a /bin /sbin /lib* HOUSE/guest
    for folder in usr etc var dev proc; do
        mkdir HOUSE/guest/$folder
        mount --rbind /$folder HOUSE/guest/$folder
    done
    mkdir -p HOUSE/guest/HOUSE HOUSE/guest/run
    cd HOUSE/guest/HOUSE
    mkdir run log temp
    cp -r HOUSE/nginx.conf HOUSE/php-fpm.conf HOUSE/sites HOUSE/pool.d .
    ";

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
                "{IN_A_CONTAINER} chroot HOUSE/guest php-fpm8.2 -y HOUSE/php-fpm.conf'"
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
                "{IN_A_CONTAINER} sed -i \"s/www-data/nobody nogroup/\" nginx.conf
                chroot HOUSE/guest nginx -c HOUSE/nginx.conf'"
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
        |machine| {
            machine.empties("/run");
            fs::create_dir("/run/php").unwrap();
            let mut house = House::new();
            house.change("php-fpm.conf", "HOUSE/run/php-fpm.pid", "HOUSE/php-fpm.pid");
            // As systemd does for PrivateTmp=yes: its socket lies where nobody else sees it.
            house.starts_fpm_by(
                "unshare --mount sh -c 'mount -t tmpfs none HOUSE/run && php-fpm --fpm-config HOUSE/php-fpm.conf'",
            );
            house.fpm.pid = house.path("php-fpm.pid");
            house.open_as_it_is();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("socket_missing", "critical");
            finding.explains("socket_missing").names(&["PrivateTmp"]);
            // A restart alone would hide it again.
            house.apply(&finding);
            house.stop_fpm();
            house.start_fpm();
            house.serves("/quick.php");
        },
    );
}
