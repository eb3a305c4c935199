mod xquad;

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use rifflebox_core::{Fields, Origin, Outcome, StageRow, Tier, Value, Verdict};
use rifflebox_dataflow::Pace;
use rifflebox_testkit::{Judging, Random};

use super::*;
use crate::passage::sentences;

fn page(id: &str, text: &str) -> Document {
    Document {
        source: "docs".to_owned(),
        id: id.to_owned(),
        text: text.to_owned(),
        tier: Tier::T0,
        license: None,
        origin: Origin::default(),
        fields: Fields::new(),
        redactions: Default::default(),
    }
}

/// A document of which a generator made all words, so that it bears no witness.
fn statement(id: &str, text: &str) -> Document {
    Document { origin: Origin { depth: 1, ..Origin::default() }, ..page(id, text) }
}

/// A question and its answer.
fn answer(id: &str, prompt: &str, completion: &str) -> Document {
    let fields = [("prompt", prompt), ("completion", completion)];
    let fields = fields.map(|(name, text)| (name.to_owned(), Value::Text(text.to_owned())));
    Document { fields: fields.into_iter().collect(), ..statement(id, "") }
}

fn facts(change: impl FnOnce(&mut FactsSettings)) -> Arc<Facts> {
    let mut settings = FactsSettings::default();
    change(&mut settings);
    Arc::new(Facts::new(settings, Path::new("")).unwrap())
}

fn pace(workers: usize) -> Pace {
    Pace { workers, ..Pace::default() }
}

fn verdict(judged: &BTreeMap<String, StageRow>, id: &str) -> Verdict {
    judged[id].verdict.clone().unwrap_or_else(|| panic!("{id} is not judged"))
}

const ENGINE: &str = "# Engines\n\nAda Lovelace wrote notes about the Analytical Engine in 1843. Charles Babbage had designed it. The \
                      engine was never built, and 24 of its plans are lost.";
const LOOM: &str = "# Looms\n\nJoseph Marie Jacquard showed his loom in Lyon in 1804. Punched cards told it which pattern to weave.";

fn judge(documents: Vec<Document>) -> BTreeMap<String, StageRow> {
    let mut judging = Judging::new(facts(|_| {})).unwrap();
    documents.into_iter().for_each(|document| judging.put(document));
    judging.run(pace(2)).unwrap();
    judging.compare().unwrap();
    judging.judged()
}

#[test]
fn claims_stand_where_a_passage_says_them() {
    let judged = judge(vec![
        page("engine.md", ENGINE),
        page("loom.md", LOOM),
        statement(
            "right",
            "In 1843 Ada Lovelace wrote notes about an engine. Punched cards told the loom of Jacquard its pattern.",
        ),
        statement(
            "wrong",
            "In 1843 Ada Lovelace wrote notes about an engine. In 1805 Jacquard showed his loom in Lyon.",
        ),
        statement("off", "Bananas ripen faster beside apples, because of ethylene."),
        statement("nothing", "..."),
        answer("asked", "Who designed the Analytical Engine?", "Charles Babbage"),
        answer("moved", "Who designed the Analytical Engine?", "Joseph Marie Jacquard"),
        answer("absent", "Who designed the Analytical Engine?", "Luigi Menabrea"),
    ]);
    let told = |id: &str| {
        let verdict = verdict(&judged, id);
        format!("{}: {}", if verdict.accept { "yes" } else { "no" }, verdict.reason.unwrap_or_default())
    };
    assert_eq!(told("right"), "yes: the weakest of 2, claim 1, has 1.00 in docs:engine.md");
    assert_eq!(
        told("wrong"),
        "no: claim 2, \"In 1805 Jacquard showed his loom in Lyon.\": its best passage, of docs:loom.md, has 0.71 of it and lacks `1805`"
    );
    assert!(told("off").starts_with("no: claim 1, \"Bananas ripen faster"), "{}", told("off"));
    assert_eq!(told("nothing"), "no: it states nothing that could be looked up");
    assert!(told("asked").starts_with("yes: the weakest of 1, claim 1, has "), "{}", told("asked"));
    assert!(told("moved").starts_with("no: claim 1, \"Joseph Marie Jacquard\": "), "{}", told("moved"));
    assert!(told("absent").contains("lacks `Luigi`"), "{}", told("absent"));
    // A page bears witness for itself.
    assert!(verdict(&judged, "engine.md").accept);
}

#[test]
fn what_a_generator_wrote_bears_no_witness() {
    let text = "Bananas ripen faster beside apples, because of ethylene.";
    let judged = judge(vec![statement("one", text), statement("two", text)]);
    assert!(!verdict(&judged, "one").accept && !verdict(&judged, "two").accept);
}

/// Sentences of a few invented words each, which a page and a sample share.
fn invented(random: &mut Random, words: usize) -> String {
    let words: Vec<String> = (0..words).map(|_| format!("w{}x", random.below(1 << 24))).collect();
    format!("{}.", words.join(" "))
}

#[test]
fn a_document_that_changes_moves_only_the_verdicts_that_rest_on_it() {
    let mut random = Random::new(5);
    let texts: Vec<Vec<String>> =
        (0..150).map(|_| (0..6).map(|_| invented(&mut random, 8)).collect()).collect();
    let mut judging = Judging::new(facts(|_| {})).unwrap();
    for (index, text) in texts.iter().enumerate() {
        judging.put(page(&format!("page {index}"), &text.join("\n\n")));
        judging.put(statement(&format!("sample {index}"), &format!("{} {}", text[1], text[4])));
    }
    judging.run(pace(2)).unwrap();
    assert!(judging.judged().values().all(|row| row.outcome == Outcome::Kept));

    let count = |judging: &Judging| {
        ["marks", "met", "chosen", "asked", "findings", "judged", "verdicts"]
            .map(|name| judging.updates(&format!("judged/{name}")))
    };
    let before = count(&judging);
    let changed = texts[7][..4].join("\n\n");
    judging.put(page("page 7", &changed));
    judging.run(pace(1)).unwrap();
    let moved: Vec<usize> =
        count(&judging).iter().zip(before).map(|(after, before)| after.abs_diff(before)).collect();
    let judged = judging.judged();
    let rejected: Vec<&String> =
        judged.iter().filter(|(_, row)| row.outcome == Outcome::Rejected).map(|(id, _)| id).collect();
    assert_eq!(rejected, ["sample 7"]);
    // Of the 300 samples only that one, and the page's own, were judged again.
    assert!(moved[6] <= 6 && moved.iter().sum::<usize>() <= 250, "{moved:?}");

    judging.put(page("page 7", &texts[7].join("\n\n")));
    judging.run(pace(3)).unwrap();
    judging.compare().unwrap();
    assert!(judging.judged().values().all(|row| row.outcome == Outcome::Kept));
}

#[test]
fn words_of_a_crowd_find_nothing_and_are_noted() {
    let mut random = Random::new(9);
    let mut judging = Judging::new(facts(|settings| settings.crowd = 4)).unwrap();
    for index in 0..12 {
        judging.put(page(
            &format!("page {index}"),
            &format!("Common words everywhere. {}", invented(&mut random, 8)),
        ));
    }
    judging.put(statement("sample", "Common words everywhere."));
    judging.run(pace(2)).unwrap();
    let (judged, notes) = (judging.judged(), judging.notes());
    assert!(verdict(&judged, "sample").reason.unwrap().ends_with("no passage speaks of it"));
    // The page itself is held against its own words.
    assert!(verdict(&judged, "page 3").accept);
    assert_eq!(notes["words of claims that stand in too many passages"], 3);
    assert_eq!(notes["passages that these words did not find"], 36);
    judging.remove("sample");
    (0..9).for_each(|index| judging.remove(&format!("page {index}")));
    judging.run(pace(1)).unwrap();
    assert!(judging.notes().is_empty(), "{:?}", judging.notes());
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wrong.tsv"), "engine 9").unwrap();
    let with = |change: &dyn Fn(&mut FactsSettings)| {
        let mut settings = FactsSettings::default();
        change(&mut settings);
        Facts::new(settings, folder.path()).unwrap_err().to_string()
    };
    assert!(with(&|s| s.threshold = f64::NAN).contains("`threshold`"));
    assert!(with(&|s| s.near = 1.5).contains("`near`"));
    assert!(with(&|s| s.rival = -1.0).contains("`rival`"));
    assert!(with(&|s| s.probes = 0).contains("`probes`"));
    assert!(with(&|s| s.columns = vec![]).contains("`columns`"));
    assert!(with(&|s| s.weights = Some("nowhere.tsv".into())).contains("nowhere.tsv, which cannot be read"));
    assert!(with(&|s| s.weights = Some("wrong.tsv".into())).contains("line 1 is no word"));
}

#[test]
fn a_table_of_weights_counts_by_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        let settings = FactsSettings { weights: Some(name.to_owned()), ..FactsSettings::default() };
        Facts::new(settings, folder.path()).unwrap().identity().fingerprint()
    };
    assert_eq!(of("a.tsv", "engine\t9\n"), of("b.tsv", "engine\t9\n"));
    assert_ne!(of("a.tsv", "engine\t9\n"), of("b.tsv", "engine\t8\n"));
    assert_ne!(of("a.tsv", "engine\t9\n"), Facts::default().identity().fingerprint());
}

/// The pages of the bundled corpus that are English, by path.
fn pages() -> BTreeMap<String, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/corpus/documents");
    let (mut pages, mut open) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|ending| ending == "md") => {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    pages.insert(name, std::fs::read_to_string(path).unwrap());
                }
                false => {}
            }
        }
    }
    pages
}

/// Puts another number or name of the corpus in the place of one that a sentence has; none where it has none.
fn planted(sentence: &str, random: &mut Random, others: &[String]) -> Option<String> {
    let fixed: Vec<_> = Weights::default().terms(sentence).into_iter().filter(|term| term.is_fixed).collect();
    if fixed.is_empty() {
        return None;
    }
    let term = random.choose(&fixed).clone();
    let other = random.choose(others).clone();
    let same = Weights::default().set(&other).contains(&term.hash);
    (!same).then(|| sentence.replacen(&term.word, &other, 1))
}

#[test]
fn sentences_of_real_pages_are_supported_and_with_another_number_or_name_they_are_not() {
    // Each page is a sample too: a part of the pages, and not the longest, will do.
    let short = pages().into_iter().filter(|(_, text)| text.len() < 8_000);
    let pages: Vec<(String, String)> = short.step_by(3).collect();
    let mut random = Random::new(3);
    let mut judging = Judging::new(facts(|_| {})).unwrap();
    let mut fixed = Vec::new();
    let mut chosen = Vec::new();
    for (name, text) in &pages {
        judging.put(page(name, text));
        let long = sentences(text).into_iter().filter(|sentence| {
            let terms = Weights::default().terms(sentence);
            fixed.extend(terms.iter().filter(|term| term.is_fixed).map(|term| term.word.clone()));
            terms.len() >= 8 && sentence.len() < 400 && sentence.starts_with(char::is_alphabetic)
        });
        let long: Vec<&str> = long.collect();
        if !long.is_empty() {
            chosen.extend((0..3).map(|_| random.choose(&long).to_string()));
        }
    }
    let mut right = 0;
    for (index, sentence) in chosen.iter().enumerate() {
        judging.put(statement(&format!("true {index}"), sentence));
        right += 1;
        if let Some(wrong) = planted(sentence, &mut random, &fixed) {
            judging.put(statement(&format!("planted {index}"), &wrong));
        }
    }
    judging.run(pace(2)).unwrap();
    let judged = judging.judged();
    let accepted = |prefix: &str| {
        let of = judged.iter().filter(|(id, _)| id.starts_with(prefix));
        let (all, kept) = of.fold((0, 0), |(all, kept), (_, row)| {
            (all + 1, kept + usize::from(row.outcome == Outcome::Kept))
        });
        (kept, all)
    };
    let (kept, all) = accepted("true ");
    let (missed, planted) = accepted("planted ");
    println!(
        "facts: {kept} of {all} sentences of pages accepted, {} of {planted} planted rejected",
        planted - missed
    );
    assert!(all == right && all > 60 && planted > 40, "{all} {planted}");
    assert!(kept * 100 >= all * 95, "{kept} of {all}");
    // What was put in may stand beside it, or in a heading.
    assert!((planted - missed) * 100 >= planted * 90, "{missed} of {planted} planted faults pass");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// Pages and samples come, change and go across restarts and workers: always what a fresh evaluation has.
    #[test]
    fn histories_end_as_a_fresh_evaluation_has_them(seed in 0u64..1 << 32) {
        let mut random = Random::new(seed);
        let bases: Vec<String> = (0..10).map(|_| invented(&mut random, 5)).collect();
        let small = |settings: &mut FactsSettings| {
            (settings.crowd, settings.candidates, settings.probes) = (3, 2, 4);
        };
        let mut judging = Judging::new(facts(small)).unwrap();
        for run in 0..4 {
            for _ in 0..1 + random.below(12) {
                let slot = random.below(20);
                if random.once_in(4) {
                    judging.remove(&slot.to_string());
                    continue;
                }
                let text: Vec<String> =
                    (0..1 + random.below(3)).map(|_| random.choose(&bases).clone()).collect();
                let id = slot.to_string();
                judging.put(match slot % 3 {
                    0 => page(&id, &text.join("\n\n")),
                    1 => statement(&id, &text.join(" ")),
                    _ => answer(&id, &text[0], text.last().unwrap()),
                });
            }
            let pace = Pace { workers: 1 + random.below(3) as usize, ..Pace::default() };
            judging.run(pace).unwrap();
            prop_assert_eq!(judging.compare(), Ok(()), "run {}", run);
        }
    }
}
