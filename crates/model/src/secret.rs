use std::fmt;

/// What stands where a key stood.
const HIDDEN: &str = "<key>";
/// What is shorter is no key.
const LEAST_BYTES: usize = 12;

/// A key that is sent and never shown.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes a key, without the white space around it; none if nothing is left.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Secret(text.to_owned()))
    }

    /// Returns the key itself, for the one header that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes the key out of what somebody else said, as it is and as JSON writes it.
    ///
    /// A word such as `EMPTY`, which servers take that want no key, is no secret, and may stand in any answer.
    pub(crate) fn hide(&self, text: String) -> String {
        let mut text = text;
        if self.0.len() < LEAST_BYTES {
            return text;
        }
        for form in [self.0.clone(), escaped(&self.0)] {
            if text.contains(&form) {
                text = text.replace(&form, HIDDEN);
            }
        }
        text
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Returns the inside of the JSON string that says it.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_hidden_wherever_it_stands() {
        let secret = Secret::new(" sk-\"123456789\n").unwrap();
        assert_eq!(secret.reveal(), "sk-\"123456789");
        assert_eq!(format!("{secret:?}"), "<key>");
        assert_eq!(
            secret.hide("bad key sk-\"123456789, said sk-\"123456789".to_owned()),
            "bad key <key>, said <key>"
        );
        assert_eq!(secret.hide(r#"{"key": "sk-\"123456789"}"#.to_owned()), r#"{"key": "<key>"}"#);
        let word = Secret::new("EMPTY").unwrap();
        assert_eq!(word.hide("An EMPTY list.".to_owned()), "An EMPTY list.");
        assert!(Secret::new(" \n").is_none());
    }
}
