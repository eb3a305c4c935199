//! From the keys of a flow file to an operator's settings.

use rifflebox_core::{Error, ErrorKind, Result, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads the settings of an operator; keys that are not given take their defaults.
///
/// # Errors
/// Of kind [`ErrorKind::Usage`], naming the key: when a key is unknown (with the nearest right one), or a
/// value does not fit.
pub(crate) fn parse<T>(operator: &str, given: &Settings) -> Result<T>
where
    T: Default + Serialize + DeserializeOwned,
{
    let usage = |message: String| Error::new(ErrorKind::Usage, message);
    let defaults = serde_json::to_value(T::default()).expect("settings are plain data");
    let defaults = defaults.as_object().expect("settings are a table").clone();
    let given = match given {
        Settings::Null => return Ok(T::default()),
        Settings::Object(given) => given,
        other => return Err(usage(format!("the settings of `{operator}` are a table, not `{other}`"))),
    };
    let mut merged = defaults.clone();
    for (key, value) in given {
        if !defaults.contains_key(key) {
            let nearest = nearest(key, defaults.keys().map(String::as_str));
            return Err(usage(format!("`{operator}` has no setting `{key}`: {nearest}")));
        }
        // Alone among defaults, so that the error is of this key.
        let mut alone = defaults.clone();
        alone.insert(key.clone(), value.clone());
        serde_json::from_value::<T>(Settings::Object(alone))
            .map_err(|error| usage(format!("setting `{key}` of `{operator}`: {error}")))?;
        merged.insert(key.clone(), value.clone());
    }
    serde_json::from_value(Settings::Object(merged))
        .map_err(|error| usage(format!("settings of `{operator}`: {error}")))
}

/// Makes the error of a value that its type allows and its meaning does not.
pub(crate) fn refused(operator: &str, key: &str, why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Usage, format!("setting `{key}` of `{operator}`: {why}"))
}

/// Says which of the known words is meant: the nearest by edits, or all of them where none is near.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.clone().map(|other| (edits(word, other), other)).min();
    match near {
        Some((distance, other)) if distance <= word.len().div_ceil(2) => format!("did you mean `{other}`?"),
        _ => format!("known are {}", known.map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// Returns the edit distance of Levenshtein.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_words() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn far_words_get_the_whole_list() {
        assert_eq!(nearest("min_wrods", ["max_words", "min_words"].into_iter()), "did you mean `min_words`?");
        assert_eq!(nearest("zzzzzz", ["a", "b"].into_iter()), "known are `a`, `b`");
    }
}
