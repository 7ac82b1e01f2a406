use std::io::Write;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::rollup::{Row, Rows};

use super::groups::Groups;
use super::hourly;
use super::parts::some_parts;

/// Writes rows as a Parquet file, and tells `each` of them. Each day (UTC) is a row group, so a reader that asks for a
/// time opens only what it needs; a day with many rows is several.
pub(super) fn write(
    rows: &Rows,
    footer: Vec<KeyValue>,
    out: impl Write + Send,
    mut each: impl FnMut(&[Row]) + Send,
) -> Result<(), ParquetError> {
    let mut groups = Groups::new(out, hourly::schema(), properties(footer)?)?;
    let failed = ParquetError::from;
    some_parts(rows, MOST_ROWS, AT_ONCE, failed, |parts| {
        parts.iter().for_each(|rows| each(rows));
        groups.write(parts.len(), |group, column| {
            let column = column.to_owned();
            let pieces = parts[group].chunks(PIECE);
            pieces.map(move |rows| hourly::column(rows, &column))
        })
    })?;
    groups.finish()
}

/// So many rows a row group has at most.
pub(super) const MOST_ROWS: usize = 8_192;

/// So many row groups are written side by side: the sketches of one take as long as all its other columns.
const AT_ONCE: usize = 8;

/// Rows of which a column's values are made at once.
const PIECE: usize = 2_048;

pub(super) fn properties(footer: Vec<KeyValue>) -> Result<WriterProperties, ParquetError> {
    let ascending = |name| {
        Ok::<_, ParquetError>(SortingColumn {
            column_idx: hourly::schema().index_of(name)? as i32,
            descending: false,
            nulls_first: false,
        })
    };
    let sorting = vec![ascending("bucket")?, ascending("pool")?];
    let minutes = ["minutes", "list", "item"].map(str::to_owned).to_vec();
    let minutes = ColumnPath::from(minutes);
    let mut properties = common(footer)?
        .set_sorting_columns(Some(sorting))
        .set_column_dictionary_enabled(minutes.clone(), false)
        .set_column_encoding(minutes, Encoding::DELTA_BINARY_PACKED);
    // No two rows have the same.
    for name in ["clients_sketch", "example"] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    Ok(properties.build())
}

/// How hard it is tried to compress.
pub(super) const ZSTD_LEVEL: i32 = 3;

/// What all our files have in common.
pub(super) fn common(footer: Vec<KeyValue>) -> Result<WriterPropertiesBuilder, ParquetError> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("badgateway ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(footer)))
}
