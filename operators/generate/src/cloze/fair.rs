//! `question -> bool`: whether a strict reader keeps it, whatever rule asked: the answer is news to who knows the name,
//! and either side is whole and can leave its page.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::list::first_sentence;
use super::question::{Ask, Question};
use super::words::{bare, is_stop, letters, stem};

/// Words that documentation says of everything: what consists of them is no news.
const HOLLOW: &str = "across additional after allow also application apply associated available based before behavior \
    boolean called certain command component config configurable configuration configure connection contain control \
    correct corresponding current custom default define describe description detail determine different disable \
    during enable entire every file flag follow give handle help hold identify include indicate information instance \
    item kind let limit list location manage mode name need new number object only operate option optional parameter \
    pass path perform possible property provide purpose relate relevant represent require responsible section select \
    set setting show simple specific specify string support term thing through time total true type until url user \
    value various view way whether while within without work";

/// Words of advice, of warning and of praise: they tell what to do, or how good a thing is, but not what it is.
const ADVICE: &str = "must recommended recommend recommends deprecated obsolete outdated removed preferred \
    unfortunately currently legacy please ideally beware caution comprehensive expressive powerful seamless \
    seamlessly robust enterprise-grade industry-leading";

/// Definite nouns that were said elsewhere.
const DANGLING: &str = "component application feature script steps guide demo sample page project above";

/// Of what is pointed to with "the", such words only tell which one.
const TELLING: &str =
    "final created chosen former latter new old described mentioned corresponding resulting";

/// Shapes that ask by a name what it is or does.
const DESCRIBED: [&str; 6] = ["item", "cell", "flag", "key", "does", "definition"];

/// Shapes that ask for a name by what is said of it.
const REVERSED: [&str; 3] = ["term", "item-term", "row"];

/// Returns whether a question asks for news, and both its sides are whole and can leave their page.
pub(super) fn is_fair(question: &Question) -> bool {
    let (Ask::According(ask) | Ask::Quoted(ask)) = &question.ask;
    let answer = question.answer.as_str();
    let (asked, said) = (words(ask), words(answer));
    let of = |shapes: &[&str]| shapes.contains(&question.shape);
    let described = of(&DESCRIBED) && !ask.starts_with("what is the default ");
    let in_words = described || of(&REVERSED) || of(&["which"]);
    let sound = !is_doubled(&asked) && !is_doubled(&said) && !dangles(&asked) && !dangles(&said);
    let advises = in_words && asked.iter().chain(&said).any(|word| is_one_of(ADVICE, word))
        || of(&["definition", "term", "does"]) && said.contains(&"should");
    // An example in mark-up of its own is cut where its lines were joined.
    let cut = in_words && answer.contains("xample: ");
    let told = !of(&REVERSED) || !ask.contains(". ") && !names_in_part(ask, answer);
    let section = question.section.as_deref().unwrap_or_default();
    let restated = of(&["does", "definition"]);
    sound && !advises && !cut && told && (!described || is_news(section, ask, answer, restated))
}

/// Returns whether an answer says more than its section and the name that it is asked by; `restated` if it begins with
/// the name.
fn is_news(section: &str, ask: &str, answer: &str, restated: bool) -> bool {
    let name = stems(ask.split(['`', '"']).nth(1).unwrap_or_default());
    let (asked, said) = (stems(&format!("{section} {ask}")), stems(answer));
    let is_new = |stem: &&String| !asked.iter().any(|asked| meet(asked, stem));
    let news = said.iter().filter(is_new).count();
    let at_once = stems(first_sentence(answer)).iter().filter(is_new).count();
    // What says most of the name again has to add more.
    let again = name.iter().filter(|stem| said.iter().any(|said| meet(stem, said))).count();
    let least = if !restated && !name.is_empty() && again * 4 >= name.len() * 3 { 4 } else { 3 };
    at_once >= 3 && news >= least
}

/// Returns whether a prompt says a part of the name that it asks for, however it is written there.
fn names_in_part(ask: &str, name: &str) -> bool {
    let said = letters(ask);
    let parts = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    parts.filter(|part| part.len() >= 5).any(|part| said.contains(&part))
}

/// Returns the stems of the words that carry matter, of code also those that its name is made of.
fn stems(text: &str) -> BTreeSet<String> {
    static EMPTY: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| HOLLOW.split_ascii_whitespace().map(stem).collect());
    let parts = text.split(|c: char| !c.is_alphanumeric()).flat_map(parts);
    let stems = parts.filter(|word| word.len() > 1 && !is_stop(word)).map(|word| stem(&word));
    stems.filter(|stem| !EMPTY.contains(stem)).collect()
}

/// Parts a word at its humps, also where a part is of two letters: "labelsToKeep".
fn parts(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut small = false;
    for c in word.chars() {
        if small && c.is_uppercase() {
            parts.push(String::new());
        }
        small = c.is_lowercase();
        parts.last_mut().expect("there is always a part").extend(c.to_lowercase());
    }
    parts
}

/// Returns whether two stems are of one word, or of a word and its short form: "config", "configur".
fn meet(a: &str, b: &str) -> bool {
    a == b || a.len().min(b.len()) >= 4 && (a.starts_with(b) || b.starts_with(a))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn is_one_of(list: &str, word: &str) -> bool {
    let word = bare(word);
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Returns whether a text points to something that only its page has named: "that binary will …", "the component.".
fn dangles(words: &[&str]) -> bool {
    let verbs = "is was will has can must should may does";
    let at = |at: usize| words.get(at).copied().unwrap_or_default();
    (0..words.len()).any(|here| match bare(at(here)).as_str() {
        "that" => {
            let noun = at(here + 1).chars().all(|c| c.is_ascii_lowercase()) && !at(here + 1).ends_with('s');
            noun && is_one_of(verbs, at(here + 2)) && !is_stop(at(here + 1))
        }
        "the" => {
            let ends = at(here + 1).ends_with(['.', ',', '?']) || here + 2 >= words.len();
            is_one_of(TELLING, at(here + 1)) || ends && is_one_of(DANGLING, at(here + 1))
        }
        _ => false,
    })
}

/// Returns whether two words follow each other that never do: one twice, or two of which one is left over.
fn is_doubled(words: &[&str]) -> bool {
    let pairs = [("for", "from"), ("in", "at"), ("that", "not"), ("a", "the"), ("the", "a"), ("of", "in")];
    words.windows(2).any(|pair| {
        let twice =
            pair[0] == pair[1] && pair[0] != "that" && pair[0].chars().all(|c| c.is_ascii_lowercase());
        twice || pairs.contains(&(pair[0], pair[1]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_and_none() {
        for (ask, answer) in [
            ("what does `labelsToKeep` do?", "specifies the labels to keep when collecting logs."),
            ("what does \"Job Queueing\" do?", "Sends jobs to the Job Queue for processing."),
            ("how is the class `Config` described?", "configuration for the `Client` class"),
            ("what does \"Node page\" do?", "provides detailed information about the component."),
        ] {
            assert!(!is_news("", ask, answer, false), "{ask}");
        }
        for (ask, answer) in [
            ("what does `block_encoding` do?", "sets the compression algorithm used for block pages."),
            ("how is \"Timeout\" described?", "Maximum time to wait for the server to respond to a request."),
        ] {
            assert!(is_news("", ask, answer, false), "{ask}");
        }
    }

    #[test]
    fn what_points_to_its_page() {
        let points = |text| dangles(&words(text));
        assert!(points("controls which parts that binary will behave as"));
        assert!(points("provides details about the component.") && points("deploy the final configuration"));
        assert!(!points("a component that is run by the component of a node"));
    }

    #[test]
    fn words_too_many() {
        let doubled = |text| is_doubled(&words(text));
        assert!(doubled("should be used for from a time") && doubled("one of the the keys"));
        assert!(!doubled("used for a time from then"));
    }
}
