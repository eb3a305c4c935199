use rifflebox_core::{Answering, Failure, Key};
use serde::{Deserialize, Serialize};

/// A picture that is not in the request: where it lies, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it lies. `https:`, `http:` and `data:` are the endpoint's to read; all else is read here.
    pub url: String,
    /// The digest of its bytes: answers are kept by this, wherever it lies.
    pub digest: Key,
    /// Its media type, such as `image/png`.
    pub media_type: String,
}

impl Image {
    /// Returns whether the endpoint reads it by itself.
    pub(crate) fn is_public(&self) -> bool {
        ["https:", "http:", "data:"].iter().any(|scheme| self.url.starts_with(scheme))
    }
}

/// Reads the pictures that an endpoint cannot read by itself.
///
/// # Contract
/// - The bytes are those of the image's digest (asserted).
/// - One that cannot be read now is owed, one that is not there is final (trusted).
pub trait Images: Send + Sync {
    /// Returns the bytes of a picture.
    fn read(&self, image: &Image) -> Answering<Result<Vec<u8>, Failure>>;
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns the `data:` URL of a picture.
pub(crate) fn data_url(media_type: &str, bytes: &[u8]) -> String {
    let mut url = format!("data:{media_type};base64,");
    url.reserve(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            match place <= chunk.len() {
                true => url.push(char::from(DIGITS[(word >> (18 - 6 * place)) as usize & 63])),
                false => url.push('='),
            }
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_written_in_base_64() {
        for (bytes, digits) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("\u{ff}?", "w78/"),
        ] {
            assert_eq!(data_url("image/png", bytes.as_bytes()), format!("data:image/png;base64,{digits}"));
        }
    }
}
