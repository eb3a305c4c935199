//! The name that a page speaks of.

use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Kind};
use crate::cloze::words::{bare, is_stop};

/// Returns the name that stands out: capitalised inside the sentences of at least four paragraphs, and of a fifth
/// of all, twice as often as any other, and never written small. The tail of a longer name does not stand alone.
pub(super) fn subject(blocks: &[Block]) -> Option<String> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut paragraphs, mut small) = (0, BTreeSet::new());
    for block in blocks {
        let Kind::Paragraph(line) = &block.kind else { continue };
        paragraphs += 1;
        let mut said = BTreeSet::new();
        for sentence in line.sentences() {
            let mut in_name = true;
            for word in line.text[sentence].split_whitespace() {
                let word = word.trim_end_matches("’s").trim_end_matches("'s");
                let name = word.trim_matches(|c: char| !c.is_alphanumeric());
                let whole = word.trim_matches([',', '.', ':', ';', '(', ')', '?', '!', '\'', '"']) == name;
                let opens = !std::mem::replace(&mut in_name, continues_name(word));
                if whole && opens && is_name(name) {
                    said.insert(name);
                } else if whole && name.chars().all(|c| c.is_ascii_lowercase()) {
                    small.insert(name);
                }
            }
        }
        said.into_iter().for_each(|name| *names.entry(name).or_default() += 1);
    }
    names.retain(|name, _| !small.contains(name.to_lowercase().as_str()));
    let (name, most) = names.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)))?;
    let next = names.iter().filter(|(other, _)| other != &name).map(|(_, count)| *count).max().unwrap_or(0);
    (*most >= 4 && *most * 5 >= paragraphs && *most >= next * 2).then(|| (*name).to_owned())
}

/// Returns whether a name that follows the word may be the tail of a longer one: of ".NET Framework", say.
fn continues_name(word: &str) -> bool {
    let start = word.trim_start_matches(['(', '"', '\'', '.']).chars().next();
    let ends = word.ends_with([',', ';', ':', ')']);
    !ends && !is_stop(&bare(word)) && start.is_some_and(|c| c.is_ascii_uppercase())
}

fn is_name(word: &str) -> bool {
    let months = "January February March April May June July August September October November December \
        Monday Tuesday Wednesday Thursday Friday Saturday Sunday English Note Table Figure Chapter Listing";
    let mut chars = word.chars();
    let capital = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let small = word.chars().filter(|c| c.is_ascii_lowercase()).count();
    capital
        && small >= 2
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && !is_stop(&bare(word))
        && !months.split_ascii_whitespace().any(|known| known == word)
}
