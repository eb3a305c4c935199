//! Verbs that only read a workspace.

use rifflebox::{Error, ErrorKind, Flow, LogEntry, Result, RowQuery, Story};
use serde_json::json;

use crate::arguments::{Diff, Explain, Read, RowStatus, Rows, flow_first};
use crate::output::Output;
use crate::registry::Registry;
use crate::table::{aligned, grouped, standing};
use crate::target::Target;

/// Digits of a digest that people are shown; `diff` takes them for the whole.
const SHOWN_DIGITS: usize = 12;

pub(super) async fn status(verb: &Read, output: &Output) -> Result<()> {
    let workspace = Target::parse(&verb.flow).open(&verb.places).await?;
    let Some(report) = workspace.status().await? else {
        let message = "nothing has been built in this workspace yet: run `rifflebox build`";
        return Err(Error::new(ErrorKind::Input, message));
    };
    match output.json() {
        true => output.json_line(&report),
        false => output.line(&standing(&report)),
    }
}

/// Tells the first story as the object, and the others within it; of what nobody ever saw, that it is unknown.
pub(super) async fn explain(verb: &Explain, registry: &Registry, output: &Output) -> Result<()> {
    let (flow, what) = flow_first(&verb.words, 1);
    let (workspace, flow) = Target::parse(flow).open_with_flow(&verb.places, registry).await?;
    let mut stories = workspace.explain(&Flow::from_plan(flow.plan), &what[0]).await?;
    if !output.json() {
        if stories.is_empty() {
            return output.line(&format!("nothing is known of {:?}", what[0]));
        }
        let told: Vec<String> = stories.iter().map(|story| story.to_string().trim_end().to_owned()).collect();
        return output.line(&told.join("\n\n"));
    }
    if stories.is_empty() {
        stories.push(Story::default());
    }
    let mut story = json!(stories.remove(0));
    story["others"] = json!(stories);
    output.json_line(&story)
}

pub(super) async fn rows(verb: &Rows, registry: &Registry, output: &Output) -> Result<()> {
    let (workspace, flow) = Target::parse(&verb.flow).open_with_flow(&verb.places, registry).await?;
    let query = RowQuery {
        status: verb.status.map(RowStatus::status),
        stage: verb.stage.clone(),
        fields: verb.fields.clone(),
        limit: verb.limit,
    };
    workspace.rows(&Flow::from_plan(flow.plan), &query, &mut |row| output.json_line(&row)).await
}

pub(super) async fn diff(verb: &Diff, output: &Output) -> Result<()> {
    let (flow, snapshots) = flow_first(&verb.words, 2);
    let workspace = Target::parse(flow).open(&verb.places).await?;
    output.result(&workspace.diff(&snapshots[0], &snapshots[1]).await?)
}

pub(super) async fn log(verb: &Read, output: &Output) -> Result<()> {
    let workspace = Target::parse(&verb.flow).open(&verb.places).await?;
    let entries = workspace.log().await?;
    match output.json() {
        true => entries.iter().try_for_each(|entry| output.json_line(entry)),
        false if entries.is_empty() => output.line("nothing is published yet"),
        false => output.line(&aligned(&entries.iter().map(logged).collect::<Vec<_>>())),
    }
}

fn logged(entry: &LogEntry) -> Vec<String> {
    let digest: String = entry.snapshot.chars().take(SHOWN_DIGITS).collect();
    vec![
        format!("version {}", entry.version),
        digest,
        format!("{} samples", grouped(entry.samples)),
        format!("{} tokens", grouped(entry.tokens)),
        format!("{} shards", grouped(entry.shards)),
        if entry.current { "published".to_owned() } else { String::new() },
    ]
}
