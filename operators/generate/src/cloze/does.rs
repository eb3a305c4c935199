//! "What does X do?": sentences whose subject is the name above them, or a name in code.

use super::list::is_plain_word;
use super::named::{is_asked_for, section, subject};
use super::page::{Kind, Page};
use super::prose::{is_sentence, stands_alone};
use super::question::{Ask, Question};
use super::words::{bare, terms};

/// Verbs with which documentation says what a named thing does.
const DOES: &str = "enables disables specifies sets returns defines controls provides creates adds \
    allows configures determines indicates sends exports collects receives describes stores shows \
    lists runs starts stops removes generates loads reads writes limits counts measures reports converts \
    captures tracks identifies filters drops aggregates monitors emits handles manages executes matches \
    overrides selects checks gives tells prints builds compiles updates deletes instruments \
    records enriches processes transforms forwards scrapes exposes propagates injects extracts verifies compares connects performs includes excludes copies saves restores \
    moves opens closes changes modifies extends binds signs encrypts decrypts terminates denies permits uses \
    forces prevents ignores skips validates parses restricts displays renders redirects encodes rejects \
    registers replaces prepends appends evaluates watches reconciles synchronizes installs publishes \
    fetches downloads uploads resolves triggers rewrites serves proxies routes computes calculates queries \
    retries waits groups sorts splits merges maps turns makes lets helps keeps ensures accepts";

/// Of these, what a sentence says of a thing by the way: what it takes, keeps or makes use of is seldom what it is for.
pub(super) const SIDES: [&str; 12] = [
    "runs",
    "shows",
    "makes",
    "lists",
    "keeps",
    "starts",
    "supports",
    "uses",
    "accepts",
    "waits",
    "lets",
    "describes",
];

/// Of these, nouns in their plain form: "Filter for …", "List of …".
const NOUNS: &str = "list report filter query limit store count group map route proxy track process export support \
    control record match merge trigger sort split help wait";

/// Returns whether a text says what something does: it begins with a verb, in either form.
pub(super) fn is_deed(text: &str) -> bool {
    let opening = bare(text.split_whitespace().next().unwrap_or_default());
    // "Display name of …" and "Set of …" only look like one.
    let second = bare(text.split_whitespace().nth(1).unwrap_or_default());
    let noun = ["of", "name", "to", "for", "is", "are", "in"].contains(&second.as_str());
    let named = NOUNS.split_ascii_whitespace().any(|noun| noun == opening);
    let base = |verb: &str| {
        verb == opening
            || !named
                && (verb.strip_suffix('s') == Some(&opening)
                    || verb.strip_suffix("ies").is_some_and(|head| opening.strip_suffix('y') == Some(head))
                    || verb.strip_suffix("es") == Some(&opening))
    };
    !noun && DOES.split_ascii_whitespace().any(base)
}

/// Returns whether a word is one of the verbs, as a third person has it.
pub(super) fn is_doing(word: &str) -> bool {
    DOES.split_ascii_whitespace().any(|verb| verb == word)
}

/// Asks of each sentence that says what one thing does, where no other sentence of the page has the same subject.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    for (number, block) in page.blocks().iter().enumerate() {
        let (Kind::Paragraph(line) | Kind::Item { line, .. }) = &block.kind else { continue };
        for sentence in line.sentences() {
            let text = &line.text[sentence.clone()];
            if !is_sentence(text, 8, 40) || !stands_alone(text) || text.contains(" your ") {
                continue;
            }
            let titled = || named_above(page, number, text);
            let Some((ask, term, quality)) = of_code(page, text).or_else(titled) else { continue };
            // What is said of a thing that was spoken of before is a remark on it.
            let two =
                [", while ", ", but ", " whereas ", ", and the "].iter().any(|mark| text.contains(mark));
            if two || page.speaks_often_of(&term) || !page.says_first(number, &term) {
                continue;
            }
            questions.push(Question {
                shape: "does",
                quality,
                ask: Ask::According(ask),
                section: section(page, number, "").filter(|_| term.contains('`')),
                answer: text.to_owned(),
                support: text.to_owned(),
                span: line.source(&sentence),
                block: number,
            });
        }
    }
}

/// "The `X` flag enables …." becomes "what does the `X` flag do?"; a plain word in code needs its kind.
fn of_code(page: &Page, text: &str) -> Option<(String, String, u8)> {
    let (code, kind, rest) = subject(text)?;
    let verb = rest.split_whitespace().next()?;
    let sound = is_doing(verb) && !SIDES.contains(&verb) && rest.split_whitespace().count() >= 6;
    // A function of the page's own that is one word may be any.
    let named = !is_plain_word(code);
    let ask = format!("what does the {kind} `{code}` do?");
    (sound && named && is_asked_for(page, code, &format!("which {kind} {rest}?")))
        .then(|| (ask, format!("`{code}`"), 66))
}

/// "The application controller watches …." under the heading "Application controller", or on a page of that title.
fn named_above(page: &Page, number: usize, text: &str) -> Option<(String, String, u8)> {
    let (article, rest) = match text.split_once(' ')? {
        (article @ ("The" | "A" | "An"), rest) => (format!("{} ", article.to_lowercase()), rest),
        _ => (String::new(), text),
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let at = words.iter().take(6).position(|word| is_doing(word))?;
    // What is run, shown or kept is seldom what a thing is for.
    if SIDES.contains(&words[at]) {
        return None;
    }
    let term = words[..at].join(" ");
    let plain = !term.contains([',', '(', ':', '"', '`']) && !terms(&term).is_empty();
    // "The exporter" is one of many, and what "observability" does is no fact.
    let alone = !term.contains(' ') && term.chars().skip(1).all(char::is_lowercase);
    if alone {
        return None;
    }
    // Only a name goes without an article.
    let name = !article.is_empty() || term.split(' ').all(|word| word.starts_with(char::is_uppercase));
    let stems = terms(&term);
    let above =
        page.block(number).sections().chain([page.name.as_str()]).any(|heading| terms(heading) == stems);
    (plain && name && above).then(|| (format!("what does {article}{term} do?"), term, 72))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds() {
        assert!(
            is_deed("Sets the port.") && is_deed("Set the port.") && is_deed("Specify which port it is.")
        );
        assert!(!is_deed("Display name of the owner") && !is_deed("Set of all ports") && !is_deed("A port."));
    }
}
