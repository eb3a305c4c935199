use crate::Key;

/// Counts tokens.
///
/// # Contract
/// - Pure: equal texts count equal, in any process, on any machine (law-tested).
/// - Any text counts, however long or odd; never panics (law-tested).
pub trait Tokenizer: Send + Sync {
    /// Returns the name that flow files use.
    fn name(&self) -> &str;

    /// Returns what the counts depend on; part of the fingerprints of what counts tokens.
    fn fingerprint(&self) -> Key;

    /// Returns the number of tokens of a text, special tokens counted as plain text.
    fn count(&self, text: &str) -> u64;
}
