//! Every operator is put through the laws: pure, and kept true by the engine as a fresh evaluation would have it.

#![expect(clippy::unwrap_used, reason = "a law that does not hold ends the test")]

use std::sync::Arc;

use rifflebox::{
    C4Quality, Characters, Cloze, Decontaminate, Document, Exact, Facts, FactsSettings, Fields,
    FinewebQuality, Format, Generator, GopherQuality, GopherRepetition, Language, Length, NearDuplicates,
    Numeric, Passages, PersonalData, QualityClassifier, Recipe, Refusal, Supported, TableRows as Rows, Tier,
    Toxicity, Value, Verbatim, VerbatimSettings, Verifier, Vocabulary,
};
use rifflebox_testkit::{Effort, generator_laws, graph_verifier_laws, mixer_laws, purge_laws, verifier_laws};

/// A dozen short pages of real documentation, and some rows of a table.
fn documents() -> Vec<Document> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/corpus/documents");
    let mut pages = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            match path.is_dir() {
                true => open.push(path),
                false if path.extension().is_some_and(|e| e == "md") => {
                    pages.push(std::fs::read_to_string(path).unwrap())
                }
                false => {}
            }
        }
    }
    pages.retain(|text| text.len() < 4_000);
    pages.sort_by_key(|text| blake3::hash(text.as_bytes()).to_hex().to_string());
    pages.truncate(12);
    assert_eq!(pages.len(), 12, "the bundled corpus has short pages");
    let page = |(index, text): (usize, String)| {
        let fields =
            [("question", format!("Question {index}?")), ("answer", format!("Answer {}.", index / 2))];
        Document {
            source: "docs".to_owned(),
            id: format!("{index}.md"),
            text,
            tier: if index % 3 == 0 { Tier::T1 } else { Tier::T0 },
            license: Some("CC-BY-4.0".to_owned()),
            origin: rifflebox::Origin::default(),
            fields: fields
                .map(|(name, text)| (name.to_owned(), Value::Text(text)))
                .into_iter()
                .collect::<Fields>(),
            redactions: Default::default(),
        }
    };
    pages.into_iter().enumerate().map(page).collect()
}

fn generates(generator: impl Generator + 'static) {
    generator_laws(Arc::new(generator), &documents(), Effort::default()).unwrap();
}

fn verifies(verifier: impl Verifier + 'static) {
    verifier_laws(Arc::new(verifier), &documents(), Effort::default()).unwrap();
}

#[test]
fn passages() {
    generates(Passages::default());
    generates(Passages::whole());
}

#[test]
fn rows() {
    generates(Rows::of([("prompt", "question"), ("completion", "answer")]));
    // A column that no document has: every document is a failed row.
    generates(Rows::of([("text", "nowhere")]));
}

#[test]
fn cloze() {
    generates(Cloze::default());
    generates(Cloze::about("Handbook"));
}

#[test]
fn supported() {
    verifies(Supported::default());
}

#[test]
fn numeric() {
    // Every other text has a length of which the calculation is right.
    let text = "<<{{ text | length }}-{{ text | length }}={{ text | length % 2 }}>>";
    let settings = rifflebox::NumericSettings { text: Some(text.to_owned()), ..Default::default() };
    verifies(Numeric::new(settings).unwrap());
}

#[test]
fn decontaminate() {
    let held_out = rifflebox::HeldOut::of(documents().into_iter().skip(8).collect());
    let check: &dyn rifflebox::HeldOutCheck = &Decontaminate::default();
    // The check is a description; of what is held out it makes the `Decontaminator` that judges.
    verifier_laws(check.against(Arc::new(held_out)), &documents(), Effort::default()).unwrap();
}

#[test]
#[cfg(feature = "physics")]
fn physics() {
    // Every page states how far a stone flies that was thrown as hard as its question is long.
    let settings = serde_json::json!({
        "scene": "{ \"duration\": 3, \"bodies\": [{ \"name\": \"stone\", \"velocity\": [{{ text | length % 7 }}, 9, 0] }] }",
        "question": "{ \"body\": \"stone\", \"quantity\": \"x\", \"when\": { \"cross\": \"y\" } }",
        "answer": "5.5",
        "tolerance": { "abs": 2.0 },
    });
    verifies(rifflebox::Physics::new(serde_json::from_value(settings).unwrap()).unwrap());
}

#[test]
fn filters() {
    verifies(C4Quality::new(Default::default()));
    verifies(Characters::new(Default::default()));
    verifies(FinewebQuality::new(Default::default()));
    verifies(GopherQuality::new(Default::default()));
    verifies(GopherRepetition::new(Default::default()).unwrap());
    verifies(Language::new(Default::default()).unwrap());
    let settings = rifflebox::LengthSettings { min_words: Some(200), ..Default::default() };
    verifies(Length::new(settings, None).unwrap());
}

/// Makes settings of their JSON.
fn settings<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).unwrap()
}

#[test]
fn critics() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("good.txt"), "The server scrapes its targets.\nA counter only ever rises.")
        .unwrap();
    std::fs::write(here.join("bad.txt"), "Click here to buy now!\nlorem ipsum dolor").unwrap();
    verifies(Format::new(settings(serde_json::json!({ "pattern": "(?s)^.{1,1500}$" })), here).unwrap());
    verifies(Format::new(settings(serde_json::json!({ "json": true })), here).unwrap());
    verifies(Refusal::new(settings(serde_json::json!({ "anywhere": ["prometheus"] })), here).unwrap());
    verifies(PersonalData::new(settings(serde_json::json!({ "names": ["Prometheus"] })), here).unwrap());
    verifies(Toxicity::new(settings(serde_json::json!({ "words": ["the", "metric*\t3"] })), here).unwrap());
    let vocabulary = serde_json::json!({ "terms": ["label", "HTTP\tprotocol"], "pattern": "\\b[A-Z]{4}\\b" });
    verifies(Vocabulary::new(settings(vocabulary), here).unwrap());
    let examples = serde_json::json!({ "good": ["good.txt"], "bad": ["bad.txt"], "bits": 10 });
    verifies(QualityClassifier::new(settings(examples), here).unwrap());
}

#[test]
fn a_panicking_verifier_is_rows_with_a_reason() {
    verifies(rifflebox::verifier("brittle", "1", |sample: &rifflebox::Sample| {
        assert!(sample.text().len() > 1_500, "too short for me");
        rifflebox::Verdict::accept()
    }));
}

#[test]
fn verbatim() {
    // Every other page is a generator's, which may say in a dozen words what a person's page says.
    let generated = |(index, page): (usize, Document)| {
        let text = if index % 4 == 1 { page.text.to_lowercase() } else { page.text.clone() };
        let origin = rifflebox::Origin { depth: index as u32 % 2, ..page.origin.clone() };
        Document { text, origin, ..page }
    };
    let pages =
        [documents(), documents()].concat().into_iter().enumerate().map(generated).collect::<Vec<_>>();
    for (min_words, crowd) in [(16, 32), (4, 2)] {
        let settings = VerbatimSettings { min_words, crowd, ..VerbatimSettings::default() };
        let verbatim = Verbatim::new(settings, std::path::Path::new("")).unwrap();
        graph_verifier_laws(Arc::new(verbatim), &pages, Effort::default()).unwrap();
    }
}

#[test]
fn facts() {
    // Every other page is a generator's, which says what a person's page says, or asks of it.
    let generated = |(index, page): (usize, Document)| {
        let depth = index as u32 % 2;
        let origin = rifflebox::Origin { depth, ..page.origin.clone() };
        let text = page.text.lines().filter(|line| line.len() > 40).take(6).collect::<Vec<_>>().join("\n\n");
        let asked = [
            ("prompt", "What does the page say?"),
            ("completion", text.split(". ").next().unwrap_or_default()),
        ];
        let asked = asked.map(|(name, text)| (name.to_owned(), Value::Text(text.to_owned())));
        let fields: Fields = if index % 4 == 3 { asked.into_iter().collect() } else { page.fields.clone() };
        Document { text, origin, fields, ..page }
    };
    let pages =
        [documents(), documents()].concat().into_iter().enumerate().map(generated).collect::<Vec<_>>();
    for (probes, candidates, crowd) in [(8, 12, 64), (3, 1, 2)] {
        let settings = FactsSettings { probes, candidates, crowd, ..FactsSettings::default() };
        let facts = Facts::new(settings, std::path::Path::new("")).unwrap();
        graph_verifier_laws(Arc::new(facts), &pages, Effort::default()).unwrap();
    }
}

#[test]
fn exact() {
    purge_laws(Arc::new(Exact), &documents(), Effort::default()).unwrap();
}

#[test]
fn near() {
    // Pages of one site share their wording here and there: at a low threshold some give way.
    for threshold in [0.8, 0.05] {
        purge_laws(Arc::new(NearDuplicates::above(threshold)), &documents(), Effort::default()).unwrap();
    }
}

#[test]
fn recipe() {
    let recipes = [
        Recipe::default(),
        Recipe::default().tokens(6_000),
        Recipe::shares([(Tier::T0, 0.6), (Tier::T1, 0.4)]).tokens(9_000),
        Recipe::shares([(Tier::T0, 0.5), (Tier::T2, 0.5)]),
    ];
    for recipe in recipes {
        mixer_laws(Arc::new(recipe), &documents(), Effort::default()).unwrap();
    }
}

/// Says a number that rises with every call.
struct Impure(std::sync::atomic::AtomicU64);

impl Generator for Impure {
    fn identity(&self) -> rifflebox::Identity {
        rifflebox::Identity::new("impure", "1")
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, _: &Document, say: &mut dyn FnMut(rifflebox::Draft)) -> Result<(), String> {
        let call = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        say(rifflebox::Draft::new(rifflebox::Content::Text { text: call.to_string() }));
        Ok(())
    }
}

/// Changes its mind once in a while: a retraction that takes back what was never said.
fn fickle() -> impl Verifier {
    let calls = std::sync::atomic::AtomicU64::new(0);
    rifflebox::verifier("fickle", "1", move |_| {
        match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed).is_multiple_of(3) {
            true => rifflebox::Verdict::reject("not now"),
            false => rifflebox::Verdict::accept(),
        }
    })
}

#[test]
fn what_breaks_a_law_is_found() {
    let impure = generator_laws(Arc::new(Impure(Default::default())), &documents(), Effort::default());
    assert!(impure.unwrap_err().contains("not pure"));
    verifier_laws(Arc::new(fickle()), &documents(), Effort::default()).unwrap_err();
}
