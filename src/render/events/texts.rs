use std::mem;

use arrow_array::StringArray;
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};

use crate::record::Text;

/// A column of texts that grows. Whether they are UTF-8 is asked of all of them at once.
#[derive(Debug)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each begins and, behind the last, where that ends.
    places: Vec<i32>,
    present: NullBufferBuilder,
    /// How many bytes the column had when it was finished.
    usual: usize,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            places: vec![0],
            present: NullBufferBuilder::new(0),
            usual: 0,
        }
    }
}

impl Texts {
    /// Makes room for so many rows, and as much text as there was.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.bytes.reserve(self.usual);
        self.places.reserve(rows);
    }

    pub(super) fn append(&mut self, text: Option<&[u8]>) {
        self.present.append(text.is_some());
        self.bytes.extend_from_slice(text.unwrap_or_default());
        let place = i32::try_from(self.bytes.len());
        self.places.push(place.expect("a batch has less text"));
    }

    pub(super) fn get(&self, at: usize) -> &[u8] {
        &self.bytes[self.places[at] as usize..self.places[at + 1] as usize]
    }

    pub(super) fn finish(&mut self) -> StringArray {
        let done = mem::take(self);
        self.usual = done.bytes.len();
        let (bytes, places, present) = (done.bytes, done.places, done.present.build());
        let places = OffsetBuffer::new(ScalarBuffer::from(places));
        let bytes = ScalarBuffer::from(bytes).into_inner();
        let array = StringArray::try_new(places.clone(), bytes.clone(), present.clone());
        array.unwrap_or_else(|_| {
            let text = |place: &[i32]| Text(&bytes[place[0] as usize..place[1] as usize]).to_str();
            let texts = places.windows(2).map(text);
            let is_present = |at| present.as_ref().is_none_or(|present| present.is_valid(at));
            let texts = texts.enumerate();
            texts
                .map(|(at, text)| is_present(at).then_some(text))
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[Option<&[u8]>]) -> Vec<Option<String>> {
        let mut column = Texts::default();
        texts.iter().for_each(|&text| column.append(text));
        let array = column.finish();
        array.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn each_text_is_what_it_is_by_itself() {
        let texts = [
            Some("é".as_bytes()),
            None,
            Some(b""),
            Some(b"\xc3"),
            Some(b"\xa9"),
            None,
            Some(b"a"),
        ];
        let expected = [
            Some("é"),
            None,
            Some(""),
            Some("\\xC3"),
            Some("\\xA9"),
            None,
            Some("a"),
        ];
        let owned = |texts: &[Option<&str>]| -> Vec<Option<String>> {
            texts.iter().map(|text| text.map(str::to_owned)).collect()
        };
        assert_eq!(column(&texts), owned(&expected));
        assert_eq!(column(&texts[..3]), owned(&expected[..3]));
        // Together they are UTF-8, by themselves not.
        assert_eq!(column(&texts[3..5]), owned(&expected[3..5]));
    }

    #[test]
    fn a_column_begins_anew() {
        let mut column = Texts::default();
        column.append(Some(b"one"));
        column.finish();
        column.reserve(1);
        column.append(Some(b"two"));
        assert_eq!(column.finish(), StringArray::from(vec![Some("two")]));
    }
}
