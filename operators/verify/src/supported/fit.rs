//! `(prompt, answer, evidence) -> fits`: whether a document's words answer a prompt, and no others do.

use std::collections::BTreeSet;

use super::Fault;
use super::evidence::{Evidence, Form, Unit};
use super::matter::{find_all, holds, stems_of};
use super::prompt::Prompt;

/// So much of what a prompt asks must be said where its answer stands, in percent.
const COVERED_PERCENT: usize = 75;
/// So much is enough where the answer is said of just what the prompt quotes.
const COVERED_OF_IT_PERCENT: usize = 50;
/// What heads a column that describes.
const DESCRIBING: [&str; 8] =
    ["description", "meaning", "purpose", "definition", "explanation", "function", "effect", "details"];

/// How well a unit fits a prompt, the better the greater: what it says of the matter with all around it, whether
/// it is said of just what is quoted, and what it says by itself.
type Grade = (usize, bool, usize);

/// Judges a short answer: a part of a sentence or row whose other parts the prompt says.
pub(super) fn short(prompt: &Prompt, answer: &[String], documents: &[Evidence]) -> Result<(), Fault> {
    if let Some(name) = prompt.abbreviation() {
        return expanded(prompt, name, answer, documents);
    }
    let says = |evidence: &Evidence, unit: &Unit| holds(evidence.words(unit), answer);
    let named = |unit: &Unit| holds(&unit.label, answer);
    let mut best: Option<(Grade, bool)> = None;
    let mut chosen: Vec<&Unit> = Vec::new();
    for (evidence, unit) in units(documents) {
        let body = says(evidence, unit);
        if (body || named(unit)) && matches(prompt, answer, evidence, unit) {
            best = best.max(Some((grade(prompt, evidence, unit), body)));
            chosen.push(unit);
        }
    }
    let (best, body) =
        best.ok_or(Fault::Unsupported("where the answer stands, the document says something else"))?;
    if best.0 < if best.1 { COVERED_OF_IT_PERCENT } else { COVERED_PERCENT } {
        return Err(Fault::Unsupported("where the answer stands, the document speaks of other matters"));
    }
    let rival = units(documents).find(|(evidence, unit)| {
        // What names the answer only above itself says it where the answer is such a name.
        let same = says(evidence, unit) || named(unit) && (!body || unit.form == Form::Cell);
        // A row's key is no answer to itself, nor is a heading's next sentence to its first.
        let kin = chosen.iter().any(|own| match own.form {
            Form::Cell => unit.block == own.block && unit.label == evidence.words(unit),
            _ => {
                best.1
                    && unit.form == own.form
                    && unit.path == own.path
                    && unit.label == own.label
                    && !entry(prompt, evidence, unit)
            }
        });
        let other = !same && !kin && !unit.opens && unit.form != Form::Heading;
        other && rivals(prompt, answer, evidence, unit) && grade(prompt, evidence, unit) >= best
    });
    rival.map_or(Ok(()), |(evidence, unit)| Err(ambiguous(evidence, unit)))
}

/// Judges the words of an abbreviation: they begin with its letters, it stands in brackets right behind them, and behind
/// no others.
fn expanded(prompt: &Prompt, name: &str, answer: &[String], documents: &[Evidence]) -> Result<(), Fault> {
    if !answer.iter().filter_map(|word| word.chars().next()).eq(name.chars()) {
        return Err(Fault::Unsupported("the answer does not begin with these letters"));
    }
    let (mut said, mut other) = (false, None);
    for (evidence, unit) in units(documents).filter(|(_, unit)| in_places(prompt, unit)) {
        let words = evidence.words(unit);
        for at in unit.asides.iter().filter(|at| words.get(**at).is_some_and(|word| word == name)) {
            match words[..*at].ends_with(answer) {
                true => said = true,
                false => other = Some(ambiguous(evidence, unit)),
            }
        }
    }
    match (said, other) {
        (false, _) => Err(Fault::Unsupported("the answer is said of something else")),
        (true, Some(fault)) => Err(fault),
        (true, None) => Ok(()),
    }
}

/// Returns whether a unit begins with what the prompt quotes, as an entry of a list does.
fn entry(prompt: &Prompt, evidence: &Evidence, unit: &Unit) -> bool {
    prompt.quotes.iter().any(|quote| leads(evidence.words(unit), quote))
}

fn grade(prompt: &Prompt, evidence: &Evidence, unit: &Unit) -> Grade {
    let of_it = |quote: &Vec<String>| unit.label == *quote || leads(evidence.words(unit), quote);
    let own = percent(prompt, &unit.matter);
    (covered(prompt, evidence, unit), !prompt.quotes.is_empty() && prompt.quotes.iter().all(of_it), own)
}

/// Judges a long answer: one or more whole sentences, entries or rows, of the thing that the prompt names.
pub(super) fn long(prompt: &Prompt, answer: &[String], documents: &[Evidence]) -> Result<(), Fault> {
    let mut fault = Fault::Unsupported("no document says the answer");
    for evidence in documents {
        for at in find_all(&evidence.stream, answer) {
            let range = at..at + answer.len();
            // Units lie in the order of their words, and no two share one.
            let first = evidence.units.partition_point(|unit| unit.range.end <= range.start);
            let overlaps = |unit: &&Unit| unit.range.start < range.end;
            let said: Vec<&Unit> = evidence.units[first..].iter().take_while(overlaps).collect();
            let Some(first) = said.first() else { continue };
            match long_at(prompt, evidence, &said) {
                Err(why) => fault = Fault::Unsupported(why),
                Ok(()) => return long_rival(prompt, answer, evidence, first),
            }
        }
    }
    Err(fault)
}

fn long_at(prompt: &Prompt, evidence: &Evidence, said: &[&Unit]) -> Result<(), &'static str> {
    let first = said[0];
    if !in_places(prompt, first) {
        return Err("the answer stands in another section");
    }
    if !in_column(prompt, first) {
        return Err("the answer stands in another column");
    }
    let before = evidence
        .units
        .iter()
        .rev()
        .find(|unit| unit.range.end == first.range.start && unit.block < first.block);
    let before = before.filter(|unit| unit.opens || first.form == Form::Code);
    let announces =
        |quote: &[String]| before.is_some_and(|unit| quote.len() > 3 && holds(evidence.words(unit), quote));
    let near = |quote: &[String]| {
        let names = first.label == quote
            || holds(&first.label, quote) && first.form == Form::Cell
            || holds(&first.head, quote);
        names || leads(evidence.words(first), quote)
    };
    if !prompt.quotes.iter().all(|quote| near(quote) || announces(quote)) {
        return Err("the answer is said of something else");
    }
    if prompt.blank.is_some() {
        return Err("a blank wants a few words");
    }
    if let Some(thing) = prompt.thing() {
        let opening = evidence.words(first);
        let opening = &opening[..opening.len().min(thing.len() + 3)];
        let mut named = stems_of(opening);
        named.extend(stems_of(&first.label));
        if !thing.is_subset(&named) {
            return Err("the answer is said of something else");
        }
        let defined = |unit: &Unit| definition(evidence.words(unit), thing).is_some();
        if !defined(first) && evidence.units.iter().any(defined) {
            return Err("the document defines it elsewhere");
        }
    }
    let mut matter: BTreeSet<String> = said.iter().flat_map(|unit| unit.matter.iter().cloned()).collect();
    matter.extend(
        before
            .filter(|unit| unit.form != Form::Cell)
            .into_iter()
            .flat_map(|unit| unit.matter.iter().cloned()),
    );
    matter.extend(around(evidence, first));
    let of_it = grade(prompt, evidence, first).1;
    match percent(prompt, &matter) >= if of_it { COVERED_OF_IT_PERCENT } else { COVERED_PERCENT } {
        true => Ok(()),
        false => Err("where the answer stands, the document speaks of other matters"),
    }
}

/// Finds another long answer: the same thing defined otherwise, the same cell or entry with other words.
fn long_rival(prompt: &Prompt, answer: &[String], evidence: &Evidence, first: &Unit) -> Result<(), Fault> {
    let inside = |unit: &Unit| holds(answer, evidence.words(unit)) || holds(evidence.words(unit), answer);
    let others = || evidence.units.iter().filter(|unit| !inside(unit) && in_places(prompt, unit));
    if first.form == Form::Cell {
        let twin =
            |unit: &&Unit| unit.form == Form::Cell && unit.label == first.label && unit.head == first.head;
        if let Some(unit) = others().find(twin) {
            return Err(ambiguous(evidence, unit));
        }
    }
    let again = |unit: &&Unit| {
        let same = unit.form == first.form && unit.path == first.path && unit.form == Form::Sentence;
        same && unit.block != first.block
            && prompt.quotes.iter().any(|quote| starts(evidence.words(unit), quote))
    };
    let own_lead = prompt.quotes.iter().any(|quote| starts(evidence.words(first), quote));
    if own_lead && let Some(unit) = others().find(again) {
        return Err(ambiguous(evidence, unit));
    }
    if let Some(thing) = prompt.thing()
        && let Some(verb) = definition(evidence.words(first), thing)
        && let Some(unit) = others().find(|unit| definition(evidence.words(unit), thing) == Some(verb))
    {
        return Err(ambiguous(evidence, unit));
    }
    // A heading that asks the same twice has two answers.
    let asked = prompt.matter.is_subset(&stems_of(&first.label)) || prompt.quotes.contains(&first.label);
    let headings = evidence
        .units
        .iter()
        .filter(|unit| unit.form == Form::Heading && evidence.words(unit) == first.label);
    let mut again = headings.skip(1);
    match again.next().filter(|_| asked && first.form == Form::Sentence && prompt.places.is_empty()) {
        Some(unit) => Err(ambiguous(evidence, unit)),
        None => Ok(()),
    }
}

fn units(documents: &[Evidence]) -> impl Iterator<Item = (&Evidence, &Unit)> {
    documents.iter().flat_map(|evidence| evidence.units.iter().map(move |unit| (evidence, unit)))
}

/// Returns whether a unit with the answer in it says all that the prompt quotes, where the prompt points.
fn matches(prompt: &Prompt, answer: &[String], evidence: &Evidence, unit: &Unit) -> bool {
    let words = evidence.words(unit);
    let filled = prompt
        .blank
        .as_ref()
        .is_none_or(|(before, after)| holds(words, &[before.as_slice(), answer, after.as_slice()].concat()));
    filled
        && in_places(prompt, unit)
        && in_column(prompt, unit)
        && prompt.quotes.iter().all(|quote| quotes(evidence, unit, quote))
}

/// Returns whether a unit without the answer says what the prompt does.
fn rivals(prompt: &Prompt, answer: &[String], evidence: &Evidence, unit: &Unit) -> bool {
    let words = evidence.words(unit);
    let filled = prompt.blank.as_ref().is_none_or(|(before, after)| {
        let fits = |at: usize| {
            let rest = &words[at + before.len()..];
            (1..=answer.len() + 2).any(|gap| rest.get(gap..).is_some_and(|rest| rest.starts_with(after)))
        };
        match before.is_empty() {
            true => fits(0),
            false => find_all(words, before).into_iter().any(fits),
        }
    });
    filled
        && in_places(prompt, unit)
        && in_column(prompt, unit)
        && prompt.quotes.iter().all(|quote| quotes(evidence, unit, quote))
}

fn quotes(evidence: &Evidence, unit: &Unit, quote: &[String]) -> bool {
    let words = evidence.words(unit);
    // A name is the key or the lead of what is said of it; a longer quotation stands anywhere in it.
    let named = match unit.form {
        Form::Cell => unit.label == quote,
        _ => unit.label == quote || quote.len() > 1 && holds(&unit.label, quote),
    };
    named
        || holds(&unit.head, quote)
        || (holds(words, quote) && (unit.form != Form::Cell || quote.len() > 3 || unit.label != words))
}

fn in_places(prompt: &Prompt, unit: &Unit) -> bool {
    prompt.places.iter().all(|place| unit.path.contains(place))
}

/// Returns whether a cell describes, if that is asked for.
fn in_column(prompt: &Prompt, unit: &Unit) -> bool {
    let describes = unit.head.iter().any(|word| DESCRIBING.contains(&word.as_str()));
    unit.form != Form::Cell
        || !prompt.asks_description()
        || describes
        || prompt.quotes.iter().any(|quote| quote.len() > 3)
}

/// Returns how much of a prompt's own words a unit and its surroundings say, in percent.
fn covered(prompt: &Prompt, evidence: &Evidence, unit: &Unit) -> usize {
    let mut matter = unit.matter.clone();
    matter.extend(around(evidence, unit));
    percent(prompt, &matter)
}

fn around(evidence: &Evidence, unit: &Unit) -> BTreeSet<String> {
    let (_, titles) = evidence.names.split_last().expect("a document's path is among its names");
    titles.iter().chain(&unit.path).flat_map(|words| stems_of(words)).collect()
}

fn percent(prompt: &Prompt, matter: &BTreeSet<String>) -> usize {
    match prompt.matter.len() {
        0 => 100,
        all => prompt.matter.iter().filter(|stem| matter.contains(*stem)).count() * 100 / all,
    }
}

fn starts(words: &[String], quote: &[String]) -> bool {
    let skip = usize::from(words.first().is_some_and(|word| ["a", "an", "the"].contains(&word.as_str())));
    words[skip..].starts_with(quote) && words.len() > skip + quote.len() + 2
}

/// Returns whether words begin with what they are about.
fn leads(words: &[String], quote: &[String]) -> bool {
    let skip = usize::from(words.first().is_some_and(|word| ["a", "an", "the"].contains(&word.as_str())));
    words[skip..].starts_with(quote)
}

/// Returns the verb with which a sentence defines a thing: it names the thing first, and then says what it is.
fn definition<'a>(words: &'a [String], thing: &BTreeSet<String>) -> Option<&'a str> {
    let verbs = ["is", "are", "means", "refers", "represents"];
    let at = words.iter().take(thing.len() + 3).position(|word| verbs.contains(&word.as_str()))?;
    let verb = words[at].as_str();
    let article =
        words.get(at + 1).is_some_and(|word| ["a", "an", "the", "one", "any"].contains(&word.as_str()));
    let defines = words.len() > at + 4 && (article || !["is", "are"].contains(&verb));
    let pointing = ["this", "that", "these", "those"].contains(&words[0].as_str());
    (defines && !pointing && stems_of(&words[..at]) == *thing).then_some(verb)
}

fn ambiguous(evidence: &Evidence, unit: &Unit) -> Fault {
    let words = evidence.words(unit);
    Fault::Ambiguous(words[..words.len().min(12)].join(" "))
}
