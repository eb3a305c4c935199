//! A verifier of one's own that reads the documents behind a sample.

use rifflebox::{Files, Passages, Recipe, Value, Verdict, Workspace, flow, verifier_with_documents};

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let published = verifier_with_documents("published", "1", |_, documents| {
        match documents.iter().any(|page| page.fields.get("draft") == Some(&Value::Bool(true))) {
            true => Verdict::reject("the page is a draft"),
            false => Verdict::accept(),
        }
    });
    let flow = flow("notes");
    let docs = flow.documents(
        "docs",
        Files::matching("examples/corpus/documents/**/*.md").source("docs", ".".as_ref())?,
    );
    docs.generate(Passages::default()).verify(published).mix(Recipe::default()).publish();
    println!("{}", Workspace::open("memory:notes").await?.build(&flow).await?);
    Ok(())
}
