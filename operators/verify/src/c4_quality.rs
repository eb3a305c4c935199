use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_least, split_lines};
use crate::words::{count_sentences, is_space, strip};

/// Keeps texts with enough sentences in lines that are prose, and without traces of code or filler.
///
/// Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
/// Transformer", JMLR 21, section 2.2. Rules, order, defaults and sentence counts are those of datatrove
/// 0.10's `C4QualityFilter` for English split by lines, and so are its decisions to keep or drop a text.
///
/// That filter also *edits* what it keeps: it takes out the lines that break a rule, and citations. A
/// verifier judges and never edits: here such lines only do not count as sentences, and the text stays as
/// it is. The list of bad words, and the split by sentences, are not offered.
pub type C4Quality = Filter<C4QualitySettings>;

/// Settings of [`C4Quality`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct C4QualitySettings {
    /// Fewest sentences in lines that count; 0 switches the rule off.
    pub min_sentences: u64,
    /// Fewest words, parted by white space, of a line that counts.
    pub min_words_per_line: u64,
    /// Most characters of any word of a line that counts; 0 switches the rule off.
    pub max_word_length: u64,
    /// Whether only lines count that end in `.`, `?`, `!` or a quotation mark, and in no ellipsis.
    pub only_ended_lines: bool,
    /// Whether citations such as `[12]` and `[edit]` are looked past.
    pub skip_citations: bool,
    /// Whether a text with "lorem ipsum" in a line that counts is rejected.
    pub reject_lorem_ipsum: bool,
    /// Whether a text with `{` in a line that counts is rejected.
    pub reject_curly_bracket: bool,
    /// Whether lines that name JavaScript do not count.
    pub skip_javascript: bool,
    /// Whether lines on cookies, privacy and terms of use do not count.
    pub skip_policy: bool,
}

impl Default for C4QualitySettings {
    fn default() -> Self {
        C4QualitySettings {
            min_sentences: 5,
            min_words_per_line: 3,
            max_word_length: 1000,
            only_ended_lines: true,
            skip_citations: true,
            reject_lorem_ipsum: true,
            reject_curly_bracket: true,
            skip_javascript: true,
            skip_policy: true,
        }
    }
}

/// Source: `c4_utils.py` of TensorFlow Datasets, which the paper's authors wrote.
const POLICIES: [&str; 6] =
    ["terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"];

static CITATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\[\d*\]|\[edit\]|\[citation needed\]").expect("the pattern is a constant of this file")
});

impl C4Quality {
    /// Makes the filter.
    pub fn new(settings: C4QualitySettings) -> Self {
        Filter::of(settings)
    }
}

impl Rules for C4QualitySettings {
    const NAME: &'static str = "c4-quality";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        let mut sentences = 0;
        for line in split_lines(text) {
            sentences += self.sentences(strip(line))?;
        }
        at_least("min_sentences", "sentences", sentences as f64, self.min_sentences as f64)
    }
}

impl C4QualitySettings {
    /// Returns the sentences of a line, none where it does not count.
    fn sentences(&self, line: &str) -> Result<usize, Broken> {
        let whole = line;
        let line = match self.skip_citations && line.contains('[') {
            true => CITATION.replace_all(line, ""),
            false => Cow::Borrowed(line),
        };
        if self.only_ended_lines && !is_ended(&line) {
            return Ok(0);
        }
        let words = || whole.split(is_space).filter(|word| !word.is_empty());
        if (words().count() as u64) < self.min_words_per_line || words().any(|word| self.is_too_long(word)) {
            return Ok(0);
        }
        let lower = line.to_lowercase();
        if self.reject_lorem_ipsum && lower.contains("lorem ipsum") {
            return Err("reject_lorem_ipsum: the text holds `lorem ipsum`".to_owned());
        }
        if self.skip_javascript && lower.contains("javascript") {
            return Ok(0);
        }
        if self.reject_curly_bracket && line.contains('{') {
            return Err("reject_curly_bracket: the text holds `{`".to_owned());
        }
        if self.skip_policy && POLICIES.iter().any(|policy| lower.contains(policy)) {
            return Ok(0);
        }
        match self.min_sentences {
            0 => Ok(0),
            _ => Ok(count_sentences(&line)),
        }
    }

    fn is_too_long(&self, word: &str) -> bool {
        let most = self.max_word_length;
        most > 0 && word.len() as u64 > most && word.chars().count() as u64 > most
    }
}

fn is_ended(line: &str) -> bool {
    line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(settings: C4QualitySettings, text: &str, expected: Result<(), &str>) {
        assert_eq!(C4Quality::new(settings).judge(text), expected.map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn only_sentences_of_lines_that_count_are_counted() {
        let two = "The first one. The second one.\n";
        check(Default::default(), &two.repeat(3), Ok(()));
        for uncounted in [
            "A heading without an end\n",
            "It trails off...\n",
            "Two words.\n",
            "You need JavaScript to see this.\n",
            "Read our Privacy Policy before you go.\n",
            "A [1] line that ends in a citation without its stop [edit]\n",
            &format!("A word of {} letters.\n", "x".repeat(1001)),
        ] {
            let text = two.repeat(2) + uncounted;
            check(Default::default(), &text, Err("min_sentences: sentences 4 < 5"));
            check(Default::default(), &(text + "A fifth one.[3]\n"), Ok(()));
        }
    }

    #[test]
    fn traces_of_code_and_filler_reject_where_a_line_counts() {
        let five = "One and two. Three and four. Five and six. Seven and eight. Nine and ten.\n";
        let curly = Err("reject_curly_bracket: the text holds `{`");
        check(Default::default(), &format!("{five}Call it with {{}} and wait."), curly);
        check(Default::default(), &format!("{five}fn main() {{\n}}\n"), Ok(()));
        let filler = Err("reject_lorem_ipsum: the text holds `lorem ipsum`");
        check(Default::default(), &format!("{five}Lorem ipsum dolor sit amet."), filler);
    }

    #[test]
    fn rules_can_be_off() {
        let off = C4QualitySettings { min_sentences: 0, ..Default::default() };
        check(off, "", Ok(()));
        let any = C4QualitySettings { only_ended_lines: false, min_sentences: 1, ..Default::default() };
        check(any, "three words here", Ok(()));
        let words = C4QualitySettings { max_word_length: 0, min_sentences: 1, ..Default::default() };
        check(words, &format!("A word of {} letters.", "x".repeat(1001)), Ok(()));
    }
}
