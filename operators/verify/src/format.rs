use std::path::Path;

use regex::Regex;
use rifflebox_core::{Document, Identity, Proof, Result, Sample, Verdict, Verifier};
use rifflebox_schema::Schema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lines::read_text;
use crate::looked_at::{Look, LookedAt};
use crate::settings::refused;

/// Keeps what has the form that is asked for: JSON, a JSON schema, fields that must be there, a pattern.
///
/// It judges the form and not the matter, and so it filters. Of JSON all of a text is judged, with no words around it.
#[derive(Debug)]
pub struct Format {
    settings: FormatSettings,
    looked_at: LookedAt,
    schema: Option<Schema>,
    pattern: Option<Regex>,
}

/// Settings of [`Format`]: what is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FormatSettings {
    /// A template of the text that is judged; else each text, completion, better answer or turn of the assistant.
    pub text: Option<String>,
    /// Whether it must be one JSON value; a schema and required fields imply it.
    pub json: bool,
    /// Whether JSON may stand in a fence of backticks.
    pub fenced: bool,
    /// A file with a JSON schema; a relative path starts at the flow's folder.
    pub schema: Option<String>,
    /// Names of fields that a JSON object must have, with a value other than null; a name that begins with `/` is a JSON
    /// pointer, such as `/items/0/name`.
    pub required: Vec<String>,
    /// A regular expression that must match somewhere in the text; `^` and `$` hold it to all of the text.
    pub pattern: Option<String>,
}

/// How many faults a reason names.
const MOST_FAULTS: usize = 3;
/// The longest reason, in characters.
const MOST_CHARS: usize = 400;

impl Format {
    /// The name that flow files use.
    pub const NAME: &'static str = "format";

    /// Makes the verifier; a schema is read from `base_dir`.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when nothing is asked for, or what is asked for is
    /// no schema or no pattern.
    pub fn new(settings: FormatSettings, base_dir: &Path) -> Result<Self> {
        let FormatSettings { json, schema, required, pattern, .. } = &settings;
        let asks_json = *json || schema.is_some() || !required.is_empty();
        if !asks_json && pattern.is_none() {
            let why = "nothing is asked for: set `json`, `schema`, `required` or `pattern`";
            return Err(refused(Self::NAME, "json", why));
        }
        if settings.fenced && !asks_json {
            let why = "a fence stands around JSON, and none is asked for: set `json`";
            return Err(refused(Self::NAME, "fenced", why));
        }
        if let Some(empty) = required.iter().find(|name| name.is_empty()) {
            return Err(refused(Self::NAME, "required", format!("`{empty}` names no field")));
        }
        let schema = schema.as_ref().map(|file| read_schema(file, base_dir)).transpose()?;
        let pattern = pattern.as_ref().map(|pattern| Regex::new(pattern)).transpose();
        let pattern = pattern.map_err(|error| refused(Self::NAME, "pattern", error))?;
        Ok(Format {
            looked_at: LookedAt::new(settings.text.as_deref(), Look::Answer)?,
            settings,
            schema,
            pattern,
        })
    }

    fn judge(&self, text: &str) -> Result<(), String> {
        let FormatSettings { json, fenced, required, .. } = &self.settings;
        if *json || self.schema.is_some() || !required.is_empty() {
            let value = if *fenced { unfenced(text) } else { text };
            let value: Value =
                serde_json::from_str(value).map_err(|error| format!("it is no JSON: {error}"))?;
            if let Some(absent) = required.iter().find(|name| !has(&value, name)) {
                return Err(format!("the value lacks `{absent}`"));
            }
            let faults = self.schema.as_ref().map(|schema| schema.faults(&value)).unwrap_or_default();
            match faults.len() {
                0 => {}
                all if all > MOST_FAULTS => {
                    return Err(format!(
                        "{}; and {} more",
                        faults[..MOST_FAULTS].join("; "),
                        all - MOST_FAULTS
                    ));
                }
                _ => return Err(faults.join("; ")),
            }
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(text) => Err("it does not match `pattern`".to_owned()),
            _ => Ok(()),
        }
    }
}

fn read_schema(file: &str, base_dir: &Path) -> Result<Schema> {
    let text = read_text(Format::NAME, "schema", base_dir, file)?;
    let wrong = |why: String| refused(Format::NAME, "schema", format!("{file} holds no schema: {why}"));
    let schema = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Schema::new("the value", schema).map_err(wrong)
}

/// Returns whether a value has a field, and says something in it.
fn has(value: &Value, name: &str) -> bool {
    let field = if name.starts_with('/') { value.pointer(name) } else { value.get(name) };
    field.is_some_and(|field| !field.is_null())
}

/// Returns the inside of a fence of backticks, if the whole text stands in one.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inside.and_then(|inside| inside.split_once('\n')) {
        Some((language, inside)) if language.trim().chars().all(char::is_alphanumeric) => inside.trim(),
        _ => text,
    }
}

impl Format {
    fn judge_sample(&self, sample: &Sample) -> Result<(), String> {
        let parts = self.looked_at.parts(sample)?;
        if parts.is_empty() {
            return Err("the assistant says nothing".to_owned());
        }
        for (index, (name, text)) in parts.iter().enumerate() {
            self.judge(text).map_err(|why| {
                let turn = if parts.len() > 1 { format!(", turn {}", index + 1) } else { String::new() };
                clip(format!("{name}{turn}: {why}"))
            })?;
        }
        Ok(())
    }
}

impl Verifier for Format {
    fn identity(&self) -> Identity {
        // A file of a schema counts by what it holds.
        let schema = self.schema.as_ref().map(|schema| schema.value().to_string());
        Identity::new(Self::NAME, "1").with_settings(&FormatSettings { schema, ..self.settings.clone() })
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        self.judge_sample(sample).into()
    }
}

fn clip(reason: String) -> String {
    match reason.char_indices().nth(MOST_CHARS) {
        None => reason,
        Some((at, _)) => format!("{}…", &reason[..at]),
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Content, Message};
    use serde_json::json;

    use super::*;
    use crate::looked_at::tests::sample;

    fn format(settings: Value, base_dir: &Path) -> Result<Format> {
        Format::new(serde_json::from_value(settings).unwrap(), base_dir)
    }

    #[track_caller]
    fn check(settings: Value, text: &str, reason: Option<&str>) {
        let format = format(settings, Path::new("")).unwrap();
        let verdict = format.verify(&sample(Content::Text { text: text.into() }), &[]);
        assert_eq!((verdict.accept, verdict.reason.as_deref()), (reason.is_none(), reason), "{text}");
    }

    #[test]
    fn json_is_all_of_the_text() {
        let json = || json!({ "json": true });
        check(json(), " {\"a\": [1, 2]}\n", None);
        check(json(), "7", None);
        check(json(), "Sure! {\"a\": 1}", Some("text: it is no JSON: expected value at line 1 column 1"));
        check(json(), "```json\n{}\n```", Some("text: it is no JSON: expected value at line 1 column 1"));
        check(json!({ "json": true, "fenced": true }), "```json\n{}\n```", None);
        check(json!({ "json": true, "fenced": true }), "{}", None);
        // What is nested too deeply for any reader is a rejection, and no fault of ours.
        check(
            json(),
            &"[".repeat(100_000),
            Some("text: it is no JSON: recursion limit exceeded at line 1 column 128"),
        );
    }

    #[test]
    fn fields_must_be_there_and_say_something() {
        let required = || json!({ "required": ["name", "/items/0/id"] });
        check(required(), r#"{"name": "a", "items": [{"id": 1}]}"#, None);
        check(required(), r#"{"name": "a", "items": []}"#, Some("text: the value lacks `/items/0/id`"));
        check(required(), r#"{"name": null, "items": [{"id": 1}]}"#, Some("text: the value lacks `name`"));
        check(required(), "[1]", Some("text: the value lacks `name`"));
    }

    #[test]
    fn patterns_match_anywhere_unless_they_are_held() {
        check(json!({ "pattern": r"\d{4}" }), "in 1843", None);
        check(json!({ "pattern": r"^\d{4}$" }), "in 1843", Some("text: it does not match `pattern`"));
    }

    #[test]
    fn a_schema_is_a_file_and_counts_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let of = |name: &str| format(json!({ "schema": name }), folder.path());
        write("a.json", r#"{"type": "array", "items": {"type": "integer"}}"#);
        write("b.json", "{ \"type\": \"array\",\n \"items\": {\"type\": \"integer\"} }");
        write("c.json", r#"{"type": "array"}"#);
        let print = |name| of(name).unwrap().identity().fingerprint();
        assert_eq!(print("a.json"), print("b.json"));
        assert_ne!(print("a.json"), print("c.json"));
        let judge = |text: &str| of("a.json").unwrap().judge(text);
        assert_eq!(judge("[1, 2]"), Ok(()));
        assert_eq!(judge("{}"), Err("the value is no array".into()));
        let many = "`/0` is no integer; `/1` is no integer; `/2` is no integer; and 1 more";
        assert_eq!(judge(r#"["1", "2", "3", "4"]"#), Err(many.into()));
        write("d.json", r#"{"type": "arr"}"#);
        let wrong = |name| of(name).unwrap_err().to_string();
        assert!(wrong("d.json").contains("setting `schema` of `format`: d.json holds no schema"));
        assert!(wrong("e.json").contains("e.json cannot be read"));
    }

    #[test]
    fn every_turn_of_the_assistant_is_judged() {
        let turn = |role: &str, text: &str| Message { role: role.into(), content: text.into() };
        let judge = |messages| {
            let verdict = format(json!({ "json": true }), Path::new(""))
                .unwrap()
                .verify(&sample(Content::Messages { messages }), &[]);
            verdict.reason.unwrap_or_default()
        };
        assert_eq!(judge(vec![turn("user", "Go!"), turn("assistant", "{}"), turn("assistant", "[]")]), "");
        let reason = judge(vec![turn("assistant", "{}"), turn("assistant", "no")]);
        assert!(reason.starts_with("messages, turn 2: it is no JSON"), "{reason}");
        assert_eq!(judge(vec![turn("user", "Go!")]), "the assistant says nothing");
    }

    #[test]
    fn settings_that_ask_for_nothing_are_refused() {
        let wrong = |settings| format(settings, Path::new("")).unwrap_err().to_string();
        assert!(wrong(json!({})).contains("nothing is asked for"));
        assert!(wrong(json!({ "pattern": "(" })).starts_with("setting `pattern` of `format`"));
        assert!(wrong(json!({ "pattern": "a", "fenced": true })).contains("`fenced`"));
        assert!(wrong(json!({ "required": [""] })).contains("names no field"));
    }
}
