//! `preview`: a few documents through the whole flow, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rifflebox_core::{Error, ErrorKind, KeptFiles, Key, Outcome, Result, RowItem, Sample};
use rifflebox_dataflow::{
    ANSWERS, Change, Flow, FlowPlan, FlowStage, Foundations, GraphRun, KeptAnswer, Made, MemoryKeeper,
    Operator, Pace, Reader, compile, encode,
};
use rifflebox_storage::Content;
use serde_json::{Map, Value as Json, json};
use tokio::runtime::Handle;

use crate::build::{BuildOptions, Opened};
use crate::conversation::{StoryCall, judged, taught};
use crate::estimate::StopOnDrop;
use crate::feed::Once;
use crate::held_out::knowing;
use crate::listing::{RowQuery, known_stage, list};
use crate::standing::{Said, Standing, Visit};
use crate::target::admit;
use crate::workspace::Workspace;

/// Columns of a sample that a preview shows where they are.
const COLUMNS: [&str; 7] = ["text", "prompt", "completion", "messages", "chosen", "rejected", "context"];

impl Workspace {
    /// Runs the first `n` documents of each source through the flow, and returns rows as JSON objects.
    ///
    /// Without a stage: each row by what became of it, as [`Workspace::rows`] says it. With one: each row as it leaves
    /// that stage. Rows carry their texts, tier, tokens and score. Asked stages ask what they have no kept answer
    /// for; nothing is published, and nothing kept, the new answers neither. Runs on the current tokio runtime, which
    /// must have several threads.
    ///
    /// # Errors
    /// When the flow is broken, it has no such stage, documents cannot be listed, or the store fails.
    pub async fn preview(
        &self,
        flow: &Flow,
        stage: Option<&str>,
        n: usize,
        options: &BuildOptions,
    ) -> Result<Vec<Json>> {
        let plan = flow.plan();
        // Of what is held out, a part is not enough.
        let mut changes = first_documents(&plan, n)?;
        let documents: Vec<Key> = changes.iter().map(|change| change.key).collect();
        changes.extend(admit(&plan, &documents));
        let plan = knowing(&plan, &Reader::default(), &changes);
        let graph = compile(&plan)?.graph;
        let (foundations, uncovered) = self.answers(&plan, options).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let guard = StopOnDrop(stop.clone());
        let run = GraphRun {
            foundations: foundations.clone(),
            pace: Pace { workers: options.workers, ..Pace::default() },
            runtime: Some(Handle::current()),
            uncovered,
            stop,
            ..GraphRun::new(graph.clone())
        };
        let stage = stage.map(str::to_owned);
        let ran = tokio::task::spawn_blocking(move || {
            let mut keeper = MemoryKeeper::default();
            keeper.runs = foundations;
            keeper.begin(&graph);
            run.run(&mut Once(Some(changes)), &mut keeper)?;
            let standing = Standing::new(plan, Content::default(), Reader::new(keeper.runs));
            rows(&standing, stage.as_deref())
        });
        let ran = ran.await;
        drop(guard);
        ran.map_err(|error| Error::new(ErrorKind::Internal, "the preview died").with_source(error))?
    }

    /// Returns the answers that stand, so that a preview pays for none of them again.
    async fn answers(
        &self,
        plan: &FlowPlan,
        options: &BuildOptions,
    ) -> Result<(Foundations, BTreeMap<String, Vec<KeptAnswer>>)> {
        let (mut parent, segments) = self.storage.begin().await?;
        if let Some(parent) = &mut parent {
            parent.content.arrangements.retain(|name, _| name.starts_with(ANSWERS));
        }
        let opened = Opened::new(&self.storage, parent, segments, options, plan).await?;
        let mut runs = rifflebox_dataflow::foundations(&opened.state);
        // Where calls are owed, the reasons stand among the answers: these are for the build to settle.
        let reader = Reader::new(runs.clone());
        runs.retain(|name, _| !name.ends_with("/owed") && reader.is_empty(&format!("{name}/owed")));
        Ok((runs, opened.uncovered.answers))
    }
}

/// Returns the first documents of each source, by path and row, with what is broken before them; all that are held out.
fn first_documents(plan: &FlowPlan, n: usize) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let held_out = plan.held_out();
    for stage in &plan.stages {
        let Operator::Source(source) = &stage.operator else { continue };
        let input: Arc<str> = format!("{}/rows", stage.name).into();
        let mut left = if held_out.contains(&*stage.name) { usize::MAX } else { n };
        let enough = || Error::new(ErrorKind::Internal, "a preview has enough documents");
        let scanned = source.changes(&KeptFiles::default(), &mut |change| {
            for item in change.rows.into_iter().flatten() {
                if left == 0 {
                    return Err(enough());
                }
                let item: RowItem = item?;
                left -= usize::from(item.document.is_ok());
                let (key, value) = encode(&item.key, &item);
                changes.push(Change { input: input.clone(), key, value, diff: 1 });
            }
            if left == 0 { Err(enough()) } else { Ok(()) }
        });
        match scanned {
            Err(error) if left > 0 => return Err(error),
            // Ended by our own word, or at the last file.
            Ok(()) | Err(_) => {}
        }
    }
    Ok(changes)
}

fn rows(standing: &Standing, stage: Option<&str>) -> Result<Vec<Json>> {
    let Some(name) = stage else { return endings(standing, None) };
    known_stage(standing, name)?;
    match standing.plan.stage(name) {
        Some(stage) if !matches!(stage.operator, Operator::Source(_) | Operator::Publish(_)) => {
            Ok(leaving(standing, stage))
        }
        Some(stage) if stage.operator.kind() == "publish" => endings(standing, stage.from.first().cloned()),
        _ => Ok(documents(standing, name)),
    }
}

/// Returns all rows by what became of them, or those that end at a stage.
fn endings(standing: &Standing, stage: Option<String>) -> Result<Vec<Json>> {
    let fields = COLUMNS.iter().chain(&["tier", "tokens", "score"]).map(|field| (*field).to_owned());
    let query = RowQuery { stage, fields: fields.collect(), ..RowQuery::default() };
    let mut rows = Vec::new();
    list(standing, &query, &mut |mut row| {
        if let Json::Object(row) = &mut row {
            // A row has the columns of its own kind.
            row.retain(|name, value| !(value.is_null() && COLUMNS.contains(&name.as_str())));
        }
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Returns the rows that a stage says something of, each as it leaves it.
fn leaving(standing: &Standing, stage: &FlowStage) -> Vec<Json> {
    let mut rows = Vec::new();
    for generator in standing.stages("generate") {
        for (id, made, _) in standing.reader.table::<Key, Made>(&format!("{}/samples", generator.name)).all()
        {
            match made {
                Made::Sample(row, sample) => {
                    let visits = standing.visits(&generator.name, &row);
                    let visit = visits.iter().find(|visit| visit.stage.name == stage.name);
                    rows.extend(visit.map(|visit| {
                        let mut row = visited(visit, &sample);
                        let documents = standing.documents_of(&sample);
                        let asked = match (stage.operator.kind(), documents.first()) {
                            ("generate", Some(document)) => taught(standing, stage, document),
                            _ => judged(standing, stage, &sample, &documents),
                        };
                        add_asked(&mut row, asked);
                        row
                    }));
                }
                Made::Failed { source, id: document, route, reason, .. } if generator.name == stage.name => {
                    let documents = [format!("{source}:{document}")];
                    let name = &stage.name;
                    let mut row = json!({ "id": id, "documents": documents, "status": "failed", "stage": name, "reason": reason });
                    if let Some((_, document)) = standing.documents(&source, route).0.first() {
                        add_asked(&mut row, taught(standing, stage, document));
                    }
                    rows.push(row);
                }
                Made::Failed { .. } => {}
            }
        }
    }
    rows
}

/// Shows with a row what models were asked for it.
fn add_asked(row: &mut Json, asked: Vec<StoryCall>) {
    if !asked.is_empty() {
        row["asked"] = json!(asked);
    }
}

fn visited(visit: &Visit<'_>, sample: &Sample) -> Json {
    let (status, verdict) = match &visit.said {
        Said::Made | Said::Passed | Said::Chosen => ("kept", None),
        Said::Displaced(_) => ("displaced", None),
        Said::LeftOut => ("unused", None),
        Said::Judged(said) => {
            let status = match said.outcome {
                Outcome::Failed { .. } => "failed",
                Outcome::Rejected => "rejected",
                Outcome::Kept | Outcome::Displaced { .. } => "kept",
            };
            (status, Some(said))
        }
    };
    let failure = verdict.and_then(|said| match &said.outcome {
        Outcome::Failed { reason } => Some(reason.clone()),
        _ => None,
    });
    let reason = verdict.and_then(|said| said.verdict.as_ref()?.reason.clone()).or(failure);
    let documents: Vec<String> =
        sample.documents.iter().map(|seed| format!("{}:{}", seed.source, seed.id)).collect();
    let mut object = Map::new();
    for (name, value) in [
        ("id", json!(visit.row.id)),
        ("documents", json!(documents)),
        ("status", json!(status)),
        ("stage", json!(visit.stage.name)),
        ("reason", json!(reason)),
        ("tier", json!(visit.row.tier)),
        ("tokens", json!(visit.row.tokens)),
        ("score", json!(visit.row.score.value())),
    ] {
        object.insert(name.to_owned(), value);
    }
    for name in COLUMNS {
        let value = crate::listing::field_of(name, Some(&visit.row), Some(sample));
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    }
    Json::Object(object)
}

/// Returns the rows of a source: documents, and what is none.
fn documents(standing: &Standing, name: &str) -> Vec<Json> {
    let rows = standing.reader.table::<Key, RowItem>(&format!("{name}/rows")).all();
    let told = rows.into_iter().map(|(id, item, _)| match item.document {
        Ok(document) => json!({
            "id": id,
            "documents": [format!("{name}:{}", document.id)],
            "status": "kept",
            "stage": name,
            "reason": null,
            "tier": document.tier,
            "license": document.license,
            "text": document.text,
        }),
        Err(reason) => json!({
            "id": id,
            "documents": [format!("{name}:{}", item.place.path)],
            "status": "broken",
            "stage": name,
            "reason": reason,
        }),
    });
    told.collect()
}
