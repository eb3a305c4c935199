//! `[ProvenanceRow] -> parquet`: the story of each published row, beside the rows themselves.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Schema};
use rifflebox_core::{Fields, Key, Result, Seed, Span, Tier, Value, Verdict, Vote};
use serde::{Deserialize, Serialize};

use crate::table::{self, Table, TableRow};

/// How many of the rows that one displaced are named with it.
pub const DISPLACED_NAMED: usize = 20;

/// How one published row came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenanceRow {
    /// The sample's id.
    pub id: Key,
    /// Name of the stage that made it.
    pub stage: String,
    /// The documents that it is of, in order.
    pub documents: Vec<Seed>,
    /// What made it.
    pub generator: Maker,
    /// Each verdict on it, in the order of the flow.
    pub verifiers: Vec<VerifierEntry>,
    /// Its tier.
    pub tier: Tier,
    /// 0 human, 1 synthetic from human, 2 synthetic from synthetic …
    pub depth: u32,
    /// Ids of the rows that it displaced, rising; only the first [`DISPLACED_NAMED`] are written.
    pub displaced: Vec<Key>,
    /// How many rows it displaced.
    pub displaced_count: u64,
    /// What was blacked out of its documents.
    pub redactions: Vec<Redaction>,
    /// Anything else that its generator said of it; written as one JSON object.
    pub fields: Fields,
}

/// Who made a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Maker {
    /// The generator's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its fingerprint.
    pub fingerprint: Key,
    /// The model lineage that speaks through it.
    pub family: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// Digest of the model's weights or card.
    pub model_hash: Option<String>,
    /// Digest of the prompt's template.
    pub prompt_digest: Option<Key>,
    /// Under which terms the model may be used.
    pub terms: Option<String>,
}

/// A verdict, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierEntry {
    /// The verifier's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its fingerprint.
    pub fingerprint: Key,
    /// The model lineage that speaks through it.
    pub family: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// What it said.
    pub verdict: Verdict,
}

/// How often something of one sort was blacked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// The sort: a rule's name.
    pub kind: String,
    /// How often.
    pub count: u64,
}

/// Writes the provenance of one shard's rows as parquet: equal rows give equal bytes, everywhere and always.
///
/// # Errors
/// [`Internal`](rifflebox_core::ErrorKind::Internal) if there are no rows or their ids do not rise;
/// [`Input`](rifflebox_core::ErrorKind::Input) if a row is too large for a parquet page.
pub fn encode_provenance(rows: &[ProvenanceRow]) -> Result<Vec<u8>> {
    let repetitive = [
        "stage",
        "generator",
        "generator_version",
        "generator_fingerprint",
        "family",
        "model",
        "model_hash",
        "prompt_digest",
        "terms",
        "verifiers.list.element.name",
        "verifiers.list.element.version",
        "verifiers.list.element.fingerprint",
        "verifiers.list.element.family",
        "verifiers.list.element.model",
        "verifiers.list.element.reason",
        "verifiers.list.element.votes.list.element.voter",
        "tier",
        "redactions.list.element.kind",
    ];
    let columns = |rows: &[ProvenanceRow]| Ok(columns_of(rows));
    let schema = provenance_schema();
    Table { name: "a provenance file", schema, repetitive: &repetitive, columns: &columns }.encode(rows)
}

/// Returns the columns of provenance files, in order; `documents`, `seed_digests` and `spans` go side by side.
pub fn provenance_schema() -> Schema {
    use DataType::{Int32, Int64, Utf8};
    Schema::new(table::fields_of([
        ("id", Utf8, false),
        ("stage", Utf8, false),
        ("documents", table::list_of(Utf8, false), false),
        ("seed_digests", table::list_of(Utf8, false), false),
        ("spans", spans_type(), false),
        ("generator", Utf8, false),
        ("generator_version", Utf8, false),
        ("generator_fingerprint", Utf8, false),
        ("family", Utf8, true),
        ("model", Utf8, true),
        ("model_hash", Utf8, true),
        ("prompt_digest", Utf8, true),
        ("terms", Utf8, true),
        ("verifiers", verifiers_type(), false),
        ("tier", Utf8, false),
        ("depth", Int32, false),
        ("displaced", table::list_of(Utf8, false), false),
        ("displaced_count", Int64, false),
        ("redactions", redactions_type(), false),
        ("fields", Utf8, true),
    ]))
}

impl TableRow for ProvenanceRow {
    fn id(&self) -> Key {
        self.id
    }

    fn bytes(&self) -> u64 {
        let documents = self.documents.iter().map(|seed| seed.source.len() + seed.id.len() + 64);
        let verifiers = self.verifiers.iter().map(|entry| {
            let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            let votes = entry.verdict.votes.iter().map(|vote| vote.voter.len() + text(&vote.reason) + 8);
            text(&entry.verdict.reason) + votes.sum::<usize>() + 128
        });
        let fields = fields_json(&self.fields).map_or(0, |json| json.len());
        (documents.sum::<usize>() + verifiers.sum::<usize>() + fields + 512) as u64
    }
}

fn columns_of(rows: &[ProvenanceRow]) -> Vec<ArrayRef> {
    let maker = || rows.iter().map(|row| &row.generator);
    let fields: Vec<_> = rows.iter().map(|row| fields_json(&row.fields)).collect();
    vec![
        table::keys(rows.iter().map(|row| row.id)),
        table::strings(rows.iter().map(|row| row.stage.as_str())),
        documents_column(rows),
        seed_digests_column(rows),
        spans_column(rows),
        table::strings(maker().map(|maker| &*maker.name)),
        table::strings(maker().map(|maker| &*maker.version)),
        table::keys(maker().map(|maker| maker.fingerprint)),
        table::optional_strings(maker().map(|maker| maker.family.as_deref())),
        table::optional_strings(maker().map(|maker| maker.model.as_deref())),
        table::optional_strings(maker().map(|maker| maker.model_hash.as_deref())),
        table::optional_keys(maker().map(|maker| maker.prompt_digest)),
        table::optional_strings(maker().map(|maker| maker.terms.as_deref())),
        verifiers_column(rows),
        table::strings(rows.iter().map(|row| row.tier.name())),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.depth as i32))),
        displaced_column(rows),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.displaced_count as i64))),
        redactions_column(rows),
        table::optional_strings(fields.iter().map(Option::as_deref)),
    ]
}

fn fields_json(fields: &Fields) -> Option<String> {
    (!fields.is_empty()).then(|| Value::Map(fields.clone()).to_json().to_string())
}

fn documents_column(rows: &[ProvenanceRow]) -> ArrayRef {
    let names: Vec<_> = seeds(rows).map(|seed| format!("{}:{}", seed.source, seed.id)).collect();
    let lengths = rows.iter().map(|row| row.documents.len());
    table::lists(
        &table::list_of(DataType::Utf8, false),
        lengths,
        table::strings(names.iter().map(|name| &**name)),
    )
}

fn seed_digests_column(rows: &[ProvenanceRow]) -> ArrayRef {
    let lengths = rows.iter().map(|row| row.documents.len());
    let digests = table::keys(seeds(rows).map(|seed| seed.digest));
    table::lists(&table::list_of(DataType::Utf8, false), lengths, digests)
}

fn spans_type() -> DataType {
    use DataType::Int64;
    table::list_of(table::struct_of([("start", Int64, false), ("end", Int64, false)]), true)
}

fn spans_column(rows: &[ProvenanceRow]) -> ArrayRef {
    let edge = |edge: fn(Span) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(seeds(rows).map(|seed| seed.span.map_or(0, edge) as i64)))
    };
    let present = NullBuffer::from_iter(seeds(rows).map(|seed| seed.span.is_some()));
    let lists = spans_type();
    let columns = vec![edge(|span| span.start), edge(|span| span.end)];
    let spans = table::structs(table::element_of(&lists), columns, Some(present));
    table::lists(&lists, rows.iter().map(|row| row.documents.len()), spans)
}

fn verifiers_type() -> DataType {
    use DataType::{Boolean, Float64, Utf8};
    let entry = table::struct_of([
        ("name", Utf8, false),
        ("version", Utf8, false),
        ("fingerprint", Utf8, false),
        ("family", Utf8, true),
        ("model", Utf8, true),
        ("accept", Boolean, false),
        ("score", Float64, false),
        ("reason", Utf8, true),
        ("votes", votes_type(), false),
    ]);
    table::list_of(entry, false)
}

fn votes_type() -> DataType {
    use DataType::{Boolean, Utf8};
    let vote = table::struct_of([("voter", Utf8, false), ("accept", Boolean, false), ("reason", Utf8, true)]);
    table::list_of(vote, false)
}

fn verifiers_column(rows: &[ProvenanceRow]) -> ArrayRef {
    let entries: Vec<_> = rows.iter().flat_map(|row| &row.verifiers).collect();
    let all = || entries.iter().copied();
    let columns = vec![
        table::strings(all().map(|entry| &*entry.name)),
        table::strings(all().map(|entry| &*entry.version)),
        table::keys(all().map(|entry| entry.fingerprint)),
        table::optional_strings(all().map(|entry| entry.family.as_deref())),
        table::optional_strings(all().map(|entry| entry.model.as_deref())),
        booleans(all().map(|entry| entry.verdict.accept)),
        Arc::new(Float64Array::from_iter_values(all().map(|entry| entry.verdict.score.value()))),
        table::optional_strings(all().map(|entry| entry.verdict.reason.as_deref())),
        votes_column(&entries),
    ];
    let lists = verifiers_type();
    let elements = table::structs(table::element_of(&lists), columns, None);
    table::lists(&lists, rows.iter().map(|row| row.verifiers.len()), elements)
}

fn votes_column(entries: &[&VerifierEntry]) -> ArrayRef {
    let all = || entries.iter().flat_map(|entry| &entry.verdict.votes);
    let columns = vec![
        table::strings(all().map(|vote: &Vote| &*vote.voter)),
        booleans(all().map(|vote| vote.accept)),
        table::optional_strings(all().map(|vote| vote.reason.as_deref())),
    ];
    let lists = votes_type();
    let elements = table::structs(table::element_of(&lists), columns, None);
    table::lists(&lists, entries.iter().map(|entry| entry.verdict.votes.len()), elements)
}

fn displaced_column(rows: &[ProvenanceRow]) -> ArrayRef {
    let named = |row: &'_ ProvenanceRow| row.displaced.len().min(DISPLACED_NAMED);
    let all = table::keys(rows.iter().flat_map(|row| row.displaced[..named(row)].iter().copied()));
    table::lists(&table::list_of(DataType::Utf8, false), rows.iter().map(named), all)
}

fn redactions_type() -> DataType {
    use DataType::{Int64, Utf8};
    table::list_of(table::struct_of([("kind", Utf8, false), ("count", Int64, false)]), false)
}

fn redactions_column(rows: &[ProvenanceRow]) -> ArrayRef {
    let all = || rows.iter().flat_map(|row| &row.redactions);
    let counts = Int64Array::from_iter_values(all().map(|redaction| redaction.count as i64));
    let columns = vec![table::strings(all().map(|redaction| &*redaction.kind)), Arc::new(counts) as ArrayRef];
    let lists = redactions_type();
    let elements = table::structs(table::element_of(&lists), columns, None);
    table::lists(&lists, rows.iter().map(|row| row.redactions.len()), elements)
}

fn seeds(rows: &[ProvenanceRow]) -> impl Iterator<Item = &Seed> {
    rows.iter().flat_map(|row| &row.documents)
}

fn booleans(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

#[cfg(test)]
mod tests;
