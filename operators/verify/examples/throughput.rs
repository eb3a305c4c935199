//! Prints how many megabytes a second each filter judges, on one core.
//!
//! Input: JSON lines of `{"text"}` on standard input. Run it with `--release`.

use std::io::BufRead;
use std::time::Instant;

use rifflebox_core::{Content, Sample, Tier};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut samples = Vec::new();
    let mut bytes = 0;
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().ok_or("a row without text")?;
        bytes += text.len();
        samples.push(sample(text));
    }
    println!("{} documents, {:.1} MB", samples.len(), bytes as f64 / 1e6);
    for &name in rifflebox_verify::filters() {
        let settings = if name == "length" { json!({ "min_words": 5 }) } else { json!({}) };
        let filter = rifflebox_verify::by_name(name, settings).ok_or("the filter is known")??;
        let start = Instant::now();
        let kept = samples.iter().filter(|sample| filter.verify(sample, &[]).accept).count();
        let speed = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
        println!("{name}: {kept} kept, {speed:.1} MB/s");
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
