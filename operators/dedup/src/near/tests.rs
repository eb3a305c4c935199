use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use rifflebox_core::{Document, Fields, Origin, Score, Tier, Value};
use rifflebox_dataflow::Pace;
use rifflebox_testkit::{Displaced, Purging, Random};

use super::shingle::Shingler;
use super::*;

pub(super) fn document(id: &str, text: String, tier: Tier) -> Document {
    Document {
        source: "docs".to_owned(),
        id: id.to_owned(),
        text,
        tier,
        license: None,
        origin: Origin::default(),
        fields: Fields::new(),
        redactions: Default::default(),
    }
}

fn near(threshold: f64) -> Arc<NearDuplicates> {
    Arc::new(NearDuplicates::above(threshold))
}

pub(super) fn pace(workers: usize) -> Pace {
    Pace { workers, ..Pace::default() }
}

fn set(text: &str) -> BTreeSet<u64> {
    Shingler { unit: Unit::Word, n: 5 }.with_set(text, |set| set.iter().copied().collect())
}

fn jaccard(one: &str, two: &str) -> f64 {
    let (one, two) = (set(one), set(two));
    let shared = one.intersection(&two).count();
    shared as f64 / (one.len() + two.len() - shared) as f64
}

/// Whatever was found, what is displaced gave way to a kept, better row that really is that similar.
fn sound(documents: &BTreeMap<String, Document>, displaced: &Displaced, threshold: f64) {
    for (id, (by, similarity)) in displaced {
        assert!(!displaced.contains_key(by), "{by}, by which {id} goes, is kept");
        let true_similarity = jaccard(&documents[id].text, &documents[by].text);
        assert!(
            (true_similarity - similarity.value()).abs() < 1e-6,
            "{id} {by} {true_similarity} {similarity:?}"
        );
        assert!(true_similarity >= threshold - 1e-9);
        assert!(documents[by].tier <= documents[id].tier, "{id} of a better tier gave way to {by}");
    }
}

/// Pairs of similar documents of which both are kept, of all similar pairs.
fn missed(documents: &BTreeMap<String, Document>, displaced: &Displaced, threshold: f64) -> (usize, usize) {
    let sets: Vec<(&String, BTreeSet<u64>)> = documents.iter().map(|(id, d)| (id, set(&d.text))).collect();
    let (mut missed, mut all) = (0, 0);
    for (index, (one, a)) in sets.iter().enumerate() {
        for (two, b) in &sets[index + 1..] {
            let shared = a.intersection(b).count();
            if shared as f64 >= threshold * (a.len() + b.len() - shared) as f64 {
                all += 1;
                missed += usize::from(!displaced.contains_key(*one) && !displaced.contains_key(*two));
            }
        }
    }
    (missed, all)
}

/// A text of `words` words drawn from a seed.
pub(super) fn prose(random: &mut Random, words: usize) -> Vec<String> {
    (0..words).map(|_| format!("w{}", random.below(5_000))).collect()
}

/// A text whose words are replaced here and there.
pub(super) fn edited(text: &[String], random: &mut Random, edits: usize) -> Vec<String> {
    let mut text = text.to_vec();
    for _ in 0..edits {
        let at = random.below(text.len() as u64) as usize;
        text[at] = format!("e{}", random.below(5_000));
    }
    text
}

#[test]
fn a_chain_is_decided_link_by_link_and_a_deletion_turns_it_over() {
    // Each revision differs from the one before by a few words at its own place, and is like its neighbours only.
    let mut random = Random::new(7);
    let mut text = prose(&mut random, 60);
    let mut chain = Purging::new(near(0.7)).unwrap();
    let links = 2_000;
    for link in 0..links {
        chain.put(document(&format!("{link:05}"), text.join(" "), Tier::T0));
        let from = (link * 5) % 60;
        for word in &mut text[from..from + 5] {
            *word = format!("r{}", random.below(1 << 40));
        }
    }
    chain.run(pace(2)).unwrap();
    let before = chain.displaced();
    sound(chain.documents(), &before, 0.7);
    assert!(before.len() > links / 4, "{} of {links} go", before.len());
    let deleted = chain.documents().keys().nth(links / 2).unwrap().clone();
    chain.remove(&deleted);
    let edges = chain.updates("purged/edges");
    chain.run(pace(1)).unwrap();
    sound(chain.documents(), &chain.displaced(), 0.7);
    assert!(chain.updates("purged/edges") <= edges + 4, "a deletion touches the edges of one row");
    let mut fresh = Purging::new(near(0.7)).unwrap();
    chain.documents().values().for_each(|document| fresh.put(document.clone()));
    fresh.run(pace(1)).unwrap();
    assert_eq!(fresh.displaced(), chain.displaced());
}

#[test]
fn a_crowd_of_one_template_is_bounded_and_nothing_is_removed_wrongly() {
    let mut random = Random::new(3);
    let template = prose(&mut random, 80);
    let mut crowd = Purging::new(near(0.8)).unwrap();
    let rows = if std::env::var_os("RIFFLEBOX_LONG").is_some() { 2_000 } else { 600 };
    for row in 0..rows {
        // Slots of a few words: some rows are alike enough, most are not.
        let mut text = template.clone();
        for slot in [10, 30, 50] {
            text[slot] = format!("name{}", random.below(7));
        }
        text[70] = format!("number{}", random.below(6));
        crowd.put(document(&format!("{row:04}"), text.join(" "), Tier::T3));
    }
    crowd.run(pace(2)).unwrap();
    let displaced = crowd.displaced();
    sound(crowd.documents(), &displaced, 0.8);
    let (missed, all) = missed(crowd.documents(), &displaced, 0.8);
    assert!(all > 1_000, "{all} similar pairs");
    assert!(missed * 20 <= all, "{missed} of {all} similar pairs are both kept");
    let notes = crowd.notes();
    assert!(notes["crowded bands"] > 0 && notes["pairs in crowded bands not compared"] > 0, "{notes:?}");
}

#[test]
fn copies_are_found_in_a_crowd_where_signatures_are_short() {
    let mut random = Random::new(5);
    let template = prose(&mut random, 300);
    let mut crowd = Purging::new(near(1.0)).unwrap();
    for row in 0..20 {
        let mut text = template.clone();
        text[150] = format!("name{row}");
        crowd.put(document(&format!("{row:02}"), text.join(" "), Tier::T3));
        crowd.put(document(&format!("{row:02}, said otherwise"), text.join(", "), Tier::T3));
    }
    crowd.run(pace(1)).unwrap();
    let displaced = crowd.displaced();
    sound(crowd.documents(), &displaced, 1.0);
    assert_eq!(
        (displaced.len(), crowd.notes()["rows in crowded bands"] > 0),
        (20, true),
        "{:?}",
        crowd.notes()
    );
}

#[test]
fn a_human_row_outlives_its_copies_and_a_survivor_that_goes_gives_them_back() {
    let mut random = Random::new(11);
    let original = prose(&mut random, 100);
    let mut purge = Purging::new(near(0.8)).unwrap();
    purge.put(document("copy", original.join(" "), Tier::T3));
    purge.put(document("edited", edited(&original, &mut random, 1).join(" "), Tier::T2));
    purge.run(pace(1)).unwrap();
    assert_eq!(purge.displaced().into_keys().collect::<Vec<_>>(), ["copy"]);
    purge.put(document("original", original.join(" "), Tier::T0));
    purge.run(pace(2)).unwrap();
    let displaced = purge.displaced();
    assert_eq!(displaced["copy"], ("original".to_owned(), Score::ONE));
    assert_eq!(displaced["edited"].0, "original");
    purge.remove("original");
    purge.run(pace(3)).unwrap();
    assert_eq!(purge.displaced().into_keys().collect::<Vec<_>>(), ["copy"], "the best of them returns");
}

#[test]
fn a_threshold_that_changes_and_changes_back_ends_where_it_began() {
    let mut random = Random::new(5);
    let mut purge = Purging::new(near(0.8)).unwrap();
    for group in 0..20 {
        let text = prose(&mut random, 60);
        for copy in 0..6 {
            let text = edited(&text, &mut random, copy).join(" ");
            purge.put(document(&format!("{group}-{copy}"), text, Tier::ALL[copy % 4]));
        }
    }
    purge.run(pace(2)).unwrap();
    let at_first = purge.displaced();
    purge.replace(near(0.6)).unwrap();
    purge.run(pace(1)).unwrap();
    assert!(purge.displaced().len() > at_first.len());
    sound(purge.documents(), &purge.displaced(), 0.6);
    purge.replace(near(0.8)).unwrap();
    purge.run(pace(2)).unwrap();
    assert_eq!(purge.displaced(), at_first);
    purge.compare().unwrap();
}

#[test]
fn vectors_are_compared_by_their_angle() {
    let mut random = Random::new(21);
    let mut draw = || random.below(2_001) as f64 / 1000.0 - 1.0;
    let mut vectors: Vec<Vec<f64>> = Vec::new();
    for _ in 0..60 {
        let topic: Vec<f64> = (0..48).map(|_| draw()).collect();
        for copy in 0..5 {
            let spread = f64::from(copy) * 0.08;
            vectors.push(topic.iter().map(|value| value + spread * draw()).collect());
        }
    }
    let cosine = |one: &[f64], two: &[f64]| {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        dot(one, two) / (dot(one, one) * dot(two, two)).sqrt()
    };
    let threshold = 0.97;
    let mut purge = Purging::new(Arc::new(NearDuplicates::embedded("vector", threshold))).unwrap();
    for (index, vector) in vectors.iter().enumerate() {
        let mut row = document(&index.to_string(), format!("text {index}"), Tier::ALL[index % 4]);
        let list = vector.iter().map(|value| Value::Float(*value)).collect();
        row.fields.insert("vector".to_owned(), Value::List(list));
        purge.put(row);
    }
    // What has no vector, another's dimension, or no numbers in it, is like nothing.
    for (id, value) in
        [("none", None), ("short", Some(vec![Value::Int(1)])), ("text", Some(vec!["x".into()]))]
    {
        let mut row = document(id, "text 0".to_owned(), Tier::T3);
        value.map(|list| row.fields.insert("vector".to_owned(), Value::List(list)));
        purge.put(row);
    }
    purge.run(pace(2)).unwrap();
    purge.compare().unwrap();
    let displaced = purge.displaced();
    let number = |id: &String| id.parse::<usize>().unwrap();
    for (id, (by, similarity)) in &displaced {
        let truth = cosine(&vectors[number(id)], &vectors[number(by)]);
        assert!(truth >= threshold - 1e-6 && (truth - similarity.value()).abs() < 1e-5, "{id} {by} {truth}");
        assert!(!displaced.contains_key(by) && number(by) % 4 <= number(id) % 4);
    }
    let kept = |index: usize| !displaced.contains_key(&index.to_string());
    let pairs = (0..vectors.len()).flat_map(|one| (0..one).map(move |two| (one, two)));
    let alike: Vec<_> =
        pairs.filter(|(one, two)| cosine(&vectors[*one], &vectors[*two]) >= threshold).collect();
    let missed = alike.iter().filter(|(one, two)| kept(*one) && kept(*two)).count();
    assert!(alike.len() > 100 && missed * 50 <= alike.len(), "{missed} of {} missed", alike.len());
}

#[test]
fn a_vector_that_changes_alone_is_compared_anew() {
    let settings =
        NearSettings { threshold: 0.9, embedding: Some("vector".to_owned()), ..Default::default() };
    let mut purge = Purging::new(Arc::new(NearDuplicates::new(settings).unwrap())).unwrap();
    let with = |id: &str, vector: [f64; 3]| {
        let mut row = document(id, format!("the text of {id}"), Tier::T0);
        row.fields.insert("vector".to_owned(), Value::List(vector.map(Value::Float).to_vec()));
        row
    };
    let mut similarities = Vec::new();
    // Nearer and farther in bands that they share, then apart, then together: always under the same names.
    for second in [[1.0, 0.1, 0.0], [1.0, 0.2, 0.0], [1.0, 0.15, 0.1], [0.0, 1.0, 0.0], [1.0, 0.1, 0.0]] {
        purge.put(with("one", [1.0, 0.0, 0.0]));
        purge.put(with("two", second));
        purge.run(pace(1)).unwrap();
        purge.compare().unwrap();
        similarities.push(purge.displaced().into_values().next().map(|(_, similarity)| similarity));
    }
    assert_eq!(similarities[0], similarities[4]);
    assert_eq!(similarities[3], None);
    assert!(similarities[0] > similarities[1] && similarities[1] > None, "{similarities:?}");
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let with = |change: &dyn Fn(&mut NearSettings)| {
        let mut settings = NearSettings::default();
        change(&mut settings);
        NearDuplicates::new(settings).unwrap_err().to_string()
    };
    assert!(with(&|s| s.threshold = 0.0).contains("`threshold`"));
    assert!(with(&|s| s.threshold = f64::NAN).contains("`threshold`"));
    assert!(with(&|s| s.miss_rate = 1.0).contains("`miss_rate`"));
    assert!(with(&|s| s.n = 0).contains("`n`"));
    assert!(with(&|s| s.crowd = 2).contains("`crowd`"));
    assert!(with(&|s| s.on = vec!["context".to_owned()]).contains("`context`"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Originals and copies come, change and go across tiers and restarts: always what a fresh evaluation has.
    #[test]
    fn histories_end_as_a_fresh_evaluation_has_them(seed in 0u64..1 << 32) {
        let mut random = Random::new(seed);
        let bases: Vec<Vec<String>> = (0..3).map(|_| prose(&mut random, 40)).collect();
        let mut purge = Purging::new(near(0.7)).unwrap();
        for run in 0..4 {
            for _ in 0..1 + random.below(12) {
                let id = format!("{}", random.below(24));
                if random.once_in(4) {
                    purge.remove(&id);
                    continue;
                }
                let edits = random.below(4) as usize;
                let text = edited(&bases[random.below(3) as usize].clone(), &mut random, edits).join(" ");
                purge.put(document(&id, text, *random.choose(&Tier::ALL)));
            }
            let pace = Pace { workers: 1 + random.below(3) as usize, ..Pace::default() };
            purge.run(pace).unwrap();
            purge.compare().map_err(|differs| TestCaseError::fail(format!("run {run}: {differs}")))?;
            sound(purge.documents(), &purge.displaced(), 0.7);
        }
    }
}
