//! A flow in Rust and the same flow in a file are one flow.

use std::path::Path;

use rifflebox::{
    BuildOptions, Cloze, Exact, Files, Flow, Passages, Recipe, Share, Supported, Tier, Workspace, flow,
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

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_give_the_same_snapshot() {
    let folder = Folder::scaffold();
    let base_dir = folder.path("");
    let file = FlowFile::load(&folder.path("flow.toml"), &Registry::builtin()).unwrap();
    let options = BuildOptions { base_dir: base_dir.clone(), ..BuildOptions::default() };
    let of_file = Workspace::open("memory:of-the-file").await.unwrap();
    let of_file = of_file.build_with(&Flow::from_plan(file.plan), options.clone()).await.unwrap();
    let of_rust = Workspace::open("memory:of-rust").await.unwrap();
    let of_rust = of_rust.build_with(&in_rust(&base_dir), options).await.unwrap();
    assert!(of_rust.samples.total > 6, "{of_rust:?}");
    assert_eq!((&of_file.snapshot, &of_file.data), (&of_rust.snapshot, &of_rust.data));
}
