//! Publishing: the shards of a mix, written once, named by what they hold.
//!
//! The manifest is the truth, and publishing follows it: new shards first, then the commit that names them, then the
//! lists and cards, and last the removal of what is superseded. All of it can be done again, and every build does.
//! Requests that go out together are all waited for, so that none is under way when one has failed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::{join, join_all};
use rifflebox_core::{Error, ErrorKind, Key, Kind, Result, Row};
use rifflebox_dataflow::{FlowPlan, MixDecision, Operator, PublishSettings, Quota, Reader};
use rifflebox_publish::{
    Absent, Card, FORMAT, Leaf, Prefix, PublishedFile, ShardPlace, ShardSummary, Snapshot, Splits,
    WrittenShard, leaves, write_shard,
};
use rifflebox_storage::{Content, Manifest, Objects, Published, VersionRecord, Workspace};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::accounts::Accounts;
use crate::gather::{Gathered, Gatherer, Lineage};
use crate::keeper::ALL;
use crate::parallel;
use crate::progress::{Event, Progress};
use crate::report::Report;
use crate::report::grouped;
use crate::target::MISSING;

/// Where a manifest keeps what each publisher has published, by its stage's name.
const FOLDERS: &str = "folders";

/// A published folder, as a manifest keeps it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Folder {
    /// Number of its snapshot.
    pub(crate) version: u64,
    /// Digest of data and provenance.
    pub(crate) snapshot: String,
    /// Digest of the data alone.
    pub(crate) data: String,
    /// Its shards.
    pub(crate) shards: Vec<ShardSummary>,
    /// Files of earlier snapshots that stay for readers in mid-load, the latest snapshot's first.
    pub(crate) superseded: Vec<Vec<String>>,
    /// Rows that it does not hold, as they were when it was published.
    #[serde(default)]
    pub(crate) absent: Absent,
    /// Who published it, and how.
    #[serde(default)]
    pub(crate) origin: Origin,
}

/// All that publishing takes of a flow: with it a folder can be written again when the flow is another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Name of the flow.
    pub(crate) flow: String,
    /// Name of what counts its tokens.
    pub(crate) tokenizer: String,
    /// How the mix is published.
    pub(crate) settings: PublishSettings,
    /// The hand-written part of the card.
    pub(crate) written: Option<String>,
    /// Where the rows come from.
    pub(crate) lineage: Lineage,
}

impl Folder {
    pub(crate) fn files(&self) -> impl Iterator<Item = PublishedFile> + '_ {
        self.shards.iter().flat_map(|shard| [shard.data.clone(), shard.provenance.clone()])
    }
}

/// How the published folders stand, once they are brought in line with the newest manifest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    /// The manifest's number.
    pub(crate) id: u64,
    /// Whether every file that it names stood: a build repairs what was lost.
    pub(crate) whole: bool,
}

/// A publishing stage of a flow.
struct PublisherStage {
    stage: String,
    mix: String,
    settings: PublishSettings,
}

/// Publishes the mixes of a flow.
pub(crate) struct Publisher {
    pub(crate) storage: Workspace,
    pub(crate) runtime: Handle,
    pub(crate) plan: FlowPlan,
    pub(crate) base_dir: PathBuf,
    pub(crate) progress: Option<Arc<dyn Progress>>,
    /// By stage with a target, how many samples are missing of it.
    pub(crate) missing: BTreeMap<String, u64>,
    /// What the run's calls come to.
    pub(crate) accounts: Option<Arc<Accounts>>,
    /// Fills the report's totals from the state; may say why nothing can be published.
    pub(crate) totals: fn(&FlowPlan, &Reader, &mut Report),
    /// Whether shards are only counted, and nothing is written.
    pub(crate) dry: bool,
    /// Writes every file again, whatever stands under its name.
    pub(crate) anew: bool,
}

impl Publisher {
    /// Writes the shards that the state asks for and the last manifest lacks, and names them in `content`.
    ///
    /// Where a rule refuses, or calls are owed, nothing is published: the report says why.
    pub(crate) fn prepare(&self, reader: &Reader, content: &mut Content, report: &mut Report) -> Result<()> {
        report.spent = self.accounts.as_ref().map(|accounts| accounts.spending()).unwrap_or_default();
        (self.totals)(&self.plan, reader, report);
        self.note_missing(report);
        let mut kept = folders(content);
        let publishers = self.publishers();
        // All folders change, or none does.
        report.unpublished = publishers.iter().find_map(|publisher| self.refusal(publisher, reader, report));
        let allowed = if report.unpublished.is_none() { publishers } else { Vec::new() };
        for (index, publisher) in allowed.into_iter().enumerate() {
            let before = kept.remove(&publisher.stage).unwrap_or_default();
            let (mut folder, written) = self.shards(&publisher, reader, content, &before)?;
            folder.origin = self.origin(&publisher)?;
            folder.absent.clone_from(&report.absent);
            report.shards.written += written;
            if index == 0 {
                name(&folder, content, self.plan.keep_versions);
                if let Some(version) = content.versions.last_mut().filter(|_| self.anew) {
                    // The version stands on what this commit writes, and no longer on what may be damaged.
                    version.manifest = 0;
                }
                report.snapshot.clone_from(&folder.snapshot);
                report.data.clone_from(&folder.data);
                report.version = folder.version;
            }
            kept.insert(publisher.stage, folder);
        }
        if report.unpublished.is_none() {
            content.dirty.clear();
            content.extra.insert("format".to_owned(), FORMAT.into());
        }
        keep_folders(content, &kept);
        report.shards.total = self.shard_count(content);
        report.shards.kept = report.shards.total - report.shards.written;
        report.samples.total = report.tiers.values().map(|tier| tier.samples).sum();
        content.report = serde_json::to_value(&*report).ok();
        Ok(())
    }

    /// Notes which targets are not full.
    pub(crate) fn note_missing(&self, report: &mut Report) {
        for (stage, missing) in self.missing.iter().filter(|(_, missing)| **missing > 0) {
            report.notes.entry(stage.clone()).or_default().insert(MISSING.to_owned(), *missing);
        }
    }

    /// Brings the published folders in line with a manifest, and with a newer one if there is.
    pub(crate) fn finish(&self, manifest: &Manifest) -> Result<Finished> {
        let mut newer = None;
        loop {
            let manifest = newer.as_ref().unwrap_or(manifest);
            let mut folders = folders(&manifest.content);
            let mut whole = true;
            for publisher in self.publishers() {
                let Some(folder) = folders.remove(&publisher.stage) else {
                    whole = false;
                    continue;
                };
                let target = self.target(&publisher.settings)?;
                whole &= self.runtime.block_on(lists(&target, &folder, &self.origin(&publisher)?))?;
            }
            if self.runtime.block_on(self.storage.is_newest(manifest))? {
                return Ok(Finished { id: manifest.id, whole });
            }
            match self.runtime.block_on(self.storage.newest())? {
                Some(newest) => newer = Some(newest),
                None => return Ok(Finished { id: manifest.id, whole }),
            }
        }
    }

    /// Writes shards of a manifest that do not stand, from the state that it names.
    pub(crate) fn restore(&self, reader: &Reader, content: &Content) -> Result<()> {
        let folders = folders(content);
        for publisher in self.publishers() {
            if let Some(folder) = folders.get(&publisher.stage) {
                self.shards(&publisher, reader, content, folder)?;
            }
        }
        Ok(())
    }

    /// Returns whether every published file stands.
    pub(crate) fn is_whole(&self, content: &Content) -> Result<bool> {
        let folders = folders(content);
        for publisher in self.publishers() {
            let standing = self.standing(&self.target(&publisher.settings)?)?;
            let folder = folders.get(&publisher.stage);
            if !folder.is_some_and(|folder| folder.shards.iter().all(|shard| stands(shard, &standing))) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Counts the data shards that the flow's publishers have published.
    pub(crate) fn shard_count(&self, content: &Content) -> u64 {
        let folders = folders(content);
        let published = self.publishers().into_iter().filter_map(|publisher| folders.get(&publisher.stage));
        published.map(|folder| folder.shards.len() as u64).sum()
    }

    fn publishers(&self) -> Vec<PublisherStage> {
        let published = self.plan.stages.iter().filter_map(|stage| match &stage.operator {
            Operator::Publish(settings) => Some(PublisherStage {
                stage: stage.name.clone(),
                mix: stage.from.first()?.clone(),
                settings: settings.clone(),
            }),
            _ => None,
        });
        published.collect()
    }

    fn origin(&self, publisher: &PublisherStage) -> Result<Origin> {
        Ok(Origin {
            flow: self.plan.name.clone(),
            tokenizer: self.plan.tokenizer.name().to_owned(),
            settings: publisher.settings.clone(),
            written: self.hand_written(&publisher.settings)?,
            lineage: Lineage::of(&self.plan, &publisher.mix),
        })
    }

    fn target(&self, settings: &PublishSettings) -> Result<Objects> {
        target(&self.storage, settings)
    }

    fn refusal(&self, publisher: &PublisherStage, reader: &Reader, report: &Report) -> Option<String> {
        let PublisherStage { mix, settings, .. } = publisher;
        // What is owed may yet be what a rule misses.
        if report.calls.owed > 0 && !settings.partial {
            let reached: String = report.spent.reached.iter().map(|reached| format!("{reached}; ")).collect();
            // What went wrong most often says what to mend.
            let most = report.spent.failures.iter().max_by_key(|(_, count)| **count);
            let why = most.map(|(reason, _)| format!(" ({reason})")).unwrap_or_default();
            return Some(format!(
                "incomplete: {reached}{} calls are owed{why}; the next build asks them first, `rows --status failed` lists them",
                report.calls.owed
            ));
        }
        let decisions = reader.table::<(), MixDecision>(&format!("{mix}/decision")).all();
        let Some((_, decision, _)) = decisions.into_iter().next() else {
            return Some(format!("refused: mix `{mix}` is empty: no sample reached it{}", lost(report)));
        };
        if let Some(reason) = decision.refused {
            return Some(format!("refused: mix `{mix}`: {reason}"));
        }
        let sizes = reader.table::<(Kind, u16), ()>(&format!("{mix}/sizes")).all();
        if sizes.iter().all(|(_, (), bytes)| *bytes == 0) {
            return Some(format!("refused: mix `{mix}` is empty: {}", shortage(&decision)));
        }
        None
    }

    /// Writes the shards that changed; returns the folder as it will be committed, and how many were written.
    fn shards(
        &self,
        publisher: &PublisherStage,
        reader: &Reader,
        content: &Content,
        before: &Folder,
    ) -> Result<(Folder, u64)> {
        let PublisherStage { mix, settings, .. } = publisher;
        let target = self.target(settings)?;
        let format = content.extra.get("format") == Some(&FORMAT.into());
        // Which documents are held out decides the rows of every shard.
        let divided = before.origin.settings.splits == settings.splits;
        let dirty = |leaf: &Leaf| {
            let buckets = leaf.prefix.buckets();
            !format
                || !divided
                || content.dirty.contains(ALL)
                || content
                    .dirty
                    .iter()
                    .any(|b| u16::from_str_radix(b, 16).is_ok_and(|b| buckets.contains(&b)))
        };
        let splits = Splits::new(settings.splits.clone())?;
        let standing = if self.anew { BTreeMap::new() } else { self.standing(&target)? };
        let gatherer = Gatherer::new(Lineage::of(&self.plan, mix), reader);
        let mut places: Vec<Vec<ShardSummary>> = Vec::new();
        let mut stale = Vec::new();
        for (kind, leaf) in self.leaves(mix, settings, reader)? {
            let same = |shard: &&ShardSummary| shard.kind == kind && shard.prefix == leaf.prefix;
            let kept: Vec<_> = before.shards.iter().filter(same).cloned().collect();
            let stands = !kept.is_empty() && kept.iter().all(|shard| stands(shard, &standing));
            if dirty(&leaf) || !stands {
                stale.push((places.len(), kind, leaf.prefix));
            }
            places.push(kept);
        }
        let (mut done, mut count) = (0, 0);
        // Encoded side by side, and written in order: the same build asks a store for the same things in the same order.
        for some in stale.chunks(parallel::cores()) {
            let encoded = parallel::try_map(some, |(place, kind, prefix)| {
                let known =
                    places[*place].iter().filter(|shard| has(&shard.data, &standing)).collect::<Vec<_>>();
                encode(*kind, *prefix, gatherer.gather(*kind, *prefix)?, &splits, &known)
            })?;
            for ((place, ..), shards) in some.iter().zip(encoded) {
                let put = shards.into_iter().map(|shard| self.put(shard, &standing, &target));
                let put = put.collect::<Result<Vec<_>>>()?;
                count += put.iter().map(|(_, written)| u64::from(*written)).sum::<u64>();
                places[*place] = put.into_iter().map(|(summary, _)| summary).collect();
                done += 1;
                if let Some(progress) = &self.progress {
                    progress.event(Event::Publishing { done, total: stale.len() as u64 });
                }
            }
        }
        Ok((next_folder(before, places.into_iter().flatten().collect(), settings.keep), count))
    }

    /// Writes the files of a shard that do not stand already; returns with its summary whether its data was written.
    fn put(
        &self,
        shard: WrittenShard,
        standing: &BTreeMap<String, u64>,
        target: &Objects,
    ) -> Result<(ShardSummary, bool)> {
        let WrittenShard { summary, data, provenance } = shard;
        let write = async |file: &PublishedFile, bytes: Option<Vec<u8>>| match bytes {
            Some(bytes) if !has(file, standing) && !self.dry => target.put(&file.path, bytes).await,
            _ => Ok(()),
        };
        let both = join(write(&summary.data, data), write(&summary.provenance, Some(provenance)));
        let (data, provenance) = self.runtime.block_on(both);
        data.and(provenance)?;
        let written = !has(&summary.data, standing);
        Ok((summary, written))
    }

    fn leaves(&self, mix: &str, settings: &PublishSettings, reader: &Reader) -> Result<Vec<(Kind, Leaf)>> {
        let mut sums: BTreeMap<Kind, BTreeMap<u16, u64>> = BTreeMap::new();
        for ((kind, bucket), (), bytes) in reader.table::<(Kind, u16), ()>(&format!("{mix}/sizes")).all() {
            *sums.entry(kind).or_default().entry(bucket).or_default() += bytes as u64;
        }
        let mut all = Vec::new();
        let chosen = reader.table::<Key, Row>(&format!("{mix}/mix"));
        for (kind, sums) in sums {
            let mut look = |bucket: u16| {
                let first = Key::from_head64(u64::from(bucket) << 52);
                let last = Key::from_u128(first.to_u128() | (u128::MAX >> 12));
                let mut bytes = BTreeMap::new();
                chosen.scan(first, last, |route, row, _| {
                    if row.kind == kind {
                        *bytes.entry(route).or_insert(0) += row.bytes;
                    }
                    Ok::<(), Error>(())
                })?;
                Ok(bytes)
            };
            let leaves = leaves(&sums, settings.shard_mb << 20, &mut look)?;
            all.extend(leaves.into_iter().filter(|leaf| leaf.bytes > 0).map(|leaf| (kind, leaf)));
        }
        Ok(all)
    }

    fn standing(&self, target: &Objects) -> Result<BTreeMap<String, u64>> {
        self.runtime.block_on(standing(target))
    }

    fn hand_written(&self, settings: &PublishSettings) -> Result<Option<String>> {
        let Some(readme) = &settings.readme else { return Ok(None) };
        let path = self.base_dir.join(readme);
        std::fs::read_to_string(&path).map(Some).map_err(|error| {
            let message = format!("cannot read {}, which the flow names as readme", path.display());
            Error::new(ErrorKind::Input, message).with_source(error)
        })
    }
}

/// Returns the folder that a mix is published into.
pub(crate) fn target(storage: &Workspace, settings: &PublishSettings) -> Result<Objects> {
    match &settings.to {
        None => Ok(storage.dataset()),
        Some(url) => Objects::open(url),
    }
}

/// Returns the published files that stand, with their bytes.
pub(crate) async fn standing(target: &Objects) -> Result<BTreeMap<String, u64>> {
    let (data, provenance) = join(target.list("data"), target.list("provenance")).await;
    Ok(data?.into_iter().chain(provenance?).map(|file| (file.path, file.size)).collect())
}

/// Writes lists and cards where they are not what the manifest says, and removes what it does not name; returns
/// whether every shard stands.
pub(crate) async fn lists(target: &Objects, folder: &Folder, origin: &Origin) -> Result<bool> {
    let snapshot = Snapshot::new(folder.version, folder.files().collect());
    if snapshot.snapshot != folder.snapshot {
        let message = "the newest manifest names shards that its snapshot does not: build --rebuild";
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    let card = Card {
        name: &origin.flow,
        tokenizer: &origin.tokenizer,
        written: origin.written.as_deref(),
        snapshot: &snapshot,
        shards: &folder.shards,
        absent: &folder.absent,
    };
    let texts = [
        ("snapshot.json", snapshot.to_json()),
        ("data-card.json", card.data_card()),
        ("README.md", card.readme()),
    ];
    let kept = join_all(texts.iter().map(|(path, _)| target.get(path))).await;
    for ((path, text), kept) in texts.into_iter().zip(kept.into_iter().collect::<Result<Vec<_>>>()?) {
        if kept.as_deref() != Some(text.as_bytes()) {
            target.put(path, text.into_bytes()).await?;
        }
    }
    let superseded = folder.superseded.iter().flatten().cloned();
    let named: BTreeSet<String> = folder.files().map(|file| file.path).chain(superseded).collect();
    let mut standing = standing(target).await?;
    let whole = folder.shards.iter().all(|shard| stands(shard, &standing));
    standing.retain(|path, _| !named.contains(path));
    for path in standing.keys() {
        target.delete(path).await?;
    }
    for part in ["data", "provenance"] {
        target.sweep(part).await?;
    }
    Ok(whole)
}

/// Returns a folder with these shards: a new version, unless it says what the one before said.
pub(crate) fn next_folder(before: &Folder, shards: Vec<ShardSummary>, keep: usize) -> Folder {
    let mut folder = Folder { shards, version: before.version, ..Folder::default() };
    let Snapshot { snapshot, data, .. } = Snapshot::new(0, folder.files().collect());
    folder.superseded.clone_from(&before.superseded);
    if snapshot != before.snapshot {
        folder.version += 1;
        let live: BTreeSet<String> = folder.files().map(|file| file.path).collect();
        let gone = before.files().map(|file| file.path).filter(|path| !live.contains(path));
        folder.superseded.insert(0, gone.collect());
    }
    folder.superseded.truncate(keep);
    Folder { snapshot, data, ..folder }
}

/// Says with numbers why a mix holds no row.
fn shortage(decision: &MixDecision) -> String {
    let quota = |quota: &Quota| {
        let Quota { label, available, quota } = quota;
        format!("{label} has {available} tokens and may give {quota}")
    };
    let quotas: Vec<String> = decision.quotas.iter().map(quota).collect();
    let bound = decision.bound_by.iter().map(|bound| format!("bound by {bound}"));
    quotas.into_iter().chain(bound).collect::<Vec<_>>().join(", ")
}

/// Names the first publisher's folder as what the workspace has published.
pub(crate) fn name(folder: &Folder, content: &mut Content, keep_versions: usize) {
    content.published = Some(Published {
        version: folder.version,
        snapshot: folder.snapshot.clone(),
        data: folder.data.clone(),
        files: folder.files().map(|file| (file.path, file.bytes)).collect(),
        digests: folder.files().map(|file| (file.path, file.blake3)).collect(),
    });
    if content.versions.last().is_none_or(|last| last.version != folder.version) {
        let Folder { version, snapshot, data, .. } = folder.clone();
        // The commit that this content goes into gives itself its number.
        content.versions.push(VersionRecord { version, manifest: 0, snapshot, data });
    }
    let surplus = content.versions.len().saturating_sub(keep_versions.max(1));
    content.versions.drain(..surplus);
}

/// Says what each publisher has published.
pub(crate) fn keep_folders(content: &mut Content, folders: &BTreeMap<String, Folder>) {
    content.extra.insert(FOLDERS.to_owned(), serde_json::to_value(folders).unwrap_or_default());
}

/// Returns what each publisher has published, by its stage's name.
pub(crate) fn folders(content: &Content) -> BTreeMap<String, Folder> {
    let kept = content.extra.get(FOLDERS).cloned();
    kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default()
}

pub(crate) fn stands(shard: &ShardSummary, standing: &BTreeMap<String, u64>) -> bool {
    has(&shard.data, standing) && has(&shard.provenance, standing)
}

fn has(file: &PublishedFile, standing: &BTreeMap<String, u64>) -> bool {
    standing.get(&file.path) == Some(&file.bytes)
}

/// Encodes the rows under a prefix, by split; `known` are shards of theirs whose data stands.
pub(crate) fn encode(
    kind: Kind,
    prefix: Prefix,
    gathered: Gathered,
    splits: &Splits,
    known: &[&ShardSummary],
) -> Result<Vec<WrittenShard>> {
    let mut parts: BTreeMap<Option<&str>, Gathered> = BTreeMap::new();
    let rows = gathered.rows.into_iter().zip(gathered.provenance);
    for ((row, provenance), route) in rows.zip(gathered.routes) {
        let part = parts.entry(splits.of(route)).or_default();
        part.rows.push(row);
        part.provenance.push(provenance);
    }
    let shard = |(split, part): (Option<&str>, Gathered)| {
        let known = known.iter().copied().find(|shard| shard.split.as_deref() == split);
        write_shard(&ShardPlace { kind, split, prefix }, &part.rows, &part.provenance, known)
    };
    parts.into_iter().map(shard).collect()
}

/// Says what became of the rows that reached no mix, if there are any.
fn lost(report: &Report) -> String {
    let fates = [(report.samples.rejected, "rejected"), (report.samples.failed, "failed")];
    let lost = fates.into_iter().filter(|(rows, _)| *rows > 0);
    let lost: Vec<String> = lost.map(|(rows, fate)| format!("{} {fate}", grouped(rows))).collect();
    if lost.is_empty() { String::new() } else { format!("; {}", lost.join(", ")) }
}
