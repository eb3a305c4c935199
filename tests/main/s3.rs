//! The same laws on a bucket, shortened: equality, kills, faults, races.
//!
//! They run against the prefix that `RIFFLEBOX_TEST_S3` names, with the usual `AWS_…` variables.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::fs;
use std::path::{Path, PathBuf};

use rifflebox::ErrorKind;
use rifflebox_storage::{Faults, Objects, nonce};

use super::races::{race, writers};
use super::support::folder::{Published, assert_exact, assert_readable};
use super::support::history::{History, Pages, bundled_below};
use super::support::task::{Form, Task};
use super::support::worker::{Ended, Worker};
use super::support::{long, say, wait_for};

/// A dataset on a bucket, under a prefix of its own.
struct Remote {
    folder: tempfile::TempDir,
    history: History,
    pages: Pages,
    task: Task,
}

impl Remote {
    /// Begins under a new prefix; none, and a line that says so, where no bucket is named.
    fn begin(what: &str) -> Option<Remote> {
        let Ok(base) = std::env::var("RIFFLEBOX_TEST_S3") else {
            say(&format!("no bucket: RIFFLEBOX_TEST_S3 is not set, and {what} are not tried on S3"));
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let history = bundled_below("prometheus");
        let pages = Pages::write(&folder.path().join("pages"), &history.base);
        let mut task = Task::new(&pages.0, Path::new("/"), &Form::of("prometheus/[c-i]*/*.md", 4_000));
        task.workspace = format!("{base}/{}", nonce());
        task.cache = Some(folder.path().join("cache"));
        Some(Remote { folder, history, pages, task })
    }

    /// Fetches what is published, as a reader would.
    fn fetch(&self) -> PathBuf {
        let place = self.folder.path().join("fetched");
        drop(fs::remove_dir_all(&place));
        wait_for(async {
            let objects = Objects::open(&format!("{}/dataset", self.task.workspace)).unwrap();
            for file in objects.list("").await.unwrap() {
                let bytes = objects.get(&file.path).await.unwrap().expect("it was listed");
                let path = place.join(&file.path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        });
        place
    }

    fn published(&self) -> Published {
        assert_exact(&self.fetch())
    }

    /// Builds the same in a folder.
    fn reference(&self) -> Published {
        let place = self.folder.path().join("reference");
        drop(fs::remove_dir_all(&place));
        wait_for(Task::new(&self.pages.0, &place, &self.task.form).build(None)).unwrap();
        assert_exact(&place.join("dataset"))
    }

    fn forget_cache(&self) {
        drop(fs::remove_dir_all(self.task.cache.as_ref().unwrap()));
    }

    fn check(&self) {
        let report =
            wait_for(async { rifflebox::Workspace::open(&self.task.workspace).await.unwrap().check().await });
        assert_eq!(report.unwrap().problems, Vec::<String>::new());
    }
}

#[test]
fn a_history_on_a_bucket_equals_builds_in_a_folder() {
    let Some(mut remote) = Remote::begin("histories") else { return };
    Worker::new(&remote.task).run().report();
    assert_eq!(remote.published(), remote.reference());
    let sets = if long() { usize::MAX } else { 6 };
    for (index, set) in remote.history.sets.clone().iter().enumerate().take(sets) {
        remote.pages.apply(set);
        remote.task.workers = 1 + index % 3;
        remote.task.form.lot = (index / 3).to_string();
        if index % 2 == 0 {
            remote.forget_cache();
        }
        let report = Worker::new(&remote.task).run().report();
        assert!(index % 2 == 1 || report.bytes.fetched > 0, "read from nowhere");
        assert_eq!(remote.published(), remote.reference(), "after {} change sets", index + 1);
    }
    remote.check();
}

#[test]
fn a_builder_killed_on_a_bucket_leaves_all_whole() {
    let Some(mut remote) = Remote::begin("kills") else { return };
    Worker::new(&remote.task).run().report();
    let kills = if long() { 30 } else { 5 };
    let mut died = 0;
    for round in 0..kills {
        remote.task.form.lot = format!("round {round}");
        remote.task.kill = Some((round * 24 / kills, round % 2 == 0));
        let mut worker = Worker::new(&remote.task);
        let status = worker.start().wait().unwrap();
        died += u64::from(!status.success());
        assert_eq!(status.success(), matches!(worker.ended(), Some(Ended::Built(_))));
        assert_readable(&remote.fetch()).expect("it is published still");
        remote.check();
        remote.task.kill = None;
        Worker::new(&remote.task).run().report();
        assert_eq!(remote.published(), remote.reference());
    }
    assert!(died * 4 >= kills * 3, "only {died} of {kills} died");
}

#[test]
fn a_failing_bucket_gives_the_reference_or_a_clear_error() {
    let Some(mut remote) = Remote::begin("faults") else { return };
    for seed in 0..if long() { 20 } else { 4 } {
        remote.task.form.lot = format!("seed {seed}");
        let often = if seed % 2 == 1 { 250 } else { 60 };
        let faults =
            Faults { seed, fail_before: often, fail_after: often, truncate: often, ..Faults::default() };
        if let Err(error) = wait_for(remote.task.build(Some(faults.wrap().0))) {
            assert!(matches!(error.kind(), ErrorKind::Store | ErrorKind::Corrupt), "{error:?}");
        }
        wait_for(remote.task.build(None)).unwrap();
        assert_eq!(remote.published(), remote.reference(), "seed {seed}");
    }
    remote.check();
}

#[test]
fn of_two_and_of_eight_writers_on_a_bucket_one_wins() {
    let Some(remote) = Remote::begin("races") else { return };
    for (round, count) in [2, 2, 8].into_iter().enumerate() {
        let mut tasks = writers(&remote.pages.0, &remote.task.workspace, count, round);
        for (index, task) in tasks.iter_mut().enumerate() {
            task.cache = Some(remote.folder.path().join(format!("cache-{index}")));
        }
        wait_for(race(tasks));
        assert_exact(&remote.fetch());
    }
}
