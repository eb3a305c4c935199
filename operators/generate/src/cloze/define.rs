//! "What is X?" and "Which term …?": sentences that say what a thing is, and what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::line::Line;
use super::named::section;
use super::page::{Kind, Page};
use super::prose::{is_clean, is_sentence, points_nowhere, stands_alone};
use super::question::{Ask, Question};
use super::words::{bare, is_english, is_stop, letters, lower_first, terms};

/// Nouns too vague to be asked for.
const VAGUE: &str = "goal reason result problem idea example advantage question way difference thing point \
    case benefit purpose aim key answer solution approach feature step process part list set number name \
    value type kind issue challenge rest note version release default post page document project team \
    people work use lot time place change section chapter code program output syntax line file \
    focus motivation downside disadvantage drawback trick alternative intention plan consequence";

/// Words with which a predicate praises, counts or compares, but does not define.
const WEAK: &str = "good great bad bit lot nice big perfect same first next last most only best main reason \
    result case similar different important common very more less much so too not now also still always \
    already often usually never no just because why what how when where good-to-know ideal fine free \
    excellent popular powerful useful simple straightforward key major huge small large crucial critical \
    little few couple number variety must new recent current long short real serious question confusing \
    native first-class complex natural tiny significant rare easy hard difficult like vast holistic versatile convenient term terms massive rich wonderful fantastic vibrant one community \
    community-driven awesome world well-known well-adopted leading exciting strong step big-picture preferred \
    world's world’s single standard highly distinct core heart experimental meaningful convenience special actual tradeoff trade-off enhancement workaround";

/// Asks for each definition of a page.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    let defined = Defined::of(page);
    for (number, block) in page.blocks().iter().enumerate() {
        match &block.kind {
            Kind::Paragraph(line) => {
                let (sentences, marked) = (line.sentences(), line.marked());
                for (place, sentence) in sentences.iter().enumerate() {
                    let said = Said { number, line, sentence, first: place == 0, marked: &marked };
                    sentence_questions(page, &defined, &said, questions);
                }
                let heads = number > 0 && matches!(page.block(number - 1).kind, Kind::Heading);
                if heads && let Some(sentence) = sentences.first() {
                    entry_questions(page, number, line, sentence, questions);
                }
            }
            Kind::Meaning { term, line } => meaning(page, number, term, line, questions),
            _ => {}
        }
    }
}

/// A sentence "(A) TERM is (a) PREDICATE.", taken apart.
struct Definition<'a> {
    article: &'a str,
    term: &'a str,
    verb: &'a str,
    predicate: &'a str,
}

/// A sentence of a paragraph, and where it stands.
struct Said<'a> {
    number: usize,
    line: &'a Line,
    sentence: &'a Range<usize>,
    /// Whether its paragraph begins with it.
    first: bool,
    /// What stands out of its paragraph.
    marked: &'a BTreeSet<&'a str>,
}

/// What each sentence of a page that defines something says, by the stems of what it defines.
struct Defined<'a>(BTreeMap<BTreeSet<String>, BTreeSet<&'a str>>);

impl<'a> Defined<'a> {
    fn of(page: &'a Page) -> Self {
        let mut said: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for block in page.blocks() {
            let (Kind::Paragraph(line) | Kind::Item { line, .. }) = &block.kind else { continue };
            for text in line.sentences().into_iter().map(|range| &line.text[range]) {
                if let Some(definition) = take_apart(text) {
                    said.entry(terms(definition.term)).or_default().insert(text);
                }
            }
        }
        Defined(said)
    }

    /// Returns whether another sentence says what the term is, too: then there are two answers.
    fn elsewhere(&self, text: &str, definition: &Definition<'_>) -> bool {
        self.0.get(&terms(definition.term)).is_some_and(|said| said.len() > usize::from(said.contains(text)))
    }
}

fn sentence_questions(page: &Page, defined: &Defined<'_>, said: &Said<'_>, questions: &mut Vec<Question>) {
    let Said { number, line, sentence, first, marked } = *said;
    let text = &line.text[sentence.clone()];
    let Some(definition) = take_apart(text) else { return };
    let block = page.block(number);
    let under_heading = first && is_named_by(&block.path, definition.term);
    let own = under_heading
        || marked.contains(definition.term.trim_matches('`'))
        || is_named_by(std::slice::from_ref(&page.name), definition.term);
    let known = own || is_proper(definition.term, definition.article) || is_of_name(&definition);
    // What is said of "the text" holds for one text; what is said of "a text" for all.
    // What is said late of a matter that the title holds is a remark on it.
    let titled = terms(definition.term).is_subset(&terms(&page.name));
    let often = page.says_often(definition.term) && (!titled || page.says_first(number, definition.term));
    let known = known || definition.article.to_lowercase() != "the" && often;
    let sound =
        known && is_sentence(text, 7, 45) && stands_alone(&without_echo(text)) && !starts_question(text);
    if !sound || is_example(page, definition.term) || defined.elsewhere(text, &definition) {
        return;
    }
    let lone = lacks_article(page, &definition);
    if lone && (!own || is_counted(page, definition.term)) || is_praise(page, definition.term) {
        return;
    }
    // Of what the whole documentation is about, each page says another thing.
    if page.is_of(definition.term) || !is_told_apart(&definition, own) {
        return;
    }
    let Definition { article, term, verb, predicate } = definition;
    let plural = verb == "are";
    let be = if plural { "are" } else { "is" };
    let shown = if article.is_empty() { as_inside(page, term) } else { term.to_owned() };
    let article = article.to_lowercase();
    let spaced = if article.is_empty() { String::new() } else { format!("{article} ") };
    let quality = 60 + 20 * u8::from(under_heading) + 10 * u8::from(predicate.split(' ').count() >= 8);
    // A name in code may have others of its kind on the page.
    let coded = section(page, number, "").filter(|_| term.contains('`'));
    let mut push = |shape, quality, ask: String, answer: String| {
        questions.push(Question {
            shape,
            quality,
            ask: Ask::According(ask),
            section: coded.clone(),
            answer,
            support: text.to_owned(),
            span: line.source(sentence),
            block: number,
        });
    };
    let ask = match lone {
        true => format!("what is meant by \"{}\"?", term.trim_matches('`')),
        false => format!("what {be} {spaced}{shown}?"),
    };
    push("definition", quality, ask, text.to_owned());
    // The other way round, where the predicate alone tells the term.
    let words = predicate.split_whitespace().count();
    let apart = terms(predicate).is_disjoint(&terms(term));
    let aside = ["e.g.", "i.e.", " and is ", "; "].iter().any(|mark| predicate.contains(mark));
    let quotable = points_nowhere(predicate) && !predicate.contains('"') && !aside;
    let telling = (9..=40).contains(&words) && apart && quotable && !is_stop(&bare(term));
    if telling && !plural && verb == "is" && term.split(' ').count() <= 4 {
        let ask = format!("which term is defined as \"{}\"?", predicate.trim_end_matches('.'));
        push("term", quality, ask, term.trim_matches('`').to_owned());
    }
}

/// Parts a sentence at its first "is", "are" or "refers to", if a term of few words stands before it.
fn take_apart(text: &str) -> Option<Definition<'_>> {
    let verbs = [" is ", " are ", " refers to ", " represents "];
    let (at, verb) = verbs.iter().filter_map(|verb| Some((text.find(verb)?, *verb))).min()?;
    let (head, predicate) = (&text[..at], &text[at + verb.len()..]);
    let verb = verb.trim();
    let (article, term) = match head.split_once(' ') {
        Some((first, rest)) if ["a", "an", "the"].contains(&first.to_lowercase().as_str()) => (first, rest),
        _ => ("", head),
    };
    let words: Vec<&str> = term.split_whitespace().collect();
    let sound = (1..=5).contains(&words.len())
        && !term.contains([',', '(', ')', ';', ':', '"', '?'])
        && !term.contains("'s")
        && !term.contains("’s")
        && !["single", "new", "given", "typical", "particular", "specific", "final"]
            .contains(&words.first()?.to_lowercase().as_str())
        && term.matches('`').count() != 1
        && !words.iter().any(|word| is_stop(&bare(word)) || bare(word).ends_with("ly"));
    let last = bare(words.last()?);
    let numbered = words.iter().any(|word| word.chars().all(|c| c.is_ascii_digit() || c == '.'));
    let vague = numbered
        || ["sdk", "api"].contains(&term.to_lowercase().as_str())
        || VAGUE
            .split_ascii_whitespace()
            .any(|vague| last.strip_suffix('s').unwrap_or(&last) == vague || last == vague);
    if !sound || vague {
        return None;
    }
    let mut opening = predicate.split_whitespace();
    let first = bare(opening.next()?);
    let second = bare(opening.next()?);
    let weak = |word: &str| WEAK.split_ascii_whitespace().any(|weak| weak == word);
    if is_of_people(predicate) {
        return None;
    }
    let determined = ["a", "an", "the", "one", "any"].contains(&first.as_str());
    let superlative =
        |word: &str| word.ends_with("est") && !["request", "test", "digest", "manifest"].contains(&word);
    if weak(&first) || determined && (weak(&second) || superlative(&second)) {
        return None;
    }
    let defines = match verb {
        _ if ["an", "a"].contains(&second.as_str()) => false,
        "is" => ["a", "an", "the"].contains(&first.as_str()) && (first != "the" || predicate.len() > 40),
        "are" => {
            !predicate.split(' ').next().is_some_and(|word| word.ends_with(','))
                && (is_plain_noun(&first) && (predicate.contains(" that ") || predicate.contains(" which "))
                    || are_things(predicate))
        }
        _ => true,
    };
    (defines && predicate.split_whitespace().count() >= 5).then_some(Definition {
        article,
        term,
        verb,
        predicate,
    })
}

/// Returns whether a predicate opens with things and what tells them apart: "optional components that …".
fn are_things(predicate: &str) -> bool {
    let words: Vec<String> = predicate.split(' ').take(3).map(bare).collect();
    let [first, second, third] = &words[..] else { return false };
    let things =
        |word: &str| word.len() > 4 && word.ends_with('s') && !word.ends_with("ss") && is_plain_noun(word);
    let joins = |word: &str| ["that", "which", "of", "for", "over", "about", "between"].contains(&word);
    let quality = |word: &str| ["al", "ive", "ous", "ary", "ct", "ic"].iter().any(|end| word.ends_with(end));
    things(first) && joins(second) || quality(first) && things(second) && joins(third)
}

/// Returns whether a predicate is a class and what tells the thing apart within it, and nothing else: "a server that …".
fn is_told_apart(definition: &Definition<'_>, own: bool) -> bool {
    let joins = "that which for of used to in from by with where whose who designed between on containing providing running consisting \
        describing representing allowing using over such within against";
    let more = "can is are was has have will all it they must should may also does not you overrides requests needs requires uses";
    let is_in = |list: &str, word: &str| list.split_ascii_whitespace().any(|known| known == word);
    let words: Vec<String> = definition.predicate.split_whitespace().map(bare).collect();
    let verbs = ["is", "are", "was", "were", "uses", "has", "can", "will"];
    let goes_on = words.windows(3).any(|run| {
        ["and", "so", "but"].contains(&run[0].as_str())
            && (is_in(more, &run[1]) || verbs.contains(&run[2].as_str()))
    });
    // What holds only under a condition is no definition.
    let goes_on = goes_on || words.iter().any(|word| word == "if");
    let joined = |word: &String| is_in(joins, word);
    let ranked =
        words.iter().take(4).any(|word| is_in("available required possible due able place thing step", word));
    // Where the thing is not the page's own, what names it again is a remark on it.
    let again = !own && terms(definition.term).is_subset(&terms(definition.predicate));
    let marks =
        ["—", ";", "!", ", while ", ", and the "].iter().any(|mark| definition.predicate.contains(mark));
    words.iter().skip(if definition.verb == "are" { 1 } else { 2 }).any(joined) && !goes_on && !ranked && !again && !marks && !adds(definition.predicate)
        // What only lists names is no news, and the next release has another list.
        && definition.predicate.matches('`').count() < 6
}

/// Returns whether a predicate goes on with a clause of its own: "a hint, and no promise is made of it".
fn adds(predicate: &str) -> bool {
    let verbs = [
        "is", "are", "was", "were", "has", "have", "can", "will", "may", "must", "should", "does", "means",
        "uses", "needs",
    ];
    let clauses =
        [", and ", ", but ", ", so ", ", or "].into_iter().flat_map(|join| predicate.split(join).skip(1));
    let whole = |clause: &str| {
        clause.split(',').next().is_some_and(|clause| clause.split(' ').any(|word| verbs.contains(&word)))
    };
    let goes_on = predicate.split(", which ").nth(1).and_then(|clause| clause.split(' ').next());
    goes_on.is_some_and(|verb| verbs.contains(&verb)) || clauses.into_iter().any(whole)
}

/// Returns whether a predicate says who somebody is: people and firms are no matter of documentation.
pub(super) fn is_of_people(predicate: &str) -> bool {
    let roles = "engineer engineers maintainer maintainers founder co-founder advocate manager architect contributor \
        director evangelist cto ceo chair startup firm vendor company consultancy";
    let opening = predicate.split_whitespace().take(9).map(bare);
    opening.into_iter().any(|word| roles.split_ascii_whitespace().any(|role| role == word))
}

/// An entry of a glossary: a heading, and under it what it means, without repeating the heading.
fn entry_questions(
    page: &Page,
    number: usize,
    line: &Line,
    sentence: &Range<usize>,
    questions: &mut Vec<Question>,
) {
    let block = page.block(number);
    let above: Vec<&str> =
        block.path.iter().rev().skip(1).map(String::as_str).chain([page.title.as_str()]).collect();
    let glossary = above.iter().any(|heading| {
        let heading = heading.to_lowercase();
        ["glossary", "terminology", "definitions", "key terms"].iter().any(|name| heading.contains(name))
    });
    let (Some(term), text) = (block.section(), &line.text[sentence.clone()]) else { return };
    let count = term.split_whitespace().count();
    let opens = ["A ", "An ", "One or more ", "Refers to "].iter().any(|open| text.starts_with(open));
    let opens = !text.contains(": ") && (opens || text.starts_with("The ") && is_joined(text));
    let opens = opens && !text.starts_with("A term ");
    let sound = glossary && opens && (1..=4).contains(&count) && text.ends_with('.');
    let words = text.split_whitespace().count();
    if !sound
        || !(6..=50).contains(&words)
        || !points_nowhere(text)
        || !is_english(text)
        || is_named_by(&[text.to_owned()], term)
    {
        return;
    }
    // "A X is …" is a sentence, and asked as one; else it is a phrase, or a sentence about the term.
    let opening: String = text.split_whitespace().take(count + 1).collect::<Vec<_>>().join(" ");
    let about = terms(term).is_subset(&terms(&opening));
    if take_apart(text).is_some() || (!about && (has_main_verb(text) || is_passive(text))) {
        return;
    }
    let mut push = |shape, quality, ask: String, answer: &str| {
        questions.push(Question {
            shape,
            quality,
            ask: Ask::According(ask),
            section: None,
            answer: answer.to_owned(),
            support: text.to_owned(),
            span: line.source(sentence),
            block: number,
        });
    };
    push("definition", 80, format!("what does the term \"{term}\" mean?"), text);
    if words >= 9 && terms(text).is_disjoint(&terms(term)) && !text.contains('"') {
        let meaning = lower_first(text.trim_start_matches("Refers to ").trim_end_matches('.'));
        push("term", 80, format!("which term is defined as \"{meaning}\"?"), term.trim_matches('`'));
    }
}

fn meaning(page: &Page, number: usize, term: &Line, line: &Line, questions: &mut Vec<Question>) {
    let block = page.block(number);
    let words = line.text.split_whitespace().count();
    let sound = (5..=60).contains(&words) && is_clean(&line.text) && points_nowhere(&line.text);
    if !sound || !is_english(&line.text) || term.text.split_whitespace().count() > 5 {
        return;
    }
    questions.push(Question {
        shape: "definition",
        quality: 75,
        ask: Ask::According(format!("what does the term \"{}\" mean?", term.text.trim_matches('`'))),
        section: block.section().filter(|section| *section != page.name).map(str::to_owned),
        answer: line.text.trim().to_owned(),
        support: line.text.trim().to_owned(),
        span: block.span.clone(),
        block: number,
    });
}

/// Returns whether a heading names the term, inflections aside.
fn is_named_by(headings: &[String], term: &str) -> bool {
    let wanted = terms(term);
    !wanted.is_empty() && headings.iter().any(|heading| terms(heading) == wanted)
}

/// Returns a sentence without the words that take up one of its own plurals: "takes samples and exposes them".
fn without_echo(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plural = |word: &&str| word.len() > 3 && word.ends_with('s') && !word.ends_with("ss");
    let echoes = |at: usize| {
        ["them", "they"].contains(&bare(words[at]).as_str()) && words[2.min(at)..at].iter().any(plural)
    };
    let kept = words.iter().enumerate().filter(|(at, _)| !echoes(*at)).map(|(_, word)| *word);
    kept.collect::<Vec<_>>().join(" ")
}

/// Returns whether a term is a name: without an article, and with a capital past its first letter, or in all words.
fn is_proper(term: &str, article: &str) -> bool {
    let capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    let inner = |word: &str| word.chars().skip(1).any(char::is_uppercase);
    let words: Vec<&str> = term.split_whitespace().collect();
    let article = article.to_lowercase();
    match words[..] {
        [one] => article.is_empty() && capital(one) && inner(one) && letters(one).len() >= 3,
        _ => words.iter().all(|word| capital(word)) && article != "a" && article != "an",
    }
}

/// Returns whether "the X …" begins with a name: of "the Java agent" there is one, of "the agent" one on each page.
fn is_of_name(definition: &Definition<'_>) -> bool {
    let name = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().skip(1).any(|c| c.is_ascii_lowercase())
    };
    let small = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let mut words = definition.term.split(' ').skip_while(|word| name(word));
    let named = definition.term.split(' ').next().is_some_and(name);
    named && definition.article.eq_ignore_ascii_case("the") && words.next().is_some_and(small)
}

/// Returns whether a name in code is the page's own invention: what stands in its examples is not worth asking.
fn is_example(page: &Page, term: &str) -> bool {
    term.contains('`') && (page.includes_code || page.shows(term.trim_matches('`')))
}

/// Returns whether a term that is written small, and can be counted, stands without an article: "what is gauge?"
/// is not English.
fn lacks_article(page: &Page, definition: &Definition<'_>) -> bool {
    if !definition.article.is_empty() || definition.verb == "are" || definition.term.contains('`') {
        return false;
    }
    let mass = [
        "ing", "tion", "sion", "cion", "ity", "age", "try", "ness", "ics", "ency", "ance", "ship", "context",
        "data", "write", "read",
    ];
    let last = bare(definition.term.rsplit(' ').next().unwrap_or_default());
    let small = as_inside(page, definition.term).starts_with(|c: char| c.is_ascii_lowercase());
    let counted = ["connection", "function", "option", "collection", "application", "action", "section"];
    let known = mass.iter().any(|end| last.ends_with(end)) && !counted.contains(&last.as_str());
    small && !known || definition.term.contains(' ') && ["api", "sdk"].contains(&last.as_str())
}

/// Returns whether the page itself says that there are several of a term, or one of several: "worker" with "a worker".
fn is_counted(page: &Page, term: &str) -> bool {
    let small = term.to_lowercase();
    let several = term.ends_with('s') && !term.ends_with("ss");
    several || ["a", "an", "the", "each", "every"].iter().any(|word| page.says(&format!("{word} {small}")))
}

/// Returns whether a term is what others make, or who an interview is with: what is said of it is advertising.
fn is_praise(page: &Page, term: &str) -> bool {
    // "Run it with X": what X is, its own makers say better.
    let others = page.name.to_lowercase();
    let other: Vec<String> =
        others.split_once(" with ").map_or("", |(_, other)| other).split(' ').map(bare).collect();
    let with = term.split(' ').all(|word| other.contains(&bare(word)));
    if with {
        return true;
    }
    page.name.starts_with("Interview with") && terms(term).is_subset(&terms(&page.name))
}

/// Returns whether "the X …" goes on by saying which X: "the X of …", "the X that …".
pub(super) fn is_joined(text: &str) -> bool {
    let joins =
        ["of", "that", "which", "for", "in", "to", "used", "by", "on", "from", "between", "with", "and"];
    text.split_whitespace().skip(2).take(2).any(|word| joins.contains(&word))
}

/// Returns whether a text is a clause with a verb of its own, before any relative one.
pub(super) fn has_main_verb(text: &str) -> bool {
    let verbs = [
        "is", "are", "was", "were", "will", "can", "has", "have", "should", "must", "may", "could",
        "respects", "remains", "became", "does", "do", "needs", "requires",
    ];
    let relative = ["that", "which", "who", "where", "when", "whose"];
    let words = text.split_whitespace().skip(1).take_while(|word| !relative.contains(&bare(word).as_str()));
    words.take(14).any(|word| verbs.contains(&word.to_lowercase().as_str()))
}

/// Returns whether a text says what is done with its subject: "A job that waits is given a number."
fn is_passive(text: &str) -> bool {
    let joins = ["that", "which", "who", "and", "or", "where", "it", "when"];
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| ["is", "are"].contains(&pair[1]) && !joins.contains(&pair[0]))
}

/// Returns a term as it is written inside sentences: small, unless it is a name.
fn as_inside(page: &Page, term: &str) -> String {
    let mut chars = term.chars();
    let small: String = chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect();
    // "Internal tracing" begins its sentence, and is no name; "Prometheus server" begins with one.
    let first = term.split(' ').next().unwrap_or_default();
    let phrase = term.split(' ').skip(1).any(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        && first.chars().skip(1).all(|c| c.is_ascii_lowercase() || c == '-');
    if page.says(&small) || phrase && !page.says_inside(first) { small } else { term.to_owned() }
}

fn is_plain_noun(word: &str) -> bool {
    let irregular = ["made", "run", "set", "sent", "built", "kept", "put", "held", "bound", "based"];
    let ends = ["ed", "en", "ing", "ly", "ble", "ful", "al", "ive", "ous", "ary"];
    !is_stop(word)
        && !irregular.contains(&word)
        && !ends.iter().any(|end| word.ends_with(end))
        && word.len() > 2
}

fn starts_question(text: &str) -> bool {
    text.starts_with("Is ") || text.starts_with("Are ")
}
