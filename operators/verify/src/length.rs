use std::sync::Arc;

use rifflebox_core::{Result, Tokenizer};
use serde::{Deserialize, Serialize, Serializer};

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_least, at_most, count_chars};
use crate::settings::refused;
use crate::words::split_words;

/// Keeps what is neither too short nor too long, in characters, words or tokens.
pub type Length = Filter<Lengths>;

/// The rules of [`Length`].
#[derive(Clone, Serialize)]
pub struct Lengths {
    #[serde(flatten)]
    settings: LengthSettings,
    #[serde(serialize_with = "fingerprint")]
    tokenizer: Option<Arc<dyn Tokenizer>>,
}

fn fingerprint<S: Serializer>(tokenizer: &Option<Arc<dyn Tokenizer>>, to: S) -> Result<S::Ok, S::Error> {
    tokenizer.as_ref().map(|tokenizer| tokenizer.fingerprint()).serialize(to)
}

/// Settings of [`Length`]: bounds that belong to the range; what is not given does not bind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LengthSettings {
    /// Fewest characters (Unicode scalar values).
    pub min_chars: Option<u64>,
    /// Most characters.
    pub max_chars: Option<u64>,
    /// Fewest words, punctuation counted as words.
    pub min_words: Option<u64>,
    /// Most words.
    pub max_words: Option<u64>,
    /// Fewest tokens of the flow's tokenizer.
    pub min_tokens: Option<u64>,
    /// Most tokens.
    pub max_tokens: Option<u64>,
}

impl LengthSettings {
    fn counts_tokens(&self) -> bool {
        self.min_tokens.is_some() || self.max_tokens.is_some()
    }
}

impl Length {
    /// Makes the filter; the tokenizer is asked only where tokens are bounded.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], when nothing is bounded, a range is empty, or tokens
    /// are bounded and there is no tokenizer.
    pub fn new(settings: LengthSettings, tokenizer: Option<Arc<dyn Tokenizer>>) -> Result<Self> {
        let ranges = [
            ("min_chars", settings.min_chars, settings.max_chars),
            ("min_words", settings.min_words, settings.max_words),
            ("min_tokens", settings.min_tokens, settings.max_tokens),
        ];
        if ranges.iter().all(|(_, least, most)| least.is_none() && most.is_none()) {
            let why = "nothing is bounded: give at least one of min_chars, max_chars, min_words …";
            return Err(refused(Self::NAME, "min_chars", why));
        }
        for (key, least, most) in ranges {
            if let (Some(least), Some(most)) = (least, most)
                && least > most
            {
                return Err(refused(Self::NAME, key, format!("{least} is more than the most, {most}")));
            }
        }
        if settings.counts_tokens() && tokenizer.is_none() {
            return Err(refused(Self::NAME, "min_tokens", "tokens are bounded, but no tokenizer is given"));
        }
        let tokenizer = tokenizer.filter(|_| settings.counts_tokens());
        Ok(Filter::of(Lengths { settings, tokenizer }))
    }
}

impl Rules for Lengths {
    const NAME: &'static str = "length";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        let bounds = &self.settings;
        if bounds.min_chars.is_some() || bounds.max_chars.is_some() {
            within("chars", count_chars(text) as u64, bounds.min_chars, bounds.max_chars)?;
        }
        if bounds.min_words.is_some() || bounds.max_words.is_some() {
            within("words", split_words(text).len() as u64, bounds.min_words, bounds.max_words)?;
        }
        match &self.tokenizer {
            Some(tokenizer) => within("tokens", tokenizer.count(text), bounds.min_tokens, bounds.max_tokens),
            None => Ok(()),
        }
    }
}

fn within(what: &str, count: u64, least: Option<u64>, most: Option<u64>) -> Result<(), Broken> {
    if let Some(least) = least {
        at_least(&format!("min_{what}"), what, count as f64, least as f64)?;
    }
    match most {
        Some(most) => at_most(&format!("max_{what}"), what, count as f64, most as f64),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Key, Verifier};

    use super::*;

    struct Bytes(&'static str);

    impl Tokenizer for Bytes {
        fn name(&self) -> &str {
            self.0
        }

        fn fingerprint(&self) -> Key {
            Key::of(self.0.as_bytes())
        }

        fn count(&self, text: &str) -> u64 {
            text.len() as u64
        }
    }

    fn check(settings: LengthSettings, text: &str, expected: Result<(), &str>) {
        let length = Length::new(settings, Some(Arc::new(Bytes("bytes")))).unwrap();
        assert_eq!(length.judge(text), expected.map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn bounds_belong_to_the_range() {
        let chars = || LengthSettings { min_chars: Some(2), max_chars: Some(3), ..Default::default() };
        check(chars(), "é", Err("min_chars: chars 1 < 2"));
        check(chars(), "éé", Ok(()));
        check(chars(), "ééé", Ok(()));
        check(chars(), "éééé", Err("max_chars: chars 4 > 3"));
    }

    #[test]
    fn words_and_tokens_are_counted() {
        let words = LengthSettings { min_words: Some(4), ..Default::default() };
        check(words, "don't go", Err("min_words: words 3 < 4"));
        let tokens = LengthSettings { max_tokens: Some(3), ..Default::default() };
        check(tokens, "éé", Err("max_tokens: tokens 4 > 3"));
    }

    #[test]
    fn the_tokenizer_is_part_of_the_identity_where_it_is_asked() {
        let print = |settings, name| {
            Length::new(settings, Some(Arc::new(Bytes(name)))).unwrap().identity().fingerprint()
        };
        let tokens = || LengthSettings { min_tokens: Some(1), ..Default::default() };
        assert_ne!(print(tokens(), "a"), print(tokens(), "b"));
        let chars = || LengthSettings { min_chars: Some(1), ..Default::default() };
        assert_eq!(print(chars(), "a"), print(chars(), "b"));
    }
}
