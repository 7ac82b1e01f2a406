//! The rows made ready for writing: texts in pieces, and a draw by weight among those that fit a protocol.

use super::random::Random;
use super::rows::{At, Row};
use std::collections::BTreeSet;

/// A piece of a row's text.
pub(super) enum Part {
    Text(&'static [u8]),
    /// The address of the peer.
    Peer,
    /// The name of the pool.
    Pool,
    /// The host name of the pool.
    Host,
    /// A temporary file: two levels of folders and ten digits.
    Temp,
    /// A number of up to four digits.
    Number,
    /// Three digits.
    Milli,
    /// The address of the client.
    Client,
    /// A PHP script.
    Script,
    /// The decoded path of the request.
    Path,
}

pub(super) struct Shape {
    pub(super) class: &'static str,
    /// `" [error] "`
    pub(super) level: Vec<u8>,
    pub(super) at: At,
    pub(super) parts: Vec<Part>,
    pub(super) protocols: u16,
}

/// Rows that a pool's protocol allows, drawn by weight: each slot holds an index.
type Slots = Vec<u16>;

/// Some of a family's shapes.
pub(super) struct Few {
    shapes: Vec<u16>,
    /// Sums of their weights.
    up_to: Vec<u32>,
}

impl Few {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shapes.len()
    }
}

pub(super) struct Family {
    pub(super) shapes: Vec<Shape>,
    weights: Vec<u32>,
    /// By bit of the protocol.
    slots: [Slots; 16],
}

impl Family {
    pub(super) fn new(rows: &[Row]) -> Family {
        let mut slots: [Slots; 16] = Default::default();
        for (bit, slots) in slots.iter_mut().enumerate() {
            for (index, row) in rows.iter().enumerate() {
                if row.3 & (1 << bit) != 0 {
                    slots.extend(std::iter::repeat_n(index as u16, row.2 as usize));
                }
            }
        }
        let shapes = rows
            .iter()
            .map(|&(class, level, _, protocols, at, text)| Shape {
                class,
                level: format!(" [{level}] ").into_bytes(),
                at,
                parts: parts(text),
                protocols,
            });
        Family {
            shapes: shapes.collect(),
            weights: rows.iter().map(|row| row.2).collect(),
            slots,
        }
    }

    pub(super) fn draw(&self, protocol: u16, random: &mut Random) -> Option<&Shape> {
        let slots = &self.slots[protocol.trailing_zeros() as usize];
        Some(&self.shapes[*slots.get(random.below(slots.len().max(1)))? as usize])
    }

    /// A few shapes that fit a protocol, the frequent ones more likely among them.
    pub(super) fn some(&self, count: usize, protocol: u16, random: &mut Random) -> Few {
        let slots = &self.slots[protocol.trailing_zeros() as usize];
        let mut chosen = BTreeSet::new();
        // A protocol may have fewer.
        for _ in 0..16 * count {
            if chosen.len() < count {
                chosen.insert(slots[random.below(slots.len())]);
            }
        }
        let up_to = chosen.iter().scan(0, |sum, &shape| {
            *sum += self.weights[shape as usize];
            Some(*sum)
        });
        let up_to = up_to.collect();
        Few {
            shapes: chosen.into_iter().collect(),
            up_to,
        }
    }

    pub(super) fn draw_from(&self, few: &Few, random: &mut Random) -> &Shape {
        let all = few.up_to.last().map_or(1, |&all| all as usize);
        let number = random.below(all) as u32;
        let at = few.up_to.partition_point(|&up_to| up_to <= number);
        &self.shapes[few.shapes[at] as usize]
    }

    /// The first of this class; there must be one for the protocol.
    pub(super) fn of(&self, class: &str, protocol: u16) -> &Shape {
        let mut shapes = self.shapes.iter();
        shapes
            .find(|shape| shape.class == class && shape.protocols & protocol != 0)
            .expect("a row for this protocol")
    }
}

fn parts(text: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let close = open + rest[open..].find('}').expect("a closed brace");
        let part = match &rest[open + 1..close] {
            "peer" => Part::Peer,
            "pool" => Part::Pool,
            "host" => Part::Host,
            "temp" => Part::Temp,
            "number" => Part::Number,
            "milli" => Part::Milli,
            "client" => Part::Client,
            "script" => Part::Script,
            "path" => Part::Path,
            _ => Part::Text(&rest.as_bytes()[open..=close]), // PHP's {main}
        };
        parts.push(Part::Text(&rest.as_bytes()[..open]));
        parts.push(part);
        rest = &rest[close + 1..];
    }
    parts.push(Part::Text(rest.as_bytes()));
    parts
}
