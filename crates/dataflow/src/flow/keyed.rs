//! The user's own keyed logic: durable, and as incremental as ours.

use std::marker::PhantomData;
use std::sync::Arc;

use rifflebox_core::{Document, Identity, Key, RowItem};

use super::{Documents, Flow, Operator};
use crate::graph::{Keep, Node};
use crate::scope::{Arranged, Data, Rows, Scope};

/// A keyed collection of the user's own, kept true across runs: every step is a stage with a name and a version.
///
/// A changed version, or a changed input, computes the step anew and hands on the difference.
pub struct Keyed<K, V> {
    flow: Flow,
    name: String,
    typed: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Keyed<K, V> {
    fn clone(&self) -> Self {
        Keyed { flow: self.flow.clone(), name: self.name.clone(), typed: PhantomData }
    }
}

type Build = dyn Fn(&mut Scope<'_>, &[Node]) -> Node + Send + Sync;

/// A step of the user's own logic.
#[derive(Clone)]
pub struct KeyedStep {
    pub(crate) identity: Identity,
    pub(crate) build: Arc<Build>,
}

impl Documents {
    /// Says keyed rows of each document.
    pub fn keyed<K: Data, V: Data>(
        &self,
        name: &str,
        version: &str,
        logic: impl Fn(&Document, &mut dyn FnMut(K, V)) + Send + Sync + 'static,
    ) -> Keyed<K, V> {
        let logic = Arc::new(logic);
        let build = move |scope: &mut Scope<'_>, inputs: &[Node]| {
            let parts: Vec<Rows<Key, RowItem>> = inputs.iter().map(|node| Rows::at(*node)).collect();
            let documents = scope.concat(&parts);
            let logic = logic.clone();
            let said = scope.flat_map(documents, move |_, item: RowItem, say| {
                if let Ok(document) = &item.document {
                    logic(document, say);
                }
            });
            said.node
        };
        step(&self.flow, name, version, self.from.clone(), build)
    }
}

impl<K: Data, V: Data> Keyed<K, V> {
    /// Returns the name of the stage, and of its arrangement `NAME/rows`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Turns each row into any number of rows.
    pub fn flat_map<K2: Data, V2: Data>(
        &self,
        name: &str,
        version: &str,
        logic: impl Fn(K, V, &mut dyn FnMut(K2, V2)) + Send + Sync + 'static,
    ) -> Keyed<K2, V2> {
        let logic = Arc::new(logic);
        self.step(name, version, &[], move |scope, inputs| {
            let rows = scope.enter(Arranged::<K, V>::at(inputs[0]));
            let logic = logic.clone();
            scope.flat_map(rows, move |key, value, say| logic(key, value, say)).node
        })
    }

    /// Turns each row into one row.
    pub fn map<K2: Data, V2: Data>(
        &self,
        name: &str,
        version: &str,
        logic: impl Fn(K, V) -> (K2, V2) + Send + Sync + 'static,
    ) -> Keyed<K2, V2> {
        self.flat_map(name, version, move |key, value, say| {
            let (key, value) = logic(key, value);
            say(key, value);
        })
    }

    /// Keeps the rows of which `keep` is true.
    pub fn filter(
        &self,
        name: &str,
        version: &str,
        keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
    ) -> Keyed<K, V> {
        let keep = Arc::new(keep);
        self.step(name, version, &[], move |scope, inputs| {
            let rows = scope.enter(Arranged::<K, V>::at(inputs[0]));
            let keep = keep.clone();
            scope.filter(rows, move |key, value| keep(key, value)).node
        })
    }

    /// Says something of every pair of rows of one key.
    pub fn join<B: Data, K2: Data, V2: Data>(
        &self,
        name: &str,
        version: &str,
        other: &Keyed<K, B>,
        logic: impl Fn(&K, V, B, &mut dyn FnMut(K2, V2)) + Send + Sync + 'static,
    ) -> Keyed<K2, V2> {
        let logic = Arc::new(logic);
        self.step(name, version, std::slice::from_ref(&other.name), move |scope, inputs| {
            let left = scope.enter_arranged(Arranged::<K, V>::at(inputs[0]));
            let right =
                scope.enter_arranged(Arranged::<K, B>::at(*inputs.last().expect("two inputs, or one twice")));
            let logic = logic.clone();
            scope.join(left, right, move |key: K, one, two, say| logic(&key, one, two, say)).node
        })
    }

    /// Says something of all values of one key, given in the type's own order, each with how often it is there.
    pub fn reduce<V2: Data>(
        &self,
        name: &str,
        version: &str,
        logic: impl Fn(&K, Vec<(V, i64)>, &mut dyn FnMut(V2)) + Send + Sync + 'static,
    ) -> Keyed<K, V2> {
        let logic = Arc::new(logic);
        self.step(name, version, &[], move |scope, inputs| {
            let rows = scope.enter_arranged(Arranged::<K, V>::at(inputs[0]));
            let logic = logic.clone();
            scope.reduce("reduced", rows, move |key, values, say| logic(key, values, say)).rows().node
        })
    }

    /// Counts the rows of each key.
    pub fn count(&self, name: &str) -> Keyed<K, i64> {
        self.step(name, "1", &[], |scope, inputs| {
            let rows = scope.enter(Arranged::<K, V>::at(inputs[0]));
            let rows = scope.flat_map(rows, |key: K, _: V, say| say(key, ()));
            scope.total("count", rows).rows().node
        })
    }

    /// Keeps each row once, however often it is there.
    pub fn distinct(&self, name: &str) -> Keyed<K, V> {
        self.step(name, "1", &[], |scope, inputs| {
            let rows = scope.enter(Arranged::<K, V>::at(inputs[0]));
            scope.distinct("distinct", rows).rows().node
        })
    }

    /// Repeats `body`, which starts from these rows, until nothing changes.
    pub fn iterate(
        &self,
        name: &str,
        version: &str,
        body: impl Fn(&mut Scope<'_>, Rows<K, V>) -> Rows<K, V> + Send + Sync + 'static,
    ) -> Keyed<K, V> {
        self.step(name, version, &[], move |scope, inputs| {
            let rows = scope.enter(Arranged::<K, V>::at(inputs[0]));
            scope.iterate("loop", rows, &body).node
        })
    }

    fn step<K2: Data, V2: Data>(
        &self,
        name: &str,
        version: &str,
        others: &[String],
        build: impl Fn(&mut Scope<'_>, &[Node]) -> Node + Send + Sync + 'static,
    ) -> Keyed<K2, V2> {
        let from = [std::slice::from_ref(&self.name), others].concat();
        step(&self.flow, name, version, from, build)
    }
}

fn step<K: Data, V: Data>(
    flow: &Flow,
    name: &str,
    version: &str,
    from: Vec<String>,
    build: impl Fn(&mut Scope<'_>, &[Node]) -> Node + Send + Sync + 'static,
) -> Keyed<K, V> {
    let identity = Identity::new(name, version);
    let operator = Operator::Keyed(KeyedStep { identity, build: Arc::new(build) });
    let name = flow.add(name, from, operator);
    Keyed { flow: flow.clone(), name, typed: PhantomData }
}

/// Ends a step: its rows are arranged for others, and for reading.
pub(crate) fn arrange(scope: &mut Scope<'_>, rows: Node) -> Node {
    scope.arrange_node("rows", rows, Keep::Output)
}
