use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rifflebox_core::{
    Document, Error, ErrorKind, Fields, Key, RedactionKeeper, Redactions, Result, Settings, Value,
};
use serde::Serialize;

use crate::find::{Found, spans};
use crate::map::PseudonymMap;
use crate::names::Names;
use crate::pseudonym::Pseudonyms;
use crate::text::Text;
use crate::{RedactSettings, Rule};

/// The version of the rules: a change of what any text becomes needs a new one.
const VERSION: &str = "1";

/// The shortest key that cannot be guessed, in bytes.
const KEY_LEAST: usize = 16;

/// Replaces personal data by placeholders.
///
/// Equal texts are redacted equally, in any process, on any machine; what is redacted stays as it is when it is redacted
/// again. The key and the file of names are read once, when they are first needed.
#[derive(Debug)]
pub struct Redactor {
    settings: RedactSettings,
    rules: Vec<Rule>,
    base_dir: PathBuf,
    loaded: OnceLock<Result<Loaded, (ErrorKind, String)>>,
    map: Option<PseudonymMap>,
}

/// What lies outside of the settings.
#[derive(Clone)]
struct Loaded {
    names: Arc<Names>,
    pseudonyms: Pseudonyms,
    meaning: Settings,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither key nor names.
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

/// What of the settings can change a document.
#[derive(Serialize)]
struct Meaning<'a> {
    version: &'a str,
    rules: &'a [Rule],
    names: Option<Key>,
    match_case: bool,
    key: Option<Key>,
}

impl Redactor {
    /// Takes settings whose relative paths start at a folder; touches no file.
    ///
    /// # Errors
    /// When the settings contradict each other.
    pub fn new(settings: RedactSettings, base_dir: &Path) -> Result<Self> {
        let rules = settings.rules()?;
        let map = settings.map.as_ref().map(|map| PseudonymMap::new(base_dir.join(map)));
        Ok(Redactor { settings, rules, base_dir: base_dir.to_owned(), loaded: OnceLock::new(), map })
    }

    /// Returns all that redacted texts depend on: the rules and their version, and digests of key and names.
    ///
    /// Where these cannot be read it says so instead, and so equals no other.
    pub fn meaning(&self) -> Settings {
        match self.load() {
            Ok(loaded) => loaded.meaning.clone(),
            Err((_, message)) => Settings::String(message.clone()),
        }
    }

    /// Returns the digest of content as it may be kept: with a key, one that nobody else can compute.
    ///
    /// # Errors
    /// As [`RedactionKeeper::ready`].
    pub fn digest(&self, digest: Key) -> Result<Key> {
        Ok(self.loaded()?.pseudonyms.digest(digest))
    }

    /// Redacts a text, and counts what was replaced; `column` names where it stands, which may say what numbers are.
    ///
    /// # Errors
    /// As [`RedactionKeeper::ready`].
    pub fn text(&self, text: String, column: &str, counts: &mut Redactions) -> Result<String> {
        let loaded = self.loaded()?;
        Ok(self.replaced(loaded, &self.rules, text, column, counts))
    }

    /// Finds personal data in a text, from left to right; no two finds overlap. `column` is as [`Redactor::text`] takes it.
    ///
    /// # Errors
    /// As [`RedactionKeeper::ready`].
    pub fn find(&self, text: &str, column: &str) -> Result<Vec<Found>> {
        Ok(spans(&Text { text, column }, &self.rules, &self.loaded()?.names))
    }

    /// Redacts all texts of a value, the names of its columns too, and whole numbers whose column says what they are.
    ///
    /// # Errors
    /// As [`RedactionKeeper::ready`].
    pub fn value(&self, value: Value, column: &str, counts: &mut Redactions) -> Result<Value> {
        Ok(match value {
            Value::Text(text) => Value::Text(self.text(text, column, counts)?),
            Value::Int(number) => {
                let said: Vec<Rule> = self.rules.iter().copied().filter(|rule| says(*rule, column)).collect();
                let written = number.to_string();
                match said.is_empty() {
                    true => Value::Int(number),
                    false => match self.replaced(self.loaded()?, &said, written.clone(), column, counts) {
                        same if same == written => Value::Int(number),
                        redacted => Value::Text(redacted),
                    },
                }
            }
            Value::List(list) => {
                let redacted = list.into_iter().map(|value| self.value(value, column, counts));
                Value::List(redacted.collect::<Result<_>>()?)
            }
            Value::Map(fields) => Value::Map(self.fields(fields, counts)?),
            other => other,
        })
    }

    /// Redacts all fields.
    ///
    /// Of two columns whose names become one, the second in their order is numbered.
    ///
    /// # Errors
    /// As [`RedactionKeeper::ready`].
    pub fn fields(&self, fields: Fields, counts: &mut Redactions) -> Result<Fields> {
        let mut redacted = Fields::new();
        for (column, value) in fields {
            let value = self.value(value, &column, counts)?;
            let name = self.text(column, "", counts)?;
            let mut unique = name.clone();
            let mut number = 1;
            while redacted.contains_key(&unique) {
                number += 1;
                unique = format!("{name} {number}");
            }
            redacted.insert(unique, value);
        }
        Ok(redacted)
    }

    /// Redacts the text and all fields of a document; not its id.
    ///
    /// # Errors
    /// As [`RedactionKeeper::ready`].
    pub fn document(&self, document: Document) -> Result<Document> {
        let mut redactions = document.redactions;
        let text = self.text(document.text, "", &mut redactions)?;
        let fields = self.fields(document.fields, &mut redactions)?;
        Ok(Document { text, fields, redactions, ..document })
    }

    fn replaced(
        &self,
        loaded: &Loaded,
        rules: &[Rule],
        mut text: String,
        column: &str,
        counts: &mut Redactions,
    ) -> String {
        // What was replaced ends words that it stood in: the next look may find what these hid.
        loop {
            let found = spans(&Text { text: &text, column }, rules, &loaded.names);
            if found.is_empty() {
                return text;
            }
            let mut redacted = String::with_capacity(text.len() + 16);
            let mut at = 0;
            for span in found {
                let value = &text[span.start..span.end];
                let pseudonym = loaded.pseudonyms.of(span.rule, value);
                if let Some(map) = &self.map {
                    map.note(&pseudonym, value);
                }
                redacted.push_str(&text[at..span.start]);
                redacted.push_str(&pseudonym);
                *counts.entry(span.rule.name().to_owned()).or_default() += 1;
                at = span.end;
            }
            redacted.push_str(&text[at..]);
            text = redacted;
        }
    }

    fn loaded(&self) -> Result<&Loaded> {
        self.load().as_ref().map_err(|(kind, message)| Error::new(*kind, message.clone()))
    }

    fn load(&self) -> &Result<Loaded, (ErrorKind, String)> {
        self.loaded.get_or_init(|| self.read().map_err(|error| (error.kind(), error.chain())))
    }

    fn read(&self) -> Result<Loaded> {
        let listed = match &self.settings.names_file {
            None => String::new(),
            Some(file) => self.read_text("names_file", file)?,
        };
        let mut names: Vec<&str> =
            self.settings.names.iter().map(String::as_str).chain(listed.lines()).collect();
        names.iter_mut().for_each(|name| *name = name.trim());
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        let key = self.key()?;
        let pseudonyms = Pseudonyms::new(key.as_deref());
        let digest = names.iter().fold(Key::builder("names"), |digest, name| digest.text(name)).finish();
        let meaning = Meaning {
            version: VERSION,
            rules: &self.rules,
            names: (!names.is_empty()).then(|| pseudonyms.digest(digest)),
            match_case: self.settings.match_case,
            key: pseudonyms.fingerprint(),
        };
        let meaning = serde_json::to_value(&meaning).expect("settings are plain data");
        let names = Arc::new(Names::new(names, self.settings.match_case));
        Ok(Loaded { names, pseudonyms, meaning })
    }

    fn key(&self) -> Result<Option<Vec<u8>>> {
        let (setting, key) = match (&self.settings.key_env, &self.settings.key_file) {
            (Some(variable), _) => match std::env::var(variable) {
                Ok(key) => ("key_env", key),
                Err(_) => {
                    let message = format!("the variable {variable}, which `key_env` names, holds no key");
                    return Err(Error::new(ErrorKind::Usage, message));
                }
            },
            (None, Some(file)) => ("key_file", self.read_text("key_file", file)?),
            (None, None) => return Ok(None),
        };
        let key = key.trim();
        if key.len() < KEY_LEAST {
            let message = format!(
                "the key that `{setting}` names has {} bytes, and could be guessed: take at least {KEY_LEAST}, such as \
                 `openssl rand -hex 32` prints",
                key.len()
            );
            return Err(Error::new(ErrorKind::Usage, message));
        }
        Ok(Some(key.as_bytes().to_vec()))
    }

    fn read_text(&self, setting: &str, file: &str) -> Result<String> {
        let path = self.base_dir.join(file);
        std::fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot read {}, which `{setting}` names", path.display());
            Error::new(ErrorKind::Usage, message).with_source(error)
        })
    }
}

/// Returns whether a column's name says that whole numbers in it may be of a sort.
fn says(rule: Rule, column: &str) -> bool {
    Text { text: "", column }.column_says(rule.columns())
}

impl RedactionKeeper for Redactor {
    fn ready(&self) -> Result<()> {
        self.loaded().map(|_| ())
    }

    fn map_path(&self) -> Option<&Path> {
        self.map.as_ref().map(PseudonymMap::path)
    }

    fn write_map(&self) -> Result<()> {
        self.map.as_ref().map_or(Ok(()), PseudonymMap::write)
    }
}

#[cfg(test)]
mod tests;
