use serde::{Deserialize, Serialize};

use crate::{Document, Identity, Key, Redaction, Result};

/// What a listing says of a file: equal only if the file can be taken for unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// Last change of the content, nanoseconds since the epoch; milliseconds where a store says no better.
    pub modified_ns: i128,
    /// Last change of the inode, nanoseconds since the epoch; 0 where there is none.
    pub changed_ns: i128,
    /// The inode; 0 where there is none.
    pub inode: u64,
    /// The store's own tag of the content, where it gives one.
    pub etag: Option<String>,
}

/// What a workspace remembers of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileRecord {
    /// What the listing said when it was read.
    pub stat: Stat,
    /// Whether an equal stat proves an equal file: false while an edit could still hide in the clock's grain.
    pub settled: bool,
    /// Digest of the bytes.
    pub digest: Key,
}

/// What a workspace remembers of all files of a source: each path once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptFiles(Vec<(String, FileRecord)>);

impl KeptFiles {
    /// Returns what is remembered of a file.
    pub fn get(&self, path: &str) -> Option<&FileRecord> {
        let at = self.0.binary_search_by(|(kept, _)| kept.as_str().cmp(path)).ok()?;
        Some(&self.0[at].1)
    }

    /// Returns all files, in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FileRecord)> {
        self.0.iter().map(|(path, record)| (path.as_str(), record))
    }
}

impl FromIterator<(String, FileRecord)> for KeptFiles {
    fn from_iter<I: IntoIterator<Item = (String, FileRecord)>>(files: I) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        // Of two records of one path the later stands, as in a map.
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                std::mem::swap(later, first);
            }
            same
        });
        KeptFiles(files)
    }
}

/// Where a row stands: a file, and a line or row of it where that matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path relative to the source's fixed prefix, with forward slashes.
    pub path: String,
    /// Line or row, from 1; only where a row is broken, so that inserting a line moves no sound row.
    pub line: Option<u64>,
}

/// One row of a file: a document, or why it is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowItem {
    /// The document's key; for a broken row the key of its place.
    pub key: Key,
    /// Where it stands.
    pub place: Place,
    /// The document, or the reason why there is none.
    pub document: Result<Document, String>,
}

/// What happened to one file since the workspace last looked.
pub struct FileChange<'a> {
    /// Path relative to the source's fixed prefix, with forward slashes.
    pub path: String,
    /// What to remember of it; none once it is gone.
    pub record: Option<FileRecord>,
    /// All rows of the file as it now is; none where its content is what it was, or it is gone.
    pub rows: Option<Box<dyn Iterator<Item = Result<RowItem>> + 'a>>,
}

/// Brings documents in, and sees which files changed.
///
/// # Contract
/// - A file whose bytes changed is said, however its times were set (law-tested).
/// - A file that did not change is not read: only listed (asserted by counters).
/// - A broken file or row is a [`RowItem`] with a reason; `Err` only when the source itself cannot be listed.
/// - Rows and ids depend on content and relative paths alone, never on times or on where the folder lies (law-tested).
/// - What it says that it redacts is in no row, id or reason, nor in an error (trusted).
pub trait Source: Send + Sync {
    /// Returns who the source is: all settings that can change a document.
    fn identity(&self) -> Identity;

    /// Returns what it says of personal data in its documents.
    fn redaction(&self) -> Redaction;

    /// Says each change against `kept`, all files as they were, in order of path; gone files too.
    ///
    /// # Errors
    /// When the source cannot be listed, or `each` fails.
    fn changes(&self, kept: &KeptFiles, each: &mut dyn FnMut(FileChange<'_>) -> Result<()>) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_files_are_found_by_path_and_the_later_record_stands() {
        let record =
            |size| FileRecord { stat: Stat { size, ..Stat::default() }, settled: true, digest: Key::MIN };
        let files = [("b", 1), ("a/c", 2), ("b", 3), ("a.c", 4)];
        let kept: KeptFiles = files.map(|(path, size)| (path.to_owned(), record(size))).into_iter().collect();
        let sizes: Vec<_> = kept.iter().map(|(path, record)| (path, record.stat.size)).collect();
        assert_eq!(sizes, [("a.c", 4), ("a/c", 2), ("b", 3)]);
        assert_eq!(kept.get("b"), Some(&record(3)));
        assert_eq!(kept.get("c"), None);
    }
}
