use std::path::Path;

use rifflebox_core::Result;
use serde::{Deserialize, Serialize};

use crate::settings::refused;

/// Entries of a setting: a list of them, or a file with one a line. Empty lines are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Lines {
    /// The entries.
    Texts(Vec<String>),
    /// A file of UTF-8; a relative path starts at the flow's folder.
    File(String),
}

impl Default for Lines {
    fn default() -> Self {
        Lines::Texts(Vec::new())
    }
}

impl Lines {
    /// Returns the entries as the list that they are in a fingerprint: a file counts by what it holds.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when the file cannot be read.
    pub(crate) fn read(&self, operator: &str, key: &str, base_dir: &Path) -> Result<Vec<String>> {
        let texts = match self {
            Lines::Texts(texts) => texts.clone(),
            Lines::File(file) => {
                read_text(operator, key, base_dir, file)?.lines().map(str::to_owned).collect()
            }
        };
        Ok(texts.into_iter().filter(|text| !text.trim().is_empty()).collect())
    }

    /// Returns the entries of a setting that was read.
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            Lines::Texts(texts) => texts,
            Lines::File(_) => &[],
        }
    }
}

/// Reads a file that a setting names.
///
/// # Errors
/// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting and the file.
pub(crate) fn read_text(operator: &str, key: &str, base_dir: &Path, file: &str) -> Result<String> {
    std::fs::read_to_string(base_dir.join(file)).map_err(|error| {
        let why = format!("{file} cannot be read: name a file of UTF-8, by its path from the flow's folder");
        refused(operator, key, why).with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_list_of_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("list.txt"), "one\r\n\n two \n").unwrap();
        let read = |lines: Lines| lines.read("toxicity", "words", folder.path());
        assert_eq!(read(Lines::File("list.txt".into())).unwrap(), ["one", " two "]);
        assert_eq!(read(Lines::Texts(vec!["one".into(), " ".into()])).unwrap(), ["one"]);
        let error = read(Lines::File("nowhere.txt".into())).unwrap_err().to_string();
        assert!(error.starts_with("setting `words` of `toxicity`: nowhere.txt cannot be read"), "{error}");
    }

    #[test]
    fn settings_say_either() {
        let lines = |json: &str| serde_json::from_str::<Lines>(json).unwrap();
        assert_eq!(lines("\"a.txt\""), Lines::File("a.txt".into()));
        assert_eq!(lines("[\"a\"]").texts(), ["a"]);
    }
}
