//! Whatever happened before, rows and reports tell of the documents of today.

use std::collections::BTreeMap;

use rifflebox_testkit::Random;
use serde_json::Value as Json;

use super::bench::Bench;
use super::text;

const LINES: [&str; 7] =
    ["- gold", "- sand and silt", "- a BAD one", "- a PANIC one", "nothing", "- gold", "!REFUSE"];

/// Writes, changes or removes one of a few pages.
fn change(bench: &Bench, random: &mut Random) {
    let page = format!("{}.md", random.below(4));
    match random.below(6) {
        0 if bench.path(&page).exists() => bench.remove(&page),
        1 => bench.write(&page, b"- caf\xe9\n"),
        _ => {
            let lines = (0..random.below(7)).map(|_| *random.choose(&LINES));
            bench.write(&page, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

#[test]
fn rows_after_any_history_are_those_of_a_fresh_build() {
    let mut random = Random::new(7);
    let bench = Bench::with_budget("histories", 4);
    bench.write("ever.md", "- one stays\n");
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..25 {
        change(&bench, &mut random);
        let report = bench.build();
        let rows = bench.rows(&["text", "tier"]);
        assert_eq!(rows, bench.afresh().rows(&["text", "tier"]));
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            *counts.entry(text(&row["status"]).to_owned()).or_default() += 1;
            check_story(&bench, row);
        }
        let samples = report.samples;
        let told = [
            ("kept", samples.total),
            ("unused", samples.unused),
            ("rejected", samples.rejected),
            ("displaced", samples.displaced),
            ("failed", samples.failed),
            ("broken", report.documents.broken),
        ];
        for (status, count) in told {
            assert_eq!(counts.get(status).copied().unwrap_or_default(), count, "{status}: {rows:#?}");
            *seen.entry(status.to_owned()).or_default() += count;
        }
    }
    assert!(seen.values().all(|count| *count > 0), "something never happened: {seen:?}");
}

/// A row's story says what its line says.
fn check_story(bench: &Bench, row: &Json) {
    let stories = bench.explain(text(&row["id"]));
    let story = serde_json::to_value(&stories[0]).expect("a story is JSON");
    assert_eq!(story["status"], row["status"], "{row} {story}");
    assert_eq!((&story["by"], &story["similarity"]), (&row["by"], &row["similarity"]));
    if !row["reason"].is_null() {
        let steps = story["steps"].as_array().expect("steps are a list");
        assert!(steps.iter().any(|step| step["reason"] == row["reason"]), "{row} {story}");
    }
}
