use std::path::Path;

use rifflebox_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::aside::Treatment;
use crate::columns;

/// How much a sample may copy, and what counts as a copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerbatimSettings {
    /// The most consecutive words that a sample may copy from one document.
    pub max_words: usize,
    /// The most that these may be of all its words, between 0 and 1.
    pub max_share: f64,
    /// Runs of fewer words than this are nobody's, and are not looked for; at least 4.
    pub min_words: usize,
    /// Whether blocks of code in a sample count.
    pub code: Treatment,
    /// Whether quotations in a sample count.
    pub quotations: Treatment,
    /// The columns of a sample that are looked at; a context never is.
    pub on: Vec<String>,
    /// Names of the sources whose documents must not be copied, of those that reach the stage; all of them if empty.
    pub sources: Vec<String>,
    /// Texts that no sample may hold.
    pub canaries: Canaries,
    /// Documents beyond which those that share a fingerprint are a crowd: a sample is compared with this many of them.
    pub crowd: usize,
}

impl Default for VerbatimSettings {
    fn default() -> Self {
        VerbatimSettings {
            max_words: 50,
            max_share: 0.5,
            min_words: 16,
            code: Treatment::Count,
            quotations: Treatment::Count,
            on: columns::all(),
            sources: Vec::new(),
            canaries: Canaries::Texts(Vec::new()),
            crowd: 32,
        }
    }
}

/// Texts that were planted, or are too telling to be said: each is looked for word by word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Canaries {
    /// The texts.
    Texts(Vec<String>),
    /// A file with one of them a line.
    File(String),
}

impl VerbatimSettings {
    /// Checks the settings, and reads the file of canaries, if they are in one.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with the setting that is out of bounds, or whose file cannot be read.
    pub(crate) fn settle(mut self, base_dir: &Path) -> Result<Self> {
        self.canaries = Canaries::Texts(self.canaries.read(base_dir)?);
        match self.wrong() {
            None => Ok(self),
            Some(why) => Err(Error::new(ErrorKind::Usage, why)),
        }
    }

    fn wrong(&self) -> Option<String> {
        if !(self.max_share >= 0.0 && self.max_share <= 1.0) {
            return Some("`max_share` is a share between 0 and 1".to_owned());
        }
        if self.min_words < 4 {
            return Some("`min_words` is at least 4: shorter runs are in every text".to_owned());
        }
        if self.min_words > self.max_words + 1 {
            let most = self.max_words + 1;
            return Some(format!(
                "`min_words` is at most {most}: one more than `max_words` is too many already"
            ));
        }
        if self.crowd == 0 {
            return Some("`crowd` is at least 1: a sample is compared with as many documents".to_owned());
        }
        columns::wrong(&self.on)
    }
}

impl Canaries {
    fn read(self, base_dir: &Path) -> Result<Vec<String>> {
        let texts = match self {
            Canaries::Texts(texts) => texts,
            Canaries::File(path) => {
                let text = std::fs::read_to_string(base_dir.join(&path)).map_err(|error| {
                    let message = format!("`canaries` names {path}, which cannot be read");
                    Error::new(ErrorKind::Usage, message).with_source(error)
                })?;
                text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
            }
        };
        match texts.iter().position(|text| super::word::read(text).is_empty()) {
            None => Ok(texts),
            Some(index) => {
                let message = format!("`canaries` holds no word in text {}: every sample has it", index + 1);
                Err(Error::new(ErrorKind::Usage, message))
            }
        }
    }

    /// Returns the texts; none of a file that was not read.
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            Canaries::Texts(texts) => texts,
            Canaries::File(_) => &[],
        }
    }
}
