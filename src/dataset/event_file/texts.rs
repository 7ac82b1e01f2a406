use std::hash::BuildHasher;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::hybrid;
use super::pages::Pages;

/// A column of texts in a group of rows. Each text is written once, and each row has its number.
///
/// The Parquet library does the same, but looks each row's text up, and compares it with the least and the
/// greatest one. Here what has been looked up already, in a dictionary of Arrow's, is not looked up
/// again, and no text is written twice because there are many.
pub(super) struct Texts {
    column: ColumnDescPtr,
    hasher: RandomState,
    index: HashTable<Entry>,
    /// The texts, each behind its length, as in a page of the file.
    dictionary: Vec<u8>,
    longest: usize,
    rows: Vec<u32>,
}

/// Where a text is found.
struct Entry {
    hash: u64,
    number: u32,
    begin: u32,
}

/// How many bytes a text's length has.
const LENGTH: usize = 4;

/// The number of a row that has no text.
const NONE: u32 = u32::MAX;

/// About as many rows as the Parquet library makes a page of.
const PAGE_ROWS: usize = 20_000;

/// Where a text is longer, no least and greatest one is told: that serves no reader.
const LONGEST_TOLD: usize = 64;

impl Texts {
    pub(super) fn new(column: ColumnDescPtr) -> Self {
        Self {
            column,
            hasher: RandomState::default(),
            index: HashTable::new(),
            dictionary: Vec::new(),
            longest: 0,
            rows: Vec::new(),
        }
    }

    /// Adds rows: texts as they are, or with a dictionary of their own.
    pub(super) fn add(&mut self, texts: &ArrayRef) {
        let Some(coded) = texts.as_dictionary_opt::<Int32Type>() else {
            for text in texts.as_string::<i32>() {
                let row = text.map_or(NONE, |text| self.number(text.as_bytes()));
                self.rows.push(row);
            }
            return;
        };
        let texts = coded.values().as_string::<i32>().iter();
        let numbers: Vec<u32> = texts
            .map(|text| self.number(text.unwrap_or_default().as_bytes()))
            .collect();
        let keys = coded.keys();
        let row = |key: i32| numbers[key as usize];
        match keys.nulls() {
            None => self.rows.extend(keys.values().iter().map(|&key| row(key))),
            Some(_) => self
                .rows
                .extend(keys.iter().map(|key| key.map_or(NONE, row))),
        }
    }

    fn number(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        let is_same = |entry: &Entry| {
            entry.hash == hash && text_at(&self.dictionary, entry.begin as usize) == text
        };
        if let Some(entry) = self.index.find(hash, is_same) {
            return entry.number;
        }
        let entry = Entry {
            hash,
            number: self.index.len() as u32,
            begin: self.dictionary.len() as u32,
        };
        let number = entry.number;
        self.index.insert_unique(hash, entry, |entry| entry.hash);
        let length = (text.len() as u32).to_le_bytes();
        self.dictionary.extend_from_slice(&length);
        self.dictionary.extend_from_slice(text);
        self.longest = self.longest.max(text.len());
        number
    }

    /// How many bytes it takes.
    pub(super) fn memory(&self) -> usize {
        self.index.len() * size_of::<Entry>() + self.dictionary.len() + size_of_val(&*self.rows)
    }

    /// All of it, as it stands in the file, and what its footer says about that. What comes next is another
    /// group.
    pub(super) fn finish(&mut self) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let mut pages = Pages::new(&self.dictionary, self.index.len())?;
        let greatest = self.index.len().saturating_sub(1) as u32;
        let width = u32::BITS - greatest.leading_zeros();
        let mut page = Vec::new();
        let mut present = Vec::new();
        for rows in self.rows.chunks(PAGE_ROWS) {
            let is_whole = !rows.contains(&NONE);
            page.clear();
            if self.column.max_def_level() > 0 {
                let levels: Vec<u32> = rows.iter().map(|&row| u32::from(row != NONE)).collect();
                page.extend_from_slice(&[0; LENGTH]);
                hybrid::append(&levels, 1, &mut page);
                let length = ((page.len() - LENGTH) as u32).to_le_bytes();
                page[..LENGTH].copy_from_slice(&length);
            }
            page.push(width as u8);
            if is_whole {
                hybrid::append(rows, width, &mut page);
            } else {
                present.clear();
                present.extend(rows.iter().copied().filter(|&row| row != NONE));
                hybrid::append(&present, width, &mut page);
            }
            pages.add(&page, rows.len())?;
        }
        let finished = pages.finish(self.column.clone(), self.statistics());
        self.index.clear();
        self.dictionary.clear();
        self.rows.clear();
        self.longest = 0;
        finished
    }

    fn statistics(&self) -> Statistics {
        let bounds = || {
            let least = texts(&self.dictionary).min()?;
            Some((least, texts(&self.dictionary).max()?))
        };
        let told = if self.longest > LONGEST_TOLD {
            None
        } else {
            bounds()
        };
        let (least, greatest) = told
            .map(|(least, greatest)| (ByteArray::from(least), ByteArray::from(greatest)))
            .unzip();
        let absent = self.rows.iter().filter(|&&row| row == NONE).count();
        Statistics::byte_array(least, greatest, None, Some(absent as u64), false)
    }
}

/// The text of which the length stands at `begin`.
fn text_at(dictionary: &[u8], begin: usize) -> &[u8] {
    let (length, rest) = dictionary[begin..]
        .split_first_chunk()
        .expect("a length is there");
    &rest[..u32::from_le_bytes(*length) as usize]
}

fn texts(dictionary: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let is_there = begin < dictionary.len();
        is_there.then(|| {
            let text = text_at(dictionary, begin);
            begin += LENGTH + text.len();
            text
        })
    })
}
