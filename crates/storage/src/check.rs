use std::collections::BTreeMap;

use arrow_buffer::Buffer;
use futures::{StreamExt, TryStreamExt};
use rifflebox_core::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::ipc;
use crate::manifest::{self, HOLDS_OTHERS, Manifest, ObjectName, Part, Published, Slot};
use crate::workspace::Workspace;

/// Objects that are read at the same time.
const CONCURRENT: usize = 4;

/// What a check of all retained objects found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Objects read: manifests, data objects, journal segments, published files.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong, each with the object's name and the cure; empty when all is well.
    pub problems: Vec<String>,
}

impl CheckReport {
    fn saw(&mut self, bytes: usize) {
        self.objects += 1;
        self.bytes += bytes as u64;
    }
}

impl Workspace {
    /// Reads every retained object, and holds it against its digest and its promises.
    ///
    /// Retained are the newest manifest, those of the versions that it names, and all that these name. Damage is
    /// reported, not mended, and the check goes on behind it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn check(&self) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        let Some(retained) = self.check_manifests(&mut report).await? else { return Ok(report) };
        self.check_objects(&retained, &mut report).await?;
        self.check_segments(&retained, &mut report).await?;
        if let Some(published) = retained.first().and_then(|newest| newest.content.published.as_ref()) {
            self.check_published(published, &mut report).await?;
        }
        Ok(report)
    }

    /// Checks the chain of manifests; returns those that are retained, newest first, or none if that is unknown.
    async fn check_manifests(&self, report: &mut CheckReport) -> Result<Option<Vec<Manifest>>> {
        let ids = self.manifest_ids(0).await?;
        let mut chain: BTreeMap<u64, Manifest> = BTreeMap::new();
        for id in &ids {
            let slot = damage(self.slot(*id).await, &mut report.problems)?.flatten();
            report.objects += 1;
            if let Some(Slot::Manifest(manifest)) = slot {
                report.bytes += serde_json::to_string(&manifest).map_or(0, |text| text.len() as u64);
                chain.insert(*id, *manifest);
            }
        }
        for pair in ids.windows(2).filter(|pair| pair[1] != pair[0] + 1) {
            report.problems.push(format!("{} is missing", manifest::path(pair[0] + 1)));
        }
        for (id, manifest) in &chain {
            let Some(parent) = &manifest.parent else { continue };
            if chain.get(&parent.id).is_some_and(|before| before.digest != parent.digest) {
                report.problems.push(format!(
                    "{} is not what {} followed",
                    manifest::path(parent.id),
                    manifest::path(*id)
                ));
            }
        }
        let Some(newest) = ids.last().and_then(|id| chain.remove(id)) else { return Ok(None) };
        let versions: Vec<u64> = newest.content.versions.iter().map(|version| version.manifest).collect();
        let mut retained = vec![newest];
        for id in versions.into_iter().rev().filter(|id| *id != retained[0].id).collect::<Vec<_>>() {
            match chain.remove(&id) {
                Some(manifest) => retained.push(manifest),
                None if retained.iter().any(|manifest| manifest.id == id) => {}
                None => {
                    report.problems.push(format!("{} is missing, and a version needs it", manifest::path(id)))
                }
            }
        }
        Ok(Some(retained))
    }

    async fn check_objects(&self, retained: &[Manifest], report: &mut CheckReport) -> Result<()> {
        let mut parts: BTreeMap<ObjectName, Vec<Part>> = BTreeMap::new();
        for arrangement in retained.iter().flat_map(|manifest| manifest.content.arrangements.values()) {
            for part in arrangement.runs.iter().flat_map(|run| &run.parts) {
                let known = parts.entry(part.object.clone()).or_default();
                if !known.contains(part) {
                    known.push(part.clone());
                }
            }
        }
        let mut checked = futures::stream::iter(parts)
            .map(async |(name, parts)| {
                let bytes = self.access().get(&name.path()).await?;
                let copy = self.cache().check_copy(&name)?;
                Ok::<_, Error>((
                    bytes.as_ref().map_or(0, |b| b.len()),
                    object_problem(&name, &parts, bytes),
                    copy,
                ))
            })
            .buffered(CONCURRENT);
        while let Some((bytes, problem, copy)) = checked.try_next().await? {
            report.saw(bytes);
            report.problems.extend(problem);
            report.problems.extend(copy);
        }
        Ok(())
    }

    async fn check_segments(&self, retained: &[Manifest], report: &mut CheckReport) -> Result<()> {
        let covered = retained.first().map(|newest| &newest.content.journals);
        for (run, number, bytes) in self.segment_names().await? {
            if covered.and_then(|covered| covered.get(&run)).is_some_and(|last| number <= *last) {
                continue;
            }
            report.saw(bytes as usize);
            damage(self.segment(run, number).await, &mut report.problems)?;
        }
        Ok(())
    }

    async fn check_published(&self, published: &Published, report: &mut CheckReport) -> Result<()> {
        let dataset = self.dataset();
        for (path, length) in &published.files {
            const CURE: &str = "build again, and it is published again";
            const DIFFERS: &str = "differs from its digest; `build --rebuild` publishes it again";
            let Some(bytes) = dataset.get(path).await? else {
                report.problems.push(format!("dataset/{path} is missing; {CURE}"));
                continue;
            };
            report.saw(bytes.len());
            if bytes.len() as u64 != *length {
                report
                    .problems
                    .push(format!("dataset/{path} has {} bytes instead of {length}; {CURE}", bytes.len()));
            } else if let Some(digest) = published.digests.get(path)
                && blake3::hash(&bytes).to_hex().as_str() != digest
            {
                report.problems.push(format!("dataset/{path} {DIFFERS}"));
            }
        }
        Ok(())
    }
}

/// Takes damage in as a problem; any other error ends the check.
fn damage<T>(result: Result<T>, problems: &mut Vec<String>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Input) => {
            problems.push(error.chain());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn object_problem(name: &ObjectName, parts: &[Part], bytes: Option<bytes::Bytes>) -> Option<String> {
    const CURE: &str = "restore it, or recompute with `build --rebuild`";
    let Some(bytes) = bytes else { return Some(format!("{name} is missing; {CURE}")) };
    if blake3::hash(&bytes).to_hex().as_str() != name.digest {
        return Some(format!("{name} differs from its digest; {CURE}"));
    }
    let file = Buffer::from_slice_ref(&bytes);
    for part in parts {
        let run = match ipc::decode(&file, part.batch as usize) {
            Ok(run) => run,
            Err(why) => return Some(format!("{name} {why}; {CURE}")),
        };
        let holds = || part.length == bytes.len() as u64 && part.within(&run).is_some();
        let wrong = run.validate().err().or_else(|| (!holds()).then(|| HOLDS_OTHERS.to_owned()));
        if let Some(why) = wrong {
            return Some(format!("{name}, batch {}: {why}; {CURE}", part.batch));
        }
    }
    None
}

#[cfg(test)]
mod tests;
