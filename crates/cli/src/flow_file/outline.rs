//! `(Table) -> [StageTable]`: the tables of a flow file, before any operator is made.

use std::ops::Range;

use rifflebox_dataflow::OnReject;

use super::kind::Kind;
use super::mistake::Mistake;
use super::models::{self, Budgets, ModelTables};
use super::node::{Entry, Node, Table, Value};
use super::redact::{self, Redactions};
use rifflebox_core::nearest;

/// Words that later versions give a meaning to.
const RESERVED: [&str; 2] = ["rules", "tiers"];
/// Keys at the top of a flow file.
const TOP: [&str; 4] = ["name", "workspace", "tokenizer", "keep_versions"];
/// The name of a mix or publisher that has none.
const MAIN: &str = "main";

/// A word and its place.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
}

/// What a flow file says, by table.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) name: Option<Word>,
    pub(crate) workspace: Option<Word>,
    pub(crate) tokenizer: Option<Word>,
    pub(crate) keep_versions: Option<usize>,
    pub(crate) models: ModelTables,
    pub(crate) budgets: Budgets,
    pub(crate) stages: Vec<StageTable>,
}

/// One table `[kind.name]`.
#[derive(Clone, Debug)]
pub(crate) struct StageTable {
    pub(crate) kind: Kind,
    pub(crate) name: Word,
    pub(crate) operator: Word,
    pub(crate) from: Vec<Word>,
    pub(crate) on_reject: OnReject,
    /// Sources that it is held against: `against` of a verifier, `withhold` of a generator.
    pub(crate) against: Vec<Word>,
    /// How many of a generator's samples are wanted that pass.
    pub(crate) target: Option<u64>,
    pub(crate) settings: Table,
}

impl StageTable {
    /// Returns the stage's name in the flow: a publisher may share its mix's.
    pub(crate) fn stage_name(&self) -> String {
        match self.kind {
            Kind::Publish => format!("publish {}", self.name.text),
            _ => self.name.text.clone(),
        }
    }

    /// Returns the table's name as it is written.
    pub(crate) fn header(&self) -> String {
        format!("{}.{}", self.kind, self.name.text)
    }
}

/// Reads the tables of a flow file.
pub(crate) fn outline(mut table: Table, mistakes: &mut Vec<Mistake>) -> Outline {
    let mut outline = Outline::default();
    let redactions = Redactions::take(&mut table, mistakes);
    outline.models = ModelTables::take(&mut table, mistakes);
    outline.budgets = Budgets::take(&mut table, mistakes);
    for entry in table.entries {
        let key = entry.key.as_str();
        let read = match (key, Kind::parse(key)) {
            (_, Some(kind)) => {
                stages(kind, entry, &mut outline.stages, mistakes);
                continue;
            }
            ("name", _) => word(&entry).map(|word| outline.name = Some(word)),
            ("workspace", _) => word(&entry).map(|word| outline.workspace = Some(word)),
            ("tokenizer", _) => word(&entry).map(|word| outline.tokenizer = Some(word)),
            ("keep_versions", _) => {
                keep_versions(&entry.node).map(|count| outline.keep_versions = Some(count))
            }
            _ => Err(unknown(&entry)),
        };
        mistakes.extend(read.err());
    }
    outline.stages.sort_by_key(|stage| stage.name.span.start);
    let sources = outline.stages.iter_mut().filter(|stage| stage.kind == Kind::Source);
    mistakes.extend(redactions.put_into(sources.map(|stage| &mut stage.settings)));
    outline
}

/// Reads how many published versions stay retrievable.
pub(crate) fn keep_versions(node: &Node) -> Result<usize, Mistake> {
    match node.value {
        Value::Int(count) if count >= 1 => Ok(count as usize),
        Value::Int(_) => Err(Mistake::new("`keep_versions` is at least 1").at(node.span.clone())),
        _ => Err(node.wrong("keep_versions", "a whole number from 1 up")),
    }
}

fn unknown(entry: &Entry) -> Mistake {
    let key = entry.key.as_str();
    let what = if matches!(entry.node.value, Value::Table(_)) { "table" } else { "key" };
    if RESERVED.contains(&key) {
        return Mistake::new(format!("`{key}` is not yet in this version of rifflebox"))
            .help("remove it, or take a later version".to_owned())
            .at(entry.key_span.clone());
    }
    let known = TOP.into_iter().chain(Kind::ALL.map(Kind::name)).chain([
        redact::TABLE,
        models::MODEL,
        models::BUDGET,
    ]);
    Mistake::new(format!("unknown {what} `{key}`")).help(nearest(key, known)).at(entry.key_span.clone())
}

fn word(entry: &Entry) -> Result<Word, Mistake> {
    let text = entry.node.text(&entry.key)?;
    if text.trim().is_empty() {
        return Err(Mistake::new(format!("`{}` is empty", entry.key)).at(entry.node.span.clone()));
    }
    Ok(Word { text: text.to_owned(), span: entry.node.span.clone() })
}

fn stages(kind: Kind, entry: Entry, stages: &mut Vec<StageTable>, mistakes: &mut Vec<Mistake>) {
    let Value::Table(table) = entry.node.value else {
        let message = format!("`{kind}` is a table: write [{kind}.NAME]");
        mistakes.push(Mistake::new(message).at(entry.node.span));
        return;
    };
    if is_short(kind, &table) {
        let name = Word { text: MAIN.to_owned(), span: entry.key_span };
        mistakes.extend(stage(kind, name, table, stages).err());
        return;
    }
    for entry in table.entries {
        let name = Word { text: entry.key, span: entry.key_span };
        let read = match entry.node.value {
            Value::Table(table) => stage(kind, name, table, stages),
            _ => {
                let message = format!("a {kind} needs a name, and `{}` stands outside of one", name.text);
                Err(Mistake::new(message).help(format!("write [{kind}.NAME] above it")).at(name.span))
            }
        };
        mistakes.extend(read.err());
    }
}

/// Returns whether a table is short for the one called `main`: `[mix]`, `[publish]`.
fn is_short(kind: Kind, table: &Table) -> bool {
    let settings = ["shares", "splits"];
    let setting = |entry: &Entry| {
        !matches!(entry.node.value, Value::Table(_)) || settings.contains(&entry.key.as_str())
    };
    matches!(kind, Kind::Mix | Kind::Publish)
        && (table.entries.is_empty() || table.entries.iter().any(setting))
}

fn stage(kind: Kind, name: Word, mut settings: Table, stages: &mut Vec<StageTable>) -> Result<(), Mistake> {
    let usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.text.is_empty() || !name.text.chars().all(usable) {
        let message = format!("{:?} is no name: take letters, digits, `-`, `_` and `.`", name.text);
        return Err(Mistake::new(message).at(name.span));
    }
    let operator = match settings.take("use") {
        Some(entry) => word(&entry)?,
        None => Word { text: kind.default_operator(&name.text).to_owned(), span: name.span.clone() },
    };
    let from = match settings.take("from") {
        Some(entry) if kind == Kind::Source => {
            let message = format!("a source reads no stage: `{}` names files with `files`", name.text);
            return Err(Mistake::new(message).at(entry.key_span));
        }
        Some(entry) => names(&entry, "a list of stage names")?,
        None if kind == Kind::Publish => vec![Word { text: MAIN.to_owned(), span: name.span.clone() }],
        None => Vec::new(),
    };
    let on_reject = match settings.take("on_reject") {
        Some(entry) if kind == Kind::Verify => on_reject(&entry)?,
        Some(entry) => {
            let message = format!("`on_reject` belongs to verify tables, not to {kind} tables");
            return Err(Mistake::new(message).at(entry.key_span));
        }
        None => OnReject::Drop,
    };
    let against = match kind.against_key().and_then(|key| settings.take(key)) {
        Some(entry) => names(&entry, "a list of sources")?,
        None => Vec::new(),
    };
    let target = match settings.take("target") {
        Some(entry) if kind == Kind::Generate => match entry.node.value {
            Value::Int(target) if target >= 1 => Some(target as u64),
            _ => return Err(entry.node.wrong("target", "a whole number from 1 up")),
        },
        Some(entry) => {
            let message = format!("`target` belongs to generate tables, not to {kind} tables");
            return Err(Mistake::new(message).at(entry.key_span));
        }
        None => None,
    };
    stages.push(StageTable { kind, name, operator, from, on_reject, against, target, settings });
    Ok(())
}

fn names(entry: &Entry, expected: &str) -> Result<Vec<Word>, Mistake> {
    let key = entry.key.as_str();
    let list = match &entry.node.value {
        Value::List(list) => list.as_slice(),
        Value::Text(_) => std::slice::from_ref(&entry.node),
        _ => return Err(entry.node.wrong(key, expected)),
    };
    let word =
        |node: &Node| node.text(key).map(|text| Word { text: text.to_owned(), span: node.span.clone() });
    let words = list.iter().map(word).collect::<Result<Vec<_>, _>>()?;
    for (index, word) in words.iter().enumerate() {
        if words[..index].iter().any(|other| other.text == word.text) {
            return Err(Mistake::new(format!("`{key}` names `{}` twice", word.text)).at(word.span.clone()));
        }
    }
    Ok(words)
}

fn on_reject(entry: &Entry) -> Result<OnReject, Mistake> {
    match entry.node.text("on_reject")? {
        "drop" => Ok(OnReject::Drop),
        "demote" => Ok(OnReject::Demote),
        "tag" => Ok(OnReject::Tag),
        other => Err(Mistake::new(format!("`on_reject` cannot be `{other}`"))
            .help(nearest(other, ["drop", "demote", "tag"]))
            .at(entry.node.span.clone())),
    }
}
