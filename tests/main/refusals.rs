//! A store that refuses: no right to write, no room left. The message says so, nothing breaks, and the cure works.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use super::support::folder::{assert_exact, assert_readable};
use super::support::history::{Pages, bundled_below, paths_below};
use super::support::say;
use super::support::task::{Form, Task};
use super::support::worker::{Ended, Worker};

/// A user without rights, by the number that most systems give to `nobody`.
const NOBODY: u32 = 65_534;

fn form() -> Form {
    Form::of("prometheus/[c-i]*/*.md", 4_000)
}

fn pages(folder: &Path) -> Pages {
    Pages::write(&folder.join("pages"), &bundled_below("prometheus").base)
}

/// Lets everybody read a folder, and nobody write to it.
fn protect(folder: &Path) {
    for path in paths_below(folder) {
        for path in folder.join(path).ancestors().take_while(|path| path.starts_with(folder)) {
            let mode = if path.is_dir() { 0o555 } else { 0o444 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

fn unprotect(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => unprotect(&path),
            false => fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap(),
        }
    }
}

/// Runs a task as a user whom permissions bind.
fn run_unprivileged(task: &Task, folder: &Path) -> Ended {
    let mut worker = Worker::new(task);
    if fs::metadata(folder).unwrap().uid() == 0 {
        // This process is root: nothing is refused to it.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        let program = folder.join("worker");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        worker = worker.by(&program, NOBODY);
    }
    worker.run()
}

#[test]
fn permission_denied_is_said_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let pages = pages(folder.path());
    let workspace = folder.path().join("workspace");
    let mut task = Task::new(&pages.0, &workspace, &form());
    Worker::new(&task).run().report();
    let before = assert_exact(&workspace.join("dataset"));
    task.form.tokens /= 2;
    protect(&workspace);
    match run_unprivileged(&task, folder.path()) {
        Ended::Failed(kind, message) => {
            assert_eq!(kind, "Store", "{message}");
            assert!(message.contains("permission denied; give this user the right"), "{message}");
            assert!(message.contains("data/") || message.contains("dataset/"), "{message} names no object");
        }
        Ended::Built(report) => panic!("built what it may not: {report}"),
    }
    assert_eq!(assert_exact(&workspace.join("dataset")), before);
    unprotect(&workspace);
    Worker::new(&task).run().report();
    assert_ne!(assert_exact(&workspace.join("dataset")), before);
}

/// A file system of a few pages, for as long as it lives.
struct Small(std::path::PathBuf);

impl Small {
    /// Mounts it; none where this user may not.
    fn mount(at: &Path, kib: u32) -> Option<Small> {
        fs::create_dir_all(at).unwrap();
        let options = format!("size={kib}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "rifflebox-test"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Small(at.to_owned()))
    }

    fn grow(&self, kib: u32) {
        let options = format!("remount,size={kib}k");
        let grown = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_is_said_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let pages = pages(folder.path());
    let whole = folder.path().join("whole");
    Worker::new(&Task::new(&pages.0, &whole, &form())).run().report();
    let reference = assert_exact(&whole.join("dataset"));
    let Some(disk) = Small::mount(&folder.path().join("disk"), 16) else {
        say("a full disk was not tried: this user may not mount one");
        return;
    };
    let workspace = disk.0.join("workspace");
    let task = Task::new(&pages.0, &workspace, &form());
    let (mut refused, mut kib) = (0, 16);
    while let Ended::Failed(kind, message) = Worker::new(&task).run() {
        assert_eq!(kind, "Store", "{message}");
        assert!(message.contains("the disk is full; free some space"), "{message}");
        assert_readable(&workspace.join("dataset"));
        refused += 1;
        kib += kib / 2;
        assert!(kib < 8_000, "no disk is large enough");
        disk.grow(kib);
    }
    assert!(refused > 2, "the disk was full {refused} times");
    assert_eq!(assert_exact(&workspace.join("dataset")), reference);
}
