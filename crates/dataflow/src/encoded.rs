//! Rows as bytes: how typed rows become what the engine sorts, arranges and stores.

use std::any::Any;
use std::ops::Deref;

use postcard::ser_flavors::Flavor;
use rifflebox_core::Key;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::scope::Data;

/// A value as bytes: a short one lies in place, so that to make, move and sort updates allocates nothing.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Encoded(SmallVec<[u8; 56]>);

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

/// Writes into an encoded value.
struct Writer(Encoded);

impl Flavor for Writer {
    type Output = Encoded;

    #[inline(always)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Encoded> {
        Ok(self.0)
    }
}

fn write<T: Data>(value: &T, begun: Encoded) -> Encoded {
    postcard::serialize_with_flavor(value, Writer(begun)).expect(PLAIN)
}

/// Encodes a row: a key that is a [`Key`] is its own name, any other is named by its digest and kept beside the value.
pub fn encode<K: Data, V: Data>(key: &K, value: &V) -> (Key, Encoded) {
    if let Some(key) = (key as &dyn Any).downcast_ref::<Key>() {
        return (*key, write(value, Encoded::default()));
    }
    let bytes = write(key, Encoded::default());
    let name = Key::of(&bytes);
    (name, write(value, bytes))
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
