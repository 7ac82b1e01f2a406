//! Decides which event comes next: each kind once, what goes with the one before, outages, and the pools' own troubles.

use super::super::random::Random;
use super::super::rows::{At, STDERR, STREAM, WEB};
use super::super::shapes::Shape;
use super::super::tables::Pool;
use super::Writer;

/// A pool that fails for a while, always in the same way.
pub(super) struct Outage<'t> {
    pool: &'t Pool,
    shape: &'t Shape,
    events_left: u32,
}

impl Writer<'_> {
    pub(super) fn event(&mut self, is_multi_line: bool) {
        let tables = self.tables;
        if is_multi_line && let Some(pool) = self.pool_for(STDERR) {
            let shape = tables
                .multi_line_events
                .draw(pool.protocol, &mut self.random)
                .expect("one for each");
            let cast = self.cast(pool);
            self.written.multi_line_records += 1;
            return self.write(shape, &cast);
        }
        if let Some(cast) = self.failed.take() {
            let mut disabled = tables
                .events
                .shapes
                .iter()
                .filter(|shape| shape.class == "peer_disabled");
            return self.write(disabled.next().expect("a peer_disabled row"), &cast);
        }
        while self.shown < 2 * tables.events.shapes.len() {
            let turn = self.shown;
            self.shown += 1;
            if turn % 2 == 1 {
                break;
            }
            let shape = &tables.events.shapes[turn / 2];
            if let Some(pool) = self.pool_for(shape.protocols) {
                let cast = self.cast(pool);
                return self.write(shape, &cast);
            }
        }
        if let Some(outage) = &mut self.outage
            && self.random.below(10) < 7
        {
            let (pool, shape) = (outage.pool, outage.shape);
            outage.events_left -= 1;
            if outage.events_left == 0 {
                self.outage = None;
            }
            let cast = self.cast(pool);
            return self.write(shape, &cast);
        }
        let pool = self.some_pool();
        let anything = |random: &mut Random| {
            let shape = tables.events.draw(pool.protocol, random);
            shape.expect("events for each protocol")
        };
        let troubles = tables.troubles.get(pool.number);
        let shape = match troubles {
            None => anything(&mut self.random),
            Some(troubles) => tables.events.draw_from(troubles, &mut self.random),
        };
        if self.outage.is_none() && self.random.below(4000) == 0 {
            let events_left = 200 + self.random.below(2000) as u32;
            let shape = match troubles {
                None => shape,
                Some(_) => anything(&mut self.random),
            };
            self.outage = Some(Outage {
                pool,
                shape,
                events_left,
            });
        }
        let cast = self.cast(pool);
        self.write(shape, &cast);
        // NGINX warns about the peer in a record of its own (src/http/ngx_http_upstream_round_robin.c:1067).
        let can_fail =
            pool.protocol & (WEB | STREAM) != 0 && pool.peers.len() > 1 && shape.at == At::Peer;
        if can_fail && shape.class.starts_with("connect_") && self.random.below(4) == 0 {
            self.failed = Some(cast);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tables::Tables;
    use super::super::super::{Settings, tests::log};
    use super::Writer;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn a_pool_keeps_to_its_servers_and_troubles() {
        let settings = Settings {
            upstream_share: 1.0,
            servers_per_pool: 2,
            troubles_per_pool: 3,
            hostile_share: 0.0,
            multi_line_share: 0.0,
            ..Settings::default()
        };
        let tables = Tables::new(&settings);
        let pool = &tables.pools[0];
        assert_eq!(tables.troubles[0].len(), 3);
        let mut writer = Writer::new(&settings, &tables);
        let servers: BTreeSet<_> = (0..100)
            .map(|_| &writer.cast(pool).server.field[..])
            .collect();
        assert_eq!(servers.len(), 2);

        // Whoever had it, a record of PHP's first pool that no outage explains is of its own kinds.
        let all = Settings {
            servers_per_pool: 0,
            troubles_per_pool: 0,
            ..settings.clone()
        };
        let kinds = |settings| {
            let (log, _) = log(settings, 20_000_000);
            let later = &log[log.len() / 2..];
            let lines = later.split(|&byte| byte == b'\n').filter(|line| {
                memchr::memmem::find(line, b"unix:/run/php/account_0.sock").is_some()
            });
            let mut times: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
            for line in lines {
                let text = line
                    .splitn(6, |&byte| byte == b' ')
                    .nth(5)
                    .unwrap_or_default();
                let words = text.split(|byte| b"0123456789,\"".contains(byte)).next();
                *times.entry(words.unwrap_or_default().to_vec()).or_default() += 1;
            }
            times.values().filter(|&&times| times > 50).count()
        };
        let (few, many) = (kinds(&settings), kinds(&all));
        assert!(few + 2 < many, "{few} {many}");
    }
}
