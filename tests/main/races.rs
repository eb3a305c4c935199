//! Several writers at once: of those that start from one manifest exactly one commits, and the others say so.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use rifflebox::{ErrorKind, Event, Progress, Workspace};

use super::support::folder::assert_exact;
use super::support::history::{Pages, bundled_below};
use super::support::long;
use super::support::task::{Form, Service, Task};
use super::support::wait_for;

/// Holds builds up until all have opened the workspace.
struct Gate(Barrier);

impl Progress for Gate {
    fn event(&self, event: Event) {
        if matches!(event, Event::Scanning { .. }) {
            self.0.wait();
        }
    }
}

/// Describes writers of one workspace, each with a service and verdicts of its own.
pub(crate) fn writers(documents: &Path, workspace: &str, count: usize, round: usize) -> Vec<Task> {
    let task = |writer: usize| {
        let mut form = Form::of("prometheus/[c-i]*/*.md", 4_000);
        form.lot = format!("{round}-{writer}");
        form.service = Some(Service { version: form.lot.clone(), millis: 1, ..Service::default() });
        let mut task = Task::new(documents, Path::new("/"), &form);
        workspace.clone_into(&mut task.workspace);
        task.workers = 1 + writer % 2;
        task
    };
    (0..count).map(task).collect()
}

/// Starts all writers from one manifest; asserts that one wins, and that the calls of the others are kept.
pub(crate) async fn race(tasks: Vec<Task>) -> rifflebox::Report {
    let gate = Arc::new(Gate(Barrier::new(tasks.len())));
    let mut running = tokio::task::JoinSet::new();
    for task in tasks {
        let gate = gate.clone();
        running.spawn(async move {
            let ended = task.build_watched(None, Some(gate)).await;
            (task, ended)
        });
    }
    let (mut won, mut lost) = (Vec::new(), Vec::new());
    while let Some(ended) = running.join_next().await {
        match ended.unwrap() {
            (_, Ok(report)) => won.push(report),
            (task, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
                assert!(error.to_string().contains("build again"), "{error}");
                lost.push(task);
            }
        }
    }
    assert_eq!(won.len(), 1, "{} writers won one number", won.len());
    let won = won.remove(0);
    assert!(won.calls.made > 0);
    let workspace = Workspace::open(&lost[0].workspace).await.unwrap();
    assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new());
    assert_eq!(workspace.status().await.unwrap().unwrap().snapshot, won.snapshot);
    for task in lost {
        let again = task.build(None).await.unwrap();
        assert_eq!(again.calls.made, 0, "a loser's finished calls are lost");
        assert!(again.calls.standing > 0 && again.snapshot != won.snapshot);
        assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new());
    }
    won
}

fn race_on_disk(count: usize, rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let history = bundled_below("prometheus");
    let pages = Pages::write(&folder.path().join("pages"), &history.base);
    let workspace = folder.path().join("workspace");
    let url = format!("file:{}", workspace.display());
    for round in 0..rounds {
        pages.put(
            "prometheus/concepts/round.md",
            &format!("# Round {round}\n\nThe page of round {round}, which is like no other."),
        );
        wait_for(race(writers(&pages.0, &url, count, round)));
        assert_exact(&workspace.join("dataset"));
    }
}

#[test]
fn of_two_writers_one_wins() {
    race_on_disk(2, if long() { 20 } else { 4 });
}

#[test]
fn of_eight_writers_one_wins() {
    race_on_disk(8, if long() { 8 } else { 2 });
}

/// Right behind a race, with no build since, the folder holds the winner's files and nobody else's.
#[test]
fn a_race_leaves_the_winners_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let history = bundled_below("prometheus");
    let pages = Pages::write(&folder.path().join("pages"), &history.base);
    let workspace = folder.path().join("workspace");
    let url = format!("file:{}", workspace.display());
    for round in 0..3 {
        let tasks = writers(&pages.0, &url, 4, round);
        let gate = Arc::new(Gate(Barrier::new(tasks.len())));
        let won = wait_for(async {
            let builds = tasks.iter().map(|task| task.build_watched(None, Some(gate.clone())));
            let ended = futures::future::join_all(builds).await;
            ended.into_iter().find_map(Result::ok).expect("one wins")
        });
        assert_eq!(assert_exact(&workspace.join("dataset")).snapshot, won.snapshot);
    }
}

/// Takes files away once, as soon as the first are written: what another writer's tidying may do before a commit.
struct Thief(PathBuf, AtomicBool);

impl Progress for Thief {
    fn event(&self, event: Event) {
        if matches!(event, Event::Publishing { .. }) && !self.1.swap(true, Ordering::SeqCst) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }
}

#[test]
fn files_taken_away_before_the_commit_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let pages = Pages::write(&folder.path().join("pages"), &bundled_below("prometheus").base);
    let workspace = folder.path().join("workspace");
    let task = Task::new(&pages.0, &workspace, &Form::of("prometheus/[c-i]*/*.md", 4_000));
    for part in ["data", "provenance"] {
        pages.put(
            "prometheus/concepts/part.md",
            &format!("# Part {part}\n\nThe {part} of this is like no other."),
        );
        let thief = Arc::new(Thief(workspace.join("dataset").join(part), AtomicBool::new(false)));
        let report = wait_for(task.build_watched(None, Some(thief.clone()))).unwrap();
        assert!(thief.1.load(Ordering::SeqCst));
        assert_eq!(assert_exact(&workspace.join("dataset")).snapshot, report.snapshot);
    }
}

#[test]
fn a_build_with_nothing_to_do_repairs_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let pages = Pages::write(&folder.path().join("pages"), &bundled_below("prometheus").base);
    let workspace = folder.path().join("workspace");
    let task = Task::new(&pages.0, &workspace, &Form::of("prometheus/[c-i]*/*.md", 4_000));
    wait_for(task.build(None)).unwrap();
    let before = assert_exact(&workspace.join("dataset"));
    for lost in ["data", "provenance", "snapshot.json", "README.md"] {
        let path = workspace.join("dataset").join(lost);
        if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }.unwrap();
        wait_for(task.build(None)).unwrap();
        assert_eq!(assert_exact(&workspace.join("dataset")), before);
        assert!(path.exists(), "{lost} is not repaired");
    }
}
