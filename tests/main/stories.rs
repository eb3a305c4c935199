//! Every row has a story, and so has every absent one; what a document caused goes with it.

mod bench;
mod branches;
mod compared;
mod copies;
mod executed;
mod held_out;
mod histories;
mod judged_anew;
mod rehearsals;
mod versions;

use std::collections::BTreeMap;

use rifflebox::{Document, Fate, RowQuery, Status, Story};
use serde_json::{Value as Json, json};

use bench::Bench;

/// A folder in which everything that can become of a row has become of one.
fn eventful(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("a.md", "- gold is heavy and stays\n- a BAD line\n");
    bench.write("b.md", "- gold is heavy and stays\n- a PANIC line\n- sand is light and goes\n");
    bench.write("mute.md", "Nothing to list here.\n");
    bench.write("refused.md", "- fine\n!REFUSE\n");
    bench.write("latin.md", b"- caf\xe9\n");
    bench.write("t.jsonl", "{\"id\": \"x\", \"text\": \"- a row of t\"}\n{\"id\": \n");
    bench.write("u.jsonl", "{\"id\": \"x\", \"text\": \"- a row of u\"}\n");
    bench
}

/// What became of each text, or of each document where there is no sample.
fn outcomes(rows: &[Json]) -> BTreeMap<String, Vec<String>> {
    let mut outcomes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let name = row["text"].as_str().or(row["documents"][0].as_str()).expect("a row names something");
        let outcome = format!("{} at {}", text(&row["status"]), text(&row["stage"]));
        outcomes.entry(name.to_owned()).or_default().push(outcome);
    }
    outcomes.values_mut().for_each(|outcomes| outcomes.sort());
    outcomes
}

fn text(value: &Json) -> &str {
    value.as_str().expect("a text")
}

fn one(mut stories: Vec<Story>) -> Story {
    assert_eq!(stories.len(), 1, "{stories:#?}");
    stories.remove(0)
}

fn steps(story: &Story) -> Vec<String> {
    story.steps.iter().map(|step| format!("{} {}", step.stage, step.outcome)).collect()
}

#[test]
fn each_row_is_listed_once_with_what_became_of_it() {
    let bench = eventful("stories-list");
    let report = bench.build();
    assert_eq!((report.documents.total, report.documents.broken), (5, 3));
    let found = outcomes(&bench.rows(&["text"]));
    let expected = [
        ("gold is heavy and stays", vec!["displaced at exact", "kept at main"]),
        ("a BAD line", vec!["rejected at calm"]),
        ("a PANIC line", vec!["failed at calm"]),
        ("sand is light and goes", vec!["kept at main"]),
        ("a row of t", vec!["kept at main"]),
        ("docs:mute.md", vec!["nothing at docs"]),
        ("docs:refused.md", vec!["failed at lines"]),
        ("docs:latin.md", vec!["broken at docs"]),
        ("docs:t.jsonl", vec!["broken at docs"]),
        ("docs:x", vec!["broken at docs"]),
    ];
    let expected = expected
        .map(|(name, outcomes)| (name.to_owned(), outcomes.iter().map(|o| (*o).to_owned()).collect()));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn a_listed_row_has_the_promised_fields_and_those_asked_for() {
    let bench = eventful("stories-fields");
    bench.build();
    let query =
        RowQuery { status: Some(Status::Displaced), ..bench.query(&["text", "tier", "line", "nonsense"]) };
    let rows = bench.list(&query);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let kept = bench.list(&RowQuery { status: Some(Status::Kept), ..bench.query(&["text"]) });
    let better = kept.iter().find(|kept| kept["text"] == row["text"]).unwrap();
    let documents = [&row["documents"][0], &better["documents"][0]].map(|name| name.as_str().unwrap());
    assert!(
        documents == ["docs:a.md", "docs:b.md"] || documents == ["docs:b.md", "docs:a.md"],
        "{documents:?}"
    );
    let expected = json!({
        "id": row["id"], "documents": [documents[0]], "status": "displaced", "stage": "exact", "reason": null,
        "by": better["id"], "by_documents": [documents[1]], "similarity": 1.0,
        "text": "gold is heavy and stays", "tier": "T0", "line": 0, "nonsense": null,
    });
    assert_eq!(*row, expected);

    let rejected = bench.list(&RowQuery { status: Some(Status::Rejected), ..bench.query(&[]) });
    let [row] = &rejected[..] else { panic!("{rejected:?}") };
    assert_eq!(
        (&row["reason"], &row["by"], &row["similarity"]),
        (&json!("contains BAD"), &Json::Null, &Json::Null)
    );
    let failed = bench.list(&RowQuery { status: Some(Status::Failed), ..bench.query(&[]) });
    let reasons: Vec<_> = failed.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["will not read this", "panic: a line that panics"]);
    let broken = bench.list(&RowQuery { status: Some(Status::Broken), ..bench.query(&[]) });
    let mut reasons: Vec<_> = broken.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert!(reasons[0].starts_with("latin.md") && reasons[0].contains("UTF-8"), "{reasons:?}");
    assert!(reasons[1].starts_with("t.jsonl, line 2: no JSON"), "{reasons:?}");
    assert_eq!(reasons[2], "u.jsonl: id \"x\" repeats that of t.jsonl");
}

#[test]
fn lists_are_narrowed_by_stage_and_number() {
    let bench = eventful("stories-narrow");
    bench.build();
    let of = |stage: &str| {
        outcomes(&bench.list(&RowQuery { stage: Some(stage.to_owned()), ..bench.query(&["text"]) }))
    };
    let at_calm: Vec<_> = of("calm").into_keys().collect();
    assert_eq!(at_calm, ["a BAD line", "a PANIC line"]);
    let by_lines = of("lines");
    assert_eq!(by_lines["docs:mute.md"], ["nothing at lines"]);
    assert_eq!(by_lines.len(), 7, "{by_lines:?}");
    for limit in 0..4 {
        assert_eq!(bench.list(&RowQuery { limit: Some(limit), ..bench.query(&[]) }).len(), limit);
    }
    let error = bench.try_list(&RowQuery { stage: Some("clam".to_owned()), ..bench.query(&[]) }).unwrap_err();
    assert_eq!(error.kind(), rifflebox::ErrorKind::Usage);
    assert!(error.to_string().contains("calm"), "{error}");
}

#[test]
fn a_kept_sample_tells_where_it_comes_from_and_where_it_is() {
    let bench = eventful("stories-kept");
    bench.build();
    let story = one(bench.explain("sand is light and goes"));
    assert_eq!(story.status, Fate::Kept);
    assert_eq!(steps(&story), ["lines made", "calm kept", "exact kept", "main kept"]);
    assert_eq!(
        (story.documents[0].id.as_str(), story.documents[0].license.as_deref()),
        ("b.md", Some("CC0-1.0"))
    );
    let shard = story.shard.clone().unwrap();
    assert!(bench.published().contains(&shard), "{shard}");
    assert_eq!(one(bench.explain(&story.id.unwrap().to_string())), story);
    let json = serde_json::to_value(&story).unwrap();
    let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["by", "documents", "id", "mix", "shard", "similarity", "status", "steps", "tier"]);
    let step: Vec<_> = json["steps"][1].as_object().unwrap().keys().cloned().collect();
    assert_eq!(step, ["call", "outcome", "reason", "score", "stage", "version", "votes"]);
    let document: Vec<_> = json["documents"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(document, ["digest", "id", "license", "redactions", "source", "span"]);
    assert_eq!(json["steps"][1]["score"], 0.5);
    assert!(story.to_string().starts_with("kept  "), "{story}");
}

#[test]
fn absent_samples_tell_why() {
    let bench = eventful("stories-absent");
    bench.build();
    let rejected = one(bench.explain("a BAD line"));
    assert_eq!(rejected.status, Fate::Rejected);
    assert_eq!(steps(&rejected), ["lines made", "calm rejected"]);
    let step = &rejected.steps[1];
    assert_eq!((step.reason.as_deref(), step.version.as_str()), (Some("contains BAD"), "7"));
    assert_eq!((rejected.shard, rejected.by), (None, None));

    let failed = one(bench.explain("a PANIC line"));
    assert_eq!(
        (failed.status, steps(&failed)),
        (Fate::Failed, vec!["lines made".into(), "calm failed".into()])
    );
    assert_eq!(failed.steps[1].reason.as_deref(), Some("panic: a line that panics"));

    let both = bench.explain("gold is heavy and stays");
    let [kept, displaced] = {
        let mut both = both;
        both.sort_by_key(|story| story.status);
        <[Story; 2]>::try_from(both).unwrap()
    };
    assert_eq!((kept.status, displaced.status), (Fate::Kept, Fate::Displaced));
    assert_eq!((displaced.by, displaced.similarity), (kept.id, Some(1.0)));
    assert_eq!(steps(&displaced), ["lines made", "calm kept", "exact displaced"]);
}

#[test]
fn documents_tell_what_came_of_them() {
    let bench = eventful("stories-documents");
    bench.build();
    let stories = bench.explain("a.md");
    assert_eq!(stories.len(), 3);
    assert_eq!(stories[0].status, stories[1..].iter().map(|story| story.status).min().unwrap());
    assert_eq!(steps(&stories[0]), ["docs read", "lines made"]);
    assert_eq!(stories[0].steps[1].reason.as_deref(), Some("2 samples"));
    for name in ["docs:a.md", "some/where/pages/a.md", &Document::key_of("docs", "a.md").to_string()] {
        assert_eq!(bench.explain(name), stories, "{name}");
    }

    let mute = one(bench.explain("mute.md"));
    assert_eq!(
        (mute.status, steps(&mute)),
        (Fate::Nothing, vec!["docs read".into(), "lines nothing".into()])
    );
    let refused = one(bench.explain("refused.md"));
    assert_eq!(
        (refused.status, steps(&refused)),
        (Fate::Failed, vec!["docs read".into(), "lines failed".into()])
    );
    assert_eq!(refused.steps[1].reason.as_deref(), Some("will not read this"));

    let latin = one(bench.explain("latin.md"));
    assert_eq!((latin.status, latin.documents[0].digest), (Fate::Broken, None));
    let line = one(bench.explain("t.jsonl:2"));
    assert_eq!((line.status, line.documents[0].id.as_str()), (Fate::Broken, "t.jsonl"));
    let repeated = bench.explain("x");
    assert_eq!(
        repeated.iter().map(|story| story.status).collect::<Vec<_>>(),
        [Fate::Kept, Fate::Kept, Fate::Broken]
    );
    let reason = repeated[2].steps[0].reason.as_deref();
    assert_eq!(reason, Some("u.jsonl: id \"x\" repeats that of t.jsonl"));
    let table = bench.explain("t.jsonl");
    let mut fates: Vec<_> = table.iter().map(|story| story.status).collect();
    fates.sort();
    assert_eq!(fates, [Fate::Kept, Fate::Broken]);
}

#[test]
fn a_path_names_its_own_document_or_none() {
    let bench = Bench::new("stories-paths");
    std::fs::create_dir(bench.path("deep")).unwrap();
    for page in ["index.md", "deep/index.md", "deep/other.md"] {
        bench.write(page, format!("- of {page}\n"));
    }
    bench.write("t.jsonl", "{\"id\": \"row.md\", \"text\": \"- a row\"}\n");
    bench.build();
    let id = |what: &str| bench.explain(what).first().map(|story| story.documents[0].id.clone());
    let found = |id: &str| Some(id.to_owned());
    assert_eq!(id("pages/deep/index.md"), found("deep/index.md"));
    assert_eq!(id("./pages/index.md"), found("index.md"));
    assert_eq!((id("row.md"), id("pages/row.md")), (found("row.md"), None));
    bench.remove("deep/index.md");
    bench.build();
    assert_eq!((id("deep/index.md"), id("docs:deep/index.md")), (None, None));
}

#[test]
fn texts_are_found_whole_then_in_part() {
    let bench = eventful("stories-texts");
    bench.build();
    assert_eq!(one(bench.explain("a row of t")).status, Fate::Kept);
    assert_eq!(bench.explain("is heavy and").len(), 2);
    assert_eq!(one(bench.explain("Nothing to list here.")).documents[0].id, "mute.md");
    assert_eq!(one(bench.explain("to list")).documents[0].id, "mute.md");
    assert_eq!(bench.explain("never seen"), []);
    assert_eq!(bench.explain("00000000000000000000000000000000"), []);
    assert_eq!(bench.explain(" "), []);
}

#[test]
fn unused_rows_tell_their_number_and_the_cut() {
    let bench = Bench::with_budget("stories-unused", 40);
    for page in 0..20 {
        bench.write(&format!("{page}.md"), &*format!("- page {page} says four\n"));
    }
    let report = bench.build();
    let unused = bench.list(&RowQuery { status: Some(Status::Unused), ..bench.query(&["tokens"]) });
    assert_eq!((unused.len() as u64, report.samples.total), (report.samples.unused, 10));
    assert_eq!(unused.len(), 10);
    for row in &unused {
        let story = one(bench.explain(row["id"].as_str().unwrap()));
        assert_eq!((story.status, &*steps(&story)[3]), (Fate::Unused, "main unused"));
        let mix = story.mix.clone().unwrap();
        assert_eq!((mix.label.as_str(), mix.quota, mix.available), ("T0", Some(40), Some(80)));
        assert_eq!(mix.bound_by.as_deref(), Some("the budget"));
        assert!(mix.number > mix.cut.unwrap(), "{mix:?}");
        let reason = row["reason"].as_str().unwrap();
        assert!(reason.ends_with(": 40 of 80 tokens, bound by the budget"), "{reason}");
        assert_eq!(story.steps[3].reason.as_deref(), Some(reason));
        assert!(story.to_string().contains(reason), "{story}");
    }
    for row in bench.list(&RowQuery { status: Some(Status::Kept), ..bench.query(&[]) }) {
        let mix = one(bench.explain(row["id"].as_str().unwrap())).mix.unwrap();
        assert!(mix.number <= mix.cut.unwrap(), "{mix:?}");
    }
}

#[test]
fn what_a_document_caused_goes_with_it() {
    let bench = eventful("stories-undo");
    bench.build();
    let before = bench.rows(&["text", "tier"]);
    let displaced = bench.list(&RowQuery { status: Some(Status::Displaced), ..bench.query(&[]) });
    let better = displaced[0]["by_documents"][0].as_str().unwrap().strip_prefix("docs:").unwrap().to_owned();
    let returns = displaced[0]["id"].as_str().unwrap().to_owned();
    let text = bench.read(&better);

    bench.remove(&better);
    bench.write("mute.md", "- no longer mute\n");
    bench.write("latin.md", "- caf\u{e9}\n");
    bench.remove("t.jsonl");
    let report = bench.build();
    assert_eq!((report.documents.broken, report.samples.displaced), (0, 0));
    let story = one(bench.explain(&returns));
    assert_eq!((story.status, story.by), (Fate::Kept, None));
    assert_eq!(bench.explain(&better), []);
    assert_eq!(one(bench.explain("no longer mute")).status, Fate::Kept);
    assert_eq!(one(bench.explain("a row of u")).status, Fate::Kept);
    assert_eq!(bench.explain("a row of t"), []);
    assert_eq!(bench.rows(&["text", "tier"]), bench.afresh().rows(&["text", "tier"]));

    bench.write(&better, &*text);
    bench.write("mute.md", "Nothing to list here.\n");
    bench.write("latin.md", b"- caf\xe9\n");
    bench.write("t.jsonl", "{\"id\": \"x\", \"text\": \"- a row of t\"}\n{\"id\": \n");
    bench.build();
    assert_eq!(bench.rows(&["text", "tier"]), before);
}

#[test]
fn stories_are_told_of_the_flow_that_was_built() {
    let bench = eventful("stories-flow");
    let error = bench.try_explain("a.md").unwrap_err();
    assert_eq!(error.kind(), rifflebox::ErrorKind::Input);
    bench.build();
    let mut other = bench;
    other.calm = "8";
    let error = other.try_explain("a.md").unwrap_err();
    assert_eq!(error.kind(), rifflebox::ErrorKind::Usage);
    assert!(error.to_string().contains("stage `calm`"), "{error}");
}
