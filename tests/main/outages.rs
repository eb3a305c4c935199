//! A service that is away: its calls are owed, and once it is back nothing tells of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use rifflebox::ErrorKind;

use super::support::folder::assert_exact;
use super::support::history::{Pages, bundled_below};
use super::support::task::{Form, Service, Task};
use super::support::wait_for;

struct Asking {
    folder: tempfile::TempDir,
    pages: Pages,
    task: Task,
}

impl Asking {
    fn new() -> Asking {
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::write(&folder.path().join("pages"), &bundled_below("prometheus").base);
        let mut form = Form::of("prometheus/[c-i]*/*.md", 4_000);
        form.service = Some(Service { version: "1".to_owned(), ..Service::default() });
        let task = Task::new(&pages.0, &folder.path().join("workspace"), &form);
        Asking { folder, pages, task }
    }

    fn service(&mut self) -> &mut Service {
        self.task.form.service.as_mut().unwrap()
    }

    #[track_caller]
    fn assert_as_fresh(&self) {
        let place = self.folder.path().join("fresh");
        drop(std::fs::remove_dir_all(&place));
        wait_for(Task::new(&self.pages.0, &place, &self.task.form).build(None)).unwrap();
        assert_eq!(
            assert_exact(&self.folder.path().join("workspace/dataset")),
            assert_exact(&place.join("dataset"))
        );
    }
}

#[test]
fn an_outage_publishes_nothing_and_leaves_no_trace() {
    let mut asking = Asking::new();
    wait_for(asking.task.build(None)).unwrap();
    let before = assert_exact(&asking.folder.path().join("workspace/dataset"));
    asking.service().version = "2".to_owned();
    asking.service().away = true;
    for _ in 0..2 {
        let error = wait_for(asking.task.build(None)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{error:?}");
        assert!(error.to_string().contains("calls are owed"), "{error}");
        assert_eq!(assert_exact(&asking.folder.path().join("workspace/dataset")), before);
    }
    asking.service().away = false;
    let report = wait_for(asking.task.build(None)).unwrap();
    assert_eq!((report.calls.made, report.calls.owed), (report.calls.standing, 0));
    asking.assert_as_fresh();
}

#[test]
fn calls_that_no_stage_asks_for_any_more_are_owed_by_nobody() {
    let mut asking = Asking::new();
    asking.service().away = true;
    wait_for(asking.task.build(None)).unwrap_err();
    let service = asking.task.form.service.take();
    let report = wait_for(asking.task.build(None)).unwrap();
    assert_eq!(report.calls.owed, 0);
    asking.assert_as_fresh();
    // Another service in its place owes nothing of the first one's.
    asking.task.form.service = Some(Service { version: "2".to_owned(), ..Service::default() });
    wait_for(asking.task.build(None)).unwrap();
    asking.assert_as_fresh();
    // And the first one is asked again where it comes back.
    asking.task.form.service = service.map(|service| Service { away: false, ..service });
    let report = wait_for(asking.task.build(None)).unwrap();
    assert!(report.calls.made > 0 && report.calls.owed == 0);
    asking.assert_as_fresh();
}

#[test]
fn answers_outlive_the_stage_that_asked() {
    let mut asking = Asking::new();
    wait_for(asking.task.build(None)).unwrap();
    let service = asking.task.form.service.take();
    wait_for(asking.task.build(None)).unwrap();
    asking.task.form.service = service;
    let report = wait_for(asking.task.build(None)).unwrap();
    assert_eq!(report.calls.made, 0);
    asking.assert_as_fresh();
}

/// A stage that starts anew demands its calls again: they are owed as often as it demands them, and no more.
#[test]
fn a_call_is_owed_only_as_long_as_it_is_demanded() {
    let mut asking = Asking::new();
    asking.service().away = true;
    wait_for(asking.task.build(None)).unwrap_err();
    // The stage before it goes: the stage that asks starts anew.
    asking.task.form.lot.clear();
    wait_for(asking.task.build(None)).unwrap_err();
    for path in super::support::history::paths_below(&asking.pages.0) {
        std::fs::remove_file(asking.pages.0.join(path)).unwrap();
    }
    let error = wait_for(asking.task.build(None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "calls of no document are owed still: {error:?}");
}
