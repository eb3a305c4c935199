use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of anything durable: the head of a blake3 digest, 128 bits.
///
/// Keys order as their bytes do, and their first 64 bits decide which worker owns them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(u128);

impl Key {
    /// The least key.
    pub const MIN: Key = Key(0);
    /// The greatest key.
    pub const MAX: Key = Key(u128::MAX);

    /// Returns the digest of one byte string.
    pub fn of(bytes: &[u8]) -> Self {
        Self::head(blake3::hash(bytes).as_bytes())
    }

    /// Starts a key over several fields; each is framed by its length, so no two lists of fields agree.
    pub fn builder(domain: &str) -> KeyBuilder {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(domain.len() as u64).to_le_bytes()).update(domain.as_bytes());
        KeyBuilder { hasher }
    }

    /// Reads a key from its 16 bytes, most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Key(u128::from_be_bytes(bytes))
    }

    /// Returns the key's 16 bytes, most significant first.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Returns the first 64 bits, by which rows are placed.
    pub const fn head64(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Returns the key whose first 64 bits are `head`, and whose others are zero.
    pub const fn from_head64(head: u64) -> Self {
        Key((head as u128) << 64)
    }

    /// Returns the key as a number: a uniform draw, fixed for ever by what the key names.
    pub const fn to_u128(self) -> u128 {
        self.0
    }

    /// Returns the key with this number.
    pub const fn from_u128(number: u128) -> Self {
        Key(number)
    }

    /// Reads the 32 hexadecimal digits that [`fmt::Display`] prints.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(Key)
    }

    fn head(digest: &[u8; 32]) -> Self {
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        Key::from_bytes(head)
    }
}

// The engine compares a stored key with a borrowed one.
impl PartialEq<&Key> for Key {
    fn eq(&self, other: &&Key) -> bool {
        self == *other
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

// Sixteen raw bytes in our own encoding; hexadecimal where people read.
impl Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => self.to_bytes().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            true => {
                let text = String::deserialize(deserializer)?;
                Key::parse(&text).ok_or_else(|| serde::de::Error::custom("a key is 32 hexadecimal digits"))
            }
            false => <[u8; 16]>::deserialize(deserializer).map(Key::from_bytes),
        }
    }
}

/// Collects the fields of a [`Key`].
#[derive(Clone, Debug)]
pub struct KeyBuilder {
    hasher: blake3::Hasher,
}

impl KeyBuilder {
    /// Adds a byte string.
    #[must_use]
    pub fn bytes(mut self, field: &[u8]) -> Self {
        self.hasher.update(&(field.len() as u64).to_le_bytes()).update(field);
        self
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, field: u64) -> Self {
        self.bytes(&field.to_le_bytes())
    }

    /// Adds another key.
    #[must_use]
    pub fn key(self, field: Key) -> Self {
        self.bytes(&field.to_bytes())
    }

    /// Returns the key of all fields so far.
    pub fn finish(&self) -> Key {
        Key::head(self.hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_framed() {
        let split = |a: &str, b: &str| Key::builder("t").text(a).text(b).finish();
        assert_ne!(split("ab", "c"), split("a", "bc"));
        assert_ne!(split("", "abc"), split("abc", ""));
    }

    #[test]
    fn order_is_that_of_the_bytes() {
        let (low, high) = (Key::from_bytes([1; 16]), Key::from_bytes([2; 16]));
        assert!(low < high && low.to_bytes() < high.to_bytes());
        assert_eq!(Key::parse(&high.to_string()), Some(high));
        assert_eq!(Key::parse("+0000000000000000000000000000001"), None);
        assert_eq!(Key::from_head64(high.head64()).head64(), high.head64());
    }

    #[test]
    fn encodes_as_raw_bytes_or_hexadecimal() {
        let key = Key::of(b"x");
        assert_eq!(postcard::to_stdvec(&key).unwrap(), key.to_bytes());
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Key>(&json).unwrap(), key);
    }
}
