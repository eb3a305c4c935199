//! A flow in Rust and the same flow in a file are one flow.

use std::path::Path;

use rifflebox::{
    BuildOptions, Cloze, Decontaminate, Exact, Files, Flow, NearDuplicates, Passages, Recipe, Report, Share,
    Supported, Tier, Workspace, flow,
};
use rifflebox_cli::{FlowFile, Registry};

use crate::support::Folder;

fn in_rust(base_dir: &Path) -> Flow {
    let flow = flow("placer");
    let pages = Files::matching("pages/*.md").tier(Tier::T0).license("CC0-1.0");
    let docs = flow.documents("pages", pages.source("pages", base_dir).unwrap());
    let human = docs.generate(Passages::default());
    let asked = docs.generate(Cloze::about("placer mining")).verify(Supported::default());
    let shares = [(Tier::T0, Share::between(0.34, 1.0)), (Tier::T2, Share::between(0.0, 0.66))];
    human.concat(&asked).dedup(Exact).mix(Recipe::shares(shares)).publish();
    flow
}

const HELD_OUT: &str = r#"
name = "placer"

[source.pages]
files = "pages/*.md"
tier = "T0"
license = "CC0-1.0"

[source.exam]
files = "exam.txt"

[generate.passages]
from = ["pages"]
withhold = "exam"

[generate.cloze]
from = ["pages"]
about = "placer mining"

[verify.decontaminate]
from = ["cloze"]
against = ["exam"]

[dedup.near]
from = ["passages", "decontaminate"]

[mix]
from = ["near"]

[publish]
"#;

fn held_out_in_rust(base_dir: &Path) -> Flow {
    let flow = flow("placer");
    let pages = Files::matching("pages/*.md").tier(Tier::T0).license("CC0-1.0");
    let docs = flow.documents("pages", pages.source("pages", base_dir).unwrap());
    let exam = flow.documents("exam", Files::matching("exam.txt").source("exam", base_dir).unwrap());
    let human = docs.withhold(&exam, Decontaminate::default()).generate(Passages::default());
    let asked = docs.generate(Cloze::about("placer mining"));
    let asked = asked.verify_against(&exam, Decontaminate::default());
    human.concat(&asked).dedup(NearDuplicates::above(0.8)).mix(Recipe::default()).publish();
    flow
}

/// Builds a flow file and the same flow in Rust, and returns the report of both.
async fn build_both(folder: &Folder, in_rust: fn(&Path) -> Flow, name: &str) -> Report {
    let base_dir = folder.path("");
    let file = FlowFile::load(&folder.path("flow.toml"), &Registry::builtin()).unwrap();
    let options = BuildOptions { base_dir: base_dir.clone(), ..BuildOptions::default() };
    let of_file = Workspace::open(&format!("memory:{name}-of-the-file")).await.unwrap();
    let of_file = of_file.build_with(&Flow::from_plan(file.plan), options.clone()).await.unwrap();
    let of_rust = Workspace::open(&format!("memory:{name}-of-rust")).await.unwrap();
    let of_rust = of_rust.build_with(&in_rust(&base_dir), options).await.unwrap();
    assert_eq!((&of_file.snapshot, &of_file.data), (&of_rust.snapshot, &of_rust.data));
    of_rust
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_give_the_same_snapshot() {
    let report = build_both(&Folder::scaffold(), in_rust, "plain").await;
    assert!(report.samples.total > 6, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_hold_the_same_out() {
    let folder = Folder::scaffold();
    folder.write("flow.toml", HELD_OUT);
    let nothing_held = "A text that no page holds, and that is long enough to be found if one did hold it.";
    folder.write("exam.txt", nothing_held);
    let free = build_both(&folder, held_out_in_rust, "free").await;
    folder.write("exam.txt", &folder.read("pages/panning.md"));
    let held = build_both(&folder, held_out_in_rust, "held").await;
    assert_eq!(free.samples.failed, 0, "{free:?}");
    assert!(held.samples.failed > 0 && held.samples.total < free.samples.total, "{held:?}");
}
