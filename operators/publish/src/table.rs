//! Rows to parquet bytes, with settings that never move.

use std::iter;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, ListArray, RecordBatch, StringArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use rifflebox_core::{Error, ErrorKind, Key, Result};

/// The version of the bytes that are written; a changed golden needs a new one.
///
/// A workspace whose shards were written under another version writes them all again.
pub const FORMAT: u32 = 1;

/// Named in each file instead of the parquet library, whose version would move the bytes.
const CREATED_BY: &str = "rifflebox version 1.0.0";

/// Rows that are turned into columns at a time, at most.
const BATCH_ROWS: usize = 1024;

/// Logical bytes that are turned into columns at a time, unless one row alone has more.
const BATCH_BYTES: u64 = 16 << 20;

/// Logical bytes of a row group: shards are one group, but for those of a giant document.
const GROUP_BYTES: u64 = 256 << 20;

/// Logical bytes of one row, at most: parquet counts the bytes of a page in 31 bits.
const ROW_BYTES: u64 = 1 << 30;

/// One row of a published file.
pub(crate) trait TableRow {
    /// Returns the sample's id, by which the rows of a file are ordered.
    fn id(&self) -> Key;

    /// Returns the bytes that the row weighs in memory.
    fn bytes(&self) -> u64;
}

/// How rows of one type become a file.
pub(crate) struct Table<'a, R> {
    /// What the file is called in errors.
    pub(crate) name: &'a str,
    /// Its columns.
    pub(crate) schema: Schema,
    /// Leaf columns of few distinct values, as dotted paths: written through a dictionary.
    pub(crate) repetitive: &'a [&'a str],
    /// Makes the columns of some rows.
    pub(crate) columns: &'a dyn Fn(&[R]) -> Result<Vec<ArrayRef>>,
}

impl<R: TableRow> Table<'_, R> {
    /// Writes rows in the order of their ids: equal rows give equal bytes.
    pub(crate) fn encode(&self, rows: &[R]) -> Result<Vec<u8>> {
        if rows.is_empty() {
            return Err(self.broken("has no rows, and an empty shard publishes no file"));
        }
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].id() >= pair[1].id()) {
            let (first, second) = (pair[0].id(), pair[1].id());
            return Err(self.broken(&format!("has sample {first} before {second}: rows go by rising id")));
        }
        let weights: Vec<_> = rows.iter().map(TableRow::bytes).collect();
        if let Some(at) = weights.iter().position(|bytes| *bytes > ROW_BYTES) {
            let (id, bytes) = (rows[at].id(), weights[at]);
            let message = format!(
                "sample {id} weighs {bytes} bytes, more than the {ROW_BYTES} that a parquet page holds: \
                 cut its document into passages"
            );
            return Err(Error::new(ErrorKind::Input, message));
        }
        self.write(rows, &weights).map_err(|error| match error {
            Failure::Ours(error) => error,
            Failure::Theirs(error) => self.broken("cannot be written as parquet").with_source(error),
        })
    }

    fn write(&self, mut rows: &[R], weights: &[u64]) -> Result<Vec<u8>, Failure> {
        let schema = Arc::new(self.schema.clone());
        // The serialised Arrow schema would put the Arrow library's own encoding into every file.
        let options = ArrowWriterOptions::new()
            .with_skip_arrow_metadata(true)
            .with_schema_root("rifflebox".to_owned())
            .with_properties(self.properties());
        let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options)?;
        let mut in_group = 0;
        for (length, bytes) in batches(weights) {
            let (batch, rest) = rows.split_at(length);
            rows = rest;
            if in_group > 0 && in_group + bytes > GROUP_BYTES {
                writer.flush()?;
                in_group = 0;
            }
            in_group += bytes;
            let columns = (self.columns)(batch).map_err(Failure::Ours)?;
            let batch =
                RecordBatch::try_new(schema.clone(), columns).map_err(|e| Failure::Theirs(e.into()))?;
            writer.write(&batch)?;
        }
        Ok(writer.into_inner()?)
    }

    fn properties(&self) -> WriterProperties {
        let level = ZstdLevel::try_new(1).expect("1 is a level of zstd");
        let mut properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_write_batch_size(64)
            .set_max_row_group_row_count(None);
        for path in self.repetitive {
            let path = ColumnPath::new(path.split('.').map(str::to_owned).collect());
            properties = properties.set_column_dictionary_enabled(path, true);
        }
        properties.build()
    }

    fn broken(&self, what: &str) -> Error {
        Error::new(ErrorKind::Internal, format!("{} {what}", self.name))
    }
}

enum Failure {
    Ours(Error),
    Theirs(Box<dyn std::error::Error + Send + Sync>),
}

impl From<parquet::errors::ParquetError> for Failure {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Failure::Theirs(error.into())
    }
}

/// Cuts rows of these logical bytes into batches of bounded size: the rows of each, and their bytes.
fn batches(mut weights: &[u64]) -> impl Iterator<Item = (usize, u64)> {
    iter::from_fn(move || {
        let mut bytes = *weights.first()?;
        let mut length = 1;
        while length < weights.len().min(BATCH_ROWS) && bytes + weights[length] <= BATCH_BYTES {
            bytes += weights[length];
            length += 1;
        }
        weights = &weights[length..];
        Some((length, bytes))
    })
}

/// Makes a column of texts.
pub(crate) fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

/// Makes a column of texts, some of them absent.
pub(crate) fn optional_strings<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(texts.collect::<StringArray>())
}

/// Makes a column of keys, as 32 hexadecimal digits each.
pub(crate) fn keys(keys: impl Iterator<Item = Key>) -> ArrayRef {
    let mut column = StringBuilder::new();
    keys.for_each(|key| column.append_value(key.to_string()));
    Arc::new(column.finish())
}

/// Makes a column of keys, some of them absent.
pub(crate) fn optional_keys(keys: impl Iterator<Item = Option<Key>>) -> ArrayRef {
    let mut column = StringBuilder::new();
    keys.for_each(|key| column.append_option(key.map(|key| key.to_string())));
    Arc::new(column.finish())
}

/// Makes a column of lists, present in every row, from the elements of all and the length of each.
pub(crate) fn lists(
    data_type: &DataType,
    lengths: impl Iterator<Item = usize>,
    elements: ArrayRef,
) -> ArrayRef {
    let DataType::List(element) = data_type else { unreachable!("the schema says list") };
    Arc::new(ListArray::new(element.clone(), OffsetBuffer::from_lengths(lengths), elements, None))
}

/// Makes a column of structs.
pub(crate) fn structs(data_type: &DataType, columns: Vec<ArrayRef>, nulls: Option<NullBuffer>) -> ArrayRef {
    let DataType::Struct(fields) = data_type else { unreachable!("the schema says struct") };
    Arc::new(StructArray::new(fields.clone(), columns, nulls))
}

/// Returns the type of a list of this element.
pub(crate) fn list_of(element: DataType, nullable: bool) -> DataType {
    // The parquet format names a list's child so.
    DataType::List(Arc::new(Field::new("element", element, nullable)))
}

/// Returns the type of a struct of these fields: name, type, whether a value may be absent.
pub(crate) fn struct_of<const N: usize>(fields: [(&str, DataType, bool); N]) -> DataType {
    DataType::Struct(fields_of(fields))
}

/// Returns fields: name, type, whether a value may be absent.
pub(crate) fn fields_of<const N: usize>(fields: [(&str, DataType, bool); N]) -> Fields {
    fields.into_iter().map(|(name, data_type, nullable)| Field::new(name, data_type, nullable)).collect()
}

/// Returns the type of a list's element.
pub(crate) fn element_of(data_type: &DataType) -> &DataType {
    let DataType::List(element) = data_type else { unreachable!("the schema says list") };
    element.data_type()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    /// Compares a file with the committed one of this format.
    ///
    /// If it differs, the bytes of every published file have moved: raise [`FORMAT`], then run the tests
    /// with `RIFFLEBOX_GOLDEN=write`. Files of older formats stay in the tree, and stay readable.
    pub(crate) fn golden(name: &str, bytes: &[u8]) {
        let path = samples().join(format!("{FORMAT}/{name}.parquet"));
        if std::env::var_os("RIFFLEBOX_GOLDEN").is_some_and(|value| value == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
        }
        let kept = std::fs::read(&path).unwrap();
        assert!(kept == bytes, "{name} is written otherwise now: raise FORMAT, and keep a new sample");
    }

    fn samples() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples")
    }

    #[test]
    fn files_of_every_format_read() {
        let mut read = Vec::new();
        for format in 1..=FORMAT {
            for file in std::fs::read_dir(samples().join(format.to_string())).unwrap() {
                let bytes = bytes::Bytes::from(std::fs::read(file.unwrap().path()).unwrap());
                let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
                read.push(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>());
            }
        }
        assert_eq!(read, [100; 5].repeat(FORMAT as usize));
    }

    fn cut(weights: &[u64]) -> Vec<(usize, u64)> {
        batches(weights).collect()
    }

    #[test]
    fn batches_are_bounded_by_rows_and_bytes() {
        assert_eq!(cut(&[]), []);
        assert_eq!(cut(&[1; 2_500]), [(1_024, 1_024), (1_024, 1_024), (452, 452)]);
        let half = BATCH_BYTES / 2;
        assert_eq!(cut(&[half, half, 1]), [(2, BATCH_BYTES), (1, 1)]);
        assert_eq!(cut(&[1, BATCH_BYTES, 2 * BATCH_BYTES, 1]).len(), 4);
    }
}
