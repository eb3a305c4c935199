//! "Which flag does …?": sentences whose subject or tool is a name in code, with the word for what it is.

use std::collections::BTreeMap;
use std::ops::Range;

use super::line::Line;
use super::page::{Kind, Page};
use super::prose::{is_sentence, points_nowhere, stands_alone};
use super::question::{Ask, Question};
use super::words::{bare, terms};

/// What a name in code can be, where the name is the world's and not the page's.
const KINDS: [&str; 63] = [
    "environment variable",
    "command-line flag",
    "command line flag",
    "command-line option",
    "feature flag",
    "feature gate",
    "configuration option",
    "configuration key",
    "semantic convention",
    "resource attribute",
    "command",
    "subcommand",
    "flag",
    "option",
    "parameter",
    "keyword",
    "operator",
    "macro",
    "attribute",
    "annotation",
    "metric",
    "label",
    "header",
    "endpoint",
    "processor",
    "exporter",
    "receiver",
    "extension",
    "connector",
    "package",
    "property",
    "setting",
    "directive",
    "modifier",
    "aggregator",
    "tool",
    "library",
    "trait",
    "method",
    "function",
    "type",
    "module",
    "crate",
    "class",
    "field",
    "key",
    "placeholder",
    "variable",
    "plugin",
    "stage",
    "block",
    "clause",
    "struct",
    "enum",
    "interface",
    "object",
    "resource",
    "controller",
    "middleware",
    "provider",
    "utility",
    "service",
    "hook",
];

/// Of these, a tutorial invents its own: only asked where the page holds its own code, and it isn't there.
const INVENTED: [&str; 17] = [
    "metric",
    "label",
    "trait",
    "method",
    "function",
    "type",
    "module",
    "crate",
    "class",
    "package",
    "variable",
    "struct",
    "enum",
    "interface",
    "object",
    "service",
    "resource",
];

/// Asks of each sentence that names one thing in code and says what it does.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    let alike = openings(page);
    for (number, block) in page.blocks().iter().enumerate() {
        let (Kind::Paragraph(line) | Kind::Item { line, .. }) = &block.kind else { continue };
        for sentence in line.sentences() {
            if let Some((ask, code, quality)) = question_of(page, line, &sentence) {
                let opening = subject(&line.text[sentence.clone()]).map(|(_, _, rest)| opening(rest));
                if opening.is_some_and(|opening| alike.get(&opening).is_some_and(|count| *count > 1)) {
                    continue;
                }
                questions.push(Question {
                    shape: "which",
                    quality,
                    ask: Ask::According(ask),
                    section: section(page, number, code),
                    answer: code.to_owned(),
                    support: line.text[sentence.clone()].to_owned(),
                    span: line.source(&sentence),
                    block: number,
                });
            }
        }
    }
}

/// Counts how many sentences on a name in code go on with the same words: then several names answer.
fn openings(page: &Page) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for block in page.blocks() {
        let (Kind::Paragraph(line) | Kind::Item { line, .. }) = &block.kind else { continue };
        for sentence in line.sentences() {
            if let Some((_, _, rest)) = subject(&line.text[sentence]) {
                *counts.entry(opening(rest)).or_default() += 1;
            }
        }
    }
    counts
}

/// Returns the words with which a sentence begins to say what its subject does.
fn opening(rest: &str) -> String {
    rest.split_whitespace().take(6).map(bare).collect::<Vec<_>>().join(" ")
}

/// Returns the heading above, if it helps and does not hold the answer.
pub(super) fn section(page: &Page, number: usize, answer: &str) -> Option<String> {
    let generic = "overview introduction usage configuration setup examples example notes summary details \
        background options flags parameters arguments fields syntax properties settings description reference \
        synopsis attributes available configuration";
    let plain = |word: &str| generic.split_ascii_whitespace().any(|known| known == word);
    let known = |heading: &str| heading.to_lowercase().split_ascii_whitespace().all(plain);
    let heading = page.block(number).sections().find(|heading| !known(heading) && *heading != page.title)?;
    terms(heading).is_disjoint(&terms(answer)).then(|| heading.to_owned())
}

fn question_of<'a>(page: &Page, line: &'a Line, sentence: &Range<usize>) -> Option<(String, &'a str, u8)> {
    let text = &line.text[sentence.clone()];
    if !is_sentence(text, 8, 32)
        || text.contains(" is not ")
        || text.contains(", and the ")
        || text.contains(" then ")
        || text.contains(" while ")
    {
        return None;
    }
    let codes = line.code_in(sentence);
    let (ask, code, quality) = as_subject(text).or_else(|| as_tool(text))?;
    let code = codes.iter().map(|known| known.trim()).find(|known| *known == code)?;
    let others = codes.iter().filter(|other| other.trim() != code).count();
    (is_asked_for(page, code, &ask) && others <= 1).then_some((ask, code, quality))
}

/// "The `X` flag enables …." becomes "which flag enables …?".
fn as_subject(text: &str) -> Option<(String, &str, u8)> {
    let (code, kind, rest) = subject(text)?;
    let verb = rest.split_whitespace().next()?;
    let passive = ["is used to ", "is used for ", "can be used to "].iter().any(|way| rest.starts_with(way));
    let sound = !rest.contains(';')
        && (passive || verb != "can" && is_finite(verb))
        && rest.split_whitespace().count() >= 6
        && points_nowhere(rest)
        && stands_alone(text);
    sound.then(|| (format!("which {kind} {rest}?"), code, 70))
}

/// Parts "The `X` flag enables …." into the name, what it is, and the rest.
pub(super) fn subject(text: &str) -> Option<(&str, &'static str, &str)> {
    let (code, rest) = code_first(text.strip_prefix("The ").unwrap_or(text))?;
    let (kind, rest) = match kind_first(rest) {
        Some((kind, rest)) => (kind, rest),
        None => (kind_by_look(code)?, rest),
    };
    Some((code.trim(), kind, rest.trim_end_matches('.')))
}

/// "Use the `X` flag to …." becomes "which flag do you use to …?".
fn as_tool(text: &str) -> Option<(String, &str, u8)> {
    let openings = ["Use ", "You can use ", "You use ", "Run ", "You can run "];
    let (rest, aim) = match openings.iter().find_map(|opening| text.strip_prefix(opening)) {
        Some(rest) => (rest, None),
        None => {
            let (aim, rest) = text.strip_prefix("To ")?.split_once(", ")?;
            let rest = ["use ", "run ", "set ", "you can use ", "you use ", "add "]
                .iter()
                .find_map(|how| rest.strip_prefix(how))?;
            (rest, Some(aim))
        }
    };
    let (code, rest) = code_first(rest.strip_prefix("the ").unwrap_or(rest))?;
    let (kind, rest) = match kind_first(rest) {
        Some((kind, rest)) => (kind, rest),
        None => (kind_by_look(code)?, rest),
    };
    let aim = match aim {
        Some(aim) if rest.trim_end_matches('.').is_empty() => aim,
        Some(_) => return None,
        None => rest.strip_prefix("to ")?,
    };
    let aim = aim.trim_end_matches('.');
    let sound = aim.split_whitespace().count() >= 4 && points_nowhere(aim);
    sound.then(|| (format!("which {kind} do you use to {aim}?"), code, 65))
}

fn code_first(text: &str) -> Option<(&str, &str)> {
    let (code, rest) = text.strip_prefix('`')?.split_once('`')?;
    Some((code, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn kind_first(rest: &str) -> Option<(&'static str, &str)> {
    let kind = KINDS
        .iter()
        .find(|kind| rest.strip_prefix(**kind).is_some_and(|after| after.starts_with([' ', '.'])))?;
    Some((kind, rest[kind.len()..].trim_start()))
}

/// Tells what a name is by how it is written.
pub(super) fn kind_by_look(code: &str) -> Option<&'static str> {
    let upper = code.len() > 5
        && code.contains('_')
        && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let flag = code.starts_with("--") && code.len() > 4 && !code.contains(' ');
    let tools =
        ["cargo ", "rustup ", "kubectl ", "docker ", "helm ", "npm ", "git ", "go ", "pip ", "promtool "];
    match () {
        () if upper => Some("environment variable"),
        () if flag => Some("command-line flag"),
        () if tools.iter().any(|tool| code.starts_with(tool)) => Some("command"),
        () if code.ends_with('!') && code.len() > 2 => Some("macro"),
        () => None,
    }
}

/// Returns whether a word can be the verb of a subject in the third person.
pub(super) fn is_finite(verb: &str) -> bool {
    let word = bare(verb);
    let weak = "has was its this is as does needs works uses takes looks comes remains requires accepts expects \
        exists defaults ends begins follows differs behaves depends gains refers means gets goes stands becomes seems always";
    let ends = word.ends_with('s') && !word.ends_with("ss");
    verb == word && (word == "can" || ends && !weak.split_ascii_whitespace().any(|weak| weak == word))
}

/// Returns whether a name is worth asking for: no value, no invention of the page, nothing that two could answer.
pub(super) fn is_asked_for(page: &Page, code: &str, ask: &str) -> bool {
    let letters = code.chars().filter(|c| c.is_ascii_alphabetic()).count();
    let plain =
        letters >= 3 && code.chars().count() <= 50 && !code.contains(['<', '{', '"', '$', '…', '\'', '=']);
    let kind = ask.split_whitespace().nth(1).unwrap_or_default();
    let invented = || INVENTED.contains(&kind) && (page.includes_code || is_defined(page, code));
    // "the `a` and `b` flags" has been refused by its plural; "`a` or `b`" is refused here.
    let alone = !ask.contains(" or `") && !ask.contains(" and `");
    // A name of a program's own, written bare, is of the page alone.
    let nameless = super::list::is_plain_word(code)
        && ["endpoint", "field", "metric", "label", "parameter", "option"].contains(&kind);
    let camel = |word: &str| {
        word.chars().next().is_some_and(|c| c.is_ascii_lowercase())
            && word.chars().skip(1).any(|c| c.is_ascii_uppercase())
    };
    let bare_names =
        ask.split('`').step_by(2).flat_map(str::split_whitespace).any(|word| camel(word) && word != "macOS");
    plain && !nameless && alone && !bare_names && terms(ask).len() >= 3 && !invented()
}

/// Returns whether one of the page's own code blocks makes something of this name.
fn is_defined(page: &Page, name: &str) -> bool {
    let name = name.rsplit(['.', ':']).next().unwrap_or(name).trim_end_matches("()");
    page.makes(name)
}
