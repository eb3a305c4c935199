//! Verbs that run a flow.

use std::path::Path;
use std::time::Duration;

use rifflebox::{BuildOptions, Error, ErrorKind, Flow, Report, Result};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::arguments::{Build, Places, Plan, Power, Preview, Watch};
use rifflebox_core::nearest;

use crate::flow_file::FlowFile;
use crate::output::Output;
use crate::progress::progress;
use crate::registry::Registry;
use crate::table::figures;
use crate::target::{Target, open};
use crate::watch::Watcher;

/// Looks at most that `watch` waits for a restless folder before it builds all the same.
const MOST_RESTLESS_LOOKS: usize = 10;

pub(super) async fn build(verb: &Build, registry: &Registry, output: &Output) -> Result<()> {
    let flow = FlowFile::load(&Target::file(&verb.flow)?, registry)?;
    let options = BuildOptions {
        rebuild: verb.rebuild,
        retry_failed: verb.retry_failed,
        ..options(&flow, verb.power, output)
    };
    let url = verb.places.workspace.clone().unwrap_or_else(|| flow.workspace.clone());
    let report = match build_once(flow, &verb.places, options).await {
        Ok(report) => report,
        Err(error) => {
            if output.json() && matches!(error.kind(), ErrorKind::Incomplete | ErrorKind::Refused) {
                // What was done is kept, and told beside the error.
                if let Ok(Some(report)) = open(&url, &verb.places).await?.status().await
                    && report.unpublished.is_some()
                {
                    output.stands(&report);
                }
            }
            return Err(error);
        }
    };
    match output.json() {
        true => output.json_line(&report),
        false => output.line(&figures(&report)),
    }
}

async fn build_once(flow: FlowFile, places: &Places, options: BuildOptions) -> Result<Report> {
    let url = places.workspace.as_ref().unwrap_or(&flow.workspace);
    open(url, places).await?.build_with(&Flow::from_plan(flow.plan), options).await
}

fn options(flow: &FlowFile, power: Power, output: &Output) -> BuildOptions {
    let mut options = BuildOptions {
        flow_text: Some(flow.kept_text.clone()),
        base_dir: flow.base_dir.clone(),
        progress: progress(output.shows_progress()),
        ..BuildOptions::default()
    };
    if let Some(workers) = power.workers {
        options.workers = usize::from(workers);
    }
    options
}

pub(super) async fn plan(verb: &Plan, registry: &Registry, output: &Output) -> Result<()> {
    let (workspace, flow) = Target::parse(&verb.flow).open_with_flow(&verb.places, registry).await?;
    let options = options(&flow, verb.power, output);
    output.result(&workspace.plan(&Flow::from_plan(flow.plan), &options).await?)
}

pub(super) async fn preview(verb: &Preview, registry: &Registry, output: &Output) -> Result<()> {
    let (workspace, flow) = Target::parse(&verb.flow).open_with_flow(&verb.places, registry).await?;
    let stage = verb.stage.as_deref();
    if let Some(stage) = stage
        && flow.plan.stage(stage).is_none()
    {
        let names = flow.plan.stages.iter().map(|stage| stage.name.as_str());
        let hint = nearest(stage, names).unwrap_or_default();
        return Err(Error::new(ErrorKind::Usage, format!("there is no stage `{stage}`: {hint}")));
    }
    let options = options(&flow, verb.power, output);
    let rows = workspace.preview(&Flow::from_plan(flow.plan), stage, verb.n, &options).await?;
    if output.json() {
        return output.json_line(&json!({ "rows": rows }));
    }
    rows.iter().try_for_each(|row| output.line(&row.to_string()))
}

/// Builds now, and whenever a source or the flow file changes; what goes wrong is said, and mended by the next change.
pub(super) async fn watch(verb: &Watch, registry: &Registry, output: &Output) -> Result<()> {
    let path = Target::file(&verb.flow)?;
    let mut watcher = Watcher::new(&path, &FlowFile::load(&path, registry)?.plan);
    let mut ticks = interval(Duration::from_millis(verb.interval_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (seen, restless) = look(watcher).await?;
        watcher = seen;
        if restless? {
            for _ in 0..MOST_RESTLESS_LOOKS {
                ticks.tick().await;
                let (seen, restless) = look(watcher).await?;
                watcher = seen;
                if !restless? {
                    break;
                }
            }
            if let Some(flow) = build_watched(&path, verb, registry, output).await? {
                watcher.follow(&flow.plan);
            }
        }
        ticks.tick().await;
    }
}

/// Looks on a thread of its own: listing may take a while.
async fn look(mut watcher: Watcher) -> Result<(Watcher, Result<bool>)> {
    let looked = tokio::task::spawn_blocking(move || {
        let changed = watcher.look();
        (watcher, changed)
    });
    looked.await.map_err(|error| Error::new(ErrorKind::Internal, "the watcher died").with_source(error))
}

/// Builds once, and returns the flow if it is sound.
async fn build_watched(
    path: &Path,
    verb: &Watch,
    registry: &Registry,
    output: &Output,
) -> Result<Option<FlowFile>> {
    let flow = match FlowFile::load(path, registry) {
        Ok(flow) => flow,
        Err(error) => {
            output.tell(&error);
            return Ok(None);
        }
    };
    let options = options(&flow, verb.power, output);
    match build_once(flow.clone(), &verb.places, options).await {
        Ok(report) => output.result(&report)?,
        Err(error) => output.tell(&error),
    }
    output.news("watching …");
    Ok(Some(flow))
}
