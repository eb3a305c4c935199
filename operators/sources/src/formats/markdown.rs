use rifflebox_core::Fields;

use super::front_matter;

/// Reads a Markdown document: its text stays as it is, its front matter is said again as fields.
pub(crate) fn read(text: String) -> (String, Fields) {
    let fields = front_matter::fields(&text).unwrap_or_default();
    (text, fields)
}
