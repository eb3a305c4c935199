//! Commits: cuts become runs in the store, and a manifest that names them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use rifflebox_core::{Key, Outcome, Result, Row, StageRow};
use rifflebox_dataflow::{
    Cut, Foundations, Graph, Keeper, MadeHead, Plan, Reader, RunSize, decode, merge, runs_to_merge, schema,
};
use rifflebox_publish::bucket_of;
use rifflebox_storage::{
    Arrangement, Committed, Content, Manifest, NewRun, Run, RunColumns, StageRecord, Workspace, nonce,
};
use tokio::runtime::Handle;

use crate::build::IDENTITIES;
use crate::journal::Recorder;
use crate::progress::Event;
use crate::publish::Publisher;
use crate::report::Report;
use crate::state::{OpenRun, State, foundations};

/// Stands for every bucket among the dirty ones.
pub(crate) const ALL: &str = "*";

/// What a run's commits need, and what they found.
pub(crate) struct WorkspaceKeeper {
    pub(crate) storage: Workspace,
    pub(crate) runtime: Handle,
    pub(crate) parent: Option<Manifest>,
    pub(crate) content: Content,
    pub(crate) state: State,
    pub(crate) stages: BTreeMap<String, StageRecord>,
    /// Who each stage is, once all is done.
    pub(crate) identities: serde_json::Value,
    pub(crate) looped: BTreeMap<String, bool>,
    pub(crate) journal: Arc<Recorder>,
    pub(crate) run: String,
    /// Journals that this run has taken into its arrangements.
    pub(crate) covered: BTreeMap<String, u64>,
    pub(crate) publisher: Publisher,
    pub(crate) report: Report,
    /// Published rows by id, with the sum of their changes in this run.
    pub(crate) moved: BTreeMap<Key, i64>,
    /// Rows of earlier runs that this one has read.
    pub(crate) rows_read: u64,
}

impl WorkspaceKeeper {
    /// Keeps what stands of earlier runs, and forgets the rest with the first commit.
    pub(crate) fn stand(&mut self, graph: &Graph, plan: &Plan) {
        self.state.retain(|name, _| plan.stands(name));
        self.stages = graph.stage_records();
        self.looped = plan.arrangements.iter().map(|(name, spec)| (name.clone(), spec.looped)).collect();
    }

    fn commit_cut(&mut self, cut: Cut) -> Result<()> {
        self.note_dirty(&cut);
        self.rows_read += cut.rows_read;
        let mut new: BTreeMap<String, Vec<RunColumns>> = BTreeMap::new();
        for (name, (_, slices)) in cut.slices.into_iter().filter(|(_, (_, slices))| !slices.is_empty()) {
            let pieces = self.merge_tail(&name, slices);
            new.insert(name, pieces);
        }
        if cut.replaying {
            return self.put_aside(new);
        }
        let segment = self.journal.flush()?;
        if segment > 0 {
            self.covered.insert(self.run.clone(), segment);
        }
        let mut content = self.next_content();
        if cut.last {
            content.extra.insert(IDENTITIES.to_owned(), self.identities.clone());
            // What is published is computed from the state as it will be committed.
            let reader = Reader::new(foundations(&self.with(&new, &BTreeMap::new())));
            self.publisher.prepare(&reader, &mut content, &mut self.report)?;
            self.rows_read += reader.rows_read();
        }
        self.write(new, content)?;
        if cut.last { self.publish() } else { Ok(()) }
    }

    /// Publishes what was committed; files that another writer's tidying took away before they were named are
    /// written again.
    fn publish(&self) -> Result<()> {
        let manifest = self.parent.as_ref().expect("a commit leaves a manifest");
        let finished = self.publisher.finish(manifest)?;
        // Listed again at the very end: who tidies up for the manifest before may do so until it sees this one.
        if finished.id == manifest.id && !self.publisher.is_whole(&manifest.content)? {
            let reader = Reader::new(foundations(&self.state));
            self.publisher.restore(&reader, &manifest.content)?;
        }
        Ok(())
    }

    /// Adds a cut's slices to an arrangement, merged with its newest runs where that is cheap.
    fn merge_tail(&mut self, name: &str, slices: Vec<RunColumns>) -> Vec<RunColumns> {
        let added = RunSize::of(&slices);
        self.report.rows.written += added.rows;
        let runs = self.state.entry(name.to_owned()).or_default();
        let size = |run: &OpenRun| RunSize::of(run.parts.iter().map(|part| &**part));
        let sizes: Vec<RunSize> = runs.iter().map(size).chain([added]).collect();
        let count = runs_to_merge(&sizes);
        if count < 2 {
            return slices;
        }
        let old = runs.split_off(runs.len() + 1 - count);
        let parts = old.into_iter().flat_map(|run| run.parts);
        let all: Vec<_> = parts.chain(slices.into_iter().map(Arc::new)).collect();
        let merged = merge(&all);
        self.report.rows.merged += merged.update_count() as u64;
        if merged.key_count() == 0 { Vec::new() } else { vec![merged] }
    }

    /// Writes runs that the next commit will name; if none comes, they are nobody's.
    fn put_aside(&mut self, new: BTreeMap<String, Vec<RunColumns>>) -> Result<()> {
        let written = self.upload(&new)?;
        self.state = self.mapped(self.with(&new, &written), &written)?;
        Ok(())
    }

    fn upload(&self, new: &BTreeMap<String, Vec<RunColumns>>) -> Result<BTreeMap<String, Run>> {
        let runs = new.iter().map(|(name, pieces)| self.new_run(name, pieces.clone()));
        let base = self.parent.as_ref().map_or(0, |parent| parent.id);
        self.runtime.block_on(self.storage.upload(base).write_runs(runs.collect()))
    }

    fn new_run(&self, name: &str, pieces: Vec<RunColumns>) -> NewRun {
        NewRun { name: name.to_owned(), looped: self.looped.get(name).copied().unwrap_or_default(), pieces }
    }

    /// Writes what was put aside once more, under a new base: the collector of garbage may have taken it.
    fn put_aside_again(&mut self) -> Result<()> {
        let named =
            self.parent.as_ref().map(|parent| parent.content.arrangements.clone()).unwrap_or_default();
        let mut state = std::mem::take(&mut self.state);
        for (name, runs) in &mut state {
            let is_named = |run: &Run| named.get(name).is_some_and(|named| named.runs.contains(run));
            for open in runs.iter_mut().filter(|open| !is_named(&open.run)) {
                let pieces = open.parts.iter().map(|part| (**part).clone()).collect();
                let written = self.upload(&BTreeMap::from([(name.clone(), pieces)]))?;
                open.run = written.into_values().next().expect("one run was written");
            }
        }
        self.state = state;
        Ok(())
    }

    /// Writes runs and commits them; again under a new base, if only a collection of garbage came between.
    fn write(&mut self, new: BTreeMap<String, Vec<RunColumns>>, content: Content) -> Result<()> {
        let nonce = nonce();
        loop {
            let base = self.parent.as_ref().map_or(0, |parent| parent.id);
            let written = self.upload(&new)?;
            let state = self.with(&new, &written);
            let mut content = content.clone();
            // A version that this commit publishes is this manifest's.
            content
                .versions
                .iter_mut()
                .filter(|v| v.manifest == 0)
                .for_each(|version| version.manifest = base + 1);
            content.arrangements =
                state.iter().map(|(name, runs)| (name.clone(), self.arrangement(name, runs))).collect();
            match self.runtime.block_on(self.storage.commit(self.parent.as_ref(), content, &nonce))? {
                Committed::Won(manifest) => {
                    self.content = manifest.content.clone();
                    self.parent = Some(manifest);
                    self.state = self.mapped(state, &written)?;
                    return Ok(());
                }
                Committed::Lost { newest, fence: true } => {
                    self.parent = Some(newest);
                    self.put_aside_again()?;
                }
                Committed::Lost { newest, fence } => {
                    // Takes this run's shards away again; where that fails, the next build does it.
                    let _ = self.publisher.finish(&newest);
                    return Committed::Lost { newest, fence }.won().map(drop);
                }
            }
        }
    }

    /// Lets go of the columns that were just written: from now on they are read where they lie.
    fn mapped(&self, mut state: State, written: &BTreeMap<String, Run>) -> Result<State> {
        let new = written.iter().filter(|(_, run)| !run.parts.is_empty());
        for (name, run) in new {
            let open =
                state.get_mut(name).and_then(|runs| runs.last_mut()).expect("a written run is in the state");
            let parts = run.parts.iter().map(|part| self.runtime.block_on(self.storage.open_part(part)));
            open.parts = parts.collect::<Result<_>>()?;
        }
        Ok(state)
    }

    fn arrangement(&self, name: &str, runs: &[OpenRun]) -> Arrangement {
        Arrangement {
            schema: schema(),
            looped: self.looped.get(name).copied().unwrap_or_default(),
            runs: runs.iter().map(|run| run.run.clone()).collect(),
        }
    }

    /// Returns the state with new runs behind the old ones.
    fn with(&self, new: &BTreeMap<String, Vec<RunColumns>>, written: &BTreeMap<String, Run>) -> State {
        let mut state = self.state.clone();
        for (name, pieces) in new.iter().filter(|(_, pieces)| !pieces.is_empty()) {
            let run = written.get(name).cloned().unwrap_or_default();
            let parts = pieces.iter().cloned().map(Arc::new).collect();
            state.entry(name.clone()).or_default().push(OpenRun { run, parts });
        }
        state
    }

    fn next_content(&self) -> Content {
        let mut content = self.content.clone();
        content.stages = self.stages.clone();
        content.journals.extend(self.covered.clone());
        content
    }

    /// Notes which buckets of shards no longer are what the arrangements say.
    fn note_dirty(&mut self, cut: &Cut) {
        let buckets = touched(cut, &mut self.moved);
        if !self.content.dirty.contains(ALL) {
            self.content.dirty.extend(buckets.into_iter().map(|bucket| format!("{bucket:03x}")));
        }
    }
}

impl Keeper for WorkspaceKeeper {
    fn commit(&mut self, cut: Cut) -> Result<Foundations> {
        let started = Instant::now();
        let committed = self.commit_cut(cut);
        self.report.seconds.commit += started.elapsed().as_secs_f64();
        committed?;
        if let Some(progress) = &self.publisher.progress {
            progress.event(Event::Committed { rows: self.report.rows.written });
        }
        Ok(foundations(&self.state))
    }
}

/// Returns the buckets of shards that a cut touches: those of changed rows, verdicts, samples and displacements.
///
/// Adds up by how much the count of each published row changes.
pub(crate) fn touched(cut: &Cut, moved: &mut BTreeMap<Key, i64>) -> BTreeSet<u16> {
    let mut buckets = BTreeSet::new();
    for (name, (_, slices)) in &cut.slices {
        let part = name.rsplit('/').next().unwrap_or_default();
        for slice in slices {
            match part {
                "samples" => each::<MadeHead>(slice, |_, head, _| match head {
                    MadeHead::Sample(row) => {
                        buckets.insert(bucket_of(row.route));
                    }
                    MadeHead::Failed { .. } => {}
                }),
                "verdicts" => each::<StageRow>(slice, |_, said, _| {
                    buckets.insert(bucket_of(said.row.route));
                }),
                "displaced" => each::<StageRow>(slice, |_, said, _| {
                    if let Outcome::Displaced { by_route, .. } = said.outcome {
                        buckets.insert(bucket_of(by_route));
                    }
                }),
                "mix" => each::<Row>(slice, |route, row, diff| {
                    buckets.insert(bucket_of(route));
                    *moved.entry(row.id).or_insert(0) += diff;
                }),
                _ => {}
            }
        }
    }
    buckets
}

/// Calls `each` for every update of a run outside of loops, of an arrangement keyed by plain keys.
fn each<V: rifflebox_dataflow::Data>(run: &RunColumns, mut each: impl FnMut(Key, V, i64)) {
    for key in 0..run.key_count() {
        let name = run.key(key).expect("in range");
        for value in run.key_offsets[key] as usize..run.key_offsets[key + 1] as usize {
            let bytes = run.value(value).expect("in range");
            each(name, decode::<Key, V>(name, bytes).1, run.diffs[value]);
        }
    }
}
