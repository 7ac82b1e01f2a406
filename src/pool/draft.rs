use std::collections::{HashMap, HashSet};

use super::servers::Number;
use super::table::{Holder, Table};

/// A table that is being filled. What comes earlier is stronger.
#[derive(Default)]
pub(super) struct Draft {
    table: Table,
    numbers: HashMap<String, Number>,
    /// The peers of what is just being added.
    stage: Vec<(String, Number)>,
}

impl Draft {
    /// What it was filled with.
    pub(super) fn into_table(self) -> Table {
        self.table
    }

    /// The number of a name.
    pub(super) fn number(&mut self, name: &str) -> Number {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.table.names.len() as Number;
        self.table.names.push(name.as_bytes().into());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    pub(super) fn known(&self, name: &str) -> Option<Number> {
        self.numbers.get(name).copied()
    }

    /// Says that a peer belongs to a pool, among others perhaps.
    pub(super) fn add(&mut self, peer: impl Into<String>, number: Number) {
        self.stage.push((peer.into(), number));
    }

    /// Says that a server passes to a pool.
    pub(super) fn add_server(&mut self, server: &str, number: Number) {
        self.table.servers.add(server, number);
    }

    pub(super) fn is_shared(&self) -> bool {
        let mut holders = self.table.peers.values();
        holders.any(|holder| matches!(holder, Holder::Several(_)))
    }

    /// Takes over what was added. A peer that was known before stays where it is.
    pub(super) fn settle(&mut self) {
        for (peer, numbers) in self.staged() {
            let holder = match numbers[..] {
                [number] => Holder::One(number),
                _ => Holder::Several(numbers.into()),
            };
            let entry = self.table.peers.entry(peer.into_bytes().into());
            entry.or_insert(holder);
        }
    }

    /// The same, without what belongs to several.
    pub(super) fn settle_unique(&mut self) {
        for (peer, numbers) in self.staged() {
            if let [number] = numbers[..] {
                let entry = self.table.peers.entry(peer.into_bytes().into());
                entry.or_insert(Holder::One(number));
            }
        }
    }

    fn staged(&mut self) -> impl Iterator<Item = (String, Vec<Number>)> + use<> {
        let mut met = HashSet::new();
        let mut staged: HashMap<String, Vec<Number>> = HashMap::new();
        for (peer, number) in std::mem::take(&mut self.stage) {
            if met.insert((peer.clone(), number)) {
                staged.entry(peer).or_default().push(number);
            }
        }
        staged.into_iter()
    }
}
