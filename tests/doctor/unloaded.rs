//! Files that are right, and programs that do not know.

use super::house::House;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_configuration_that_was_mended_and_never_loaded_is_found() {
    let mut house = House::new();
    house.change("sites/shop", "run/shop.sock", "run/shpo.sock");
    house.open_as_it_is();
    // So that the file is newer than the process by any clock.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    house.change("sites/shop", "run/shpo.sock", "run/shop.sock");
    house.fails("/quick.php", 502, &["socket_missing"]);
    let diagnosis = house.examine();
    let finding = diagnosis.first();
    finding.explains("socket_missing").names(&["shpo.sock"]);
    house.apply(finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_php_fpm_whose_children_go_on_without_it_is_found() {
    let mut house = House::new();
    house.open();
    house.kill_fpm_only();
    house.answers("/quick.php");
    let finding = house.examine().finds("fpm_stopped", "critical");
    house.apply(&finding);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn children_of_another_php_fpm_are_left_alone_though_their_pool_has_the_same_name() {
    let (mut house, mut other) = (House::new(), House::new());
    other.open();
    other.kill_fpm_only();
    house.open();
    house.stop_fpm();
    house.fails("/quick.php", 502, &["socket_missing"]);
    let finding = house.examine().finds("fpm_stopped", "critical");
    house.apply(&finding);
    house.serves("/quick.php");
    other.answers("/quick.php");
}
