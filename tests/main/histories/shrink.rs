//! The least part of a history that still fails.

use std::fmt::Write;

use super::history::{History, Round, Way};

/// Leaves out what can be left out of a history that fails; returns the rest, and how that fails.
///
/// Lives so many other histories at most.
pub(super) fn shrink(
    mut least: History,
    mut error: String,
    mut attempts: u64,
    fails: impl Fn(&History) -> Option<String>,
) -> (History, String) {
    'again: loop {
        for smaller in smaller(&least) {
            if attempts == 0 {
                return (least, error);
            }
            attempts -= 1;
            if let Some(found) = fails(&smaller) {
                (least, error) = (smaller, found);
                continue 'again;
            }
        }
        return (least, error);
    }
}

/// Returns histories that lack one thing each, those first that lack most.
fn smaller(history: &History) -> Vec<History> {
    let mut all = Vec::new();
    let mut add = |change: &dyn Fn(&mut History)| {
        let mut smaller = history.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    let rounds = history.rounds.len();
    if rounds > 1 {
        add(&|smaller| smaller.rounds.truncate(rounds / 2));
        add(&|smaller| drop(smaller.rounds.drain(..rounds / 2)));
    }
    for round in (0..rounds).rev() {
        add(&|smaller| _ = smaller.rounds.remove(round));
    }
    for document in 0..history.documents.len() {
        add(&|smaller| _ = smaller.documents.remove(document));
    }
    for name in history.shape.stages.keys() {
        add(&|smaller| smaller.shape.stages.retain(|other, _| other != name));
    }
    for (index, round) in history.rounds.iter().enumerate() {
        for edit in 0..round.edits.len() {
            add(&|smaller| _ = smaller.rounds[index].edits.remove(edit));
        }
        for turn in 0..round.turns.len() {
            add(&|smaller| _ = smaller.rounds[index].turns.remove(turn));
        }
        for way in plainer(&round.way) {
            add(&|smaller| smaller.rounds[index].way = way.clone());
        }
    }
    if history.in_folder {
        add(&|smaller| smaller.in_folder = false);
    }
    if history.shape.near.is_some() {
        add(&|smaller| smaller.shape.near = None);
    }
    if history.shape.held_out.is_some() {
        add(&|smaller| smaller.shape.held_out = None);
    }
    if history.shape.second {
        add(&|smaller| smaller.shape.second = false);
    }
    all
}

/// Returns ways that lack one thing each.
fn plainer(way: &Way) -> Vec<Way> {
    let ways = [
        Way { death: None, ..way.clone() },
        Way { outage: None, ..way.clone() },
        Way { left: false, ..way.clone() },
        Way { collect: None, ..way.clone() },
        Way { rollback: None, ..way.clone() },
        Way { retry: false, ..way.clone() },
        Way { planned: false, ..way.clone() },
        Way { chunked: false, ..way.clone() },
        Way { rebuild: false, ..way.clone() },
        Way { again: false, ..way.clone() },
        Way { without_cache: false, ..way.clone() },
        Way { workers: 1, ..way.clone() },
    ];
    ways.into_iter().filter(|plainer| plainer != way).collect()
}

/// Writes a history as text.
pub(super) fn print(history: &History) -> String {
    let History { in_folder, shape, documents, rounds } = history;
    let mut text = format!("in a folder: {in_folder}\n{shape:?}\n");
    for edit in documents {
        let _ = writeln!(text, "  {edit:?}");
    }
    for (index, Round { edits, turns, way }) in rounds.iter().enumerate() {
        let _ = writeln!(text, "round {index}: {way:?}");
        let edits = edits.iter().map(|edit| format!("  {edit:?}\n"));
        text.extend(edits.chain(turns.iter().map(|turn| format!("  {turn:?}\n"))));
    }
    text
}
