//! `{route: bytes} -> [Leaf]`: which shard a row lives in, as a pure function of the set of rows.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use rifflebox_core::{Key, Result};
use serde::{Deserialize, Serialize};

/// How many leading bits of a route the sums that [`leaves`] starts from are kept by.
pub const BUCKET_BITS: u8 = 12;

/// The routes that begin with certain bits: a node of the binary trie over all routes.
///
/// Prefixes order by the least route under them, an ancestor before its descendants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    bits: u128,
    depth: u8,
}

impl Prefix {
    /// The prefix of no bits: all routes.
    pub const ROOT: Prefix = Prefix { bits: 0, depth: 0 };

    /// Returns the first `depth` bits of a route, from the most significant; all 128 if `depth` is more.
    pub fn of(route: Key, depth: u8) -> Self {
        let depth = depth.min(128);
        Prefix { bits: route.to_u128() & !below(depth), depth }
    }

    /// Returns the number of bits, 0 to 128.
    pub fn depth(self) -> u8 {
        self.depth
    }

    /// Returns the least and the greatest route under the prefix.
    pub fn range(self) -> (Key, Key) {
        (Key::from_u128(self.bits), Key::from_u128(self.bits | below(self.depth)))
    }

    /// Returns whether a route begins with these bits.
    pub fn contains(self, route: Key) -> bool {
        Prefix::of(route, self.depth) == self
    }

    /// Returns the 12-bit buckets that have routes under the prefix.
    pub fn buckets(self) -> RangeInclusive<u16> {
        let (first, last) = self.range();
        bucket_of(first)..=bucket_of(last)
    }

    /// Returns the halves: the next bit 0, and 1; none below 128 bits.
    fn halves(self) -> Option<[Prefix; 2]> {
        let depth = (self.depth < 128).then_some(self.depth + 1)?;
        Some([Prefix { depth, ..self }, Prefix { bits: self.bits | (1 << (128 - depth)), depth }])
    }

    fn parse(name: &str) -> Option<Prefix> {
        if name == ROOT_NAME {
            return Some(Prefix::ROOT);
        }
        let depth = u8::try_from(name.len()).ok().filter(|depth| (1..=128).contains(depth))?;
        let bits = name.bytes().all(|byte| matches!(byte, b'0' | b'1')).then_some(name)?;
        let bits = u128::from_str_radix(bits, 2).ok()?;
        Some(Prefix { bits: bits << (128 - depth), depth })
    }
}

/// Returns the bucket of a route: its first 12 bits.
pub fn bucket_of(route: Key) -> u16 {
    (route.to_u128() >> (128 - BUCKET_BITS)) as u16
}

/// A leaf of the trie: one shard, unless it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// The routes of the shard.
    pub prefix: Prefix,
    /// Logical bytes of its rows; 0 exactly if it has none, and then it publishes no file.
    pub bytes: u64,
}

/// Cuts all routes into leaves: a node splits while its rows weigh more than `target` bytes and are of several documents.
///
/// `sums` has the logical bytes of the rows by [`bucket_of`] their route. `look` says them by route for one
/// bucket, and is asked only of the buckets that weigh more than the target by themselves. The leaves
/// cover every route once, in rising order, whatever order the rows came in.
///
/// # Errors
/// Those of `look`.
pub fn leaves(
    sums: &BTreeMap<u16, u64>,
    target: u64,
    look: &mut dyn FnMut(u16) -> Result<BTreeMap<Key, u64>>,
) -> Result<Vec<Leaf>> {
    let mut cutter = Cutter { sums, target, look, leaves: Vec::new() };
    cutter.cut(Prefix::ROOT)?;
    Ok(cutter.leaves)
}

/// Returns the leaf that a route lives in.
///
/// # Panics
/// If `leaves` does not cover all routes, as those of [`leaves()`] do.
pub fn leaf_of(leaves: &[Leaf], route: Key) -> &Leaf {
    let after = leaves.partition_point(|leaf| leaf.prefix.range().0 <= route);
    let leaf = after.checked_sub(1).and_then(|at| leaves.get(at));
    leaf.filter(|leaf| leaf.prefix.contains(route)).expect("leaves cover all routes")
}

struct Cutter<'a> {
    sums: &'a BTreeMap<u16, u64>,
    target: u64,
    look: &'a mut dyn FnMut(u16) -> Result<BTreeMap<Key, u64>>,
    leaves: Vec<Leaf>,
}

impl Cutter<'_> {
    /// Cuts a node by the sums of its buckets.
    fn cut(&mut self, prefix: Prefix) -> Result<()> {
        let mut held = self.sums.range(prefix.buckets()).filter(|(_, bytes)| **bytes > 0);
        let (first, second) = (held.next(), held.next());
        let bytes: u64 =
            first.iter().chain(&second).map(|(_, bytes)| **bytes).chain(held.map(|(_, bytes)| *bytes)).sum();
        if bytes <= self.target {
            self.leaves.push(Leaf { prefix, bytes });
            return Ok(());
        }
        match (first, second) {
            // The bucket alone is too heavy, so the routes in it decide.
            (Some((bucket, _)), None) => {
                let routes: Vec<_> =
                    (self.look)(*bucket)?.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
                self.cut_routes(prefix, &routes);
                Ok(())
            }
            _ => {
                let [low, high] = prefix.halves().expect("a node of several buckets has fewer than 12 bits");
                self.cut(low)?;
                self.cut(high)
            }
        }
    }

    /// Cuts a node by the routes under it, in rising order.
    fn cut_routes(&mut self, prefix: Prefix, routes: &[(Key, u64)]) {
        let bytes = routes.iter().map(|(_, bytes)| bytes).sum();
        match prefix.halves() {
            Some([low, high]) if bytes > self.target && routes.len() > 1 => {
                let (left, right) =
                    routes.split_at(routes.partition_point(|(route, _)| low.contains(*route)));
                self.cut_routes(low, left);
                self.cut_routes(high, right);
            }
            _ => self.leaves.push(Leaf { prefix, bytes }),
        }
    }
}

/// Returns a mask of all bits below the first `depth`.
fn below(depth: u8) -> u128 {
    u128::MAX.checked_shr(u32::from(depth)).unwrap_or(0)
}

/// The root has no bits to be named by.
const ROOT_NAME: &str = "all";

/// The bits as `0` and `1`; `all` for the root.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.depth == 0 {
            return f.write_str(ROOT_NAME);
        }
        let width = usize::from(self.depth);
        write!(f, "{:0width$b}", self.bits >> (128 - self.depth))
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Prefix {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Prefix::parse(&name)
            .ok_or_else(|| serde::de::Error::custom("a prefix is `all`, or 1 to 128 digits 0 and 1"))
    }
}

#[cfg(test)]
mod tests;
