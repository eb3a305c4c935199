//! Items of real benchmarks, planted in real texts: word by word, lightly edited, and shuffled.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::Arc;

use rifflebox_core::{Document, Fields, HeldOut, HeldOutCheck as _, Origin, Tier, Value, Verifier};
use rifflebox_verify::Decontaminate;

use crate::sample;

fn lines(path: &str) -> Option<Vec<serde_json::Value>> {
    let file = std::fs::File::open(PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?).join(path)).ok()?;
    let lines = std::io::BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

fn held_out(source: &str, rows: &[serde_json::Value], columns: &[&str]) -> Vec<Document> {
    let row = |(index, row): (usize, &serde_json::Value)| Document {
        source: source.to_owned(),
        id: index.to_string(),
        text: String::new(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: columns
            .iter()
            .map(|column| ((*column).to_owned(), Value::from(row[*column].clone())))
            .collect::<Fields>(),
        redactions: Default::default(),
    };
    rows.iter().enumerate().map(row).collect()
}

/// A sequence of numbers that look drawn (Steele, Lea, Flood: SplitMix64), the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (rifflebox_core::mix(self.0) % bound as u64) as usize
    }
}

/// Replaces, deletes or inserts a share of the words, and changes every number.
fn edited(text: &str, percent: usize, draw: &mut Draw) -> String {
    const OTHERS: [&str; 8] = ["some", "really", "different", "one", "these", "often", "value", "then"];
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    let numbers = |word: &str| -> String {
        word.chars()
            .map(|c| c.to_digit(10).map_or(c, |digit| char::from(b'0' + ((digit + 3) % 10) as u8)))
            .collect()
    };
    let mut edited: Vec<String> = words.iter().map(|word| numbers(word)).collect();
    for _ in 0..(words.len() * percent).div_ceil(100) {
        let at = draw.below(edited.len());
        let other = format!("{} ", OTHERS[draw.below(OTHERS.len())]);
        match draw.below(3) {
            0 => edited[at] = other,
            1 if edited.len() > 1 => drop(edited.remove(at)),
            _ => edited.insert(at, other),
        }
    }
    edited.concat()
}

/// Puts the sentences, of code the lines, into another order.
fn shuffled(text: &str, draw: &mut Draw) -> String {
    let mut parts: Vec<&str> = text.split_inclusive(['.', '?', '!', '\n']).collect();
    for last in (1..parts.len()).rev() {
        parts.swap(last, draw.below(last + 1));
    }
    parts.join(" ")
}

/// Texts that hold no item, by what they are.
fn clean_texts() -> Option<BTreeMap<&'static str, Vec<String>>> {
    let mut all = BTreeMap::new();
    for (name, file) in [
        ("rust-book", "docs/rust-book/base.jsonl.zst"),
        ("prometheus", "docs/prometheus-docs/base.jsonl.zst"),
        ("opentelemetry", "docs/opentelemetry.io/base.jsonl.zst"),
    ] {
        let texts = lines(file)?.into_iter().map(|page| page["text"].as_str().unwrap().to_owned());
        all.insert(name, texts.collect());
    }
    let tasks = lines("instruct/gpteacher-codegen.jsonl.zst")?;
    let task = |row: &serde_json::Value| {
        let column = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        [column("instruction"), column("input"), column("response")].join("\n\n")
    };
    all.insert("gpteacher", tasks.iter().map(task).collect());
    Some(all)
}

struct Rates {
    clean: Arc<dyn Verifier>,
    passages: Vec<String>,
}

impl Rates {
    /// Returns the share of items whose copy is found, alone and within a passage.
    fn found(&self, items: &[String], copy: &mut dyn FnMut(&str) -> String) -> [f64; 2] {
        let mut found = [0usize; 2];
        for (index, item) in items.iter().enumerate() {
            let copy = copy(item);
            let passage = &self.passages[index % self.passages.len()];
            let middle = passage.char_indices().nth(passage.chars().count() / 2).map_or(0, |(at, _)| at);
            let within = format!("{} {copy} {}", &passage[..middle], &passage[middle..]);
            for (found, text) in found.iter_mut().zip([copy, within]) {
                *found += usize::from(!self.clean.verify(&sample(&text), &[]).accept);
            }
        }
        found.map(|found| found as f64 / items.len() as f64)
    }
}

#[test]
fn planted_items_are_found_and_clean_texts_pass() {
    let (Some(gsm8k), Some(humaneval), Some(texts)) =
        (lines("math/gsm8k-train.jsonl.zst"), lines("code/humaneval.jsonl.zst"), clean_texts())
    else {
        return println!(
            "no items of benchmarks were planted: RIFFLEBOX_DATA names no folder that holds them"
        );
    };
    // Every fifth, or with `RIFFLEBOX_LONG` all of them.
    let long = std::env::var("RIFFLEBOX_LONG").is_ok_and(|long| long == "1");
    let gsm8k: Vec<_> = gsm8k.into_iter().step_by(if long { 1 } else { 5 }).collect();
    // A solution of three lines is what anybody writes: of HumanEval, what is asked and tested is held out.
    let mut held = held_out("gsm8k", &gsm8k, &["question", "answer"]);
    held.extend(held_out("humaneval", &humaneval, &["prompt", "test"]));
    let clean = Decontaminate::default().against(Arc::new(HeldOut::of(held)));
    for (name, texts) in &texts {
        let alarms: Vec<String> =
            texts.iter().filter_map(|text| clean.verify(&sample(text), &[]).reason).collect();
        println!("{name}: {} false alarms in {} texts {alarms:?}", alarms.len(), texts.len());
        assert!(alarms.len() * 1000 <= texts.len(), "{name}: {alarms:#?}");
    }
    let passages: Vec<String> =
        texts["prometheus"].iter().filter(|text| text.len() < 20_000).cloned().collect();
    let rates = Rates { clean, passages };
    let column = |rows: &[serde_json::Value], name: &str| -> Vec<String> {
        rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    for (name, items) in [("gsm8k", column(&gsm8k, "question")), ("humaneval", column(&humaneval, "prompt"))]
    {
        let mut draw = Draw(7);
        let verbatim = rates.found(&items, &mut str::to_owned);
        let shuffles = rates.found(&items, &mut |item| shuffled(item, &mut draw));
        println!("{name}: of {} items found verbatim {verbatim:?}, shuffled {shuffles:?}", items.len());
        assert_eq!(verbatim, [1.0; 2], "{name}");
        assert!(shuffles.iter().all(|share| *share >= 0.95), "{name}: {shuffles:?}");
        for percent in [2, 5, 10] {
            let edits = rates.found(&items, &mut |item| edited(item, percent, &mut draw));
            println!("{name}: with {percent} % of the words edited {edits:?}");
            assert!(edits.iter().all(|share| *share >= 0.95), "{name}, {percent} %: {edits:?}");
        }
    }
}
