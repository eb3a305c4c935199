use std::fs::File;
use std::io::{self, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use rifflebox_core::{Fields, Result, RowItem};

use super::{Compression, Rows};
use crate::content::{Content, Guard};
use crate::row::{RowMaker, SeenIds};

mod cell;

/// Rows that are decoded together: few, since one may hold megabytes of text.
const BATCH_ROWS: usize = 256;

/// Returns the rows of a table, read from its row groups as they are asked for; `line` counts rows from 1.
///
/// A packed table is unpacked into an unnamed temporary file, since the format is read from its end.
pub(crate) fn rows(maker: Arc<RowMaker>, path: String, compression: Compression, content: Content) -> Rows {
    let (table, guard) = match open(compression, content) {
        Ok(opened) => opened,
        Err(error) => return one(maker.broken(&path, None, &compression.reason(&error))),
    };
    let reader = guarded(|| match table {
        Table::Bytes(bytes) => {
            ParquetRecordBatchReaderBuilder::try_new(bytes)?.with_batch_size(BATCH_ROWS).build()
        }
        Table::File(file) => {
            ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH_ROWS).build()
        }
    });
    match reader {
        Ok(reader) => {
            let seen = SeenIds::new();
            Box::new(TableRows { maker, path, reader: Some(reader), batch: None, guard, row: 0, seen })
        }
        Err(reason) => one(maker.broken(&path, None, &reason)),
    }
}

enum Table {
    Bytes(Bytes),
    File(File),
}

struct TableRows {
    maker: Arc<RowMaker>,
    path: String,
    /// None once the table has ended, or can be read no further.
    reader: Option<ParquetRecordBatchReader>,
    /// The rows at hand, and how many of them are said.
    batch: Option<(RecordBatch, usize)>,
    guard: Guard,
    row: u64,
    seen: SeenIds,
}

impl Iterator for TableRows {
    type Item = Result<RowItem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((batch, said)) = &mut self.batch
                && *said < batch.num_rows()
            {
                let index = *said;
                *said += 1;
                self.row += 1;
                let columns = columns(batch, index);
                return Some(Ok(match columns {
                    Ok(columns) => self.maker.table_row(&self.path, self.row, columns, &mut self.seen),
                    Err(reason) => self.maker.broken(&self.path, Some(self.row), &reason),
                }));
            }
            let reader = self.reader.as_mut()?;
            match guarded(|| reader.next().transpose().map_err(Into::into)) {
                Ok(Some(batch)) => self.batch = Some((batch, 0)),
                Ok(None) => {
                    self.reader = None;
                    return self.guard.check(&self.path).err().map(Err);
                }
                Err(reason) => {
                    self.reader = None;
                    self.batch = None;
                    return Some(Ok(self.maker.broken(&self.path, Some(self.row + 1), &reason)));
                }
            }
        }
    }
}

fn columns(batch: &RecordBatch, row: usize) -> Result<Fields, String> {
    let schema = batch.schema_ref();
    let columns = schema.fields().iter().zip(batch.columns());
    columns
        .map(|(field, column)| match cell::value(column, row) {
            Ok(value) => Ok((field.name().clone(), value)),
            Err(kind) => Err(format!("column `{}` holds {kind}, which has no value here", field.name())),
        })
        .collect()
}

/// Runs the library's reader, which panics on some damaged files, and says why it fails.
fn guarded<T>(read: impl FnOnce() -> Result<T, parquet::errors::ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("cannot be read as parquet: {error}")),
        Err(_) => Err("cannot be read as parquet: its pages are damaged".to_owned()),
    }
}

fn open(compression: Compression, content: Content) -> io::Result<(Table, Guard)> {
    if compression != Compression::None {
        let (raw, guard) = content.into_reader()?;
        let mut file = tempfile::tempfile()?;
        io::copy(&mut compression.unpack(raw)?, &mut file)?;
        file.rewind()?;
        return Ok((Table::File(file), guard));
    }
    Ok(match content {
        Content::Small(bytes) => (Table::Bytes(bytes), Guard::none()),
        Content::Large(large) => {
            let (file, guard) = large.into_file()?;
            (Table::File(file), guard)
        }
    })
}

fn one(row: RowItem) -> Rows {
    Box::new(std::iter::once(Ok(row)))
}

#[cfg(test)]
mod tests;
