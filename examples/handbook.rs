//! Builds a dataset from a folder of documents: `cargo run --example handbook -- FOLDER WORKSPACE ABOUT`.

use rifflebox::{BuildOptions, Cloze, Exact, Files, Passages, Recipe, Supported, Tier, Workspace, flow};

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "examples/corpus/documents".to_owned());
    let workspace = arguments.next().unwrap_or_else(|| "file:target/handbook".to_owned());
    let about = arguments.next().unwrap_or_else(|| "Handbook".to_owned());

    let flow = flow("handbook");
    let pages = Files::matching("**/*.md").tier(Tier::T0).license("CC-BY-4.0");
    let docs = flow.documents("docs", pages.source("docs", folder.as_ref())?);
    let human = docs.generate(Passages::default());
    let asked = docs.generate(Cloze::about(&about)).verify(Supported::default());
    human.concat(&asked).dedup(Exact).mix(Recipe::default()).publish();

    let mut options = BuildOptions::default();
    if let Some(workers) = std::env::var("WORKERS").ok().and_then(|workers| workers.parse().ok()) {
        options.workers = workers;
    }
    let report = Workspace::open(&workspace).await?.build_with(&flow, options).await?;
    println!("{report}");
    Ok(())
}
