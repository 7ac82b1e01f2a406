//! The HTML report as Chromium shows it.

mod browser;
#[path = "../dated/mod.rs"]
mod dated;
#[path = "../../benches/generator/mod.rs"]
mod generator;
mod pages;

use browser::{Check, look};
use pages::{clean, hostile, samples, week};

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn the_report_of_the_samples_can_be_read_on_a_desk_and_on_a_phone_by_day_and_by_night() {
    assert_eq!(look(Check::Layout, &samples()), [""; 0]);
}

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn the_report_of_a_week_can_be_read_on_a_desk_and_on_a_phone_by_day_and_by_night() {
    let page = week();
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert_eq!(look(Check::Layout, &page), [""; 0]);
}

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn the_report_of_logs_without_failures_can_be_read() {
    assert_eq!(look(Check::Layout, &clean()), [""; 0]);
}

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn the_report_fits_on_paper() {
    assert_eq!(look(Check::Print, &week()), [""; 0]);
}

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn without_a_script_everything_is_there() {
    assert_eq!(look(Check::Scriptless, &week()), [""; 0]);
}

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn with_a_script_the_report_sorts_and_filters_and_reads_out() {
    assert_eq!(look(Check::Use, &week()), [""; 0]);
}

#[test]
#[ignore = "needs Chromium and Playwright; tests/all sets it up"]
fn nothing_that_clients_wrote_runs() {
    let page = hostile();
    assert_eq!(look(Check::Hostile, &page), [""; 0]);
    assert_eq!(look(Check::Layout, &page), [""; 0]);
}
