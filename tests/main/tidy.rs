//! House rules that no compiler checks; each failure names the file and the cure.

mod dependencies;
mod edges;
mod examples;
mod operators;
mod page;
mod text;

use std::path::{Path, PathBuf};

/// A text file of the repository.
struct File {
    /// Path from the root, with forward slashes.
    path: String,
    /// All of it.
    text: String,
}

impl File {
    /// Returns the lines before the file's own tests; none of a file that is all tests.
    fn product(&self) -> impl Iterator<Item = &str> {
        let tests = self.path.ends_with("/tests.rs") || self.path.split('/').any(|part| part == "tests");
        let lines = self.text.lines().take_while(|line| line.trim_end() != "#[cfg(test)]");
        lines.take(if tests { 0 } else { usize::MAX })
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a file of the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns all files below a folder whose name ends so, in order of path; what git ignores is left out.
fn files(folder: &str, ending: &str) -> Vec<File> {
    let mut found = Vec::new();
    visit(&root().join(folder), ending, &mut found);
    assert!(!found.is_empty(), "no `{ending}` below {folder}: the rule would hold of nothing");
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn visit(folder: &Path, ending: &str, found: &mut Vec<File>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder is read while nobody changes it").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", ".git", "__pycache__", ".venv"].contains(&name.as_str()) {
                visit(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let path = path
                .strip_prefix(root())
                .expect("a file lies below the root")
                .to_string_lossy()
                .replace('\\', "/");
            found.push(File { path, text });
        }
    }
}

/// Returns all Rust files of the product, its tests and its examples.
fn rust() -> Vec<File> {
    ["crates", "operators", "tests", "examples"].into_iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// Fails with all breaches of a rule, one a line.
#[track_caller]
fn assert_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}
