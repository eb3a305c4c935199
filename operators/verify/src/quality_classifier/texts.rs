use std::path::Path;

use rifflebox_core::{Key, Result};
use serde_json::Value;

use super::QualityClassifier;
use crate::lines::read_text;
use crate::settings::refused;

/// Examples, good and bad, in the order of their files and lines.
#[derive(Debug, Default)]
pub(crate) struct Labelled {
    pub(crate) good: Vec<String>,
    pub(crate) bad: Vec<String>,
}

impl Labelled {
    /// Adds the examples of a file: of JSON lines a column each, of any other a line each, unless it is empty.
    pub(crate) fn add(&mut self, key: &str, file: &str, column: &str, base_dir: &Path) -> Result<()> {
        let text = read_text(QualityClassifier::NAME, key, base_dir, file)?;
        let texts = if key == "good" { &mut self.good } else { &mut self.bad };
        let is_json = file.ends_with(".jsonl") || file.ends_with(".ndjson");
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            texts.push(match is_json {
                false => line.to_owned(),
                true => column_of(line, column).map_err(|why| {
                    let why = format!("line {} of {file} {why}", index + 1);
                    refused(QualityClassifier::NAME, key, why)
                })?,
            });
        }
        Ok(())
    }

    pub(crate) fn digest(&self) -> Key {
        let all = |domain, texts: &[String]| {
            texts.iter().fold(Key::builder(domain), |digest, text| digest.text(text)).finish()
        };
        Key::builder("examples").key(all("good", &self.good)).key(all("bad", &self.bad)).finish()
    }
}

fn column_of(line: &str, column: &str) -> Result<String, String> {
    let row: Value = serde_json::from_str(line).map_err(|error| format!("is no JSON: {error}"))?;
    match row.get(column).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => Err(format!("has no text in `{column}`: name the column by `column`")),
    }
}
