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
