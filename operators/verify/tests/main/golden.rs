//! What each filter, critic, `numeric` and `decontaminate` said when its version was made: other words need another version, or other settings.
//!
//! `UPDATE_GOLDEN=1` writes the files anew, except where a filter kept version and settings and says something else.

use std::fmt::Write;
use std::sync::Arc;

use rifflebox_core::{Document, Fields, HeldOut, HeldOutCheck, Origin, Redactions, Tier, Verifier};
use rifflebox_verify::{
    Decontaminate, Format, Numeric, PersonalData, QualityClassifier, Refusal, Toxicity, Vocabulary, filters,
};
use serde_json::json;

use crate::{Excerpt, excerpts, filter, path, sample};

/// Texts at the edges of the rules.
const EDGES: &[(&str, &str)] = &[
    ("empty", ""),
    ("white space", " \n\t\n "),
    ("one word", "word"),
    ("symbols", "--- *** ---\n### ... !!!"),
    ("curly quotes", "“It’s here,” she said… “isn’t it?”\n"),
    ("no-break spaces", "One.\u{a0}Two.\u{a0}\u{a0}Three."),
    ("line ends of all kinds", "One.\r\nTwo.\rThree.\u{2028}Four.\u{85}Five."),
    ("digits", "1234567890 2345678901 3456789012"),
    ("capitals", "STOP SHOUTING AT ME, PLEASE, AND THANK YOU VERY MUCH"),
    ("broken", "The caf\u{fffd} is closed. \u{fffd}\u{fffd}\u{fffd}"),
    ("German", "Der Hund liegt vor dem Haus und wartet darauf, dass jemand mit ihm spazieren geht."),
    ("Japanese", "これは日本語の文章です。とても短いですが、文は二つあります。"),
    ("code", "fn main() {\n    println!(\"{}\", 1 + 1);\n}\n"),
    ("filler", "Lorem ipsum dolor sit amet, consectetur adipiscing elit."),
    ("policy", "This site uses cookies to serve you better, every day and every night.\n"),
    ("addresses", "See https://example.com/a?b=c#d or mail a.b@example.org, e.g. from 8.8.8.8:53."),
    ("again", "the same words again and the same words again and the same words again"),
    ("same lines", "a line of text\na line of text\n\na line of text\n\n\n\na line of text"),
];

/// Calculations, right and wrong, and what looks like one.
const SUMS: &[(&str, &str)] = &[
    ("annotation", "She sold 48/2 = <<48/2=24>>24 clips.\n#### 24"),
    ("wrong annotation", "She sold 48/2 = <<48/2=25>>25 clips.\n#### 25"),
    ("no annotation", "<<x=5>>"),
    ("powers", "<<9**9**9=1>> and <<5/0=0>>"),
    ("rounded", "10/3 = 3.33, and 2/3 = 0.66"),
    ("chain", "2+3=5+1=6"),
    ("units", "3 km + 200 m = 3.2 km; 3 km + 200 g = 203 km; $12 * 3 hours = $36"),
    ("percent", "20% of 50 = 10, 50/200 = 25%, 100 + 10% = 110, 20% * 50 = 1000"),
    ("times", "9:30 + 0:45 = 10:15. 11:30 am + 1 hour = 12:30 pm."),
    ("mixed", "1 1/2 + 1/4 = 1 3/4 and 1½ + ¼ = 1.75"),
    ("TeX", r"$\frac{1}{2} \times 12 = 6$, so $\boxed{6}$"),
    ("variables", "2x + 3 = 7, x = 2, f(3) = 10"),
    ("words", "half of 20 + 5 = 15, for 4 subjects = 186 + 62"),
    ("labels", "5 apples + 3 apples = 9 apples; 3 apples + 4 pears = 8 fruits"),
];

/// Answers, codes and words that critics look for.
const TOLD: &[(&str, &str)] = &[
    ("refusal", "I’m sorry, but I can’t help with that."),
    ("late refusal", "Sure. As an AI language model, I do not know."),
    ("short", "I don't know."),
    ("no refusal", "I can't believe how quick it is."),
    ("told", "Ask ada@analytical.org, or +44 20 7219 3000, or <EMAIL_3f9a2c7b04de>."),
    ("insult", "You bastards, go kill yourself."),
    ("codes", "E11.9, I10 and E11.99"),
    ("term", "Essential (primary) hypertension"),
    ("json", "{\"name\": \"a\", \"year\": 1843}"),
    ("wrong json", "{\"name\": \"a\", \"year\": \"1843\"}"),
    ("fence", "```json\n{\"name\": \"a\"}\n```"),
];

/// The critics, each with settings that find something.
fn critics() -> Vec<Arc<dyn Verifier>> {
    fn of<T: serde::de::DeserializeOwned>(settings: serde_json::Value) -> T {
        serde_json::from_value(settings).expect("settings are right")
    }
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("year.json", r#"{"type": "object", "properties": {"year": {"type": "integer"}}}"#);
    write("good.txt", "The server scrapes its targets, and keeps what they say.\nA counter only ever rises.");
    write("bad.txt", "Click here to buy now!\nlorem ipsum dolor sit amet");
    let here = folder.path();
    let format = of(json!({ "schema": "year.json", "required": ["name"], "fenced": true }));
    let vocabulary = of(json!({ "terms": ["E11.9", "I10\tEssential (primary) hypertension"],
        "pattern": r"\b[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?\b" }));
    let classifier = of(json!({ "good": ["good.txt"], "bad": ["bad.txt"], "bits": 10 }));
    vec![
        Arc::new(Format::new(format, here).expect("settings are right")),
        Arc::new(PersonalData::new(of(json!({})), here).expect("settings are right")),
        Arc::new(QualityClassifier::new(classifier, here).expect("settings are right")),
        Arc::new(Refusal::new(of(json!({})), here).expect("settings are right")),
        Arc::new(Toxicity::new(of(json!({ "words": ["bastard*\t2"] })), here).expect("settings are right")),
        Arc::new(Vocabulary::new(vocabulary, here).expect("settings are right")),
    ]
}

fn excerpts_of(texts: &[(&str, &str)]) -> Vec<Excerpt> {
    texts.iter().map(|&(id, text)| Excerpt { id: id.to_owned(), text: text.to_owned() }).collect()
}

#[test]
fn output_changes_with_the_identity_only() {
    let texts = texts();
    let sums = excerpts_of(SUMS);
    let told: Vec<Excerpt> = excerpts_of(TOLD).into_iter().chain(self::texts()).collect();
    let critics: Vec<(String, Arc<dyn Verifier>)> =
        critics().into_iter().map(|critic| (critic.identity().name, critic)).collect();
    let critics = critics.iter().map(|(name, critic)| (name.as_str(), critic.clone(), &told));
    let numeric = serde_json::from_value(json!({ "equalities": true, "require": "nothing" }));
    let numeric: Arc<dyn Verifier> =
        Arc::new(Numeric::new(numeric.expect("settings are right")).expect("settings are right"));
    let held_out = held_out(&texts);
    let judges = filters().iter().map(|&name| (name, filter(name), &texts));
    let mut stale = Vec::new();
    for (name, verifier, texts) in judges
        .chain([(Numeric::NAME, numeric, &sums), (Decontaminate::NAME, held_out, &texts)])
        .chain(critics)
    {
        let file = path("golden").join(format!("{name}.jsonl"));
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        let now = output(&*verifier, texts);
        if now == golden {
            continue;
        }
        let same_identity = golden.lines().next() == now.lines().next();
        let line = now.lines().zip(golden.lines()).find(|(now, then)| now != then);
        assert!(
            !same_identity,
            "`{name}` says something else, and has its old version and settings: give it a new version\n{line:#?}"
        );
        match std::env::var_os("UPDATE_GOLDEN") {
            Some(_) => std::fs::write(&file, now).unwrap(),
            None => stale.push(name),
        }
    }
    assert!(stale.is_empty(), "run with UPDATE_GOLDEN=1 to keep what the new identities say: {stale:?}");
}

/// Holds every third text out, with its words turned around from the tenth of them on, or none, or from the middle.
fn held_out(texts: &[Excerpt]) -> Arc<dyn Verifier> {
    let item = |(number, Excerpt { id, text }): (usize, &Excerpt)| {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let from = [words.len() * 9 / 10, 0, words.len() / 2][number % 3];
        words[from..].reverse();
        Document {
            source: "exam".to_owned(),
            id: id.clone(),
            text: words.join(" "),
            tier: Tier::T0,
            license: None,
            origin: Origin::default(),
            fields: Fields::new(),
            redactions: Redactions::default(),
        }
    };
    let items = texts.iter().step_by(3).enumerate().map(item).collect();
    Decontaminate::default().against(Arc::new(HeldOut::of(items)))
}

fn texts() -> Vec<Excerpt> {
    excerpts_of(EDGES).into_iter().chain(excerpts().into_iter().step_by(12)).collect()
}

fn output(filter: &dyn Verifier, texts: &[Excerpt]) -> String {
    let identity = filter.identity();
    let head = json!({ "name": identity.name, "version": identity.version, "settings": identity.settings });
    let mut output = format!("{head}\n");
    for Excerpt { id, text } in texts {
        let verdict = filter.verify(&sample(text), &[]);
        assert_eq!(
            verdict.accept,
            verdict.reason.is_none(),
            "a rejection has a reason, and nothing else has"
        );
        writeln!(output, "{}", json!({ "id": id, "reason": verdict.reason }))
            .expect("a string takes any line");
    }
    output
}
