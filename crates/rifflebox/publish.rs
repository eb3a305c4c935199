//! Publishing: the shards of a mix, written once, named by what they hold.
//!
//! The manifest is the truth, and publishing follows it: new shards first, then the commit that names them, then the
//! lists and cards, and last the removal of what is superseded. All of it can be done again, and every build does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Key, Kind, Result, Row};
use rifflebox_dataflow::{FlowPlan, MixDecision, Operator, PublishSettings, Reader};
use rifflebox_publish::{
    Card, FORMAT, Leaf, PublishedFile, ShardPlace, ShardSummary, Snapshot, Splits, WrittenShard, leaves,
    write_shard,
};
use rifflebox_storage::{Content, Manifest, Objects, Published, VersionRecord, Workspace};
use tokio::runtime::Handle;

use crate::gather::{Gathered, Gatherer};
use crate::keeper::ALL;
use crate::progress::{Event, Progress};
use crate::report::Report;

/// Where the summaries of all shards stand in a manifest.
const SHARDS: &str = "shards";

/// Publishes the mixes of a flow.
pub(crate) struct Publisher {
    pub(crate) storage: Workspace,
    pub(crate) runtime: Handle,
    pub(crate) plan: FlowPlan,
    pub(crate) base_dir: PathBuf,
    pub(crate) progress: Option<Arc<dyn Progress>>,
    /// Fills the report's totals from the state; may say why nothing can be published.
    pub(crate) totals: fn(&FlowPlan, &Reader, &mut Report),
}

/// The shards of a mix, as they will be committed.
struct Prepared {
    snapshot: Snapshot,
    shards: Vec<ShardSummary>,
    written: u64,
}

impl Publisher {
    /// Writes the shards that the state asks for and the last manifest lacks, and names them in `content`.
    ///
    /// Where a rule refuses, or calls are owed, nothing is published: the report says why.
    pub(crate) fn prepare(&self, reader: &Reader, content: &mut Content, report: &mut Report) -> Result<()> {
        (self.totals)(&self.plan, reader, report);
        for (mix, settings) in self.mixes() {
            if let Some(reason) = self.refusal(&mix, &settings, reader, report) {
                report.unpublished = Some(reason);
                continue;
            }
            let target = self.target(&settings)?;
            let prepared = self.shards(&mix, &settings, reader, content, &target)?;
            report.shards.written += prepared.written;
            report.shards.total += prepared.shards.len() as u64;
            report.shards.kept += prepared.shards.len() as u64 - prepared.written;
            name(&prepared, content, self.plan.keep_versions);
            content.dirty.clear();
            report.snapshot.clone_from(&prepared.snapshot.snapshot);
            report.data.clone_from(&prepared.snapshot.data);
            report.version = prepared.snapshot.version;
        }
        report.samples.total = report.tiers.values().map(|tier| tier.samples).sum();
        content.report = serde_json::to_value(&*report).ok();
        Ok(())
    }

    /// Brings the published folders in line with a manifest, and with a newer one if there is.
    pub(crate) fn finish(&self, manifest: &Manifest) -> Result<()> {
        let mut manifest = manifest.clone();
        loop {
            for (_, settings) in self.mixes() {
                self.runtime.block_on(self.lists(&settings, &manifest))?;
            }
            match self.runtime.block_on(self.storage.newest())? {
                Some(newest) if newest.id != manifest.id => manifest = newest,
                _ => return Ok(()),
            }
        }
    }

    fn mixes(&self) -> Vec<(String, PublishSettings)> {
        let published = self.plan.stages.iter().filter_map(|stage| match &stage.operator {
            Operator::Publish(settings) => Some((stage.from.first()?.clone(), settings.clone())),
            _ => None,
        });
        published.collect()
    }

    fn target(&self, settings: &PublishSettings) -> Result<Objects> {
        match &settings.to {
            None => Ok(self.storage.dataset()),
            Some(url) => Objects::open(url),
        }
    }

    fn refusal(
        &self,
        mix: &str,
        settings: &PublishSettings,
        reader: &Reader,
        report: &mut Report,
    ) -> Option<String> {
        let decisions = reader.table::<(), MixDecision>(&format!("{mix}/decision")).all();
        let Some((_, decision, _)) = decisions.into_iter().next() else {
            return Some("refused: the mix is empty: no sample reached it".to_owned());
        };
        if let Some(bound) = decision.bound_by {
            report.bound_by.insert(mix.to_owned(), bound);
        }
        if let Some(reason) = decision.refused {
            return Some(format!("refused: {reason}"));
        }
        if report.calls.owed > 0 && !settings.partial {
            return Some(format!(
                "incomplete: {} calls are owed; the next build asks them first",
                report.calls.owed
            ));
        }
        None
    }

    fn shards(
        &self,
        mix: &str,
        settings: &PublishSettings,
        reader: &Reader,
        content: &Content,
        target: &Objects,
    ) -> Result<Prepared> {
        let before = summaries(content);
        let format = content.extra.get("format") == Some(&FORMAT.into());
        let dirty = |leaf: &Leaf| {
            let buckets = leaf.prefix.buckets();
            !format
                || content.dirty.contains(ALL)
                || content
                    .dirty
                    .iter()
                    .any(|b| u16::from_str_radix(b, 16).is_ok_and(|b| buckets.contains(&b)))
        };
        let splits = Splits::new(settings.splits.clone())?;
        let standing = self.standing(target)?;
        let gatherer = Gatherer::new(&self.plan, mix, reader);
        let mut prepared = Vec::new();
        let mut written = 0;
        for (kind, leaf) in self.leaves(mix, settings, reader)? {
            let kept: Vec<_> = before
                .iter()
                .filter(|shard| shard.kind == kind && shard.prefix == leaf.prefix)
                .cloned()
                .collect();
            if !dirty(&leaf) && !kept.is_empty() && kept.iter().all(|shard| stands(shard, &standing)) {
                prepared.extend(kept);
                continue;
            }
            for shard in encode(kind, leaf, gatherer.gather(kind, leaf.prefix)?, &splits)? {
                written += u64::from(self.put(&shard, &standing, target)?);
                prepared.push(shard.summary);
            }
            if let Some(progress) = &self.progress {
                progress.event(Event::Publishing { done: written, total: prepared.len() as u64 });
            }
        }
        let version = content.published.as_ref().map_or(0, |published| published.version);
        let files = |shard: &ShardSummary| [shard.data.clone(), shard.provenance.clone()];
        let snapshot = Snapshot::new(version, prepared.iter().flat_map(files).collect());
        let same =
            content.published.as_ref().is_some_and(|published| published.snapshot == snapshot.snapshot);
        let version = if same { version } else { version + 1 };
        Ok(Prepared { snapshot: Snapshot { version, ..snapshot }, shards: prepared, written })
    }

    /// Writes the files of a shard that do not stand already; returns whether its data was written.
    fn put(&self, shard: &WrittenShard, standing: &BTreeMap<String, u64>, target: &Objects) -> Result<bool> {
        let files = [(&shard.summary.data, &shard.data), (&shard.summary.provenance, &shard.provenance)];
        let mut written = false;
        for (file, bytes) in files {
            if standing.get(&file.path) != Some(&file.bytes) {
                self.runtime.block_on(target.put(&file.path, bytes.clone()))?;
                written |= file.is_data();
            }
        }
        Ok(written)
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
        let mut standing = BTreeMap::new();
        for folder in ["data", "provenance"] {
            let listed = self.runtime.block_on(target.list(folder))?;
            standing.extend(listed.into_iter().map(|file| (file.path, file.size)));
        }
        Ok(standing)
    }

    /// Writes lists and cards where they are not what the manifest says, and removes what it does not name.
    async fn lists(&self, settings: &PublishSettings, manifest: &Manifest) -> Result<()> {
        let Some(published) = &manifest.content.published else { return Ok(()) };
        let target = self.target(settings)?;
        let shards = summaries(&manifest.content);
        let files = shards.iter().flat_map(|shard| [shard.data.clone(), shard.provenance.clone()]);
        let snapshot = Snapshot::new(published.version, files.collect());
        if snapshot.snapshot != published.snapshot {
            let message =
                format!("manifest {} names shards that its snapshot does not: build --rebuild", manifest.id);
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        let written = self.hand_written(settings)?;
        let card = Card {
            name: &self.plan.name,
            tokenizer: self.plan.tokenizer.name(),
            written: written.as_deref(),
            snapshot: &snapshot,
            shards: &shards,
        };
        let texts = [
            ("snapshot.json", snapshot.to_json()),
            ("data-card.json", card.data_card()),
            ("README.md", card.readme()),
        ];
        for (path, text) in texts {
            if target.get(path).await?.as_deref() != Some(text.as_bytes()) {
                target.put(path, text.into_bytes()).await?;
            }
        }
        self.remove_superseded(&target, &snapshot.files).await
    }

    async fn remove_superseded(&self, target: &Objects, files: &[PublishedFile]) -> Result<()> {
        let named: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        for folder in ["data", "provenance"] {
            for file in target.list(folder).await? {
                if !named.contains(file.path.as_str()) {
                    target.delete(&file.path).await?;
                }
            }
        }
        Ok(())
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

/// Names the prepared shards as what is published.
fn name(prepared: &Prepared, content: &mut Content, keep_versions: usize) {
    let snapshot = &prepared.snapshot;
    let files = &snapshot.files;
    content.published = Some(Published {
        version: snapshot.version,
        snapshot: snapshot.snapshot.clone(),
        data: snapshot.data.clone(),
        files: files.iter().map(|file| (file.path.clone(), file.bytes)).collect(),
        digests: files.iter().map(|file| (file.path.clone(), file.blake3.clone())).collect(),
    });
    content.extra.insert(SHARDS.to_owned(), serde_json::to_value(&prepared.shards).unwrap_or_default());
    content.extra.insert("format".to_owned(), FORMAT.into());
    if content.versions.last().is_none_or(|last| last.version != snapshot.version) {
        let (version, data) = (snapshot.version, snapshot.data.clone());
        // The commit that this content goes into gives itself its number.
        content.versions.push(VersionRecord {
            version,
            manifest: 0,
            snapshot: snapshot.snapshot.clone(),
            data,
        });
    }
    let surplus = content.versions.len().saturating_sub(keep_versions.max(1));
    content.versions.drain(..surplus);
}

/// Returns the shards that a manifest names.
pub(crate) fn summaries(content: &Content) -> Vec<ShardSummary> {
    let kept = content.extra.get(SHARDS).cloned();
    kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default()
}

fn stands(shard: &ShardSummary, standing: &BTreeMap<String, u64>) -> bool {
    [&shard.data, &shard.provenance].iter().all(|file| standing.get(&file.path) == Some(&file.bytes))
}

fn encode(kind: Kind, leaf: Leaf, gathered: Gathered, splits: &Splits) -> Result<Vec<WrittenShard>> {
    let mut parts: BTreeMap<Option<&str>, Gathered> = BTreeMap::new();
    let rows = gathered.rows.into_iter().zip(gathered.provenance);
    for ((row, provenance), route) in rows.zip(gathered.routes) {
        let part = parts.entry(splits.of(route)).or_default();
        part.rows.push(row);
        part.provenance.push(provenance);
    }
    let shard = |(split, part): (Option<&str>, Gathered)| {
        write_shard(&ShardPlace { kind, split, prefix: leaf.prefix }, &part.rows, &part.provenance)
    };
    parts.into_iter().map(shard).collect()
}
