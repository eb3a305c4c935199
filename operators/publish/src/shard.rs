//! `(Kind, [DataRow]) -> parquet`: the rows that a trainer reads.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::{DataType, Field, Schema};
use rifflebox_core::{Content, Error, ErrorKind, Key, Kind, Message, Result, Tier, logical_bytes};

use crate::table::{self, Table, TableRow};

/// One published row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRow {
    /// The sample's id.
    pub id: Key,
    /// What it teaches.
    pub content: Content,
    /// Text that an answer may rest on; a plain text has no column for it.
    pub context: Option<String>,
    /// Its tier.
    pub tier: Tier,
    /// Name of the source of its first document.
    pub source: String,
    /// Licence of its first document.
    pub license: Option<String>,
    /// Its tokens, by the flow's tokenizer.
    pub tokens: u64,
}

impl DataRow {
    /// Returns the bytes that the row counts for when shards are cut; see [`logical_bytes`].
    pub fn bytes(&self) -> u64 {
        logical_bytes(&self.content, self.context.as_deref(), &self.source, self.license.as_deref())
    }
}

/// Writes the rows of one shard as parquet: equal rows give equal bytes, everywhere and always.
///
/// # Errors
/// [`ErrorKind::Internal`] if there are no rows, one is of another kind, or their ids do not rise;
/// [`ErrorKind::Input`] if a row is too large for a parquet page.
pub fn encode(kind: Kind, rows: &[DataRow]) -> Result<Vec<u8>> {
    let schema = data_schema(kind);
    let columns = |rows: &[DataRow]| columns_of(kind, rows);
    let name = format!("a shard of kind {}", kind.name());
    Table {
        name: &name,
        schema,
        repetitive: &["tier", "source", "license", "messages.list.element.role"],
        columns: &columns,
    }
    .encode(rows)
}

/// Returns the columns of a kind's shards, in order.
///
/// Kinds in which something is asked have a `context`, null where an answer rests on nothing else.
pub fn data_schema(kind: Kind) -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let mut fields = vec![text("id")];
    match kind {
        Kind::Text => fields.push(text("text")),
        Kind::Messages => fields.push(Field::new("messages", messages_type(), false)),
        Kind::Completion => fields.extend(["prompt", "completion"].map(text)),
        Kind::Preference => fields.extend(["prompt", "chosen", "rejected"].map(text)),
    }
    if kind != Kind::Text {
        fields.push(Field::new("context", DataType::Utf8, true));
    }
    fields.extend(["tier", "source"].map(text));
    fields.push(Field::new("license", DataType::Utf8, true));
    fields.push(Field::new("tokens", DataType::Int64, false));
    Schema::new(fields)
}

impl TableRow for DataRow {
    fn id(&self) -> Key {
        self.id
    }

    fn bytes(&self) -> u64 {
        self.bytes()
    }
}

fn messages_type() -> DataType {
    table::list_of(
        table::struct_of([("role", DataType::Utf8, false), ("content", DataType::Utf8, false)]),
        false,
    )
}

fn columns_of(kind: Kind, rows: &[DataRow]) -> Result<Vec<ArrayRef>> {
    if let Some(row) = rows.iter().find(|row| row.content.kind() != kind) {
        let (id, other) = (row.id, row.content.kind().name());
        let message = format!("sample {id} of kind {other} stands in a shard of kind {}", kind.name());
        return Err(Error::new(ErrorKind::Internal, message));
    }
    let mut columns = vec![table::keys(rows.iter().map(|row| row.id))];
    match kind {
        Kind::Messages => columns.push(messages_column(rows)),
        Kind::Text | Kind::Completion | Kind::Preference => {
            let texts: Vec<_> = rows.iter().map(|row| row.content.columns()).collect();
            let width = texts.first().map_or(0, Vec::len);
            columns.extend((0..width).map(|at| table::strings(texts.iter().map(|columns| columns[at].1))));
        }
    }
    if kind != Kind::Text {
        columns.push(table::optional_strings(rows.iter().map(|row| row.context.as_deref())));
    }
    columns.push(table::strings(rows.iter().map(|row| row.tier.name())));
    columns.push(table::strings(rows.iter().map(|row| row.source.as_str())));
    columns.push(table::optional_strings(rows.iter().map(|row| row.license.as_deref())));
    columns.push(Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.tokens as i64))));
    Ok(columns)
}

fn messages_column(rows: &[DataRow]) -> ArrayRef {
    let lists = messages_type();
    let all = || rows.iter().flat_map(turns);
    let columns =
        vec![table::strings(all().map(|turn| &*turn.role)), table::strings(all().map(|turn| &*turn.content))];
    let elements = table::structs(table::element_of(&lists), columns, None);
    table::lists(&lists, rows.iter().map(|row| turns(row).len()), elements)
}

fn turns(row: &DataRow) -> &[Message] {
    match &row.content {
        Content::Messages { messages } => messages,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
