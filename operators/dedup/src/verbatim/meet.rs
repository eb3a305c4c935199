use std::cmp::Ordering;

use rifflebox_core::Key;
use serde::{Deserialize, Serialize};

/// What has a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Mark {
    /// A document, by its key.
    Document(Key),
    /// A sample, by its id, and the key of its first document.
    Sample(Key, Key),
}

/// What a fingerprint says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Meeting {
    /// The documents that a sample is to be compared with.
    Compare { sample: Key, documents: Vec<Key> },
    /// Not every sample that has it is compared with every document that has it.
    Crowd { documents: u64, left_out: u64 },
}

/// Says, of all that have a fingerprint, which samples are compared with which documents.
///
/// In a crowd a sample is compared with its own document and with those of the least keys: so comparisons grow with the
/// samples, and follow from the set of documents alone.
pub(crate) fn meet(marks: impl Iterator<Item = Mark>, crowd: usize, mut say: impl FnMut(Meeting)) {
    let (mut documents, mut samples) = (Vec::new(), Vec::new());
    for mark in marks {
        match mark {
            Mark::Document(key) => documents.push(key),
            Mark::Sample(id, route) => samples.push((id, route)),
        }
    }
    documents.sort_unstable();
    documents.dedup();
    if documents.is_empty() || samples.is_empty() {
        return;
    }
    let few = &documents[..documents.len().min(crowd)];
    let mut left_out = 0;
    for (sample, route) in samples {
        let mut met = few.to_vec();
        let own = documents.binary_search_by(|key| key.cmp(&route)).is_ok_and(|at| at >= few.len());
        met.extend(own.then_some(route));
        left_out += (documents.len() - met.len()) as u64;
        say(Meeting::Compare { sample, documents: met });
    }
    if documents.len().cmp(&crowd) == Ordering::Greater {
        say(Meeting::Crowd { documents: documents.len() as u64, left_out });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u128) -> Key {
        Key::from_u128(number)
    }

    fn met(documents: u128, crowd: usize) -> Vec<Meeting> {
        let mut said = Vec::new();
        let marks = (0..documents).rev().map(|at| Mark::Document(key(at)));
        meet(marks.chain([Mark::Sample(key(100), key(7))]), crowd, |meeting| said.push(meeting));
        said
    }

    #[test]
    fn all_meet_until_they_are_a_crowd() {
        let documents = (0..4).map(key).collect();
        assert_eq!(met(4, 4), [Meeting::Compare { sample: key(100), documents }]);
        assert!(met(0, 4).is_empty(), "no documents, no meeting");
    }

    #[test]
    fn in_a_crowd_a_sample_meets_few_and_its_own_document() {
        let documents = vec![key(0), key(1), key(2), key(3), key(7)];
        let compare = Meeting::Compare { sample: key(100), documents };
        assert_eq!(met(10, 4), [compare, Meeting::Crowd { documents: 10, left_out: 5 }]);
        // Its own is among the few already.
        let Meeting::Compare { documents, .. } = &met(10, 9)[0] else { panic!("a sample meets") };
        assert_eq!(documents.len(), 9);
    }
}
