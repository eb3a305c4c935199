//! `rollback`: an older version, published again as a new one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rifflebox_core::{Error, ErrorKind, Key, Result};
use rifflebox_dataflow::{ANSWERS, Answer, Reader, foundations, schema};
use rifflebox_publish::{ShardSummary, Splits, WrittenShard};
use rifflebox_storage::{Committed, Content, Manifest, VersionRecord, Workspace as Storage, nonce};

use crate::gather::Gatherer;
use crate::journal::segment_of;
use crate::publish::{
    Folder, encode, folders, keep_folders, lists, name, next_folder, standing, stands, target,
};
use crate::report::{Changes, Report, SampleCounts, ShardCounts};
use crate::standing::nothing_built;
use crate::state::open;
use crate::versions::{changed_between, find, manifest_of};
use crate::workspace::Workspace;

impl Workspace {
    /// Publishes an older version again, as a new one; returns the report of that version, with what this changed.
    ///
    /// The state goes back with it: the next build finds the documents of today changed against that version's, and
    /// follows them. Answers that were paid for since are kept, and not asked for again. Versions in between stay.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] if no such version is retained; [`ErrorKind::Conflict`] if another writer commits first,
    /// then nothing has changed; [`ErrorKind::Corrupt`] if what the version rests on is damaged; when the store fails.
    pub async fn rollback(&self, version: u64) -> Result<Report> {
        let started = Instant::now();
        let mut parent = self.storage.newest().await?.ok_or_else(|| nothing_built(self.storage.url()))?;
        let record = find(&parent, &version.to_string())?.clone();
        let old = manifest_of(self, &parent, &record).await?;
        if old.content.arrangements.values().any(|arrangement| arrangement.schema != schema()) {
            let message =
                format!("version {version} was built by another version of rifflebox, and cannot come back");
            return Err(Error::new(ErrorKind::Input, message));
        }
        let published = |manifest: &Manifest| manifest.content.published.as_ref().map(|p| p.snapshot.clone());
        if published(&parent) == Some(record.snapshot.clone()) {
            return Ok(report_of(&parent.content));
        }
        let written = write_shards(&self.storage, &old).await?;
        keep_answers(&self.storage, &old, &parent).await?;
        let moved = changed_between(self, &parent, &old).await?;
        let nonce = nonce();
        let manifest = loop {
            let mut content = next_content(&parent, &old)?;
            content.report = Some(report(&content, &record, &moved, written));
            match self.storage.commit(Some(&parent), content, &nonce).await? {
                Committed::Won(manifest) => break manifest,
                Committed::Lost { newest, fence: true } if newest.content.versions.contains(&record) => {
                    parent = newest;
                }
                lost => parent = lost.won()?,
            }
        };
        // Whoever repaired the folder meanwhile did not know these shards.
        write_shards(&self.storage, &manifest).await?;
        for folder in folders(&manifest.content).values() {
            lists(&target(&self.storage, &folder.origin.settings)?, folder, &folder.origin).await?;
        }
        let mut report = report_of(&manifest.content);
        report.seconds.total = started.elapsed().as_secs_f64();
        Ok(report)
    }
}

fn report_of(content: &Content) -> Report {
    content.report.clone().and_then(|report| serde_json::from_value(report).ok()).unwrap_or_default()
}

/// Returns the old state as what follows the newest manifest.
fn next_content(parent: &Manifest, old: &Manifest) -> Result<Content> {
    let mut content = old.content.clone();
    content.journals.clone_from(&parent.content.journals);
    content.versions.clone_from(&parent.content.versions);
    content.published.clone_from(&parent.content.published);
    let own = old.content.published.as_ref().map(|published| published.snapshot.as_str());
    let (mut now, mut next, mut named) = (folders(&parent.content), BTreeMap::new(), false);
    for (stage, before) in folders(&old.content) {
        let newest = now.remove(&stage).unwrap_or_default();
        let keep = before.origin.settings.keep;
        let folder = Folder { origin: before.origin.clone(), ..next_folder(&newest, before.shards, keep) };
        // Two folders may hold the same; the workspace's version is that of one.
        if Some(folder.snapshot.as_str()) == own && !named {
            name(&folder, &mut content, usize::MAX);
            named = true;
        }
        next.insert(stage, folder);
    }
    for record in content.versions.iter_mut().filter(|record| record.manifest == 0) {
        record.manifest = parent.id + 1;
    }
    keep_folders(&mut content, &next);
    match named {
        true => Ok(content),
        false => Err(Error::new(
            ErrorKind::Corrupt,
            format!("manifest {} does not say how its version was published: build --rebuild", old.id),
        )),
    }
}

/// Writes the shards that a manifest names and that do not stand; returns how many data shards those are.
async fn write_shards(storage: &Storage, manifest: &Manifest) -> Result<u64> {
    let mut written = 0;
    for folder in folders(&manifest.content).values() {
        let target = target(storage, &folder.origin.settings)?;
        let standing = standing(&target).await?;
        let missing: Vec<&ShardSummary> =
            folder.shards.iter().filter(|shard| !stands(shard, &standing)).collect();
        if missing.is_empty() {
            continue;
        }
        let mut arrangements = manifest.content.arrangements.clone();
        let gathered = folder.origin.lineage.arrangements();
        arrangements.retain(|name, _| gathered.contains(name));
        let reader = Reader::new(foundations(&open(storage, &arrangements).await?));
        let gatherer = Gatherer::new(folder.origin.lineage.clone(), &reader);
        let splits = Splits::new(folder.origin.settings.splits.clone())?;
        for shard in missing {
            let rows = gatherer.gather(shard.kind, shard.prefix)?;
            let again = encode(shard.kind, shard.prefix, rows, &splits, &[])?;
            let same = |again: &WrittenShard| {
                (&again.summary.data, &again.summary.provenance) == (&shard.data, &shard.provenance)
            };
            let same = again.into_iter().find(same).ok_or_else(|| {
                let path = &shard.data.path;
                Error::new(
                    ErrorKind::Corrupt,
                    format!("{path} cannot be written again as it was: build instead"),
                )
            })?;
            let files = [(&shard.data, same.data), (&shard.provenance, Some(same.provenance))];
            for (file, bytes) in files {
                target.put(&file.path, bytes.expect("without known data all is written")).await?;
            }
            written += 1;
        }
    }
    Ok(written)
}

/// Puts answers that only the newest manifest has into a journal, which the next build takes in.
async fn keep_answers(storage: &Storage, old: &Manifest, newest: &Manifest) -> Result<()> {
    let mut entries = Vec::new();
    let answers = |name: &&String| name.starts_with(ANSWERS) && !name.ends_with("/owed");
    for name in newest.content.arrangements.keys().filter(answers) {
        let [before, after] = [old, newest].map(|side| side.content.arrangements.get(name));
        if before == after {
            continue;
        }
        let mut known: BTreeSet<Key> = BTreeSet::new();
        let mut gained: BTreeMap<Key, Vec<u8>> = BTreeMap::new();
        for ((key, bytes), diff) in crate::versions::between(storage, name, [before, after]).await? {
            let (_, answer) = rifflebox_dataflow::decode::<Key, Answer>(key, &bytes);
            match answer {
                Answer::Final(bytes) if diff > 0 => drop(gained.insert(key, bytes)),
                // Asked again since: the old state rests on the old answer.
                Answer::Final(_) => drop(known.insert(key)),
                Answer::Owed(_) => {}
            }
        }
        let gained = gained.into_iter().filter(|(key, _)| !known.contains(key));
        entries.extend(gained.map(|(key, bytes)| (name.clone(), key, bytes)));
    }
    if !entries.is_empty() {
        storage.journal(&nonce()).append(segment_of(&entries)).await?;
    }
    Ok(())
}

fn report(content: &Content, record: &VersionRecord, moved: &(u64, u64), written: u64) -> serde_json::Value {
    let before = report_of(content);
    let version = content.published.as_ref().map_or(record.version, |published| published.version);
    let total = before.shards.total;
    let report = Report {
        version,
        documents: Changes { added: 0, changed: 0, removed: 0, ..before.documents },
        samples: SampleCounts { added: moved.0, removed: moved.1, ..before.samples },
        calls: crate::report::Calls { made: 0, reused: before.calls.standing, ..before.calls },
        shards: ShardCounts { total, written, kept: total.saturating_sub(written) },
        rows: crate::report::RowCounts::default(),
        bytes: crate::report::Bytes::default(),
        requests: rifflebox_storage::Requests::default(),
        seconds: crate::report::Seconds::default(),
        ..before
    };
    serde_json::to_value(report).unwrap_or_default()
}
