//! Prints what each filter decides of each document, as JSON lines.
//!
//! Input: JSON lines of `{"id", "text"}` on standard input; `path` does for an id. Output: one line a document,
//! `{"id", "<filter>": null | "<reason>", …}`, for the filters named as arguments (default: those that

use std::io::{BufRead, Write};

use rifflebox_core::{Content, Sample, Tier};
use serde_json::{Map, Value, json};

const COMPARED: [&str; 4] = ["c4-quality", "fineweb-quality", "gopher-quality", "gopher-repetition"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        names = COMPARED.map(str::to_owned).to_vec();
    }
    let mut filters = Vec::new();
    for name in names {
        let filter = rifflebox_verify::by_name(&name, json!({})).ok_or(format!("no filter `{name}`"))??;
        filters.push((name, filter));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().ok_or("a row without text")?;
        let sample = sample(text);
        let mut decisions =
            Map::from_iter([("id".to_owned(), row.get("id").unwrap_or(&row["path"]).clone())]);
        for (name, filter) in &filters {
            decisions.insert(name.clone(), filter.verify(&sample, &[]).reason.into());
        }
        writeln!(out, "{}", Value::Object(decisions))?;
    }
    Ok(())
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
