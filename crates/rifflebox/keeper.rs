//! Commits: cuts become runs in the store, and a manifest that names them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use rifflebox_core::{Key, Outcome, Result, Row, StageRow};
use rifflebox_dataflow::{
    Cut, Foundations, Graph, Keeper, MadeHead, Plan, Reader, Turn, add_run, decode, foundations,
};
use rifflebox_publish::bucket_of;
use rifflebox_storage::{
    Committed, Content, Manifest, ObjectName, RunColumns, StageRecord, Workspace, nonce,
};
use tokio::runtime::Handle;

use crate::build::IDENTITIES;
use crate::journal::Recorder;
use crate::progress::Event;
use crate::publish::Publisher;
use crate::report::Report;
use crate::state::{State, arrangements, map, unwrite_unnamed, write};

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
    /// Whether more is to come after the run's last commit, which then publishes nothing.
    pub(crate) holds: bool,
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
        let mut state = self.state.clone();
        let commit = self.parent.as_ref().map_or(0, |parent| parent.id);
        let changed = cut.slices.into_iter().filter(|(_, (_, slices))| !slices.is_empty());
        for (place, (name, (_, slices))) in changed.enumerate() {
            self.report.rows.written += slices.iter().map(|slice| slice.update_count() as u64).sum::<u64>();
            let turn = Turn::at(commit, place);
            self.report.rows.merged += add_run(state.entry(name).or_default(), slices, turn);
        }
        if cut.replaying {
            return self.put_aside(&state);
        }
        let segment = self.journal.flush()?;
        if segment > 0 {
            self.covered.insert(self.run.clone(), segment);
        }
        let mut content = self.next_content();
        let last = cut.last && !self.holds;
        if last {
            content.extra.insert(IDENTITIES.to_owned(), self.identities.clone());
            // What is published is computed from the state as it will be committed.
            let reader = Reader::new(foundations(&state));
            self.publisher.prepare(&reader, &mut content, &mut self.report)?;
            self.rows_read += reader.rows_read();
        }
        self.write(state, content)?;
        if last { self.publish() } else { Ok(()) }
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

    /// Writes what the next commit will name; if none comes, it is nobody's.
    fn put_aside(&mut self, state: &State) -> Result<()> {
        let (state, new) = self.upload(state)?;
        self.state = self.runtime.block_on(map(&self.storage, state, &new))?;
        Ok(())
    }

    /// Writes all pieces that are not written yet; returns the state, all of it written, and the objects that are new.
    fn upload(&self, state: &State) -> Result<(State, BTreeSet<ObjectName>)> {
        let base = self.parent.as_ref().map_or(0, |parent| parent.id);
        self.runtime.block_on(write(&self.storage.upload(base), state.clone()))
    }

    /// Writes a state and commits it; again under a new base, if only a collection of garbage came between.
    fn write(&mut self, mut state: State, content: Content) -> Result<()> {
        let nonce = nonce();
        loop {
            let base = self.parent.as_ref().map_or(0, |parent| parent.id);
            let (written, new) = self.upload(&state)?;
            let mut content = content.clone();
            // A version that this commit publishes is this manifest's.
            content
                .versions
                .iter_mut()
                .filter(|v| v.manifest == 0)
                .for_each(|version| version.manifest = base + 1);
            content.arrangements = arrangements(&written, &self.looped);
            match self.runtime.block_on(self.storage.commit(self.parent.as_ref(), content, &nonce))? {
                Committed::Won(manifest) => {
                    self.content = manifest.content.clone();
                    self.parent = Some(manifest);
                    self.state = self.runtime.block_on(map(&self.storage, written, &new))?;
                    return Ok(());
                }
                Committed::Lost { newest, fence: true } => {
                    // What was put aside under the base before, the collector may have taken as well.
                    unwrite_unnamed(&mut state, &newest);
                    self.parent = Some(newest);
                }
                Committed::Lost { newest, fence } => {
                    // Takes this run's shards away again; where that fails, the next build does it.
                    let _ = self.publisher.finish(&newest);
                    return Committed::Lost { newest, fence }.won().map(drop);
                }
            }
        }
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
