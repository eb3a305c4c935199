//! Death at any instant: what is published stays whole, and what was paid for stays paid.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

mod verifying;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use rifflebox_storage::Faults;
use rifflebox_testkit::Random;

use super::support::folder::{Published, assert_exact, assert_readable};
use super::support::history::{History, Pages, bundled_below};
use super::support::task::{Form, Service, Task, micros};
use super::support::worker::Worker;
use super::support::{long, say, wait_for};

/// How long a finished call may wait before it is safe, in microseconds.
const PATIENCE: u64 = 1_000_000;

/// A dataset whose builder dies again and again.
struct Victim {
    folder: tempfile::TempDir,
    history: History,
    pages: Pages,
    task: Task,
    /// Bytes of the service's log that earlier runs wrote.
    logged: usize,
    /// Calls that are safe for good.
    paid: BTreeSet<String>,
    /// How long a build took that nobody killed, in milliseconds: the last one that was to be.
    lasts: u64,
}

/// How a process came to its end.
struct Death {
    /// When it was surely still alive, in microseconds since 1970; none if it ended by itself.
    killed: Option<u64>,
    /// The calls that it noted, with the time of each.
    calls: BTreeMap<String, u64>,
}

impl Victim {
    /// Builds once in peace; each call of the service takes `millis`.
    fn new(millis: u64) -> Victim {
        let folder = tempfile::tempdir().unwrap();
        let history = bundled_below("prometheus");
        let pages = Pages::write(&folder.path().join("pages"), &history.base);
        let mut form = Form::of("prometheus/[c-p]*/*.md", 9_000);
        let log = Some(folder.path().join("calls"));
        form.service = Some(Service { version: "0".to_owned(), millis, log, away: false });
        let task = Task::new(&pages.0, &folder.path().join("workspace"), &form);
        let mut victim = Victim { folder, history, pages, task, logged: 0, paid: BTreeSet::new(), lasts: 0 };
        let begun = Instant::now();
        victim.run_in_peace();
        victim.lasts = begun.elapsed().as_millis() as u64;
        victim
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dataset(&self) -> PathBuf {
        self.path("workspace/dataset")
    }

    /// Gives the next build something to do: a change set, and a new version of the service.
    fn change(&mut self, round: u64) {
        let sets = &self.history.sets;
        if let Some(set) = sets.get(round as usize) {
            self.pages.apply(set);
        } else {
            let page = format!("prometheus/concepts/round-{}.md", round % 7);
            self.pages.put(&page, &format!("# Round {round}\n\nA page about `round {round}` and no other."));
        }
        let service = self.task.form.service.as_mut().expect("there is a service");
        service.version = (round + 1).to_string();
    }

    /// Reads what the service noted since the last reading.
    fn calls(&mut self) -> BTreeMap<String, u64> {
        let log = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let mut calls = BTreeMap::new();
        for line in log[self.logged..].lines() {
            let (call, time) = line.split_once(' ').expect("a line is a call and its time");
            let before = calls.insert(call.to_owned(), time.parse().expect("a time is a number"));
            assert_eq!(before, None, "one run makes the call {call} twice");
        }
        self.logged = log.len();
        calls
    }

    /// Runs a process that is killed after some time, or at an operation of its store.
    fn run_to_death(&mut self, after: Option<Duration>, at: Option<(u64, bool)>) -> Death {
        self.task.kill = at;
        let mut worker = Worker::new(&self.task);
        self.task.kill = None;
        let begun = Instant::now();
        let mut child = worker.start();
        let killed = match after {
            Some(after) if !ends_within(&mut child, after) => {
                let now = micros();
                child.kill().expect("it can be killed");
                child.wait().expect("it can be awaited");
                Some(now)
            }
            _ => (!child.wait().expect("it can be awaited").success()).then(micros),
        };
        assert_eq!(killed.is_none(), worker.ended().is_some(), "it ended neither by itself nor by a kill");
        if let Some(ended) = worker.ended() {
            ended.report();
            self.lasts = begun.elapsed().as_millis() as u64;
        }
        Death { killed, calls: self.calls() }
    }

    fn run_in_peace(&mut self) -> Published {
        let report = Worker::new(&self.task).run().report();
        let calls = self.calls();
        assert_eq!(report.calls.made, calls.len() as u64, "the report counts other calls than were made");
        self.assert_unpaid(&calls);
        self.paid.extend(calls.into_keys());
        assert_exact(&self.dataset())
    }

    /// Asserts that nothing safe was asked again.
    fn assert_unpaid(&self, calls: &BTreeMap<String, u64>) {
        let again: Vec<_> = calls.keys().filter(|call| self.paid.contains(*call)).collect();
        assert!(again.is_empty(), "paid for twice: {again:?}");
    }

    /// Takes note of a death: its calls are safe but for those of its last second.
    fn mourn(&mut self, death: &Death) {
        self.assert_unpaid(&death.calls);
        let safe = |time: u64| death.killed.is_none_or(|killed| time + PATIENCE <= killed);
        let safe = death.calls.iter().filter(|(_, time)| safe(**time));
        self.paid.extend(safe.map(|(call, _)| call.clone()));
    }

    fn check(&self) {
        let report = wait_for(async {
            rifflebox::Workspace::open(&self.task.workspace).await.unwrap().check().await.unwrap()
        });
        assert_eq!(report.problems, Vec::<String>::new());
    }

    /// Builds the same anew, elsewhere and undisturbed.
    fn reference(&self) -> Published {
        let place = self.path("reference");
        drop(fs::remove_dir_all(&place));
        let mut task = Task::new(&self.pages.0, &place, &self.task.form);
        let service = task.form.service.as_mut().expect("there is a service");
        (service.millis, service.log) = (0, None);
        wait_for(task.build(None)).unwrap();
        assert_exact(&place.join("dataset"))
    }

    /// Counts the operations that a build asks of its store.
    fn operations(&self) -> u64 {
        let place = self.path("counted");
        copy_folder(&self.path("workspace"), &place);
        let mut task = Task::new(&self.pages.0, &place, &self.task.form);
        let service = task.form.service.as_mut().expect("there is a service");
        service.log = None;
        let (wrap, trace) = Faults::default().wrap();
        wait_for(task.build(Some(wrap))).unwrap();
        fs::remove_dir_all(place).unwrap();
        trace.lines().len() as u64
    }

    /// One round: a change, a death, a look at what it left, a build in peace.
    fn round(&mut self, after: Option<Duration>, at: Option<(u64, bool)>) -> Death {
        let before = assert_readable(&self.dataset()).expect("the first build published").snapshot;
        let death = self.run_to_death(after, at);
        let between = assert_readable(&self.dataset()).expect("it is published still").snapshot;
        self.check();
        self.mourn(&death);
        let published = self.run_in_peace();
        assert_eq!(published, self.reference());
        assert!(
            [&before, &published.snapshot].contains(&&between),
            "neither the old snapshot nor the new one"
        );
        self.check();
        death
    }
}

/// Waits for a process, but no longer than that; returns whether it ended.
fn ends_within(child: &mut Child, time: Duration) -> bool {
    wait_for(async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let ended = async {
            while child.try_wait().expect("it can be asked").is_none() {
                ticks.tick().await;
            }
        };
        tokio::time::timeout(time, ended).await.is_ok()
    })
}

fn copy_folder(from: &Path, to: &Path) {
    for path in super::support::history::paths_below(from) {
        let target = to.join(&path);
        fs::create_dir_all(target.parent().expect("it lies in a folder")).unwrap();
        fs::copy(from.join(path), target).unwrap();
    }
}

#[test]
fn a_builder_killed_at_any_instant_leaves_all_whole() {
    let (kills, millis) = if long() { (100, 200) } else { (7, 200) };
    let mut random = Random::new(1);
    let mut victim = Victim::new(millis);
    let (mut died, mut rounds, mut safe, mut lost) = (0, 0, 0, 0);
    while died < kills {
        assert!(rounds < 3 * kills, "most builders outlive their killers: {died} of {rounds} died");
        victim.change(rounds);
        rounds += 1;
        let after = Duration::from_millis(random.below(victim.lasts));
        let paid = victim.paid.len();
        let death = victim.round(Some(after), None);
        died += u64::from(death.killed.is_some());
        let last = |time: &u64| death.killed.is_some_and(|killed| time + PATIENCE > killed);
        lost += death.calls.values().filter(|time| last(time)).count();
        safe += death.calls.values().filter(|time| !last(time)).count();
        assert!(victim.paid.len() > paid);
    }
    say(&format!(
        "{died} of {rounds} builders killed at random; of their calls {safe} safe, {lost} of the last second"
    ));
    assert!(safe > 0 && lost > 0, "the second of patience is not tried");
}

#[test]
fn a_builder_killed_at_any_operation_leaves_all_whole() {
    let kills = if long() { 100 } else { 8 };
    let mut victim = Victim::new(2);
    victim.change(0);
    let operations = victim.operations();
    assert!(operations > 20, "a build of {operations} operations");
    let mut died = 0;
    for round in 0..kills {
        if round > 0 {
            victim.change(round);
        }
        // Spread evenly, and each second time around before the operation.
        let operation = round * operations / kills;
        let death = victim.round(None, Some((operation, round % 2 == 0)));
        died += u64::from(death.killed.is_some());
    }
    say(&format!("{died} of {kills} builders killed at one of about {operations} operations"));
    assert!(died * 4 >= kills * 3, "only {died} of {kills} died");
}
