//! Histories that failed once, each in its least form.

use rifflebox::{OnReject, Tier};

use super::history::{Death, Edit, History, Round, Turn, Way, draw};
use super::shape::{Purged, Shape, Stage};

/// Returns them, each with what went wrong.
pub(super) fn failed_once() -> Vec<(&'static str, History)> {
    let mut all = vec![
        ("a changed split was not published", plain(vec![turned(vec![Turn::Splits])])),
        ("an idle build counted the shards of one folder alone", plain(vec![idle(vec![Turn::Second])])),
        (
            "one folder was published although a rule was against the other",
            plain(vec![turned(vec![Turn::Second]), turned(vec![Turn::Word(1_000)])]),
        ),
    ];
    for per_mille in (200..1_000).step_by(100) {
        let mut history = plain(vec![retried(per_mille), retried(per_mille)]);
        history.shape.stages.insert("judge", Stage::default());
        all.push(("a failure that a dead build had retried stood twice", history));
    }
    let mut branched = plain(vec![turned(vec![Turn::Branch])]);
    let lot = Stage { version: 2, on_reject: OnReject::Demote };
    branched.shape.stages.extend([
        ("lot", lot),
        ("rows", Stage::default()),
        ("passages", Stage { version: 2, ..lot }),
    ]);
    branched.documents = vec![Edit::Write { path: "pages/deep/f.md".to_owned(), seed: 115 }];
    branched.shape = Shape {
        branched: true,
        purge: Purged::AfterChecks,
        near: Some(80),
        held_out: None,
        ..branched.shape
    };
    all.push(("what came straight and then by a verifier came twice", branched));
    let write = Edit::Write { path: "pages/c.md".to_owned(), seed: 208 };
    let round = Round { edits: vec![write], ..turned(vec![Turn::Near(Some(30))]) };
    let mut emptied = plain(vec![round]);
    let stage = Stage { version: 2, on_reject: OnReject::Drop };
    emptied.shape.stages = [("passages", stage), ("rows", stage)].into();
    emptied.shape =
        Shape { purge: Purged::BeforeChecks, near: Some(80), held_out: None, recipe: 4, ..emptied.shape };
    emptied.documents.clear();
    all.insert(0, ("a purge that changed with all of its rows gone", emptied));
    let half_read = "documents of a source stayed as they were read before it changed, since a build died";
    for per_mille in (400..1_000).step_by(100) {
        let death = Some(Death::Store { per_mille, after: false });
        let way = Way { chunked: true, death, left: true, ..Way::default() };
        let dying = Round { turns: vec![Turn::Tier(Tier::T1)], way, ..Round::default() };
        all.push((half_read, plain(vec![dying.clone(), Round::default()])));
        all.push((half_read, plain(vec![dying, turned(vec![Turn::Tier(Tier::T0)])])));
    }
    all
}

/// A history of four pages and their passages.
fn plain(rounds: Vec<Round>) -> History {
    let pages = ["a.md", "b.md", "c.md", "deep/e.md"].into_iter().zip(0..);
    let documents = pages.map(|(page, seed)| Edit::Write { path: format!("pages/{page}"), seed }).collect();
    let drawn = draw(0).shape;
    let passages = Stage { version: 0, on_reject: OnReject::Drop };
    let shape = Shape {
        stages: [("passages", passages)].into(),
        tier: Tier::T0,
        tables: None,
        branched: false,
        purge: Purged::Never,
        near: None,
        held_out: None,
        recipe: 0,
        splits: false,
        partial: false,
        second: false,
        ..drawn
    };
    History { in_folder: false, shape, documents, rounds }
}

fn turned(turns: Vec<Turn>) -> Round {
    Round { turns, ..Round::default() }
}

fn idle(turns: Vec<Turn>) -> Round {
    Round { turns, way: Way { again: true, ..Way::default() }, ..Round::default() }
}

/// A build that asks again what failed, and dies; then one that asks it once more.
fn retried(per_mille: u64) -> Round {
    let death = Some(Death::Store { per_mille, after: true });
    Round { way: Way { death, retry: true, ..Way::default() }, ..Round::default() }
}
