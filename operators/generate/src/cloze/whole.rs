//! `text -> bool`: whether a side of a question is whole, and says what it says without its page.

use super::words::{bare, is_stop};

/// Definite nouns that were said elsewhere.
const DANGLING: &str = "component application feature script steps guide demo sample page project above";

/// Of what is pointed to with "the", such words only tell which one.
const TELLING: &str =
    "defined final created chosen former latter new old described mentioned corresponding resulting";

/// Returns whether a text points to nothing that its page alone says, and no two of its words are one too many.
pub(super) fn can_leave(text: &str) -> bool {
    let words = words(text);
    !is_doubled(&words) && !dangles(&words)
}

/// Returns whether a text explains by another entry instead of by itself: "similar to `host`, but …".
pub(super) fn leans(text: &str) -> bool {
    let text = format!(" {} ", text.to_lowercase());
    let leaning = [
        " similar to ",
        " similar format ",
        " same as ",
        " same way ",
        " equivalent to ",
        " counterpart of ",
        " analogous ",
        " like `",
        " see ",
        " see: ",
        " refer to ",
        " as for ",
        " alias for ",
        " alias of ",
        " instead of `",
        " unlike `",
        ", except that ",
    ];
    leaning.iter().any(|words| text.contains(words))
}

/// Returns whether a text bears the marks of lines that were joined: an example of its own, a sentence that begins at
/// once after another, or words after the last full stop that are none.
pub(super) fn is_cut(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let joined = chars.windows(3).any(|run| run[0].is_lowercase() && run[1] == ':' && run[2].is_uppercase());
    let glued = text.split('`').step_by(2).flat_map(str::split_whitespace).any(|word| {
        word.split_once('.').is_some_and(|(head, tail)| {
            head.len() > 2 && head.chars().all(char::is_lowercase) && tail.starts_with(char::is_uppercase)
        })
    });
    let stops = |word: &&str| {
        let short = ["e.g.", "i.e.", "etc.", "vs.", "ex.", "approx.", "incl.", "no."];
        word.ends_with('.') && !short.contains(&word.trim_start_matches('(').to_lowercase().as_str())
    };
    let words = words(text);
    let stopped = words.iter().any(stops);
    let ends = text.trim_end().ends_with(['.', '!', ')', '`', '"']);
    ["xample: ", ": - ", "...", ", it ", ", they "].iter().any(|mark| text.contains(mark))
        || joined
        || glued
        || stopped && !ends
        || is_listed(text)
}

/// Returns whether a text begins with a value that another may stand for: "`a`; the name", "`a` or as it is found".
fn is_listed(text: &str) -> bool {
    let after =
        text.strip_prefix('`').and_then(|text| text.split_once('`')).map(|(_, after)| after.trim_start());
    after.is_some_and(|after| ["; ", "& ", "or "].iter().any(|mark| after.starts_with(mark)))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

pub(super) fn is_one_of(list: &str, word: &str) -> bool {
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
    let pairs = [
        ("for", "from"),
        ("in", "at"),
        ("that", "not"),
        ("that", "and"),
        ("that", "or"),
        ("and", "and"),
        ("a", "the"),
        ("the", "a"),
        ("of", "in"),
    ];
    let again = |run: &[&str]| {
        let [a, b, c, d] = [run[0], run[1], run[2], run[3]].map(bare);
        a == c && b == d && b.len() > 2
    };
    words.windows(4).any(again)
        || words.windows(2).any(|pair| {
            let twice =
                pair[0] == pair[1] && pair[0] != "that" && pair[0].chars().all(|c| c.is_ascii_lowercase());
            twice || pairs.contains(&(pair[0], pair[1]))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_to_its_page() {
        let points = |text| dangles(&words(text));
        assert!(points("controls which parts that binary will behave as"));
        assert!(points("provides details about the component.") && points("deploy the final configuration"));
        assert!(!points("a component that is run by the component of a node"));
    }

    #[test]
    fn words_too_many() {
        assert!(is_doubled(&words("the primary (in Sentinel) in Sentinel")));
        let doubled = |text| is_doubled(&words(text));
        assert!(doubled("should be used for from a time") && doubled("one of the the keys"));
        assert!(!doubled("used for a time from then"));
    }

    #[test]
    fn what_leans_on_another_entry() {
        assert!(leans("The host of the server, similar to `host`, but of the scale target."));
        assert!(leans("See the reference for it.") && leans("Behaves like `host` does"));
        assert!(!leans("The primary, still referred to as the master, that is likely to be seen."));
    }

    #[test]
    fn what_was_joined_from_pieces() {
        assert!(is_cut("Defines policies and settings. Note:Most specific wins"));
        assert!(is_cut("Connects and makes requests. official documentation"));
        assert!(is_cut("Ends at once.Then starts again."));
        assert!(is_cut("`OS_NAME` or what the platform says") && is_cut("`a`; the name of the `b`."));
        assert!(!is_cut("Generated by the proxy (e.g. a 401 from it), default:dev"));
        assert!(!is_cut("Sets the port. Uses 80 in `a.B` otherwise."));
    }
}
