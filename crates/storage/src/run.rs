use std::ops::Range;

use arrow_buffer::{Buffer, ScalarBuffer};
use rifflebox_core::Key;

mod seek;

pub use seek::partition_keys;

/// A sorted, consolidated piece of an arrangement: a trie of keys, values, updates.
///
/// Every list of offsets starts at 0 and ends at the length of what it points into; but a slice shares all columns with
/// its run other than keys and their offsets, so that it costs the same for any length, and its values and updates are
/// those that its offsets say. What was opened from a file lies in that file's mapping, and keeps it mapped.
#[derive(Clone, Debug)]
pub struct RunColumns {
    /// The keys, 16 bytes each, most significant first, strictly ascending.
    pub keys: Buffer,
    /// Where each key's values start: keys + 1 offsets into the values; every key has a value.
    pub key_offsets: ScalarBuffer<i64>,
    /// Where each value's bytes start: values + 1 offsets into `value_bytes`; ascending by bytes within a key.
    pub value_offsets: ScalarBuffer<i64>,
    /// The bytes of all values.
    pub value_bytes: Buffer,
    /// The rounds of each value's updates, in an arrangement inside a loop; without them a value has one update.
    pub rounds: Option<Rounds>,
    /// What each update adds to its value's count; never 0.
    pub diffs: ScalarBuffer<i64>,
}

/// The rounds of a loop at which values change.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounds {
    /// Where each value's updates start: values + 1 offsets into the updates; every value has an update.
    pub offsets: ScalarBuffer<i64>,
    /// One round per update, ascending within a value.
    pub rounds: ScalarBuffer<u64>,
}

/// What the keys of a run have of its columns.
struct Extent {
    values: Range<usize>,
    /// Of the values.
    bytes: Range<usize>,
    updates: Range<usize>,
}

const WITHIN: &str = "all offsets lie within the columns";

/// Runs are equal if they are, once packed.
impl PartialEq for RunColumns {
    fn eq(&self, other: &Self) -> bool {
        let parts = |run: RunColumns| {
            (run.keys, run.key_offsets, run.value_offsets, run.value_bytes, run.rounds, run.diffs)
        };
        parts(self.packed()) == parts(other.packed())
    }
}

impl RunColumns {
    /// Returns the number of keys.
    pub fn key_count(&self) -> usize {
        self.keys.len() / 16
    }

    /// Returns the positions of the values.
    ///
    /// # Panics
    /// As [`RunColumns::updates`].
    pub fn values(&self) -> Range<usize> {
        self.extent().expect(WITHIN).values
    }

    /// Returns the positions of the updates.
    ///
    /// # Panics
    /// When the offsets lie outside the columns: those of a run that was opened never do.
    pub fn updates(&self) -> Range<usize> {
        self.extent().expect(WITHIN).updates
    }

    /// Returns the number of values.
    pub fn value_count(&self) -> usize {
        self.values().len()
    }

    /// Returns the number of updates.
    pub fn update_count(&self) -> usize {
        self.updates().len()
    }

    /// Returns the key at a position; none past the end.
    pub fn key(&self, position: usize) -> Option<Key> {
        let start = position.checked_mul(16)?;
        let bytes = self.keys.get(start..start.checked_add(16)?)?;
        Some(Key::from_bytes(bytes.try_into().expect("sixteen bytes were taken")))
    }

    /// Returns the bytes of the value at a position; none past the end.
    pub fn value(&self, position: usize) -> Option<&[u8]> {
        let start = usize::try_from(*self.value_offsets.get(position)?).ok()?;
        let end = usize::try_from(*self.value_offsets.get(position + 1)?).ok()?;
        self.value_bytes.get(start..end)
    }

    /// Returns the bytes that the columns take, in memory as in a file.
    pub fn byte_count(&self) -> usize {
        let Extent { values, bytes, updates } = self.extent().expect(WITHIN);
        let rounds = self.rounds.as_ref().map_or(0, |_| values.len() + 1 + updates.len());
        let numbers = self.key_offsets.len() + values.len() + 1 + updates.len() + rounds;
        self.keys.len() + 8 * numbers + bytes.len()
    }

    /// Returns the position of the first key that is not less than another; the number of keys, if all are.
    pub fn position(&self, key: Key) -> usize {
        let at = |position| self.key(position).expect("positions below the number of keys have one");
        partition_keys(0..self.key_count(), at, |other| other < key)
    }

    /// Returns the positions of the keys from `first` to `last`, both inclusive.
    pub fn range(&self, first: Key, last: Key) -> Range<usize> {
        let start = self.position(first);
        let end = self.position(last);
        start..(end + usize::from(self.key(end) == Some(last))).max(start)
    }

    /// Returns the run of a range of key positions; nothing is copied.
    ///
    /// # Panics
    /// When the range or an offset lies outside the columns.
    pub fn slice(&self, keys: Range<usize>) -> RunColumns {
        self.get(keys).expect("the range and all offsets lie within the columns")
    }

    /// Returns the run of a range of key positions; none when the range or an offset lies outside the columns.
    pub(crate) fn get(&self, keys: Range<usize>) -> Option<RunColumns> {
        if keys.start > keys.end || keys.end >= self.key_offsets.len() || keys.end > self.key_count() {
            return None;
        }
        let run = RunColumns {
            keys: self.keys.slice_with_length(16 * keys.start, 16 * keys.len()),
            key_offsets: self.key_offsets.slice(keys.start, keys.len() + 1),
            ..self.clone()
        };
        run.extent().is_some().then_some(run)
    }

    /// Returns the run with columns of its own, as it is written: those of a slice are copied where they must.
    ///
    /// # Panics
    /// When an offset lies outside the columns.
    pub fn packed(&self) -> RunColumns {
        let Extent { values, bytes, updates } = self.extent().expect(WITHIN);
        let rounds = self.rounds.as_ref().map(|rounds| Rounds {
            offsets: from_zero(&rounds.offsets.slice(values.start, values.len() + 1)),
            rounds: rounds.rounds.slice(updates.start, updates.len()),
        });
        RunColumns {
            keys: self.keys.clone(),
            key_offsets: from_zero(&self.key_offsets),
            value_offsets: from_zero(&self.value_offsets.slice(values.start, values.len() + 1)),
            value_bytes: self.value_bytes.slice_with_length(bytes.start, bytes.len()),
            rounds,
            diffs: self.diffs.slice(updates.start, updates.len()),
        }
    }

    /// Returns what the first and the last offsets say; none if that lies outside the columns.
    fn extent(&self) -> Option<Extent> {
        let values = between(&self.key_offsets, 0..self.key_count())?;
        let bytes = between(&self.value_offsets, values.clone())?;
        let updates = match &self.rounds {
            None => values.clone(),
            Some(rounds) => between(&rounds.offsets, values.clone())?,
        };
        let rounds = self.rounds.as_ref().map_or(updates.end, |rounds| rounds.rounds.len());
        let fits = bytes.end <= self.value_bytes.len() && updates.end <= rounds.min(self.diffs.len());
        fits.then_some(Extent { values, bytes, updates })
    }

    /// Checks all that is promised above of a run that is no slice, the order of bytes within a key included; takes a pass
    /// over everything.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn validate(&self) -> Result<(), String> {
        if !self.keys.len().is_multiple_of(16) {
            return Err("keys are not 16 bytes each".into());
        }
        let (keys, values) = (self.key_count(), self.value_offsets.len().saturating_sub(1));
        ascends(&self.key_offsets, keys, values, true).map_err(|e| format!("key offsets {e}"))?;
        let bytes = self.value_bytes.len();
        ascends(&self.value_offsets, values, bytes, false).map_err(|e| format!("value offsets {e}"))?;
        match &self.rounds {
            None if self.diffs.len() != values => return Err("a value without rounds has one diff".into()),
            None => {}
            Some(r) if r.rounds.len() != self.diffs.len() => return Err("an update has one round".into()),
            Some(r) => {
                ascends(&r.offsets, values, r.rounds.len(), true)
                    .map_err(|e| format!("round offsets {e}"))?;
            }
        }
        if !self.keys.chunks_exact(16).is_sorted_by(|a, b| a < b) {
            return Err("keys do not ascend".into());
        }
        if self.diffs.contains(&0) {
            return Err("an update adds nothing".into());
        }
        self.validate_within()
    }

    fn validate_within(&self) -> Result<(), String> {
        for pair in self.key_offsets.windows(2) {
            let values = (pair[0] as usize)..(pair[1] as usize);
            if !values.map(|v| self.value(v)).is_sorted_by(|a, b| a < b) {
                return Err("values of a key do not ascend".into());
            }
        }
        let Some(rounds) = &self.rounds else { return Ok(()) };
        for pair in rounds.offsets.windows(2) {
            let updates = &rounds.rounds[pair[0] as usize..pair[1] as usize];
            if !updates.is_sorted_by(|a, b| a < b) {
                return Err("rounds of a value do not ascend".into());
            }
        }
        Ok(())
    }
}

/// Checks that `parents + 1` offsets go from 0 to `children`, and that none goes back (or stays, where each has one).
fn ascends(offsets: &[i64], parents: usize, children: usize, each_has_one: bool) -> Result<(), &'static str> {
    if offsets.len() != parents + 1 {
        return Err("are not one more than what they divide");
    }
    if offsets.first() != Some(&0) || offsets.last().copied() != i64::try_from(children).ok() {
        return Err("do not go from 0 to the end");
    }
    match offsets.is_sorted_by(|a, b| if each_has_one { a < b } else { a <= b }) {
        true => Ok(()),
        false => Err("do not ascend"),
    }
}

/// Returns where the children of a range of parents lie; none if there are no such parents, or no such places.
fn between(offsets: &[i64], parents: Range<usize>) -> Option<Range<usize>> {
    let start = usize::try_from(*offsets.get(parents.start)?).ok()?;
    let end = usize::try_from(*offsets.get(parents.end)?).ok()?;
    (start <= end).then_some(start..end)
}

/// Returns the same offsets from 0.
fn from_zero(offsets: &ScalarBuffer<i64>) -> ScalarBuffer<i64> {
    match offsets[0] {
        0 => offsets.clone(),
        first => offsets.iter().map(|offset| offset.wrapping_sub(first)).collect(),
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
