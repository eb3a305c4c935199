//! What earlier runs left, opened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use rifflebox_core::Result;
use rifflebox_dataflow::{OpenRun, Piece, schema};
use rifflebox_storage::{Arrangement, Manifest, NewRun, ObjectName, Part, Run, Upload, Workspace};

/// Parts that are opened at the same time.
const CONCURRENT: usize = 16;

/// Arrangements, open: those of a manifest, in place, and what is to be written besides.
pub(crate) type State = BTreeMap<String, Vec<OpenRun>>;

/// Opens arrangements; what is fetched is fetched at once.
pub(crate) async fn open(storage: &Workspace, arrangements: &BTreeMap<String, Arrangement>) -> Result<State> {
    let mut state = State::new();
    let mut wanted = Vec::new();
    for (name, arrangement) in arrangements {
        let runs = state.entry(name.clone()).or_default();
        for (index, run) in arrangement.runs.iter().enumerate() {
            runs.push(OpenRun { pieces: Vec::new(), joins: run.joins });
            wanted.extend(run.parts.iter().map(|part| (name.clone(), index, part.clone())));
        }
    }
    // All is owned, so that a build is a future that can be spawned.
    let opened: Vec<_> = futures::stream::iter(wanted)
        .map(|(name, index, part)| {
            let storage = storage.clone();
            async move {
                let columns = storage.open_part(&part).await?;
                Ok((name, index, Piece { part: Some(part), columns }))
            }
        })
        .buffered(CONCURRENT)
        .try_collect::<Vec<_>>()
        .await
        .map_err(|error: rifflebox_core::Error| error)?;
    for (name, index, piece) in opened {
        state.get_mut(&name).expect("entered above")[index].pieces.push(piece);
    }
    Ok(state)
}

/// Writes all pieces that are not written yet; returns the state, all of it written, and the objects that are new.
///
/// What was written stays in memory until it is [mapped](map): before a manifest names it, a collection may take it.
pub(crate) async fn write(upload: &Upload, mut state: State) -> Result<(State, BTreeSet<ObjectName>)> {
    let mut unwritten = Vec::new();
    for (name, runs) in &state {
        let pieces = runs.iter().flat_map(|run| &run.pieces).filter(|piece| piece.part.is_none());
        unwritten.extend(pieces.map(|piece| NewRun {
            name: name.clone(),
            looped: piece.columns.rounds.is_some(),
            pieces: vec![(*piece.columns).clone()],
        }));
    }
    let written = upload.write_runs(unwritten).await?;
    let new = written.iter().flat_map(|run| &run.parts).map(|part| part.object.clone()).collect();
    let mut written = written.into_iter();
    for run in state.values_mut().flatten() {
        let pieces = std::mem::take(&mut run.pieces).into_iter().flat_map(|piece| match piece.part {
            Some(_) => vec![piece],
            None => divided(&piece, written.next().expect("each unwritten piece was written")),
        });
        run.pieces = pieces.collect();
    }
    Ok((state, new))
}

/// Divides a piece as it was written.
fn divided(piece: &Piece, written: Run) -> Vec<Piece> {
    let columns = |part: &Part| piece.columns.slice(piece.columns.range(part.first, part.last));
    let piece = |part: Part| Piece { columns: Arc::new(columns(&part)), part: Some(part) };
    written.parts.into_iter().map(piece).collect()
}

/// Lets go of the columns that were just written: from now on they are read where they lie.
pub(crate) async fn map(storage: &Workspace, mut state: State, new: &BTreeSet<ObjectName>) -> Result<State> {
    for piece in state.values_mut().flatten().flat_map(|run| &mut run.pieces) {
        if let Some(part) = piece.part.as_ref().filter(|part| new.contains(&part.object)) {
            piece.columns = storage.open_part(part).await?;
        }
    }
    Ok(state)
}

/// Returns what a manifest says of a state that is written; `looped` says which arrangements lie inside a loop.
pub(crate) fn arrangements(state: &State, looped: &BTreeMap<String, bool>) -> BTreeMap<String, Arrangement> {
    let part = |piece: &Piece| piece.part.clone().expect("what a manifest names is written");
    let run = |run: &OpenRun| Run { parts: run.pieces.iter().map(part).collect(), joins: run.joins };
    let arrangement = |(name, runs): (&String, &Vec<OpenRun>)| {
        let looped = looped.get(name).copied().unwrap_or_default();
        (name.clone(), Arrangement { schema: schema(), looped, runs: runs.iter().map(run).collect() })
    };
    state.iter().map(arrangement).collect()
}

/// Calls what lies in objects that a manifest does not name unwritten: nothing keeps them from being collected.
pub(crate) fn unwrite_unnamed(state: &mut State, manifest: &Manifest) {
    let named = manifest.content.objects();
    for piece in state.values_mut().flatten().flat_map(|run| &mut run.pieces) {
        piece.part.take_if(|part| !named.contains_key(&part.object));
    }
}

#[cfg(test)]
mod tests;
