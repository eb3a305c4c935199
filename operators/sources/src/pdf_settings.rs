use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How PDF files are read: `pdf` of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PdfSettings {
    /// Keeps the columns of a page side by side, as they are laid out; else text stands in the order in which it is read.
    pub layout: bool,
    /// The most pages of a document.
    pub max_pages: u64,
    /// Seconds of a processor's time that a document may take.
    pub seconds: u64,
    /// Memory that it may take.
    pub memory_mb: u64,
    /// Folders of the installation beside `/usr/bin` and `/usr/lib`, such as `/usr/share/poppler` with the tables of East
    /// Asian fonts.
    pub read: Vec<PathBuf>,
    /// Layers of the sandbox to do without.
    pub without: Vec<String>,
}

impl Default for PdfSettings {
    fn default() -> Self {
        PdfSettings {
            layout: false,
            max_pages: 5_000,
            seconds: 60,
            memory_mb: 1_024,
            read: Vec::new(),
            without: Vec::new(),
        }
    }
}

impl PdfSettings {
    /// Says what is out of bounds.
    #[cfg_attr(not(feature = "pdf"), expect(dead_code, reason = "only who reads PDF checks how"))]
    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, value, least, most) in [
            ("max_pages", self.max_pages, 1, 1_000_000),
            ("seconds", self.seconds, 1, 3_600),
            ("memory_mb", self.memory_mb, 64, 65_536),
        ] {
            if !(least..=most).contains(&value) {
                return Err(format!("`{key}` is between {least} and {most}, not {value}"));
            }
        }
        Ok(())
    }
}
