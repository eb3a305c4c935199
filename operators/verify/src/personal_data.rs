use std::collections::BTreeMap;
use std::path::Path;

use rifflebox_core::{Document, Identity, Proof, RedactionKeeper, Result, Sample, Verdict, Verifier};
use rifflebox_redact::{RedactSettings, Redactor, Rule, RuleName};
use serde::{Deserialize, Serialize};

use crate::looked_at::{Look, LookedAt};
use crate::settings::refused;

/// Keeps out what holds personal data, by the rules that redact documents.
///
/// A reason names each rule with the number of its finds, and never a value. Placeholders that stand where something was
/// redacted are no personal data.
#[derive(Debug)]
pub struct PersonalData {
    settings: PersonalDataSettings,
    looked_at: LookedAt,
    redactor: Redactor,
}

/// Settings of [`PersonalData`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonalDataSettings {
    /// A template of the text that is judged; else all columns, and the context.
    pub text: Option<String>,
    /// Rules, by name, or `standard` for all that are in by default.
    pub rules: Option<Vec<RuleName>>,
    /// Names of people.
    pub names: Vec<String>,
    /// A file with a name a line; a relative path starts at the flow's folder.
    pub names_file: Option<String>,
    /// Whether names are found only as they are written, upper and lower case too.
    pub match_case: bool,
    /// The most finds that a sample may hold.
    pub max_finds: u64,
}

/// What of the settings can change a verdict: names are told apart by a digest.
#[derive(Serialize)]
struct Meaning<'a> {
    text: Option<&'a str>,
    max_finds: u64,
    rules: serde_json::Value,
}

impl PersonalData {
    /// The name that flow files use.
    pub const NAME: &'static str = "personal-data";

    /// Makes the filter; a file of names is read from `base_dir`.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when the rules contradict each other or the file
    /// cannot be read.
    pub fn new(settings: PersonalDataSettings, base_dir: &Path) -> Result<Self> {
        let looked_at = LookedAt::new(settings.text.as_deref(), Look::All)?;
        let redact = RedactSettings {
            rules: settings.rules.clone(),
            names: settings.names.clone(),
            names_file: settings.names_file.clone(),
            match_case: settings.match_case,
            ..RedactSettings::default()
        };
        let key = if settings.names_file.is_some() { "names_file" } else { "rules" };
        let wrong = |error: rifflebox_core::Error| refused(Self::NAME, key, error.chain());
        let redactor = Redactor::new(redact, base_dir).map_err(wrong)?;
        redactor.ready().map_err(wrong)?;
        Ok(PersonalData { settings, looked_at, redactor })
    }

    fn judge(&self, sample: &Sample) -> Result<(), String> {
        let mut counts: BTreeMap<Rule, u64> = BTreeMap::new();
        for (column, text) in self.looked_at.parts(sample)? {
            // Only the names of fields say what a number is, and no column of a sample is such a name.
            let found =
                self.redactor.find(&text, "").map_err(|error| format!("{column}: {}", error.chain()))?;
            found.iter().for_each(|found| *counts.entry(found.rule).or_default() += 1);
        }
        if counts.values().sum::<u64>() <= self.settings.max_finds {
            return Ok(());
        }
        let told: Vec<String> = counts.iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        Err(format!("personal data: {}", told.join(", ")))
    }
}

impl Verifier for PersonalData {
    fn identity(&self) -> Identity {
        let PersonalDataSettings { text, max_finds, .. } = &self.settings;
        let meaning =
            Meaning { text: text.as_deref(), max_finds: *max_finds, rules: self.redactor.meaning() };
        Identity::new(Self::NAME, "1").with_settings(&meaning)
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        self.judge(sample).into()
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Content;
    use serde_json::json;

    use super::*;
    use crate::looked_at::tests::sample;

    fn filter(settings: serde_json::Value, base_dir: &Path) -> Result<PersonalData> {
        PersonalData::new(serde_json::from_value(settings).unwrap(), base_dir)
    }

    #[track_caller]
    fn check(settings: serde_json::Value, text: &str, reason: &str) {
        let verdict = filter(settings, Path::new(""))
            .unwrap()
            .verify(&sample(Content::Text { text: text.into() }), &[]);
        assert_eq!(verdict.reason.unwrap_or_default(), reason, "{text}");
    }

    const TOLD: &str = "Ask ada@analytical.org or bob@analytical.org, or +44 20 7219 3000.";

    #[test]
    fn a_reason_names_rules_and_numbers_and_no_value() {
        check(json!({}), TOLD, "personal data: email 2, phone 1");
        check(json!({ "rules": ["phone"] }), TOLD, "personal data: phone 1");
        check(json!({ "rules": ["card"] }), TOLD, "");
        check(json!({ "max_finds": 3 }), TOLD, "");
        check(json!({ "max_finds": 2 }), TOLD, "personal data: email 2, phone 1");
        check(json!({ "names": ["Ada Lovelace"] }), "Ask ada lovelace.", "personal data: name 1");
        check(json!({ "names": ["Ada Lovelace"], "match_case": true }), "Ask ada lovelace.", "");
    }

    #[test]
    fn what_was_redacted_is_no_personal_data() {
        check(json!({}), "Ask <EMAIL> or <EMAIL_3f9a2c7b04de>, or <PHONE>.", "");
    }

    #[test]
    fn all_that_is_published_is_looked_through() {
        let judge =
            |content: Content| filter(json!({}), Path::new("")).unwrap().verify(&sample(content), &[]).accept;
        let asked = |prompt: &str| Content::Completion { prompt: prompt.into(), completion: "So.".into() };
        assert!(judge(asked("How?")));
        assert!(!judge(asked(TOLD)));
        let in_context = Sample { context: Some(TOLD.into()), ..sample(asked("How?")) };
        assert!(!filter(json!({}), Path::new("")).unwrap().verify(&in_context, &[]).accept);
    }

    #[test]
    fn fingerprints_hold_no_name() {
        let identity = |names: &[&str]| filter(json!({ "names": names }), Path::new("")).unwrap().identity();
        let one = identity(&["Ada Lovelace"]);
        assert!(!one.settings.to_string().contains("Lovelace"), "{}", one.settings);
        assert_ne!(one.fingerprint(), identity(&["Ada Byron"]).fingerprint());
        assert_eq!(identity(&["b", "a"]).fingerprint(), identity(&["a", "b"]).fingerprint());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("names.txt"), "a\nb\n").unwrap();
        let of_file = filter(json!({ "names_file": "names.txt" }), folder.path()).unwrap().identity();
        assert_eq!(of_file.fingerprint(), identity(&["a", "b"]).fingerprint());
    }

    #[test]
    fn wrong_rules_are_refused() {
        let wrong = |settings| filter(settings, Path::new("")).unwrap_err().to_string();
        assert!(
            wrong(json!({ "rules": [] }))
                .starts_with("setting `rules` of `personal-data`: it looks for nothing")
        );
        assert!(wrong(json!({ "names_file": "nowhere" })).contains("setting `names_file`"));
    }
}
