//! Builds a dataset from a folder of documents: `cargo run --example handbook -- FOLDER WORKSPACE`.

use rifflebox::{Cloze, Exact, Files, Passages, Recipe, Supported, Tier, Workspace, flow};

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "examples/corpus".to_owned());
    let workspace = arguments.next().unwrap_or_else(|| "file:target/handbook".to_owned());

    let flow = flow("handbook");
    let pages = Files::matching("**/*.md").tier(Tier::T0).license("CC-BY-4.0");
    let docs = flow.documents("docs", pages.source("docs", folder.as_ref())?);
    let human = docs.generate(Passages::default());
    let asked = docs.generate(Cloze::default()).verify(Supported::default());
    human.concat(&asked).dedup(Exact).mix(Recipe::default()).publish();

    let report = Workspace::open(&workspace).await?.build(&flow).await?;
    println!("{report}");
    Ok(())
}
