//! Whatever happened before, a build leaves what a fresh one would: random histories of random flows, with deaths and
//! outages in between.
//!
//! A history is drawn by a seed. `RIFFLEBOX_HISTORY=SEED cargo test --test main histories` lives one again, and says
//! the least part of it that still fails; what is mended goes to `histories/failed.rs`.

mod documents;
mod failed;
mod history;
mod kept;
mod service;
mod shape;
mod shrink;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox_dataflow::Bugs;

use super::support::{long, say};
use failed::failed_once;
use history::{History, draw};
use kept::Seen;

/// Seeds that failed once: a retried failure stood twice; what was owed and withdrawn was taken back twice; a plan counted
/// on documents that it had let ask already, and on another source's.
const FAILED: [u64; 4] = [292, 98, 40, 48];

/// Histories that are lived at the same time.
const AT_ONCE: u64 = 2;

/// Attempts to make a failing history smaller; each takes a second or so.
const ATTEMPTS: u64 = 150;

/// Lives a history; a panic is a failure, too.
fn live(history: &History, bugs: Bugs) -> Result<Seen, String> {
    let lived = catch_unwind(AssertUnwindSafe(|| kept::live(history, bugs)));
    lived.unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        Err(message.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    })
}

/// Says the least history that fails, of one that does; tries so many others at most.
fn least(seed: u64, history: History, error: String, bugs: Bugs, attempts: u64) -> String {
    let (least, error) = shrink::shrink(history, error, attempts, |history| live(history, bugs).err());
    format!("RIFFLEBOX_HISTORY={seed}: {error}\n{}", shrink::print(&least))
}

/// Lives the histories of some seeds; returns what they went through together.
fn live_all(seeds: &[u64]) -> Seen {
    let next = AtomicU64::new(0);
    let one_by_one = || {
        let mut seen = Seen::new();
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let history = draw(*seed);
            match live(&history, Bugs::default()) {
                Ok(found) => {
                    found.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times)
                }
                Err(error) => {
                    say(&format!("RIFFLEBOX_HISTORY={seed}: {error}\nlooking for the least part of it …"));
                    panic!("{}", least(*seed, history, error, Bugs::default(), ATTEMPTS))
                }
            }
        }
        seen
    };
    std::thread::scope(|scope| {
        let lives: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one_by_one)).collect();
        let mut seen = Seen::new();
        for life in lives {
            let found = life.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            found.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times);
        }
        seen
    })
}

#[test]
fn any_history_ends_as_a_fresh_build() {
    if let Ok(seed) = std::env::var("RIFFLEBOX_HISTORY") {
        let seed = seed.parse().expect("RIFFLEBOX_HISTORY is a number");
        live_all(&[seed]);
        return;
    }
    let seeds: Vec<u64> = FAILED.into_iter().chain(0..if long() { 600 } else { 22 }).collect();
    let seen = live_all(&seeds);
    say(&format!("{} random histories equal fresh builds: {seen:?}", seeds.len()));
    let expected = ["builds", "deaths", "outages", "objects collected", "rollbacks", "shards", "calls"];
    let rows = ["unused", "rejected", "displaced", "failed", "broken"];
    for what in expected.into_iter().chain(rows) {
        assert!(seen.get(what).is_some_and(|times| *times > 0), "{what} never happened: {seen:?}");
    }
}

#[test]
fn what_failed_once_holds() {
    let mut died = 0;
    for (what, history) in failed_once() {
        let seen = live(&history, Bugs::default());
        let seen = seen.unwrap_or_else(|error| panic!("{what}: {error}\n{}", shrink::print(&history)));
        died += seen.get("deaths").copied().unwrap_or_default();
    }
    assert!(died > 6, "only {died} builds died");
}

/// Returns the first history that a bug spoils, and how.
fn spoilt(bugs: Bugs) -> (u64, History, String) {
    let found = (0..40).find_map(|seed| {
        let history = draw(seed);
        let error = live(&history, bugs).err()?;
        Some((seed, history, error))
    });
    found.unwrap_or_else(|| panic!("{bugs:?} is not seen"))
}

#[test]
fn known_bugs_are_found_and_told_in_few_words() {
    spoilt(Bugs { dropped_capability: true, ..Bugs::default() });
    spoilt(Bugs { lost: Some("exact/"), ..Bugs::default() });
    let lost = Bugs { lost: Some("/verdicts"), ..Bugs::default() };
    let (seed, history, error) = spoilt(lost);
    let (rounds, least) = (history.rounds.len(), least(seed, history, error, lost, 8));
    assert!(least.starts_with(&format!("RIFFLEBOX_HISTORY={seed}: ")), "{least}");
    assert!(least.matches("\nround ").count() < rounds, "{least}");
}
