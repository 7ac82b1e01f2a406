use std::hash::BuildHasher;
use std::sync::Arc;
use std::{mem, ptr};

use arrow_array::{ArrayRef, DictionaryArray, Int32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::Value;
use super::texts::Texts;

/// Texts, each of which has a number.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    hasher: RandomState,
    index: HashTable<Entry>,
    texts: Texts,
    /// The program's own words that were met last, at the places that their addresses give them.
    words: [Option<(&'static str, i32)>; WORDS],
}

#[derive(Debug)]
struct Entry {
    hash: u64,
    number: i32,
}

const WORDS: usize = 16;

/// The number of no text.
const NONE: i32 = -1;

impl Dictionary {
    /// A text's number, and how many bytes it takes to write it down, if it is a new one.
    pub(super) fn number(&mut self, value: Value<'_>) -> (i32, usize) {
        match value {
            Value::Word(Some(word)) => self.word(word),
            Value::Text(Some(text)) => self.text(text),
            _ => (NONE, 0),
        }
    }

    fn word(&mut self, word: &'static str) -> (i32, usize) {
        let place = word.as_ptr() as usize / 4 % WORDS;
        match self.words[place] {
            Some((known, number)) if ptr::eq(known, word) => (number, 0),
            _ => {
                let (number, bytes) = self.text(word.as_bytes());
                self.words[place] = Some((word, number));
                (number, bytes)
            }
        }
    }

    fn text(&mut self, text: &[u8]) -> (i32, usize) {
        let hash = self.hasher.hash_one(text);
        let is_same =
            |entry: &Entry| entry.hash == hash && self.texts.get(entry.number as usize) == text;
        if let Some(entry) = self.index.find(hash, is_same) {
            return (entry.number, 0);
        }
        let number = self.index.len() as i32;
        let entry = Entry { hash, number };
        self.index.insert_unique(hash, entry, |entry| entry.hash);
        self.texts.append(Some(text));
        (number, text.len())
    }

    /// The texts of these numbers. The next text is the first one again.
    pub(super) fn finish(&mut self, numbers: Vec<i32>) -> ArrayRef {
        self.index.clear();
        self.words.fill(None);
        let present = match numbers.contains(&NONE) {
            false => None,
            true => Some(BooleanBuffer::collect_bool(numbers.len(), |at| {
                numbers[at] != NONE
            })),
        };
        let keys = Int32Array::new(numbers.into(), present.map(NullBuffer::new));
        let array = DictionaryArray::try_new(keys, Arc::new(self.texts.finish()));
        Arc::new(array.expect("each number is that of a text"))
    }
}

/// A column of texts, most of which come more than once.
#[derive(Debug, Default)]
pub(super) struct Coded {
    dictionary: Dictionary,
    numbers: Vec<i32>,
}

impl Coded {
    /// Appends a text, and tells how many bytes that takes.
    pub(super) fn append(&mut self, text: Option<&[u8]>) -> usize {
        let last = self.numbers.last().copied().filter(|&last| last != NONE);
        let is_last = |last| text == Some(self.dictionary.texts.get(last as usize));
        let (number, bytes) = match last {
            Some(last) if is_last(last) => (last, 0),
            _ => self.dictionary.number(Value::Text(text)),
        };
        self.numbers.push(number);
        bytes
    }

    /// Makes room for so many rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.numbers.reserve(rows);
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        let numbers = mem::take(&mut self.numbers);
        self.dictionary.finish(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    use arrow_array::{Array, StringArray};

    #[test]
    fn a_word_is_a_text_wherever_it_stands() {
        let mut dictionary = Dictionary::default();
        let words: Vec<&'static str> = vec!["error", "warn", "crit", "notice", "error", "info"];
        for _ in 0..2 {
            for word in &words {
                let (number, _) = dictionary.number(Value::Word(Some(word)));
                let text = Value::Text(Some(word.as_bytes()));
                assert_eq!(dictionary.number(text), (number, 0));
            }
            let numbers: Vec<i32> = words
                .iter()
                .map(|word| dictionary.number(Value::Word(Some(word))).0)
                .collect();
            let array = dictionary.finish(numbers);
            let array = array.as_dictionary::<Int32Type>();
            let read = array.downcast_dict::<StringArray>().unwrap();
            let read: Vec<&str> = read.into_iter().flatten().collect();
            assert_eq!(read, words);
        }
    }

    #[test]
    fn each_text_is_kept_once() {
        let mut column = Coded::default();
        for _ in 0..2 {
            let texts = [Some("a"), None, Some(""), Some("a"), Some("b"), Some("")];
            let bytes: usize = texts
                .iter()
                .map(|text| column.append(text.map(str::as_bytes)))
                .sum();
            assert_eq!(bytes, 2);
            let array = column.finish();
            let array = array.as_dictionary::<Int32Type>();
            assert_eq!(array.values().len(), 3);
            let read = array.downcast_dict::<StringArray>().unwrap();
            assert_eq!(read.into_iter().collect::<Vec<_>>(), texts);
        }
    }
}
