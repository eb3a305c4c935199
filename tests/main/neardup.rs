//! Near-duplicates on real texts: sections of one manual in several published versions, with every similar pair known.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rifflebox::{
    Document, Exact, Fate, Fields, Files, Flow, NearDuplicates, Origin, Passages, Recipe, Report, RowQuery,
    Status, Tier, Workspace, flow,
};
use rifflebox_dataflow::Pace;
use rifflebox_testkit::Purging;
use serde_json::Value;

use super::support::{say, wait_for};

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
            redactions: Default::default(),
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

/// Human pages, and those that a machine brought in.
fn told(folder: &Path) -> Flow {
    let flow = flow("told");
    let pages = |glob: &str, name: &str, tier| {
        flow.documents(name, Files::matching(glob).tier(tier).source(name, folder).unwrap())
    };
    let human = pages("human/*.md", "human", Tier::T0);
    let machine = pages("machine/*.md", "machine", Tier::T3);
    let rows = human.concat(&machine).generate(Passages::whole());
    rows.dedup(Exact).dedup(NearDuplicates::above(0.8)).mix(Recipe::default()).publish();
    flow
}

#[test]
fn a_row_that_gave_way_tells_to_which_and_returns_when_that_goes() {
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> = (0..60).map(|word| format!("word{word}")).collect();
    let edited = |at: usize| {
        let mut words = words.clone();
        words[at] = "another".to_owned();
        words.join(" ")
    };
    let write = |path: &str, text: &str| {
        std::fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(path), text).unwrap();
    };
    write("human/page.md", &words.join(" "));
    write("human/other.md", "Something else altogether, of which nobody has made a copy.");
    write("machine/first.md", &edited(59));
    write("machine/second.md", &edited(58));
    let told = told(folder.path());
    let build =
        |url: &str| -> Report { wait_for(async { Workspace::open(url).await?.build(&told).await }).unwrap() };
    let list = |status: Status| {
        let query = RowQuery { status: Some(status), ..RowQuery::default() };
        let mut rows = Vec::new();
        let mut each = |row: Value| {
            rows.push(row);
            Ok(())
        };
        wait_for(async { Workspace::open("memory:told").await?.rows(&told, &query, &mut each).await })
            .unwrap();
        rows
    };
    let report = build("memory:told");
    assert_eq!((report.samples.total, report.samples.displaced), (2, 2));
    assert_eq!(report.absent["near"], BTreeMap::from([("displaced".to_owned(), 2)]));
    for row in list(Status::Displaced) {
        assert_eq!((&row["stage"], &row["by_documents"][0]), (&"near".into(), &"human:page.md".into()));
        let name = row["documents"][0].as_str().unwrap().trim_start_matches("machine:").to_owned();
        let text = std::fs::read_to_string(folder.path().join("machine").join(name)).unwrap();
        let exact = jaccard(&words.join(" "), &text);
        assert!((row["similarity"].as_f64().unwrap() - exact).abs() < 1e-6);
    }
    let stories =
        wait_for(async { Workspace::open("memory:told").await?.explain(&told, "machine/second.md").await });
    let stories = stories.unwrap();
    let story = stories.iter().find(|story| story.by.is_some()).expect("the copy gave way");
    assert!(story.status == Fate::Displaced && story.similarity.unwrap() > 0.9, "{stories:#?}");

    std::fs::remove_file(folder.path().join("human/page.md")).unwrap();
    let report = build("memory:told");
    assert_eq!(report.snapshot, build("memory:told-afresh").snapshot);
    assert_eq!(
        report.samples.displaced, 1,
        "the better of the two copies stands, and the other gives way to it"
    );
    let displaced = list(Status::Displaced);
    assert!(displaced[0]["by_documents"][0].as_str().unwrap().starts_with("machine:"));
}
