//! A verifier that asks a slow service: each answer is kept, and never paid for twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rifflebox::{Failure, Files, Flow, Passages, Recipe, Sample, Verdict, Workspace, asked, flow};

/// Stands for a service: it takes its time, and is overloaded now and then.
async fn service(sample: Sample, calls: Arc<AtomicU64>) -> Result<Verdict, Failure> {
    let call = calls.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(2)).await;
    match call % 50 {
        // What may pass is owed: the next build asks again, and only for this.
        49 => Err(Failure::Owed("the service answered 429".to_owned())),
        _ if sample.text().len() < 200 => Ok(Verdict::reject("too short to be of use")),
        _ => Ok(Verdict::accept().scored(0.9)),
    }
}

fn notes(calls: &Arc<AtomicU64>) -> rifflebox::Result<Flow> {
    let calls = calls.clone();
    let useful = asked("useful", "1", move |sample| service(sample, calls.clone()));
    let flow = flow("notes");
    let pages =
        Files::matching("examples/corpus/documents/prometheus/**/*.md").source("docs", ".".as_ref())?;
    let docs = flow.documents("docs", pages);
    docs.generate(Passages::default()).verify_asked(useful).mix(Recipe::default()).publish();
    Ok(flow)
}

#[tokio::main]
async fn main() -> rifflebox::Result<()> {
    let calls = Arc::new(AtomicU64::new(0));
    let workspace = Workspace::open("memory:asked").await?;
    for build in 1..=5 {
        match workspace.build(&notes(&calls)?).await {
            Ok(report) => println!("build {build}: {report}"),
            Err(error) => println!("build {build}: {error}"),
        }
    }
    let report = workspace.status().await?.expect("five builds were made");
    println!("{} calls stand, {} were made", report.calls.standing, calls.load(Ordering::Relaxed));
    assert_eq!((report.calls.owed, report.unpublished), (0, None));
    Ok(())
}
