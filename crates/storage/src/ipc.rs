use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeBinaryArray, Int64Array, LargeBinaryArray, LargeListArray};
use arrow_array::{RecordBatch, StructArray, UInt64Array};
use arrow_buffer::{ArrowNativeType, Buffer, OffsetBuffer, ScalarBuffer};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_ipc::{Block, MetadataVersion, root_as_footer, root_as_message};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};

use crate::run::{Rounds, RunColumns};

/// Bytes to which every column of a file is aligned.
const ALIGNMENT: usize = 64;
const MAGIC: &[u8] = b"ARROW1";
const CONTINUATION: &[u8] = &[0xff; 4];

/// Writes runs of one shape, one record batch each, as one uncompressed Arrow IPC file.
///
/// The same runs give the same bytes. The runs pass [`RunColumns::validate`]: the caller has seen to it.
///
/// # Errors
/// When Arrow refuses them.
pub(crate) fn encode(runs: &[RunColumns]) -> Result<Vec<u8>, String> {
    let looped = runs.first().is_some_and(|run| run.rounds.is_some());
    let schema = Arc::new(Schema::new(fields(looped)));
    let size: usize = runs.iter().map(|run| run.byte_count() + 2048).sum();
    let mut file = Vec::with_capacity(size);
    write(runs, looped, &schema, &mut file).map_err(|error| error.to_string())?;
    Ok(file)
}

fn write(
    runs: &[RunColumns],
    looped: bool,
    schema: &Arc<Schema>,
    file: &mut Vec<u8>,
) -> Result<(), ArrowError> {
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)?;
    let mut writer = FileWriter::try_new_with_options(file, schema, options)?;
    for run in runs {
        if run.rounds.is_some() != looped {
            return Err(ArrowError::InvalidArgumentError("runs of a loop and others in one file".into()));
        }
        writer.write(&batch(&run.packed(), Arc::clone(schema))?)?;
    }
    writer.finish()
}

fn batch(run: &RunColumns, schema: Arc<Schema>) -> Result<RecordBatch, ArrowError> {
    let keys = FixedSizeBinaryArray::try_new(16, run.keys.clone(), None)?;
    let value_offsets = OffsetBuffer::new(run.value_offsets.clone());
    let values = LargeBinaryArray::try_new(value_offsets, run.value_bytes.clone(), None)?;
    let diffs: ArrayRef = Arc::new(Int64Array::try_new(run.diffs.clone(), None)?);
    let updates: ArrayRef = match &run.rounds {
        None => diffs,
        Some(rounds) => {
            let numbers = Arc::new(UInt64Array::try_new(rounds.rounds.clone(), None)?);
            let updates = StructArray::try_new(update_fields(), vec![numbers, diffs], None)?;
            let offsets = OffsetBuffer::new(rounds.offsets.clone());
            Arc::new(LargeListArray::try_new(update_item(), offsets, Arc::new(updates), None)?)
        }
    };
    let looped = run.rounds.is_some();
    let values = StructArray::try_new(value_fields(looped), vec![Arc::new(values), updates], None)?;
    let offsets = OffsetBuffer::new(run.key_offsets.clone());
    let lists = LargeListArray::try_new(value_item(looped), offsets, Arc::new(values), None)?;
    RecordBatch::try_new(schema, vec![Arc::new(keys), Arc::new(lists)])
}

fn fields(looped: bool) -> Fields {
    let key = Field::new("key", DataType::FixedSizeBinary(16), false);
    let values = Field::new("vals", DataType::LargeList(value_item(looped)), false);
    Fields::from(vec![key, values])
}

fn value_item(looped: bool) -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(value_fields(looped)), false))
}

fn value_fields(looped: bool) -> Fields {
    let value = Field::new("val", DataType::LargeBinary, false);
    let second = match looped {
        false => Field::new("diff", DataType::Int64, false),
        true => Field::new("upds", DataType::LargeList(update_item()), false),
    };
    Fields::from(vec![value, second])
}

fn update_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(update_fields()), false))
}

fn update_fields() -> Fields {
    let round = Field::new("round", DataType::UInt64, false);
    Fields::from(vec![round, Field::new("diff", DataType::Int64, false)])
}

/// Lays one run over the bytes of a file, without a copy: that of batch number `batch`, from 0.
///
/// Arrow's own readers panic on files that are not whole, and walk all offsets of those that are; this one takes the
/// positions of the columns from the (verified) tables of the file, checks that they lie inside it and that the
/// ends of all offsets agree, and looks at nothing else. So it costs the same for any length. The caller has
/// verified the digest: what stands between the ends is what the writer wrote.
///
/// # Errors
/// What is wrong with the file, in words; never a panic, whatever the bytes.
pub(crate) fn decode(file: &Buffer, batch: usize) -> Result<RunColumns, &'static str> {
    let footer = footer(file)?;
    let footer = root_as_footer(footer).map_err(|_| "has a broken footer")?;
    let looped = looped(&footer)?;
    let blocks = footer.recordBatches().ok_or("lists no batches")?;
    if batch >= blocks.len() {
        return Err("has fewer batches than the manifest says");
    }
    decode_batch(file, blocks.get(batch), looped)
}

fn footer(file: &Buffer) -> Result<&[u8], &'static str> {
    let rest = file.as_slice().strip_suffix(MAGIC).ok_or("does not end as an Arrow file")?;
    if !rest.starts_with(MAGIC) {
        return Err("does not begin as an Arrow file");
    }
    let (rest, length) = rest.split_last_chunk::<4>().ok_or("is too short")?;
    let length =
        usize::try_from(i32::from_le_bytes(*length)).map_err(|_| "has a footer of negative length")?;
    let start = rest.len().checked_sub(length).ok_or("is shorter than its footer")?;
    Ok(&rest[start..])
}

fn looped(footer: &arrow_ipc::Footer<'_>) -> Result<bool, &'static str> {
    const WRONG: &str = "does not have the columns of a run";
    let columns = footer.schema().and_then(|schema| schema.fields()).ok_or(WRONG)?;
    if columns.len() != 2 || columns.get(0).name() != Some("key") || columns.get(1).name() != Some("vals") {
        return Err(WRONG);
    }
    let item = columns.get(1).children().filter(|c| c.len() == 1).ok_or(WRONG)?.get(0);
    let children = item.children().filter(|c| c.len() == 2).ok_or(WRONG)?;
    match (children.get(0).name(), children.get(1).name()) {
        (Some("val"), Some("diff")) => Ok(false),
        (Some("val"), Some("upds")) => Ok(true),
        _ => Err(WRONG),
    }
}

fn decode_batch(file: &Buffer, block: &Block, looped: bool) -> Result<RunColumns, &'static str> {
    const OUTSIDE: &str = "has a batch outside itself";
    let start = usize::try_from(block.offset()).map_err(|_| OUTSIDE)?;
    let head = usize::try_from(block.metaDataLength()).map_err(|_| OUTSIDE)?;
    let length = usize::try_from(block.bodyLength()).map_err(|_| OUTSIDE)?;
    let body_start = start.checked_add(head).ok_or(OUTSIDE)?;
    let body_end = body_start.checked_add(length).filter(|end| *end <= file.len()).ok_or(OUTSIDE)?;
    let head = file.as_slice().get(start..body_start).ok_or(OUTSIDE)?;
    let head =
        head.strip_prefix(CONTINUATION).and_then(|rest| rest.get(4..)).ok_or("has a batch cut short")?;
    let message = root_as_message(head).map_err(|_| "has a broken batch")?;
    let batch = message.header_as_record_batch().ok_or("holds something that is no batch")?;
    if batch.compression().is_some() {
        return Err("is compressed");
    }
    let body = file.slice_with_length(body_start, body_end - body_start);
    Columns {
        body,
        rows: batch.nodes().ok_or("has no lengths")?.iter().map(|n| n.length()).collect(),
        places: batch.buffers().ok_or("has no columns")?.iter().map(|b| (b.offset(), b.length())).collect(),
    }
    .run(looped)
}

/// The columns of one batch: lengths by field, and places by buffer, in Arrow's depth-first order.
struct Columns {
    body: Buffer,
    rows: Vec<i64>,
    places: Vec<(i64, i64)>,
}

impl Columns {
    // Buffers: key [validity, data]; vals [validity, offsets]; item [validity]; val [validity, offsets, data];
    // then diff [validity, data], or upds [validity, offsets]; item [validity]; round and diff, two each.
    fn run(&self, looped: bool) -> Result<RunColumns, &'static str> {
        if (self.rows.len(), self.places.len()) != if looped { (8, 15) } else { (5, 10) } {
            return Err("does not have the columns of a run");
        }
        let (keys, values) = (self.count(0)?, self.count(2)?);
        let value_bytes = self.bytes(7)?;
        let bytes = value_bytes.len();
        let (rounds, diffs) = match looped {
            false => (None, self.numbers(9, self.same(4, values)?)?),
            true => {
                self.same(4, values)?;
                let updates = self.count(5)?;
                let rounds = self.numbers(12, self.same(6, updates)?)?;
                let offsets = self.offsets(9, values, updates)?;
                (Some(Rounds { offsets, rounds }), self.numbers(14, self.same(7, updates)?)?)
            }
        };
        let width = keys.checked_mul(16).ok_or("has too many keys")?;
        let key_bytes = self.bytes(1)?;
        if key_bytes.len() < width {
            return Err("has a column cut short");
        }
        Ok(RunColumns {
            keys: key_bytes.slice_with_length(0, width),
            key_offsets: self.offsets(3, self.same(1, keys)?, values)?,
            value_offsets: self.offsets(6, self.same(3, values)?, bytes)?,
            value_bytes,
            rounds,
            diffs,
        })
    }

    fn count(&self, field: usize) -> Result<usize, &'static str> {
        let count = self.rows.get(field).ok_or("has too few columns")?;
        usize::try_from(*count).map_err(|_| "has a column of negative length")
    }

    fn same(&self, field: usize, count: usize) -> Result<usize, &'static str> {
        match self.count(field)? == count {
            true => Ok(count),
            false => Err("has columns of different lengths"),
        }
    }

    fn bytes(&self, place: usize) -> Result<Buffer, &'static str> {
        const OUTSIDE: &str = "has a column outside its batch";
        let (offset, length) = *self.places.get(place).ok_or("has too few columns")?;
        let offset = usize::try_from(offset).map_err(|_| OUTSIDE)?;
        let length = usize::try_from(length).map_err(|_| OUTSIDE)?;
        match offset.checked_add(length).is_some_and(|end| end <= self.body.len()) {
            true => Ok(self.body.slice_with_length(offset, length)),
            false => Err(OUTSIDE),
        }
    }

    fn numbers<T: ArrowNativeType>(
        &self,
        place: usize,
        count: usize,
    ) -> Result<ScalarBuffer<T>, &'static str> {
        let bytes = self.bytes(place)?;
        let width = count.checked_mul(size_of::<T>()).filter(|width| *width <= bytes.len());
        let width = width.ok_or("has a column cut short")?;
        if !(bytes.as_ptr() as usize).is_multiple_of(align_of::<T>()) {
            return Err("has a column out of alignment");
        }
        Ok(ScalarBuffer::from(bytes.slice_with_length(0, width)))
    }

    fn offsets(
        &self,
        place: usize,
        parents: usize,
        children: usize,
    ) -> Result<ScalarBuffer<i64>, &'static str> {
        let offsets = self.numbers::<i64>(place, parents.checked_add(1).ok_or("has too many rows")?)?;
        let ends = (offsets.first().copied(), offsets.last().copied());
        match ends == (Some(0), i64::try_from(children).ok()) {
            true => Ok(offsets),
            false => Err("has offsets that do not end where their column ends"),
        }
    }
}

#[cfg(test)]
mod tests;
