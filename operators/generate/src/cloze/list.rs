//! Lists whose items say what something is, and lists that a sentence announces.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::Alike;
use super::define::{has_main_verb, is_joined, is_of_people};
use super::does::{SIDES, is_deed, is_doing};
use super::line::{Line, Look};
use super::named::{kind_by_look, section};
use super::page::{Block, Kind, Page};
use super::prose::{is_clean, points_nowhere, stands_alone};
use super::question::{Ask, Question};
use super::words::{bare, is_english, is_stop, lower_first, stem, terms};

/// What labels a line without being a term.
const LABELS: &str = "description unit type name note notes status alpha beta stable example examples input output \
    default required optional before after goal goals problem solution result results when why what how who \
    where question answer day date time location author authors duration action decision stage phase tip \
    warning important title summary purpose usage value implementation testing observability kubernetes-native cloud-native";

/// Asks for each item "term: what it is", and for each short list as a whole.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    let mut last = None;
    let lists = lists(page);
    for (number, block) in page.blocks().iter().enumerate() {
        let Kind::Item { list: of, .. } = block.kind else { continue };
        let Some(list) = lists.get(&of) else { continue };
        item_questions(page, number, list, questions);
        if last != Some(of) && number > 0 {
            whole_list(page, number, list, questions);
        }
        last = Some(of);
    }
}

/// The items of one list, and what each of them is compared by.
struct List<'a> {
    /// The numbers of their blocks, in order.
    items: Vec<usize>,
    /// How many items are terms with their meaning, by the stems of the term.
    terms: BTreeMap<BTreeSet<String>, usize>,
    /// How many those are in all.
    entries: usize,
    /// Their meanings.
    meanings: Alike<'a>,
    /// Whether the items are names of other pages: each is a link, and none is code.
    leads_elsewhere: bool,
}

impl<'a> List<'a> {
    fn of(items: Vec<(usize, &'a Line)>) -> Self {
        let entries: Vec<(&str, &str)> = items.iter().filter_map(|(_, line)| entry(line)).collect();
        let mut counts = BTreeMap::new();
        entries.iter().for_each(|(term, _)| *counts.entry(terms(term)).or_default() += 1);
        let link = |line: &Line| {
            let first = |look| line.marks.iter().any(|mark| mark.range.start == 0 && mark.look == look);
            first(Look::Link) && !first(Look::Code)
        };
        List {
            leads_elsewhere: items.iter().all(|(_, line)| link(line)),
            items: items.into_iter().map(|(number, _)| number).collect(),
            terms: counts,
            entries: entries.len(),
            meanings: Alike::of(entries.into_iter()),
        }
    }

    /// Returns whether a term is one of several that have a meaning, and no other of them has its stems.
    fn tells_apart(&self, term: &str) -> bool {
        self.entries >= 2 && self.terms.get(&terms(term)) == Some(&1)
    }
}

/// Returns the lists of a page by their numbers.
fn lists(page: &Page) -> BTreeMap<usize, List<'_>> {
    let mut items: BTreeMap<usize, Vec<(usize, &Line)>> = BTreeMap::new();
    for (number, block) in page.blocks().iter().enumerate() {
        if let Kind::Item { list, line, .. } = &block.kind {
            items.entry(*list).or_default().push((number, line));
        }
    }
    items.into_iter().map(|(list, items)| (list, List::of(items))).collect()
}

/// Parts an item at the mark behind its first, outstanding words: "**term**: meaning".
fn entry(line: &Line) -> Option<(&str, &str)> {
    let mark = line.marks.iter().filter(|mark| mark.range.start == 0).max_by_key(|mark| mark.range.end)?;
    let mut term = line.text[mark.range.clone()].trim();
    let mut rest = &line.text[mark.range.end..];
    // The colon can stand inside the bold words.
    if let Some(inner) = term.strip_suffix(':') {
        term = inner;
    } else {
        let separators = [": ", " - ", " – ", " — ", "—", " -- "];
        let said = rest.strip_prefix(' ').filter(|said| is_said(said));
        rest = separators.iter().find_map(|separator| rest.strip_prefix(separator)).or(said)?;
        rest = rest.strip_prefix("is ").unwrap_or(rest);
    }
    let (term, meaning) = (term.trim().trim_matches('`'), rest.trim());
    let sound = !term.is_empty() && term.split_whitespace().count() <= 4 && term.chars().count() <= 50;
    let plain = !term.contains(['`', ':', '?', ',', '"', '<', '{', '[', '=']) && !is_stop(&bare(term));
    let label = LABELS.split_ascii_whitespace().any(|label| label == term.to_lowercase());
    let plain = plain
        && !label
        && !term.contains(';')
        && !term.starts_with("my-")
        && !term.contains(['(', ')', '→'])
        && !term.starts_with("..");
    (sound && plain && term.chars().any(|c| c.is_ascii_alphabetic())).then_some((term, meaning))
}

/// Returns whether an item is of an example, which holds there alone, or a plain word in code, which does not say what it
/// is a name of.
fn is_beside(page: &Page, block: &Block, term: &str, code: bool) -> bool {
    let example = |text: &str| text.to_lowercase().contains("example") || text.starts_with("Navigating");
    example(&page.title)
        || page.name.starts_with("Build a ")
        || block.section().is_some_and(|heading| example(heading) || is_aside(heading))
        || code && is_plain_word(term)
}

/// Returns whether a text can say what something is or does, also away from its page.
fn is_meaning(text: &str) -> bool {
    (5..=45).contains(&text.split_whitespace().count())
        && points_nowhere(text)
        && is_english(text)
        && !is_of_people(text)
        && !text.ends_with(':')
        && !text.contains(['→', '?', '!', '#'])
        && !text.contains(": ")
}

/// Returns whether a section is beside the matter: what to have at hand, or who else is there.
fn is_aside(heading: &str) -> bool {
    let asides = [
        "before you begin",
        "prerequisite",
        "requirements",
        "adopter",
        "next steps",
        "speaker",
        "who ",
        "further reading",
        "see also",
    ];
    let heading = heading.to_lowercase();
    asides.iter().any(|aside| heading.contains(aside))
}

/// Returns whether a text goes on after its subject by saying what that is or does: "**gzip** enables …".
fn is_said(text: &str) -> bool {
    let verb = text.split_whitespace().next().unwrap_or_default();
    is_doing(verb) || ["is the ", "is a ", "is an "].iter().any(|be| text.starts_with(be))
}

/// Returns whether an item is of a term that it alone explains: a link leads to what others say, most of them of what
/// others make, and of what the whole documentation is about each page says another thing.
fn is_own(page: &Page, list: &List<'_>, line: &Line, term: &str) -> bool {
    let linked = line.marks.iter().any(|mark| mark.range.start == 0 && mark.look == Look::Link);
    list.tells_apart(term) && !page.is_of(term) && (line.text.starts_with('`') || !linked)
}

fn item_questions(page: &Page, number: usize, list: &List<'_>, questions: &mut Vec<Question>) {
    let block = page.block(number);
    let Kind::Item { line, alone, .. } = &block.kind else { return };
    let Some((term, meaning)) = entry(line).filter(|(term, _)| is_own(page, list, line, term)) else {
        return;
    };
    let code = line.text.starts_with('`');
    let first = first_sentence(meaning);
    let noun = kind_by_look(term).or_else(|| kind_above(page, block).filter(|_| code));
    if is_beside(page, block, term, code && noun.is_none()) || !is_meaning(first) {
        return;
    }
    let words = first.split_whitespace().count();
    // A name of a program's own is code, however it is set.
    let code = code || term.contains(['_', '.']) && !term.contains(' ');
    let (shown, start) =
        (if code { format!("`{term}`") } else { format!("\"{term}\"") }, line.text.find(first));
    let Some(start) = start else { return };
    let span = line.source(&(0..start + first.len()));
    let support = line.text[..start + first.len()].to_owned();
    let mut push = |shape, quality, ask: String, section, answer: &str| {
        let answer = answer.to_owned();
        let (support, span, ask) = (support.clone(), span.clone(), Ask::According(ask));
        questions.push(Question { shape, quality, ask, section, answer, support, span, block: number });
    };
    let opening = bare(first.split_whitespace().next().unwrap_or_default());
    let does = is_doing(&opening) && !SIDES.contains(&opening.as_str()) || noun.is_some() && is_deed(first);
    let your = first.contains("your") || first.contains("you ");
    let phrase = ["a", "an"].contains(&opening.as_str()) || opening == "the" && is_joined(first);
    let acts = first.split_whitespace().take(4).any(is_doing);
    let is = phrase && !acts && !has_main_verb(first) && !your;
    // Where a sibling is described alike, what tells them apart may be in what follows.
    let cut = first.len() < meaning.len() && list.meanings.has(term, first);
    if cut || term.chars().count() < 3 || term.starts_with("Using ") {
        return;
    }

    // "uri: the URI …" tells nothing.
    let echoes =
        !code && terms(term).is_subset(&terms(first)) || !is_name(term) && !does && list.leads_elsewhere;
    let heading = section(page, number, "");
    if does && code {
        let kind = noun.map_or_else(String::new, |kind| format!("the {kind} "));
        push("item", 62, format!("what does {kind}{shown} do?"), heading.clone(), first);
    } else if is
        && *alone
        && !echoes
        && (code || !is_plain_word(term))
        && (code || !term.contains(' ') || is_name(term) && !is_label(term))
    {
        let ask = if code { format!("what is {shown}?") } else { format!("what is meant by {shown}?") };
        push("item", 60, ask, heading.clone(), first);
    }
    // The other way round, where one meaning alone fits.
    let telling = words >= 7
        && !first.contains(", if ")
        && !your
        && terms(first).is_disjoint(&terms(term))
        && !first.contains('"');
    // A plain word is the list's own label for its line, where the list does not say that it explains words.
    let plain = is_plain_word(term) || code && is_plain_word(&term.to_lowercase()) && !is_name(term);
    let known = code || is_name(term) && !is_label(term) && term.chars().any(char::is_lowercase);
    if telling
        && (does || is)
        && (noun.is_some() || !plain && (known || !is_label(term) && is_glossary(page, block)))
        && !list.meanings.has(term, first)
    {
        push("item-term", 62, which_ask(noun, first, is_doing(&opening)), heading, term);
    }
}

/// Asks which thing a meaning is of: what it does, or how it is described.
fn which_ask(noun: Option<&str>, meaning: &str, does: bool) -> String {
    let said = lower_first(meaning.trim_end_matches('.'));
    match (noun, does) {
        (Some(noun), true) => format!("which {noun} {said}?"),
        (Some(noun), false) => format!("which {noun} is described as \"{said}\"?"),
        (None, true) => format!("what {said}?"),
        (None, false) => format!("what is described as \"{said}\"?"),
    }
}

/// Returns whether a name in code is one plain word, which many things share.
pub(super) fn is_plain_word(code: &str) -> bool {
    code.chars().all(|c| c.is_ascii_lowercase())
}

/// Returns whether a term can be what does something: several capitalised words, or one that is not a plain word.
fn is_name(term: &str) -> bool {
    let capital = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    match term.split_once(' ') {
        Some(_) => term.split(' ').all(capital),
        None => term.chars().skip(1).any(|c| !c.is_ascii_lowercase()),
    }
}

/// Returns whether a term is made of several plain words: then it is the page's own label, not a name.
fn is_label(term: &str) -> bool {
    let plain = |word: &str| word.chars().skip(1).all(|c| c.is_ascii_lowercase());
    term.split_whitespace().count() >= 2 && term.split_whitespace().all(plain)
}

/// Returns what names in code are called by the heading above or the title, where a language or a program has them.
fn kind_above(page: &Page, block: &Block) -> Option<&'static str> {
    let kinds = ["keyword", "command", "subcommand", "operator", "macro", "directive", "modifier"];
    let said = |heading: &str, kind: &str| {
        heading.split(' ').any(|word| bare(word).strip_suffix('s').is_some_and(|word| word == kind))
    };
    let above = block.section().into_iter().chain([page.name.as_str()]);
    above.flat_map(|heading| kinds.into_iter().filter(move |kind| said(heading, kind))).next()
}

/// Returns whether a list says itself that it explains words.
fn is_glossary(page: &Page, block: &Block) -> bool {
    let names = ["glossary", "terminology", "definitions", "terms"];
    let says =
        |heading: &str| names.iter().any(|name| heading.to_lowercase().split(' ').any(|word| word == *name));
    says(&page.name) || block.section().is_some_and(says)
}

pub(super) fn first_sentence(text: &str) -> &str {
    let mut line = Line::default();
    line.push(text, 0..text.len());
    let end = line.sentences().first().map_or(0, |range| range.end);
    text.get(..end).unwrap_or(text)
}

/// "X supports three signals:" and its items.
fn whole_list(page: &Page, number: usize, list: &List<'_>, questions: &mut Vec<Question>) {
    let Kind::Paragraph(line) = &page.block(number - 1).kind else { return };
    let Some(sentence) = line.sentences().pop() else { return };
    let text = &line.text[sentence.clone()];
    let Some(intro) = text.strip_suffix(':') else { return };
    let items =
        list.items[list.items.partition_point(|item| *item < number)..].iter().map(|item| page.block(*item));
    // One more than the longest list that is asked for tells that it is too long.
    let items: Vec<(&Block, &Line, bool)> = items
        .filter_map(|block| match &block.kind {
            Kind::Item { line, alone, .. } => Some((block, line, *alone)),
            _ => None,
        })
        .take(9)
        .collect();
    let short = |line: &Line| {
        let own = !line.text.contains('#')
            && line.text.chars().any(|c| c.is_ascii_lowercase() || c == '`')
            && !line.text.to_lowercase().contains("see ")
            && (!line.text.ends_with('.') || entry(line).is_some())
            && !line.text.contains("...");
        let joined = [" and", " or", ",", ";"].iter().any(|end| line.text.ends_with(end));
        own && !joined
            && line.text.split_whitespace().count() <= 16
            && is_clean(&line.text)
            && !is_of_release(line)
    };
    if !(3..=8).contains(&items.len()) || !items.iter().all(|(_, line, alone)| *alone && short(line)) {
        return;
    }
    // A list of links is a table of contents.
    let linked = |line: &Line| line.marks.iter().any(|mark| mark.look == Look::Link);
    if items.iter().all(|(_, line, _)| linked(line) && !line.text.starts_with('`')) {
        return;
    }
    let Some(ask) = list_question(intro, items.len()) else { return };
    let lines: Vec<String> = items.iter().map(|(_, line, _)| format!("- {}", line.text.trim())).collect();
    let answer = lines.join("\n");
    if lines.len() != lines.iter().collect::<BTreeSet<_>>().len() {
        return;
    }
    questions.push(Question {
        shape: "list",
        quality: 66,
        ask: Ask::According(ask),
        section: section(page, number, ""),
        support: format!("{text}\n{answer}"),
        answer,
        span: line.source(&sentence).start..items[items.len() - 1].0.span.end,
        block: number,
    });
}

/// Returns whether a line names a release by its number: with the next one the list is another.
fn is_of_release(line: &Line) -> bool {
    line.text.split_whitespace().any(|word| {
        let number = word.trim_matches(|c: char| !c.is_ascii_digit());
        number.matches('.').count() == 2 && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// Turns the sentence that announces a list into a question, where its words allow it.
fn list_question(intro: &str, count: usize) -> Option<String> {
    let numbers = ["three", "four", "five", "six", "seven", "eight"];
    let said = intro.to_lowercase();
    let counted = numbers.iter().position(|number| said.split_whitespace().any(|word| word == *number));
    // "the following four types" is announced as counted; a wrong count is no question.
    if counted.is_some_and(|at| at + 3 != count) {
        return None;
    }
    let plain = intro.replace("the following ", "the ").replace(" following ", " ");
    let words = plain.split_whitespace().count();
    let links =
        ["see", "read", "visit", "check", "link", "resource", "step", "sponsor", "thank", "post", "example"];
    let about_links = terms(intro).iter().any(|term| links.iter().any(|link| stem(link) == *term));
    let you = said.split_whitespace().any(|word| {
        word.starts_with("you")
            || ["should", "must", "their", "its", "may", "might", "not", "invalid"].contains(&word)
    });
    let announces = (counted.is_some() || intro.contains("following")) && !you && said.contains(' ');
    let sound =
        announces && (5..=25).contains(&words) && stands_alone(&plain) && is_clean(intro) && !about_links;
    let whole =
        is_english(intro) && plain.split_whitespace().last().is_some_and(|word| !is_stop(&bare(word)));
    let count = numbers.get(count.checked_sub(3)?)?;
    (sound && whole).then(|| format!("which {count} items make up the list that begins \"{intro}:\"?"))
}
