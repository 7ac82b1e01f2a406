use super::document::{document, time};
use super::page::Page;
use crate::render::report::{BucketCount, Document, Read, samples};

fn plain(pools: usize, hours: usize) -> Document {
    document(pools, hours, &str::to_owned)
}

fn all() -> Vec<Document> {
    let shapes = [(0, 0), (1, 1), (3, 2), (4, 30), (60, 400)];
    let shapes = shapes.map(|(pools, hours)| plain(pools, hours));
    samples::all().into_iter().chain(shapes).collect()
}

#[test]
fn a_page_is_as_the_standard_has_it() {
    for document in all() {
        let page = Page::of(&document);
        assert_eq!(page.errors(), [""; 0], "{}", page.source);
    }
}

#[test]
fn every_link_leads_somewhere() {
    for document in all() {
        let page = Page::of(&document);
        let ids = page.ids();
        for href in page.attributes("[href]", "href") {
            assert!(ids.contains(&href[1..]), "{href}");
        }
        for label in page.attributes("[aria-labelledby]", "aria-labelledby") {
            assert!(ids.contains(label), "{label}");
        }
    }
}

#[test]
fn the_headline_names_the_pool_that_failed_most_or_a_worse_incident() {
    let mut document = plain(4, 30);
    let page = Page::of(&document);
    assert_eq!(page.texts(".worst .pool"), ["pool-3 and pool-2"]);
    assert_eq!(page.attributes(".worst .pool a", "href"), ["#incident-2"]);
    document.incidents.clear();
    let page = Page::of(&document);
    assert_eq!(page.texts(".worst .pool"), ["pool-3"]);
    assert_eq!(page.texts("h1"), ["220 failures in 4 pools"]);
    assert_eq!(page.texts(".worst .step"), ["systemctl status pool-3"]);
    assert_eq!(page.texts(".changed").len(), 2);
}

#[test]
fn pools_that_failed_together_are_one_incident() {
    let page = Page::of(&plain(4, 30));
    let incidents = page.texts(".incident h3");
    assert_eq!(incidents, ["pool-3", "pool-3 and pool-2"]);
    assert_eq!(page.texts(".steady tbody th"), ["pool-1"]);
    assert_eq!(page.attributes(".lanes rect.band", "height"), ["44"]);
    assert_eq!(page.texts(".lanes a").len(), 3);
}

#[test]
fn incidents_that_go_on_are_counted_as_the_incidents_are() {
    let mut document = plain(4, 30);
    let second = document.incidents.iter_mut();
    second
        .filter(|incident| incident.group == 1)
        .for_each(|incident| incident.is_going_on = true);
    let page = Page::of(&document);
    // Two pools are the one that goes on.
    assert_eq!(page.texts(".tiles dd")[1], "2 1 still going on");
}

#[test]
fn a_row_of_the_heat_map_has_the_pools_counts() {
    let document = plain(4, 30);
    let page = Page::of(&document);
    let counts = page.attributes(".strip", "data-counts");
    for (pool, counts) in document.pools.iter().zip(counts) {
        let counts: Vec<u64> = counts
            .split(',')
            .map(|count| count.parse().unwrap_or(0))
            .collect();
        assert_eq!(counts, pool.by_bucket);
    }
    assert_eq!(
        page.attributes("body", "data-columns")[0]
            .split('|')
            .count(),
        30
    );
}

#[test]
fn bars_have_the_counts_of_their_classes() {
    let document = plain(4, 30);
    let page = Page::of(&document);
    let names = page.attributes(".stack path", "data-name");
    assert_eq!(names, ["socket_missing", "response_timeout"]);
    for (name, counts) in names
        .iter()
        .zip(page.attributes(".stack path", "data-counts"))
    {
        let sum: u64 = counts
            .split(',')
            .filter_map(|count| count.parse::<u64>().ok())
            .sum();
        let class = document
            .classes
            .iter()
            .find(|class| class.class.name() == *name)
            .unwrap();
        assert_eq!(sum, class.events);
    }
}

#[test]
fn a_clean_night_is_a_calm_page() {
    let document = samples::empty();
    let page = Page::of(&document);
    assert_eq!(page.texts("h1"), ["No upstream failed"]);
    assert_eq!(page.texts("main h2"), ["What was read"]);
    assert_eq!(page.texts("svg").len(), 0);
    assert_eq!(page.texts("nav a"), ["Read"]);
}

#[test]
fn what_only_warned_is_no_failure() {
    let mut document = plain(1, 1);
    let pool = &mut document.pools[0];
    pool.failures = 0;
    pool.by_bucket = vec![0];
    pool.worst_bucket = BucketCount {
        bucket: time(0),
        failures: 10,
    };
    document.totals.failures = 0;
    document.totals.failed_pools = 0;
    document.classes.retain(|class| class.kind != "F");
    let page = Page::of(&document);
    assert_eq!(page.texts("h1"), ["No upstream failed"]);
    assert_eq!(
        page.texts(".classes tbody th"),
        ["app_warning", "client_aborted"]
    );
    assert_eq!(page.texts(".pools tbody th"), ["pool-0"]);
    assert_eq!(page.texts("#heat, #incidents, #top").len(), 0);
}

#[test]
fn one_bucket_needs_no_chart() {
    let page = Page::of(&plain(3, 1));
    assert_eq!(page.texts(".heat, .bars").len(), 0);
    assert_eq!(page.texts(".pools tbody th").len(), 3);
}

#[test]
fn a_dataset_says_that_it_keeps_no_requests() {
    let mut document = plain(4, 30);
    document.requests = None;
    document.clients = None;
    document.read = Read::Dataset {
        path: "/var/lib/badgateway".to_owned(),
        rows: 10,
        events: 20,
        last_run: Some(time(0)),
    };
    let page = Page::of(&document);
    assert_eq!(page.texts(".ranking h3"), ["Virtual hosts"]);
    assert!(page.texts("#top .note")[0].starts_with("A dataset does not keep requests"));
}

#[test]
fn a_week_of_forty_pools_is_under_a_megabyte() {
    let page = Page::of(&plain(40, 168));
    assert_eq!(page.texts(".heat tbody tr").len(), 40);
    assert!(page.source.len() < 500_000, "{}", page.source.len());
}

#[test]
fn of_many_pools_the_worst_are_shown_and_the_rest_is_told() {
    let page = Page::of(&plain(400, 20));
    assert_eq!(page.texts(".heat tbody tr").len(), 40);
    assert_eq!(page.texts(".pools tbody tr").len(), 300);
    assert!(page.texts("#pools > .note")[0].starts_with("… and 100 more pools"));
}

#[test]
fn people_are_shown_local_times_and_programs_utc() {
    let mut document = plain(4, 30);
    document.timezone.0 = "Asia/Kolkata".parse().unwrap();
    let page = Page::of(&document);
    let first = page.attributes(".period time", "datetime")[0];
    assert_eq!(first, "2026-11-16T00:00:05Z");
    assert_eq!(page.texts(".period time")[0], "2026-11-16 05:30:05");
    assert!(page.texts(".period")[0].ends_with("all times in Asia/Kolkata"));
    assert_eq!(page.texts(".axis .date")[1], "Tue 17 Nov");
}

#[test]
fn records_of_odd_years_make_an_axis_of_centuries() {
    let mut document = plain(1, 1_000);
    document.timeline_seconds = 10 * 365 * 86_400;
    for (at, bucket) in (0_i64..).zip(&mut document.timeline) {
        // From some years before the year 0 to almost 10000.
        bucket.bucket = time((at - 203) * document.timeline_seconds);
    }
    let page = Page::of(&document);
    let dates = page.texts(".date");
    assert!((3..30).contains(&dates.len()), "{dates:?}");
    assert!(dates.contains(&"Jan 2500".to_owned()), "{dates:?}");
}
