//! What earlier runs left, opened.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use rifflebox_core::Result;
use rifflebox_dataflow::Foundations;
use rifflebox_storage::{Arrangement, Run, RunColumns, Workspace};

/// Parts that are opened at the same time.
const CONCURRENT: usize = 16;

/// One run of an arrangement: what the manifest says of it, and its columns, in parts.
#[derive(Clone)]
pub(crate) struct OpenRun {
    pub(crate) run: Run,
    pub(crate) parts: Vec<Arc<RunColumns>>,
}

/// The arrangements of a manifest, opened in place.
pub(crate) type State = BTreeMap<String, Vec<OpenRun>>;

/// Opens arrangements; what is fetched is fetched at once.
pub(crate) async fn open(storage: &Workspace, arrangements: &BTreeMap<String, Arrangement>) -> Result<State> {
    let mut state = State::new();
    let mut wanted = Vec::new();
    for (name, arrangement) in arrangements {
        let runs = state.entry(name.clone()).or_default();
        for (index, run) in arrangement.runs.iter().enumerate() {
            runs.push(OpenRun { run: run.clone(), parts: Vec::new() });
            wanted.extend(run.parts.iter().map(|part| (name.clone(), index, part.clone())));
        }
    }
    // All is owned, so that a build is a future that can be spawned.
    let opened: Vec<_> = futures::stream::iter(wanted)
        .map(|(name, index, part)| {
            let storage = storage.clone();
            async move { Ok((name, index, storage.open_part(&part).await?)) }
        })
        .buffered(CONCURRENT)
        .try_collect::<Vec<_>>()
        .await
        .map_err(|error: rifflebox_core::Error| error)?;
    for (name, index, part) in opened {
        state.get_mut(&name).expect("entered above")[index].parts.push(part);
    }
    Ok(state)
}

/// Returns what the engine stands on: for each arrangement its runs, oldest first, each in parts.
pub(crate) fn foundations(state: &State) -> Foundations {
    let parts = |runs: &Vec<OpenRun>| runs.iter().flat_map(|run| run.parts.iter().cloned()).collect();
    state.iter().map(|(name, runs)| (name.clone(), parts(runs))).collect()
}
