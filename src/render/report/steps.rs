use std::collections::HashMap;

use super::document::{Document, Pool};

/// The pools for which something is to be done, the worst first; those for which it is the same stand together.
/// Where nothing failed, what is degraded may still have a reason.
pub(super) fn alike(document: &Document) -> Vec<Vec<&Pool>> {
    let is_clean = document.totals.failures == 0;
    let pools = document.pools.iter();
    let mut all: Vec<Vec<&Pool>> = Vec::new();
    let mut places = HashMap::new();
    for pool in pools.filter(|pool| pool.failures > 0 || is_clean) {
        let place = *places
            .entry((pool.worst_class, &pool.first_step))
            .or_insert(all.len());
        match all.get_mut(place) {
            Some(alike) => alike.push(pool),
            None => all.push(vec![pool]),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::samples::{empty, failed, night};
    use super::*;
    use crate::taxonomy::Class;

    #[test]
    fn pools_with_the_same_step_stand_together() {
        let names = |document: &Document| -> Vec<Vec<String>> {
            let name = |pool: &&Pool| pool.pool.clone();
            let alike = alike(document).into_iter();
            alike
                .map(|pools| pools.iter().map(name).collect())
                .collect()
        };
        let mut document = night();
        document.pools[1].first_step = Some("ss -lxnp".to_owned());
        assert_eq!(
            names(&document),
            [vec!["shop", "10.0.0.7:8080"], vec!["blog"]]
        );
        document.pools[2].failures = 0;
        assert_eq!(names(&document), [vec!["shop"], vec!["blog"]]);
        let mut degraded = failed(&["app"], Class::AppWarning, &[1]);
        degraded.pools[0].failures = 0;
        degraded.totals.failures = 0;
        assert_eq!(names(&degraded), [["app"]]);
        assert!(names(&empty()).is_empty());
    }
}
