use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

fn row(number: u128) -> ProvenanceRow {
    let seed = |id: &str, span| Seed {
        source: "docs".to_owned(),
        id: id.to_owned(),
        digest: Key::of(id.as_bytes()),
        span,
        license: None,
        redactions: Default::default(),
    };
    let vote = Vote { voter: "b".to_owned(), accept: false, reason: Some("unsure".to_owned()) };
    let verdict = Verdict { votes: vec![vote], ..Verdict::accept().scored(0.75) };
    ProvenanceRow {
        id: Key::from_u128(number),
        stage: "cloze".to_owned(),
        documents: vec![seed("a.md", Some(Span { start: 3, end: 9 })), seed("b.md", None)],
        generator: Maker {
            name: "cloze".to_owned(),
            version: "1".to_owned(),
            fingerprint: Key::of(b"cloze"),
            ..Maker::default()
        },
        verifiers: (0..number % 3)
            .map(|_| VerifierEntry {
                name: "supported".to_owned(),
                version: "2".to_owned(),
                fingerprint: Key::of(b"supported"),
                family: None,
                model: None,
                verdict: verdict.clone(),
            })
            .collect(),
        tier: Tier::T2,
        depth: 1,
        displaced: (0..30).map(Key::from_u128).collect(),
        displaced_count: 30,
        redactions: vec![Redaction { kind: "email".to_owned(), count: 2 }],
        fields: Fields::from([("answer".to_owned(), Value::from("so")), ("a".to_owned(), Value::Int(1))]),
    }
}

fn read(bytes: Vec<u8>) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    reader.build().unwrap().next().unwrap().unwrap()
}

#[test]
fn the_story_reads_back() {
    let batch = read(encode_provenance(&[row(1), row(2), row(3)]).unwrap());
    assert_eq!(*batch.schema(), provenance_schema());
    let list = |name: &str, at| batch.column_by_name(name).unwrap().as_list::<i32>().value(at);
    let documents = list("documents", 0);
    assert_eq!(documents.as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["docs:a.md", "docs:b.md"]);
    let spans = list("spans", 1);
    assert!(spans.is_valid(0) && spans.is_null(1));
    assert_eq!([0, 1, 2].map(|at| list("verifiers", at).len()), [1, 2, 0]);
    let entries = list("verifiers", 1);
    let scores = entries.as_struct().column_by_name("score").unwrap().clone();
    assert_eq!(scores.as_primitive::<arrow_array::types::Float64Type>().value(1), 0.75);
    let votes = entries.as_struct().column_by_name("votes").unwrap().as_list::<i32>().value(1);
    let reasons = votes.as_struct().column_by_name("reason").unwrap().as_string::<i32>().clone();
    assert_eq!(reasons.value(0), "unsure");
    let fields = batch.column_by_name("fields").unwrap().as_string::<i32>().clone();
    assert_eq!(fields.value(0), r#"{"a":1,"answer":"so"}"#);
}

#[test]
fn the_smallest_displaced_are_named_and_all_are_counted() {
    let batch = read(encode_provenance(&[row(1)]).unwrap());
    let displaced = batch.column_by_name("displaced").unwrap().as_list::<i32>().value(0);
    assert_eq!(displaced.len(), DISPLACED_NAMED);
    assert_eq!(displaced.as_string::<i32>().value(19), Key::from_u128(19).to_string());
}

#[test]
fn bare_rows_have_empty_lists_and_no_fields() {
    let mut bare = row(1);
    (bare.documents, bare.verifiers, bare.displaced) = (Vec::new(), Vec::new(), Vec::new());
    (bare.redactions, bare.fields) = (Vec::new(), Fields::new());
    let batch = read(encode_provenance(&[bare]).unwrap());
    assert_eq!(batch.column_by_name("documents").unwrap().as_list::<i32>().value(0).len(), 0);
    assert!(batch.column_by_name("fields").unwrap().is_null(0));
    assert!(batch.column_by_name("documents").unwrap().is_valid(0));
}

#[test]
fn golden() {
    let rows: Vec<_> = (0..100).map(row).collect();
    crate::table::tests::golden("provenance", &encode_provenance(&rows).unwrap());
}
