//! `text -> words, stems`: enough of English to tell a term from its surroundings.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::meter;

/// Words that carry no matter of their own.
const STOP: &str = "a an the and or but nor so yet of in on at to for from by with without into onto over \
    under about as is are was were be been being am do does did done has have had having can could will \
    would shall should may might must not no it its itself they them their theirs he she his her him we us \
    our you your yours i me my that this these those which who whom whose what when where why how if then \
    than there here such each every any all both either neither some one only also very just more most \
    much many other another same own up down out off again once use used uses using via per etc e g ie eg";

/// Words that English prose cannot do without, and that its neighbours do not share.
const ENGLISH: &str = "the of and to is that for with are be it by from which or can you this not an have has \
    will when your if any each all was but they we used then than more into its";

/// Returns whether a word carries no matter of its own.
pub(super) fn is_stop(word: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| STOP.split_ascii_whitespace().collect());
    WORDS.contains(word) || WORDS.contains(word.to_ascii_lowercase().as_str())
}

/// Returns the word without the punctuation around it, in lower case.
pub(super) fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Returns a word's stem: endings of number, tense and kind fall off, so that inflections meet.
pub(super) fn stem(word: &str) -> String {
    const ENDS: &str = "izations ization izing ized izes ize ations ation ating ated ates ate ators ator ments \
        ment ions ion ings ing ies ied ers ors er or ed es ly s e y";
    let word = word.to_lowercase();
    if word.ends_with("ss") {
        return word;
    }
    let heads = ENDS.split_ascii_whitespace().filter_map(|end| word.strip_suffix(end));
    let head = heads.filter(|head| head.chars().count() >= 3).min_by_key(|head| head.len()).unwrap_or(&word);
    // A doubled last letter is an accident of the ending: "mapped", "map".
    let mut chars: Vec<char> = head.chars().collect();
    let twin = chars.len() > 3 && chars[chars.len() - 1] == chars[chars.len() - 2];
    if twin && head.len() < word.len() {
        chars.pop();
    }
    chars.into_iter().collect()
}

/// Returns the stems of all words that carry matter; code is parted at its punctuation and its humps.
pub(super) fn terms(text: &str) -> BTreeSet<String> {
    meter::read(text.len());
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.flat_map(humps).filter(|word| !is_stop(word)).map(stem).collect()
}

/// Parts a word where a capital follows a small letter: "SpanExporter" says "span" and "exporter".
fn humps(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut small) = (0, false);
    for (at, c) in word.char_indices() {
        if small && c.is_uppercase() {
            parts.push(&word[start..at]);
            start = at;
        }
        small = c.is_lowercase();
    }
    parts.push(&word[start..]);
    // "GraphQL" is one name: parts of two letters say nothing.
    if parts.iter().any(|part| part.chars().count() < 3) { vec![word] } else { parts }
}

/// Returns the letters and digits of a text alone, in lower case.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns whether the words of a prompt give a short answer away: half of its stems, or its letters.
pub(super) fn gives_away(prompt: &str, answer: &str) -> bool {
    let (said, wanted) = (terms(prompt), terms(answer));
    let shared = wanted.iter().filter(|&stem| said.contains(stem)).count();
    let run = letters(answer);
    wanted.is_empty()
        || shared * 2 >= wanted.len()
        || (run.chars().count() >= 4 && letters(prompt).contains(&run))
}

/// Returns whether prose is English, by its share of words that only English has.
pub(super) fn is_english(text: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| ENGLISH.split_ascii_whitespace().collect());
    let (mut letters, mut latin) = (0_usize, 0_usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        latin += usize::from(c.is_ascii());
    }
    let words: Vec<String> = text.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let english = words.iter().filter(|word| WORDS.contains(word.as_str()));
    latin * 100 >= letters * 97 && english.count() * 100 >= words.len() * 8 && !words.is_empty()
}

/// Returns the text with its first letter small, unless its first word is a name or an abbreviation.
pub(super) fn lower_first(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let rest_is_small = word.chars().skip(1).all(|c| c.is_lowercase() || c == '\'' || c == '-');
    let known = is_stop(word) || word.ends_with("s") && word.len() > 3;
    match text.chars().next() {
        Some(first) if rest_is_small && known => first.to_lowercase().chain(text.chars().skip(1)).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflections_meet() {
        for pair in [
            ["exporter", "exports"],
            ["queries", "query"],
            ["mapped", "map"],
            ["sampling", "samples"],
            ["aggregation", "aggregated"],
            ["labels", "label"],
            ["configure", "configured"],
        ] {
            assert_eq!(stem(pair[0]), stem(pair[1]), "{pair:?}");
        }
        assert_ne!(stem("class"), stem("clas"));
    }

    #[test]
    fn answers_given_away() {
        assert!(gives_away("which exporter exports metrics?", "exporter"));
        assert!(gives_away("what takes c-a-r-g-o?", "cargo"));
        assert!(gives_away("anything", "??"), "no answer at all");
        assert!(!gives_away("which tool builds packages?", "cargo"));
    }

    #[test]
    fn english() {
        assert!(is_english("An exporter is a binary running alongside the application."));
        assert!(!is_english("Un exportateur est un programme qui fournit les mesures de l'application."));
        assert!(!is_english("エクスポーターは the アプリケーション"));
        assert!(!is_english(""));
    }
}
