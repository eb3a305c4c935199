//! A flow as data: nodes of plain logic, grouped into stages.
//!
//! A graph knows neither workers nor runs. The engine renders it onto a timely dataflow, once per worker; an oracle
//! can evaluate it from scratch with sorted maps. Both must agree: that is law L1.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rifflebox_core::Key;

use crate::ask::Asker;
use crate::encoded::Encoded;

/// Receives what logic says: a key, a value, and a weight by which the input's weight is multiplied.
pub type Emit<'a> = dyn FnMut(Key, Encoded, i64) + 'a;
/// Turns one row into any number of rows.
pub type MapLogic = Arc<dyn Fn(Key, &[u8], &mut Emit<'_>) + Send + Sync>;
/// Turns a pair of rows of one key into any number of rows; the pair's weight is the product of theirs.
pub type JoinLogic = Arc<dyn Fn(Key, &[u8], &[u8], &mut Emit<'_>) + Send + Sync>;
/// Turns all rows of one key, in order of their bytes, with their weights, into other values of that key.
pub type ReduceLogic = Arc<dyn Fn(Key, &[(&[u8], i64)], &mut Vec<(Encoded, i64)>) + Send + Sync>;

/// Reads the value of a key in a table; none if there is none.
pub type Read<'a> = dyn FnMut() -> Option<&'a [u8]> + 'a;
/// Prepares what it may read of a key, and returns what completes each row of that key.
pub type LookupLogic = Arc<dyn Fn(Key, &mut Read<'_>) -> Box<dyn FnMut(&[u8], &mut Emit<'_>)> + Send + Sync>;

/// All rows of one key, in order of their bytes, with their weights.
pub type KeyRows<'a> = [(&'a [u8], i64)];
/// Says by how much what it says of all rows of one key differs between those that were and those that are: what it
/// would say of the latter where none were before, less what it would say of the former.
pub type RecomputeLogic = Arc<dyn Fn(Key, &KeyRows<'_>, &KeyRows<'_>, &mut Emit<'_>) + Send + Sync>;

/// A node of a [`Graph`]: a collection of rows, which may be arranged by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node(pub(crate) usize);

/// What becomes of an arrangement when its stage changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is the stage's own state: a changed stage starts from an empty one.
    Internal,
    /// It is what others read: a changed stage feeds it the difference between its new and its old output.
    Output,
    /// It is input, or an answer: it stands whatever changes.
    Always,
}

/// What a node does. Names are unique within a graph, and are those of the arrangements that outlive the run.
#[expect(missing_docs, reason = "the fields are what the variants' sentences name")]
pub enum Operation {
    /// Changes that come from outside.
    Input { name: String },
    /// Each row by itself.
    Map { input: Node, logic: MapLogic },
    /// All rows of all inputs.
    Concat { inputs: Vec<Node> },
    /// Each row with its weight's sign turned.
    Negate { input: Node },
    /// Rows sorted by key, durable.
    Arrange { name: String, input: Node, keep: Keep },
    /// Pairs of rows of one key; both sides are arranged.
    Join { left: Node, right: Node, logic: JoinLogic },
    /// Each row completed from the one value that one of the tables holds of its key, which must stand as long as the
    /// row does; the row must change when anything changes that is taken from the value.
    LookUp { rows: Node, tables: Vec<Node>, logic: LookupLogic },
    /// A function of all rows of one key; the input is arranged, and so is the output.
    Reduce { name: String, input: Node, logic: ReduceLogic },
    /// A function of all rows of one key, of which nothing is kept: as they change, it says by how much its output
    /// differs, from the rows before and after. The input is arranged, the output is not.
    Recompute { input: Node, logic: RecomputeLogic },
    /// Another stage's arrangement as a collection; a changed stage is shown all of it.
    Enter { from: Node },
    /// Another stage's arrangement, arranged; a changed stage is shown all of it.
    EnterArranged { from: Node },
    /// Another stage's arrangement for lookups alone: the other side of the join must be shown all.
    Borrow { from: Node },
    /// Answers to demands, by key; see [`Asker`].
    Ask { demand: Node, answers: String, asker: Arc<dyn Asker> },
    /// The fixed point of `body`, which starts at `initial`; imported nodes of this graph stand still in it.
    Iterate { name: String, initial: Node, imports: Vec<Node>, body: Arc<Graph>, result: Node },
    /// Within a loop's body: the collection that is iterated.
    Variable,
    /// Within a loop's body: an imported node of the outer graph.
    Import { index: usize, arranged: bool },
}

/// A stage: the unit that changes, appears and vanishes.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The stage's name, unique in the graph.
    pub name: String,
    /// What its behaviour depends on.
    pub fingerprint: Key,
    /// Names of the other stages whose arrangements it reads.
    pub inputs: BTreeSet<String>,
    /// How it reads which of their arrangements: what is shown and what is borrowed are two things.
    pub reads: BTreeSet<String>,
}

/// Nodes, in an order in which each one's inputs come before it.
#[derive(Default)]
pub struct Graph {
    pub(crate) nodes: Vec<Operation>,
    pub(crate) stage_of: Vec<usize>,
    pub(crate) stages: Vec<Stage>,
}

impl Graph {
    /// Makes an empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a stage; nodes belong to the stage that was started last.
    pub fn stage(&mut self, name: &str, fingerprint: Key) {
        assert!(self.stages.iter().all(|stage| stage.name != name), "stage {name} is in the graph already");
        self.stages.push(Stage {
            name: name.to_owned(),
            fingerprint,
            inputs: BTreeSet::new(),
            reads: BTreeSet::new(),
        });
    }

    /// Adds a node.
    ///
    /// # Panics
    /// When an input is not a node of this graph, stands in another stage without being entered, or is not arranged
    /// where it must be: a broken graph is a defect of the code that builds it.
    pub fn add(&mut self, operation: Operation) -> Node {
        if self.stages.is_empty() {
            self.stage("", Key::MIN);
        }
        let stage = self.stages.len() - 1;
        match &operation {
            Operation::Enter { from } | Operation::EnterArranged { from } | Operation::Borrow { from } => {
                let named = matches!(self.nodes[from.0], Operation::Arrange { .. });
                assert!(named, "only a named arrangement can be read by another stage");
                let other = self.stages[self.stage_of[from.0]].name.clone();
                assert_ne!(other, self.stages[stage].name, "a stage reads its own nodes as they are");
                let read = format!("{} {}", operation.verb(), self.name_of(*from).expect("asserted above"));
                self.stages[stage].inputs.insert(other);
                self.stages[stage].reads.insert(read);
            }
            Operation::Ask { answers, .. } => {
                // Where its answers stand is no name of its own: a stage that comes to stand elsewhere starts anew.
                self.stages[stage].reads.insert(format!("ask {answers}"));
            }
            _ => {}
        }
        if !operation.reads_elsewhere() {
            for input in operation.inputs() {
                assert_eq!(self.stage_of[input.0], stage, "another stage's node must be entered");
            }
        }
        for input in operation.arranged_inputs() {
            assert!(self.is_arranged(input), "node {input:?} must be arranged");
        }
        self.nodes.push(operation);
        self.stage_of.push(stage);
        Node(self.nodes.len() - 1)
    }

    /// Returns all nodes in order.
    pub fn nodes(&self) -> impl Iterator<Item = (Node, &Operation)> {
        self.nodes.iter().enumerate().map(|(index, operation)| (Node(index), operation))
    }

    /// Returns all stages in order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Returns the stage that a node belongs to.
    pub fn stage_of(&self, node: Node) -> &Stage {
        &self.stages[self.stage_of[node.0]]
    }

    /// Returns the name of a node's arrangement.
    pub fn name_of(&self, node: Node) -> Option<&str> {
        match &self.nodes[node.0] {
            Operation::Arrange { name, .. } | Operation::Reduce { name, .. } => Some(name),
            Operation::Ask { answers, .. } => Some(answers),
            _ => None,
        }
    }

    /// Returns the name of an arrangement of an asker's answers that no other node has.
    pub(crate) fn free_answers(&self, asker: &str) -> String {
        let taken = |name: &String| {
            self.nodes
                .iter()
                .any(|operation| matches!(operation, Operation::Ask { answers, .. } if answers == name))
        };
        let mut names = (1..).map(|place| crate::ask::answers_at(asker, place));
        names.find(|name| !taken(name)).expect("there is no end of names")
    }

    fn is_arranged(&self, node: Node) -> bool {
        use Operation as O;
        match &self.nodes[node.0] {
            O::Arrange { .. } | O::Reduce { .. } | O::Ask { .. } => true,
            O::EnterArranged { .. } | O::Borrow { .. } => true,
            O::Import { arranged, .. } => *arranged,
            _ => false,
        }
    }
}

impl Operation {
    fn reads_elsewhere(&self) -> bool {
        matches!(self, Operation::Enter { .. } | Operation::EnterArranged { .. } | Operation::Borrow { .. })
    }

    /// Returns the nodes that it reads.
    pub fn inputs(&self) -> Vec<Node> {
        match self {
            Operation::Input { .. } | Operation::Variable | Operation::Import { .. } => Vec::new(),
            Operation::Map { input, .. }
            | Operation::Negate { input }
            | Operation::Arrange { input, .. }
            | Operation::Reduce { input, .. }
            | Operation::Recompute { input, .. }
            | Operation::Ask { demand: input, .. } => vec![*input],
            Operation::Enter { from } | Operation::EnterArranged { from } | Operation::Borrow { from } => {
                vec![*from]
            }
            Operation::Concat { inputs } => inputs.clone(),
            Operation::LookUp { rows, tables, .. } => [&[*rows], &tables[..]].concat(),
            Operation::Join { left, right, .. } => vec![*left, *right],
            Operation::Iterate { initial, imports, .. } => {
                std::iter::once(*initial).chain(imports.iter().copied()).collect()
            }
        }
    }

    fn arranged_inputs(&self) -> Vec<Node> {
        match self {
            Operation::Reduce { input, .. } | Operation::Recompute { input, .. } => vec![*input],
            Operation::LookUp { tables, .. } => tables.clone(),
            Operation::Join { left, right, .. } => vec![*left, *right],
            _ => Vec::new(),
        }
    }
}

impl Operation {
    /// Returns what it does, in a word or two.
    fn verb(&self) -> &'static str {
        match self {
            Operation::Input { .. } => "input",
            Operation::Map { .. } => "map",
            Operation::Concat { .. } => "concat",
            Operation::Negate { .. } => "negate",
            Operation::Arrange { .. } => "arrange",
            Operation::Join { .. } => "join",
            Operation::LookUp { .. } => "look up",
            Operation::Reduce { .. } => "reduce",
            Operation::Recompute { .. } => "recompute",
            Operation::Enter { .. } => "enter",
            Operation::EnterArranged { .. } => "enter arranged",
            Operation::Borrow { .. } => "borrow",
            Operation::Ask { .. } => "ask",
            Operation::Iterate { .. } => "iterate",
            Operation::Variable => "variable",
            Operation::Import { .. } => "import",
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Input { name }
            | Operation::Arrange { name, .. }
            | Operation::Reduce { name, .. }
            | Operation::Iterate { name, .. }
            | Operation::Ask { answers: name, .. } => write!(f, "{} {name}", self.verb()),
            _ => write!(f, "{} {:?}", self.verb(), self.inputs()),
        }
    }
}
