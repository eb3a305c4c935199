//! A graph as a timely dataflow, on one worker.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use differential_dataflow::input::InputSession;
use differential_dataflow::lattice::Lattice;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent, arrangement::arrange_core};
use differential_dataflow::operators::iterate::Variable;
use differential_dataflow::trace::wrappers::enter::TraceEnter;
use differential_dataflow::trace::{BatchCursor, Cursor, Navigable, TraceReader};
use differential_dataflow::{AsCollection, VecCollection};
use rifflebox_core::Key;
use rifflebox_storage::RunColumns;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::{Leave, Operator, Probe};
use timely::dataflow::{ProbeHandle, Scope};
use timely::order::Product;
use timely::progress::timestamp::Refines;
use timely::worker::Worker;

use crate::ask::{AskContext, AskSlots, Asker, ask, asker_of, split};
use crate::batch::{Batch, Builder, Update, found_all};
use crate::columns::Keys;
use crate::encoded::Encoded;
use crate::founded::{Founded, Slot, founding};
use crate::graph::{Graph, JoinLogic, Keep, MapLogic, Node, Operation, ReduceLogic};
use crate::lookup::look_up;
use crate::recompute::recompute;
use crate::replay::{Held, Schedule, Window, gate, replay};
use crate::run::Foundations;
use crate::share::{Share, owner};
use crate::sorter::{Gatherer, Sorter};
use crate::time::{Flat, Looped, Time};

const ENTERED: &str = "only named arrangements are entered";

type Agent<T> = TraceAgent<Founded<T>>;
type Rows<'scope, T> = VecCollection<'scope, T, (Key, Encoded), i64>;
pub(crate) type Session = InputSession<Flat, (Key, Encoded), i64>;

/// On what a graph is rendered.
pub(crate) struct Ground<'a> {
    /// The runs of earlier processes.
    pub(crate) foundations: &'a Foundations,
    /// Stages that start from nothing: new ones, and those whose behaviour or inputs changed.
    pub(crate) fresh: &'a BTreeSet<String>,
    /// When those are shown their inputs.
    pub(crate) schedule: &'a Schedule<'a>,
    /// What asked stages need.
    pub(crate) asking: AskContext,
}

/// A rendered graph's handles: what one worker feeds, watches and writes.
pub(crate) struct Handles {
    pub(crate) inputs: BTreeMap<String, Session>,
    /// Ticks once an epoch while changed stages are shown their inputs.
    pub(crate) clock: Session,
    pub(crate) slots: BTreeMap<String, AnySlot>,
    /// What changed stages are shown of arrangements.
    pub(crate) shown: Vec<Shown>,
    /// What changed stages have said and nobody has heard.
    pub(crate) held: Vec<Rc<RefCell<Held>>>,
    /// Behind *every* arrangement: a probe at the sinks alone passes an epoch that arrangements still lack.
    pub(crate) probe: ProbeHandle<Flat>,
    /// Keeps traces alive that have no reader, without holding back their compaction.
    _traces: Vec<Box<dyn Any>>,
}

/// What a changed stage is shown of an arrangement, arranged: a part of that one, once an epoch is closed.
pub(crate) struct Shown {
    /// The arrangement's name.
    pub(crate) name: String,
    pub(crate) slot: Rc<RefCell<Slot<Flat>>>,
    pub(crate) window: Window,
}

/// A slot of either kind of time.
pub(crate) enum AnySlot {
    Flat(Rc<RefCell<Slot<Flat>>>),
    Looped(Rc<RefCell<Slot<Looped>>>),
}

/// Builds the dataflow of a graph.
pub(crate) fn render(worker: &mut Worker, graph: &Graph, ground: &Ground<'_>) -> Handles {
    let (index, peers) = (worker.index(), worker.peers());
    worker.dataflow::<Flat, _, _>(|scope| {
        let mut renderer = Renderer {
            ground,
            share: Share::of(index, peers),
            peers,
            handles: Handles {
                inputs: BTreeMap::new(),
                clock: Session::new(),
                slots: BTreeMap::new(),
                shown: Vec::new(),
                held: Vec::new(),
                probe: ProbeHandle::new(),
                _traces: Vec::new(),
            },
        };
        renderer.graph(scope, graph);
        renderer.handles
    })
}

struct Renderer<'a> {
    ground: &'a Ground<'a>,
    share: Share,
    peers: usize,
    handles: Handles,
}

/// A node of a rendered graph.
#[derive(Clone)]
enum Value<'scope, T: Time + Refines<Flat>> {
    Rows(Rows<'scope, T>),
    Arranged(Arranged<'scope, Agent<T>>),
    /// An arrangement of the outer scope.
    Entered(Arranged<'scope, TraceEnter<Agent<Flat>, T>>),
}

impl<'scope, T: Time + Refines<Flat>> Value<'scope, T> {
    fn rows(&self) -> Rows<'scope, T> {
        match self.clone() {
            Value::Rows(rows) => rows,
            Value::Arranged(arranged) => arranged.as_collection(|key, value| (key, Encoded::from(value))),
            Value::Entered(arranged) => arranged.as_collection(|key, value| (key, Encoded::from(value))),
        }
    }

    fn arranged(&self) -> Arranged<'scope, Agent<T>> {
        match self.clone() {
            Value::Arranged(arranged) => arranged,
            _ => unreachable!("the graph checks that this node is arranged"),
        }
    }
}

impl Renderer<'_> {
    fn graph<'scope>(&mut self, scope: Scope<'scope, Flat>, graph: &Graph) {
        let clock = self.handles.clock.to_collection(scope);
        self.handles.clock.advance_to(1);
        let mut values: Vec<Value<'scope, Flat>> = Vec::new();
        for (node, operation) in graph.nodes() {
            let stage = &graph.stage_of(node).name;
            let fresh = self.ground.fresh.contains(stage);
            let value = match operation {
                Operation::Input { name } => {
                    let mut session = Session::new();
                    let rows = session.to_collection(scope);
                    session.advance_to(1);
                    self.handles.inputs.insert(name.clone(), session);
                    Value::Rows(rows)
                }
                Operation::Arrange { name, input, keep } => {
                    let rows = match fresh && *keep == Keep::Output {
                        true => self.gated(&clock, values[input.0].rows(), name, stage),
                        false => values[input.0].rows(),
                    };
                    let slot = self.slot(name, fresh && *keep == Keep::Internal);
                    let arranged = self.arrange_on(rows, name, &slot);
                    Value::Arranged(self.durable_flat(name, slot, arranged))
                }
                Operation::Borrow { from } => values[from.0].clone(),
                Operation::Enter { from } | Operation::EnterArranged { from }
                    if !fresh || self.ground.schedule.is_empty() =>
                {
                    values[from.0].clone()
                }
                Operation::Enter { from } => {
                    let name = graph.name_of(*from).expect(ENTERED);
                    Value::Rows(self.shown(&clock, &values[from.0], name, stage))
                }
                Operation::EnterArranged { from } => {
                    let name = graph.name_of(*from).expect(ENTERED);
                    Value::Arranged(self.arrange_shown(&clock, &values[from.0], name, stage))
                }
                Operation::Ask { demand, answers, asker } => {
                    Value::Arranged(self.asked(values[demand.0].rows(), answers, asker, fresh))
                }
                Operation::LookUp { rows, tables, logic } => {
                    let tables = tables.iter().map(|table| values[table.0].arranged()).collect();
                    Value::Rows(look_up(values[rows.0].rows(), tables, logic.clone()))
                }
                Operation::Recompute { input, logic } => {
                    Value::Rows(recompute(values[input.0].arranged(), logic.clone()))
                }
                Operation::Iterate { initial, imports, body, result, .. } => {
                    let imports: Vec<_> = imports.iter().map(|node| values[node.0].clone()).collect();
                    Value::Rows(self.iterate(scope, values[initial.0].rows(), &imports, body, *result, fresh))
                }
                operation => self.common(operation, &values, fresh, |renderer, name, slot, arranged| {
                    renderer.durable_flat(name, slot, arranged)
                }),
            };
            values.push(value);
        }
    }

    /// Asks what is demanded, and arranges the answers and, beside them, the calls that are owed.
    fn asked<'scope>(
        &mut self,
        demand: Rows<'scope, Flat>,
        answers: &str,
        asker: &Arc<dyn Asker>,
        fresh: bool,
    ) -> Arranged<'scope, Agent<Flat>> {
        let owed = format!("{answers}/owed");
        let is_sibling =
            |name: &str| name != answers && !name.ends_with("/owed") && asker_of(name) == asker_of(answers);
        let siblings = self.ground.foundations.keys().filter(|name| is_sibling(name));
        let slots = AskSlots {
            answers: self.slot(answers, false),
            owed: self.slot(&owed, false),
            siblings: siblings.flat_map(|name| self.foundation(name)).collect(),
            anew: fresh,
        };
        let said = ask(demand, answers, asker.clone(), slots.clone(), &self.ground.asking);
        let (said, owing) = split(said);
        let owing = self.arrange_on(owing, &owed, &slots.owed);
        self.durable_flat(&owed, slots.owed, owing);
        let arranged = self.arrange_on(said, answers, &slots.answers);
        self.durable_flat(answers, slots.answers, arranged)
    }

    /// Renders what is the same inside and outside of loops.
    fn common<'scope, T: Time + Refines<Flat>>(
        &mut self,
        operation: &Operation,
        values: &[Value<'scope, T>],
        fresh: bool,
        durable: impl FnOnce(
            &mut Self,
            &str,
            Rc<RefCell<Slot<T>>>,
            Arranged<'scope, Agent<T>>,
        ) -> Arranged<'scope, Agent<T>>,
    ) -> Value<'scope, T> {
        match operation {
            Operation::Map { input, logic } => Value::Rows(map(&values[input.0], logic.clone())),
            Operation::Negate { input } => Value::Rows(values[input.0].rows().negate()),
            Operation::Concat { inputs } => {
                let mut rows = inputs.iter().map(|input| values[input.0].rows());
                let first = rows.next().expect("a concatenation has an input");
                Value::Rows(first.concatenate(rows))
            }
            Operation::Join { left, right, logic } => {
                Value::Rows(join(&values[left.0], &values[right.0], logic.clone()))
            }
            Operation::Reduce { name, input, logic } => {
                let slot = self.slot(name, fresh);
                let reduced = match &values[input.0] {
                    Value::Arranged(input) => reduce(input.clone(), name, logic.clone(), &slot),
                    Value::Entered(input) => reduce(input.clone(), name, logic.clone(), &slot),
                    Value::Rows(_) => unreachable!("the graph checks that a reduction's input is arranged"),
                };
                Value::Arranged(durable(self, name, slot, reduced))
            }
            operation => unreachable!("{operation:?} stands in the wrong scope"),
        }
    }

    /// Shows a changed stage all of an arrangement on this worker, once its turn has come.
    fn shown<'scope>(
        &self,
        clock: &Rows<'scope, Flat>,
        from: &Value<'scope, Flat>,
        name: &str,
        stage: &str,
    ) -> Rows<'scope, Flat> {
        let AnySlot::Flat(slot) = &self.handles.slots[name] else {
            unreachable!("no stage enters an arrangement inside of a loop")
        };
        let window = self.ground.schedule.seeing(stage);
        replay(clock, from.arranged().stream, slot.clone(), self.share.clone(), window)
    }

    /// Arranges what a changed stage is shown of an arrangement: for this run, and for this stage alone.
    ///
    /// Shown in the arrangement itself it would count twice, since lookups see the foundation already. Nothing of it is
    /// written: what it holds once an epoch is closed is a part of the arrangement itself.
    fn arrange_shown<'scope>(
        &mut self,
        clock: &Rows<'scope, Flat>,
        from: &Value<'scope, Flat>,
        name: &str,
        stage: &str,
    ) -> Arranged<'scope, Agent<Flat>> {
        let slot = Slot::passing();
        let arranged = self.arrange_on(self.shown(clock, from, name, stage), name, &slot);
        let window = self.ground.schedule.seeing(stage);
        self.handles.shown.push(Shown { name: name.to_owned(), slot, window });
        Arranged { stream: arranged.stream.probe_with(&self.handles.probe), trace: arranged.trace }
    }

    /// Holds back what a changed stage says until it has seen all, and then says by how much it differs.
    fn gated<'scope>(
        &mut self,
        clock: &Rows<'scope, Flat>,
        rows: Rows<'scope, Flat>,
        name: &str,
        stage: &str,
    ) -> Rows<'scope, Flat> {
        if self.ground.schedule.is_empty() {
            return rows;
        }
        // Nobody looks it up: its batches are all that is wanted.
        let said = self.arrange_on(rows, name, &Slot::passing()).stream;
        let held = Rc::new(RefCell::new(Held::default()));
        self.handles.held.push(held.clone());
        let window = self.ground.schedule.saying(stage);
        gate(clock, said, self.runs(name).to_vec(), held, self.share.clone(), window)
    }

    fn iterate<'scope>(
        &mut self,
        scope: Scope<'scope, Flat>,
        initial: Rows<'scope, Flat>,
        imports: &[Value<'scope, Flat>],
        body: &Graph,
        result: Node,
        fresh: bool,
    ) -> Rows<'scope, Flat> {
        scope.iterative::<u64, _, _>(|inner| {
            let step = Product::new(Default::default(), 1);
            let (variable, current) = Variable::new_from(initial.enter(inner), step);
            let mut values: Vec<Value<'_, Looped>> = Vec::new();
            for (_, operation) in body.nodes() {
                let value = match operation {
                    Operation::Variable => Value::Rows(current.clone()),
                    Operation::Import { index, arranged: false } => {
                        Value::Rows(imports[*index].rows().enter(inner))
                    }
                    Operation::Import { index, arranged: true } => {
                        Value::Entered(imports[*index].arranged().enter(inner))
                    }
                    Operation::Arrange { name, input, .. } => {
                        let slot = self.slot(name, fresh);
                        let arranged = self.arrange_on(values[input.0].rows(), name, &slot);
                        Value::Arranged(self.durable_looped(name, slot, arranged, scope))
                    }
                    operation => self.common(operation, &values, fresh, |renderer, name, slot, arranged| {
                        renderer.durable_looped(name, slot, arranged, scope)
                    }),
                };
                values.push(value);
            }
            let result = values[result.0].rows();
            variable.set(result.clone());
            result.leave(scope)
        })
    }

    fn arrange_on<'scope, T: Time>(
        &self,
        rows: Rows<'scope, T>,
        name: &str,
        slot: &Rc<RefCell<Slot<T>>>,
    ) -> Arranged<'scope, Agent<T>> {
        let peers = self.peers;
        let place = Exchange::new(move |update: &Update<T>| owner((update.0).0, peers) as u64);
        founding(slot, || {
            arrange_core::<_, _, Gatherer<T>, Sorter<T>, Builder<T>, Founded<T>>(rows.inner, place, name)
        })
    }

    fn slot<T: Time>(&self, name: &str, empty: bool) -> Rc<RefCell<Slot<T>>> {
        Slot::new(if empty { Vec::new() } else { self.foundation(name) })
    }

    fn foundation<T: Time>(&self, name: &str) -> Vec<Batch<T>> {
        found_all(self.runs(name), &self.share)
    }

    fn runs(&self, name: &str) -> &[Arc<RunColumns>] {
        self.ground.foundations.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn durable_flat<'scope>(
        &mut self,
        name: &str,
        slot: Rc<RefCell<Slot<Flat>>>,
        arranged: Arranged<'scope, Agent<Flat>>,
    ) -> Arranged<'scope, Agent<Flat>> {
        let stream = arranged.stream.clone().probe_with(&self.handles.probe);
        self.register(name, AnySlot::Flat(slot), arranged.trace.trace_box_unstable());
        Arranged { stream, trace: arranged.trace }
    }

    fn durable_looped<'inner>(
        &mut self,
        name: &str,
        slot: Rc<RefCell<Slot<Looped>>>,
        arranged: Arranged<'inner, Agent<Looped>>,
        outer: Scope<'_, Flat>,
    ) -> Arranged<'inner, Agent<Looped>> {
        arranged.stream.clone().leave(outer).probe_with(&self.handles.probe);
        self.register(name, AnySlot::Looped(slot), arranged.trace.trace_box_unstable());
        arranged
    }

    fn register(&mut self, name: &str, slot: AnySlot, trace: impl Any) {
        let before = self.handles.slots.insert(name.to_owned(), slot);
        assert!(before.is_none(), "two arrangements are named {name}");
        self.handles._traces.push(Box::new(trace));
    }
}

fn map<'scope, T: Time + Refines<Flat>>(input: &Value<'scope, T>, logic: MapLogic) -> Rows<'scope, T> {
    match input.clone() {
        Value::Rows(rows) => map_rows(rows, logic),
        Value::Arranged(arranged) => map_arranged(arranged, logic),
        Value::Entered(arranged) => map_arranged(arranged, logic),
    }
}

fn map_rows<T: Time>(rows: Rows<'_, T>, logic: MapLogic) -> Rows<'_, T> {
    rows.inner
        .unary(Pipeline, "Map", move |_, _| {
            move |input, output| {
                input.for_each(|capability, updates| {
                    let mut session = output.session(&capability);
                    for ((key, value), time, diff) in updates.drain(..) {
                        logic(key, &value, &mut |key, value, weight| {
                            session.give(((key, value), time, diff * weight));
                        });
                    }
                });
            }
        })
        .as_collection()
}

/// Maps rows where they lie: as a collection each of them would first be copied.
fn map_arranged<'scope, T, Tr>(arranged: Arranged<'scope, Tr>, logic: MapLogic) -> Rows<'scope, T>
where
    T: Time,
    Tr: TraceReader<Time = T, Batch: Navigable> + Clone + 'static,
    BatchCursor<Tr>: Cursor<Diff = i64, Time = T>,
    for<'a> BatchCursor<Tr>: Cursor<Key<'a> = Key, Val<'a> = &'a [u8]>,
{
    arranged
        .stream
        .unary(Pipeline, "MapArranged", move |_, _| {
            move |input, output| {
                input.for_each(|capability, batches| {
                    let mut session = output.session(&capability);
                    for batch in batches.iter() {
                        let mut cursor = batch.cursor();
                        while let Some(key) = cursor.get_key(batch) {
                            while let Some(value) = cursor.get_val(batch) {
                                cursor.map_times(batch, |time, diff| {
                                    let time = BatchCursor::<Tr>::owned_time(time);
                                    let diff = BatchCursor::<Tr>::owned_diff(diff);
                                    logic(key, value, &mut |key, value, weight| {
                                        session.give(((key, value), time, diff * weight));
                                    });
                                });
                                cursor.step_val(batch);
                            }
                            cursor.step_key(batch);
                        }
                    }
                });
            }
        })
        .as_collection()
}

fn join<'scope, T: Time + Refines<Flat>>(
    left: &Value<'scope, T>,
    right: &Value<'scope, T>,
    logic: JoinLogic,
) -> Rows<'scope, T> {
    match (left.clone(), right.clone()) {
        (Value::Arranged(left), Value::Arranged(right)) => join_arranged(left, right, logic),
        (Value::Arranged(left), Value::Entered(right)) => join_arranged(left, right, logic),
        (Value::Entered(left), Value::Arranged(right)) => join_arranged(left, right, logic),
        (Value::Entered(left), Value::Entered(right)) => join_arranged(left, right, logic),
        _ => unreachable!("the graph checks that both sides of a join are arranged"),
    }
}

fn join_arranged<'scope, T, One, Two>(
    left: Arranged<'scope, One>,
    right: Arranged<'scope, Two>,
    logic: JoinLogic,
) -> Rows<'scope, T>
where
    T: Time,
    One: TraceReader<Time = T, Batch: Navigable> + Clone + 'static,
    Two: TraceReader<Time = T, Batch: Navigable> + Clone + 'static,
    BatchCursor<One>: Cursor<Diff = i64, Time = T, KeyContainer = Keys>,
    BatchCursor<Two>: Cursor<Diff = i64, Time = T, KeyContainer = Keys>,
    for<'a> BatchCursor<One>: Cursor<Key<'a> = Key, Val<'a> = &'a [u8]>,
    for<'a> BatchCursor<Two>: Cursor<Key<'a> = Key, Val<'a> = &'a [u8]>,
{
    use differential_dataflow::consolidation::ConsolidatingContainerBuilder;
    use differential_dataflow::operators::join::join_traces;
    use timely::container::PushInto;
    join_traces::<_, _, _, _, ConsolidatingContainerBuilder<Vec<Update<T>>>>(
        left,
        right,
        move |key, one: &[u8], two: &[u8], time: T, d1: &i64, d2: &i64, output| {
            logic(key, one, two, &mut |key, value, weight| {
                output.push_into(((key, value), time, d1 * d2 * weight));
            });
        },
    )
    .as_collection()
}

fn reduce<'scope, T, Tr>(
    input: Arranged<'scope, Tr>,
    name: &str,
    logic: ReduceLogic,
    slot: &Rc<RefCell<Slot<T>>>,
) -> Arranged<'scope, Agent<T>>
where
    T: Time + Lattice,
    Tr: TraceReader<Time = T, Batch: Navigable> + Clone + 'static,
    BatchCursor<Tr>: Cursor<Diff = i64, Time = T, KeyContainer = Keys>,
    for<'a> BatchCursor<Tr>: Cursor<Key<'a> = Key, Val<'a> = &'a [u8]>,
{
    let reduction = move |key: Key, rows: &[(&[u8], i64)], output: &mut Vec<(Encoded, i64)>| {
        logic(key, rows, output);
    };
    founding(slot, || {
        input.reduce_abelian::<_, Builder<T>, Founded<T>, _, _>(name, reduction, |chunk, key, updates| {
            chunk.clear();
            chunk.extend(updates.drain(..).map(|(value, time, diff)| ((key, value), time, diff)));
        })
    })
}
