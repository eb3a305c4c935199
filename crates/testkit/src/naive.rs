use std::collections::BTreeMap;

use rifflebox_core::Key;
use rifflebox_dataflow::{
    Answer, Asker, Encoded, Graph, JoinLogic, LookupLogic, MapLogic, Node, Operation, RecomputeLogic,
    ReduceLogic, encode,
};

/// Rows with their weights; none has weight 0.
pub type Rows = BTreeMap<(Key, Encoded), i64>;

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
            Operation::Map { input, logic } => map(&of(*input), logic),
            Operation::Join { left, right, logic } => join(&of(*left), &of(*right), logic),
            Operation::LookUp { rows, tables, logic } => {
                let tables: Vec<Rows> = tables.iter().map(|table| of(*table)).collect();
                look_up(&of(*rows), &tables, logic)
            }
            Operation::Reduce { input, logic, .. } => reduce(&of(*input), logic),
            Operation::Recompute { input, logic } => recompute(&of(*input), logic),
            Operation::Ask { demand, asker, .. } => ask(&of(*demand), &**asker, runtime),
            Operation::Iterate { initial, imports, body, result, .. } => {
                let imports: Vec<Rows> = imports.iter().map(|node| of(*node)).collect();
                let round = |current: &Rows| {
                    nodes(body, inputs, &imports, current, runtime).swap_remove(position(body, *result))
                };
                fixed_point(of(*initial), round)
            }
            Operation::Variable => variable.clone(),
            Operation::Import { index, .. } => imports[*index].clone(),
        };
        values.push(rows);
    }
    values
}

fn map(input: &Rows, logic: &MapLogic) -> Rows {
    let mut out = Rows::new();
    for ((key, value), diff) in input {
        logic(*key, value, &mut |key, value, weight| add(&mut out, (key, value), diff * weight));
    }
    out
}

fn join(left: &Rows, right: &Rows, logic: &JoinLogic) -> Rows {
    let mut out = Rows::new();
    for ((key, one), d1) in left {
        for ((_, two), d2) in
            right.range((*key, Encoded::default())..).take_while(|((other, _), _)| other == key)
        {
            logic(*key, one, two, &mut |key, value, weight| add(&mut out, (key, value), d1 * d2 * weight));
        }
    }
    out
}

fn look_up(rows: &Rows, tables: &[Rows], logic: &LookupLogic) -> Rows {
    let mut out = Rows::new();
    for ((key, row), diff) in rows {
        let of_key = |table: &'_ Rows| {
            let values = table.range((*key, Encoded::default())..);
            values.take_while(|((other, _), _)| other == key).map(|((_, value), _)| value.to_vec()).collect()
        };
        let values: Vec<Vec<u8>> =
            tables.iter().flat_map(|table| -> Vec<Vec<u8>> { of_key(table) }).collect();
        assert!(values.len() < 2, "tables hold one value of a key");
        let mut read = || values.first().map(Vec::as_slice);
        logic(*key, &mut read)(row, &mut |key, value, weight| add(&mut out, (key, value), diff * weight));
    }
    out
}

fn ask(demand: &Rows, asker: &dyn Asker, runtime: Option<&tokio::runtime::Handle>) -> Rows {
    let mut out = Rows::new();
    for ((key, request), _) in demand.iter().filter(|(_, diff)| **diff > 0) {
        let asked = asker.ask(vec![(*key, request.to_vec())]);
        let runtime = runtime.expect("a graph that asks needs a runtime");
        let answer: Answer = runtime.block_on(asked).remove(0);
        out.insert(encode(key, &answer), 1);
    }
    out
}

fn fixed_point(initial: Rows, round: impl Fn(&Rows) -> Rows) -> Rows {
    let mut current = initial;
    for _ in 0..ROUNDS {
        let next = round(&current);
        if next == current {
            return current;
        }
        current = next;
    }
    panic!("a loop has no fixed point within {ROUNDS} rounds")
}

fn reduce(input: &Rows, logic: &ReduceLogic) -> Rows {
    let mut out = Rows::new();
    each_key(input, |key, values| {
        let mut said = Vec::new();
        logic(key, values, &mut said);
        said.into_iter().for_each(|(value, diff)| add(&mut out, (key, value), diff));
    });
    out
}

fn recompute(input: &Rows, logic: &RecomputeLogic) -> Rows {
    let mut out = Rows::new();
    each_key(input, |key, values| {
        logic(key, &[], values, &mut |key, value, weight| add(&mut out, (key, value), weight));
    });
    out
}

fn each_key(input: &Rows, mut each: impl FnMut(Key, &[(&[u8], i64)])) {
    let rows: Vec<_> = input.iter().collect();
    for group in rows.chunk_by(|one, two| one.0.0 == two.0.0) {
        let values: Vec<(&[u8], i64)> = group.iter().map(|((_, value), diff)| (&**value, **diff)).collect();
        each(group[0].0.0, &values);
    }
}

fn add(rows: &mut Rows, row: (Key, Encoded), diff: i64) {
    let weight = rows.entry(row.clone()).or_insert(0);
    *weight += diff;
    if *weight == 0 {
        rows.remove(&row);
    }
}
