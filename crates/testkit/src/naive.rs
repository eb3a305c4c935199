use std::collections::BTreeMap;

use rifflebox_core::Key;
use rifflebox_dataflow::{Answer, Graph, Node, Operation};

/// Rows with their weights; none has weight 0.
pub type Rows = BTreeMap<(Key, Vec<u8>), i64>;

/// More rounds than any fixed point under test takes.
const ROUNDS: usize = 100_000;

/// Evaluates a graph from scratch, with sorted maps: what every arrangement outside of loops must hold.
///
/// Demands are answered by asking each asker afresh, one request at a time, on `runtime`.
pub fn evaluate(
    graph: &Graph,
    inputs: &BTreeMap<String, Rows>,
    runtime: Option<&tokio::runtime::Handle>,
) -> BTreeMap<String, Rows> {
    let values = nodes(graph, inputs, &[], &Rows::new(), runtime);
    let named = graph.nodes().map(|(node, _)| graph.name_of(node)).zip(values);
    named.filter_map(|(name, rows)| Some((name?.to_owned(), rows))).collect()
}

fn nodes(
    graph: &Graph,
    inputs: &BTreeMap<String, Rows>,
    imports: &[Rows],
    variable: &Rows,
    runtime: Option<&tokio::runtime::Handle>,
) -> Vec<Rows> {
    let mut values: Vec<Rows> = Vec::new();
    let position = |graph: &Graph, node: Node| {
        graph.nodes().position(|(other, _)| other == node).expect("a node of this graph")
    };
    for (_, operation) in graph.nodes() {
        let of = |node: Node| values[position(graph, node)].clone();
        let rows = match operation {
            Operation::Input { name } => inputs.get(name).cloned().unwrap_or_default(),
            Operation::Arrange { input, .. } => of(*input),
            Operation::Enter { from } | Operation::EnterArranged { from } | Operation::Borrow { from } => {
                of(*from)
            }
            Operation::Negate { input } => of(*input).into_iter().map(|(row, diff)| (row, -diff)).collect(),
            Operation::Concat { inputs } => inputs.iter().fold(Rows::new(), |mut sum, input| {
                of(*input).into_iter().for_each(|(row, diff)| add(&mut sum, row, diff));
                sum
            }),
            Operation::Map { input, logic } => {
                let mut out = Rows::new();
                for ((key, value), diff) in of(*input) {
                    logic(key, &value, &mut |key, value, weight| add(&mut out, (key, value), diff * weight));
                }
                out
            }
            Operation::Join { left, right, logic } => {
                let (left, right) = (of(*left), of(*right));
                let mut out = Rows::new();
                for ((key, one), d1) in &left {
                    for ((_, two), d2) in right.range((*key, Vec::new())..).take_while(|((k, _), _)| k == key)
                    {
                        logic(*key, one, two, &mut |key, value, weight| {
                            add(&mut out, (key, value), d1 * d2 * weight);
                        });
                    }
                }
                out
            }
            Operation::Reduce { input, logic, .. } => reduce(&of(*input), logic),
            Operation::Ask { demand, asker, .. } => {
                let mut out = Rows::new();
                for ((key, request), diff) in of(*demand) {
                    if diff > 0 {
                        let asked = asker.ask(vec![(key, request)]);
                        let runtime = runtime.expect("a graph that asks needs a runtime");
                        let answer: Answer = runtime.block_on(asked).remove(0);
                        let bytes = postcard::to_stdvec(&answer).expect("plain data encodes into memory");
                        out.insert((key, bytes), 1);
                    }
                }
                out
            }
            Operation::Iterate { initial, imports, body, result, .. } => {
                let imports: Vec<Rows> = imports.iter().map(|node| of(*node)).collect();
                let mut current = of(*initial);
                let mut rounds = 0;
                loop {
                    let mut inner = nodes(body, inputs, &imports, &current, runtime);
                    let next = inner.swap_remove(position(body, *result));
                    if next == current {
                        break current;
                    }
                    current = next;
                    rounds += 1;
                    assert!(rounds < ROUNDS, "a loop has no fixed point");
                }
            }
            Operation::Variable => variable.clone(),
            Operation::Import { index, .. } => imports[*index].clone(),
        };
        values.push(rows);
    }
    values
}

fn reduce(input: &Rows, logic: &rifflebox_dataflow::ReduceLogic) -> Rows {
    let mut out = Rows::new();
    let rows: Vec<_> = input.iter().collect();
    for group in rows.chunk_by(|one, two| one.0.0 == two.0.0) {
        let key = group[0].0.0;
        let values: Vec<(&[u8], i64)> =
            group.iter().map(|((_, value), diff)| (value.as_slice(), **diff)).collect();
        let mut said = Vec::new();
        logic(key, &values, &mut said);
        said.into_iter().for_each(|(value, diff)| add(&mut out, (key, value), diff));
    }
    out
}

fn add(rows: &mut Rows, row: (Key, Vec<u8>), diff: i64) {
    let weight = rows.entry(row.clone()).or_insert(0);
    *weight += diff;
    if *weight == 0 {
        rows.remove(&row);
    }
}
