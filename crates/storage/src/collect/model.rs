//! Every interleaving of two writers and a collector, on the real decisions, in a small world.
//!
//! Anyone may stall for ever or crash at any step; creates may land and report failure, not land, or land after
//! their writer gave up. The world is small (few manifests, two contents), and searched completely.

use std::collections::{BTreeSet, VecDeque};

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

/// What happened, and to which number.
type Label = (&'static str, u8);

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
    let mut seen = BTreeSet::from([start.clone()]);
    // Each world's number, with that of the one before it and what happened in between.
    let mut story: Vec<(usize, Label)> = vec![(0, ("nothing", 0))];
    let mut open = VecDeque::from([(start, 0)]);
    while let Some((world, number)) = open.pop_front() {
        let mut next = Vec::new();
        let broken = moves(&world, rules, &mut next).err().or_else(|| lost_file(&world));
        if let Some(promise) = broken {
            return (seen.len(), Some(told(&story, number, promise)));
        }
        for (after, label) in next {
            let after = forgotten(after);
            if seen.insert(after.clone()) {
                open.push_back((after, story.len()));
                story.push((number, label));
            }
        }
    }
    (seen.len(), None)
}

/// Forgets what no step can see any more (older manifests that nobody reads back), and which writer is which.
fn forgotten(mut world: World) -> World {
    let newest = world.slots.len() - 1;
    for id in 0..newest {
        let attempts = world.writers.iter().filter_map(|writer| match writer {
            Writer::Committing(attempt) => Some(attempt.base),
            _ => None,
        });
        let fence = match &world.collector {
            Collector::Fencing(attempt, _) => Some(attempt.base + 1),
            Collector::Working(collect, Do::Retained) => Some(collect.fence as u8),
            _ => None,
        };
        if !attempts.map(|base| base + 1).chain(fence).any(|read| usize::from(read) == id) {
            world.slots[id] = Slot { owner: NOBODY, files: 0 };
        }
    }
    if world.late.is_some_and(|(base, _)| usize::from(base) < newest) {
        world.late = None;
    }
    let mut swapped = world.clone();
    swapped.writers.reverse();
    let other = |owner: u8| if owner < 2 { 1 - owner } else { owner };
    swapped.slots.iter_mut().for_each(|slot| slot.owner = other(slot.owner));
    swapped.late.iter_mut().for_each(|(_, slot)| slot.owner = other(slot.owner));
    for writer in &mut swapped.writers {
        if let Writer::Committing(attempt) = writer {
            attempt.slot.owner = other(attempt.slot.owner);
        }
    }
    world.min(swapped)
}

fn told(story: &[(usize, Label)], mut number: usize, promise: String) -> Vec<String> {
    let mut way = vec![promise];
    while number > 0 {
        let (before, (what, detail)) = story[number];
        way.push(format!("{what} {detail}"));
        number = before;
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

fn moves(world: &World, rules: Rules, next: &mut Vec<(World, Label)>) -> Result<(), String> {
    if let Some((base, slot)) = world.late
        && world.slots.len() == usize::from(base) + 1
    {
        let mut after = world.clone();
        after.late = None;
        after.slots.push(slot);
        next.push((after, ("a late create lands at", base + 1)));
    }
    for who in [0, 1] {
        writer_moves(world, rules, who, next)?;
    }
    collector_moves(world, rules, next)
}

fn writer_moves(world: &World, rules: Rules, who: u8, next: &mut Vec<(World, Label)>) -> Result<(), String> {
    let with = |writer: Writer| {
        let mut after = world.clone();
        after.writers[usize::from(who)] = writer;
        after
    };
    let newest = (world.slots.len() - 1) as u8;
    match world.writers[usize::from(who)] {
        Writer::Idle if newest < rules.newest => {
            let keep = world.slots[usize::from(newest)].files;
            next.push((with(Writer::Opened { base: newest, keep }), ("a writer opens", newest)));
        }
        Writer::Idle => {}
        Writer::Opened { base, keep } => {
            for content in [0, 1] {
                let file = rules.file(base, content);
                let mut after = with(Writer::Uploaded { base, keep, file });
                after.files |= 1 << file;
                next.push((after, ("a writer puts", file)));
            }
        }
        Writer::Uploaded { base, keep, file } => {
            next.push((with(Writer::Idle), ("a writer crashes behind", base)));
            // It may drop what its parent named, or keep it.
            for kept in [keep, 0] {
                let slot = Slot { owner: who, files: kept | 1 << file };
                commit_on(world, who, Attempt { base, slot, state: Commit::start().0, reads: false }, next)?;
            }
        }
        Writer::Committing(attempt) => commit_on(world, who, attempt, next)?,
    }
    Ok(())
}

fn commit_on(world: &World, who: u8, attempt: Attempt, next: &mut Vec<(World, Label)>) -> Result<(), String> {
    for (mut after, told, label) in commit_moves(world, attempt) {
        let (state, action) = attempt.state.step(told);
        after.writers[usize::from(who)] = match action {
            commit::Do::Done(outcome) => {
                judge(&after, attempt, outcome)?;
                Writer::Idle
            }
            _ => Writer::Committing(Attempt { state, reads: action == commit::Do::ReadBack, ..attempt }),
        };
        next.push((after, (label, attempt.base + 1)));
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
        return vec![(world.clone(), told, "what stands is read back at")];
    }
    let mut outcomes = Vec::new();
    match standing {
        Some(_) => outcomes.push((world.clone(), commit::Told::CreateFailed, "create is refused at")),
        None => {
            let mut landed = world.clone();
            landed.slots.push(attempt.slot);
            outcomes.push((landed.clone(), commit::Told::Created, "create succeeds at"));
            if world.faults > 0 {
                landed.faults -= 1;
                outcomes.push((landed, commit::Told::CreateFailed, "create lands and reports failure at"));
                let mut absent = world.clone();
                absent.faults -= 1;
                outcomes.push((absent.clone(), commit::Told::CreateFailed, "create fails at"));
                absent.late = Some((attempt.base, attempt.slot));
                outcomes.push((
                    absent,
                    commit::Told::CreateFailed,
                    "create fails, and is still on its way to",
                ));
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

fn collector_moves(world: &World, rules: Rules, next: &mut Vec<(World, Label)>) -> Result<(), String> {
    let with = |collector: Collector| World { collector, ..world.clone() };
    let newest = (world.slots.len() - 1) as u8;
    if matches!(world.collector, Collector::Working(..)) {
        next.push((with(Collector::Idle), ("the collector crashes", 0)));
    }
    match &world.collector {
        Collector::Idle if newest < rules.newest => {
            let slot = Slot { owner: COLLECTOR, files: world.slots[usize::from(newest)].files };
            let attempt = Attempt { base: newest, slot, state: Commit::start().0, reads: false };
            let (collect, _) = Collect::start(u64::from(newest), false);
            next.push((with(Collector::Fencing(attempt, collect)), ("the collector opens", newest)));
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
                next.push((after, (label, attempt.base + 1)));
            }
        }
        Collector::Working(collect, Do::Retained) => {
            // The fence that it wrote, read back: the only manifest that this small world retains.
            let fence = world.slots[collect.fence as usize].files;
            let named = (0..16).filter(|file| fence & 1 << file != 0).collect();
            next.push((
                with(worked(collect.clone().step(Told::Retained(named)))),
                ("the collector reads", 0),
            ));
        }
        Collector::Working(collect, Do::List) => {
            let there = (0..16).filter(|file| world.files & 1 << file != 0);
            let listed = there.map(|file| (rules.base(file), file)).collect();
            next.push((with(worked(collect.clone().step(Told::Listed(listed)))), ("the collector lists", 0)));
        }
        Collector::Working(collect, Do::Delete(doomed)) => {
            if doomed.is_empty() {
                let after = with(worked(collect.clone().step(Told::Deleted)));
                next.push((after, ("the collector is done", 0)));
            }
            for file in doomed {
                let left = doomed.iter().copied().filter(|other| other != file).collect();
                let mut after = with(Collector::Working(collect.clone(), Do::Delete(left)));
                after.files &= !(1 << file);
                next.push((after, ("the collector deletes", *file)));
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

/// The gate searches two commits deep; `RIFFLEBOX_LONG=1` three, which takes minutes.
fn newest() -> u8 {
    if std::env::var_os("RIFFLEBOX_LONG").is_some() { 3 } else { 2 }
}

#[test]
fn bases_in_names_make_collection_sound() {
    let (worlds, broken) = search(Rules { newest: newest(), faults: 1, plain_names: false });
    assert_eq!(broken, None);
    assert!(worlds > 50_000, "only {worlds} worlds: the search went wrong");
}

#[test]
fn plain_content_names_are_unsound() {
    let (_, broken) = search(Rules { newest: 2, faults: 0, plain_names: true });
    let way = broken.expect("the collector deletes what a slow writer is about to name");
    assert!(way.last().is_some_and(|promise| promise.contains("lost files")), "{way:#?}");
    assert!(way.iter().any(|step| step.starts_with("the collector deletes")), "{way:#?}");
}
