//! Equality: what is published after any history is what a fresh build of the final documents publishes.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::path::{Path, PathBuf};

use rifflebox::Report;

use super::support::folder::{Published, assert_exact};
use super::support::history::{History, Pages, bundled, bundled_below, real};
use super::support::task::{Form, Task};
use super::support::worker::Worker;
use super::support::{long, say};

/// A dataset that is kept true, and the folder of all that it needs.
struct Kept {
    folder: tempfile::TempDir,
    pages: Pages,
    task: Task,
    builds: usize,
}

impl Kept {
    /// Writes the beginning of a history; nothing is built yet.
    fn begin(history: &History, form: &Form) -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::write(&folder.path().join("pages"), &history.base);
        let task = Task::new(&pages.0, &folder.path().join("workspace"), form);
        Kept { folder, pages, task, builds: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Builds in a new process, with another number of workers than before.
    fn build(&mut self) -> Report {
        self.task.workers = 1 + self.builds % 3;
        self.builds += 1;
        Worker::new(&self.task).run().report()
    }

    fn published(&self) -> Published {
        assert_exact(&self.path("workspace/dataset"))
    }

    /// Builds what stands now anew, from a copy elsewhere, in surroundings that differ in all that must not matter.
    fn fresh(&self) -> Published {
        let place = self.folder.path().join("a fresh copy, elsewhere");
        drop(std::fs::remove_dir_all(&place));
        let copy = self.pages.copy(&place.join("the pages"));
        let mut task = Task::new(&copy.0, &place.join("the workspace"), &self.task.form);
        task.workers = 1 + (self.builds + 1) % 3;
        let mut worker = Worker::new(&task);
        worker.command.env("TZ", "Asia/Kathmandu").env("LANG", "tr_TR.UTF-8").env("HOME", &place);
        worker.command.current_dir(&place);
        worker.run().report();
        assert_exact(&place.join("the workspace/dataset"))
    }
}

/// Replays a history, a new process for each change set; compares after every `every` sets and at the end.
fn replay(history: &History, form: &Form, sets: usize, every: usize) {
    let mut kept = Kept::begin(history, form);
    kept.build();
    let sets = sets.min(history.sets.len());
    let mut seen = std::collections::BTreeSet::from([kept.published().snapshot]);
    for (index, set) in history.sets[..sets].iter().enumerate() {
        kept.pages.apply(set);
        let report = kept.build();
        if (index + 1) % every == 0 || index + 1 == sets {
            let published = kept.published();
            assert_eq!(report.snapshot, published.snapshot);
            assert_eq!(published, kept.fresh(), "{}: after {} change sets", history.name, index + 1);
            assert!(report.samples.unused > 0, "{}: neither budget nor shares bind", history.name);
            seen.insert(published.snapshot);
        }
    }
    assert!(seen.len() > 1, "{}: the change sets change nothing", history.name);
    say(&format!("replayed {}: {sets} change sets, {} processes", history.name, kept.builds));
}

fn replay_real(name: &str, form: &Form) {
    match (real(name), long()) {
        (Some(history), true) => replay(&history, form, usize::MAX, 20),
        (Some(history), false) => replay(&history, form, 12, 6),
        (None, _) => say(&format!("{name} was not replayed: RIFFLEBOX_DATA names no folder")),
    }
}

#[test]
fn the_bundled_history_equals_fresh_builds() {
    let (sets, every) = if long() { (usize::MAX, 5) } else { (10, 5) };
    replay(&bundled(), &Form::of("**/*", 60_000), sets, every);
}

#[test]
fn the_rust_book_equals_fresh_builds() {
    replay_real("rust-book", &Form::of("**/*", 150_000));
}

#[test]
fn the_prometheus_docs_equal_fresh_builds() {
    replay_real("prometheus-docs", &Form::of("**/*", 40_000));
}

#[test]
fn the_opentelemetry_site_equals_fresh_builds() {
    replay_real("opentelemetry.io", &Form::of("**/*", 900_000));
}

/// Changes the flow, builds, and compares with a fresh build; then undoes the change, and expects what was before.
#[track_caller]
fn there_and_back(kept: &mut Kept, what: &str, change: impl FnOnce(&mut Form)) {
    let (before, form) = (kept.published(), kept.task.form.clone());
    change(&mut kept.task.form);
    assert_ne!(kept.task.form, form);
    kept.build();
    let there = kept.published();
    assert_ne!(there, before, "{what}: nothing changed");
    assert_eq!(there, kept.fresh(), "{what}");
    kept.task.form = form;
    kept.build();
    assert_eq!(kept.published(), before, "{what}, and back");
}

#[test]
fn a_flow_that_changes_and_changes_back_is_what_it_was() {
    let history = bundled_below("prometheus");
    let mut kept = Kept::begin(&history, &Form::of("**/*.md", 6_000));
    kept.build();
    assert_eq!(kept.published(), kept.fresh());
    there_and_back(&mut kept, "another threshold", |form| form.min_words = Some(40));
    there_and_back(&mut kept, "a stage removed", |form| form.min_words = None);
    there_and_back(&mut kept, "another stage removed", |form| form.lot.clear());
    there_and_back(&mut kept, "another version", |form| form.lot = "2".to_owned());
    there_and_back(&mut kept, "another budget", |form| form.tokens = 1_000);
    there_and_back(&mut kept, "other shares", |form| form.human = 0.5);
    there_and_back(&mut kept, "fewer documents", |form| form.files = "prometheus/c*/*.md".to_owned());
    there_and_back(&mut kept, "several at once", |form| {
        form.min_words = None;
        form.lot = "3".to_owned();
        form.tokens = 5_000;
    });
}

#[test]
fn a_flow_that_changes_together_with_its_documents_equals_a_fresh_build() {
    let history = bundled_below("prometheus");
    let mut kept = Kept::begin(&history, &Form::of("**/*.md", 6_000));
    kept.build();
    let forms: [fn(&mut Form); 4] = [
        |form| form.min_words = None,
        |form| form.lot = "2".to_owned(),
        |form| form.min_words = Some(20),
        |form| form.human = 0.6,
    ];
    for (set, change) in history.sets.iter().zip(forms) {
        kept.pages.apply(set);
        change(&mut kept.task.form);
        kept.build();
        assert_eq!(kept.published(), kept.fresh());
    }
}

#[test]
fn undone_changes_leave_no_trace() {
    let history = bundled_below("prometheus");
    let mut kept = Kept::begin(&history, &Form::of("**/*.md", 6_000));
    kept.build();
    let before = kept.published();
    for set in history.sets.iter().take(3) {
        kept.pages.apply(set);
        kept.build();
    }
    assert_ne!(kept.published(), before);
    for path in super::support::history::paths_below(&kept.pages.0) {
        if !history.base.contains_key(&path) {
            std::fs::remove_file(kept.pages.0.join(path)).unwrap();
        }
    }
    Pages::write(Path::new(&kept.pages.0), &history.base);
    kept.build();
    assert_eq!(kept.published(), before);
}
