//! `(question, seed) -> bad question`: five kinds of fault, each as a careless generator makes it.

use rifflebox_core::Key;

use crate::corpus::Case;

pub(crate) const KINDS: [&str; 5] = ["leak", "other span", "other document", "ambiguous", "garbled"];

/// Plants a fault in a question; none where this one cannot carry it.
pub(crate) fn plant(kind: &str, cases: &[Case], at: usize, seed: Key) -> Option<Case> {
    let case = &cases[at];
    let planted = match kind {
        "leak" => leak(case, seed),
        "other span" => swapped(case, cases, seed, |other| other.document.id == case.document.id),
        "other document" => swapped(case, cases, seed, |other| other.document.id != case.document.id),
        "ambiguous" => ambiguous(case, cases, seed),
        _ => garbled(case, cases, seed),
    };
    planted.filter(|planted| {
        planted.prompt() != case.prompt()
            || planted.completion() != case.completion()
            || planted.document.text != case.document.text
    })
}

fn draw(seed: Key, below: usize) -> usize {
    (seed.to_u128() % below.max(1) as u128) as usize
}

/// The prompt says its answer: as it stands, inflected, or spelt.
fn leak(case: &Case, seed: Key) -> Option<Case> {
    let (prompt, answer) = (case.prompt(), case.completion());
    let words = answer.split_whitespace().count();
    let hint = match (words <= 6, draw(seed, 4)) {
        (true, 0) => format!(" ({answer}, for instance)"),
        (true, 1) => format!(" Think of {}.", inflected(answer)),
        (true, 2) => format!(" (hint: {})", answer.chars().map(String::from).collect::<Vec<_>>().join("-")),
        (true, _) => format!(" It is not far from \"{}\".", answer.to_uppercase()),
        (false, 0 | 1) => format!(" (hint: {answer})"),
        (false, _) => {
            let most: Vec<&str> = answer.split_whitespace().take(words * 3 / 4).collect();
            format!(" Begin with: {}", most.join(" "))
        }
    };
    Some(case.with(&format!("{prompt}{hint}"), answer))
}

fn inflected(answer: &str) -> String {
    let inflect = |word: &str| match word.strip_suffix('s').or(word.strip_suffix('e')) {
        Some(head) => head.to_owned() + "ed",
        None => word.to_owned() + "s",
    };
    answer
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(inflect)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The answer to another question; of the same kind, where there is one.
fn swapped(case: &Case, cases: &[Case], seed: Key, of: impl Fn(&Case) -> bool) -> Option<Case> {
    let other = |other: &&Case| {
        of(other) && !same(other.completion(), case.completion()) && other.support != case.support
    };
    let mut others: Vec<&Case> =
        cases.iter().filter(|other| other.shape == case.shape).filter(other).collect();
    if others.is_empty() {
        others = cases.iter().filter(other).collect();
    }
    let other = others.get(draw(seed, others.len()))?;
    Some(case.with(case.prompt(), other.completion()))
}

fn same(one: &str, other: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    letters(one).contains(&letters(other)) || letters(other).contains(&letters(one))
}

/// The document says as much of something else; or the prompt lost what told its thing from others.
fn ambiguous(case: &Case, cases: &[Case], seed: Key) -> Option<Case> {
    let (prompt, answer) = (case.prompt(), case.completion());
    if draw(seed, 4) == 0 {
        let mark = if prompt.starts_with("From ") { ": " } else { ", " };
        let mut quoted = false;
        let end = prompt.char_indices().find(|&(at, c)| {
            quoted ^= c == '"';
            !quoted && prompt[at..].starts_with(mark)
        });
        let place = &prompt[..end?.0];
        let bare = ["what is it?", "what is it called?", "how is this described?", "which one is meant?"];
        return Some(case.with(&format!("{place}, {}", bare[draw(Key::of(prompt.as_bytes()), 4)]), answer));
    }
    let span = case.sample.documents[0].span?;
    let text = &case.document.text;
    let (start, end) = (span.start as usize, span.end as usize);
    let others: Vec<&Case> =
        cases.iter().filter(|other| other.shape == case.shape && !same(other.completion(), answer)).collect();
    let other = others.get(draw(seed, others.len()))?.completion();
    // The lines that say it, once more, with another answer in its place.
    let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let lines = &text[first..last];
    let long = answer.split_whitespace().count() > 6;
    let copy = match long {
        false => replaced(lines, answer, other)?,
        true => long_copy(case, lines, other)?,
    };
    let table = lines.trim_start().starts_with('|');
    let gap = if table || lines.trim_start().starts_with(['-', '*', '+']) { "\n" } else { "\n\n" };
    let mut planted = case.with(prompt, answer);
    planted.document.text =
        format!("{}{gap}{copy}{gap}{}", &text[..last], text[last..].trim_start_matches('\n'));
    Some(planted)
}

/// Replaces an answer where it stands alone; none if it does so several times.
fn replaced(lines: &str, answer: &str, other: &str) -> Option<String> {
    (lines.matches(answer).count() == 1).then(|| lines.replacen(answer, other, 1))
}

/// Says of the same thing what is said of another: a second definition, entry or cell.
fn long_copy(case: &Case, lines: &str, other: &str) -> Option<String> {
    let answer = case.completion();
    match case.shape.as_str() {
        "definition" if case.prompt().contains("the term \"") => {
            let (_, term) = case.prompt().rsplit_once("the term \"")?;
            Some(format!("### {}\n\n{other}", term.split('"').next()?))
        }
        "definition" => {
            let verb = [" is ", " are ", " refers to ", " represents "]
                .into_iter()
                .find(|verb| answer.contains(verb))?;
            let (thing, _) = answer.split_once(verb)?;
            let (_, predicate) = other.split_once(" is ").or(other.split_once(" are "))?;
            let verb = if ["a ", "an ", "the "].iter().any(|open| predicate.starts_with(open)) {
                verb
            } else {
                return None;
            };
            case.support.contains(answer).then(|| format!("{thing}{verb}{predicate}"))
        }
        "item" | "cell" if lines.matches(answer).count() == 1 => Some(lines.replacen(answer, other, 1)),
        "heading" => {
            let (_, heading) = case.prompt().split_once("?: ").or(case.prompt().split_once(": "))?;
            Some(format!("## {heading}\n\n{other}"))
        }
        _ => None,
    }
}

/// Words that no document says: shuffled, negated, with other figures, cut, or asked of another matter.
fn garbled(case: &Case, cases: &[Case], seed: Key) -> Option<Case> {
    let (prompt, answer) = (case.prompt(), case.completion());
    let words: Vec<&str> = answer.split_whitespace().collect();
    if words.len() > 6 {
        return match draw(seed, 4) {
            0 => Some(case.with(prompt, &shuffled(&words, seed))),
            1 => {
                let negated =
                    ["is ", "are ", "a ", "the ", "to "].iter().find(|word| answer.contains(*word))?;
                Some(case.with(prompt, &answer.replacen(*negated, &format!("{negated}not "), 1)))
            }
            2 => {
                let middle = words.len() / 2;
                let mut cut = words.clone();
                cut.remove(middle);
                Some(case.with(prompt, &cut.join(" ")))
            }
            _ => asked_otherwise(case, cases, seed),
        };
    }
    match draw(seed, 3) {
        0 => {
            let mut letters: Vec<char> = answer.chars().collect();
            let middle = letters.len() / 2;
            letters.insert(middle, 'q');
            Some(case.with(prompt, &letters.into_iter().collect::<String>()))
        }
        1 if answer.chars().any(|c| c.is_ascii_digit()) => {
            let digit =
                |c: char| c.to_digit(10).map_or(c, |d| char::from_digit((d + 3) % 10, 10).expect("a digit"));
            Some(case.with(prompt, &answer.chars().map(digit).collect::<String>()))
        }
        _ => asked_otherwise(case, cases, seed),
    }
}

/// The right answer to a question of another document, asked of this one.
fn asked_otherwise(case: &Case, cases: &[Case], seed: Key) -> Option<Case> {
    let others: Vec<&Case> = cases.iter().filter(|other| other.document.id != case.document.id).collect();
    let other = others.get(draw(seed, others.len()))?;
    Some(case.with(other.prompt(), case.completion()))
}

fn shuffled(words: &[&str], seed: Key) -> String {
    let mut order: Vec<(Key, &str)> = words
        .iter()
        .enumerate()
        .map(|(at, word)| (Key::builder("word").key(seed).number(at as u64).finish(), *word))
        .collect();
    order.sort();
    order.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}
