//! `(text, rules) -> spans`: one walk over a text, leftmost and longest first.

use crate::Rule;
use crate::names::Names;
use crate::pseudonym::placeholder;
use crate::text::Text;

/// Personal data in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What found it.
    pub rule: Rule,
}

/// Finds what rules and names match, from left to right: the longest match that begins at a place, of equally long ones
/// that of the first rule. No two spans overlap; placeholders are left.
///
/// `rules` are in order of priority.
pub(crate) fn spans(text: &Text<'_>, rules: &[Rule], names: &Names) -> Vec<Found> {
    let mut found = Vec::new();
    let (mut at, mut before) = (0, ' ');
    while let Some(c) = text.at(at) {
        if c == '<'
            && let Some(length) = placeholder(text.from(at))
        {
            (at, before) = (at + length, '>');
            continue;
        }
        // No rule matches from within a word, nor from white space on.
        let within = before.is_alphanumeric() && c.is_alphanumeric() || c.is_whitespace();
        match if within { None } else { longest(text, at, rules, names) } {
            Some(span) => {
                at = span.end;
                before = text.before(at).unwrap_or(' ');
                found.push(span);
            }
            None => (at, before) = (at + c.len_utf8(), c),
        }
    }
    found
}

fn longest(text: &Text<'_>, at: usize, rules: &[Rule], names: &Names) -> Option<Found> {
    let mut best: Option<Found> = None;
    let ruled = rules.iter().filter_map(|rule| Some((*rule, rule.find(text, at)?)));
    let named = names.find(text, at).map(|end| (Rule::Name, end));
    for (rule, end) in ruled.chain(named) {
        if best.is_none_or(|best| end > best.end) {
            best = Some(Found { start: at, end, rule });
        }
    }
    best
}

/// The slow reference: every rule is tried at every place, and the first of all matches is taken, as often as there is one.
#[cfg(test)]
pub(crate) fn naive_spans(text: &Text<'_>, rules: &[Rule], names: &Names) -> Vec<Found> {
    let mut all = Vec::new();
    let mut opaque = Vec::new();
    for (at, _) in text.text.char_indices() {
        if let Some(length) = placeholder(text.from(at)) {
            opaque.push(at..at + length);
        }
        let ruled = rules.iter().filter_map(|rule| Some((rule.find(text, at)?, *rule)));
        let named = names.find(text, at).map(|end| (end, Rule::Name));
        all.extend(ruled.chain(named).map(|(end, rule)| Found { start: at, end, rule }));
    }
    all.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end), span.rule));
    let (mut found, mut from): (Vec<Found>, usize) = (Vec::new(), 0);
    for span in all {
        // A placeholder that a match has swallowed is none, and no match begins within another one.
        let mut within = opaque.iter().filter(|range| range.start >= from);
        let hidden = within.any(|range| range.contains(&span.start));
        if span.start >= from && !hidden {
            from = span.end;
            found.push(span);
        }
    }
    found
}
