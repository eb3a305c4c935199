//! Sentences that name or count something: "X is called Y", "the default X is Y", and the blank in between.

use std::collections::BTreeSet;
use std::ops::Range;

use super::define::has_main_verb;
use super::help::is_telling;
use super::line::{Line, Look};
use super::named::section;
use super::page::{Kind, Page};
use super::prose::{is_clean, is_sentence, points_nowhere, stands_alone};
use super::question::{Ask, Question};
use super::words::{bare, is_stop, letters, lower_first, terms};

/// Asks of each sentence that names a thing, gives a default, or holds one word that only it can hold.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    for (number, block) in page.blocks().iter().enumerate() {
        let Kind::Paragraph(line) = &block.kind else { continue };
        for sentence in line.sentences() {
            let text = &line.text[sentence.clone()];
            if !is_sentence(text, 7, 35) || !is_clean(text) {
                continue;
            }
            // What is called so may be said so of in words that point to it: only they are not asked.
            let found = called(text, &line.marked());
            if found.is_none() && !stands_alone(text) {
                continue;
            }
            let found = found.or_else(|| default_of(text));
            let found = found.map(|(ask, answer)| ("blank", 68, ask, answer));
            let Some((shape, quality, ask, answer)) = found.or_else(|| blanked(page, line, &sentence)) else {
                continue;
            };
            questions.push(Question {
                shape,
                quality,
                ask: Ask::According(ask),
                section: section(page, number, &answer),
                answer,
                support: text.to_owned(),
                span: line.source(&sentence),
                block: number,
            });
        }
    }
}

/// "A group of like targets is called a job." becomes "what is a group of like targets called?".
///
/// Where the name stands out, words may follow it: "is called a *job*, and …".
fn called(text: &str, marked: &BTreeSet<&str>) -> Option<(String, String)> {
    let ways = [" called ", " known as ", " referred to as "]
        .into_iter()
        .flat_map(|way| [("is", way), ("are", way)]);
    let (thing, be, name) = ways.into_iter().find_map(|(be, way)| {
        let (thing, name) = text.split_once(&format!(" {be}{way}"))?;
        Some((thing, be, name))
    })?;
    let name = name.trim_end_matches('.');
    let name = ["a ", "an ", "the "].iter().find_map(|article| name.strip_prefix(article)).unwrap_or(name);
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([',', '.', '(']) || rest.starts_with(" and ");
    let stands_out = |known: &&&str| {
        let rest =
            name.trim_start_matches('`').strip_prefix(**known).map(|rest| rest.trim_start_matches('`'));
        rest.is_some_and(|rest| ends(rest) || rest.starts_with(" because "))
    };
    let name = marked.iter().filter(stands_out).max_by_key(|known| known.len()).copied().unwrap_or(name);
    let name = name.trim_matches(['`', '"', '“', '”']);
    let plain = (1..=4).contains(&name.split_whitespace().count())
        && !name.contains([',', '`', '('])
        && ![" and ", " or ", " in ", " on ", " by "].iter().any(|word| name.contains(word));
    let telling = thing.split_whitespace().count() >= 4
        && stands_alone(thing)
        && !has_main_verb(thing)
        && !thing.contains(',');
    let opens = thing
        .split_whitespace()
        .next()
        .is_some_and(|word| !is_stop(word) || ["A", "An", "The"].contains(&word));
    (plain && telling && opens)
        .then(|| (format!("what {be} {} called?", lower_first(thing)), name.to_owned()))
}

/// "The default X is Y." becomes "what is the default X?".
fn default_of(text: &str) -> Option<(String, String)> {
    let (thing, value) = text.strip_prefix("The default ")?.split_once(" is ")?;
    let value = value.trim_end_matches('.').trim_matches('`');
    let plain = (1..=4).contains(&value.split_whitespace().count()) && !value.contains([',', '`', '(', ';']);
    let first = bare(value.split_whitespace().next()?);
    let plain = plain && !value.split_whitespace().any(|word| is_stop(&bare(word)));
    let sound = plain
        && !["irrelevant", "recommended", "set", "to", "not", "used", "defined", "always", "only"]
            .contains(&first.as_str());
    let named = !terms(thing).is_empty() && thing.split_whitespace().count() <= 10 && points_nowhere(thing);
    (sound && named && is_telling(value)).then(|| (format!("what is the default {thing}?"), value.to_owned()))
}

/// A sentence with one term that stands out, and that the page knows well: the term goes blank.
fn blanked(page: &Page, line: &Line, sentence: &Range<usize>) -> Option<(&'static str, u8, String, String)> {
    let mut marks = line.marks_in(sentence).filter(|mark| mark.look != Look::Link);
    let (Some(mark), None) = (marks.next(), marks.next()) else { return None };
    let text = &line.text[sentence.clone()];
    let term = line.text[mark.range.clone()].trim_matches('`');
    let words = term.split_whitespace().count();
    let plain = (1..=3).contains(&words)
        && letters(term).chars().count() >= 4
        && !term.contains(['<', '=', '"', '{', '/', '$', '.']);
    let (before, after) =
        (&line.text[sentence.start..mark.range.start], &line.text[mark.range.end..sentence.end]);
    // Only what the sentence is about, and says something of at once, can be told from the rest of it.
    let verbs = ["of", "refers", "means", "represents", "describes", "generally"];
    let next = after.split_whitespace().next().unwrap_or_default();
    let about =
        ["", "The ", "A ", "An ", "The term ", "A single "].contains(&before) && verbs.contains(&next);
    // One of several in a row could be any of them.
    let in_row = before.trim_end().ends_with([',', '('])
        || after.starts_with([',', '/', ')'])
        || [" and ", " or "].iter().any(|word| before.ends_with(word) || after.starts_with(word));
    let emphasis = mark.look != Look::Code
        && (is_stop(&bare(term)) || term.chars().any(char::is_uppercase) || term.ends_with("ly"));
    let tool = || mark.look == Look::Code && (page.includes_code || page.shows(term));
    if !about
        || !plain
        || in_row
        || emphasis
        || !points_nowhere(text)
        || is_stop(&bare(term))
        || !page.mentions(term, 3)
        || tool()
    {
        return None;
    }
    let frame = format!("{before}____{after}");
    let rest = terms(&frame);
    (rest.len() >= 6 && terms(term).is_disjoint(&rest))
        .then(|| ("blank", 50, format!("which word or name fills the blank: \"{frame}\""), term.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_defaults() {
        let asked = |found: Option<(String, String)>| found.map(|(ask, answer)| format!("{ask} {answer}"));
        assert_eq!(
            asked(called("A collection of targets with the same purpose is called a job.", &BTreeSet::new()))
                .as_deref(),
            Some("what is a collection of targets with the same purpose called? job")
        );
        assert_eq!(asked(called("This is called a job.", &BTreeSet::new())), None);
        assert_eq!(
            asked(called(
                "Methods that call `next` are called consuming adaptors, because of it.",
                &BTreeSet::from(["consuming adaptors"])
            ))
            .as_deref(),
            Some("what are methods that call `next` called? consuming adaptors")
        );
        assert_eq!(
            asked(default_of("The default port of the server is `9090`.")).as_deref(),
            Some("what is the default port of the server? 9090")
        );
        assert_eq!(asked(default_of("The default is to wait.")), None);
    }
}
