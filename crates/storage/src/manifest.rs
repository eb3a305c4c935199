use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use object_store::path::Path;
use rifflebox_core::{Error, ErrorKind, Key, Result};
use serde::{Deserialize, Serialize};

use crate::failure::corrupt;
use crate::run::RunColumns;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// A commit: everything that is alive in a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// Its number: one more than its parent's, 1 for the first; never used again.
    pub id: u64,
    /// The manifest that its writer had opened.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// Names the attempt to write it, so that a writer knows its own.
    pub nonce: String,
    /// What is alive.
    #[serde(default)]
    pub content: Content,
    /// Hexadecimal blake3 digest of its encoded form; set by reading or encoding it.
    #[serde(skip)]
    pub digest: String,
}

/// The manifest before another, by number and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its number.
    pub id: u64,
    /// Its digest.
    pub digest: String,
}

/// What a manifest says is alive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// The flow file's text.
    pub flow: Option<String>,
    /// What each stage was, by name.
    pub stages: BTreeMap<String, StageRecord>,
    /// The arrangements, by name.
    pub arrangements: BTreeMap<String, Arrangement>,
    /// By journal: the last segment whose calls the arrangements hold.
    pub journals: BTreeMap<String, u64>,
    /// Prefixes of shards that no longer are what the arrangements say.
    pub dirty: BTreeSet<String>,
    /// What is published.
    pub published: Option<Published>,
    /// The published versions that are retained, oldest first; the last is `published`.
    pub versions: Vec<VersionRecord>,
    /// The last build's report.
    pub report: Option<serde_json::Value>,
    /// Totals, by name.
    pub counters: BTreeMap<String, i64>,
    /// Anything else that a layer above keeps, by name.
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// A stage as it was when the manifest was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Its operator's fingerprint.
    pub fingerprint: Key,
    /// How it read which arrangements of other stages: a word or two, and the arrangement's name.
    #[serde(default)]
    pub reads: Vec<String>,
}

/// An arrangement: sorted runs whose sum it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrangement {
    /// Digest of the types of its keys and values.
    pub schema: Key,
    /// Whether it lies inside a loop, and has rounds.
    #[serde(default)]
    pub looped: bool,
    /// Its runs, oldest first.
    #[serde(default)]
    pub runs: Vec<Run>,
}

/// One sorted run, in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its parts, in order of key; no two hold the same key.
    pub parts: Vec<Part>,
    /// Whether it is being merged into the nearest run before it that is not: what it held of lesser keys lies there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins: bool,
}

impl Run {
    /// Returns the number of updates.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }
}

/// A part of a run: the keys from `first` to `last` of one batch of one object, which may hold others besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The object that holds it.
    pub object: ObjectName,
    /// Which batch of the object it is, from 0.
    #[serde(default)]
    pub batch: u32,
    /// Bytes of the whole object.
    pub length: u64,
    /// Number of keys in the part.
    pub keys: u64,
    /// Number of updates in the part.
    pub rows: u64,
    /// Its least key.
    pub first: Key,
    /// Its greatest key.
    pub last: Key,
}

/// What is wrong with an object that does not hold a part that is named.
pub(crate) const HOLDS_OTHERS: &str = "holds other rows than the manifest says";

impl Part {
    /// Returns the part of a batch that these columns of it are; they hold at least one key.
    pub(crate) fn of(object: ObjectName, batch: u32, length: u64, columns: &RunColumns) -> Self {
        Part {
            object,
            batch,
            length,
            keys: columns.key_count() as u64,
            rows: columns.update_count() as u64,
            first: columns.key(0).unwrap_or(Key::MIN),
            last: columns.key(columns.key_count().saturating_sub(1)).unwrap_or(Key::MAX),
        }
    }

    /// Returns the smaller part that some of its columns are; they hold at least one key.
    pub fn narrowed(&self, columns: &RunColumns) -> Self {
        Part::of(self.object.clone(), self.batch, self.length, columns)
    }

    /// Lays the part over the columns of its batch; none if they do not hold it.
    pub(crate) fn within(&self, batch: &RunColumns) -> Option<RunColumns> {
        let columns = batch.get(batch.range(self.first, self.last))?;
        (columns.key_count() > 0 && self.narrowed(&columns) == *self).then_some(columns)
    }
}

/// The name of a data object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectName {
    /// The manifest that the writing run had opened, 0 for none.
    pub base: u64,
    /// Hexadecimal blake3 digest of the bytes.
    pub digest: String,
}

impl ObjectName {
    pub(crate) fn path(&self) -> Path {
        Path::from(self.to_string())
    }

    /// Reads `data/<base>/<digest>.arrow`.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (base, file) = path.strip_prefix("data/")?.split_once('/')?;
        let digest = file.strip_suffix(".arrow")?;
        let name = ObjectName { base: base.parse().ok()?, digest: digest.to_owned() };
        (name.to_string() == path && is_digest(digest)).then_some(name)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data/{}/{}.arrow", self.base, self.digest)
    }
}

/// The published snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its number.
    pub version: u64,
    /// Digest of data and provenance.
    pub snapshot: String,
    /// Digest of the data alone.
    pub data: String,
    /// Bytes of each file, by path relative to the published folder.
    #[serde(default)]
    pub files: BTreeMap<String, u64>,
    /// Hexadecimal blake3 digests of files, by path, where they are known.
    #[serde(default)]
    pub digests: BTreeMap<String, String>,
}

/// A published version, and the manifest that published it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRecord {
    /// Its number.
    pub version: u64,
    /// The manifest.
    pub manifest: u64,
    /// Digest of data and provenance.
    pub snapshot: String,
    /// Digest of the data alone.
    pub data: String,
}

impl Content {
    /// Returns every data object that the arrangements name, with its length.
    pub fn objects(&self) -> BTreeMap<&ObjectName, u64> {
        let runs = self.arrangements.values().flat_map(|arrangement| &arrangement.runs);
        runs.flat_map(|run| &run.parts).map(|part| (&part.object, part.length)).collect()
    }

    /// Returns whether another says the same, but for the older versions that a collection lets go.
    pub fn same_state(&self, other: &Content) -> bool {
        let (mut a, mut b) = (self.clone(), other.clone());
        a.versions.clear();
        b.versions.clear();
        a == b
    }
}

/// What stands at a manifest's number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Slot {
    /// A manifest.
    Manifest(Box<Manifest>),
    /// The number is used up, and its manifest let go.
    Tombstone(Tombstone),
}

/// What is left of a manifest that is no longer retained, so that its number is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub(crate) format: u32,
    pub(crate) id: u64,
    pub(crate) nonce: String,
    /// Tells it from a manifest.
    pub(crate) tombstone: bool,
}

impl Slot {
    pub(crate) fn nonce(&self) -> &str {
        match self {
            Slot::Manifest(manifest) => &manifest.nonce,
            Slot::Tombstone(tombstone) => &tombstone.nonce,
        }
    }
}

const HEAD: &str = "{\"blake3\":\"";
const MIDDLE: &str = "\",\"manifest\":";
const TAIL: &str = "}\n";

impl Manifest {
    /// Encodes the manifest as a line of JSON that carries its own digest, and sets [`Manifest::digest`].
    pub(crate) fn encode(&mut self) -> Bytes {
        let (bytes, digest) = seal(&serde_json::to_string(self).expect("a manifest is plain data"));
        self.digest = digest;
        bytes
    }
}

impl Tombstone {
    pub(crate) fn of(id: u64, nonce: &str) -> Self {
        Tombstone { format: FORMAT, id, nonce: nonce.to_owned(), tombstone: true }
    }

    pub(crate) fn encode(&self) -> Bytes {
        seal(&serde_json::to_string(self).expect("a tombstone is plain data")).0
    }
}

fn seal(body: &str) -> (Bytes, String) {
    let digest = blake3::hash(body.as_bytes()).to_hex().to_string();
    (Bytes::from(format!("{HEAD}{digest}{MIDDLE}{body}{TAIL}")), digest)
}

/// Reads what stands at number `id`.
///
/// # Errors
/// When a byte differs from what was written, the number is another's, or a newer version wrote the format.
pub(crate) fn decode_slot(id: u64, bytes: &[u8]) -> Result<Slot> {
    let damaged = |why: &str| corrupt(path(id).as_ref(), why);
    let (digest, body) = unseal(bytes).ok_or_else(|| damaged("is damaged"))?;
    let json: serde_json::Value =
        serde_json::from_str(body).map_err(|e| damaged("is not JSON").with_source(e))?;
    let format = json.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if !(1..=u64::from(FORMAT)).contains(&format) {
        let text = format!(
            "{} has format {format}; this version of rifflebox reads 1 to {FORMAT}: use a newer one",
            path(id)
        );
        return Err(Error::new(ErrorKind::Input, text));
    }
    let slot = match json.get("tombstone").is_some() {
        true => serde_json::from_str(body).map(Slot::Tombstone),
        false => serde_json::from_str(body).map(|mut manifest: Manifest| {
            manifest.digest = digest.to_owned();
            Slot::Manifest(Box::new(manifest))
        }),
    };
    let slot = slot.map_err(|e| damaged("does not read as a manifest").with_source(e))?;
    let own = match &slot {
        Slot::Manifest(manifest) => manifest.id,
        Slot::Tombstone(tombstone) => tombstone.id,
    };
    match own == id {
        true => Ok(slot),
        false => Err(damaged(&format!("holds manifest {own}"))),
    }
}

fn unseal(bytes: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (digest, rest) = text.strip_prefix(HEAD)?.split_at_checked(64)?;
    let body = rest.strip_prefix(MIDDLE)?.strip_suffix(TAIL)?;
    (blake3::hash(body.as_bytes()).to_hex().as_str() == digest).then_some((digest, body))
}

/// The folder of all manifests.
pub(crate) const FOLDER: &str = "manifests";

/// Returns where the manifest of a number stands.
pub(crate) fn path(id: u64) -> Path {
    Path::from(format!("{FOLDER}/{id:020}.json"))
}

/// Returns the number of the manifest that stands at a path, if one does.
pub(crate) fn id_of(path: &str) -> Option<u64> {
    let digits = path.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".json")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Returns where the hint of the newest number stands.
pub(crate) fn hint_path() -> Path {
    Path::from(format!("{FOLDER}/hint"))
}

pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
