//! Preference pairs of people, as a table: each is a sample, or a row with a reason.

use std::path::PathBuf;

use rifflebox::{Files, Recipe, RowQuery, Status, TableRows, Tier, Workspace, flow};

use super::support::{say, wait_for};

#[test]
fn pairs_of_transcripts_are_preferences() {
    let Some(folder) = std::env::var_os("RIFFLEBOX_DATA").map(PathBuf::from) else {
        return say("preferences of people were not read: no data folder");
    };
    let folder = folder.join("preference");
    let flow = flow("pairs");
    let pairs = Files::matching("hh-rlhf-*.jsonl.zst").tier(Tier::T1).license("MIT");
    let docs = flow.documents("pairs", pairs.source("pairs", &folder).unwrap());
    docs.generate(TableRows::of([("chosen", "chosen"), ("rejected", "rejected")]))
        .mix(Recipe::default())
        .publish();
    let (report, failed) = wait_for(async {
        let workspace = Workspace::open("memory:pairs-of-people").await.unwrap();
        let report = workspace.build(&flow).await.unwrap();
        let query = RowQuery { status: Some(Status::Failed), ..RowQuery::default() };
        let mut failed = Vec::new();
        workspace
            .rows(&flow, &query, &mut |row| {
                failed.push(row["reason"].as_str().unwrap().to_owned());
                Ok(())
            })
            .await
            .unwrap();
        (report, failed)
    });
    assert_eq!(report.documents.total, 1_156, "{report:?}");
    assert_eq!(report.samples.total + report.samples.failed, 1_156);
    // Some pairs part earlier than in the last answer, or say the same.
    assert!(report.samples.total >= 1_100, "{report:?}");
    assert!(failed.iter().all(|reason| reason.contains("name a `prompt`")), "{failed:?}");
    assert_eq!(report.tiers["T1"].samples, report.samples.total);
}
