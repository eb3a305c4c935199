//! Every interleaving of two writers and a collector, on the real decisions, in a small world.
//!
//! Anyone may stall for ever or crash at any step; creates may land and report failure, not land, or land after
//! their writer gave up. The world is small (few manifests, two contents), and searched completely.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::commit::{self, Commit, Outcome};

/// A file, as one bit of a set: by base and content, or by content alone.
type Files = u16;
type File = u8;

/// What stands at a manifest's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    owner: u8,
    files: Files,
}

/// A commit under way: its number is one more than `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    base: u8,
    slot: Slot,
    state: Commit,
    reads: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Writer {
    Idle,
    Opened { base: u8, keep: Files },
    Uploaded { base: u8, keep: Files, file: File },
    Committing(Attempt),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Collector {
    Idle,
    Fencing(Attempt, Collect<File>),
    Working(Collect<File>, Do<File>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    slots: Vec<Slot>,
    files: Files,
    writers: [Writer; 2],
    collector: Collector,
    /// A create that is still on its way after its writer was told that it failed.
    late: Option<(u8, Slot)>,
    /// How many creates may still go wrong.
    faults: u8,
}

/// The world's size, and the switch that makes it unsound.
#[derive(Clone, Copy)]
struct Rules {
    newest: u8,
    faults: u8,
    /// Names files by content alone, as the design forbids.
    plain_names: bool,
}

const COLLECTOR: u8 = 2;
const NOBODY: u8 = 9;

impl Rules {
    fn file(self, base: u8, content: u8) -> File {
        if self.plain_names { content } else { 2 * base + content }
    }

    /// What a listing says of a file's base; a plain name says nothing, so every file counts as old.
    fn base(self, file: File) -> u64 {
        if self.plain_names { 0 } else { u64::from(file / 2) }
    }
}

/// Searches all histories; says how many worlds there are, and the way to the first that breaks a promise.
fn search(rules: Rules) -> (usize, Option<Vec<String>>) {
    let start = World {
        slots: vec![Slot { owner: NOBODY, files: 0 }],
        files: 0,
        writers: [Writer::Idle; 2],
        collector: Collector::Idle,
        late: None,
        faults: rules.faults,
    };
    let mut seen: BTreeMap<World, usize> = BTreeMap::from([(start.clone(), 0)]);
    // Each world's number, with that of the one before it and what happened in between.
    let mut story: Vec<(usize, String)> = vec![(0, String::new())];
    let mut open = VecDeque::from([(start, 0)]);
    while let Some((world, number)) = open.pop_front() {
        let mut next = Vec::new();
        let broken = moves(&world, rules, &mut next).err().or_else(|| lost_file(&world));
        if let Some(promise) = broken {
            return (seen.len(), Some(told(&story, number, promise)));
        }
        for (after, label) in next {
            if !seen.contains_key(&after) {
                seen.insert(after.clone(), story.len());
                open.push_back((after, story.len()));
                story.push((number, label));
            }
        }
    }
    (seen.len(), None)
}

fn told(story: &[(usize, String)], mut number: usize, promise: String) -> Vec<String> {
    let mut way = vec![promise];
    while number > 0 {
        way.push(story[number].1.clone());
        number = story[number].0;
    }
    way.reverse();
    way
}

/// Every file of the newest manifest exists.
fn lost_file(world: &World) -> Option<String> {
    let newest = world.slots.last().expect("there is a first manifest");
    let lost = newest.files & !world.files;
    (lost != 0).then(|| format!("manifest {} names lost files {lost:b}", world.slots.len() - 1))
}

fn moves(world: &World, rules: Rules, next: &mut Vec<(World, String)>) -> Result<(), String> {
    if let Some((base, slot)) = world.late
        && world.slots.len() == usize::from(base) + 1
    {
        let mut after = world.clone();
        after.late = None;
        after.slots.push(slot);
        next.push((after, format!("a late create of {} lands", base + 1)));
    }
    for who in [0, 1] {
        writer_moves(world, rules, who, next)?;
    }
    collector_moves(world, rules, next)
}

fn writer_moves(world: &World, rules: Rules, who: u8, next: &mut Vec<(World, String)>) -> Result<(), String> {
    let with = |writer: Writer| {
        let mut after = world.clone();
        after.writers[usize::from(who)] = writer;
        after
    };
    let newest = (world.slots.len() - 1) as u8;
    match world.writers[usize::from(who)] {
        Writer::Idle if newest < rules.newest => {
            let keep = world.slots[usize::from(newest)].files;
            next.push((with(Writer::Opened { base: newest, keep }), format!("writer {who} opens {newest}")));
        }
        Writer::Idle => {}
        Writer::Opened { base, keep } => {
            next.push((with(Writer::Idle), format!("writer {who} crashes")));
            for content in [0, 1] {
                let file = rules.file(base, content);
                let mut after = with(Writer::Uploaded { base, keep, file });
                after.files |= 1 << file;
                next.push((after, format!("writer {who} puts {file}")));
            }
        }
        Writer::Uploaded { base, keep, file } => {
            next.push((with(Writer::Idle), format!("writer {who} crashes")));
            // It may drop what its parent named, or keep it.
            for kept in [keep, 0] {
                let slot = Slot { owner: who, files: kept | 1 << file };
                let attempt = Attempt { base, slot, state: Commit::start().0, reads: false };
                next.push((with(Writer::Committing(attempt)), format!("writer {who} commits {slot:?}")));
            }
        }
        Writer::Committing(attempt) => {
            next.push((with(Writer::Idle), format!("writer {who} crashes")));
            for (after, told, label) in commit_moves(world, attempt) {
                let mut after = after;
                let (state, action) = attempt.state.step(told);
                after.writers[usize::from(who)] = match action {
                    commit::Do::Done(outcome) => {
                        judge(&after, attempt, outcome)?;
                        Writer::Idle
                    }
                    _ => Writer::Committing(Attempt {
                        state,
                        reads: action == commit::Do::ReadBack,
                        ..attempt
                    }),
                };
                next.push((after, format!("writer {who}: {label}")));
            }
        }
    }
    Ok(())
}

/// What may happen when the next step of a commit reaches the store: the world after it, and what the writer hears.
fn commit_moves(world: &World, attempt: Attempt) -> Vec<(World, commit::Told, &'static str)> {
    let id = usize::from(attempt.base) + 1;
    let standing = world.slots.get(id);
    if attempt.reads {
        let told = match standing {
            None => commit::Told::Absent,
            Some(slot) if *slot == attempt.slot => commit::Told::Ours,
            Some(_) => commit::Told::Others,
        };
        return vec![(world.clone(), told, "reads back")];
    }
    let mut outcomes = Vec::new();
    match standing {
        Some(_) => outcomes.push((world.clone(), commit::Told::CreateFailed, "create is refused")),
        None => {
            let mut landed = world.clone();
            landed.slots.push(attempt.slot);
            outcomes.push((landed.clone(), commit::Told::Created, "create succeeds"));
            if world.faults > 0 {
                landed.faults -= 1;
                outcomes.push((landed, commit::Told::CreateFailed, "create lands and reports failure"));
                let mut absent = world.clone();
                absent.faults -= 1;
                outcomes.push((absent.clone(), commit::Told::CreateFailed, "create fails"));
                absent.late = Some((attempt.base, attempt.slot));
                outcomes.push((absent, commit::Told::CreateFailed, "create fails, and is still on its way"));
            }
        }
    }
    outcomes
}

/// No writer is told that it won a number where another's manifest stands, or lost one where its own does.
fn judge(world: &World, attempt: Attempt, outcome: Outcome) -> Result<(), String> {
    let ours = world.slots.get(usize::from(attempt.base) + 1) == Some(&attempt.slot);
    match (outcome, ours) {
        (Outcome::Won, false) => Err("a writer was told that it won, and did not".into()),
        (Outcome::Lost, true) => Err("a writer was told that it lost, and did not".into()),
        _ => Ok(()),
    }
}

fn collector_moves(world: &World, rules: Rules, next: &mut Vec<(World, String)>) -> Result<(), String> {
    let with = |collector: Collector| World { collector, ..world.clone() };
    let newest = (world.slots.len() - 1) as u8;
    if world.collector != Collector::Idle {
        next.push((with(Collector::Idle), "the collector crashes".into()));
    }
    match &world.collector {
        Collector::Idle if newest < rules.newest => {
            let slot = Slot { owner: COLLECTOR, files: world.slots[usize::from(newest)].files };
            let attempt = Attempt { base: newest, slot, state: Commit::start().0, reads: false };
            let (collect, _) = Collect::start(u64::from(newest), false);
            next.push((with(Collector::Fencing(attempt, collect)), format!("the collector opens {newest}")));
        }
        Collector::Idle => {}
        Collector::Fencing(attempt, collect) => {
            for (mut after, told, label) in commit_moves(world, *attempt) {
                let (state, action) = attempt.state.step(told);
                let reads = action == commit::Do::ReadBack;
                after.collector = match action {
                    commit::Do::Done(outcome) => {
                        judge(&after, *attempt, outcome)?;
                        let told = if outcome == Outcome::Won { Told::Fenced } else { Told::FenceLost };
                        worked(collect.clone().step(told))
                    }
                    _ => Collector::Fencing(Attempt { state, reads, ..*attempt }, collect.clone()),
                };
                next.push((after, format!("the collector's fence: {label}")));
            }
        }
        Collector::Working(collect, Do::Retained) => {
            // The fence that it wrote, read back: the only manifest that this small world retains.
            let fence = world.slots[collect.fence as usize].files;
            let named = (0..16).filter(|file| fence & 1 << file != 0).collect();
            next.push((
                with(worked(collect.clone().step(Told::Retained(named)))),
                "the collector reads".into(),
            ));
        }
        Collector::Working(collect, Do::List) => {
            let there = (0..16).filter(|file| world.files & 1 << file != 0);
            let listed = there.map(|file| (rules.base(file), file)).collect();
            next.push((
                with(worked(collect.clone().step(Told::Listed(listed)))),
                "the collector lists".into(),
            ));
        }
        Collector::Working(collect, Do::Delete(doomed)) => {
            if doomed.is_empty() {
                let after = with(worked(collect.clone().step(Told::Deleted)));
                next.push((after, "the collector is done".into()));
            }
            for file in doomed {
                let left = doomed.iter().copied().filter(|other| other != file).collect();
                let mut after = with(Collector::Working(collect.clone(), Do::Delete(left)));
                after.files &= !(1 << file);
                next.push((after, format!("the collector deletes {file}")));
            }
        }
        Collector::Working(..) => unreachable!("the fence is committed above, and what is over is idle"),
    }
    Ok(())
}

fn worked((collect, action): (Collect<File>, Do<File>)) -> Collector {
    match action {
        Do::Done(_) => Collector::Idle,
        action => Collector::Working(collect, action),
    }
}

#[test]
fn bases_in_names_make_collection_sound() {
    let (worlds, broken) = search(Rules { newest: 3, faults: 1, plain_names: false });
    assert_eq!(broken, None);
    assert!(worlds > 10_000, "only {worlds} worlds: the search went wrong");
    println!("{worlds} worlds, all sound");
}

#[test]
fn plain_content_names_are_unsound() {
    let (_, broken) = search(Rules { newest: 3, faults: 0, plain_names: true });
    let way = broken.expect("the collector deletes what a slow writer is about to name");
    assert!(way.last().is_some_and(|promise| promise.contains("lost files")), "{way:#?}");
    assert!(way.iter().any(|step| step.starts_with("the collector deletes")), "{way:#?}");
}
