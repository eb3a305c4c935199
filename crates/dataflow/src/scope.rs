//! Typed collections: what an operator that is a graph is written with.

use std::marker::PhantomData;
use std::sync::Arc;

use rifflebox_core::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::encoded::{Encoded, decode, encode};
use crate::graph::{Emit, Graph, Keep, KeyRows, LookupLogic, Node, Operation};

/// Plain data that flows: it encodes, orders, and crosses threads.
///
/// The order is the type's own, never that of its bytes, wherever a reduction sees several values. NaN must not occur.
pub trait Data: Serialize + DeserializeOwned + Ord + Clone + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Ord + Clone + Send + Sync + 'static> Data for T {}

/// All values of one key, in the type's own order, each with its weight.
pub type Values<V> = Vec<(V, i64)>;

/// A collection of rows `(K, V)`, each with a weight.
#[derive(Debug)]
pub struct Rows<K, V> {
    pub(crate) node: Node,
    typed: PhantomData<fn() -> (K, V)>,
}

/// Rows arranged by key: what joins and reductions look up, now and in later runs.
#[derive(Debug)]
pub struct Arranged<K, V> {
    pub(crate) node: Node,
    typed: PhantomData<fn() -> (K, V)>,
}

// Derived, these would ask K and V to be Copy too.
impl<K, V> Clone for Rows<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for Rows<K, V> {}
impl<K, V> Clone for Arranged<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for Arranged<K, V> {}

impl<K, V> Rows<K, V> {
    /// Reads a node as rows of these types.
    pub(crate) fn at(node: Node) -> Self {
        typed(node)
    }

    /// Reads the values as a type that decodes from the beginning of their bytes: one that skips what nobody wants.
    pub fn read_as<V2>(self) -> Rows<K, V2> {
        typed(self.node)
    }
}

impl<K, V> Arranged<K, V> {
    /// Reads an arranged node as rows of these types.
    pub(crate) fn at(node: Node) -> Self {
        typed_arranged(node)
    }

    /// Returns the arrangement's rows as a collection of the same stage.
    pub fn rows(self) -> Rows<K, V> {
        typed(self.node)
    }

    /// Reads the values as a type that decodes from the beginning of their bytes.
    pub(crate) fn read_as<V2>(self) -> Arranged<K, V2> {
        typed_arranged(self.node)
    }
}

fn typed<K, V>(node: Node) -> Rows<K, V> {
    Rows { node, typed: PhantomData }
}

fn typed_arranged<K, V>(node: Node) -> Arranged<K, V> {
    Arranged { node, typed: PhantomData }
}

/// A stage, or a loop within one, under construction.
pub struct Scope<'graph> {
    graph: &'graph mut Graph,
    /// Prefix of the names of its arrangements.
    name: String,
    /// In a loop: the outer nodes that it reads.
    imports: Option<Vec<Node>>,
}

impl<'graph> Scope<'graph> {
    /// Starts a stage of a graph.
    pub fn stage(graph: &'graph mut Graph, name: &str, fingerprint: Key) -> Self {
        graph.stage(name, fingerprint);
        Scope { graph, name: name.to_owned(), imports: None }
    }

    /// Returns the stage's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes changes from outside.
    pub fn input<K: Data, V: Data>(&mut self, name: &str) -> Rows<K, V> {
        let name = self.named(name);
        typed(self.graph.add(Operation::Input { name }))
    }

    /// Turns each row into any number of rows.
    pub fn flat_map<K: Data, V: Data, K2: Data, V2: Data>(
        &mut self,
        rows: Rows<K, V>,
        logic: impl Fn(K, V, &mut dyn FnMut(K2, V2)) + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        self.weighted_map(rows, move |key, value, say| {
            logic(key, value, &mut |key, value| say(key, value, 1))
        })
    }

    /// Turns each row into any number of rows, each with a weight that multiplies the row's own.
    pub fn weighted_map<K: Data, V: Data, K2: Data, V2: Data>(
        &mut self,
        rows: Rows<K, V>,
        logic: impl Fn(K, V, &mut dyn FnMut(K2, V2, i64)) + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        let logic = move |key: Key, bytes: &[u8], emit: &mut Emit<'_>| {
            let (key, value) = decode(key, bytes);
            logic(key, value, &mut |key: K2, value: V2, weight| {
                let (key, bytes) = encode(&key, &value);
                emit(key, bytes, weight);
            });
        };
        typed(self.graph.add(Operation::Map { input: rows.node, logic: Arc::new(logic) }))
    }

    /// Keeps the rows of which `keep` is true, as they are.
    pub fn filter<K: Data, V: Data>(
        &mut self,
        rows: Rows<K, V>,
        keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
    ) -> Rows<K, V> {
        let logic = move |name: Key, bytes: &[u8], emit: &mut Emit<'_>| {
            let (key, value) = decode(name, bytes);
            if keep(&key, &value) {
                emit(name, bytes.into(), 1);
            }
        };
        typed(self.graph.add(Operation::Map { input: rows.node, logic: Arc::new(logic) }))
    }

    /// Returns the rows of all of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn concat<K, V>(&mut self, inputs: &[Rows<K, V>]) -> Rows<K, V> {
        assert!(!inputs.is_empty(), "a concatenation has an input");
        let inputs = inputs.iter().map(|rows| rows.node).collect();
        typed(self.graph.add(Operation::Concat { inputs }))
    }

    /// Returns each row with its weight's sign turned.
    pub fn negate<K, V>(&mut self, rows: Rows<K, V>) -> Rows<K, V> {
        typed(self.graph.add(Operation::Negate { input: rows.node }))
    }

    /// Arranges rows by key, durably.
    pub fn arrange<K: Data, V: Data>(&mut self, name: &str, rows: Rows<K, V>, keep: Keep) -> Arranged<K, V> {
        let name = self.named(name);
        typed_arranged(self.graph.add(Operation::Arrange { name, input: rows.node, keep }))
    }

    /// Arranges a node's rows by key, whatever their types.
    pub(crate) fn arrange_node(&mut self, name: &str, rows: Node, keep: Keep) -> Node {
        let name = self.named(name);
        self.graph.add(Operation::Arrange { name, input: rows, keep })
    }

    /// Says something of every pair of rows of one key; its weight is the product of theirs.
    pub fn join<K: Data, A: Data, B: Data, K2: Data, V2: Data>(
        &mut self,
        left: Arranged<K, A>,
        right: Arranged<K, B>,
        logic: impl Fn(K, A, B, &mut dyn FnMut(K2, V2)) + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        let logic = move |key: Key, one: &[u8], two: &[u8], emit: &mut Emit<'_>| {
            let (typed_key, one) = decode::<K, A>(key, one);
            let (_, two) = decode::<K, B>(key, two);
            logic(typed_key, one, two, &mut |key: K2, value: V2| {
                let (key, bytes) = encode(&key, &value);
                emit(key, bytes, 1);
            });
        };
        typed(self.graph.add(Operation::Join { left: left.node, right: right.node, logic: Arc::new(logic) }))
    }

    /// Completes each row from the one value that one of the tables holds of its key, without arranging the rows.
    ///
    /// `prepare` may read the value, once for the rows that come together, and `logic` says something of each. A row must
    /// not stand longer than a value of its key, and must change when anything changes that is taken from the value: what
    /// is said of a row is not said anew when the rest changes.
    ///
    /// # Panics
    /// When called within a loop.
    pub fn look_up<V: Data, T: Data, P: 'static, K2: Data, V2: Data>(
        &mut self,
        rows: Rows<Key, V>,
        tables: &[Arranged<Key, T>],
        prepare: impl Fn(Key, &mut dyn FnMut() -> Option<T>) -> P + Send + Sync + 'static,
        logic: impl Fn(Key, &P, V, &mut dyn FnMut(K2, V2)) + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        assert!(self.imports.is_none(), "a loop joins, and does not look up");
        let logic = Arc::new(logic);
        let looking: LookupLogic = Arc::new(move |key, read| {
            let prepared = prepare(key, &mut || read().map(|value| decode::<Key, T>(key, value).1));
            let logic = logic.clone();
            Box::new(move |row, emit| {
                let (_, row) = decode::<Key, V>(key, row);
                logic(key, &prepared, row, &mut |key: K2, value: V2| {
                    let (key, bytes) = encode(&key, &value);
                    emit(key, bytes, 1);
                });
            })
        });
        let tables = tables.iter().map(|table| table.node).collect();
        typed(self.graph.add(Operation::LookUp { rows: rows.node, tables, logic: looking }))
    }

    /// Says something of all values of one key, given in the type's own order, each with its weight.
    pub fn reduce<K: Data, V: Data, V2: Data>(
        &mut self,
        name: &str,
        rows: Arranged<K, V>,
        logic: impl Fn(&K, Vec<(V, i64)>, &mut dyn FnMut(V2)) + Send + Sync + 'static,
    ) -> Arranged<K, V2> {
        let name = self.named(name);
        let logic = move |key: Key, rows: &[(&[u8], i64)], out: &mut Vec<(Encoded, i64)>| {
            if let Some((key, values)) = typed_rows::<K, V>(key, rows) {
                logic(&key, values, &mut |value: V2| out.push((encode(&key, &value).1, 1)));
            }
        };
        typed_arranged(self.graph.add(Operation::Reduce { name, input: rows.node, logic: Arc::new(logic) }))
    }

    /// Says something of all values of one key that has at least so many, of which nothing is kept: `logic` is given the
    /// values as they were and as they are, in the type's own order, each with its weight, and says by how much what is to
    /// be said of them differs.
    ///
    /// Cheaper than to keep what was said, where much is said of a few values. A key with fewer values than `least` costs
    /// next to nothing.
    ///
    /// # Contract
    /// - What is said of two changes in turn adds up to what is said of both at once (law-tested: a naive evaluation shows
    ///   all values as one change of none).
    ///
    /// # Panics
    /// When called within a loop.
    pub fn recompute<K: Data, V: Data, K2: Data, V2: Data>(
        &mut self,
        rows: Arranged<K, V>,
        least: usize,
        logic: impl Fn(&K, Values<V>, Values<V>, &mut dyn FnMut(K2, V2, i64)) + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        assert!(self.imports.is_none(), "a loop reduces, and does not recompute");
        let enough = move |rows: &KeyRows<'_>| rows.len() >= least;
        let logic = move |key: Key, were: &KeyRows<'_>, are: &KeyRows<'_>, emit: &mut Emit<'_>| {
            let were = enough(were).then(|| typed_rows::<K, V>(key, were)).flatten();
            let are = enough(are).then(|| typed_rows::<K, V>(key, are)).flatten();
            let (key, were, are) = match (were, are) {
                (Some((key, were)), are) => (key, were, are.map(|(_, are)| are).unwrap_or_default()),
                (None, Some((key, are))) => (key, Vec::new(), are),
                (None, None) => return,
            };
            logic(&key, were, are, &mut |key, value, weight| {
                let (key, bytes) = encode(&key, &value);
                emit(key, bytes, weight);
            });
        };
        typed(self.graph.add(Operation::Recompute { input: rows.node, logic: Arc::new(logic) }))
    }

    /// Adds up the weights of each key: durable, and as cheap for a million rows as for one.
    pub fn total<K: Data>(&mut self, name: &str, rows: Rows<K, ()>) -> Arranged<K, i64> {
        let rows = self.arrange(&format!("{name}/rows"), rows, Keep::Internal);
        self.reduce(name, rows, |_, values, say| say(values.iter().map(|(_, weight)| weight).sum()))
    }

    /// Keeps each row once that is there at all.
    pub fn distinct<K: Data, V: Data>(&mut self, name: &str, rows: Rows<K, V>) -> Arranged<K, V> {
        let rows = self.arrange(&format!("{name}/rows"), rows, Keep::Internal);
        self.reduce(name, rows, |_, values, say| {
            values.into_iter().filter(|(_, weight)| *weight > 0).for_each(|(value, _)| say(value));
        })
    }

    /// Brings another stage's output in, as a collection.
    pub fn enter<K, V>(&mut self, from: Arranged<K, V>) -> Rows<K, V> {
        typed(self.graph.add(Operation::Enter { from: from.node }))
    }

    /// Brings another stage's output in, arranged.
    pub fn enter_arranged<K, V>(&mut self, from: Arranged<K, V>) -> Arranged<K, V> {
        typed_arranged(self.graph.add(Operation::EnterArranged { from: from.node }))
    }

    /// Brings another stage's output in for lookups: the other side of the join must have been entered arranged.
    pub fn borrow<K, V>(&mut self, from: Arranged<K, V>) -> Arranged<K, V> {
        typed_arranged(self.graph.add(Operation::Borrow { from: from.node }))
    }

    /// Repeats `body`, which starts from `initial`, until nothing changes; one level deep.
    ///
    /// # Panics
    /// When called within a loop.
    pub fn iterate<K: Data, V: Data>(
        &mut self,
        name: &str,
        initial: Rows<K, V>,
        body: impl FnOnce(&mut Scope<'_>, Rows<K, V>) -> Rows<K, V>,
    ) -> Rows<K, V> {
        assert!(self.imports.is_none(), "a loop within a loop");
        let name = self.named(name);
        let mut inner = Graph::new();
        let variable = inner.add(Operation::Variable);
        let mut scope = Scope { graph: &mut inner, name: name.clone(), imports: Some(Vec::new()) };
        let result = body(&mut scope, typed(variable)).node;
        let imports = scope.imports.unwrap_or_default();
        let body = Arc::new(inner);
        typed(self.graph.add(Operation::Iterate { name, initial: initial.node, imports, body, result }))
    }

    /// In a loop: brings in rows of the stage around it, which stand still.
    ///
    /// # Panics
    /// When called outside of a loop.
    pub fn import<K, V>(&mut self, rows: Rows<K, V>) -> Rows<K, V> {
        typed(self.import_node(rows.node, false))
    }

    /// In a loop: brings in an arrangement of the stage around it, which stands still.
    ///
    /// # Panics
    /// When called outside of a loop.
    pub fn import_arranged<K, V>(&mut self, rows: Arranged<K, V>) -> Arranged<K, V> {
        typed_arranged(self.import_node(rows.node, true))
    }

    /// Asks for an answer to each demanded request, once per key for ever; `answers` names who answers, in letters and
    /// digits. What one place of a flow was answered, no other asks.
    pub fn ask<Q: Data>(
        &mut self,
        demand: Rows<Key, Q>,
        answers: &str,
        asker: Arc<dyn crate::Asker>,
    ) -> Arranged<Key, crate::Answer> {
        let answers = self.graph.free_answers(answers);
        typed_arranged(self.graph.add(Operation::Ask { demand: demand.node, answers, asker }))
    }

    fn import_node(&mut self, node: Node, arranged: bool) -> Node {
        let imports = self.imports.as_mut().expect("only a loop imports");
        imports.push(node);
        let index = imports.len() - 1;
        self.graph.add(Operation::Import { index, arranged })
    }

    fn named(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }
}

/// Decodes all rows of one key, in the type's own order; none if there are none.
fn typed_rows<K: Data, V: Data>(name: Key, rows: &KeyRows<'_>) -> Option<(K, Values<V>)> {
    let mut key = None;
    let mut values = Values::with_capacity(rows.len());
    for (bytes, weight) in rows {
        let (typed, value) = decode::<K, V>(name, bytes);
        key.get_or_insert(typed);
        values.push((value, *weight));
    }
    values.sort();
    key.map(|key| (key, values))
}
