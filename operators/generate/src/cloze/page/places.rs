//! `text -> places`: where a name stands in a page, looked up instead of read for.

use std::cmp::Ordering;

use crate::cloze::meter::look_at;

/// So many bytes of a name are compared; names that agree in all of them count as one.
const LONGEST: usize = 200;

/// Some places of a text, sorted by what follows them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    text: String,
    starts: Vec<usize>,
}

impl Places {
    /// Sorts places of a text, each at the start of a character.
    pub(super) fn of(text: String, mut starts: Vec<usize>) -> Places {
        starts.sort_unstable_by(|a, b| head(&text.as_bytes()[*a..]).cmp(head(&text.as_bytes()[*b..])));
        look_at(starts.len());
        Places { text, starts }
    }

    /// Sorts all places of a text.
    pub(super) fn all(text: String) -> Places {
        let starts = text.char_indices().map(|(at, _)| at).collect();
        Places::of(text, starts)
    }

    /// Returns whether a name follows one of the places.
    pub(super) fn hold(&self, name: &str) -> bool {
        !self.at(name).is_empty()
    }

    /// Returns whether a name follows so many of the places at least, no two of them overlapping.
    pub(super) fn hold_apart(&self, name: &str, least: usize) -> bool {
        let found = self.at(name);
        // Of any places, one in as many as the name has bytes stands apart from the others.
        if found.len() > least * name.len() {
            return true;
        }
        let mut found = found.to_vec();
        found.sort_unstable();
        let (mut apart, mut end) = (0, 0);
        for at in found {
            if at >= end {
                (apart, end) = (apart + 1, at + name.len());
            }
        }
        apart >= least
    }

    /// Returns the first of the places that a name follows.
    pub(super) fn first(&self, name: &str) -> Option<usize> {
        let found = self.at(name);
        look_at(found.len());
        found.iter().min().copied()
    }

    fn at(&self, name: &str) -> &[usize] {
        let name = head(name.as_bytes());
        let order = |at: &usize| {
            look_at(1);
            let rest = &self.text.as_bytes()[*at..];
            rest[..rest.len().min(name.len())].cmp(name)
        };
        let start = self.starts.partition_point(|at| order(at) == Ordering::Less);
        let length = self.starts[start..].partition_point(|at| order(at) == Ordering::Equal);
        &self.starts[start..start + length]
    }
}

fn head(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(LONGEST)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_if_the_text_were_read(text in "[ab é\n]{0,60}", name in "[abé]{1,4}", least in 1_usize..5) {
            let places = Places::all(text.clone());
            prop_assert_eq!(places.hold(&name), text.contains(&name));
            prop_assert_eq!(places.first(&name), text.find(&name));
            prop_assert_eq!(places.hold_apart(&name, least), text.matches(&name).count() >= least);
        }
    }

    #[test]
    fn names_of_any_length() {
        let places = Places::all("x".repeat(1000));
        assert!(places.hold("") && places.hold(&"x".repeat(300)) && !places.hold("y"));
    }
}
