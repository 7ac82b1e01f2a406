//! NGINX and PHP-FPM as Debian's packages configure and start them, in the places where everybody has them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;

use super::house::House;
use super::namespace::{Machine, within};

/// Everything that the two read and write is the test's own.
fn debian(machine: &Machine) -> House {
    let changed = Command::new("dpkg")
        .args(["--verify", "nginx-common", "php8.2-fpm"])
        .output()
        .unwrap();
    let changed = String::from_utf8(changed.stdout).unwrap();
    assert!(
        !changed.contains(" c /etc/"),
        "needs Debian's own: {changed}"
    );
    for path in ["/etc/nginx", "/etc/php", "/var/lib/nginx", "/var/www"] {
        machine.owns(path);
    }
    let owner = fs::metadata("/run/php").unwrap();
    let owner = (Some(owner.uid()), Some(owner.gid()));
    for path in ["/run", "/var/log"] {
        machine.empties(path);
    }
    fs::create_dir("/run/php").unwrap();
    chown("/run/php", owner.0, owner.1).unwrap();
    fs::create_dir("/var/log/nginx").unwrap();
    fs::write("/var/www/html/quick.php", "<?php echo 'quick';").unwrap();
    House::of_debian()
}

/// Takes the marks of a comment from the block that Debian's site has for PHP.
fn switch_php_on() {
    let site = "/etc/nginx/sites-available/default";
    let mut text = fs::read_to_string(site).unwrap();
    for (old, new) in [
        ("\t#location ~ \\.php$ {", "\tlocation ~ \\.php$ {"),
        (
            "\t#\tinclude snippets/fastcgi-php",
            "\t\tinclude snippets/fastcgi-php",
        ),
        ("\t#\tfastcgi_pass unix:", "\t\tfastcgi_pass unix:"),
        ("127.0.0.1:9000;\n\t#}", "127.0.0.1:9000;\n\t}"),
    ] {
        assert_eq!(text.matches(old).count(), 1, "{old}");
        text = text.replace(old, new);
    }
    fs::write(site, text).unwrap();
}

/// The same with the socket's name of today, and both run.
fn with_php(machine: &Machine) -> House {
    let mut house = debian(machine);
    switch_php_on();
    house.does("sed -i s/php7.4-fpm/php8.2-fpm/ /etc/nginx/sites-available/default");
    house.open();
    house
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn what_debian_installs_is_well() {
    within("debian::what_debian_installs_is_well", |machine| {
        let mut house = debian(machine);
        house.open_as_it_is();
        house.serves("/");
    });
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn debians_commented_block_for_php_names_an_older_php_and_is_mended() {
    within(
        "debian::debians_commented_block_for_php_names_an_older_php_and_is_mended",
        |machine| {
            let mut house = debian(machine);
            house.open_as_it_is();
            switch_php_on();
            house.reload_nginx();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("pool_missing", "critical");
            finding.names(&["php7.4-fpm.sock", "php8.2-fpm.sock"]);
            finding.explains("socket_missing");
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_is_started_by_debians_script() {
    within(
        "debian::a_php_fpm_that_was_stopped_is_started_by_debians_script",
        |machine| {
            let mut house = with_php(machine);
            house.stop_fpm();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("fpm_stopped", "critical");
            finding.explains("socket_missing").names(&["8.2"]);
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}

/// What systemctl would do, as far as a fix asks for it. That it is called is noted.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "$@" >>HOUSE/called
wants=/etc/systemd/system/multi-user.target.wants
case "$*" in
"start php8.2-fpm") php-fpm --fpm-config /etc/php/8.2/fpm/php-fpm.conf ;;
"restart php8.2-fpm")
    master=$(cat /run/php/php8.2-fpm.pid)
    kill -QUIT "$master"
    while grep -q '^State:.[^Z]' "/proc/$master/status" 2>/dev/null; do sleep 0.02; done
    php-fpm --fpm-config /etc/php/8.2/fpm/php-fpm.conf
    ;;
"reload php8.2-fpm") kill -USR2 "$(cat /run/php/php8.2-fpm.pid)" ;;
"start nginx") nginx ;;
"reload nginx") nginx -s reload ;;
"enable php8.2-fpm") ln -s /lib/systemd/system/php8.2-fpm.service $wants ;;
*) exit 1 ;;
esac
"#;

/// Debian with systemd, as far as can be seen of it without its running.
fn with_systemd(machine: &Machine) -> House {
    machine.owns("/etc/systemd");
    let house = with_php(machine);
    fs::create_dir_all("/run/systemd/system").unwrap();
    house.write("bin/systemctl", SYSTEMCTL);
    let program = house.path("bin/systemctl");
    fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
    house
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_was_stopped_is_started_by_systemd() {
    within(
        "debian::a_php_fpm_that_was_stopped_is_started_by_systemd",
        |machine| {
            let mut house = with_systemd(machine);
            house.stop_fpm();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("fpm_stopped", "critical");
            house.apply(&finding);
            house.serves("/quick.php");
            let called = fs::read_to_string(house.path("called")).unwrap();
            assert_eq!(called, "start php8.2-fpm\n");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_that_will_not_be_started_at_boot_is_found() {
    within(
        "debian::a_php_fpm_that_will_not_be_started_at_boot_is_found",
        |machine| {
            let mut house = with_systemd(machine);
            house.serves("/quick.php");
            let wanted = "/etc/systemd/system/multi-user.target.wants/php8.2-fpm.service";
            fs::remove_file(wanted).unwrap();
            let finding = house.examine().finds("not_enabled", "warning");
            finding.names(&["php8.2-fpm"]);
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn the_configuration_of_a_php_that_was_removed_is_no_php() {
    within(
        "debian::the_configuration_of_a_php_that_was_removed_is_no_php",
        |machine| {
            let mut house = debian(machine);
            // Packages that are removed and not purged leave it behind.
            house.does(
                "cp -a /etc/php/8.2 /etc/php/7.4 &&
                 find /etc/php/7.4 -type f -exec sed -i s/8.2/7.4/g {} +",
            );
            switch_php_on();
            house.open_as_it_is();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("pool_missing", "critical");
            finding.names(&["php7.4-fpm.sock", "php8.2-fpm.sock"]);
            house.apply(&finding);
            house.serves("/quick.php");
        },
    );
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_socket_that_was_deleted_is_made_anew_by_systemd() {
    within(
        "debian::a_socket_that_was_deleted_is_made_anew_by_systemd",
        |machine| {
            let mut house = with_systemd(machine);
            fs::remove_file("/run/php/php8.2-fpm.sock").unwrap();
            house.fails("/quick.php", 502, &["socket_missing"]);
            let finding = house.examine().finds("socket_missing", "critical");
            house.apply(&finding);
            house.serves("/quick.php");
            let called = fs::read_to_string(house.path("called")).unwrap();
            assert_eq!(called, "restart php8.2-fpm\n");
        },
    );
}
