//! More visitors than a pool can serve.

use super::files::place;
use super::house::House;
use super::visitor::served_of;

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn a_pool_with_too_few_children_for_its_visitors_is_found_and_given_more() {
    let mut house = House::new();
    let pool = "pm.max_children = 1\nlisten.backlog = 2";
    house.change("pool.d/shop.conf", "pm.max_children = 5", pool);
    house.change("pool.d/shop.conf", "pm = dynamic", "pm = static");
    house.open_as_it_is();
    let served = served_of(12, house.port, "/slow.php?ms=200");
    assert!((1..12).contains(&served), "{served}");
    house.logged(&["backlog_full"]);
    let diagnosis = house.examine();
    let finding = diagnosis.finds("too_few_children", "warning");
    let pool = house.path("pool.d/shop.conf");
    finding.names(&["shop", &place(&pool, "pm.max_children")]);
    finding.names(&[&place(&pool, "listen.backlog")]);
    finding.is_at(&place(&pool, "[shop]"));
    finding.explains("backlog_full");
    house.apply(&finding);
    house.serves("/quick.php");
    assert_eq!(served_of(12, house.port, "/slow.php?ms=200"), 12);
    house.logged(&[]);
    house.serves("/quick.php");
}

#[test]
#[ignore = "needs NGINX and PHP-FPM, which tests/all installs"]
fn visitors_who_wait_too_long_for_the_only_child_of_a_pool_are_told_from_slow_scripts() {
    let mut house = House::new();
    for (old, new) in [
        ("max_children = 5", "max_children = 1"),
        ("start_servers = 2", "start_servers = 1"),
        ("max_spare_servers = 3", "max_spare_servers = 1"),
    ] {
        house.change("pool.d/shop.conf", old, new);
    }
    let pass = "fastcgi_read_timeout 3s;\n        fastcgi_pass";
    house.change("sites/shop", "fastcgi_pass", pass);
    house.open_as_it_is();
    let served = served_of(10, house.port, "/slow.php?ms=500");
    assert!((1..10).contains(&served), "{served}");
    house.logged(&["response_timeout"]);
    // PHP-FPM has noticed it as well.
    let words = std::fs::read_to_string(house.path("log/php-fpm.log")).unwrap();
    assert!(
        words.contains("[pool shop] server reached pm.max_children setting (1)"),
        "{words}"
    );
    let diagnosis = house.examine();
    let finding = diagnosis.first();
    assert_eq!(finding.check, "too_few_children", "{finding:?}");
    finding.explains("response_timeout");
    house.heals();
    house.serves("/quick.php");
    assert_eq!(served_of(10, house.port, "/slow.php?ms=500"), 10);
    house.serves("/quick.php");
}
