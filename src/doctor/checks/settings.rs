use std::collections::BTreeSet;

use crate::config::Problem;
use crate::config::directives::facts;
use crate::config::fpm::{Fpm, Pool, Setting};
use crate::doctor::nearest::nearest_name;

/// Settings for which PHP-FPM refuses its whole configuration: keys that it does not know, and numbers of
/// processes that contradict each other (`sapi/fpm/fpm/fpm_conf.c`).
pub(super) fn refused(fpm: &Fpm) -> Vec<Problem> {
    let settings = fpm.pools.iter().flat_map(|pool| &pool.settings);
    let settings = settings.chain(&fpm.global);
    let known = facts().iter().filter(|fact| fact.of == "php-fpm");
    let known = known.map(|fact| fact.name.split(' ').next().unwrap_or_default());
    let known: BTreeSet<&str> = known.collect();
    let mistyped = settings.filter_map(|setting| mistyped(setting, &known));
    let contradictions = fpm.pools.iter().filter_map(contradiction);
    mistyped.chain(contradictions).collect()
}

/// A key that is nearly another one. Others may belong to a newer PHP.
fn mistyped(setting: &Setting, known: &BTreeSet<&str>) -> Option<Problem> {
    let key = setting.key.as_str();
    // env[HOME] and the like
    if key.contains('[') {
        return None;
    }
    if known.contains(&key) {
        return None;
    }
    let near = nearest_name(key, known.iter().copied())?;
    Some(Problem::at(
        &setting.place,
        format!("\"{key}\" is no setting: is {near} meant?"),
    ))
}

/// What is wrong with a pool's numbers of processes.
fn contradiction(pool: &Pool) -> Option<Problem> {
    let dynamic = pool.find("pm").filter(|pm| pm.value == "dynamic")?;
    let number = |key: &str| pool.number(key);
    let most = number("pm.max_children")?;
    let (least_idle, most_idle) = (
        number("pm.min_spare_servers")?,
        number("pm.max_spare_servers")?,
    );
    let start = number("pm.start_servers").filter(|&start| start > 0);
    let (key, what) = if most_idle > most {
        (
            "pm.max_spare_servers",
            format!("{most_idle} is more than pm.max_children, {most}"),
        )
    } else if most_idle < least_idle {
        (
            "pm.max_spare_servers",
            format!("{most_idle} is less than pm.min_spare_servers, {least_idle}"),
        )
    } else if let Some(start) = start.filter(|start| !(least_idle..=most_idle).contains(start)) {
        (
            "pm.start_servers",
            format!("{start} is not between {least_idle} and {most_idle}, the spare servers"),
        )
    } else {
        return None;
    };
    let place = pool
        .find(key)
        .map_or(&dynamic.place, |setting| &setting.place);
    Some(Problem::at(place, format!("{key} = {what}")))
}

#[cfg(test)]
mod tests {
    use crate::doctor::checks::machine::{Machine, POOL_FILE};

    fn evidence(old: &str, new: &str) -> String {
        let mut machine = Machine::healthy();
        machine.edit(POOL_FILE, old, new);
        machine.only("config_broken").evidence.remove(0)
    }

    #[test]
    fn a_key_that_is_nearly_another_one_is_said() {
        let seen = evidence("pm.max_children", "pm.max_childern");
        assert_eq!(
            seen,
            format!("{POOL_FILE}:8: \"pm.max_childern\" is no setting: is pm.max_children meant?")
        );
        for key in [
            "php_admin_value[memory_limit] = 1G",
            "env[PATH] = /bin",
            "apparmor_hat = x",
            "access.suppress_path[] = /ping",
        ] {
            let mut machine = Machine::healthy();
            machine.edit(POOL_FILE, "pm = dynamic", &format!("pm = dynamic\n{key}"));
            assert_eq!(machine.findings(), [], "{key}");
        }
    }

    #[test]
    fn numbers_of_processes_that_contradict_each_other_are_said() {
        let spare = |least: u32, most: u32, start: u32| {
            evidence(
                "pm.start_servers = 2",
                &format!(
                    "pm.min_spare_servers = {least}\npm.max_spare_servers = {most}\npm.start_servers = {start}"
                ),
            )
        };
        assert!(spare(1, 9, 2).contains("more than pm.max_children"));
        assert!(spare(3, 2, 2).contains("less than pm.min_spare_servers"));
        assert!(spare(1, 3, 4).contains("not between 1 and 3"));
    }
}
