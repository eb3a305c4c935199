//! A folder of small documents under change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rifflebox_testkit::Random;

use super::history::Edit;

/// What pages are made of; few, so that pages say the same thing.
const PARTS: [&str; 12] = [
    "## Worker\n\nA worker is a process that takes tasks from the queue by their age.",
    "## Queue\n\nA queue is an ordered list of tasks that wait for a worker to be free.",
    "## Flags\n\nThe `--drain` flag stops the intake of tasks and waits for all open ones.",
    "## Can the job runner be paused?\n\nYes, send it the stop signal and it will be paused at the end of each open task.",
    "- gold is heavy and stays in the box\n- sand is light and goes with the water\n- silt goes first",
    "- gold is heavy and stays in the box\n- a line that will panic, by lot",
    "- a line to refuse",
    "- this may blow up",
    "Nothing to list here.",
    "| flag | effect |\n|---|---|\n| `--one` | runs one task and then ends |\n| `--all` | runs all tasks and then ends |",
    "## Log\n\nThe log is a file that holds one line for each task that was ever done by any worker.",
    "A riffle box keeps the gold, and the river takes what is left; nobody counts the sand.",
];

/// Documents on disk, and what they said before.
pub(super) struct Documents {
    folder: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    before: BTreeMap<String, Vec<u8>>,
}

impl Documents {
    /// Makes a folder without documents.
    pub(super) fn new(folder: &Path) -> Documents {
        for kind in ["pages/deep", "tables", "exam"] {
            fs::create_dir_all(folder.join(kind)).expect("a folder can be made");
        }
        Documents { folder: folder.to_owned(), files: BTreeMap::new(), before: BTreeMap::new() }
    }

    /// Returns all files with their bytes.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.clone()
    }

    /// Makes the folder hold just these files.
    pub(super) fn restore(&mut self, files: &BTreeMap<String, Vec<u8>>) {
        let gone: Vec<_> = self.files.keys().filter(|path| !files.contains_key(*path)).cloned().collect();
        gone.iter().for_each(|path| self.remove(path));
        for (path, bytes) in files {
            if self.files.get(path) != Some(bytes) {
                self.put(path, bytes.clone());
            }
        }
    }

    /// Applies a change.
    pub(super) fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Write { path, seed } => self.put(path, content(path, *seed)),
            Edit::Append { path, seed } => {
                if let Some(mut bytes) = self.files.get(path).cloned() {
                    bytes.extend(content(path, *seed));
                    self.put(path, bytes);
                }
            }
            Edit::Delete { path } => self.remove(path),
            Edit::Rename { from, to } => self.rename(from, to),
            Edit::PutBack { path } => {
                if let Some(bytes) = self.before.get(path).cloned() {
                    self.put(path, bytes);
                }
            }
            Edit::Disguise { path } => self.disguise(path),
            Edit::Touch { path } => {
                if let Some(time) = self.changed(path) {
                    self.set_changed(path, time + Duration::from_secs(60));
                }
            }
        }
    }

    fn put(&mut self, path: &str, bytes: Vec<u8>) {
        fs::write(self.folder.join(path), &bytes).expect("a document can be written");
        if let Some(before) = self.files.insert(path.to_owned(), bytes) {
            self.before.insert(path.to_owned(), before);
        }
    }

    fn remove(&mut self, path: &str) {
        if let Some(before) = self.files.remove(path) {
            fs::remove_file(self.folder.join(path)).expect("a document is there");
            self.before.insert(path.to_owned(), before);
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        let Some(bytes) = self.files.remove(from) else { return };
        fs::rename(self.folder.join(from), self.folder.join(to)).expect("a document can be renamed");
        self.before.insert(from.to_owned(), bytes.clone());
        if let Some(before) = self.files.insert(to.to_owned(), bytes) {
            self.before.insert(to.to_owned(), before);
        }
    }

    fn disguise(&mut self, path: &str) {
        let (Some(time), Some(mut bytes)) = (self.changed(path), self.files.get(path).cloned()) else {
            return;
        };
        let letters = bytes.iter_mut().filter(|byte| byte.is_ascii_lowercase());
        if let Some(last) = letters.last() {
            *last = if *last == b'z' { b'a' } else { *last + 1 };
        }
        self.put(path, bytes);
        self.set_changed(path, time);
    }

    fn changed(&self, path: &str) -> Option<SystemTime> {
        let file = self.files.contains_key(path).then(|| fs::metadata(self.folder.join(path)));
        Some(file?.expect("a document is there").modified().expect("files have times"))
    }

    fn set_changed(&self, path: &str, time: SystemTime) {
        let file = fs::File::options().write(true).open(self.folder.join(path)).expect("a document is there");
        file.set_modified(time).expect("times can be set");
    }
}

/// Draws what a file says.
fn content(path: &str, seed: u64) -> Vec<u8> {
    let random = &mut Random::new(seed);
    if path.ends_with(".jsonl") {
        let rows = (0..random.below(6)).map(|_| row(random));
        return rows.collect::<String>().into_bytes();
    }
    if random.once_in(12) {
        return b"# Latin\n\n- caf\xe9\n".to_vec();
    }
    let mut text = format!("# Page {}\n\nA page about the runner and its parts.\n", random.below(4));
    for _ in 0..random.below(6) {
        text += &format!("\n{}\n", random.choose(&PARTS));
    }
    text.into_bytes()
}

/// Draws a row of a table: ids come again, in its table and in others.
fn row(random: &mut Random) -> String {
    let (id, key) = (random.below(8), random.below(8));
    let text = serde_json::Value::from(*random.choose(&PARTS));
    match random.below(16) {
        0 => format!("{{\"id\": \"{id}\", \"text\": \n"),
        1 => format!("{{\"text\": {text}}}\n"),
        2 => "\n".to_owned(),
        // Long enough that few of them fill a shard.
        3 => {
            let long = "all that the river carries in a year ".repeat(9_000);
            format!("{{\"id\": \"{id}\", \"key\": \"{key}\", \"text\": \"{long}\"}}\n")
        }
        _ => format!("{{\"id\": \"{id}\", \"key\": \"{key}\", \"text\": {text}}}\n"),
    }
}
