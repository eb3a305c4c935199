//! What happens to a dataset, as plain data drawn by a seed.

use rifflebox::{OnReject, Tier};
use rifflebox_testkit::Random;

use super::shape::{CHECKS, HeldOut, MAKERS, Purged, Shape, Stage};

/// A beginning, and rounds of changes, each built and compared.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// Whether the workspace is a folder, with a cache; in memory otherwise.
    pub(super) in_folder: bool,
    pub(super) shape: Shape,
    pub(super) documents: Vec<Edit>,
    pub(super) rounds: Vec<Round>,
}

/// Changes, and how they are built.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    pub(super) edits: Vec<Edit>,
    pub(super) turns: Vec<Turn>,
    pub(super) way: Way,
}

/// A change of documents; one of a file that is not there changes nothing.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// The file says what the seed draws.
    Write {
        path: String,
        seed: u64,
    },
    /// Another line at the end.
    Append {
        path: String,
        seed: u64,
    },
    Delete {
        path: String,
    },
    Rename {
        from: String,
        to: String,
    },
    /// The file says again what it said before its last change.
    PutBack {
        path: String,
    },
    /// Other bytes of the same number, and the time of its last change put back.
    Disguise {
        path: String,
    },
    /// The same bytes at another time.
    Touch {
        path: String,
    },
}

/// A change of the flow.
#[derive(Clone, Debug)]
pub(super) enum Turn {
    /// A stage is removed, or put back.
    Toggle(&'static str),
    /// A stage has another name, or its old one again.
    Rename(&'static str),
    /// Two stages change names, also where one of them does not stand.
    Exchange(&'static str, &'static str),
    /// Another version or threshold.
    Version(&'static str, u64),
    OnReject(&'static str, OnReject),
    Swap,
    Branch,
    Purge(Purged),
    Near(Option<u64>),
    HeldOut(Option<HeldOut>),
    Recipe(u64),
    Pages(&'static str),
    License,
    /// Tokens of a word.
    Word(u64),
    Tier(Tier),
    Tables(Option<&'static str>),
    Splits,
    Second,
    Target(Option<u64>),
    /// All as it was some rounds ago.
    Back(usize),
}

/// How a round is built.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    pub(super) workers: usize,
    /// Small epochs, and a commit after each.
    pub(super) chunked: bool,
    pub(super) rebuild: bool,
    pub(super) death: Option<Death>,
    /// A first build meets an outage, drawn by this seed.
    pub(super) outage: Option<u64>,
    /// What a death or an outage leaves is left to the next round.
    pub(super) left: bool,
    pub(super) without_cache: bool,
    /// Calls that failed for good are made again.
    pub(super) retry: bool,
    /// What the build would do is asked before, and must be what it does.
    pub(super) planned: bool,
    /// After the build, this many versions before its own are published again, and it is built once more.
    pub(super) rollback: Option<u64>,
    /// Garbage is collected after the build, but for so many versions; it may die of it.
    pub(super) collect: Option<(usize, Option<Death>)>,
    /// Builds once more: nothing is left to do.
    pub(super) again: bool,
}

/// How a build ends before its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Death {
    /// At an operation of its store, as parts of 1,000 of those that the last build made.
    Store { per_mille: u64, after: bool },
    /// Its future is dropped at this event of its progress.
    Dropped { event: u64 },
}

impl Default for Way {
    fn default() -> Self {
        Way {
            workers: 2,
            chunked: false,
            rebuild: false,
            death: None,
            outage: None,
            left: false,
            without_cache: false,
            retry: false,
            planned: false,
            rollback: None,
            collect: None,
            again: false,
        }
    }
}

/// Draws a history.
pub(super) fn draw(seed: u64) -> History {
    let random = &mut Random::new(seed);
    let rounds = 4 + random.below(6);
    let mut history = History {
        in_folder: random.once_in(4),
        shape: shape(random),
        documents: (0..3 + random.below(6)).map(|_| write(random)).collect(),
        rounds: (0..rounds).map(|_| round(random)).collect(),
    };
    near(&mut history, &mut Random::new(!seed));
    // Every other one, also beside what was drawn: so a seed that failed once is still what it was.
    if !seed.is_multiple_of(2) {
        look_for_copies(&mut history, &mut Random::new(!seed ^ 1));
    }
    if seed.is_multiple_of(3) {
        hold_out(&mut history, &mut Random::new(!seed ^ 2));
    }
    if seed % 4 < 2 {
        ask_models(&mut history, &mut Random::new(!seed ^ 3));
    }
    history
}

/// Draws who is asked in rounds, and of how many documents.
fn ask_models(history: &mut History, random: &mut Random) {
    const TARGETS: [Option<u64>; 4] = [None, Some(1), Some(3), Some(8)];
    for name in ["teacher", "jury"] {
        let stage = Stage { version: random.below(3), on_reject: on_reject(random) };
        history.shape.stages.insert(name, stage);
    }
    history.shape.target = *random.choose(&TARGETS);
    for round in &mut history.rounds {
        let any = *random.choose(&["teacher", "jury"]);
        let turn = match random.below(10) {
            0 => Turn::Toggle(any),
            1 => Turn::Rename(any),
            2..5 => Turn::Version(any, random.below(3)),
            5 => Turn::OnReject("jury", on_reject(random)),
            6 => Turn::Target(*random.choose(&TARGETS)),
            _ => continue,
        };
        round.turns.push(turn);
    }
}

/// Checks that any seed draws; the others are added to what is drawn.
const DRAWN: [&str; 4] = ["length", "lot", "grounded", "judge"];
/// The same of what makes samples.
const MADE: [&str; 5] = ["passages", "rows", "cloze", "lines", "asker"];

fn look_for_copies(history: &mut History, random: &mut Random) {
    let stage = Stage { version: random.below(3), on_reject: on_reject(random) };
    history.shape.stages.insert("verbatim", stage);
    for round in &mut history.rounds {
        let turn = match random.below(8) {
            0 => Turn::Toggle("verbatim"),
            1 => Turn::Rename("verbatim"),
            2 => Turn::Version("verbatim", random.below(3)),
            3 => Turn::OnReject("verbatim", on_reject(random)),
            _ => continue,
        };
        round.turns.push(turn);
    }
}

/// Draws what is held out, and how it is looked for.
fn hold_out(history: &mut History, random: &mut Random) {
    let held_out =
        |random: &mut Random| HeldOut { withheld: random.once_in(2), words: *random.choose(&[5, 13]) };
    let write = |random: &mut Random| {
        let path = (*random.choose(&["exam/a.jsonl", "exam/b.jsonl"])).to_owned();
        Edit::Write { path, seed: random.below(1_000) }
    };
    history.shape.held_out = random.once_in(2).then(|| held_out(random));
    history.documents.push(write(random));
    for round in &mut history.rounds {
        match random.below(6) {
            0 | 1 => round.edits.push(write(random)),
            2 => round.edits.push(Edit::Delete { path: "exam/a.jsonl".to_owned() }),
            3 => round.turns.push(Turn::HeldOut(random.once_in(2).then(|| held_out(random)))),
            _ => {}
        }
    }
}

/// Draws where near-duplicates are purged, and when at another threshold.
fn near(history: &mut History, random: &mut Random) {
    const LIKENESSES: [Option<u64>; 4] = [None, Some(30), Some(50), Some(80)];
    history.shape.near = *random.choose(&LIKENESSES);
    for round in &mut history.rounds {
        if random.once_in(4) {
            round.turns.push(Turn::Near(*random.choose(&LIKENESSES)));
        }
    }
}

/// Which pages may be read; the last ones have other ids then.
const PAGES: [&str; 3] = ["pages/**", "pages/*", "pages/deep/*"];

fn shape(random: &mut Random) -> Shape {
    let mut shape = Shape {
        stages: Default::default(),
        names: MAKERS.into_iter().chain(CHECKS).map(|name| (name, name.to_owned())).collect(),
        word: 1,
        pages: PAGES[0],
        licensed: true,
        tier: Tier::T0,
        tables: random.once_in(2).then_some("id"),
        swapped: random.once_in(3),
        branched: random.once_in(3),
        purge: *random.choose(&[Purged::Never, Purged::BeforeChecks, Purged::AfterChecks]),
        near: None,
        held_out: None,
        recipe: random.below(5),
        splits: random.once_in(4),
        partial: random.once_in(8),
        second: random.once_in(4),
        target: None,
    };
    for name in MADE.into_iter().chain(DRAWN) {
        if random.once_in(2) {
            let on_reject = on_reject(random);
            shape.stages.insert(name, Stage { version: random.below(3), on_reject });
        }
    }
    shape
}

fn on_reject(random: &mut Random) -> OnReject {
    *random.choose(&[OnReject::Drop, OnReject::Drop, OnReject::Demote, OnReject::Tag])
}

fn path(random: &mut Random) -> String {
    const PATHS: [&str; 10] = [
        "pages/a.md",
        "pages/b.md",
        "pages/c.md",
        "pages/d.txt",
        "pages/deep/e.md",
        "pages/deep/f.md",
        "tables/r.jsonl",
        "tables/s.jsonl",
        "tables/t.jsonl",
        "pages/u.jsonl",
    ];
    (*random.choose(&PATHS)).to_owned()
}

fn write(random: &mut Random) -> Edit {
    Edit::Write { path: path(random), seed: random.below(1_000) }
}

fn edit(random: &mut Random) -> Edit {
    let path = path(random);
    match random.below(10) {
        0..3 => Edit::Write { path, seed: random.below(1_000) },
        3 => Edit::Append { path, seed: random.below(1_000) },
        4 => Edit::Delete { path },
        5 => Edit::Rename { from: path, to: self::path(random) },
        6 | 7 => Edit::PutBack { path },
        8 => Edit::Disguise { path },
        _ => Edit::Touch { path },
    }
}

fn turn(random: &mut Random) -> Turn {
    let check = *random.choose(&DRAWN);
    let (maker, pages) = (*random.choose(&MADE), *random.choose(&PAGES));
    let any = if random.once_in(2) { check } else { maker };
    match random.below(24) {
        0..3 => Turn::Toggle(any),
        3 => Turn::Rename(any),
        4 => Turn::Exchange(any, maker),
        20 => Turn::Pages(pages),
        21 => Turn::License,
        22 => Turn::Word(1 + random.below(2)),
        5..9 => Turn::Version(any, random.below(3)),
        9 => Turn::OnReject(check, on_reject(random)),
        10 => Turn::Swap,
        11 => Turn::Branch,
        12 => Turn::Purge(*random.choose(&[Purged::Never, Purged::BeforeChecks, Purged::AfterChecks])),
        13 => Turn::Recipe(random.below(5)),
        14 => Turn::Tier(*random.choose(&[Tier::T0, Tier::T1])),
        15 => Turn::Tables(*random.choose(&[None, Some("id"), Some("key")])),
        16 => Turn::Splits,
        17 => Turn::Second,
        _ => Turn::Back(1 + random.below(3) as usize),
    }
}

fn round(random: &mut Random) -> Round {
    let edits = (0..random.below(4)).map(|_| edit(random)).collect();
    let turns = (0..random.below(3)).map(|_| turn(random)).collect();
    let way = Way {
        workers: 1 + random.below(3) as usize,
        chunked: random.once_in(3),
        rebuild: random.once_in(12),
        death: random.once_in(3).then(|| death(random)),
        outage: random.once_in(3).then(|| random.below(1_000)),
        left: random.once_in(3),
        without_cache: random.once_in(4),
        retry: random.once_in(10),
        planned: random.once_in(4),
        rollback: random.once_in(6).then(|| 1 + random.below(2)),
        collect: random
            .once_in(4)
            .then(|| (random.below(3) as usize, random.once_in(3).then(|| death(random)))),
        again: random.once_in(4),
    };
    Round { edits, turns, way }
}

fn death(random: &mut Random) -> Death {
    match random.below(5) {
        0 => Death::Dropped { event: random.below(5) },
        _ => Death::Store { per_mille: random.below(1_000), after: random.once_in(2) },
    }
}

impl Turn {
    /// Changes a flow; `past` are the flows of earlier rounds.
    pub(super) fn apply(&self, shape: &mut Shape, past: &[Shape]) {
        let mut at = |name: &str, change: &dyn Fn(&mut Stage)| {
            if let Some(stage) = shape.stages.get_mut(name) {
                change(stage);
            }
        };
        match *self {
            Turn::Toggle(name) => {
                if shape.stages.remove(name).is_none() {
                    // It comes back as it last was.
                    let last = past.iter().rev().find_map(|shape| shape.stages.get(name));
                    shape.stages.insert(name, last.copied().unwrap_or_default());
                }
            }
            Turn::Rename(name) => {
                let name = shape.names.get_mut(name).expect("each operator has a name");
                *name = match name.strip_suffix("-anew") {
                    Some(before) => before.to_owned(),
                    None => format!("{name}-anew"),
                };
            }
            Turn::Exchange(one, other) => {
                let (first, second) = (shape.names[one].clone(), shape.names[other].clone());
                shape.names.extend([(one, second), (other, first)]);
            }
            Turn::Pages(glob) => shape.pages = glob,
            Turn::License => shape.licensed = !shape.licensed,
            Turn::Word(tokens) => shape.word = tokens,
            Turn::Version(name, version) => at(name, &|stage| stage.version = version),
            Turn::OnReject(name, on_reject) => at(name, &|stage| stage.on_reject = on_reject),
            Turn::Swap => shape.swapped = !shape.swapped,
            Turn::Branch => shape.branched = !shape.branched,
            Turn::Purge(purge) => shape.purge = purge,
            Turn::Near(percent) => shape.near = percent,
            Turn::HeldOut(held_out) => shape.held_out = held_out,
            Turn::Recipe(recipe) => shape.recipe = recipe,
            Turn::Tier(tier) => shape.tier = tier,
            Turn::Tables(column) => shape.tables = column,
            Turn::Splits => shape.splits = !shape.splits,
            Turn::Second => shape.second = !shape.second,
            Turn::Target(target) => shape.target = target,
            Turn::Back(rounds) => {
                if let Some(before) = past.len().checked_sub(rounds) {
                    shape.clone_from(&past[before]);
                }
            }
        }
    }
}
