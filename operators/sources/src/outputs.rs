//! Folders that rifflebox wrote: a walk passes them over, so that no flow takes its own results for documents.
//!
//! A workspace is known by its manifests, a published dataset by its list and its card, wherever they lie. A pattern
//! whose fixed prefix leads into one reads it all the same: then it is meant.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const MANIFESTS: &str = "manifests";
const LIST: &str = "snapshot.json";
const CARD: &str = "data-card.json";

/// Returns whether a local folder is a workspace or a published dataset.
pub(crate) fn is_output(folder: &Path) -> bool {
    let has_manifests = || {
        let mut entries = fs::read_dir(folder.join(MANIFESTS)).into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_str().is_some_and(is_manifest))
    };
    has_manifests() || (folder.join(LIST).is_file() && folder.join(CARD).is_file())
}

/// Workspaces and published datasets among the objects below a prefix.
#[derive(Debug)]
pub(crate) struct Outputs(BTreeSet<String>);

impl Outputs {
    /// Finds them by the paths of all objects, relative to the prefix.
    pub(crate) fn among<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Self {
        let parts = || paths.clone().filter_map(|path| path.rsplit_once('/'));
        let holding = |wanted: &'static str| {
            parts().filter(move |(_, name)| *name == wanted).map(|(folder, _)| folder.to_owned())
        };
        let cards: BTreeSet<String> = holding(CARD).collect();
        let published = holding(LIST).filter(|folder| cards.contains(folder));
        let manifests = parts().filter(|(_, name)| is_manifest(name)).map(|(folder, _)| folder);
        let workspaces = manifests
            .filter_map(|folder| Some(folder.strip_suffix(MANIFESTS)?.strip_suffix('/')?.to_owned()));
        Outputs(published.chain(workspaces).collect())
    }

    /// Returns whether an object lies in one of them.
    pub(crate) fn hold(&self, path: &str) -> bool {
        path.match_indices('/').any(|(at, _)| self.0.contains(&path[..at]))
    }
}

/// Manifests are numbered with twenty digits.
fn is_manifest(name: &str) -> bool {
    let number = name.strip_suffix(".json").unwrap_or_default();
    number.len() == 20 && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 9] = [
        "a.md",
        "deep/box/manifests/00000000000000000001.json",
        "deep/box/dataset/README.md",
        "deep/boxes/a.md",
        "manifests/app.json",
        "out/data-card.json",
        "out/snapshot.json",
        "out/README.md",
        "half/snapshot.json",
    ];
    const READ: [&str; 4] = ["a.md", "deep/boxes/a.md", "manifests/app.json", "half/snapshot.json"];

    #[test]
    fn objects_of_workspaces_and_datasets_are_known() {
        let outputs = Outputs::among(PATHS.into_iter());
        assert!(PATHS.into_iter().filter(|path| !outputs.hold(path)).eq(READ));
    }

    #[test]
    fn a_prefix_that_is_one_itself_is_meant() {
        let paths = ["manifests/00000000000000000001.json", "data-card.json", "snapshot.json", "README.md"];
        let outputs = Outputs::among(paths.into_iter());
        assert!(paths.into_iter().all(|path| !outputs.hold(path)));
    }

    #[test]
    fn local_folders_are_known_alike() {
        let root = tempfile::tempdir().unwrap();
        for path in PATHS {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let known = |folder: &str| is_output(&root.path().join(folder));
        assert!(known("deep/box") && known("out"));
        for folder in ["", "deep", "deep/boxes", "manifests", "half", "none"] {
            assert!(!known(folder), "{folder}");
        }
    }
}
