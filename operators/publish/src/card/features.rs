//! The columns of a config, as the `datasets` library names their types.

use std::fmt::Write;

use arrow_schema::{DataType, Field};
use rifflebox_core::Kind;

use crate::shard::data_schema;

/// Returns the names of a kind's columns, in order.
pub(super) fn columns(kind: Kind) -> Vec<String> {
    data_schema(kind).fields().iter().map(|field| field.name().clone()).collect()
}

/// Columns that stand last, in this order, in each kind that has them.
const LAST: [&str; 5] = ["context", "tier", "source", "license", "tokens"];

/// Returns the YAML of `features` for rows of these kinds: the columns of all, each once.
pub(super) fn yaml(kinds: &[Kind], indent: usize) -> String {
    let mut fields: Vec<Field> = Vec::new();
    for field in kinds.iter().flat_map(|kind| data_schema(*kind).fields().to_vec()) {
        if fields.iter().all(|known| known.name() != field.name()) {
            fields.push(field.as_ref().clone());
        }
    }
    fields.sort_by_key(|field| LAST.iter().position(|name| name == field.name()));
    let mut yaml = String::new();
    fields.iter().for_each(|field| write_field(&mut yaml, field, indent));
    yaml
}

fn write_field(yaml: &mut String, field: &Field, indent: usize) {
    let pad = " ".repeat(indent);
    let mut line = |text: String| writeln!(yaml, "{pad}{text}").expect("a string takes all that is written");
    line(format!("- name: {}", field.name()));
    match field.data_type() {
        DataType::Utf8 => line("  dtype: string".to_owned()),
        DataType::Int64 => line("  dtype: int64".to_owned()),
        DataType::List(element) => match element.data_type() {
            DataType::Struct(fields) => {
                line("  list:".to_owned());
                fields.iter().for_each(|field| write_field(yaml, field, indent + 2));
            }
            other => unreachable!("no published list holds {other}"),
        },
        other => unreachable!("no published column holds {other}"),
    }
}
