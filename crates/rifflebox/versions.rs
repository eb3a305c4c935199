//! `log`, `diff`: the published versions that are retained, and what lies between two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Key, Result, Row, Tier};
use rifflebox_dataflow::{Encoded, contents, decode, schema};
use rifflebox_storage::{
    Arrangement, Manifest, ObjectName, Part, RunColumns, VersionRecord, Workspace as Storage,
};
use serde::Serialize;

use crate::report::{Report, grouped};
use crate::standing::nothing_built;
use crate::workspace::Workspace;

/// Digits of a digest that name a snapshot, at least.
const LEAST_DIGITS: usize = 4;

/// A published version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Its number.
    pub version: u64,
    /// Digest of data and provenance.
    pub snapshot: String,
    /// Digest of the data alone.
    pub data: String,
    /// The manifest that published it.
    pub manifest: u64,
    /// Whether it is what is published now.
    pub current: bool,
    /// Sound documents behind it.
    pub documents: u64,
    /// Published rows.
    pub samples: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Data shards.
    pub shards: u64,
}

/// What lies between two published versions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// The version that the difference starts from.
    pub from: SnapshotName,
    /// The version that it leads to.
    pub to: SnapshotName,
    /// Rows that only `to` has.
    pub added: u64,
    /// Rows that only `from` has.
    pub removed: u64,
    /// Rows that both have, with another tier, score or count of tokens.
    pub changed: u64,
    /// The same by mix, kind and tier; a changed row counts for the tier that it has in `to`.
    pub parts: Vec<DiffPart>,
    /// Published files that only `to` has.
    pub files_added: u64,
    /// Published files that only `from` has.
    pub files_removed: u64,
}

/// A published version, by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotName {
    /// Its number.
    pub version: u64,
    /// Digest of data and provenance.
    pub snapshot: String,
    /// Digest of the data alone.
    pub data: String,
}

/// Rows of one mix, kind and tier that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffPart {
    /// The mix.
    pub mix: String,
    /// The layout: `text`, `messages`, `completion` or `preference`.
    pub kind: String,
    /// The tier.
    pub tier: Tier,
    /// Rows that are new.
    pub added: u64,
    /// Rows that are gone.
    pub removed: u64,
    /// Rows that differ.
    pub changed: u64,
    /// Tokens of the new rows, less those of the gone ones.
    pub tokens: i64,
}

impl Workspace {
    /// Lists the published versions that are retained, newest first; none before the first build.
    ///
    /// # Errors
    /// When the store fails, or a retained manifest is missing.
    pub async fn log(&self) -> Result<Vec<LogEntry>> {
        let Some(newest) = self.storage.newest().await? else { return Ok(Vec::new()) };
        let current = newest.content.published.as_ref().map(|published| published.version);
        let mut entries = Vec::new();
        for record in newest.content.versions.iter().rev() {
            let report = manifest_of(self, &newest, record).await?.content.report;
            let report: Report =
                report.and_then(|report| serde_json::from_value(report).ok()).unwrap_or_default();
            entries.push(LogEntry {
                version: record.version,
                snapshot: record.snapshot.clone(),
                data: record.data.clone(),
                manifest: record.manifest,
                current: current == Some(record.version),
                documents: report.documents.total,
                samples: report.samples.total,
                tokens: report.tokens.total,
                shards: report.shards.total,
            });
        }
        Ok(entries)
    }

    /// Compares two published versions, each named by its number or by the first digits of one of its digests.
    ///
    /// Reads only what the two do not share.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] if a name is none of a retained version; when the store fails.
    pub async fn diff(&self, from: &str, to: &str) -> Result<Diff> {
        let newest = self.storage.newest().await?.ok_or_else(|| nothing_built(self.storage.url()))?;
        let records = [find(&newest, from)?, find(&newest, to)?];
        let [from, to] =
            [manifest_of(self, &newest, records[0]).await?, manifest_of(self, &newest, records[1]).await?];
        let mut counts: BTreeMap<(String, &str, Tier), DiffPart> = BTreeMap::new();
        for mix in mixes(&from).union(&mixes(&to)) {
            let sides = [&from, &to].map(|side| side.content.arrangements.get(*mix));
            let name = mix.trim_end_matches("/mix");
            for (_, (old, new)) in rows_between(self, mix, sides).await? {
                count(&mut counts, name, old.as_ref(), new.as_ref());
            }
        }
        let files = |side: &Manifest| -> BTreeSet<String> {
            side.content.published.iter().flat_map(|published| published.files.keys().cloned()).collect()
        };
        let (before, after) = (files(&from), files(&to));
        let parts: Vec<DiffPart> = counts.into_values().collect();
        Ok(Diff {
            from: name_of(records[0]),
            to: name_of(records[1]),
            added: parts.iter().map(|part| part.added).sum(),
            removed: parts.iter().map(|part| part.removed).sum(),
            changed: parts.iter().map(|part| part.changed).sum(),
            parts,
            files_added: after.difference(&before).count() as u64,
            files_removed: before.difference(&after).count() as u64,
        })
    }
}

/// Finds a retained version by its number, or by the first digits of a digest that no other version has.
pub(crate) fn find<'a>(newest: &'a Manifest, name: &str) -> Result<&'a VersionRecord> {
    let versions = &newest.content.versions;
    let numbered = name.parse().ok().and_then(|number: u64| versions.iter().find(|v| v.version == number));
    let digits = name.len() >= LEAST_DIGITS;
    let named = |digest: fn(&VersionRecord) -> &str| -> Vec<&VersionRecord> {
        versions.iter().filter(|version| digits && digest(version).starts_with(name)).collect()
    };
    let found = match numbered {
        Some(version) => vec![version],
        None => match named(|version| &version.snapshot) {
            none if none.is_empty() => named(|version| &version.data),
            some => some,
        },
    };
    // A version that was published again says the same.
    if let Some(last) = found.last().filter(|last| found.iter().all(|one| one.snapshot == last.snapshot)) {
        return Ok(last);
    }
    let known: Vec<String> = versions.iter().map(|v| format!("{} ({:.8})", v.version, v.snapshot)).collect();
    let why = if found.is_empty() { "names no retained version" } else { "names several versions" };
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Error::new(ErrorKind::Usage, format!("`{name}` {why}: there are {known}")))
}

/// Reads the manifest that published a version.
pub(crate) async fn manifest_of(
    workspace: &Workspace,
    newest: &Manifest,
    record: &VersionRecord,
) -> Result<Manifest> {
    if record.manifest == newest.id {
        return Ok(newest.clone());
    }
    workspace.storage.manifest(record.manifest).await?.ok_or_else(|| {
        let (version, id) = (record.version, record.manifest);
        let message = format!("manifest {id}, which published version {version}, is not retained any more");
        Error::new(ErrorKind::Corrupt, message)
    })
}

/// Returns the names of the arrangements that hold what a manifest's mixes chose.
fn mixes(manifest: &Manifest) -> BTreeSet<&str> {
    let chosen = |name: &&str| name.strip_suffix("/mix").is_some_and(|mix| !mix.contains('/'));
    manifest.content.arrangements.keys().map(String::as_str).filter(chosen).collect()
}

type Pair = (Option<Row>, Option<Row>);

/// Returns the rows of an arrangement that differ, by id: as they were, as they are.
async fn rows_between(
    workspace: &Workspace,
    name: &str,
    sides: [Option<&Arrangement>; 2],
) -> Result<BTreeMap<Key, Pair>> {
    let mut rows: BTreeMap<Key, Pair> = BTreeMap::new();
    for ((key, value), diff) in between(&workspace.storage, name, sides).await? {
        let (_, row) = decode::<Key, Row>(key, &value);
        let pair = rows.entry(row.id).or_default();
        match diff > 0 {
            true => pair.1 = Some(row),
            false => pair.0 = Some(row),
        }
    }
    Ok(rows)
}

/// Returns what an arrangement of one manifest has more than that of another, or less; reads what they do not share.
///
/// # Errors
/// When another version of the program wrote either, or the store fails.
pub(crate) async fn between(
    storage: &Storage,
    name: &str,
    sides: [Option<&Arrangement>; 2],
) -> Result<BTreeMap<(Key, Encoded), i64>> {
    if sides.iter().flatten().any(|side| side.schema != schema()) {
        let message = format!("{name} was written by another version of rifflebox: it cannot be compared");
        return Err(Error::new(ErrorKind::Input, message));
    }
    let parts = sides.map(|side| parts(side));
    let mut sums: BTreeMap<(Key, Encoded), i64> = BTreeMap::new();
    for (side, sign) in [(0, -1), (1, 1)] {
        // What both hold cancels unread.
        let own = parts[side].iter().filter(|(at, _)| !parts[1 - side].contains_key(*at));
        let mut runs: Vec<Arc<RunColumns>> = Vec::new();
        for (_, part) in own {
            runs.push(storage.open_part(part).await?);
        }
        for (row, diff) in contents(&runs) {
            *sums.entry(row).or_insert(0) += sign * diff;
        }
    }
    sums.retain(|_, diff| *diff != 0);
    Ok(sums)
}

/// Returns how many rows the mixes of a manifest have that those of another lack, and the other way round.
pub(crate) async fn changed_between(
    workspace: &Workspace,
    from: &Manifest,
    to: &Manifest,
) -> Result<(u64, u64)> {
    let (mut added, mut removed) = (0, 0);
    for mix in mixes(from).union(&mixes(to)) {
        let sides = [from, to].map(|side| side.content.arrangements.get(*mix));
        for (old, new) in rows_between(workspace, mix, sides).await?.into_values() {
            added += u64::from(old.is_none());
            removed += u64::from(new.is_none());
        }
    }
    Ok((added, removed))
}

fn parts(arrangement: Option<&Arrangement>) -> BTreeMap<(&ObjectName, u32, Key, Key), &Part> {
    let runs = arrangement.into_iter().flat_map(|arrangement| &arrangement.runs);
    let parts = runs.flat_map(|run| &run.parts);
    parts.map(|part| ((&part.object, part.batch, part.first, part.last), part)).collect()
}

fn count(
    counts: &mut BTreeMap<(String, &str, Tier), DiffPart>,
    mix: &str,
    old: Option<&Row>,
    new: Option<&Row>,
) {
    let Some(row) = new.or(old) else { return };
    let kind = row.kind.name();
    let part = counts.entry((mix.to_owned(), kind, row.tier)).or_insert_with(|| DiffPart {
        mix: mix.to_owned(),
        kind: kind.to_owned(),
        tier: row.tier,
        added: 0,
        removed: 0,
        changed: 0,
        tokens: 0,
    });
    match (old, new) {
        (Some(_), Some(_)) => part.changed += 1,
        (None, _) => part.added += 1,
        (_, None) => part.removed += 1,
    }
    let tokens = |row: Option<&Row>| row.map_or(0, |row| row.tokens as i64);
    part.tokens += tokens(new) - tokens(old);
}

fn name_of(record: &VersionRecord) -> SnapshotName {
    let VersionRecord { version, snapshot, data, .. } = record.clone();
    SnapshotName { version, snapshot, data }
}

impl fmt::Display for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.current { '*' } else { ' ' };
        write!(f, "{mark} {:>4}  {:.12}  ", self.version, self.snapshot)?;
        let [documents, samples, tokens] = [self.documents, self.samples, self.tokens].map(grouped);
        write!(f, "{documents} documents, {samples} samples, {tokens} tokens, {} shards", self.shards)
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diff { added, removed, changed, .. } = self;
        write!(
            f,
            "{} to {}: +{added} -{removed} samples, {changed} changed",
            self.from.version, self.to.version
        )?;
        write!(f, "; +{} -{} files", self.files_added, self.files_removed)?;
        for DiffPart { mix, kind, tier, added, removed, changed, tokens } in &self.parts {
            write!(
                f,
                "\n  {mix}  {kind:10}  {tier}  +{added} -{removed}, {changed} changed, {tokens:+} tokens"
            )?;
        }
        Ok(())
    }
}
