use std::collections::BTreeSet;

use rifflebox_core::Result;
use serde::{Deserialize, Serialize};
use whatlang::Lang;

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_least};
use crate::settings::refused;

/// Keeps texts in the languages that are asked for.
///
/// The guess is whatlang's, by script and by frequent groups of three letters (after Cavnar and Trenkle
/// 1994). It is poor below a sentence or two, and on text that is mostly code.
pub type Language = Filter<Languages>;

/// The rules of [`Language`].
#[derive(Clone, Debug, Serialize)]
pub struct Languages {
    #[serde(flatten)]
    settings: LanguageSettings,
    #[serde(skip)]
    allowed: Vec<Lang>,
}

/// Settings of [`Language`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageSettings {
    /// Languages to keep: three letters (ISO 639-3, `eng`), or two for the common ones (ISO 639-1, `en`).
    pub languages: BTreeSet<String>,
    /// Least confidence of the guess, between 0 and 1.
    pub min_confidence: f64,
    /// Characters at the front of a text by which it is judged; 0 is all of them.
    pub sample_chars: u64,
}

impl Default for LanguageSettings {
    fn default() -> Self {
        LanguageSettings { languages: ["en".to_owned()].into(), min_confidence: 0.65, sample_chars: 10_000 }
    }
}

/// ISO 639-1 codes of languages that can be guessed, with their ISO 639-3 codes as whatlang has them.
const SHORT_CODES: &str = "en eng ru rus zh cmn es spa pt por it ita bn ben fr fra de deu uk ukr ka kat ar ara \
    hi hin ja jpn he heb yi yid pl pol am amh jv jav ko kor nb nob no nob da dan sv swe fi fin tr tur nl nld \
    hu hun cs ces el ell bg bul be bel mr mar kn kan ro ron sl slv hr hrv sr srp mk mkd lt lit lv lav et est \
    ta tam vi vie ur urd th tha gu guj uz uzb pa pan az aze id ind te tel fa pes ml mal or ori my mya ne nep \
    si sin km khm tk tuk ak aka zu zul sn sna af afr la lat sk slk ca cat tl tgl hy hye cy cym eo epo";

impl Language {
    /// Makes the filter.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], when no language is given, or one that cannot be guessed.
    pub fn new(settings: LanguageSettings) -> Result<Self> {
        let allowed: Vec<Lang> =
            settings.languages.iter().map(|code| language_of(code)).collect::<Result<_>>()?;
        match allowed.is_empty() {
            true => Err(refused(Self::NAME, "languages", "no language is given")),
            false => Ok(Filter::of(Languages { settings, allowed })),
        }
    }
}

impl Rules for Languages {
    const NAME: &'static str = "language";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        let read = match self.settings.sample_chars {
            0 => text,
            most => first_chars(text, usize::try_from(most).unwrap_or(usize::MAX)),
        };
        let Some(guess) = whatlang::detect(read) else {
            return Err("languages: no language is found".to_owned());
        };
        if !self.allowed.contains(&guess.lang()) {
            let (code, confidence) = (guess.lang().code(), guess.confidence());
            let allowed: Vec<&str> = self.settings.languages.iter().map(String::as_str).collect();
            let allowed = allowed.join(", ");
            return Err(format!("languages: {code} (confidence {confidence:.2}) is not among {allowed}"));
        }
        at_least("min_confidence", "confidence", guess.confidence(), self.settings.min_confidence)
    }
}

fn language_of(code: &str) -> Result<Lang> {
    let known = || SHORT_CODES.split_ascii_whitespace();
    let short = known().step_by(2).zip(known().skip(1).step_by(2)).find(|&(short, _)| short == code);
    let long = short.map_or(code, |(_, long)| long);
    Lang::from_code(long).ok_or_else(|| {
        let nearest = rifflebox_core::nearest(code, known()).unwrap_or_default();
        refused(Language::NAME, "languages", format!("`{code}` can't be guessed: {nearest}"))
    })
}

fn first_chars(text: &str, count: usize) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_codes_name_one_language() {
        let codes: Vec<&str> = SHORT_CODES.split_ascii_whitespace().collect();
        for pair in codes.chunks(2) {
            assert_eq!(language_of(pair[0]).unwrap(), language_of(pair[1]).unwrap(), "{pair:?}");
        }
        assert!(
            Lang::all().iter().all(|lang| codes.contains(&lang.code())),
            "a language lacks its short code"
        );
    }

    #[test]
    fn an_unknown_code_is_refused_with_the_nearest() {
        let error = language_of("enf").unwrap_err().to_string();
        assert_eq!(error, "setting `languages` of `language`: `enf` can't be guessed: did you mean `en`?");
    }

    #[test]
    fn languages_are_told_apart() {
        let english =
            "The quick brown fox jumps over the lazy dog, and then it goes home to rest for a while.";
        let german = "Der schnelle braune Fuchs springt über den faulen Hund, und dann geht er nach Hause.";
        let settings =
            |code: &str| LanguageSettings { languages: [code.to_owned()].into(), ..Default::default() };
        let keeps = |code, text| Language::new(settings(code)).unwrap().judge(text);
        assert_eq!(keeps("en", english), Ok(()));
        assert_eq!(keeps("deu", german), Ok(()));
        let reason = keeps("en", german).unwrap_err();
        assert!(reason.starts_with("languages: deu (confidence "), "{reason}");
        assert_eq!(keeps("en", "12 34"), Err("languages: no language is found".into()));
    }
}
