//! What PHP-FPM's configuration calls the pools.

use std::collections::{HashMap, HashSet};

use super::draft::Draft;
use super::known::Known;
use crate::config::fpm::Fpm;

/// The pools of all installations, by what they listen on.
pub(super) fn add_pools(draft: &mut Draft, fpms: &[&Fpm], known: &Known) {
    let mut fpms_of: HashMap<&str, Vec<&Fpm>> = HashMap::new();
    for fpm in fpms {
        for pool in &fpm.pools {
            fpms_of.entry(&pool.name).or_default().push(fpm);
        }
    }
    let mut met = HashSet::new();
    for fpm in fpms {
        for pool in &fpm.pools {
            let Some(listen) = &pool.listen else {
                continue;
            };
            let name = name(&pool.name, fpm, &fpms_of[pool.name.as_str()]);
            let number = draft.number(&name);
            // Only one can listen; NGINX's servers do not tell which.
            for peer in known.listening(listen) {
                if met.insert(peer.clone()) {
                    draft.add(peer, number);
                }
            }
        }
    }
}

/// `www`, or `www (8.2)` where several installations have a pool of this name, or their place where they
/// have the version in common.
fn name(pool: &str, fpm: &Fpm, with_this_pool: &[&Fpm]) -> String {
    if with_this_pool.len() < 2 {
        return pool.to_owned();
    }
    let same = with_this_pool
        .iter()
        .filter(|other| other.version == fpm.version);
    match &fpm.version {
        Some(version) if same.count() == 1 => format!("{pool} ({version})"),
        _ => format!("{pool} ({})", fpm.conf.display()),
    }
}
