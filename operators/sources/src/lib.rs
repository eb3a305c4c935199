//! `(folder or object-store prefix, what is known of it) -> [changed file]`: documents from files.
//!
//! [`Files`] describes a source as plain data; [`FileSource`] lists it, sees which files changed, reads only
//! those, and says their rows. It is not a watcher, and it keeps nothing: what is known of a file is handed in,
//! and what is to be remembered of it is handed back.
//!
//! ```
//! use rifflebox_core::{Source, Tier};
//! use rifflebox_sources::Files;
//! # fn main() -> rifflebox_core::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # std::fs::create_dir(folder.path().join("content")).expect("a folder");
//! # std::fs::write(folder.path().join("content/a.md"), "# A\n").expect("a file");
//! let docs = Files::matching("content/**/*.md").tier(Tier::T0).license("CC-BY-4.0");
//! let source = docs.source("docs", folder.path())?;
//! source.changes(&Default::default(), &mut |file| {
//!     for row in file.rows.into_iter().flatten() {
//!         println!("{:?}", row?.document);
//!     }
//!     Ok(())
//! })
//! # }
//! ```

mod change;
mod content;
mod file_source;
mod files;
mod formats;
mod listing;
mod objects;
mod outputs;
mod parallel;
mod pattern;
mod pdf_settings;
mod row;

pub use file_source::{FileSource, ScanCounts};
pub use files::Files;
pub use pdf_settings::PdfSettings;
