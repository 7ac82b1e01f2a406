use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use crate::config::Root;
use crate::config::fpm::Fpm;

/// What a PHP-FPM writes into its log when all processes of a pool are busy
/// (`fpm_pctl_perform_idle_server_maintenance`).
#[derive(Debug)]
pub(super) struct Complaints {
    path: PathBuf,
    pools: HashMap<String, Vec<(NaiveDateTime, String)>>,
}

/// `[01-Nov-2026 09:00:00]`
const TIME: &str = "[%d-%b-%Y %H:%M:%S]";
const TIME_LENGTH: usize = 22;

impl Complaints {
    /// Reads the log that the configuration names. That there is none to be read is no problem.
    pub fn read(root: &Root, fpm: &Fpm) -> Self {
        let mut settings = fpm.global.iter();
        let log = settings.rfind(|setting| setting.key == "error_log");
        // A relative path begins where packages have their state (`fpm_evaluate_full_path`).
        let path = log.map_or_else(PathBuf::new, |log| Path::new("/var").join(&log.value));
        let text = root.read(&path).unwrap_or_default();
        let mut pools: HashMap<String, Vec<_>> = HashMap::new();
        for line in text
            .lines()
            .filter(|line| line.contains("reached pm.max_children"))
        {
            let Some((time, rest)) = line.split_at_checked(TIME_LENGTH) else {
                continue;
            };
            let pool = rest
                .split_once("[pool ")
                .and_then(|(_, rest)| rest.split_once(']'));
            if let (Ok(time), Some((pool, _))) = (NaiveDateTime::parse_from_str(time, TIME), pool) {
                pools
                    .entry(pool.to_owned())
                    .or_default()
                    .push((time, line.to_owned()));
            }
        }
        Self { path, pools }
    }

    /// How often a pool had no process left after `since`, and the last line that says so.
    pub fn of(&self, pool: &str, since: Option<NaiveDateTime>) -> Option<String> {
        let lines = self.pools.get(pool)?.iter();
        let later = lines.filter(|(time, _)| since.is_none_or(|since| *time > since));
        let (times, last) = later.fold((0, None), |(times, _), (_, line)| (times + 1, Some(line)));
        Some(format!(
            "{}: {times} times, last: {}",
            self.path.display(),
            last?
        ))
    }
}
