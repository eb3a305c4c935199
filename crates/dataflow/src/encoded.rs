//! Rows as bytes: how typed rows become what the engine sorts, arranges and stores.

use std::any::Any;
use std::ops::Deref;

use postcard::ser_flavors::Flavor;
use rifflebox_core::Key;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::scope::Data;

/// Bytes of a value that lies in place, at most.
const IN_PLACE: usize = 56;

/// A value as bytes: a short one lies in place, so that to make, move and sort updates allocates nothing.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Encoded(SmallVec<[u8; IN_PLACE]>);

// The derived one would copy byte by byte.
impl Clone for Encoded {
    fn clone(&self) -> Self {
        Encoded::from(&**self)
    }
}

impl Deref for Encoded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Encoded {
    fn from(bytes: &[u8]) -> Self {
        Encoded(SmallVec::from_slice(bytes))
    }
}

impl From<Vec<u8>> for Encoded {
    fn from(bytes: Vec<u8>) -> Self {
        Encoded(SmallVec::from_vec(bytes))
    }
}

impl PartialEq<Encoded> for [u8] {
    fn eq(&self, other: &Encoded) -> bool {
        *self == **other
    }
}

const PLAIN: &str = "plain data encodes into memory";
const SCHEMA: &str = "an arrangement is read as what it was written";

/// Gathers an encoded value's bytes on the stack, for as long as they fit in place.
struct Writer {
    room: [u8; IN_PLACE],
    /// Bytes in the room; more than it has once they have moved.
    len: usize,
    /// All bytes, once there are too many.
    moved: SmallVec<[u8; IN_PLACE]>,
}

impl Writer {
    fn new(begun: &[u8]) -> Self {
        let mut writer = Writer { room: [0; IN_PLACE], len: 0, moved: SmallVec::new() };
        writer.extend(begun);
        writer
    }

    #[inline(always)]
    fn extend(&mut self, bytes: &[u8]) {
        match self.room.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.overflow(bytes),
        }
    }

    #[cold]
    fn overflow(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room.get(..self.len) {
            self.moved.reserve(self.len + bytes.len());
            self.moved.extend_from_slice(room);
            self.len = IN_PLACE + 1;
        }
        self.moved.extend_from_slice(bytes);
    }
}

impl Flavor for Writer {
    type Output = Encoded;

    #[inline(always)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.extend(&[byte]);
        Ok(())
    }

    #[inline(always)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.extend(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Encoded> {
        Ok(Encoded(match self.len {
            len @ ..=IN_PLACE => SmallVec::from_buf_and_len(self.room, len),
            _ => self.moved,
        }))
    }
}

fn write<T: Data>(value: &T, begun: &[u8]) -> Encoded {
    postcard::serialize_with_flavor(value, Writer::new(begun)).expect(PLAIN)
}

/// Encodes a row: a key that is a [`Key`] is its own name, any other is named by its digest and kept beside the value.
pub fn encode<K: Data, V: Data>(key: &K, value: &V) -> (Key, Encoded) {
    if let Some(key) = (key as &dyn Any).downcast_ref::<Key>() {
        return (*key, write(value, &[]));
    }
    let bytes = write(key, &[]);
    let name = Key::of(&bytes);
    (name, write(value, &bytes))
}

/// Decodes a row that [`encode`] wrote.
///
/// # Panics
/// When the bytes are of another type: arrangements are opened under their schema's digest, so that is a defect.
pub fn decode<K: Data, V: Data>(name: Key, bytes: &[u8]) -> (K, V) {
    if let Some(key) = (&name as &dyn Any).downcast_ref::<K>() {
        return (key.clone(), postcard::from_bytes(bytes).expect(SCHEMA));
    }
    let (key, rest) = postcard::take_from_bytes(bytes).expect(SCHEMA);
    (key, postcard::from_bytes(rest).expect(SCHEMA))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_length_are_written_as_the_library_writes_them() {
        for length in [0, 1, IN_PLACE - 9, IN_PLACE - 8, IN_PLACE - 1, IN_PLACE, IN_PLACE + 1, 3000] {
            let value = ("x".repeat(length), 7u64, [1u8; 8], "y".repeat(length));
            let expected = postcard::to_stdvec(&value).unwrap();
            let (name, bytes) = encode(&Key::MAX, &value);
            assert_eq!((name, &*bytes), (Key::MAX, &*expected), "{length}");
            let key = "key".repeat(length);
            let (name, bytes) = encode(&key, &value);
            assert_eq!(decode::<String, _>(name, &bytes), (key, value), "{length}");
            assert!(bytes.ends_with(&expected), "{length}");
        }
    }
}
