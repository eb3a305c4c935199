//! The program of the README: the bundled pages as a dataset, built twice.

use rifflebox::{
    Cloze, Exact, Files, Passages, Recipe, Sample, Supported, Tier, Verdict, Workspace, flow, verifier,
};

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    // Plain data in, a verdict out; versions, caching, retraction and provenance are the framework's.
    let no_todo = verifier("no-todo", "1", |sample: &Sample| match sample.text().contains("TODO") {
        true => Verdict::reject("contains TODO"),
        false => Verdict::accept(),
    });

    let flow = flow("handbook");
    let pages = Files::matching("examples/corpus/documents/prometheus/**/*.md").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", ".".as_ref())?);
    let human = docs.generate(Passages::default());
    let asked = docs.generate(Cloze::about("Prometheus")).verify(Supported::default()).verify(no_todo);
    let kept = human.concat(&asked).dedup(Exact);
    kept.mix(Recipe::shares([(Tier::T0, 0.95), (Tier::T2, 0.05)]).tokens(50_000)).publish();

    let workspace = Workspace::open("file:target/readme").await?;
    println!("{}", workspace.build(&flow).await?);
    println!("{}", workspace.build(&flow).await?);
    Ok(())
}
