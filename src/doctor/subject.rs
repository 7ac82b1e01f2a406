use std::ops::Deref;

use crate::config::Found;
use crate::pool::Known;

use super::facts::Facts;
use super::logged::Logged;
use super::reach::{Fault, fault};
use super::system::System;

/// All that a check may look at: what was read and seen, and what it means for who reaches whom.
#[derive(Debug)]
pub struct Subject<'a> {
    facts: Facts<'a>,
    /// What keeps NGINX from reaching which of its backends.
    pub(super) faults: Vec<(usize, Fault<'a>)>,
}

impl<'a> Subject<'a> {
    /// Puts together what was read and seen, and tries to reach every backend.
    pub fn new(system: &'a System, found: &'a Found, known: &'a Known, logged: &'a Logged) -> Self {
        let facts = Facts::new(system, found, known, logged);
        let backends = facts.backends.iter().enumerate();
        let faults = backends.filter_map(|(at, backend)| Some((at, fault(&facts, backend)?)));
        let faults = faults.collect();
        Self { facts, faults }
    }

    /// Whether the backend of this number cannot be reached.
    pub(super) fn is_broken(&self, number: usize) -> bool {
        // They are in order.
        self.faults
            .binary_search_by_key(&number, |&(at, _)| at)
            .is_ok()
    }
}

impl<'a> Deref for Subject<'a> {
    type Target = Facts<'a>;

    fn deref(&self) -> &Facts<'a> {
        &self.facts
    }
}
