use std::sync::{Arc, LazyLock};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::rollup::Event;

use super::arrow::event_schema;
use super::batches::Columns;
use super::builder::Builder;
use super::dictionary::Dictionary;
use super::{COLUMNS, Fields, Value};

/// The columns of a batch that grows, with dictionaries for texts that come again and again: for what is written with
/// dictionaries.
#[derive(Debug)]
pub struct Coded {
    /// What events that are alike have in common, and its column.
    common: [(usize, Dictionary); COMMON.len()],
    /// The numbers of the texts in the dictionaries.
    sorts: Vec<[i32; COMMON.len()]>,
    /// The place of each row's numbers among the `sorts`.
    rows: Vec<u32>,
    recent: Vec<Recent>,
    /// How many batches there were.
    round: u32,
    others: Vec<(usize, Builder)>,
}

/// Where the numbers of events of a likeness stand.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    likeness: u64,
    round: u32,
    sort: u32,
}

/// So many are found without a look at their texts.
const PLACES: usize = 1 << 12;

/// The columns in which events of the same [`likeness`](Event::likeness) are the same.
const COMMON: [&str; 12] = [
    "level", "class", "kind", "phase", "os_error", "scheme", "peer", "pool", "server", "message",
    "action", "host",
];

/// Others in which a text hardly ever comes alone.
const CODED: [&str; 2] = ["host_header", "source"];

fn coded_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let coded = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
        let schema = event_schema();
        let fields = schema.fields().iter().map(|field| {
            let name = field.name().as_str();
            match COMMON.contains(&name) || CODED.contains(&name) {
                true => Field::new(name, coded.clone(), field.is_nullable()),
                false => Field::clone(field),
            }
        });
        let fields: Vec<Field> = fields.collect();
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}

impl Default for Coded {
    fn default() -> Self {
        let column = |name| COLUMNS.iter().position(|column| column.name == name);
        let others = COLUMNS.iter().enumerate();
        let others = others.filter(|(_, column)| !COMMON.contains(&column.name));
        let builder = |column: &super::Column| match CODED.contains(&column.name) {
            true => Builder::Coded(Box::default()),
            false => Builder::new(column.kind),
        };
        Self {
            common: COMMON.map(|name| {
                let at = column(name).expect("there is such a column");
                (at, Dictionary::default())
            }),
            sorts: Vec::new(),
            rows: Vec::new(),
            recent: vec![Recent::default(); PLACES],
            round: 1,
            others: others.map(|(at, column)| (at, builder(column))).collect(),
        }
    }
}

impl Coded {
    /// Where the numbers of an event's texts stand, and how many bytes of text are new.
    fn sort(&mut self, likeness: u64, values: &[Value<'_>; COLUMNS.len()]) -> (u32, usize) {
        let place = likeness as usize % PLACES;
        let recent = self.recent[place];
        if likeness != 0 && (recent.likeness, recent.round) == (likeness, self.round) {
            return (recent.sort, 0);
        }
        let sort = self.sorts.len() as u32;
        let mut numbers = [0; COMMON.len()];
        let mut bytes = 0;
        for (number, (at, dictionary)) in numbers.iter_mut().zip(&mut self.common) {
            let (found, new) = dictionary.number(values[*at]);
            *number = found;
            bytes += new;
        }
        self.sorts.push(numbers);
        self.recent[place] = Recent {
            likeness,
            round: self.round,
            sort,
        };
        (sort, bytes)
    }
}

impl Columns for Coded {
    fn schema() -> SchemaRef {
        coded_schema()
    }

    fn append(&mut self, event: &Event<'_>) -> usize {
        let fields = Fields::new(event);
        let values = fields.values();
        let (sort, new) = self.sort(event.likeness, &values);
        self.rows.push(sort);
        let others = self.others.iter_mut();
        let others = others.map(|(at, builder)| builder.append(values[*at]));
        new + others.sum::<usize>()
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        let mut columns: [Option<ArrayRef>; COLUMNS.len()] = Default::default();
        for (of, (at, dictionary)) in self.common.iter_mut().enumerate() {
            let numbers = self.rows.iter().map(|&sort| self.sorts[sort as usize][of]);
            columns[*at] = Some(dictionary.finish(numbers.collect()));
        }
        for (at, builder) in &mut self.others {
            columns[*at] = Some(builder.finish());
        }
        self.rows.clear();
        self.sorts.clear();
        self.round += 1;
        columns.into_iter().flatten().collect()
    }

    fn reserve(&mut self, rows: usize) {
        let others = self.others.iter_mut();
        others.for_each(|(_, builder)| builder.reserve(rows));
    }
}
