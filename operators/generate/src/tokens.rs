use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Key, Result, Tokenizer};

/// Pieces aim at this many bytes, so that no text costs more than linear time.
const PIECE_BYTES: usize = 8 << 10;
/// A piece that finds no natural border grows to this many bytes, and is cut there.
const PIECE_LIMIT_BYTES: usize = 32 << 10;

const NAMES: [&str; 2] = ["o200k_base", "file:tokenizer.json"];

/// Returns the tokenizer that a flow file names; paths are relative to `base_dir`.
///
/// Naming one loads nothing: the vocabulary is read at the first count.
///
/// # Errors
/// `Usage` when there is no tokenizer of this name, or its file cannot be read.
pub fn tokenizer(spec: &str, base_dir: &Path) -> Result<Arc<dyn Tokenizer>> {
    if spec == O200k::NAME {
        return Ok(Arc::new(O200k));
    }
    if let Some(path) = spec.strip_prefix("file:") {
        return Err(Error::new(
            ErrorKind::Usage,
            format!(
                "tokenizer file {} cannot be used: this build reads none, take \"{}\"",
                base_dir.join(path).display(),
                O200k::NAME
            ),
        ));
    }
    let nearest = NAMES.iter().min_by_key(|name| distance(spec, name)).expect("there is at least one name");
    Err(Error::new(
        ErrorKind::Usage,
        format!("there is no tokenizer \"{spec}\"; did you mean \"{nearest}\"?"),
    ))
}

/// The vocabulary `o200k_base`; one copy serves the process.
///
/// A text of up to 8 KiB counts exactly as the vocabulary's own encoder does. A longer one is counted in
/// pieces cut where the encoder ends a word in any case (before a single space between words, or before a
/// line that starts with a letter or digit), so that it counts the same; only a stretch of 32 KiB without
/// such a place is cut in the middle, which can add a token for each 32 KiB.
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
        let encoder = tiktoken_rs::o200k_base_singleton();
        pieces(text).map(|piece| encoder.count_ordinary(piece) as u64).sum()
    }
}

/// Cuts a text into pieces that encode on their own; together they are the text.
fn pieces(mut rest: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, tail) = rest.split_at(border(rest));
        rest = tail;
        Some(piece)
    })
}

/// Returns where the first piece of a text ends.
fn border(text: &str) -> usize {
    if text.len() <= PIECE_BYTES {
        return text.len();
    }
    let limit = text.floor_char_boundary(PIECE_LIMIT_BYTES);
    let start = text.ceil_char_boundary(PIECE_BYTES);
    let mut before = text[..start].chars().next_back();
    let mut chars = text[start..].char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let at = start + offset;
        if at >= limit {
            break;
        }
        let after = chars.peek().map(|&(_, c)| c);
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if (c == ' ' && word(before) && word(after)) || (before == Some('\n') && c.is_alphanumeric()) {
            return at;
        }
        before = Some(c);
    }
    limit
}

/// Returns the number of insertions, deletions and substitutions between two names (Levenshtein, 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> u64 {
        tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len() as u64
    }

    #[test]
    fn known_counts() {
        assert_eq!(O200k.count(""), 0);
        assert_eq!(O200k.count("hello world"), 2);
        assert_eq!(O200k.count("<|endoftext|>"), 7, "special tokens are plain text");
    }

    #[test]
    fn a_long_text_counts_as_its_whole() {
        let text = "It's 1234 words, and then: some.\n\n  // more/less\n/etc/passwd\nÜber 東京タワー 12 34\n"
            .repeat(400);
        assert!(pieces(&text).count() > 2);
        assert_eq!(pieces(&text).collect::<String>(), text);
        assert_eq!(O200k.count(&text), whole(&text));
    }

    #[test]
    fn repetitive_texts_cost_linear_time() {
        for unit in ["a", " ", "\n", "-", "é", "=-", "\u{200b}", "東"] {
            let text = unit.repeat(600_000 / unit.len());
            assert!(O200k.count(&text) > 0, "{unit:?}");
        }
    }

    #[test]
    fn names() {
        let base = Path::new("/flow");
        assert_eq!(tokenizer("o200k_base", base).expect("known").name(), "o200k_base");
        let error = tokenizer("o200k", base).err().expect("unknown");
        assert_eq!(error.to_string(), "there is no tokenizer \"o200k\"; did you mean \"o200k_base\"?");
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(tokenizer("file:missing.json", base).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn pieces_count_as_the_whole(words in proptest::collection::vec("\\PC{0,6}[ \n]{0,2}", 2000..6000)) {
            let text = words.concat();
            prop_assert_eq!(O200k.count(&text), whole(&text));
        }
    }
}
