use crate::render::{Time, count, plural};
use crate::rollup::Span;

use super::clock::{Clock, duration};
use super::document::{Change, Delta, Document, Incident, Pool};

/// What has to be known first, in sentences without a full stop: how many failures, which pool most, its class and
/// since when, what changed, and the time it is about. `mark` makes a name fit to be shown.
pub(super) fn headline(
    document: &Document,
    clock: Clock,
    mark: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let mut sentences = vec![sums(document)];
    let worst = document.pools.first().filter(|pool| pool.failures > 0);
    sentences.extend(worst.map(|pool| most_in(document, pool, clock, mark)));
    sentences.extend(other_incident(document, clock, mark));
    if let Some(change) = &document.change {
        sentences.extend(changed(document, change, mark));
    }
    let period = &document.period;
    if let (Some(first), Some(last)) = (period.first_seen, period.last_seen) {
        sentences.push(format!(
            "from {} to {} ({})",
            clock.second(first),
            clock.second(last),
            mark(&document.timezone.0.to_string())
        ));
    }
    sentences
}

fn sums(document: &Document) -> String {
    let totals = &document.totals;
    let others = totals.degraded + totals.client;
    let failed = match totals.failures {
        0 if others == 0 => return "No upstream failed: no record is about one".to_owned(),
        0 => "No upstream failed".to_owned(),
        failures => format!(
            "{} in {}",
            plural(failures, "failure"),
            plural(totals.failed_pools, "pool")
        ),
    };
    match others {
        0 => failed,
        _ => format!("{failed}, {}", plural(others, "other event")),
    }
}

fn most_in(
    document: &Document,
    pool: &Pool,
    clock: Clock,
    mark: &dyn Fn(&str) -> String,
) -> String {
    let (name, class) = (mark(&pool.pool), mark(pool.worst_class.name()));
    let only = match pool.classes.as_slice() {
        [one] if one.events == pool.failures => "",
        _ => "mostly ",
    };
    let which = if document.totals.failed_pools == 1 {
        format!("All in {name}: {only}{class}")
    } else {
        let share = percent(pool.share);
        format!(
            "Most in {name}: {} ({share}), {only}{class}",
            count(pool.failures)
        )
    };
    format!("{which}, {}", since(document, pool, clock, mark))
}

/// When a pool failed most.
pub(super) fn since(
    document: &Document,
    pool: &Pool,
    clock: Clock,
    mark: &dyn Fn(&str) -> String,
) -> String {
    match worst_of(document, |incident| incident.pool == pool.pool) {
        Some(incident) if is_all_along(incident) => "all along".to_owned(),
        Some(incident) => {
            let events = if incident.failures < pool.failures {
                format!("{} of them ", count(incident.failures))
            } else {
                String::new()
            };
            events + &of_incident(document, incident, clock, mark)
        }
        None if pool.first_seen == pool.last_seen => {
            format!("at {}", clock.minute(pool.first_seen))
        }
        None => stretch(pool.first_seen, pool.last_seen, clock),
    }
}

/// The worst incident, where it is of another pool than the one that failed most: that one may fail as it always does.
pub(super) fn other_incident(
    document: &Document,
    clock: Clock,
    mark: &dyn Fn(&str) -> String,
) -> Option<String> {
    let worst = worst_of(document, |incident| !is_all_along(incident))?;
    if document.pools.first()?.pool == worst.pool {
        return None;
    }
    let (pool, class) = (mark(&worst.pool), mark(worst.class.name()));
    let events = count(worst.failures);
    let when = of_incident(document, worst, clock, mark);
    Some(format!("Worst incident: {pool}, {class}, {events} {when}"))
}

/// Of equals the first.
fn worst_of(document: &Document, is_meant: impl Fn(&Incident) -> bool) -> Option<&Incident> {
    let incidents = document.incidents.iter().rev();
    let meant = incidents.filter(|incident| is_meant(incident));
    meant.max_by_key(|incident| incident.failures)
}

/// When it was, and which pools failed with it.
fn of_incident(
    document: &Document,
    incident: &Incident,
    clock: Clock,
    mark: &dyn Fn(&str) -> String,
) -> String {
    let when = span(incident, clock);
    let incidents = document.incidents.iter();
    let others: Vec<&Incident> = incidents
        .filter(|other| other.group == incident.group && other.pool != incident.pool)
        .collect();
    match others.as_slice() {
        [] => when,
        [other] => format!("{when}, when {} failed too", mark(&other.pool)),
        others => format!("{when}, when {} other pools failed too", others.len()),
    }
}

/// When it was.
pub(super) fn span(incident: &Incident, clock: Clock) -> String {
    let (started, ended) = (incident.started, incident.ended);
    if incident.is_going_on {
        format!("since {}, to the end", clock.minute(started))
    } else if incident.is_from_before {
        format!("from the beginning until {}", clock.minute(ended))
    } else {
        let length = duration(incident.seconds);
        format!("{} ({length})", stretch(started, ended, clock))
    }
}

fn stretch(from: Time, to: Time, clock: Clock) -> String {
    format!("from {} to {}", clock.minute(from), clock.end(from, to))
}

/// Against the period before and the usual; then which pools.
pub(super) fn changed(
    document: &Document,
    change: &Change,
    mark: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let Delta {
        failures,
        before,
        usual,
    } = change.total;
    let period = period(change.seconds);
    let mut sentence = compared(failures, before, &period);
    if change.periods > 1 {
        let known = match change.periods {
            PERIODS => String::new(),
            known => format!(" ({known} of the {PERIODS} before are known)"),
        };
        sentence += &format!(", usually {}{known}", rounded(usual));
    }
    let mut parts = Vec::new();
    let worse = change.pools.iter().filter(|pool| is_worse(&pool.delta));
    let worse = worse.count();
    if worse > 0 {
        let are = if worse == 1 { "is" } else { "are" };
        let pools = plural(document.totals.failed_pools, "pool");
        parts.push(format!("{worse} of {pools} {are} worse than usual"));
    }
    if let Some(first) = change.new.first() {
        let more = match change.new.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (pool, class) = (mark(&first.pool), mark(first.class.name()));
        parts.push(format!("new: {class} in {pool}{more}"));
    }
    let parts = Some(parts.join(", ")).filter(|parts| !parts.is_empty());
    std::iter::once(sentence).chain(parts).collect()
}

/// Of so many periods before the median is the usual.
const PERIODS: usize = Span::PERIODS as usize;

fn compared(now: u64, before: u64, period: &str) -> String {
    let ratio = now as f64 / before as f64;
    let than = match (now, before) {
        (0, 0) => return format!("none in the {period} before either"),
        (_, 0) => return format!("none in the {period} before"),
        _ if now == before => return format!("as many as in the {period} before"),
        _ if ratio >= 2.0 => format!("{ratio:.1} times as many as"),
        _ if now > before => format!("{} more than", count(now - before)),
        _ => format!("{} fewer than", count(before - now)),
    };
    format!("{than} in the {period} before ({})", count(before))
}

/// Whether a pool failed at least twice as often as usual and as in the period before, and ten times more.
pub(super) fn is_worse(delta: &Delta) -> bool {
    let usual = delta.usual.max(delta.before as f64);
    let failures = delta.failures as f64;
    failures >= usual * 2.0 && failures >= usual + 10.0
}

/// Whether a pool failed from where the data begins to where it ends, and for so long that this may be its way. A
/// log often begins with the outage itself: while all is well, nothing is written to it.
pub(super) fn is_all_along(incident: &Incident) -> bool {
    incident.is_from_before && incident.is_going_on && incident.seconds >= ENOUGH
}

/// Seconds.
const ENOUGH: i64 = 6 * 3600;

/// `day`, `hour`, or how long it is.
pub(super) fn period(seconds: i64) -> String {
    match seconds {
        3600 => "hour".to_owned(),
        86_400 => "day".to_owned(),
        604_800 => "week".to_owned(),
        _ => duration(seconds),
    }
}

/// A median, which may lie between two numbers.
pub(super) fn rounded(number: f64) -> String {
    count(number.round() as u64)
}

/// `61 %`; what is not nothing is not 0, and what is not all is not 100.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 1.0 => "<1 %".to_owned(),
        percent if percent < 100.0 && percent > 99.0 => ">99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_to_none_or_all() {
        let shown = [0.0, 0.0001, 0.614, 0.9999, 1.0].map(percent);
        assert_eq!(shown, ["0 %", "<1 %", "61 %", ">99 %", "100 %"]);
    }

    #[test]
    fn the_period_before_is_compared_in_words() {
        let shown = |now, before| compared(now, before, "day");
        assert_eq!(shown(0, 0), "none in the day before either");
        assert_eq!(shown(9, 0), "none in the day before");
        assert_eq!(shown(9, 9), "as many as in the day before");
        assert_eq!(
            shown(3412, 900),
            "3.8 times as many as in the day before (900)"
        );
        assert_eq!(shown(12, 10), "2 more than in the day before (10)");
        assert_eq!(shown(0, 1200), "1,200 fewer than in the day before (1,200)");
    }

    #[test]
    fn a_pool_is_worse_if_it_failed_twice_as_often_and_more_than_a_few_times() {
        let worse = |failures, before, usual| {
            is_worse(&Delta {
                failures,
                before,
                usual,
            })
        };
        assert!(worse(20, 3, 10.0));
        assert!(worse(10, 0, 0.0));
        assert!(!worse(9, 0, 0.0));
        assert!(!worse(20, 11, 1.0));
        assert!(!worse(1500, 0, 1000.0));
    }
}
