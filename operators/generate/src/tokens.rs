#[cfg(feature = "tokenizer-files")]
mod file;
mod o200k;

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Key, Result, Tokenizer, nearest};

const NAMES: [&str; 2] = ["o200k_base", "file:tokenizer.json"];

/// Returns the tokenizer that a flow file names: `o200k_base`, or `file:` and the path of a `tokenizer.json` in the
/// format of Hugging Face; the path is relative to `base_dir`.
///
/// `o200k_base` loads nothing; a file is read and checked at once.
///
/// # Errors
/// `Usage` when there is no tokenizer of this name, or its file cannot be read or used.
pub fn tokenizer(spec: &str, base_dir: &Path) -> Result<Arc<dyn Tokenizer>> {
    if spec == O200k::NAME {
        return Ok(Arc::new(O200k));
    }
    if let Some(path) = spec.strip_prefix("file:") {
        return from_file(path, base_dir);
    }
    let hint = nearest(spec, NAMES).unwrap_or_default();
    Err(Error::new(ErrorKind::Usage, format!("there is no tokenizer \"{spec}\"; {hint}")))
}

#[cfg(feature = "tokenizer-files")]
fn from_file(path: &str, base_dir: &Path) -> Result<Arc<dyn Tokenizer>> {
    Ok(Arc::new(file::TokenizerFile::read(path, base_dir)?))
}

#[cfg(not(feature = "tokenizer-files"))]
fn from_file(path: &str, _: &Path) -> Result<Arc<dyn Tokenizer>> {
    let cure = "build with the feature `tokenizer-files`, or take \"o200k_base\"";
    Err(Error::new(ErrorKind::Usage, format!("this program reads no tokenizer file such as {path}: {cure}")))
}

/// The vocabulary `o200k_base`: any text counts exactly as its own encoder does, special tokens as plain text.
///
/// Nothing is loaded, and the time grows with the length of the text, whatever it repeats.
#[derive(Clone, Copy, Debug, Default)]
pub struct O200k;

impl O200k {
    /// The name that flow files use.
    pub const NAME: &str = "o200k_base";
}

impl Tokenizer for O200k {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn fingerprint(&self) -> Key {
        Key::builder("tokenizer").text(Self::NAME).text("1").finish()
    }

    fn count(&self, text: &str) -> u64 {
        o200k::count(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reference(text: &str) -> u64 {
        tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len() as u64
    }

    #[test]
    fn known_counts() {
        assert_eq!(O200k.count(""), 0);
        assert_eq!(O200k.count("hello world"), 2);
        assert_eq!(O200k.count("<|endoftext|>"), 7, "special tokens are plain text");
    }

    #[test]
    fn counts_are_those_of_the_reference() {
        let texts = [
            "It's 1234 words, and THEN: some.\n\n  // more/less\n/etc/passwd\nÜber 東京タワー 12 34\n",
            "   \n  \n\n x   y\t\tz \u{a0}\u{3000} e\u{301}e\u{301} don'T I'LL ’s 𝔘𝔫𝔦 👩‍👩‍👧 \r\n\r\nend   ",
            "<|endoftext|><|endofprompt|>",
            "fn main() {\n    println!(\"{}\", x_y_z);\n}\n",
        ];
        for text in texts {
            assert_eq!(O200k.count(text), reference(text), "{text:?}");
        }
        for unit in ["a", " ", "ab", "-", "=-", "é", "東", "\u{200b}", "1", "\n ", "0x"] {
            let text = unit.repeat(3000 / unit.len());
            assert_eq!(O200k.count(&text), reference(&text), "{unit:?}");
        }
        for text in [
            include_str!("../tests/documents/opentelemetry/concepts/glossary.md"),
            include_str!("passages.rs"),
        ] {
            assert_eq!(O200k.count(text), reference(text));
        }
    }

    #[test]
    fn repetitive_texts_cost_linear_time() {
        for unit in ["a", " ", "\n", "-", "é", "=-", "\u{200b}", "東"] {
            let text = unit.repeat(200_000 / unit.len());
            assert!(O200k.count(&text) > 0, "{unit:?}");
        }
    }

    #[test]
    fn names() {
        let base = Path::new("/flow");
        assert_eq!(tokenizer("o200k_base", base).expect("known").name(), "o200k_base");
        let error = tokenizer("o200k", base).err().expect("unknown");
        assert_eq!(error.to_string(), "there is no tokenizer \"o200k\"; did you mean `o200k_base`?");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn any_text_counts_as_the_reference_does(text in "(\\PC{0,8}[ \n\t]{0,3}){0,60}", letters in "[a-zA-Z' ]{0,200}") {
            prop_assert_eq!(O200k.count(&text), reference(&text));
            prop_assert_eq!(O200k.count(&letters), reference(&letters));
        }
    }
}
