//! What reaches a stage, as signed sums of other stages' outputs, and the ways to read it.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{Key, Row, Sample, StageRow};

use super::records::{Made, MadeHead, SamplePart};
use crate::scope::{Arranged, Data, Rows, Scope};

/// A part of what a stage puts out.
#[derive(Clone, Copy)]
pub(super) enum Term {
    Made(Arranged<Key, Made>),
    Judged(Arranged<Key, StageRow>),
    /// Counted against the others.
    Displaced(Arranged<Key, StageRow>),
}

/// What a stage puts out.
#[derive(Clone, Default)]
pub(super) struct Output {
    pub(super) terms: Vec<Term>,
    pub(super) generators: BTreeSet<String>,
    pub(super) sources: BTreeSet<String>,
}

/// Reads a row with as much of its sample as is wanted; none if it is gone.
pub type ReadSample<'a, S = Sample> = dyn FnMut() -> Option<(Row, S)> + 'a;

/// The rows that reach a stage: each by its id, with its sample where that is wanted.
pub struct Candidates {
    terms: Vec<Term>,
    /// The arrangements in which the text of these rows lives.
    texts: Vec<Arranged<Key, Made>>,
}

impl Candidates {
    pub(super) fn new(input: &Output, texts: &BTreeMap<String, Arranged<Key, Made>>) -> Self {
        let texts = input.generators.iter().map(|generator| texts[generator]).collect();
        Candidates { terms: input.terms.clone(), texts }
    }

    /// Returns the rows, without text.
    pub fn rows(&self, scope: &mut Scope<'_>) -> Rows<Key, Row> {
        let mut parts = Vec::new();
        for term in &self.terms {
            parts.push(match term {
                Term::Made(made) => {
                    let heads = scope.enter(made.read_as::<MadeHead>());
                    scope.flat_map(heads, |id, head, say| {
                        if let MadeHead::Sample(row) = head {
                            say(id, row);
                        }
                    })
                }
                Term::Judged(judged) => {
                    let judged = scope.enter(*judged);
                    scope.flat_map(judged, |id, said: StageRow, say| {
                        if let Some(row) = said.onward() {
                            say(id, row.clone());
                        }
                    })
                }
                Term::Displaced(displaced) => {
                    let displaced = scope.enter(*displaced);
                    let rows = scope.flat_map(displaced, |id, said: StageRow, say| say(id, said.row));
                    scope.negate(rows)
                }
            });
        }
        scope.concat(&parts)
    }

    /// Says something of each row and its sample, or as much of that as is wanted.
    pub fn read<S: SamplePart, K: Data, V: Data>(
        &self,
        scope: &mut Scope<'_>,
        logic: impl Fn(Row, S, &mut dyn FnMut(K, V)) + Clone + Send + Sync + 'static,
    ) -> Rows<K, V> {
        let mut parts = Vec::new();
        for term in &self.terms {
            let logic = logic.clone();
            match term {
                Term::Made(made) => {
                    let made = scope.enter(made.read_as());
                    parts.push(scope.flat_map(made, move |_, made: Made<S>, say| {
                        if let Made::Sample(row, sample) = made {
                            logic(row, *sample, say);
                        }
                    }));
                }
                Term::Judged(said) | Term::Displaced(said) => {
                    let less = matches!(term, Term::Displaced(_));
                    let said = scope.enter_arranged(*said);
                    for text in &self.texts {
                        let logic = logic.clone();
                        let text = scope.borrow(text.read_as());
                        let rows =
                            scope.join(said, text, move |_: Key, said: StageRow, made: Made<S>, say| {
                                if let (true, Made::Sample(_, sample)) =
                                    (less || said.onward().is_some(), made)
                                {
                                    logic(said.row, *sample, say);
                                }
                            });
                        parts.push(if less { scope.negate(rows) } else { rows });
                    }
                }
            }
        }
        scope.concat(&parts)
    }

    /// Completes rows by the sample that their key names, as [`Scope::look_up`] does; `prepare` may read it.
    ///
    /// Of a sample, its content, context, stage and documents' keys never change; its row's name and route neither.
    pub fn look_up<S: SamplePart, V: Data, P: 'static, K2: Data, V2: Data>(
        &self,
        scope: &mut Scope<'_>,
        rows: Rows<Key, V>,
        prepare: impl Fn(Key, &mut ReadSample<'_, S>) -> P + Send + Sync + 'static,
        logic: impl Fn(Key, &P, V, &mut dyn FnMut(K2, V2)) + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        let tables: Vec<_> = self.texts.iter().map(|text| scope.borrow(text.read_as())).collect();
        let prepare = move |id: Key, read: &mut dyn FnMut() -> Option<Made<S>>| {
            prepare(id, &mut || match read()? {
                Made::Sample(row, sample) => Some((row, *sample)),
                Made::Failed { .. } => None,
            })
        };
        scope.look_up(rows, &tables, prepare, logic)
    }

    /// Says something of each row of an arrangement by id, with the row as it reaches the stage.
    pub fn join_arriving<V: Data, K2: Data, V2: Data>(
        &self,
        scope: &mut Scope<'_>,
        arranged: Arranged<Key, V>,
        logic: impl Fn(V, Row, &mut dyn FnMut(K2, V2)) + Clone + Send + Sync + 'static,
    ) -> Rows<K2, V2> {
        let mut parts = Vec::new();
        for term in &self.terms {
            let logic = logic.clone();
            match term {
                Term::Made(made) => {
                    let heads = scope.borrow(made.read_as::<MadeHead>());
                    parts.push(scope.join(arranged, heads, move |_: Key, value: V, head: MadeHead, say| {
                        if let MadeHead::Sample(row) = head {
                            logic(value, row, say);
                        }
                    }));
                }
                Term::Judged(said) | Term::Displaced(said) => {
                    let less = matches!(term, Term::Displaced(_));
                    let said = scope.borrow(*said);
                    let rows = scope.join(arranged, said, move |_: Key, value: V, said: StageRow, say| {
                        if less || said.onward().is_some() {
                            logic(value, said.row, say);
                        }
                    });
                    parts.push(if less { scope.negate(rows) } else { rows });
                }
            }
        }
        scope.concat(&parts)
    }
}
