//! Damage on disk: it is found, named with its cure, and the cure works.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rifflebox::{Error, ErrorKind, Report, Result};

use super::support::folder::{Published, assert_exact};
use super::support::history::{Pages, bundled_below, paths_below};
use super::support::task::{Form, Service, Task};
use super::support::wait_for;

/// A published dataset of several commits, and a call that no commit covers.
struct Victim {
    folder: tempfile::TempDir,
    task: Task,
    published: Published,
}

impl Victim {
    fn new() -> Victim {
        let folder = tempfile::tempdir().unwrap();
        let history = bundled_below("prometheus");
        let pages = Pages::write(&folder.path().join("pages"), &history.base);
        let mut form = Form::of("prometheus/[c-i]*/*.md", 4_000);
        form.service = Some(Service { version: "1".to_owned(), ..Service::default() });
        let task = Task::new(&pages.0, &folder.path().join("workspace"), &form);
        wait_for(task.build(None)).unwrap();
        pages.put(
            "prometheus/concepts/late.md",
            "# A late page\n\nIt says `late` in words that no other page has.",
        );
        wait_for(task.build(None)).unwrap();
        let published = assert_exact(&folder.path().join("workspace/dataset"));
        Victim { folder, task, published }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("workspace").join(name)
    }

    /// Returns the files of the workspace below a folder, by path within the workspace.
    fn files(&self, below: &str) -> BTreeSet<String> {
        paths_below(&self.path(below)).into_iter().map(|path| format!("{below}/{path}")).collect()
    }

    fn build(&self) -> Result<Report> {
        wait_for(self.task.build(None))
    }

    fn rebuild(&self) -> Result<Report> {
        wait_for(Task { rebuild: true, ..self.task.clone() }.build(None))
    }

    fn problems(&self) -> Vec<String> {
        wait_for(async {
            let workspace = rifflebox::Workspace::open(&self.task.workspace).await.unwrap();
            workspace.check().await.unwrap().problems
        })
    }

    /// Lets go of all versions but the last: older ones may stand on what was damaged.
    fn forget_versions(&self) {
        wait_for(async {
            let workspace = rifflebox::Workspace::open(&self.task.workspace).await.unwrap();
            workspace.gc(1, false).await.unwrap();
        });
    }

    /// Asserts that all is well again, and what it was.
    #[track_caller]
    fn assert_well(&self, what: &str) {
        assert_eq!(self.problems(), Vec::<String>::new(), "{what}");
        assert_eq!(assert_exact(&self.path("dataset")), self.published, "{what}");
    }
}

/// Flips one bit in the middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn assert_names(error: &Error, object: &str, cure: &str) {
    let text = error.chain();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{text}");
    assert!(text.contains(object) && text.contains(cure), "{text} names neither {object} nor {cure}");
}

#[test]
fn a_flipped_bit_in_any_data_object_is_found_and_rebuilt() {
    let objects = Victim::new().files("data").len();
    assert!(objects > 1, "{objects} data objects");
    let mut lost = 0;
    for index in 0..objects {
        let victim = Victim::new();
        let object = victim.files("data").into_iter().nth(index).unwrap();
        flip(&victim.path(&object));
        let problems = victim.problems();
        assert!(problems.iter().any(|problem| problem.contains(&object)), "{object}: {problems:?}");
        // Without what is remembered of it, the object is verified again before it is read.
        fs::remove_dir_all(victim.path("cache")).unwrap();
        assert_names(&victim.build().unwrap_err(), &object, "build --rebuild");
        let report = victim.rebuild().unwrap();
        assert_eq!(report.calls.made, 0, "journals hold every answer");
        lost += usize::from(report.damaged.iter().any(|damaged| damaged.contains(&object)));
        victim.forget_versions();
        victim.assert_well(&object);
    }
    assert!(lost > 0, "no object held answers");
}

#[test]
fn a_missing_or_short_data_object_stops_the_run() {
    for short in [false, true] {
        let victim = Victim::new();
        let object = victim.files("data").into_iter().next().unwrap();
        match short {
            true => fs::File::options().write(true).open(victim.path(&object)).unwrap().set_len(100).unwrap(),
            false => fs::remove_file(victim.path(&object)).unwrap(),
        }
        assert_names(&victim.build().unwrap_err(), &object, "build --rebuild");
        victim.rebuild().unwrap();
        victim.forget_versions();
        victim.assert_well(&object);
    }
}

#[test]
fn a_flipped_bit_in_the_newest_manifest_is_found_and_rebuilt() {
    let victim = Victim::new();
    let manifests = victim.files("manifests");
    let newest = manifests.iter().rfind(|path| path.ends_with(".json")).unwrap();
    flip(&victim.path(newest));
    assert!(victim.problems().iter().any(|problem| problem.contains(newest)), "{:?}", victim.problems());
    assert_names(&victim.build().unwrap_err(), newest, "build --rebuild");
    victim.rebuild().unwrap();
    assert_eq!(assert_exact(&victim.path("dataset")), victim.published);
    victim.build().unwrap();
}

#[test]
fn a_lying_hint_misleads_nobody() {
    for lie in ["1", "7", "", "no number"] {
        let victim = Victim::new();
        fs::write(victim.path("manifests/hint"), lie).unwrap();
        let report = victim.build().unwrap();
        assert_eq!(report.documents.changed + report.documents.added, 0);
        victim.assert_well(lie);
    }
}

#[test]
fn a_flipped_bit_in_a_published_file_is_found_and_mended() {
    let victim = Victim::new();
    let shards = victim.files("dataset/data").into_iter().chain(victim.files("dataset/provenance"));
    for file in shards {
        flip(&victim.path(&file));
        let problems = victim.problems();
        let named = problems.iter().find(|problem| problem.contains(&file));
        assert!(named.is_some_and(|problem| problem.contains("build --rebuild")), "{file}: {problems:?}");
        victim.rebuild().unwrap();
        victim.assert_well(&file);
    }
    for file in ["snapshot.json", "README.md", "data-card.json"] {
        let path = victim.path("dataset").join(file);
        let before = fs::read(&path).unwrap();
        flip(&path);
        victim.build().unwrap();
        assert_eq!(fs::read(&path).unwrap(), before, "{file}");
    }
    victim.assert_well("lists");
}

#[test]
fn a_flipped_bit_in_a_journal_is_named_and_only_its_calls_are_made_again() {
    let mut victim = Victim::new();
    // A build that loses its last write leaves calls that no commit covers.
    let service = victim.task.form.service.as_mut().unwrap();
    service.version = "2".to_owned();
    let before = victim.files("journal");
    let manifests = victim.files("manifests");
    victim.build().unwrap();
    for path in victim.files("manifests").difference(&manifests) {
        fs::remove_file(victim.path(path)).unwrap();
    }
    let journal = victim.files("journal");
    let mut new = journal.difference(&before);
    let (segment, others) = (new.next().unwrap(), new.count());
    assert_eq!(others, 0, "one segment is enough for so few calls");
    flip(&victim.path(segment));
    assert!(victim.problems().iter().any(|problem| problem.contains(segment)), "{:?}", victim.problems());
    let error = victim.build().unwrap_err();
    assert_names(&error, segment, "delete it");
    fs::remove_file(victim.path(segment)).unwrap();
    let report = victim.build().unwrap();
    assert_eq!(report.calls.made, report.calls.standing);
    assert_eq!(victim.problems(), Vec::<String>::new());
}

#[test]
fn half_written_files_of_dead_writers_go_with_the_next_build() {
    let victim = Victim::new();
    for shard in victim.files("dataset/data").into_iter().chain(victim.files("dataset/provenance")) {
        fs::write(victim.path(&format!("{shard}#1")), "half").unwrap();
    }
    victim.build().unwrap();
    victim.assert_well("half-written files");
}
