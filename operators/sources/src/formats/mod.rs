//! `(path, bytes) -> [RowItem]`: one file per format.

use std::sync::Arc;

use rifflebox_core::{Fields, Result, RowItem};

use crate::content::Content;
use crate::row::RowMaker;
use compression::Compression;

mod compression;
mod document;
mod front_matter;
#[cfg(test)]
mod golden;
#[cfg(feature = "html")]
mod html;
mod jsonl;
mod markdown;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "pdf")]
pub(crate) mod pdf;

/// The rows of one file, one at a time; `Err` only where the file changed under the reader.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<RowItem>>>;

/// How the content of a file is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Any text, unchanged.
    Text,
    /// Markdown, unchanged, its front matter read.
    Markdown,
    /// A page, of which the readable text counts.
    Html,
    /// One JSON object a line.
    JsonLines,
    /// A table of rows.
    Parquet,
    /// Pages, of which the text counts.
    Pdf,
}

/// Returns the format and compression that a path's endings name, in any case of letters.
pub(crate) fn of_path(path: &str) -> (Format, Compression) {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let (name, compression) = compression::split(&name);
    let format = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("md" | "markdown") => Format::Markdown,
        Some("html" | "htm") => Format::Html,
        Some("jsonl" | "ndjson") => Format::JsonLines,
        Some("parquet") => Format::Parquet,
        Some("pdf") => Format::Pdf,
        _ => Format::Text,
    };
    (format, compression)
}

/// Returns whether the rows of a file take about as much memory as its bytes do.
pub(crate) fn is_light(path: &str) -> bool {
    let (format, compression) = of_path(path);
    format != Format::Parquet && compression == Compression::None
}

/// Returns the rows of a file; they are read as they are asked for.
pub(crate) fn rows(maker: Arc<RowMaker>, path: &str, content: Content) -> Rows {
    let path = path.to_owned();
    let (format, compression) = of_path(&path);
    let read: fn(String) -> (String, Fields) = match format {
        Format::JsonLines => return jsonl::rows(maker, path, compression, content),
        #[cfg(feature = "parquet")]
        Format::Parquet => return parquet::rows(maker, path, compression, content),
        #[cfg(feature = "pdf")]
        Format::Pdf => {
            return Box::new(std::iter::once_with(move || pdf::row(&maker, &path, compression, content)));
        }
        Format::Text => |text| (text, Fields::new()),
        Format::Markdown => markdown::read,
        #[cfg(feature = "html")]
        Format::Html => html::read,
        #[cfg(not(all(feature = "html", feature = "parquet", feature = "pdf")))]
        other => {
            let reason = format!("this build reads no {other:?}: enable the format's feature");
            return Box::new(std::iter::once(Ok(maker.broken(&path, None, &reason))));
        }
    };
    Box::new(std::iter::once_with(move || document::row(&maker, &path, compression, content, read)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_format_and_compression() {
        for (path, format, compression) in [
            ("a/b.md", Format::Markdown, Compression::None),
            ("a/b.MD.gz", Format::Markdown, Compression::Gzip),
            ("b.html", Format::Html, Compression::None),
            ("b.jsonl.zst", Format::JsonLines, Compression::Zstd),
            ("b.parquet", Format::Parquet, Compression::None),
            ("b.PDF.gz", Format::Pdf, Compression::Gzip),
            ("b.rs", Format::Text, Compression::None),
            ("a.md/README", Format::Text, Compression::None),
            ("notes.gz", Format::Text, Compression::Gzip),
        ] {
            assert_eq!(of_path(path), (format, compression), "{path}");
        }
    }
}
