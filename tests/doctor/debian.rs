//! NGINX and PHP-FPM as Debian's packages configure and start them, in the places where everybody has them.

use std::fs;
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
    for path in ["/run", "/var/log"] {
        machine.empties(path);
    }
    fs::create_dir("/run/php").unwrap();
    std::os::unix::fs::chown(
        "/run/php",
        Some(std::os::unix::fs::MetadataExt::uid(&owner)),
        Some(std::os::unix::fs::MetadataExt::gid(&owner)),
    )
    .unwrap();
    fs::create_dir("/var/log/nginx").unwrap();
    fs::write("/var/www/html/quick.php", "<?php echo 'quick';").unwrap();
    House::of_debian()
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
            let site = "/etc/nginx/sites-available/default";
            let text = fs::read_to_string(site).unwrap();
            let mut text = text.replace("\t#location ~ \\.php$ {", "\tlocation ~ \\.php$ {");
            for line in [
                "include snippets/fastcgi-php.conf;",
                "fastcgi_pass unix:/run/php/php7.4-fpm.sock;",
            ] {
                text = text.replace(&format!("\t#\t{line}"), &format!("\t\t{line}"));
            }
            text = text.replace("127.0.0.1:9000;\n\t#}", "127.0.0.1:9000;\n\t}");
            fs::write(site, text).unwrap();
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
