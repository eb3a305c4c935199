//! Reading arrangements outside of a run: what is committed, by key, by range, or all of it.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox_core::Key;
use rifflebox_storage::RunColumns;

use crate::batch::groups;
use crate::encoded::decode;
use crate::run::Foundations;
use crate::scope::Data;

/// The arrangements of one commit.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    runs: Arc<Foundations>,
    rows_read: Arc<AtomicU64>,
}

/// One arrangement, with the types of its rows.
#[derive(Debug)]
pub struct Table<'a, K, V> {
    runs: &'a [Arc<RunColumns>],
    rows_read: &'a AtomicU64,
    typed: PhantomData<fn() -> (K, V)>,
}

impl Reader {
    /// Reads runs.
    pub fn new(runs: Foundations) -> Self {
        Reader { runs: Arc::new(runs), rows_read: Arc::default() }
    }

    /// Returns an arrangement, as the types that it was written as; empty if there is none of that name.
    pub fn table<K: Data, V: Data>(&self, name: &str) -> Table<'_, K, V> {
        let runs = self.runs.get(name).map(Vec::as_slice).unwrap_or_default();
        Table { runs, rows_read: &self.rows_read, typed: PhantomData }
    }

    /// Returns whether an arrangement holds no row; undecoded.
    pub fn is_empty(&self, name: &str) -> bool {
        self.count(name) == 0
    }

    /// Returns the sum of all weights of an arrangement; undecoded.
    pub fn count(&self, name: &str) -> u64 {
        let runs = self.runs.get(name).map(Vec::as_slice).unwrap_or_default();
        let sum: i64 = runs.iter().flat_map(|run| &run.diffs[run.updates()]).sum();
        sum.max(0) as u64
    }

    /// Returns the number of keys that have a row; undecoded.
    pub fn count_keys(&self, name: &str) -> u64 {
        let runs = self.runs.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut weights: BTreeMap<Key, i64> = BTreeMap::new();
        for run in runs {
            for at in 0..run.key_count() {
                let weight = weights.entry(run.key(at).expect("in range")).or_insert(0);
                each_value(run, at, |_, diff| *weight += diff);
            }
        }
        weights.values().filter(|weight| **weight > 0).count() as u64
    }

    /// Returns how many rows were read through this reader and its clones.
    pub fn rows_read(&self) -> u64 {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// Returns the names of all arrangements.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.runs.keys().map(String::as_str)
    }
}

impl<K: Data, V: Data> Table<'_, K, V> {
    /// Returns the values of a key, in order of their bytes.
    pub fn get(&self, key: Key) -> Vec<V> {
        let mut values: BTreeMap<&[u8], i64> = BTreeMap::new();
        let near = |run: &&Arc<RunColumns>| {
            run.key(0) <= Some(key)
                && run.key_count().checked_sub(1).and_then(|last| run.key(last)) >= Some(key)
        };
        for run in self.runs.iter().filter(near) {
            let at = run.position(key);
            if run.key(at) == Some(key) {
                each_value(run, at, |value, diff| *values.entry(value).or_insert(0) += diff);
            }
        }
        self.rows_read.fetch_add(values.len() as u64, Ordering::Relaxed);
        let present = values.into_iter().filter(|(_, diff)| *diff > 0);
        present.map(|(value, _)| decode::<K, V>(key, value).1).collect()
    }

    /// Calls `each` for every row with its weight, in order of key, of keys from `first` to `last` inclusive.
    ///
    /// # Errors
    /// Those of `each`, which end the scan.
    pub fn scan<E>(
        &self,
        first: Key,
        last: Key,
        mut each: impl FnMut(K, V, i64) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut places: Vec<Place<'_>> =
            groups(self.runs).into_iter().map(|group| Place::at_least(group, first)).collect();
        let mut values: BTreeMap<&[u8], i64> = BTreeMap::new();
        loop {
            let Some(key) = places.iter().filter_map(Place::key).min().filter(|key| *key <= last) else {
                return Ok(());
            };
            for place in &mut places {
                if let (Some(run), true) = (place.run(), place.key() == Some(key)) {
                    each_value(run, place.at, |value, diff| *values.entry(value).or_insert(0) += diff);
                    place.step();
                }
            }
            self.rows_read.fetch_add(values.len() as u64, Ordering::Relaxed);
            for (value, diff) in std::mem::take(&mut values) {
                if diff != 0 {
                    let (key, value) = decode(key, value);
                    each(key, value, diff)?;
                }
            }
        }
    }

    /// Returns all rows with their weights.
    pub fn all(&self) -> Vec<(K, V, i64)> {
        let mut rows = Vec::new();
        let scanned: Result<(), std::convert::Infallible> =
            self.scan(Key::MIN, Key::MAX, |key, value, diff| {
                rows.push((key, value, diff));
                Ok(())
            });
        match scanned {
            Ok(()) => rows,
        }
    }
}

/// A place in files of rising keys.
struct Place<'a> {
    runs: &'a [Arc<RunColumns>],
    /// Position of the key in the first of them.
    at: usize,
}

impl<'a> Place<'a> {
    fn at_least(runs: &'a [Arc<RunColumns>], key: Key) -> Self {
        let before = |run: &Arc<RunColumns>| run.key_count() == 0 || run.key(run.key_count() - 1) < Some(key);
        let runs = &runs[runs.partition_point(before)..];
        Place { runs, at: runs.first().map_or(0, |run| run.position(key)) }
    }

    fn run(&self) -> Option<&'a RunColumns> {
        self.runs.first().map(|run| &**run)
    }

    fn key(&self) -> Option<Key> {
        self.run()?.key(self.at)
    }

    fn step(&mut self) {
        self.at += 1;
        while self.run().is_some_and(|run| self.at >= run.key_count()) {
            (self.runs, self.at) = (&self.runs[1..], 0);
        }
    }
}

/// Calls `each` for the values of the key at a position, each with its weight over all rounds.
pub(crate) fn each_value<'a>(run: &'a RunColumns, key: usize, mut each: impl FnMut(&'a [u8], i64)) {
    for value in run.key_offsets[key] as usize..run.key_offsets[key + 1] as usize {
        let updates = match &run.rounds {
            None => value..value + 1,
            Some(rounds) => rounds.offsets[value] as usize..rounds.offsets[value + 1] as usize,
        };
        let bytes = run.value(value).expect("a key's values are within the run");
        each(bytes, run.diffs[updates].iter().sum());
    }
}
