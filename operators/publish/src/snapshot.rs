//! `[PublishedFile] -> snapshot.json`: what is published, and the digests that name it.

use rifflebox_core::Kind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Prefix;

/// The list of a published folder: `snapshot.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The number of the snapshot, which no digest covers.
    pub version: u64,
    /// Digest of paths and bytes of all files: equal data and provenance, equal value.
    pub snapshot: String,
    /// Digest of paths and bytes of the data shards alone.
    pub data: String,
    /// The files, by rising path.
    pub files: Vec<PublishedFile>,
}

impl Snapshot {
    /// Lists files, in whatever order they come.
    pub fn new(version: u64, mut files: Vec<PublishedFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let data = digest_of("rifflebox data", files.iter().filter(|file| file.is_data()));
        let snapshot = digest_of("rifflebox snapshot", files.iter());
        Snapshot { version, snapshot, data, files }
    }

    /// Returns the text of `snapshot.json`.
    pub fn to_json(&self) -> String {
        pretty(self)
    }
}

/// A file of the published folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedFile {
    /// Path relative to the published folder, with forward slashes.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// SHA-256, as 64 hexadecimal digits.
    pub sha256: String,
    /// BLAKE3, as 64 hexadecimal digits.
    pub blake3: String,
}

impl PublishedFile {
    /// Names and measures a written file.
    pub fn new(place: &ShardPlace<'_>, folder: Folder, content: &[u8], rows: usize) -> Self {
        let blake3 = blake3::hash(content).to_hex().to_string();
        let sha256 = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = place.path(folder, &blake3);
        PublishedFile { path, bytes: content.len() as u64, rows: rows as u64, sha256, blake3 }
    }

    /// Returns whether the file is a data shard.
    pub fn is_data(&self) -> bool {
        self.path.starts_with("data/")
    }
}

/// Where a shard stands among the published rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardPlace<'a> {
    /// The layout of its rows.
    pub kind: Kind,
    /// The split, where the flow cuts splits; all rows are `train` otherwise.
    pub split: Option<&'a str>,
    /// The routes of its rows.
    pub prefix: Prefix,
}

impl ShardPlace<'_> {
    /// Returns the path of a file of this place, named by the head of its digest.
    fn path(&self, folder: Folder, digest: &str) -> String {
        let ShardPlace { kind, split, prefix } = self;
        let (folder, kind, digest) = (folder.name(), kind.name(), &digest[..32]);
        match split {
            Some(split) => format!("{folder}/{kind}/{split}-{prefix}-{digest}.parquet"),
            None => format!("{folder}/{kind}/{prefix}-{digest}.parquet"),
        }
    }
}

/// The two sorts of published parquet files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// `data`: what a trainer reads.
    Data,
    /// `provenance`: one row beside each.
    Provenance,
}

impl Folder {
    const fn name(self) -> &'static str {
        match self {
            Folder::Data => "data",
            Folder::Provenance => "provenance",
        }
    }
}

/// Returns a value as indented JSON with a final line feed.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(value).expect("plain data with text keys is JSON");
    json.push('\n');
    json
}

fn digest_of<'a>(domain: &str, files: impl Iterator<Item = &'a PublishedFile>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut field = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    };
    field(domain);
    for file in files {
        field(&file.path);
        field(&file.blake3);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Key;

    use super::*;

    fn file(folder: Folder, content: &[u8]) -> PublishedFile {
        let prefix = Prefix::of(Key::from_u128(5 << 124), 4);
        PublishedFile::new(&ShardPlace { kind: Kind::Text, split: None, prefix }, folder, content, 2)
    }

    #[test]
    fn files_are_named_by_place_and_content() {
        let named = file(Folder::Data, b"abc");
        assert_eq!(named.path, "data/text/0101-6437b3ac38465133ffb63b75273a8db5.parquet");
        assert_eq!(named.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let place = ShardPlace { kind: Kind::Messages, split: Some("validation"), prefix: Prefix::ROOT };
        let path = PublishedFile::new(&place, Folder::Provenance, b"abc", 2).path;
        assert_eq!(path, "provenance/messages/validation-all-6437b3ac38465133ffb63b75273a8db5.parquet");
    }

    #[test]
    fn digests_cover_what_they_say() {
        let of = |version, data: &[u8], provenance: &[u8]| {
            let files = vec![file(Folder::Provenance, provenance), file(Folder::Data, data)];
            Snapshot::new(version, files)
        };
        let first = of(1, b"a", b"b");
        assert_eq!((&of(2, b"a", b"b").snapshot, &of(2, b"a", b"b").data), (&first.snapshot, &first.data));
        let judged_again = of(1, b"a", b"c");
        assert_eq!(judged_again.data, first.data);
        assert_ne!(judged_again.snapshot, first.snapshot);
        let other = of(1, b"c", b"b");
        assert!(other.data != first.data && other.snapshot != first.snapshot);
        let alone = Snapshot::new(1, vec![file(Folder::Data, b"a")]);
        assert_ne!(alone.data, alone.snapshot);
    }

    #[test]
    fn order_of_files_is_nothing_and_json_reads_back() {
        let files = vec![file(Folder::Provenance, b"b"), file(Folder::Data, b"a"), file(Folder::Data, b"c")];
        let snapshot = Snapshot::new(3, files.clone());
        assert_eq!(snapshot, Snapshot::new(3, files.into_iter().rev().collect()));
        let json = snapshot.to_json();
        assert!(json.starts_with("{\n  \"version\": 3,\n  \"snapshot\": ") && json.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), snapshot);
    }
}
