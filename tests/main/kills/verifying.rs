//! Death while programs are run: what was judged stays judged, and nothing of a sandbox outlives its builder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use rifflebox_testkit::Random;

use crate::support::folder::{Published, assert_exact};
use crate::support::programs::{Note, Programs};
use crate::support::task::{Form, Task, micros};
use crate::support::worker::Worker;
use crate::support::{long, say, wait_for};

/// How long what was noted may wait before it is safe, in microseconds: a second in the journal's hands, and one for the
/// program to end, on a machine that has much to do.
const PATIENCE: u64 = 2_000_000;
const ROWS: u64 = 40;
/// What one run of a solution takes; each has two.
const SECONDS: f64 = 0.15;

/// A process, told from others that may get its number later.
type Process = (u32, u64);

/// A dataset whose verifiers run programs.
struct Victim {
    folder: tempfile::TempDir,
    programs: Programs,
    task: Task,
}

impl Victim {
    fn new() -> Victim {
        let folder = tempfile::tempdir().unwrap();
        let documents = folder.path().join("documents");
        Programs::write_rows(&documents, ROWS, SECONDS);
        let programs = Programs::write(&folder.path().join("judge"));
        let task = Task::new(&documents, &folder.path().join("workspace"), &form(&programs));
        Victim { folder, programs, task }
    }

    /// Builds the same once, elsewhere and undisturbed.
    fn reference(&self) -> Published {
        let programs = Programs::write(&self.folder.path().join("undisturbed"));
        let place = self.folder.path().join("reference");
        let report = wait_for(Task::new(&self.task.documents, &place, &form(&programs)).build(None)).unwrap();
        // Every eighth fails its tests, and nobody else judges it.
        assert_eq!((report.calls.made, report.samples.total), (ROWS + ROWS * 7 / 8, ROWS * 7 / 8));
        assert_exact(&place.join("dataset"))
    }

    /// Lets a builder run programs for so long after the first has ended, and kills it. Returns when it was surely alive; none if it had
    /// ended before.
    fn run_to_death(&self, after: Duration) -> Option<u64> {
        let before = self.programs.noted().len();
        let mut worker = Worker::new(&self.task);
        let mut child = worker.start();
        let begun = micros();
        while self.programs.noted().len() == before && child.try_wait().unwrap().is_none() {
            assert!(micros() < begun + 60_000_000, "nothing is run");
            pause(Duration::from_millis(5));
        }
        pause(after);
        let started = below(child.id());
        let sandboxed = started.iter().any(|(pid, _)| name_of(*pid).as_deref() == Some("bwrap"));
        let now = micros();
        let ended = child.try_wait().unwrap().is_some();
        assert_eq!(ended, worker.ended().is_some(), "it ended by itself, and says not how");
        // It may be gone by itself.
        let _ = child.kill();
        child.wait().unwrap();
        assert!(ended || sandboxed, "no sandbox ran below it: {started:?}");
        let left =
            || started.iter().filter(|process| began(process.0) == Some(process.1)).collect::<Vec<_>>();
        while !left().is_empty() {
            assert!(micros() < now + 10_000_000, "left running: {:?}", left());
            pause(Duration::from_millis(20));
        }
        (!ended).then_some(now)
    }
}

fn form(programs: &Programs) -> Form {
    Form { programs: Some(programs.clone()), ..Form::of("", 0) }
}

fn pause(time: Duration) {
    wait_for(async { tokio::time::sleep(time).await });
}

/// Returns a process's parent and when it began, as the kernel has it.
fn stat(pid: u32) -> Option<(u32, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything but the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // One that ended and is not yet awaited runs nothing.
    (fields[0] != "Z").then(|| Some((fields[1].parse().ok()?, fields[19].parse().ok()?)))?
}

fn began(pid: u32) -> Option<u64> {
    stat(pid).map(|(_, began)| began)
}

fn name_of(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned())
}

/// Returns all processes that a process started, and that those did.
fn below(pid: u32) -> Vec<Process> {
    let names = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    let pids = names.filter_map(|name| name.to_str()?.parse::<u32>().ok());
    let all: BTreeMap<u32, (u32, u64)> = pids.filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let mut found: BTreeSet<u32> = BTreeSet::from([pid]);
    let mut size = 0;
    while size < found.len() {
        size = found.len();
        found.extend(
            all.iter()
                .filter(|(_, (parent, _))| found.contains(parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
    }
    found.into_iter().filter(|other| *other != pid).filter_map(|pid| Some((pid, all.get(&pid)?.1))).collect()
}

/// Runs whose verdicts are safe.
type Safe = BTreeSet<(String, String)>;

/// Kills builders of one dataset until so many died, or one was done; then builds in peace.
fn die_while_verifying(deaths: u32, random: &mut Random) -> (u32, usize) {
    let victim = Victim::new();
    let wanted = victim.reference();
    let (mut died, mut safe) = (0, Safe::new());
    while died < deaths {
        let before = victim.programs.noted().len();
        // The first lives long enough for verdicts to be safe.
        let least = if died == 0 { 2_500 } else { 0 };
        let after = Duration::from_millis(least + random.below(2_500));
        let Some(killed) = victim.run_to_death(after) else { break };
        died += 1;
        let noted = victim.programs.noted().split_off(before);
        assert_unpaid(&safe, &noted);
        safe.extend(verdicts(&noted, killed.saturating_sub(PATIENCE)));
    }
    let before = victim.programs.noted().len();
    let report = Worker::new(&victim.task).run().report();
    let noted = victim.programs.noted().split_off(before);
    assert_unpaid(&safe, &noted);
    assert_eq!(report.calls.made, verdicts(&noted, u64::MAX).count() as u64);
    assert_eq!(report.calls.standing, ROWS + ROWS * 7 / 8);
    assert_eq!(assert_exact(&victim.folder.path().join("workspace/dataset")), wanted);
    let check = wait_for(async {
        rifflebox::Workspace::open(&victim.task.workspace).await.unwrap().check().await.unwrap()
    });
    assert_eq!(check.problems, Vec::<String>::new());
    (died, safe.len())
}

/// Returns the runs that end a verdict, of those that were there at a time. What passes with the first seed has none before
/// the second; what fails with it is wrong in all builds.
fn verdicts(noted: &[Note], until: u64) -> impl Iterator<Item = (String, String)> {
    noted.iter().filter(move |note| note.time <= until && ends_verdict(note)).map(|note| note.of.clone())
}

fn ends_verdict(note: &Note) -> bool {
    let (name, what) = &note.of;
    let index: u64 = name[1..].parse().expect("a solution's name ends with its number");
    what != "1" || Programs::is_wrong(index)
}

/// Asserts that nothing safe was run again, and nothing twice by one builder.
fn assert_unpaid(safe: &Safe, noted: &[Note]) {
    let again: Vec<_> = noted.iter().filter(|note| safe.contains(&note.of)).collect();
    assert!(again.is_empty(), "run again: {again:?}");
    let once: BTreeSet<_> = noted.iter().map(|note| &note.of).collect();
    assert_eq!(once.len(), noted.len(), "one builder runs it twice: {noted:?}");
}

#[test]
fn a_builder_killed_while_programs_run_loses_no_verdict_and_leaves_no_process() {
    let (victims, deaths) = if long() { (12, 4) } else { (1, 2) };
    let mut random = Random::new(7);
    let (mut died, mut safe) = (0, 0);
    for _ in 0..victims {
        let (deaths, kept) = die_while_verifying(deaths, &mut random);
        (died, safe) = (died + deaths, safe + kept);
    }
    say(&format!("{died} builders killed while programs ran; {safe} verdicts safe, none asked for again"));
    assert!(died >= victims, "most builders outlive their killers");
    assert!(safe > 0, "no verdict was safe before a death");
}
