use std::sync::Arc;

use rifflebox_core::{Result, Settings, Tokenizer, Verifier};

use crate::settings::parse;
use crate::{
    C4Quality, Characters, FinewebQuality, GopherQuality, GopherRepetition, Language, Length, LengthSettings,
};

/// Returns the names of all filters, in order of the alphabet.
pub fn filters() -> &'static [&'static str] {
    &[
        C4Quality::NAME,
        Characters::NAME,
        FinewebQuality::NAME,
        GopherQuality::NAME,
        GopherRepetition::NAME,
        Language::NAME,
        Length::NAME,
    ]
}

/// Makes the filter of a name from a table of settings; none where no filter has the name.
///
/// A `length` that bounds tokens needs [`by_name_with`].
///
/// # Errors
/// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the key, when a setting is unknown (with the
/// nearest right one) or wrong.
pub fn by_name(name: &str, settings: Settings) -> Option<Result<Arc<dyn Verifier>>> {
    by_name_with(name, settings, None)
}

/// Makes the filter of a name as [`by_name`] does, with the tokenizer of the flow.
///
/// # Errors
/// As [`by_name`].
pub fn by_name_with(
    name: &str,
    settings: Settings,
    tokenizer: Option<Arc<dyn Tokenizer>>,
) -> Option<Result<Arc<dyn Verifier>>> {
    filters().contains(&name).then(|| make(name, &settings, tokenizer))
}

fn make(name: &str, given: &Settings, tokenizer: Option<Arc<dyn Tokenizer>>) -> Result<Arc<dyn Verifier>> {
    Ok(match name {
        C4Quality::NAME => Arc::new(C4Quality::new(parse(name, given)?)),
        Characters::NAME => Arc::new(Characters::new(parse(name, given)?)),
        FinewebQuality::NAME => Arc::new(FinewebQuality::new(parse(name, given)?)),
        GopherQuality::NAME => Arc::new(GopherQuality::new(parse(name, given)?)),
        GopherRepetition::NAME => Arc::new(GopherRepetition::new(parse(name, given)?)?),
        Language::NAME => Arc::new(Language::new(parse(name, given)?)?),
        Length::NAME => Arc::new(Length::new(parse::<LengthSettings>(name, given)?, tokenizer)?),
        other => unreachable!("`{other}` is among the filters, but nothing makes it"),
    })
}

#[cfg(test)]
mod tests {
    use rifflebox_core::ErrorKind;
    use serde_json::json;

    use super::*;

    fn refusal(name: &str, settings: Settings) -> String {
        let error = by_name(name, settings).expect("the filter is known").err().expect("it is refused");
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    }

    #[test]
    fn every_name_makes_a_filter_of_that_name() {
        for &name in filters() {
            let settings = if name == Length::NAME { json!({"min_chars": 1}) } else { json!({}) };
            let filter = by_name(name, settings).unwrap().unwrap();
            assert_eq!(filter.identity().name, name);
            assert!(!filter.reads_documents());
        }
        assert!(filters().is_sorted());
        assert!(by_name("gopher", json!({})).is_none());
    }

    #[test]
    fn an_identity_is_name_version_and_settings() {
        let meaning = |name, given| {
            let identity = by_name(name, given).unwrap().unwrap().identity();
            assert_eq!((identity.name.as_str(), identity.version.as_str()), (name, "1"));
            identity.settings
        };
        assert_eq!(
            meaning("language", json!({})),
            json!({"languages": ["en"], "min_confidence": 0.65, "sample_chars": 10_000})
        );
        assert_eq!(
            meaning("length", json!({"min_chars": 5})),
            json!({
                "min_chars": 5, "max_chars": null, "min_words": null, "max_words": null,
                "min_tokens": null, "max_tokens": null, "tokenizer": null,
            })
        );
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest() {
        assert_eq!(
            refusal("gopher-quality", json!({"min_wrods": 3})),
            "`gopher-quality` has no setting `min_wrods`: did you mean `min_words`?"
        );
    }

    #[test]
    fn a_wrong_value_names_its_key() {
        assert_eq!(
            refusal("c4-quality", json!({"min_words_per_line": 2, "min_sentences": "five"})),
            "setting `min_sentences` of `c4-quality`: invalid type: string \"five\", expected u64"
        );
        assert_eq!(refusal("characters", json!([1])), "the settings of `characters` are a table, not `[1]`");
        assert_eq!(
            refusal("length", json!({"min_chars": 5, "max_chars": 4})),
            "setting `min_chars` of `length`: 5 is more than the most, 4"
        );
        assert!(refusal("length", json!({})).contains("nothing is bounded"));
        assert!(refusal("length", json!({"max_tokens": 9})).contains("no tokenizer is given"));
        assert!(refusal("language", json!({"languages": []})).contains("no language is given"));
    }

    #[test]
    fn a_given_setting_changes_the_fingerprint_and_a_default_does_not() {
        let print = |settings| by_name("gopher-quality", settings).unwrap().unwrap().identity().fingerprint();
        assert_eq!(print(json!({})), print(json!({"min_words": 50, "min_mean_word_length": 3.0})));
        // Whole numbers are the same setting as their fractions.
        assert_eq!(print(json!({})), print(json!({"min_mean_word_length": 3})));
        assert_ne!(print(json!({})), print(json!({"min_words": 51})));
    }
}
