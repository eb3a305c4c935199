//! Near-duplicates on real texts: sections of one manual in several published versions, with every similar pair known.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::Arc;

use rifflebox::{Document, Fields, NearDuplicates, Origin, Tier};
use rifflebox_dataflow::Pace;
use rifflebox_testkit::Purging;
use serde_json::Value;

use super::support::say;

fn lines(name: &str) -> Option<Vec<Value>> {
    let folder = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?);
    let file = std::fs::File::open(folder.join("neardup").join(name)).ok()?;
    let lines = std::io::BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

/// Word 5-grams by the definition, with a regular expression and sets of tuples.
fn shingles(text: &str) -> BTreeSet<Vec<String>> {
    let lower = text.to_lowercase();
    let word = regex::Regex::new(r"\w+").unwrap();
    let words: Vec<String> = word.find_iter(&lower).map(|found| found.as_str().to_owned()).collect();
    match words.len() {
        0 => BTreeSet::new(),
        1..=5 => BTreeSet::from([words]),
        _ => words.windows(5).map(<[String]>::to_vec).collect(),
    }
}

fn jaccard(one: &str, two: &str) -> f64 {
    let (one, two) = (shingles(one), shingles(two));
    let shared = one.intersection(&two).count();
    shared as f64 / (one.len() + two.len() - shared) as f64
}

#[test]
fn versions_of_a_manual_lose_their_copies_and_nothing_else() {
    let (Some(rows), Some(pairs)) =
        (lines("etcd-versions-docs.jsonl.zst"), lines("etcd-versions-pairs.jsonl.zst"))
    else {
        return say("the near-duplicates of real manuals were not looked for: no data folder");
    };
    let texts: BTreeMap<String, &str> =
        rows.iter().map(|row| (row["id"].to_string(), row["text"].as_str().unwrap())).collect();
    let mut purge = Purging::new(Arc::new(NearDuplicates::above(0.8))).unwrap();
    for (index, (id, text)) in texts.iter().enumerate() {
        purge.put(Document {
            source: "docs".to_owned(),
            id: id.clone(),
            text: (*text).to_owned(),
            // Human and synthetic copies, mixed.
            tier: Tier::ALL[index % 4],
            license: None,
            origin: Origin::default(),
            fields: Fields::new(),
        });
    }
    for (run, threshold) in [0.8, 0.6, 0.9].into_iter().enumerate() {
        purge.replace(Arc::new(NearDuplicates::above(threshold))).unwrap();
        purge.run(Pace { workers: 1 + run, ..Pace::default() }).unwrap();
        let displaced = purge.displaced();
        for (id, (by, similarity)) in &displaced {
            assert!(!displaced.contains_key(by), "{by}, to which {id} gave way, is kept");
            let exact = jaccard(texts[id], texts[by]);
            assert!(exact >= threshold && (exact - similarity.value()).abs() < 0.001, "{id} {by} {exact}");
            let (tier, by_tier) = (purge.documents()[id].tier, purge.documents()[by].tier);
            assert!(by_tier <= tier, "{id} of tier {tier} gave way to {by} of {by_tier}");
        }
        let alike = pairs.iter().filter(|pair| pair["j"].as_f64().unwrap() >= threshold);
        let kept = |id: &Value| !displaced.contains_key(&id.to_string());
        let alike: Vec<bool> = alike.map(|pair| kept(&pair["a"]) && kept(&pair["b"])).collect();
        let missed = alike.iter().filter(|missed| **missed).count();
        say(&format!(
            "near-duplicates at {threshold}: {} of {} rows displaced, {missed} of {} similar pairs missed",
            displaced.len(),
            texts.len(),
            alike.len()
        ));
        assert!(missed * 100 <= alike.len(), "{missed} of {} pairs are missed", alike.len());
    }
}
