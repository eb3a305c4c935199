use std::path::PathBuf;

use rifflebox_core::Content;
use serde_json::json;

use super::*;
use crate::looked_at::tests::sample;

fn write(folder: &Path, name: &str, lines: &[String]) {
    std::fs::write(folder.join(name), lines.join("\n")).unwrap();
}

fn made(settings: serde_json::Value, folder: &Path) -> Result<QualityClassifier> {
    QualityClassifier::new(serde_json::from_value(settings).unwrap(), folder)
}

/// Paragraphs of the bundled documentation, each on a line, in order of their pages.
fn paragraphs() -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/corpus/documents");
    let (mut pages, mut open) = (Vec::new(), vec![root]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|ending| ending == "md") => pages.push(path),
                false => {}
            }
        }
    }
    pages.sort();
    let prose = |text: &str| {
        let blocks = text.split("\n\n").map(|block| block.split_whitespace().collect::<Vec<_>>().join(" "));
        blocks
            .filter(|block| block.split(' ').count() >= 25 && block.starts_with(char::is_alphabetic))
            .collect()
    };
    pages.iter().flat_map(|page| -> Vec<String> { prose(&std::fs::read_to_string(page).unwrap()) }).collect()
}

/// Turns every two neighbouring words around, and the order of threes: what a bad extraction of columns leaves.
fn garbled(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut parts: Vec<Vec<&str>> =
        words.chunks(3).map(|three| three.iter().rev().copied().collect()).collect();
    let middle = parts.len() / 2;
    parts.rotate_left(middle);
    parts.concat().join(" ")
}

#[test]
fn held_out_prose_is_told_from_garbled_prose() {
    let folder = tempfile::tempdir().unwrap();
    let (mut learnt, mut held_out) = (Vec::new(), Vec::new());
    for (index, text) in paragraphs().into_iter().enumerate() {
        if index % 5 == 0 { held_out.push(text) } else { learnt.push(text) }
    }
    assert!(held_out.len() > 150, "{} paragraphs are bundled", held_out.len());
    write(folder.path(), "good.txt", &learnt);
    write(folder.path(), "bad.txt", &learnt.iter().map(|text| garbled(text)).collect::<Vec<_>>());
    let settings = json!({ "good": ["good.txt"], "bad": ["bad.txt"] });
    let classifier = made(settings, folder.path()).unwrap();
    let accepts = |text: String| classifier.verify(&sample(Content::Text { text }), &[]).accept;
    let kept = held_out.iter().filter(|text| accepts((*text).clone())).count();
    let lost = held_out.iter().filter(|text| !accepts(garbled(text))).count();
    println!("quality-classifier: of {} held out, {kept} kept, garbled {lost} rejected", held_out.len());
    // Both have the same words: only their order tells. Chance is a half.
    assert!(kept * 100 >= held_out.len() * 80 && lost * 100 >= held_out.len() * 80, "{kept} {lost}");
}

#[test]
fn what_is_learnt_is_the_same_each_time_and_may_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = paragraphs().into_iter().take(60).collect();
    write(folder.path(), "good.txt", &texts[..30]);
    let rows: Vec<String> =
        texts[30..].iter().map(|text| json!({ "body": garbled(text) }).to_string()).collect();
    write(folder.path(), "bad.jsonl", &rows);
    let settings = json!({ "good": ["good.txt"], "bad": ["bad.jsonl"], "column": "body", "bits": 12 });
    let one = made(settings.clone(), folder.path()).unwrap();
    let two = made(settings, folder.path()).unwrap();
    assert_eq!(one.weights(), two.weights());
    assert_eq!(one.identity(), two.identity());
    std::fs::write(folder.path().join("kept.txt"), one.weights()).unwrap();
    let kept = made(json!({ "weights": "kept.txt" }), folder.path()).unwrap();
    for text in &texts {
        assert_eq!(kept.score(text), one.score(text));
    }
    // Where files lie is nothing; what they hold is.
    std::fs::rename(folder.path().join("good.txt"), folder.path().join("moved.txt")).unwrap();
    let moved = json!({ "good": ["moved.txt"], "bad": ["bad.jsonl"], "column": "body", "bits": 12 });
    assert_eq!(made(moved, folder.path()).unwrap().identity(), one.identity());
    write(folder.path(), "moved.txt", &texts[..29]);
    let moved = json!({ "good": ["moved.txt"], "bad": ["bad.jsonl"], "column": "body", "bits": 12 });
    assert_ne!(made(moved, folder.path()).unwrap().identity(), one.identity());
}

#[test]
fn a_verdict_has_the_probability() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.txt", &["clear words".to_owned()]);
    write(folder.path(), "bad.txt", &["buy now".to_owned()]);
    let settings = json!({ "good": ["good.txt"], "bad": ["bad.txt"] });
    let classifier = made(settings, folder.path()).unwrap();
    let judge = |text: &str| classifier.verify(&sample(Content::Text { text: text.into() }), &[]);
    let good = judge("Clear words.");
    assert!(good.accept && good.score.value() > 0.9 && good.score.value() < 1.0, "{good:?}");
    let bad = judge("Buy now!");
    assert!(bad.reason.unwrap().starts_with("threshold: good with probability 0.0"));
    assert_eq!(judge("…").reason.as_deref(), Some("it has no word to be judged by"));
    assert_eq!(judge("unseen").score.value(), judge("strange").score.value());
}

#[test]
fn what_cannot_be_learnt_from_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.jsonl", &["{\"text\": \"a\"}".to_owned(), "{\"texts\": \"a\"}".to_owned()]);
    write(folder.path(), "empty.txt", &[" ".to_owned()]);
    let wrong = |settings| made(settings, folder.path()).unwrap_err().to_string();
    assert!(wrong(json!({})).contains("setting `good` of `quality-classifier`: there are no examples"));
    let named = wrong(json!({ "good": ["good.jsonl"], "bad": ["empty.txt"] }));
    assert!(named.contains("line 2 of good.jsonl has no text in `text`"), "{named}");
    assert!(wrong(json!({ "bad": ["empty.txt"] })).contains("`good`"));
    assert!(wrong(json!({ "good": ["nowhere.txt"] })).contains("nowhere.txt cannot be read"));
    assert!(wrong(json!({ "weights": "empty.txt" })).contains("empty.txt holds none"));
    assert!(wrong(json!({ "weights": "a", "good": ["b"] })).contains("were learnt already"));
    assert!(wrong(json!({ "threshold": 1.5 })).contains("`threshold`"));
    assert!(wrong(json!({ "bits": 30 })).contains("`bits`"));
    assert!(wrong(json!({ "rounds": 0 })).contains("`rounds`"));
}
