//! What the formats make of real files. A change here needs a new version of the operator `files`.

use std::path::Path;

use rifflebox_core::{Document, Source};

use crate::Files;

fn documents(files: &str) -> Vec<Document> {
    let source =
        Files::matching(files).text("instruction").source("golden", Path::new(env!("CARGO_MANIFEST_DIR")));
    let source = source.unwrap();
    let mut documents = Vec::new();
    let each = &mut |change: rifflebox_core::FileChange<'_>| {
        for row in change.rows.into_iter().flatten() {
            documents.push(row?.document.unwrap());
        }
        Ok(())
    };
    source.changes(&Default::default(), each).unwrap();
    documents
}

fn told(files: &str) -> String {
    let identity = Files::matching(files).source("golden", Path::new(".")).unwrap().identity();
    let mut told = format!("{} {} {}\n", identity.name, identity.version, identity.fingerprint());
    for document in documents(files) {
        let fields: rifflebox_core::Value = rifflebox_core::Value::Map(document.fields);
        told.push_str(&format!("\n== {}\n{:#}\n{}", document.id, fields.to_json(), document.text));
    }
    told
}

#[test]
fn markdown() {
    insta::assert_snapshot!(told("tests/data/requirements.md"));
}

#[cfg(feature = "html")]
#[test]
fn html() {
    insta::assert_snapshot!(told("tests/data/search.html"));
}

#[test]
fn json_lines() {
    insta::assert_snapshot!(told("tests/data/seeds.jsonl"));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet() {
    insta::assert_snapshot!(told("tests/data/types.parquet"));
}

#[cfg(feature = "parquet")]
#[test]
fn a_table_is_the_same_documents_in_either_format() {
    let lines = documents("tests/data/seeds.jsonl");
    assert_eq!(lines.len(), 12);
    assert_eq!(lines, documents("tests/data/seeds.parquet"));
}
