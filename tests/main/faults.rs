//! Stores that fail: a build ends with the reference or with a clear error, and the next one mends all.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::time::{Duration, Instant};

use rifflebox::{ErrorKind, Wrap};
use rifflebox_storage::Faults;

use super::support::folder::{Published, assert_exact, assert_readable};
use super::support::history::{Pages, bundled_below};
use super::support::task::{Form, Service, Task};
use super::support::{long, say, wait_for};

/// A clear error names the fault, or the object that came damaged.
const NAMED: [&str; 4] = ["injected", "digest", "damaged", "bytes"];

/// Longer than any file is doubted.
const DOUBT: Duration = Duration::from_secs(3);

/// A form that makes the builds of failing stores small.
fn form() -> Form {
    Form::of("prometheus/[c-i]*/*.md", 4_000)
}

struct Stage {
    folder: tempfile::TempDir,
    pages: Pages,
}

impl Stage {
    fn new() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::write(&folder.path().join("pages"), &bundled_below("prometheus").base);
        Stage { folder, pages }
    }

    fn task(&self, workspace: &str, form: &Form) -> Task {
        let mut task = Task::new(&self.pages.0, &self.folder.path().join(workspace), form);
        task.workers = 1;
        task
    }

    /// Builds until no file is doubted any more for having just been written: what is kept of it is told then.
    fn settle(&self) {
        let (begun, task) = (Instant::now(), self.task("settled", &form()));
        let build = || wait_for(task.build(None)).unwrap().bytes.written;
        build();
        while build() == 0 && begun.elapsed() < DOUBT {}
    }

    fn published(&self, workspace: &str) -> Published {
        assert_exact(&self.folder.path().join(workspace).join("dataset"))
    }

    fn reference(&self, form: &Form) -> Published {
        let place = self.folder.path().join("reference");
        drop(std::fs::remove_dir_all(&place));
        wait_for(self.task("reference", form).build(None)).unwrap();
        self.published("reference")
    }
}

/// Faults of every kind; for odd seeds so many that asking again does not always help.
fn faults(seed: u64) -> Faults {
    let often = if seed % 2 == 1 { 250 } else { 60 };
    Faults {
        seed,
        fail_before: often,
        fail_after: often,
        late: 60,
        truncate: often,
        flip: 30,
        kill: None,
        gone: None,
    }
}

#[test]
fn a_failing_store_gives_the_reference_or_a_clear_error() {
    let stage = Stage::new();
    let (mut built, mut failed) = (0, 0);
    let mut form = form();
    let references: Vec<_> = ["1", "2"]
        .into_iter()
        .map(|lot| {
            form.lot = lot.to_owned();
            (form.clone(), stage.reference(&form))
        })
        .collect();
    for seed in 0..if long() { 60 } else { 8 } {
        let name = format!("seed-{seed}");
        for (form, reference) in &references {
            let task = stage.task(&name, form);
            let dataset = stage.folder.path().join(&name).join("dataset");
            match wait_for(task.build(Some(faults(seed).wrap().0))) {
                Ok(report) => {
                    built += 1;
                    assert_eq!(report.snapshot, reference.snapshot);
                    assert_readable(&dataset).expect("it is published");
                }
                Err(error) => {
                    failed += 1;
                    assert!(matches!(error.kind(), ErrorKind::Store | ErrorKind::Corrupt), "{error:?}");
                    assert!(NAMED.iter().any(|word| error.chain().contains(word)), "{error:?}");
                    assert_readable(&dataset);
                }
            }
            wait_for(task.build(None)).unwrap();
            assert_eq!(&stage.published(&name), reference, "seed {seed}");
            let check = wait_for(async {
                rifflebox::Workspace::open(&task.workspace).await.unwrap().check().await.unwrap()
            });
            assert_eq!(check.problems, Vec::<String>::new(), "seed {seed}");
        }
    }
    say(&format!("{built} builds over failing stores ended well, {failed} with an error"));
    assert!(built > 0 && failed > 0, "{built} built, {failed} failed");
}

/// Replaces what nonces make different in the names of a trace.
fn plain(lines: &[String]) -> Vec<String> {
    let plain = |line: &String| match line.split_once(": ") {
        Some((operation, fault)) if operation.contains("journal/") => format!("journal: {fault}"),
        _ => line.clone(),
    };
    lines.iter().map(plain).collect()
}

#[test]
fn the_same_seed_twice_gives_the_same_trace_and_the_same_end() {
    let stage = Stage::new();
    stage.settle();
    let mut hit = 0;
    for seed in 100..if long() { 130 } else { 104 } {
        let mut runs = Vec::new();
        for round in 0..2 {
            let (wrap, trace) = faults(seed).wrap();
            let mut ends = Vec::new();
            let name = format!("trace-{seed}-{round}");
            for _ in 0..2 {
                let ended = wait_for(stage.task(&name, &form()).build(Some(wrap.clone())));
                ends.push(ended.map(|report| report.snapshot).map_err(|error| error.chain()));
            }
            let mut lines = plain(&trace.lines());
            hit += lines.iter().filter(|line| !line.ends_with("None")).count();
            // What goes out at the same time may arrive in any order.
            lines.sort();
            runs.push((lines, ends));
        }
        assert_eq!(runs[0], runs[1], "seed {seed}");
    }
    assert!(hit > 10, "only {hit} faults");
}

#[test]
fn answers_of_a_build_that_failed_are_not_asked_for_again() {
    let stage = Stage::new();
    let mut form = form();
    form.service = Some(Service { version: "1".to_owned(), ..Service::default() });
    let mut kept = 0;
    for seed in 0..if long() { 40 } else { 6 } {
        let task = stage.task(&format!("asked-{seed}"), &form);
        let wrap: Wrap = Faults { seed, fail_before: 250, fail_after: 50, ..Faults::default() }.wrap().0;
        let failed = wait_for(task.build(Some(wrap))).is_err();
        let report = wait_for(task.build(None)).unwrap();
        assert_eq!(report.calls.made + report.calls.reused, report.calls.standing);
        kept += u64::from(failed) * report.calls.reused;
    }
    assert!(kept > 0, "no failed build left an answer");
}
