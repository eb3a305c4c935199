//! Keyed logic of one's own, durable like the rest: which words do two books share, and how often does each say them?

use rifflebox::{Files, Flow, Keyed, Workspace, flow};

/// Counts the words of a folder's pages.
fn words(flow: &Flow, book: &str) -> rifflebox::Result<Keyed<String, i64>> {
    let folder = format!("{}/examples/corpus/documents", env!("CARGO_MANIFEST_DIR"));
    let pages = Files::matching(format!("{book}/**/*.md")).source(book, folder.as_ref())?;
    let words = flow.documents(book, pages).keyed(&format!("words of {book}"), "1", |page, say| {
        let words = page.text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 7);
        words.for_each(|word| say(word.to_lowercase(), ()));
    });
    Ok(words.count(&format!("count in {book}")))
}

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let flow = flow("words");
    let (one, two) = (words(&flow, "prometheus")?, words(&flow, "opentelemetry")?);
    let shared = one.join("shared", "1", &two, |word, one, two, say| say(one.min(two), word.clone()));
    let most = shared.map("ranked", "1", |count, word| ((), (std::cmp::Reverse(count), word)));
    let most = most.reduce("most", "1", |(), words, say| {
        words.into_iter().take(5).for_each(|((count, word), _)| say((count.0, word)));
    });

    let workspace = Workspace::open("file:target/workspaces/words").await?;
    let report = workspace.build(&flow).await?;
    println!("{report}");
    for ((), (count, word), _) in workspace.keyed_rows(&most).await? {
        println!("{word}: {count}");
    }
    Ok(())
}
