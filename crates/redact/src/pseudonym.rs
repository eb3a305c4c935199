use rifflebox_core::Key;

use crate::Rule;

/// Hexadecimal digits of a pseudonym: a million values share none but once in some six hundred times.
const DIGITS: usize = 12;

/// Longest label with its digits, in bytes.
const LONGEST: usize = 48;

/// What values are replaced by: `<EMAIL>`, or with a key `<EMAIL_3f9a2c7b04de>`.
#[derive(Clone)]
pub(crate) struct Pseudonyms {
    keys: Option<Keys>,
}

/// One key for each use, so that no use tells of another.
#[derive(Clone)]
struct Keys {
    values: [u8; 32],
    digests: [u8; 32],
    fingerprint: [u8; 32],
}

impl Pseudonyms {
    /// Takes a key, or none.
    pub(crate) fn new(key: Option<&[u8]>) -> Self {
        let keys = key.map(|key| Keys {
            values: blake3::derive_key("rifflebox redact 1: pseudonyms of values", key),
            digests: blake3::derive_key("rifflebox redact 1: digests of content", key),
            fingerprint: blake3::derive_key("rifflebox redact 1: fingerprint of the key", key),
        });
        Pseudonyms { keys }
    }

    /// Returns what stands in the place of a value.
    pub(crate) fn of(&self, rule: Rule, value: &str) -> String {
        let label = rule.label();
        let Some(keys) = &self.keys else { return format!("<{label}>") };
        let mut hasher = blake3::Hasher::new_keyed(&keys.values);
        hasher.update(label.as_bytes()).update(&[0]).update(rule.normal(value).as_bytes());
        let digest = hasher.finalize().to_hex();
        format!("<{label}_{}>", &digest[..DIGITS])
    }

    /// Returns the digest of content as it may be kept: with a key, one that nobody else can compute.
    pub(crate) fn digest(&self, digest: Key) -> Key {
        let Some(keys) = &self.keys else { return digest };
        head(&blake3::keyed_hash(&keys.digests, &digest.to_bytes()))
    }

    /// Returns what tells one key from another.
    pub(crate) fn fingerprint(&self) -> Option<Key> {
        let keys = self.keys.as_ref()?;
        Some(head(&blake3::hash(&keys.fingerprint)))
    }
}

fn head(digest: &blake3::Hash) -> Key {
    let mut head = [0; 16];
    head.copy_from_slice(&digest.as_bytes()[..16]);
    Key::from_bytes(head)
}

/// Returns the length of the placeholder that a text begins with: it is no value, and is left.
pub(crate) fn placeholder(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let end = inner.bytes().take(LONGEST).position(|byte| byte == b'>')?;
    let inner = &inner[..end];
    let is_label = |label: &str| Rule::ALL.iter().any(|rule| rule.label() == label);
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let with_digits = || {
        let (label, digits) = inner.rsplit_once('_')?;
        (digits.len() == DIGITS && digits.chars().all(is_digit) && is_label(label)).then_some(())
    };
    (is_label(inner) || with_digits().is_some()).then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_pseudonyms_and_other_keys_others() {
        let one = Pseudonyms::new(Some(b"a key of sixteen"));
        let two = Pseudonyms::new(Some(b"a key of its own"));
        let pseudonym = one.of(Rule::Email, "Ada@analytical.org");
        assert_eq!(pseudonym, one.of(Rule::Email, "ada@analytical.org"));
        assert_ne!(pseudonym, two.of(Rule::Email, "ada@analytical.org"));
        assert_ne!(pseudonym, one.of(Rule::Email, "bob@analytical.org"));
        assert_ne!(one.of(Rule::Phone, "123")[7..], one.of(Rule::NlBsn, "123")[8..]);
        assert_ne!(one.fingerprint(), two.fingerprint());
        assert_eq!(placeholder(&pseudonym), Some(pseudonym.len()));
    }

    #[test]
    fn without_a_key_there_is_nothing_to_guess() {
        let plain = Pseudonyms::new(None);
        assert_eq!(plain.of(Rule::UsSsn, "536-90-4399"), "<US_SSN>");
        assert_eq!((plain.fingerprint(), plain.digest(Key::MAX)), (None, Key::MAX));
    }

    #[test]
    fn placeholders_are_told_from_other_brackets() {
        assert_eq!(placeholder("<EMAIL> and"), Some(7));
        for other in ["<EMAILS>", "<EMAIL_12>", "<EMAIL_3f9a2c7b04dX>", "<email>", "<", "<EMAIL", "EMAIL>"] {
            assert_eq!(placeholder(other), None, "{other}");
        }
    }
}
