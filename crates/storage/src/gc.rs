use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use rifflebox_core::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::collect::{Collect, Do, Ended, Told, covered};
use crate::failure::corrupt;
use crate::journal::segment_path;
use crate::manifest::{self, Content, Manifest, ObjectName, Slot, Tombstone};
use crate::nonce::nonce;
use crate::workspace::{Committed, Workspace};

/// How often a collection begins again because another writer committed first.
const ATTEMPTS: u32 = 4;
/// Requests at the same time.
const CONCURRENT: usize = 16;

/// What a collection removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GcReport {
    /// The number of the fence manifest; none in a dry run, or where there is nothing to collect.
    pub fence: Option<u64>,
    /// Data objects removed.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Journal segments removed.
    pub segments: u64,
    /// Manifests let go; a tombstone keeps each one's number.
    pub manifests: u64,
    /// Data objects that stay.
    pub kept_objects: u64,
    /// Their bytes.
    pub kept_bytes: u64,
}

/// A collection at work: the state machine's eyes and hands.
struct Collector<'a> {
    workspace: &'a Workspace,
    /// What stands at the fence's number; in a dry run, the newest manifest.
    fence: Manifest,
    retained: Vec<Manifest>,
    sizes: BTreeMap<ObjectName, u64>,
    report: GcReport,
    failure: Option<Error>,
}

impl Workspace {
    /// Removes what no retained manifest names: data objects, covered journal segments, older manifests.
    ///
    /// Retained are the newest manifest and those of the last `keep_versions` versions, at least of one. Writers at
    /// work are safe: they lose to the fence, upload again and commit. A dry run only counts.
    ///
    /// # Errors
    /// On any failed read nothing more is removed. [`ErrorKind::Conflict`] when other writers keep committing.
    pub async fn gc(&self, keep_versions: usize, dry_run: bool) -> Result<GcReport> {
        if !dry_run {
            self.writable()?;
        }
        for _ in 0..ATTEMPTS {
            let Some(newest) = self.newest().await? else { return Ok(GcReport::default()) };
            if let Some(report) = self.collect(newest, keep_versions, dry_run).await? {
                return Ok(report);
            }
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "other writers keep committing; collect again when they are done",
        ))
    }

    async fn collect(
        &self,
        opened: Manifest,
        keep_versions: usize,
        dry_run: bool,
    ) -> Result<Option<GcReport>> {
        let mut content = opened.content.clone();
        let surplus = content.versions.len().saturating_sub(keep_versions.max(1));
        content.versions.drain(..surplus);
        let (mut state, mut action) = Collect::start(opened.id, dry_run);
        let mut collector = Collector {
            workspace: self,
            fence: Manifest { content, ..opened.clone() },
            retained: Vec::new(),
            sizes: BTreeMap::new(),
            report: GcReport::default(),
            failure: None,
        };
        let doomed = loop {
            let told = match action {
                Do::Fence => collector.fence(&opened).await,
                Do::Retained => collector.retained().await,
                Do::List => collector.list().await,
                Do::Delete(doomed) => {
                    collector.count(&doomed);
                    collector.delete(doomed).await
                }
                Do::Done(Ended::Swept) => break None,
                Do::Done(Ended::Would(doomed)) => break Some(doomed),
                Do::Done(Ended::FenceLost) => return Ok(None),
                Do::Done(Ended::Aborted) => return Err(collector.aborted()),
            };
            let told = told.unwrap_or_else(|error| {
                collector.failure = Some(error);
                Told::Failed
            });
            (state, action) = state.step(told);
        };
        if let Some(doomed) = &doomed {
            collector.count(doomed);
        }
        collector.sweep_segments(dry_run).await?;
        collector.bury(dry_run).await?;
        if let (false, Some(folder)) = (dry_run, self.folder()) {
            sweep_folder(folder, collector.fence.id);
        }
        Ok(Some(collector.report))
    }
}

impl Collector<'_> {
    async fn fence(&mut self, opened: &Manifest) -> Result<Told<ObjectName>> {
        let content: Content = self.fence.content.clone();
        match self.workspace.commit(Some(opened), content, &nonce()).await? {
            Committed::Won(fence) => {
                self.report.fence = Some(fence.id);
                self.fence = fence;
                Ok(Told::Fenced)
            }
            Committed::Lost { .. } => Ok(Told::FenceLost),
        }
    }

    async fn retained(&mut self) -> Result<Told<ObjectName>> {
        self.retained = vec![self.fence.clone()];
        self.retained.extend(self.workspace.versions_of(&self.fence).await?);
        let named = self.retained.iter().flat_map(|manifest| manifest.content.objects().into_keys().cloned());
        Ok(Told::Retained(named.collect()))
    }

    async fn list(&mut self) -> Result<Told<ObjectName>> {
        let listed = self.workspace.access().list(Some(&Path::from("data")), None).await?;
        // What is not named as we name objects is not ours to delete.
        let objects = listed.iter().filter_map(|m| Some((ObjectName::parse(m.location.as_ref())?, m.size)));
        self.sizes = objects.collect();
        Ok(Told::Listed(self.sizes.keys().map(|name| (name.base, name.clone())).collect()))
    }

    async fn delete(&self, doomed: BTreeSet<ObjectName>) -> Result<Told<ObjectName>> {
        let deletes = futures::stream::iter(doomed).map(async |name| {
            self.workspace.cache().forget(&name);
            self.workspace.access().delete(&name.path()).await
        });
        deletes.buffer_unordered(CONCURRENT).try_collect::<()>().await?;
        Ok(Told::Deleted)
    }

    fn count(&mut self, doomed: &BTreeSet<ObjectName>) {
        let (gone, kept): (Vec<_>, Vec<_>) = self.sizes.iter().partition(|(name, _)| doomed.contains(name));
        self.report.objects = gone.len() as u64;
        self.report.bytes = gone.iter().map(|(_, size)| **size).sum();
        self.report.kept_objects = kept.len() as u64;
        self.report.kept_bytes = kept.iter().map(|(_, size)| **size).sum();
    }

    async fn sweep_segments(&mut self, dry_run: bool) -> Result<()> {
        let listed = self.workspace.segment_names().await?;
        let journals: Vec<_> = self.retained.iter().map(|manifest| &manifest.content.journals).collect();
        let names = listed.iter().map(|(run, number, _)| (run.as_str(), *number));
        let doomed = covered(names, &journals);
        self.report.segments = doomed.len() as u64;
        if dry_run {
            return Ok(());
        }
        let deletes = futures::stream::iter(doomed)
            .map(async |(run, number)| self.workspace.access().delete(&segment_path(run, number)).await);
        deletes.buffer_unordered(CONCURRENT).try_collect().await
    }

    /// Puts a tombstone over every manifest that is older than the fence and not retained.
    async fn bury(&mut self, dry_run: bool) -> Result<()> {
        let retained: BTreeSet<u64> = self.retained.iter().map(|manifest| manifest.id).collect();
        let sizes = self.workspace.manifest_sizes(0).await?;
        // No manifest is as short as a tombstone: those of earlier collections need not be read.
        let buried = |id: u64| Tombstone::of(id, &nonce()).encode().len() as u64;
        let old = sizes
            .into_iter()
            .filter(|(id, size)| *id < self.fence.id && !retained.contains(id) && *size != buried(*id));
        let old = old.map(|(id, _)| id);
        let buried = futures::stream::iter(old).map(async |id| {
            let Some(Slot::Manifest(manifest)) = self.workspace.slot(id).await? else { return Ok(0) };
            if !dry_run {
                let tombstone = Tombstone::of(id, &manifest.nonce).encode();
                self.workspace.access().put(&manifest::path(id), tombstone).await?;
            }
            Ok(1)
        });
        let buried: Vec<u64> = buried.buffer_unordered(CONCURRENT).try_collect().await?;
        self.report.manifests = buried.iter().sum();
        Ok(())
    }

    fn aborted(self) -> Error {
        let text = "nothing more was collected, since not everything could be read";
        let kind = self.failure.as_ref().map_or(ErrorKind::Internal, Error::kind);
        let error = Error::new(kind, text);
        match self.failure {
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}

impl Workspace {
    /// Reads the manifests of the versions that a manifest retains, but for its own.
    pub(crate) async fn versions_of(&self, manifest: &Manifest) -> Result<Vec<Manifest>> {
        let ids: BTreeSet<u64> = manifest.content.versions.iter().map(|version| version.manifest).collect();
        let others = ids.into_iter().filter(|id| *id != manifest.id);
        let read = futures::stream::iter(others).map(async |id| {
            let gone = || corrupt(manifest::path(id).as_ref(), "is missing, and a retained version needs it");
            self.manifest(id).await?.ok_or_else(gone)
        });
        read.buffered(CONCURRENT).try_collect().await
    }
}

/// Takes away what crashed writers left in a folder where the store does not show it: unfinished files and empty
/// folders. A writer at work that loses an unfinished file to this writes it again.
fn sweep_folder(folder: &FilePath, fence: u64) {
    let entries = |path: &FilePath| std::fs::read_dir(path).into_iter().flatten().flatten();
    let unfinished = |name: &str| {
        let (stem, number) = name.rsplit_once('#')?;
        number.bytes().all(|b| b.is_ascii_digit()).then(|| stem.to_owned())
    };
    for base in entries(&folder.join("data")) {
        let old =
            base.file_name().to_str().and_then(|name| name.parse().ok()).is_some_and(|b: u64| b < fence);
        if !old {
            continue;
        }
        for file in entries(&base.path()) {
            if file.file_name().to_str().and_then(unfinished).is_some() {
                drop(std::fs::remove_file(file.path()));
            }
        }
        drop(std::fs::remove_dir(base.path()));
    }
    for file in entries(&folder.join(manifest::FOLDER)) {
        let stem = file.file_name().to_str().and_then(unfinished);
        let id = stem.and_then(|stem| manifest::id_of(&format!("{}/{stem}", manifest::FOLDER)));
        if id.is_some_and(|id| id <= fence) {
            drop(std::fs::remove_file(file.path()));
        }
    }
    for run in entries(&folder.join("journal")) {
        // Only an empty folder can be removed so.
        drop(std::fs::remove_dir(run.path()));
    }
}

#[cfg(test)]
mod tests;
