//! A stage may become of another kind under its old name, and nothing of the old one is left.

#![expect(clippy::unwrap_used, reason = "a build that fails ends the test")]

use rifflebox::{Exact, Files, Flow, Passages, Recipe, Report, Sample, Verdict, Workspace, flow, verifier};

fn with(folder: &std::path::Path, purge: bool) -> Flow {
    let flow = flow("kinds");
    let docs = flow.documents("docs", Files::matching("**/*.md").source("docs", folder).unwrap());
    let made = docs.generate(Passages::default());
    let short = verifier("short", "1", |sample: &Sample| match sample.text().len() < 12 {
        true => Verdict::accept(),
        false => Verdict::reject("long"),
    });
    let middle = if purge { made.dedup(Exact).named("middle") } else { made.verify(short).named("middle") };
    let last = verifier("last", "1", |_| Verdict::accept());
    middle.verify(last).mix(Recipe::default()).publish();
    flow
}

async fn build(workspace: &str, folder: &std::path::Path, purge: bool) -> Report {
    Workspace::open(workspace).await.unwrap().build(&with(folder, purge)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_old_kind_is_left() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a", "gold"), ("b", "gold"), ("c", "a rather long text"), ("d", "ore")] {
        std::fs::write(folder.path().join(format!("{name}.md")), text).unwrap();
    }
    let first = build("memory:kinds", folder.path(), false).await;
    assert_eq!((first.samples.total, first.samples.rejected, first.samples.displaced), (3, 1, 0));
    for (round, purge) in [(1, true), (2, false), (3, true)] {
        let changed = build("memory:kinds", folder.path(), purge).await;
        let fresh = build(&format!("memory:kinds-fresh-{round}"), folder.path(), purge).await;
        assert_eq!(changed.snapshot, fresh.snapshot);
        assert_eq!(changed.samples.total, fresh.samples.total);
        assert_eq!(changed.samples.rejected, fresh.samples.rejected);
        assert_eq!(changed.samples.displaced, fresh.samples.displaced);
    }
}
