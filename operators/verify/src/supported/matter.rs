//! `text -> tokens, stems`: what two texts are compared by.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Words that say nothing of the matter, and those with which a question is put.
const EMPTY: &str = "a an the and or but nor so yet of in on at to for from by with without into onto over \
    under about as is are was were be been being am do does did done has have had having can could will \
    would shall should may might must no it its itself they them their theirs he she his her him we us \
    our you your yours i me my that this these those which who whom whose what when where why how if then \
    than there here such each every any all both either neither some one only also very just more most \
    much many other another same own up down out off again once per etc e g ie eg s t \
    according page section term terms defined described mean means meant called call items item list lists \
    begins word name fills blank following question answer explain describe please give fill \
    abbreviation acronym stand stands use used uses using run runs command value three four five six seven eight make";

/// Returns the words of a text in lower case, parted at all that is no letter, digit or underscore.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns the stems of all tokens that carry matter.
pub(super) fn stems_of(tokens: &[String]) -> BTreeSet<String> {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| EMPTY.split_ascii_whitespace().collect());
    tokens.iter().filter(|word| !WORDS.contains(word.as_str())).map(|word| stem(word)).collect()
}

/// Returns the stems of all that a text says, also inside its names: "SpanExporter" says "span" and "exporter".
pub(super) fn stems_inside(text: &str) -> BTreeSet<String> {
    let mut parted = String::new();
    let mut small = false;
    for c in text.chars() {
        if (small && c.is_uppercase()) || c == '_' {
            parted.push(' ');
        }
        parted.push(if c == '_' { ' ' } else { c });
        small = c.is_lowercase();
    }
    stems_of(&tokens(&parted))
}

/// Returns a word without its endings of number, tense and kind, so that its inflections meet.
pub(super) fn stem(word: &str) -> String {
    const ENDS: &str = "izations ization izing ized izes ize ations ation ating ated ates ate ators ator ments \
        ment ions ion ings ing ies ied ers ors er or ed es ly s e y";
    if word.ends_with("ss") {
        return word.to_owned();
    }
    let cut = ENDS.split_ascii_whitespace().filter_map(|end| word.strip_suffix(end));
    let mut head = cut.filter(|head| head.chars().count() >= 3).min_by_key(|head| head.len()).unwrap_or(word);
    let mut last = head.chars().rev();
    let twin = last.next().is_some_and(|c| Some(c) == last.next());
    if twin && head.len() < word.len() && head.chars().count() > 3 {
        head = &head[..head.len() - head.chars().next_back().map_or(0, char::len_utf8)];
    }
    head.to_owned()
}

/// Returns the letters and digits alone, in lower case.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns where a run of tokens stands within others.
pub(super) fn find_all(within: &[String], run: &[String]) -> Vec<usize> {
    match run.is_empty() {
        true => Vec::new(),
        false => within
            .windows(run.len())
            .enumerate()
            .filter(|(_, window)| *window == run)
            .map(|(at, _)| at)
            .collect(),
    }
}

/// Returns whether a run of tokens stands within others.
pub(super) fn holds(within: &[String], run: &[String]) -> bool {
    !run.is_empty() && within.windows(run.len()).any(|window| window == run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflections_meet() {
        for pair in
            [["exporter", "exports"], ["queries", "query"], ["mapped", "map"], ["deployment", "deploys"]]
        {
            assert_eq!(stem(pair[0]), stem(pair[1]), "{pair:?}");
        }
        assert_ne!(stem("class"), stem("clap"));
    }

    #[test]
    fn runs() {
        let within = tokens("One, two; `one-two` three");
        assert_eq!(find_all(&within, &tokens("one two")), [0, 2]);
        assert!(holds(&within, &tokens("two three")) && !holds(&within, &[]));
    }
}
