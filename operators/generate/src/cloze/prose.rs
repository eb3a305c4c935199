//! `sentence -> bool`: which sentences can leave their page and still be understood.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::words::{bare, is_english};

/// Words that point out of their sentence, wherever they stand.
const POINTERS: &str = "this these those above below following here earlier previously aforementioned latter \
    former our us let's we we'll we've we're i i'm my listing listings figure chapter chapters section \
    sections tutorial appendix guide screenshot diagram snippet also too instead again otherwise \
    therefore thus hence however likewise similarly meanwhile furthermore moreover nevertheless yet anyway \
    then refer today currently now recently soon it's you're you'll you've you'd i'd i'll them they";

/// Words that point out of their sentence when they begin it.
const OPENERS: &str = "it its it's they them their he she that that's there there's then such so but and or \
    because since although though while if when once after before until another other others both either \
    neither each all some many most few several one ones none any every first second third next finally \
    last lastly additionally alternatively besides further consequently please note see remember imagine \
    suppose consider notice recall given here's what which who where why how unlike like by with as in at \
    on for from to of not only even just unfortunately fortunately usually typically sometimes often \
    generally luckily basically essentially today's depending same your yes no ok okay thanks sure maybe \
    perhaps actually well";

/// Nouns that mean something only beside the page.
const LOCAL: [&str; 29] = [
    "the code",
    "the program",
    "the example",
    "the output",
    "the error",
    "the command above",
    "the same way",
    "the snippet",
    "the first",
    "the second",
    "the next",
    "the last",
    "the other",
    "the previous",
    "the user",
    "the project",
    "the test",
    "the file",
    "the result",
    "the above",
    "the preceding",
    "such as this",
    "and so on",
    "as mentioned",
    "as described",
    "as shown",
    "see ",
    "the table",
    "the team ",
];

/// Marks of templates, links and mark-up that no reader should meet.
const MARKUP: [&str; 10] = ["{{", "}}", "{%", "](", "][", "http://", "https://", "<", "::before", "TODO"];

/// Returns whether a text can be read without its page: no mark-up, and no word that points out of it.
pub(super) fn stands_alone(text: &str) -> bool {
    points_nowhere(text) && !text.split_whitespace().next().is_some_and(is_opener)
}

/// Returns whether no word of a text points out of it, its first aside.
pub(super) fn points_nowhere(text: &str) -> bool {
    let outside = outside_code(text);
    let lower = outside.to_lowercase();
    !outside.split_whitespace().any(is_pointer)
        && !LOCAL.iter().any(|local| lower.contains(local))
        && is_clean(text)
}

/// Returns whether a text holds no mark-up, is balanced, and is in the alphabet that questions are asked in.
pub(super) fn is_clean(text: &str) -> bool {
    let outside = outside_code(text);
    let balanced = |open: char, close: char| text.matches(open).count() == text.matches(close).count();
    !MARKUP.iter().any(|mark| outside.contains(mark))
        && !outside.contains(['[', ']', '|', '\\', '*', '_'])
        && outside.matches('"').count().is_multiple_of(2)
        && text.matches('`').count().is_multiple_of(2)
        && balanced('(', ')')
        && !text.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
        && !text.chars().any(|c| ('\u{1f000}'..'\u{20000}').contains(&c) || c == '\u{fffd}')
}

/// Returns whether a text is a whole English sentence of `least` to `most` words.
pub(super) fn is_sentence(text: &str, least: usize, most: usize) -> bool {
    let words = text.split_whitespace().count();
    text.ends_with('.')
        && (least..=most).contains(&words)
        && text.chars().next().is_some_and(|c| c.is_uppercase() || c == '`')
        && !text.ends_with("etc.")
        && !text.contains(": ")
        && is_english(text)
        && articles_fit(text)
}

/// Returns whether no "an" stands before a word that begins with a consonant; abbreviations and "h" are left out.
fn articles_fit(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).all(|pair| {
        let mut letters = pair[1].trim_start_matches(['`', '"']).chars();
        let first = letters.next().unwrap_or('a').to_ascii_lowercase();
        let spoken = letters.next().is_some_and(|c| c.is_ascii_lowercase());
        !(pair[0] == "an" && spoken && first.is_ascii_lowercase() && !"aeiouh".contains(first))
    })
}

fn is_pointer(word: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| POINTERS.split_ascii_whitespace().collect());
    WORDS.contains(bare(&word.replace('’', "'")).as_str())
}

fn is_opener(word: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| OPENERS.split_ascii_whitespace().collect());
    WORDS.contains(bare(&word.replace('’', "'")).as_str())
}

fn outside_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_leave_their_page() {
        for good in [
            "Remote write is a Prometheus feature that allows sending ingested samples to other systems.",
            "The `rustup update` command updates an installation of Rust.",
        ] {
            assert!(stands_alone(good) && is_sentence(good, 5, 40), "{good}");
        }
        for bad in [
            "It is a feature.",
            "The following flags are known.",
            "Exporters are described below.",
            "The {{% ref %}} shortcode renders.",
            "The term [Metric][] is open.",
            "The output shows a number.",
            "When it is closed, the span is sent.",
        ] {
            assert!(!stands_alone(bad), "{bad}");
        }
        assert!(articles_fit("It is an event of an SDK, an `Enum`.") && !articles_fit("It is on an `Span`."));
        assert!(!is_sentence("Exporters:", 1, 9) && !is_sentence("El exportador es un programa.", 1, 9));
    }
}
