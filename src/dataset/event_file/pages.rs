use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use crate::dataset::write::ZSTD_LEVEL;

/// The pages of a column of a group of rows: a dictionary, and places in it.
pub(super) struct Pages {
    written: TrackedWrite<Vec<u8>>,
    compressor: Compressor<'static>,
    /// How long they are, not compressed.
    length: usize,
    /// Where the data begin.
    data: usize,
    rows: usize,
}

impl Pages {
    /// Begins with the page that holds the dictionary's `count` texts.
    pub(super) fn new(dictionary: &[u8], count: usize) -> Result<Self, ParquetError> {
        let mut pages = Self {
            written: TrackedWrite::new(Vec::new()),
            compressor: Compressor::new(ZSTD_LEVEL)?,
            length: 0,
            data: 0,
            rows: 0,
        };
        pages.write(dictionary, |buf| Page::DictionaryPage {
            buf,
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        })?;
        pages.data = pages.written.bytes_written();
        Ok(pages)
    }

    /// Adds a page of `rows` places.
    pub(super) fn add(&mut self, places: &[u8], rows: usize) -> Result<(), ParquetError> {
        self.rows += rows;
        self.write(places, |buf| Page::DataPage {
            buf,
            num_values: rows as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })
    }

    fn write(
        &mut self,
        bytes: &[u8],
        page: impl FnOnce(Bytes) -> Page,
    ) -> Result<(), ParquetError> {
        let compressed = self.compressor.compress(bytes)?;
        let page = CompressedPage::new(page(compressed.into()), bytes.len());
        let written = SerializedPageWriter::new(&mut self.written).write_page(page)?;
        self.length += written.uncompressed_size;
        Ok(())
    }

    /// All of them, and what the file's footer says about them.
    pub(super) fn finish(
        self,
        column: ColumnDescPtr,
        statistics: Statistics,
    ) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let bytes = self.written.into_inner()?;
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_encodings(vec![
                Encoding::PLAIN,
                Encoding::RLE,
                Encoding::RLE_DICTIONARY,
            ])
            .set_num_values(self.rows as i64)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.length as i64)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(self.data as i64)
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((bytes.into(), close))
    }
}
