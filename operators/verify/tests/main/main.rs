//! The filters on real documents: the same decisions as their source's, and the same as yesterday's.

mod agreement;
mod contamination;
mod critics;
mod executed;
mod golden;
mod languages;
mod mutated;
mod proved;
mod pure;
mod stated;

use std::path::PathBuf;

use rifflebox_core::{Content, Sample, Tier, Verifier};
use serde::Deserialize;

/// One excerpt of a real document.
#[derive(Deserialize)]
struct Excerpt {
    id: String,
    text: String,
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", name].iter().collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("tests/{name}: {error}"))
}

fn excerpts() -> Vec<Excerpt> {
    read("datatrove/documents.jsonl").lines().map(parse).collect()
}

fn parse<T: for<'de> Deserialize<'de>>(line: &str) -> T {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
}

/// Makes a filter with its defaults; `length` has none that bind.
fn filter(name: &str) -> std::sync::Arc<dyn Verifier> {
    let settings = match name {
        "length" => {
            serde_json::json!({ "min_chars": 40, "max_chars": 4000, "min_words": 20, "max_words": 500 })
        }
        _ => serde_json::json!({}),
    };
    rifflebox_verify::by_name(name, settings).expect("the filter is known").expect("the settings are right")
}

fn sample(text: &str) -> Sample {
    Sample {
        stage: "documents".into(),
        content: Content::Text { text: text.to_owned() },
        context: None,
        documents: vec![],
        tier: Tier::T0,
        synthetic: false,
        origin: Default::default(),
        fields: Default::default(),
    }
}
