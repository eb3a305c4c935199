//! A service that keeps its dataset true: it builds again whenever its documents change.

use rifflebox::{Exact, Files, Flow, Passages, Recipe, Workspace, flow};

fn handbook(folder: &std::path::Path) -> rifflebox::Result<Flow> {
    let flow = flow("handbook");
    let docs = flow.documents("docs", Files::matching("**/*.md").source("docs", folder)?);
    docs.generate(Passages::default()).dedup(Exact).mix(Recipe::default()).publish();
    Ok(flow)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let workspace = Workspace::open("memory:rebuild-loop").await?;
    let flow = handbook(folder.path())?;
    for day in 1..=5 {
        // What a real service waits for; here a page is written, another rewritten, and one deleted on day 4.
        std::fs::write(
            folder.path().join(format!("day-{day}.md")),
            format!("# Day {day}\n\nWe found gold.\n"),
        )?;
        std::fs::write(
            folder.path().join("total.md"),
            format!("# Total\n\nGold was found on {day} days.\n"),
        )?;
        if day == 4 {
            std::fs::remove_file(folder.path().join("day-2.md"))?;
        }
        let report = workspace.build(&flow).await?;
        println!("day {day}: {report}");
    }
    let report = workspace.status().await?.ok_or("nothing was built")?;
    assert_eq!(report.documents.total, 5, "four days and the total are left");
    Ok(())
}
