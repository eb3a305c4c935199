//! Documents and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;

/// One page after a change; none if it was deleted.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) text: Option<String>,
}

/// Pages, and change sets on them in order.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) name: String,
    pub(crate) base: BTreeMap<String, String>,
    pub(crate) sets: Vec<Vec<Change>>,
}

#[derive(Deserialize)]
struct Page {
    path: String,
    text: String,
}

#[derive(Deserialize)]
struct Line {
    set: u64,
    op: String,
    path: String,
    text: Option<String>,
}

/// Returns the documents that the repository brings along, with a part of their history.
pub(crate) fn bundled() -> History {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/corpus");
    let base = read_folder(&corpus.join("documents"));
    let lines = fs::read_to_string(corpus.join("history/changes.jsonl")).expect("the history is bundled");
    History { name: "bundled".to_owned(), base, sets: sets(&lines) }
}

/// Returns the pages of the bundled corpus below a folder, with what their history says of them.
pub(crate) fn bundled_below(folder: &str) -> History {
    let mut history = bundled();
    history.base.retain(|path, _| path.starts_with(folder));
    for set in &mut history.sets {
        set.retain(|change| change.path.starts_with(folder));
    }
    history.sets.retain(|set| !set.is_empty());
    history
}

/// Returns a real history of the data folder that the environment names; none if it names none.
pub(crate) fn real(name: &str) -> Option<History> {
    let data = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?);
    let read = |file: &str| {
        let path = data.join("docs").join(name).join(file);
        let packed = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = zstd::decode_all(packed.as_slice()).expect("the file is packed by zstd");
        String::from_utf8(text).expect("the file is UTF-8")
    };
    let pages = read("base.jsonl.zst");
    let pages = pages.lines().map(|line| serde_json::from_str::<Page>(line).expect("a line is a page"));
    let base = pages.map(|page| (page.path, page.text)).collect();
    Some(History { name: name.to_owned(), base, sets: sets(&read("changes.jsonl.zst")) })
}

fn sets(lines: &str) -> Vec<Vec<Change>> {
    let mut sets: BTreeMap<u64, Vec<Change>> = BTreeMap::new();
    for line in lines.lines() {
        let Line { set, op, path, text } = serde_json::from_str(line).expect("a line is a change");
        assert_eq!(op == "delete", text.is_none(), "{path}: `{op}` and its text disagree");
        sets.entry(set).or_default().push(Change { path, text });
    }
    sets.into_values().collect()
}

/// A folder of pages that a history is applied to.
pub(crate) struct Pages(pub(crate) PathBuf);

impl Pages {
    /// Writes the pages of a history's beginning.
    pub(crate) fn write(folder: &Path, base: &BTreeMap<String, String>) -> Pages {
        let pages = Pages(folder.to_owned());
        for (path, text) in base {
            pages.put(path, text);
        }
        pages
    }

    /// Writes a page.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a page lies in a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the page can be written");
    }

    /// Applies a change set.
    pub(crate) fn apply(&self, set: &[Change]) {
        for change in set {
            match &change.text {
                Some(text) => self.put(&change.path, text),
                None => fs::remove_file(self.0.join(&change.path)).expect("a deleted page was there"),
            }
        }
    }

    /// Copies all pages to another folder, in another order and with other times.
    pub(crate) fn copy(&self, to: &Path) -> Pages {
        let copy = Pages(to.to_owned());
        for (index, (path, text)) in read_folder(&self.0).into_iter().rev().enumerate() {
            copy.put(&path, &text);
            let file = fs::File::options().write(true).open(to.join(&path)).expect("the copy is there");
            let time = UNIX_EPOCH + Duration::from_secs(1_000_000_000 + index as u64);
            file.set_modified(time).expect("times can be set");
        }
        copy
    }
}

/// Returns all files below a folder by their relative paths.
pub(crate) fn read_folder(folder: &Path) -> BTreeMap<String, String> {
    let text = |path: PathBuf| fs::read_to_string(path).expect("a page is UTF-8");
    let paths = paths_below(folder);
    paths.into_iter().map(|path| (path.clone(), text(folder.join(&path)))).collect()
}

/// Returns the relative paths of all files below a folder, with forward slashes.
pub(crate) fn paths_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(folder).expect("it lies below");
                found.insert(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found
}
