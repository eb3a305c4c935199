//! The rules against a thousand identifiers that are planted in real documents, and against those documents as they are.
//!
//! The bundled documents are always read; with `RIFFLEBOX_DATA` naming the data folder, its documents are too.

#![expect(clippy::unwrap_used, reason = "settings that are written here are sound")]

mod corpus;
mod identifiers;

use std::collections::BTreeMap;

use rifflebox_core::Key;
use rifflebox_redact::{RedactSettings, Redactor, Rule, RuleName};

use corpus::{Page, bundled, data_folder, plant};
use identifiers::{Draw, NAMES};

/// Planted identifiers of each sort: a thousand in all.
const PER_RULE: usize = 68;

/// Documents whose words are counted, and not shown.
const OFFENSIVE: &str = "hh-rlhf";

/// Digests of what stands in the documents themselves, for all to see, and is what the rules say: addresses of teams and
/// authors, keys of demonstrations, passwords of meetings, numbers in dialogues.
const GENUINE: [&str; 26] = [
    "0126edf9aa6b",
    "a12093cfd847",
    "6dcb5ba151d6",
    "91bc05f58f4d",
    "e52a55f6c5b0",
    "eaf06f4fb3c5",
    "4a3f2d3815fd",
    "f58dc93dff30",
    "0f4085d2e512",
    "da9682c66e26",
    "bc6006fa221d",
    "4adf868cc3cd",
    "7e3cab370452",
    "f976827f71bd",
    "e61e00487fe3",
    "46e04527d9e0",
    "afbe403216e3",
    "f74133aff142",
    "e80d6bb0b9dc",
    "7b4f49edf29f",
    "8bdbbe7c1ef4",
    "a1cf0735085c",
    "b7b83b90d531",
    "a512e9bbc881",
    "028757588c42",
    "fcb4eef1a63c",
];

fn redactor() -> Redactor {
    let settings = RedactSettings {
        rules: Some(Rule::ALL.map(RuleName::One).to_vec()),
        names: NAMES.map(str::to_owned).to_vec(),
        ..RedactSettings::default()
    };
    Redactor::new(settings, ".".as_ref()).unwrap()
}

#[derive(Default)]
struct Score {
    planted: usize,
    found: usize,
    wrong: usize,
}

#[test]
fn planted_identifiers_are_found_and_nothing_else_is() {
    let pages = bundled();
    let wrong = plain("bundled", &pages);
    check("bundled", &pages, wrong);
}

#[test]
fn the_data_folder_agrees() {
    let Some(collections) = data_folder() else {
        println!("RIFFLEBOX_DATA is not set: only the bundled documents were read");
        return;
    };
    for (name, pages) in collections {
        check(name, &pages, plain(name, &pages));
    }
}

/// Counts what is found in documents as they are, by rule, and lists it; what is genuine is no mistake, nor is an address of a
/// private network, which is one by its number.
fn plain(name: &str, pages: &[Page]) -> BTreeMap<Rule, usize> {
    let redactor = redactor();
    let (mut wrong, mut bytes, mut finds) = (BTreeMap::new(), 0, BTreeMap::<Rule, usize>::new());
    for page in pages {
        bytes += page.text.len();
        for found in redactor.find(&page.text, "").unwrap() {
            let value = &page.text[found.start..found.end];
            let digest = &Key::of(value.as_bytes()).to_string()[..12];
            let is_genuine = found.rule == Rule::PrivateIp || GENUINE.contains(&digest);
            *finds.entry(found.rule).or_default() += 1;
            *wrong.entry(found.rule).or_default() += usize::from(!is_genuine);
            if found.rule != Rule::PrivateIp && name != OFFENSIVE {
                let what = if is_genuine { "genuine" } else { "WRONG" };
                println!("{name}: {what} {} in {}: {value:?} {digest}", found.rule, page.id);
            }
        }
    }
    println!("{name}: {finds:?} in {} documents of {bytes} bytes as they are, wrong {wrong:?}", pages.len());
    wrong
}

/// Plants identifiers of each sort, and holds what is found against them: place, length and rule must be right.
fn check(name: &str, pages: &[Page], wrong: BTreeMap<Rule, usize>) {
    let redactor = redactor();
    let usable: Vec<&Page> = pages.iter().filter(|page| page.text.matches(' ').count() > 20).collect();
    let mut draw = Draw::new(7);
    let mut scores: BTreeMap<Rule, Score> = BTreeMap::new();
    for round in 0..PER_RULE {
        for rules in Rule::ALL.chunks(4) {
            let page = usable[draw.below(usable.len())];
            let planted = plant(page, rules, &mut draw);
            let found = redactor.find(&planted.text, "").unwrap();
            for (start, end, rule) in &planted.truth {
                let hit =
                    found.iter().any(|found| (found.start, found.end, found.rule) == (*start, *end, *rule));
                let score = scores.entry(*rule).or_default();
                score.planted += 1;
                score.found += usize::from(hit);
                if !hit && name != OFFENSIVE {
                    let around = planted.pieces.iter().find(|(from, to)| from <= start && end <= to);
                    let shown = around.map_or("", |(from, to)| &planted.text[*from..*to]);
                    println!("{name}: MISSED {rule} in round {round}: {shown:?}");
                }
            }
            for found in &found {
                let touches = planted.pieces.iter().any(|(from, to)| found.start < *to && *from < found.end);
                let is_right = planted.truth.contains(&(found.start, found.end, found.rule));
                // What stands in the page itself is counted once, with the pages as they are.
                scores.entry(found.rule).or_default().wrong += usize::from(touches && !is_right);
            }
        }
    }
    for (rule, wrong) in wrong {
        scores.entry(rule).or_default().wrong += wrong;
    }
    tell(name, &scores);
}

fn tell(name: &str, scores: &BTreeMap<Rule, Score>) {
    let share = |part: usize, of: usize| if of == 0 { 1.0 } else { part as f64 / of as f64 };
    let mut all = Score::default();
    for (rule, Score { planted, found, wrong }) in scores {
        let (recall, precision) = (share(*found, *planted), share(*found, found + wrong));
        println!(
            "{name}: {rule}: {found} of {planted} found, {wrong} wrong: recall {recall:.3}, precision {precision:.3}"
        );
        (all.planted, all.found, all.wrong) = (all.planted + planted, all.found + found, all.wrong + wrong);
    }
    let (recall, precision) = (share(all.found, all.planted), share(all.found, all.found + all.wrong));
    println!(
        "{name}: {} of {} found, {} wrong: recall {recall:.3}, precision {precision:.3}",
        all.found, all.planted, all.wrong
    );
    assert!(all.planted >= 1_000, "{name}: {} planted", all.planted);
    assert!(recall >= 0.95 && precision >= 0.95, "{name}: recall {recall:.3}, precision {precision:.3}");
}
