//! Decides what comes next: which record, about which pool, from which worker; and keeps the counts.
//!
//! Which event stands in `event`, how a record is put together in `record`, what misleads readers in `hostile`, what
//! the week's plan asks for in `week`.

mod event;
mod hostile;
mod record;
pub(super) mod week;

use super::clock::Clock;
use super::random::{Random, share};
use super::rows::WEB;
use super::tables::{Path, Peer, Pool, Server, Tables};
use super::{FLUSH_AT, Settings, Written};
use event::Outage;
use record::CUT;
use std::collections::HashMap;
use std::io::{self, Write};

/// Who took part in a record.
#[derive(Clone, Copy)]
pub(super) struct Cast<'t> {
    worker: usize,
    connection: u64,
    client: &'t [u8],
    server: &'t Server,
    path: &'t Path,
    pool: &'t Pool,
    peer: &'t Peer,
    /// A number that decides the Referer.
    luck: u64,
}

pub(super) const WORKERS: usize = 8;

pub(super) struct Writer<'t> {
    tables: &'t Tables,
    servers_per_pool: usize,
    random: Random,
    pub(super) buffer: Vec<u8>,
    pub(super) written: Written,
    by_class: HashMap<&'static str, u64>,
    by_pool: Vec<u64>,
    /// Where the current record begins in the buffer.
    begin: usize,
    /// Where in the buffer the name of the pool is known for sure: after the byte that ends it.
    pool_known: Option<usize>,
    clock: Clock,
    connection: u64,
    pids: [u64; WORKERS],
    behind: [bool; WORKERS],
    is_event: u64,
    is_multi_line: u64,
    is_hostile: u64,
    /// Every kind of event comes up early, so that small logs have them too.
    shown: usize,
    outage: Option<Outage<'t>>,
    /// The request whose peer was just found failing.
    failed: Option<Cast<'t>>,
    /// Scratch for forged text.
    scratch: Vec<u8>,
    hostile_turn: usize,
}

impl<'t> Writer<'t> {
    pub(super) fn new(settings: &Settings, tables: &'t Tables) -> Self {
        let mut writer = Writer {
            tables,
            servers_per_pool: settings.servers_per_pool,
            random: Random::new(settings.seed),
            buffer: Vec::with_capacity(FLUSH_AT + 2 * CUT),
            written: Written::default(),
            by_class: HashMap::new(),
            by_pool: vec![0; tables.names.len()],
            begin: 0,
            pool_known: None,
            clock: Clock::new(settings.start, settings.records_per_second),
            connection: 1_000_000,
            pids: [0; WORKERS],
            behind: [false; WORKERS],
            is_event: share(settings.upstream_share),
            is_multi_line: share(settings.multi_line_share),
            is_hostile: share(settings.hostile_share),
            shown: 0,
            outage: None,
            failed: None,
            scratch: Vec::new(),
            hostile_turn: 0,
        };
        writer.start_workers(1200);
        writer
    }

    /// A reload: new workers with new ids.
    fn start_workers(&mut self, first: u64) {
        for (number, pid) in self.pids.iter_mut().enumerate() {
            *pid = first + 1 + number as u64;
        }
    }

    pub(super) fn next_record(&mut self) {
        self.clock.tick(&mut self.random);
        let is_event = self.random.chance(self.is_event);
        let is_multi_line = self.random.chance(self.is_multi_line);
        if self.written.records % 200_000 == 199_999 {
            let last = self.pids[WORKERS - 1];
            let others = self.random.below(300) as u64;
            self.start_workers(last + others);
        }
        if self.random.chance(self.is_hostile) {
            self.hostile(is_event);
        } else if is_event {
            self.event(is_multi_line);
        } else {
            self.other(is_multi_line);
        }
    }

    pub(super) fn flush(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.written.bytes += self.buffer.len() as u64;
        self.written.lines += self.buffer.iter().filter(|&&byte| byte == b'\n').count() as u64;
        out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Written {
        self.written.events = self.by_class.values().sum();
        self.written.events_by_class = self.by_class.into_iter().collect();
        let pools = self.tables.names.iter().cloned().zip(self.by_pool);
        self.written.events_by_pool = pools.filter(|&(_, events)| events > 0).collect();
        self.written
    }

    fn cast(&mut self, pool: &'t Pool) -> Cast<'t> {
        let tables = self.tables;
        let random = &mut self.random;
        self.connection += 1 + random.below(12) as u64;
        let worker = random.below(WORKERS);
        if random.below(64) == 0 {
            self.behind[worker] = !self.behind[worker];
        }
        Cast {
            worker,
            connection: self.connection - random.below(40) as u64,
            client: &tables.clients[random.skewed(tables.clients.len())],
            server: {
                let number = match self.servers_per_pool {
                    // A pool serves one or two virtual servers, and once in a while another.
                    0 => match random.below(64) {
                        0 => random.skewed(tables.servers.len()),
                        luck => pool.number + luck % 2,
                    },
                    count => pool.number + random.below(count),
                };
                &tables.servers[number % tables.servers.len()]
            },
            path: &tables.paths[random.skewed(tables.paths.len())],
            peer: &pool.peers[random.below(pool.peers.len())],
            pool,
            luck: random.next(),
        }
    }

    fn some_pool(&mut self) -> &'t Pool {
        &self.tables.pools[self.random.skewed(self.tables.pools.len())]
    }

    /// A pool that speaks one of `protocols`; `None` when there is no such pool.
    fn pool_for(&mut self, protocols: u16) -> Option<&'t Pool> {
        for _ in 0..8 {
            let pool = self.some_pool();
            if pool.protocol & protocols != 0 {
                return Some(pool);
            }
        }
        self.tables
            .pools
            .iter()
            .find(|pool| pool.protocol & protocols != 0)
    }

    fn other(&mut self, is_multi_line: bool) {
        let family = if is_multi_line {
            &self.tables.multi_line_others
        } else {
            &self.tables.others
        };
        let mut pool = self.some_pool();
        let shape = match family.draw(pool.protocol, &mut self.random) {
            Some(shape) => shape,
            None => match self.pool_for(WEB) {
                Some(web) => {
                    pool = web;
                    family
                        .draw(web.protocol, &mut self.random)
                        .expect("others for web protocols")
                }
                None => return self.other(false),
            },
        };
        self.written.multi_line_records += u64::from(is_multi_line);
        let cast = self.cast(pool);
        self.write(shape, &cast);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, tests::log};

    #[test]
    fn keeps_to_the_shares() {
        for (upstream_share, range) in [
            (0.0, 0.0..=0.0),
            (0.05, 0.045..=0.055),
            (0.97, 0.96..=0.98),
            (1.0, 1.0..=1.0),
        ] {
            let settings = Settings {
                upstream_share,
                hostile_share: 0.05,
                ..Settings::default()
            };
            let (_, written) = log(&settings, 4_000_000);
            let share = written.events as f64 / written.records as f64;
            assert!(range.contains(&share), "{upstream_share}: {share}");
        }
        let settings = Settings {
            multi_line_share: 0.0,
            hostile_share: 0.0,
            ..Settings::default()
        };
        let (_, written) = log(&settings, 1_000_000);
        assert_eq!(
            (written.lines, written.multi_line_records),
            (written.records, 0)
        );
    }
}
