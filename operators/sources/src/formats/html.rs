use rifflebox_core::Fields;

/// Reads a page.
pub(crate) fn read(text: String) -> (String, Fields) {
    (text, Fields::new())
}
