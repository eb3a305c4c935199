use std::path::{Path, PathBuf};
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Origin, Result, Tier};
use rifflebox_redact::{Redact, RedactSettings, Redactor};
use serde::{Deserialize, Serialize};

use crate::listing::Place;
use crate::pattern::{Pattern, Root};
use crate::row::RowMaker;
use crate::{FileSource, PdfSettings};

/// A source of documents: files of a folder or an object store, with what is declared of their words.
///
/// `files` is a glob (`*`, `**`, `?`, `[…]`, `{…}`), a folder, a file, or the URL of any of these. A file's id is
/// its path relative to the fixed prefix: the segments before the first one with a wildcard; for a single file,
/// its name. Folders whose name starts with a dot are passed over, unless a segment of the pattern starts with one.
/// So are workspaces and published datasets, unless the fixed prefix leads to one or into it.
///
/// The ending of a name decides how a file is read, below an optional `.gz` or `.zst`: `md`, `markdown`; `html`,
/// `htm`; `jsonl`, `ndjson`; `parquet`; `pdf`; anything else is plain text. Ids keep all endings.
///
/// PDF is read where `files` names its ending, by `pdftotext` in a sandbox; pages are parted by form feeds. The version of
/// that tool is part of the source's fingerprint, so that another one reads all files again; a pattern such as `docs/**`
/// depends on no tool, and a PDF that it meets is a broken row.
///
/// Rows of a table: the column named by `id` is the document's id, else the digest of the row; the column named
/// by `text` is its text, which stays empty where there is none; all columns but the text are its fields.
///
/// Personal data is redacted before anything else is done with a row: its text, its fields, the id that a column gives, and
/// the reason why it is broken. A digest that stands for an id is that of the redacted row. Paths of files stay as they are,
/// as ids too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Glob, folder, file or URL; a relative one starts at the flow's folder.
    pub files: String,
    /// Tier of the words; T0 for human ones, T3 where `generator` or a `depth` above 0 is declared.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Licence, as an SPDX expression where there is one.
    #[serde(default)]
    pub license: Option<String>,
    /// Name of the column that holds a row's id.
    #[serde(default = "id_column")]
    pub id: String,
    /// Name of the column that holds a row's text.
    #[serde(default = "text_column")]
    pub text: String,
    /// Name of what generated the words, where they are synthetic.
    #[serde(default)]
    pub generator: Option<String>,
    /// Model lineage behind the generator.
    #[serde(default)]
    pub family: Option<String>,
    /// 0 human, 1 synthetic from human …; 1 where a generator is declared, else 0.
    #[serde(default)]
    pub depth: Option<u32>,
    /// What is done about personal data; nothing is said of it if not given.
    #[serde(default)]
    pub redact: Option<Redact>,
    /// How PDF files are read.
    #[serde(default)]
    pub pdf: Option<PdfSettings>,
}

/// What of the settings can change a document; where the files lie cannot.
#[derive(Serialize)]
pub(crate) struct Meaning<'a> {
    tier: Tier,
    license: &'a Option<String>,
    id: &'a str,
    text: &'a str,
    origin: Origin,
}

fn id_column() -> String {
    "id".to_owned()
}

fn text_column() -> String {
    "text".to_owned()
}

impl Files {
    /// Makes a source of human words from the files that match a glob or URL.
    pub fn matching(files: impl Into<String>) -> Self {
        Files {
            files: files.into(),
            tier: None,
            license: None,
            id: id_column(),
            text: text_column(),
            generator: None,
            family: None,
            depth: None,
            redact: None,
            pdf: None,
        }
    }

    /// Declares the tier of the words.
    #[must_use]
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = Some(tier);
        self
    }

    /// Declares the licence.
    #[must_use]
    pub fn license(mut self, license: impl Into<String>) -> Self {
        self.license = Some(license.into());
        self
    }

    /// Names the column that holds a row's id.
    #[must_use]
    pub fn id(mut self, column: impl Into<String>) -> Self {
        self.id = column.into();
        self
    }

    /// Names the column that holds a row's text.
    #[must_use]
    pub fn text(mut self, column: impl Into<String>) -> Self {
        self.text = column.into();
        self
    }

    /// Declares that the words are synthetic, and what made them.
    #[must_use]
    pub fn generator(mut self, generator: impl Into<String>) -> Self {
        self.generator = Some(generator.into());
        self
    }

    /// Declares the model lineage behind the generator.
    #[must_use]
    pub fn family(mut self, family: impl Into<String>) -> Self {
        self.family = Some(family.into());
        self
    }

    /// Declares how many generations the words stand from human ones.
    #[must_use]
    pub fn depth(mut self, depth: u32) -> Self {
        self.depth = Some(depth);
        self
    }

    /// Says what is done about personal data.
    #[must_use]
    pub fn redact(mut self, redact: Redact) -> Self {
        self.redact = Some(redact);
        self
    }

    /// Returns the tier of the words, declared or by default.
    pub fn effective_tier(&self) -> Tier {
        match (self.tier, self.origin().depth) {
            (Some(tier), _) => tier,
            (None, 0) => Tier::T0,
            (None, _) => Tier::T3,
        }
    }

    /// Returns what is declared of the words' maker.
    pub fn origin(&self) -> Origin {
        let depth = self.depth.unwrap_or(u32::from(self.generator.is_some()));
        Origin { generator: self.generator.clone(), family: self.family.clone(), depth }
    }

    /// Says how PDF files are read.
    #[must_use]
    pub fn pdf(mut self, pdf: PdfSettings) -> Self {
        self.pdf = Some(pdf);
        self
    }

    /// Makes the source `name`, whose relative paths start at `base_dir`; touches no file.
    ///
    /// # Errors
    /// When `files` is no glob and no URL of a known kind, the environment makes no client of its store, what `redact`
    /// says contradicts itself or the pattern, or `files` names PDF, and there is nothing to read it with.
    pub fn source(&self, name: &str, base_dir: &Path) -> Result<FileSource> {
        let pattern = Pattern::parse(&self.files, base_dir).map_err(|why| {
            Error::new(ErrorKind::Usage, format!("source `{name}`: files = {:?}: {why}", self.files))
        })?;
        if self.id == self.text {
            let message = format!("source `{name}`: `id` and `text` name the same column `{}`", self.id);
            return Err(Error::new(ErrorKind::Usage, message));
        }
        let redactor = self.redactor(name, &pattern, base_dir)?;
        let place = Place::open(pattern.root)?;
        let maker = RowMaker::new(name, self, redactor);
        #[cfg(feature = "pdf")]
        let maker = maker.with_pdf(self.pdf_reader(name)?);
        Ok(FileSource::new(place, pattern.select, maker, self))
    }

    /// Returns what reads PDF, if `files` names its ending.
    #[cfg(feature = "pdf")]
    fn pdf_reader(&self, name: &str) -> Result<Option<crate::formats::pdf::PdfReader>> {
        let wrong =
            |key: &str, why: String| Error::new(ErrorKind::Usage, format!("source `{name}`: `{key}`: {why}"));
        // `*.pdf`, and `*.{md,pdf}`.
        let last = self.files.rsplit('/').next().unwrap_or_default();
        let is_named = last.to_ascii_lowercase().contains("pdf");
        match (&self.pdf, is_named) {
            (Some(_), false) => Err(wrong("pdf", "`files` names no such file: end it with .pdf".to_owned())),
            (None, false) => Ok(None),
            (settings, true) => {
                let key = if settings.is_some() { "pdf" } else { "files" };
                let settings = settings.clone().unwrap_or_default();
                crate::formats::pdf::PdfReader::start(&settings).map(Some).map_err(|why| wrong(key, why))
            }
        }
    }

    fn redactor(&self, name: &str, pattern: &Pattern, base_dir: &Path) -> Result<Option<Arc<Redactor>>> {
        let Some(Redact::By(settings)) = &self.redact else { return Ok(None) };
        let wrong = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Usage, format!("source `{name}`: `redact`: {why}"))
        };
        if let Some((setting, file)) = read_as_document(settings, pattern, base_dir) {
            return Err(wrong(&format!("{file}, which `{setting}` names, would be read as a document")));
        }
        let redactor = Redactor::new(settings.clone(), base_dir).map_err(|error| wrong(&error.chain()))?;
        Ok(Some(Arc::new(redactor)))
    }

    pub(crate) fn meaning(&self) -> Meaning<'_> {
        Meaning {
            tier: self.effective_tier(),
            license: &self.license,
            id: &self.id,
            text: &self.text,
            origin: self.origin(),
        }
    }
}

/// Returns a file with what only the redaction may know that the pattern takes for a document.
fn read_as_document<'a>(
    settings: &'a RedactSettings,
    pattern: &Pattern,
    base_dir: &Path,
) -> Option<(&'static str, &'a str)> {
    let Root::Folder(root) = &pattern.root else { return None };
    let plain = |path: &Path| path.components().collect::<PathBuf>();
    let files =
        [("key_file", &settings.key_file), ("names_file", &settings.names_file), ("map", &settings.map)];
    let mut named = files.into_iter().filter_map(|(setting, file)| Some((setting, file.as_deref()?)));
    named.find(|(_, file)| {
        let path = plain(&base_dir.join(file));
        path.strip_prefix(plain(root)).is_ok_and(|below| pattern.select.takes(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_depend_on_what_is_declared() {
        let human = Files::matching("a/*.md");
        assert_eq!((human.effective_tier(), human.origin()), (Tier::T0, Origin::default()));
        let synthetic = Files::matching("a/*.md").generator("g");
        assert_eq!((synthetic.effective_tier(), synthetic.origin().depth), (Tier::T3, 1));
        assert_eq!(synthetic.tier(Tier::T2).effective_tier(), Tier::T2);
    }

    #[test]
    fn settings_read_as_written_and_refuse_unknown_keys() {
        let read: Files = toml::from_str("files = \"a/**\"\ntier = \"T1\"\nid = \"key\"").unwrap();
        assert_eq!(read, Files::matching("a/**").tier(Tier::T1).id("key"));
        let error = toml::from_str::<Files>("files = \"a\"\nlicence = \"MIT\"").unwrap_err();
        assert!(error.message().contains("unknown field `licence`"), "{error}");
    }

    #[test]
    fn unusable_settings_are_named() {
        let error = Files::matching("a/[").source("docs", Path::new(".")).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().starts_with("source `docs`: files = \"a/[\": "), "{error}");
        let named = RedactSettings { names_file: Some("docs/names.txt".to_owned()), ..Default::default() };
        let taken = Files::matching("./docs/**").redact(Redact::By(named.clone()));
        let error = taken.source("docs", Path::new(".")).err().unwrap();
        assert!(
            error
                .to_string()
                .ends_with("docs/names.txt, which `names_file` names, would be read as a document")
        );
        assert!(
            Files::matching("docs/**/*.md").redact(Redact::By(named)).source("docs", Path::new(".")).is_ok()
        );
        let error = Files::matching("a").id("x").text("x").source("docs", Path::new(".")).err().unwrap();
        assert_eq!(error.to_string(), "source `docs`: `id` and `text` name the same column `x`");
    }
}
