//! A published folder, as a stranger reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::history::paths_below;

/// What `snapshot.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Listed {
    pub(crate) version: u64,
    pub(crate) snapshot: String,
    pub(crate) data: String,
    files: Vec<ListedFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct ListedFile {
    path: String,
    bytes: u64,
    blake3: String,
}

/// What two builds of the same documents have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) snapshot: String,
    pub(crate) data: String,
    /// Digests of all files below `data/` and `provenance/`, by path.
    pub(crate) files: BTreeMap<String, String>,
}

/// Reads what a folder publishes, all of it.
pub(crate) fn published(dataset: &Path) -> Published {
    let listed = listed(dataset).expect("something is published");
    let mut files = BTreeMap::new();
    for folder in ["data", "provenance"] {
        for path in paths_below(&dataset.join(folder)) {
            let path = format!("{folder}/{path}");
            let bytes = fs::read(dataset.join(&path)).expect("a listed file can be read");
            files.insert(path, blake3::hash(&bytes).to_hex().to_string());
        }
    }
    Published { snapshot: listed.snapshot, data: listed.data, files }
}

/// Reads the list of a folder; none where nothing was ever published.
pub(crate) fn listed(dataset: &Path) -> Option<Listed> {
    let text = fs::read_to_string(dataset.join("snapshot.json")).ok()?;
    Some(serde_json::from_str(&text).expect("snapshot.json is whole"))
}

/// Asserts that each file that the list names is there and whole; returns the list.
#[track_caller]
pub(crate) fn assert_readable(dataset: &Path) -> Option<Listed> {
    let listed = listed(dataset)?;
    for ListedFile { path, bytes, blake3 } in &listed.files {
        let content = fs::read(dataset.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(content.len() as u64, *bytes, "{path} has another length than its list says");
        assert_eq!(blake3::hash(&content).to_hex().as_str(), blake3, "{path} differs from its digest");
    }
    Some(listed)
}

/// Asserts that a folder holds exactly the files that its list names.
#[track_caller]
pub(crate) fn assert_exact(dataset: &Path) -> Published {
    let listed = assert_readable(dataset).expect("something is published");
    let published = published(dataset);
    let named: BTreeMap<_, _> = listed.files.into_iter().map(|file| (file.path, file.blake3)).collect();
    assert_eq!(published.files, named, "the folder holds other files than its list names");
    published
}
