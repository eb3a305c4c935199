//! Two datasets in one process, built at the same time; an operator of one of them panics now and then.

use rifflebox::{Files, Flow, Passages, Recipe, RowQuery, Status, Verdict, Workspace, flow, verifier};

fn notes(name: &str, brittle: bool) -> rifflebox::Result<Flow> {
    let flow = flow(name);
    let pages =
        Files::matching("examples/corpus/documents/prometheus/**/*.md").source("docs", ".".as_ref())?;
    let passages = flow.documents("docs", pages).generate(Passages::default());
    let careful = verifier("careful", "1", move |sample| {
        assert!(!(brittle && sample.text().contains("SoundCloud")), "nobody told me about SoundCloud");
        Verdict::accept()
    });
    passages.verify(careful).mix(Recipe::default()).publish();
    Ok(flow)
}

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let (one, two) = (Workspace::open("memory:one").await?, Workspace::open("memory:two").await?);
    let (sound, brittle) = (notes("sound", false)?, notes("brittle", true)?);
    let (sound_report, brittle_report) = tokio::try_join!(one.build(&sound), two.build(&brittle))?;
    println!("sound:   {sound_report}");
    println!("brittle: {brittle_report}, {} failed", brittle_report.samples.failed);

    // A panic is a row with a reason; it stops nothing, and touches no other workspace.
    let failed = RowQuery { status: Some(Status::Failed), ..RowQuery::default() };
    two.rows(&brittle, &failed, &mut |row| {
        println!("{}: {}", row["documents"][0], row["reason"]);
        Ok(())
    })
    .await?;
    assert_eq!(sound_report.samples.failed, 0);
    assert_eq!(sound_report.samples.total, brittle_report.samples.total + brittle_report.samples.failed);
    Ok(())
}
