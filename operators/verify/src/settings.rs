//! From the keys of a flow file to an operator's settings.

use rifflebox_core::{Error, ErrorKind, Result, Settings, nearest};
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
            let hint = nearest(key, defaults.keys().map(String::as_str)).unwrap_or_default();
            return Err(usage(format!("`{operator}` has no setting `{key}`: {hint}")));
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
