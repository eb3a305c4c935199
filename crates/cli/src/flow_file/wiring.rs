//! `([StageTable]) -> [StageTable]`: the wiring checked, and each stage put behind all that it reads.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::Kind;
use super::mistake::Mistake;
use super::outline::{StageTable, Word};
use rifflebox_core::nearest;

/// Checks how stages read each other, and returns their indices in an order in which they can run; stages that
/// could run in any order stay in the order of the file.
///
/// # Errors
/// All that is wrong: names taken twice, stages that read what there is not, circles, stages that nothing reads.
pub(crate) fn order(stages: &[StageTable]) -> Result<Vec<usize>, Vec<Mistake>> {
    let mut mistakes = repeated(stages);
    let by_name = by_name(stages);
    for stage in stages {
        mistakes.extend(wrong_from(stage, stages, &by_name));
        mistakes.extend(wrong_against(stage, stages));
    }
    if stages.is_empty() {
        mistakes.push(Mistake::new("the flow has no stages").help("begin with [source.NAME]".to_owned()));
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let order = sorted(stages, &by_name).map_err(|mistake| vec![mistake])?;
    let unread = unread(stages);
    if unread.is_empty() { Ok(order) } else { Err(unread) }
}

/// Returns the stages that can be read, by name; publishers have names of their own.
fn by_name(stages: &[StageTable]) -> BTreeMap<&str, usize> {
    let readable = stages.iter().enumerate().filter(|(_, stage)| stage.kind != Kind::Publish);
    readable.map(|(index, stage)| (stage.name.text.as_str(), index)).collect()
}

fn repeated(stages: &[StageTable]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        let same = |other: &&StageTable| {
            other.name.text == stage.name.text
                && ![(Kind::Mix, Kind::Publish), (Kind::Publish, Kind::Mix)]
                    .contains(&(other.kind, stage.kind))
        };
        if let Some(first) = stages[..index].iter().find(same) {
            let message = format!("`{}` is the name of [{}] already", stage.name.text, first.header());
            let help = "names are unique over all kinds: take another one, and name the operator with `use`";
            mistakes.push(Mistake::new(message).help(help.to_owned()).at(stage.name.span.clone()));
        }
    }
    mistakes
}

fn wrong_from(stage: &StageTable, stages: &[StageTable], by_name: &BTreeMap<&str, usize>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if stage.kind != Kind::Source && stage.from.is_empty() {
        let message = format!("[{}] reads nothing", stage.header());
        let help = format!("name its stages with `from`: {}", stage.kind.diet());
        mistakes.push(Mistake::new(message).help(help).at(stage.name.span.clone()));
    }
    for from in &stage.from {
        let Some(&other) = by_name.get(from.text.as_str()) else {
            mistakes.push(missing(stage, from, stages));
            continue;
        };
        let other = &stages[other];
        if !stage.kind.reads(other.kind) {
            let message = format!("[{}] cannot read the {} `{}`", stage.header(), other.kind, from.text);
            mistakes.push(Mistake::new(message).help(stage.kind.diet().to_owned()).at(from.span.clone()));
        }
    }
    mistakes
}

/// What is held out is a source, and nothing is made of it.
fn wrong_against(stage: &StageTable, stages: &[StageTable]) -> Vec<Mistake> {
    let wrong = |word: &Word| {
        let name = word.text.as_str();
        let named = stages.iter().find(|other| other.name.text == name && other.kind != Kind::Publish);
        let mistake = match named {
            None => {
                let sources = stages.iter().filter(|other| other.kind == Kind::Source);
                let help = nearest(name, sources.map(|other| other.name.text.as_str()));
                Mistake::new(format!("there is no source `{name}`")).help(help)
            }
            Some(other) if other.kind != Kind::Source => {
                let message =
                    format!("[{}] cannot be held against the {} `{name}`", stage.header(), other.kind);
                Mistake::new(message).help("it is held against sources".to_owned())
            }
            Some(_) => {
                let reads = |other: &&StageTable| other.from.iter().any(|from| from.text == name);
                let reader = stages.iter().find(reads)?;
                let message = format!("`{name}` is held out, and [{}] makes samples of it", reader.header());
                Mistake::new(message).help("hold out a source that no stage reads".to_owned())
            }
        };
        Some(mistake.at(word.span.clone()))
    };
    stage.against.iter().filter_map(wrong).collect()
}

fn missing(stage: &StageTable, from: &Word, stages: &[StageTable]) -> Mistake {
    let others =
        stages.iter().filter(|other| stage.kind.reads(other.kind) && other.name.span != stage.name.span);
    let help = nearest(&from.text, others.map(|other| other.name.text.as_str()));
    let help = help.unwrap_or_else(|| format!("{}, and the flow has none", stage.kind.diet()));
    Mistake::new(format!("there is no stage `{}`", from.text)).help(help).at(from.span.clone())
}

fn sorted(stages: &[StageTable], by_name: &BTreeMap<&str, usize>) -> Result<Vec<usize>, Mistake> {
    let mut order = Vec::with_capacity(stages.len());
    let mut done = BTreeSet::new();
    while order.len() < stages.len() {
        let ready = |stage: &StageTable| {
            let mut needed = stage.from.iter().chain(&stage.against);
            needed.all(|name| done.contains(&by_name[name.text.as_str()]))
        };
        let next = stages.iter().enumerate().find(|(index, stage)| !done.contains(index) && ready(stage));
        let Some((index, _)) = next else { return Err(circle(stages, by_name, &done)) };
        done.insert(index);
        order.push(index);
    }
    Ok(order)
}

fn circle(stages: &[StageTable], by_name: &BTreeMap<&str, usize>, done: &BTreeSet<usize>) -> Mistake {
    let mut at = (0..stages.len()).find(|index| !done.contains(index)).expect("not all stages are done");
    let mut path = Vec::new();
    while !path.contains(&at) {
        path.push(at);
        let mut ahead = stages[at].from.iter().map(|from| by_name[from.text.as_str()]);
        at = ahead.find(|index| !done.contains(index)).expect("what cannot run reads what cannot run");
    }
    let start = path.iter().position(|index| *index == at).expect("the walk came back to it");
    let mut names: Vec<&str> = path[start..].iter().map(|index| stages[*index].name.text.as_str()).collect();
    names.push(names[0]);
    let from = stages[at].from.iter().find(|from| !done.contains(&by_name[from.text.as_str()]));
    let span = from.map_or(&stages[at].name.span, |from| &from.span);
    Mistake::new(format!("stages read each other in a circle: {}", names.join(" reads "))).at(span.clone())
}

fn unread(stages: &[StageTable]) -> Vec<Mistake> {
    let read: BTreeSet<&str> = stages
        .iter()
        .flat_map(|stage| stage.from.iter().chain(&stage.against))
        .map(|name| name.text.as_str())
        .collect();
    let unread =
        stages.iter().filter(|stage| stage.kind != Kind::Publish && !read.contains(&*stage.name.text));
    let mistake = |stage: &StageTable| {
        let help = match stage.kind {
            Kind::Mix if stage.name.text == "main" => "publish it: add a table [publish]".to_owned(),
            Kind::Mix => format!("publish it: add [publish.{0}] with from = \"{0}\"", stage.name.text),
            _ => "name it in another stage's `from`, or remove it".to_owned(),
        };
        Mistake::new(format!("nothing reads [{}]", stage.header())).help(help).at(stage.name.span.clone())
    };
    unread.map(mistake).collect()
}
