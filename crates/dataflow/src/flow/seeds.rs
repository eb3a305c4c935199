//! The documents of a stage's sources, and the ways to read them.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{Document, Key, Row, RowItem, Sample};

use super::records::Repeat;
use crate::graph::Keep;
use crate::scope::{Arranged, Data, Rows, Scope};

/// The documents of a source.
#[derive(Clone, Copy)]
pub(crate) struct SourceRows {
    pub(crate) rows: Arranged<Key, RowItem>,
    pub(crate) repeats: Arranged<Key, Repeat>,
}

/// The documents of the sources that a stage reads: each by its key, and each that counts once.
pub struct Seeds {
    sources: Vec<SourceRows>,
}

impl Seeds {
    pub(super) fn new(names: &BTreeSet<String>, sources: &BTreeMap<String, SourceRows>) -> Self {
        Seeds { sources: names.iter().map(|name| sources[name]).collect() }
    }

    /// Says something of each document.
    pub fn read<K: Data, V: Data>(
        &self,
        scope: &mut Scope<'_>,
        logic: impl Fn(Document, &mut dyn FnMut(K, V)) + Send + Sync + 'static,
    ) -> Rows<K, V> {
        let mut parts = Vec::new();
        for source in &self.sources {
            let (rows, repeats) = sound_documents(scope, *source);
            parts.extend([rows, repeats]);
        }
        let documents = scope.concat(&parts);
        scope.flat_map(documents, move |_, item: RowItem, say| {
            if let Ok(document) = item.document {
                logic(document, say);
            }
        })
    }

    /// Says something of each row of an arrangement by document, with the document as it stands.
    pub fn join<A: Data, K: Data, V: Data>(
        &self,
        scope: &mut Scope<'_>,
        by_document: Arranged<Key, A>,
        logic: impl Fn(A, Document, &mut dyn FnMut(K, V)) + Clone + Send + Sync + 'static,
    ) -> Rows<K, V> {
        let mut parts = Vec::new();
        for source in &self.sources {
            let say_of = logic.clone();
            let rows = scope.borrow(source.rows);
            parts.push(scope.join(by_document, rows, move |_: Key, value: A, item: RowItem, say| {
                if let Ok(document) = item.document {
                    say_of(value, document, say);
                }
            }));
            let say_of = logic.clone();
            let repeats = scope.borrow(source.repeats);
            let less = scope.join(by_document, repeats, move |_: Key, value: A, repeat: Repeat, say| {
                if let Ok(document) = repeat.item.document {
                    say_of(value, document, say);
                }
            });
            parts.push(scope.negate(less));
        }
        scope.concat(&parts)
    }

    /// Each item with its document: `NAME/asked` holds the items by document, as long as they are judged.
    pub(super) fn with_documents(
        &self,
        scope: &mut Scope<'_>,
        items: Rows<Key, (Row, Sample)>,
    ) -> Rows<Key, (Row, Sample, Vec<Document>)> {
        let by_document =
            scope.flat_map(items, |_, (row, sample): (Row, Sample), say| say(row.route, (row, sample)));
        let by_document = scope.arrange("asked", by_document, Keep::Internal);
        self.join(scope, by_document, |(row, sample): (Row, Sample), document, say| {
            say(row.id, (row, sample, vec![document]));
        })
    }
}

/// A source's documents: its sound rows, and, counted against them, those that repeat an id.
pub(super) fn sound_documents(
    scope: &mut Scope<'_>,
    source: SourceRows,
) -> (Rows<Key, RowItem>, Rows<Key, RowItem>) {
    let rows = scope.enter(source.rows);
    let rows = scope.flat_map(rows, |key, item: RowItem, say| {
        if item.document.is_ok() {
            say(key, item);
        }
    });
    let repeats = scope.enter(source.repeats);
    let repeats = scope.flat_map(repeats, |key, repeat: Repeat, say| say(key, repeat.item));
    (rows, scope.negate(repeats))
}

/// A source's documents that are admitted: its sound rows, and, counted against them, those that repeat an id.
pub(super) fn admitted_documents(
    scope: &mut Scope<'_>,
    source: SourceRows,
    admitted: Arranged<Key, Option<Key>>,
) -> (Rows<Key, RowItem>, Rows<Key, RowItem>) {
    let rows = scope.borrow(source.rows);
    let rows = scope.join(admitted, rows, |key: Key, _: Option<Key>, item: RowItem, say| {
        if item.document.is_ok() {
            say(key, item);
        }
    });
    let repeats = scope.borrow(source.repeats);
    let repeats =
        scope.join(admitted, repeats, |key: Key, _: Option<Key>, repeat: Repeat, say| say(key, repeat.item));
    (rows, scope.negate(repeats))
}
