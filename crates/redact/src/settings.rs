use std::fmt;

use rifflebox_core::{Error, ErrorKind, Result};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::Rule;

/// What is done about personal data in the documents of a source: `redact` of a flow file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redact {
    /// Nothing, by the user's word: `"none"`.
    None,
    /// What [`RedactSettings`] say; `"standard"` is all of its defaults.
    By(RedactSettings),
}

/// Which personal data is replaced, and by what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedactSettings {
    /// Rules, by name, or `standard` for all that are in by default.
    pub rules: Option<Vec<RuleName>>,
    /// Names of people.
    pub names: Vec<String>,
    /// A file with a name a line; a relative path starts at the flow's folder.
    pub names_file: Option<String>,
    /// Whether names are found only as they are written, upper and lower case too.
    pub match_case: bool,
    /// The variable of the environment that holds the key of pseudonyms.
    pub key_env: Option<String>,
    /// The file that holds the key of pseudonyms; a relative path starts at the flow's folder.
    pub key_file: Option<String>,
    /// The file that is to say which value is behind each pseudonym; a relative path starts at the flow's folder.
    pub map: Option<String>,
}

/// A rule, or all that are in by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleName {
    /// `standard`
    Standard,
    /// One rule.
    One(Rule),
}

/// What `rules` may name.
const RULE_NAMES: [&str; 17] = {
    let mut names = ["standard"; 17];
    let mut index = 0;
    while index < Rule::ALL.len() {
        names[index + 1] = Rule::ALL[index].name();
        index += 1;
    }
    names
};

impl Redact {
    /// Replaces what the standard rules find by placeholders without a pseudonym.
    pub fn standard() -> Self {
        Redact::By(RedactSettings::default())
    }
}

impl RedactSettings {
    /// Returns the rules, in order of priority; names are looked for where there are any.
    ///
    /// # Errors
    /// When the settings contradict each other.
    pub(crate) fn rules(&self) -> Result<Vec<Rule>> {
        let named = !self.names.is_empty() || self.names_file.is_some();
        let chosen = self.rules.as_deref().unwrap_or(&[RuleName::Standard]);
        let has = |rule: Rule| match rule {
            Rule::Name => named,
            rule => {
                chosen.contains(&RuleName::One(rule))
                    || chosen.contains(&RuleName::Standard) && rule.is_standard()
            }
        };
        let rules: Vec<Rule> = Rule::ALL.into_iter().filter(|rule| has(*rule)).collect();
        let usage = |message: &str| Err(Error::new(ErrorKind::Usage, message));
        if chosen.contains(&RuleName::One(Rule::Name)) && !named {
            return usage(
                "the rule `name` finds the names that `names` or `names_file` lists, and there are none",
            );
        }
        if rules.is_empty() {
            return usage("it looks for nothing: name `rules` or `names`, or write \"none\"");
        }
        match (&self.key_env, &self.key_file, &self.map) {
            (Some(_), Some(_), _) => usage("the key comes from `key_env` or from `key_file`, not from both"),
            (None, None, Some(_)) => {
                usage("a `map` reverses pseudonyms, and without `key_env` or `key_file` there are none")
            }
            _ => Ok(rules),
        }
    }
}

impl Serialize for RuleName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            RuleName::Standard => serializer.serialize_str("standard"),
            RuleName::One(rule) => serializer.serialize_str(rule.name()),
        }
    }
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = RuleName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a rule")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<RuleName, E> {
                if name == "standard" {
                    return Ok(RuleName::Standard);
                }
                let rule = Rule::ALL.into_iter().find(|rule| rule.name() == name);
                rule.map(RuleName::One).ok_or_else(|| E::unknown_variant(name, &RULE_NAMES))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl Serialize for Redact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Redact::None => serializer.serialize_str("none"),
            Redact::By(settings) => settings.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Redact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Setting;
        impl<'de> Visitor<'de> for Setting {
            type Value = Redact;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"standard\", \"none\" or a table")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Redact, E> {
                match name {
                    "standard" => Ok(Redact::standard()),
                    "none" => Ok(Redact::None),
                    other => Err(E::unknown_variant(other, &["standard", "none"])),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Redact, A::Error> {
                RedactSettings::deserialize(MapAccessDeserializer::new(map)).map(Redact::By)
            }
        }
        deserializer.deserialize_any(Setting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct Holder {
        redact: Redact,
    }

    fn read(text: &str) -> Result<Redact, toml::de::Error> {
        toml::from_str::<Holder>(text).map(|holder| holder.redact)
    }

    #[test]
    fn a_word_or_a_table_says_it() {
        assert_eq!(read("redact = \"none\"").unwrap(), Redact::None);
        assert_eq!(read("redact = \"standard\"").unwrap(), Redact::standard());
        let Redact::By(settings) =
            read("redact = { rules = [\"email\", \"name\"], names = [\"Ada\"] }").unwrap()
        else {
            panic!("a table is no word");
        };
        assert_eq!(settings.rules().unwrap(), [Rule::Email, Rule::Name]);
        assert!(read("redact = \"all\"").unwrap_err().message().contains("unknown variant `all`"));
        let error = read("redact = { rules = [\"e-mail\"] }").unwrap_err();
        assert!(error.message().contains("unknown variant `e-mail`"), "{error}");
        assert!(read("redact = { rule = [] }").unwrap_err().message().contains("unknown field `rule`"));
    }

    #[test]
    fn standard_is_all_but_private_addresses() {
        let rules = RedactSettings::default().rules().unwrap();
        assert!(!rules.contains(&Rule::PrivateIp) && !rules.contains(&Rule::Name));
        assert_eq!(rules.len(), Rule::ALL.len() - 2);
        let more = Some(vec![RuleName::Standard, RuleName::One(Rule::PrivateIp)]);
        let rules = RedactSettings { rules: more, names: vec!["Ada".to_owned()], ..Default::default() };
        assert_eq!(rules.rules().unwrap(), Rule::ALL);
    }

    #[test]
    fn contradictions_are_named() {
        let check = |settings: RedactSettings, expected: &str| {
            let error = settings.rules().unwrap_err();
            assert!(error.kind() == ErrorKind::Usage && error.to_string().contains(expected), "{error}");
        };
        let base = RedactSettings::default;
        check(RedactSettings { rules: Some(vec![]), ..base() }, "looks for nothing");
        check(RedactSettings { rules: Some(vec![RuleName::One(Rule::Name)]), ..base() }, "there are none");
        check(RedactSettings { map: Some("m".into()), ..base() }, "a `map` reverses pseudonyms");
        let both = RedactSettings { key_env: Some("A".into()), key_file: Some("b".into()), ..base() };
        check(both, "not from both");
    }
}
