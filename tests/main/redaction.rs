//! Personal data that is planted in documents is nowhere in a workspace, nor in what is published; a changed redaction is a
//! change like any other; and no document leaves the house unless its source says what is redacted.

#![expect(clippy::unwrap_used, reason = "a build that fails ends the test")]

mod models;

#[path = "../../crates/redact/tests/planted/identifiers.rs"]
mod identifiers;

use std::fs;
use std::path::{Path, PathBuf};

use rifflebox::{
    Answering, AskedVerifier, ErrorKind, Exact, Exposure, Failure, Files, Flow, Identity, Judged, Key,
    Limits, OpenOptions, Passages, Proof, Recipe, Redact, RedactRule as Rule, RedactRuleName, RedactSettings,
    Report, Result, RowQuery, Sample, Source, Value, Verdict, Workspace, asked, flow,
};

use super::support::history::paths_below;
use super::support::wait_for;
use identifiers::{Draw, NAMES, identifier};

/// Identifiers of each sort.
const PER_RULE: usize = 12;

/// A folder with documents, what is planted in them, and a workspace.
struct House {
    folder: tempfile::TempDir,
    planted: Vec<String>,
}

impl House {
    fn new() -> Self {
        let house = House { folder: tempfile::tempdir().unwrap(), planted: Vec::new() };
        fs::write(house.at("key"), "a key of more than sixteen bytes\n").unwrap();
        fs::write(house.at("other-key"), "another key, as long as it must be\n").unwrap();
        fs::write(house.at("names"), NAMES.join("\n")).unwrap();
        fs::create_dir_all(house.at("pages")).unwrap();
        house
    }

    /// Plants identifiers of all sorts in pages and tables, sound and broken.
    fn planted() -> Self {
        let mut house = House::new();
        let mut draw = Draw::new(11);
        let mut some = |rule: Rule, planted: &mut Vec<String>| {
            let (before, value) = identifier(rule, &mut draw);
            planted.push(value.clone());
            format!("{before}{value}")
        };
        for rule in Rule::ALL {
            let mut page =
                format!("---\nauthor: {}\n---\n\n# About {rule}\n", some(Rule::Email, &mut house.planted));
            for line in 0..PER_RULE {
                let said = some(rule, &mut house.planted);
                page.push_str(&format!(
                    "\nOn line {line} of {rule} we are told {said} and nothing more than that.\n"
                ));
            }
            fs::write(house.at(&format!("pages/{rule}.md")), page).unwrap();
        }
        let (mail, phone) = (some(Rule::Email, &mut house.planted), some(Rule::Phone, &mut house.planted));
        let page = format!(
            "<html><title>{mail}</title><body><p>Ask <a href=\"mailto:{mail}\">{mail}</a>, {phone}.</p></body>"
        );
        fs::write(house.at("pages/page.html"), page).unwrap();
        let row = |value: serde_json::Value| format!("{value}\n");
        let mut lines = String::new();
        for number in 0..PER_RULE {
            let (mail, card) = (some(Rule::Email, &mut house.planted), some(Rule::Card, &mut house.planted));
            let text = format!("Row {number} says {} and no more.", some(Rule::Iban, &mut house.planted));
            let nested = serde_json::json!([{ "to": some(Rule::Email, &mut house.planted) }, [card]]);
            lines += &row(serde_json::json!({ "text": text, "by": mail, "nested": nested, &mail: number }));
        }
        let (twice, cut) = (some(Rule::Email, &mut house.planted), some(Rule::Email, &mut house.planted));
        lines += &row(serde_json::json!({ "id": twice, "text": "once" }));
        lines += &row(serde_json::json!({ "id": twice, "text": "twice" }));
        lines += &row(serde_json::json!({ "id": 1, "text": [some(Rule::Email, &mut house.planted)] }));
        lines += &row(serde_json::json!({ "id": [some(Rule::Email, &mut house.planted)] }));
        lines += &format!("{{\"text\": \"{cut}\n");
        fs::write(house.at("pages/rows.jsonl"), lines).unwrap();
        house
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
    }

    fn source(&self, redact: Option<Redact>) -> impl Source + use<> {
        let files = Files { redact, ..Files::matching("pages/*") };
        files.source("docs", self.folder.path()).unwrap()
    }

    /// All samples go through calls, whose answers are kept, and some fail with words of the sample.
    fn flow(&self, redact: Option<Redact>) -> Flow {
        let flow = flow("house");
        let judge = asked("short", "1", |sample: Sample| async move {
            match sample.text() {
                text if text.contains("On line 3 ") => Err(Failure::Final(format!("cannot judge {text}"))),
                text if text.contains("On line 7 ") => Ok(Verdict::reject(format!("refused: {text}"))),
                _ => Ok(Verdict::accept()),
            }
        });
        let docs = flow.documents("docs", self.source(redact));
        docs.generate(Passages { max_chars: 200, ..Passages::default() })
            .verify_asked(judge)
            .dedup(Exact)
            .mix(Recipe::default())
            .publish();
        flow
    }

    fn workspace(&self, name: &str) -> Workspace {
        let url = format!("file:{}", self.at(name).display());
        let options =
            OpenOptions { cache: Some(self.at(&format!("{name}-cache"))), ..OpenOptions::default() };
        wait_for(Workspace::open_with(&url, options)).unwrap()
    }

    fn build(&self, name: &str, redact: Option<Redact>) -> Report {
        wait_for(self.workspace(name).build(&self.flow(redact))).unwrap()
    }

    /// Returns the planted values that stand anywhere in the files of a workspace and its cache, and in published rows.
    fn leaks(&self, name: &str) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let folders = [self.at(name), self.at(&format!("{name}-cache"))];
        for folder in folders.into_iter().filter(|folder| folder.exists()) {
            let paths = paths_below(&folder);
            texts.extend(paths.iter().cloned());
            texts.extend(
                paths
                    .iter()
                    .map(|path| String::from_utf8_lossy(&fs::read(folder.join(path)).unwrap()).into_owned()),
            );
        }
        texts.extend(published(&self.at(name)).into_iter().map(|row| row.to_json().to_string()));
        self.planted_in(texts.iter().map(String::as_str))
    }

    /// Returns the planted values that stand in texts.
    fn planted_in<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<String> {
        let any: Vec<String> = self.planted.iter().map(|value| regex::escape(value)).collect();
        // One pass for all values.
        let any = regex::RegexBuilder::new(&any.join("|")).size_limit(1 << 28).build().unwrap();
        texts.flat_map(|text| any.find_iter(text)).map(|found| found.as_str().to_owned()).collect()
    }
}

/// Returns all rows of the files that a workspace publishes, as a source reads them.
fn published(workspace: &Path) -> Vec<Value> {
    let mut rows = Vec::new();
    for part in ["data", "provenance"] {
        let files = Files::matching(format!("dataset/{part}/**/*.parquet"));
        let source = files.source(part, workspace).unwrap();
        let each = &mut |change: rifflebox_core::FileChange<'_>| {
            for row in change.rows.into_iter().flatten() {
                let document = row?.document.unwrap();
                rows.push(Value::Map([("text".to_owned(), Value::Text(document.text))].into()));
                rows.push(Value::Map(document.fields));
            }
            Ok(())
        };
        source.changes(&Default::default(), each).unwrap();
    }
    rows
}

/// All rules and names, without a key.
fn all() -> RedactSettings {
    RedactSettings {
        rules: Some(Rule::ALL.map(RedactRuleName::One).to_vec()),
        names_file: Some("names".to_owned()),
        ..RedactSettings::default()
    }
}

fn keyed(key: &str) -> RedactSettings {
    RedactSettings { key_file: Some(key.to_owned()), ..all() }
}

#[test]
fn no_planted_value_is_anywhere_in_a_workspace() {
    let house = House::planted();
    assert!(house.planted.len() > 200);
    let open = house.build("open", None);
    let found = house.leaks("open").len();
    assert!(found * 10 > house.planted.len() * 9, "the search finds {found} of {}", house.planted.len());
    for (name, redact) in [("plain", all()), ("keyed", keyed("key"))] {
        let report = house.build(name, Some(Redact::By(redact.clone())));
        assert_eq!(house.leaks(name), [""; 0], "{name}");
        assert_eq!(
            report.documents.total + report.documents.broken,
            open.documents.total + open.documents.broken
        );
        let mut broken = 0;
        let listed = wait_for(house.workspace(name).rows(
            &house.flow(Some(Redact::By(redact))),
            &RowQuery::default(),
            &mut |row| {
                broken += usize::from(row["status"] == "broken");
                let row = row.to_string();
                assert!(!house.planted.iter().any(|value| row.contains(value.as_str())), "{row}");
                Ok(())
            },
        ));
        listed.unwrap();
        assert!(broken >= 4, "{name}: {broken} broken rows");
    }
}

#[test]
fn provenance_and_stories_tell_what_was_redacted() {
    let house = House::new();
    house.write("pages/a.md", "Write to ada@analytical.org or bob@analytical.org, or call +49 30 901820.\n");
    house.write("pages/b.md", "Nobody is named here, and nothing is hidden.\n");
    let redact = Some(Redact::standard());
    house.build("w", redact.clone());
    let rows = published(&house.at("w"));
    let told: Vec<serde_json::Value> = rows
        .iter()
        .filter_map(|row| match row {
            Value::Map(row) => row.get("redactions").map(Value::to_json),
            _ => None,
        })
        .filter(|redactions| *redactions != serde_json::json!([]))
        .collect();
    let expected = serde_json::json!([{ "kind": "email", "count": 2 }, { "kind": "phone", "count": 1 }]);
    assert_eq!(told, [expected]);
    let workspace = house.workspace("w");
    let story = wait_for(workspace.explain(&house.flow(redact), "a.md")).unwrap().remove(0);
    assert_eq!(story.documents[0].redactions, [("email".to_owned(), 2), ("phone".to_owned(), 1)].into());
}

#[test]
fn any_history_of_redactions_ends_as_a_fresh_build() {
    let house = House::planted();
    let mut changed = None;
    let steps: [(&str, Option<Redact>); 6] = [
        ("unsaid", None),
        ("none", Some(Redact::None)),
        ("standard", Some(Redact::standard())),
        ("all", Some(Redact::By(all()))),
        ("key", Some(Redact::By(keyed("key")))),
        ("other", Some(Redact::By(keyed("other-key")))),
    ];
    for (name, redact) in steps.clone().into_iter().chain(steps.into_iter().rev()) {
        let report = house.build("w", redact.clone());
        let fresh = house.build(&format!("fresh-{name}"), redact);
        assert_eq!(report.snapshot, fresh.snapshot, "{name}");
        assert_eq!(report.documents.total, fresh.documents.total, "{name}");
        if name == "none" && changed == Some("unsaid") {
            assert_eq!(report.shards.written, 0, "that nothing is redacted changes nothing");
        }
        changed = Some(name);
    }
    assert_eq!(house.build("w", None).snapshot, house.build("fresh-unsaid", None).snapshot);
}

#[test]
fn what_changes_only_where_it_is_hidden_changes_nothing() {
    let house = House::new();
    house.write("pages/a.md", "Write to ada@analytical.org, who knows more about the matter.\n");
    let plain = Some(Redact::standard());
    house.build("w", plain.clone());
    house.write("pages/a.md", "Write to charles@analytical.org, who knows more about the matter.\n");
    let report = house.build("w", plain);
    assert_eq!((report.documents.changed, report.samples.added, report.samples.removed), (0, 0, 0));
    assert_eq!((report.shards.written, report.calls.made), (0, 0));
    // With a key the other person has another pseudonym.
    let keyed = Some(Redact::By(keyed("key")));
    house.build("w", keyed.clone());
    house.write("pages/a.md", "Write to ada@analytical.org, who knows more about the matter.\n");
    let report = house.build("w", keyed);
    assert_eq!((report.documents.changed, report.shards.written), (1, 1));
}

#[test]
fn a_map_reverses_pseudonyms_and_lies_apart() {
    let house = House::new();
    house.write("pages/a.md", "Write to Ada@analytical.org, who knows more about the matter.\n");
    let mapped = |map: &str| Some(Redact::By(RedactSettings { map: Some(map.to_owned()), ..keyed("key") }));
    let error = wait_for(house.workspace("w").build(&house.flow(mapped("w/map.json")))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("lies in the workspace"), "{error}");
    assert!(!house.at("w").join("manifests").exists(), "nothing was built");
    let flow = house.flow(mapped("map.json"));
    wait_for(house.workspace("w").plan(&flow, &Default::default())).unwrap();
    wait_for(house.workspace("w").preview(&flow, None, 1, &Default::default())).unwrap();
    assert!(!house.at("map.json").exists(), "what changes no byte writes no map");
    let mapped = house.build("w", mapped("map.json"));
    let map = fs::read_to_string(house.at("map.json")).unwrap();
    let map: std::collections::BTreeMap<String, Vec<String>> = serde_json::from_str(&map).unwrap();
    let (pseudonym, values) = map.iter().next().unwrap();
    assert_eq!((map.len(), values.as_slice()), (1, ["Ada@analytical.org".to_owned()].as_slice()));
    assert!(
        published(&house.at("w")).iter().any(|row| row.to_json().to_string().contains(pseudonym.as_str()))
    );
    let unmapped = house.build("fresh", Some(Redact::By(keyed("key"))));
    assert_eq!(mapped.snapshot, unmapped.snapshot, "the map is no part of the result");
}

#[test]
fn what_the_redaction_needs_is_missed_before_anything_is_built() {
    let house = House::new();
    house.write("pages/a.md", "Write to ada@analytical.org.\n");
    let error =
        wait_for(house.workspace("w").build(&house.flow(Some(Redact::By(keyed("no-key")))))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().starts_with("source `docs`: `redact`: cannot read"), "{error}");
    assert!(!house.at("w").join("manifests").exists());
}

/// A verifier that is a service's.
struct Remote;

impl AskedVerifier for Remote {
    fn identity(&self) -> Identity {
        Identity::new("remote", "1")
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Limits {
        Limits { exposure: Exposure::Leaves, ..Limits::default() }
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        Box::pin(async move {
            let kept = |(sample, _): Judged| match sample.text().contains('@') {
                true => Ok(Verdict::reject("an address has left the house")),
                false => Ok(Verdict::accept()),
            };
            items.into_iter().map(kept).collect()
        })
    }
}

#[test]
fn nothing_leaves_the_house_unless_its_source_says_what_is_redacted() {
    let house = House::new();
    house.write("pages/a.md", "Write to ada@analytical.org.\n");
    let build = |redact: Option<Redact>| {
        let flow = flow("house");
        let docs = flow.documents("docs", house.source(redact));
        docs.generate(Passages::default()).verify_asked(Remote).mix(Recipe::default()).publish();
        let name = Key::of(format!("{:?}", flow.plan().stages[0].operator.identity()).as_bytes()).to_string();
        wait_for(house.workspace(&name).build(&flow))
    };
    let error = build(None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let expected = "stage `remote` sends what it is given to a service, and the source `docs` does not say what is redacted: \
                    give it `redact`, \"standard\" or, if all of it may be seen, \"none\"";
    assert_eq!(error.to_string(), expected);
    assert_eq!(build(Some(Redact::standard())).unwrap().samples.total, 1);
    let open = build(Some(Redact::None)).unwrap_err();
    assert_eq!(open.kind(), ErrorKind::Refused, "all that is left was rejected");
}
