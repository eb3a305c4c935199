//! What a workspace holds, read along the wiring of the flow that made it.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{
    Document, Error, ErrorKind, Key, Outcome, Place, Result, Row, RowItem, Sample, StageRow,
};
use rifflebox_dataflow::{
    ANSWERS, Flow, FlowPlan, FlowStage, Made, MadeHead, OWED, Operator, Reader, Repeat, compile, foundations,
    schema,
};
use rifflebox_storage::{Content, Manifest, Workspace as Storage};

use crate::held_out::knowing;
use crate::state::open;

/// The arrangements of a flow's stages that stories are told from, by the last part of their names.
const TOLD: [&str; 11] = [
    "files",
    "index",
    "rows",
    "repeats",
    "samples",
    "verdicts",
    "displaced",
    "by",
    "mix",
    "decision",
    "sizes",
];

/// The state of a flow, as its last commit left it or a run in memory.
pub(crate) struct Standing {
    pub(crate) plan: FlowPlan,
    pub(crate) content: Content,
    pub(crate) reader: Reader,
    wiring: BTreeMap<String, Wiring>,
}

/// What reaches a stage's readers: rows that were made or judged, less those that gave way.
#[derive(Clone, Debug, Default)]
struct Wiring {
    /// Where the rows stand.
    bases: Vec<Base>,
    /// Purges that they went through.
    purges: Vec<String>,
}

#[derive(Clone, Debug)]
enum Base {
    Made(String),
    Judged(String),
}

/// What a stage says of a sample that reached it.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Made,
    Judged(StageRow),
    /// No better row says the same.
    Passed,
    Displaced(StageRow),
    Chosen,
    LeftOut,
}

/// A stage that a sample reached, with what it said there.
pub(crate) struct Visit<'a> {
    pub(crate) stage: &'a FlowStage,
    /// The row as it leaves the stage.
    pub(crate) row: Row,
    pub(crate) said: Said,
}

impl Standing {
    /// Opens what the last commit left of a flow.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] if nothing was built yet, [`ErrorKind::Usage`] if another flow was built last; and when
    /// the store fails.
    pub(crate) async fn open(storage: &Storage, flow: &Flow) -> Result<Self> {
        let newest = storage.newest().await?;
        let manifest = newest.ok_or_else(|| nothing_built(storage.url()))?;
        let plan = flow.plan();
        is_current(&manifest.content)?;
        // Where nothing is held out, another flow is known before anything is opened.
        if plan.held_out().is_empty() {
            check(&plan, &manifest.content)?;
        }
        let standing = Self::of_manifest(storage, plan, manifest).await?;
        check(&standing.plan, &standing.content)?;
        Ok(standing)
    }

    pub(crate) async fn of_manifest(storage: &Storage, plan: FlowPlan, manifest: Manifest) -> Result<Self> {
        let stages: BTreeSet<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
        // Answers are shown as they came.
        let asked = plan.stages.iter().filter_map(|stage| stage.operator.inquiring());
        let asked: BTreeSet<String> = asked
            .flat_map(|inquiring| inquiring.respondents)
            .map(|respondent| format!("{ANSWERS}{}", respondent.about().answers))
            .collect();
        let is_answer =
            |name: &str| asked.iter().any(|first| name.starts_with(first)) && !name.ends_with("/owed");
        let told = |name: &str| {
            is_answer(name)
                || name
                    .rsplit_once('/')
                    .is_some_and(|(stage, part)| stages.contains(stage) && TOLD.contains(&part))
        };
        let mut arrangements = manifest.content.arrangements.clone();
        arrangements.retain(|name, _| told(name));
        let state = open(storage, &arrangements).await?;
        let reader = Reader::new(foundations(&state));
        Ok(Self::new(knowing(&plan, &reader, &[]), manifest.content, reader))
    }

    /// Reads a state that is opened already.
    pub(crate) fn new(plan: FlowPlan, content: Content, reader: Reader) -> Self {
        let wiring = wire(&plan);
        Standing { plan, content, reader, wiring }
    }

    /// Returns the stages of some kinds, in the order of the flow.
    pub(crate) fn stages(&self, kind: &str) -> impl Iterator<Item = &FlowStage> {
        self.plan.stages.iter().filter(move |stage| stage.operator.kind() == kind)
    }

    /// Returns a sample, its row as it was made, and the stage that made it.
    pub(crate) fn sample(&self, id: Key) -> Option<(&FlowStage, Row, Sample)> {
        self.stages("generate").find_map(|stage| {
            let made = self.reader.table::<Key, Made>(&format!("{}/samples", stage.name)).get(id);
            made.into_iter().find_map(|made| match made {
                Made::Sample(row, sample) => Some((stage, row, *sample)),
                Made::Failed { .. } => None,
            })
        })
    }

    /// Follows a sample through the flow, from the stage that made it to where it ends.
    pub(crate) fn visits(&self, made_by: &str, made: &Row) -> Vec<Visit<'_>> {
        let mut leaving: BTreeMap<&str, Row> = BTreeMap::new();
        let mut visits = Vec::new();
        for stage in &self.plan.stages {
            let name = stage.name.as_str();
            if name == made_by {
                leaving.insert(name, made.clone());
                visits.push(Visit { stage, row: made.clone(), said: Said::Made });
                continue;
            }
            let arriving = stage.from.iter().find_map(|from| leaving.get(from.as_str())).cloned();
            let Some(row) = arriving else { continue };
            let Some((row, said)) = self.say(stage, row) else { continue };
            let onward = match &said {
                Said::Judged(said) => said.onward().is_some(),
                Said::Made | Said::Passed => true,
                Said::Displaced(_) | Said::Chosen | Said::LeftOut => false,
            };
            if onward {
                leaving.insert(name, row.clone());
            }
            visits.push(Visit { stage, row, said });
        }
        visits
    }

    /// Returns what a stage says of a row that reached it; nothing where it publishes, or was not yet asked.
    fn say(&self, stage: &FlowStage, row: Row) -> Option<(Row, Said)> {
        let table = |part: &str| format!("{}/{part}", stage.name);
        match &stage.operator {
            Operator::Verify(..)
            | Operator::VerifyAgainst(..)
            | Operator::VerifyAsked(..)
            | Operator::Judge(..)
            | Operator::VerifyGraph(..) => {
                let said = self.reader.table::<Key, StageRow>(&table("verdicts")).get(row.id);
                said.into_iter().next().map(|said| (said.row.clone(), Said::Judged(said)))
            }
            Operator::Dedup(_) => {
                let said = self.reader.table::<Key, StageRow>(&table("displaced")).get(row.id);
                Some((row, said.into_iter().next().map_or(Said::Passed, Said::Displaced)))
            }
            Operator::Mix(_) => {
                let chosen = self.reader.table::<Key, Row>(&table("mix")).get(row.route);
                let said = match chosen.iter().any(|chosen| chosen.id == row.id) {
                    true => Said::Chosen,
                    false => Said::LeftOut,
                };
                Some((row, said))
            }
            Operator::Source(_)
            | Operator::Generate(_)
            | Operator::GenerateAsked(_)
            | Operator::Teach(_)
            | Operator::Keyed(_)
            | Operator::Publish(_) => None,
        }
    }

    /// Calls `each` for every row that reaches a stage, by id within each of the stages that it reads.
    ///
    /// # Errors
    /// Those of `each`.
    pub(crate) fn arriving<E>(
        &self,
        stage: &FlowStage,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let wiring = merged(&self.wiring, &stage.from);
        let stays = |id: Key| {
            let gone = |purge: &String| {
                !self.reader.table::<Key, StageRow>(&format!("{purge}/displaced")).get(id).is_empty()
            };
            !wiring.purges.iter().any(gone)
        };
        let mut each = |row: Row| if stays(row.id) { each(row) } else { Ok(()) };
        for base in &wiring.bases {
            match base {
                Base::Made(name) => {
                    let table = format!("{name}/samples");
                    self.reader.table::<Key, MadeHead>(&table).scan(Key::MIN, Key::MAX, |_, head, _| {
                        match head {
                            MadeHead::Sample(row) => each(row),
                            MadeHead::Failed { .. } => Ok(()),
                        }
                    })?;
                }
                Base::Judged(name) => {
                    let table = format!("{name}/verdicts");
                    self.reader.table::<Key, StageRow>(&table).scan(Key::MIN, Key::MAX, |_, said, _| {
                        match said.outcome {
                            Outcome::Kept => each(said.row),
                            _ => Ok(()),
                        }
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Returns the documents of a key, and the later rows that repeat its id with the place of the first.
    pub(crate) fn documents(&self, source: &str, key: Key) -> (Vec<(Place, Document)>, Vec<Repeat>) {
        let repeats = self.reader.table::<Key, Repeat>(&format!("{source}/repeats")).get(key);
        let rows = self.reader.table::<Key, RowItem>(&format!("{source}/rows")).get(key);
        let repeated = |row: &RowItem| repeats.iter().any(|repeat| repeat.item == *row);
        let sound = rows.into_iter().filter(|row| !repeated(row));
        let documents = sound.filter_map(|row| Some((row.place, row.document.ok()?)));
        (documents.collect(), repeats)
    }

    /// Returns the documents of a sample, as they stand.
    pub(crate) fn documents_of(&self, sample: &Sample) -> Vec<Document> {
        let documents = sample.documents.iter().flat_map(|seed| self.documents(&seed.source, seed.key()).0);
        documents.map(|(_, document)| document).collect()
    }
}

/// Returns why an owed call's row has failed for now, in words; none if it failed for good.
pub(crate) fn owed(reason: &str) -> bool {
    reason.starts_with(OWED)
}

/// Says of a row that repeats an earlier row's id where both stand.
pub(crate) fn repeat_reason(repeat: &Repeat) -> String {
    let id = repeat.item.document.as_ref().map(|document| document.id.as_str()).unwrap_or_default();
    format!("{}: id {id:?} repeats that of {}", place(&repeat.item.place), place(&repeat.first))
}

/// Writes a place: a path, and the line where it is known.
pub(crate) fn place(place: &Place) -> String {
    match place.line {
        Some(line) => format!("{}:{line}", place.path),
        None => place.path.clone(),
    }
}

pub(crate) fn nothing_built(url: &str) -> Error {
    Error::new(ErrorKind::Input, format!("nothing has been built in {url} yet: build first"))
}

fn is_current(content: &Content) -> Result<()> {
    if content.arrangements.values().any(|arrangement| arrangement.schema != schema()) {
        let message = "another version of rifflebox built this workspace: build with this one first";
        return Err(Error::new(ErrorKind::Input, message));
    }
    Ok(())
}

/// Checks that a flow is the one whose state a manifest keeps.
fn check(plan: &FlowPlan, content: &Content) -> Result<()> {
    let records = compile(plan)?.graph.stage_records();
    let differs = records.iter().find(|(name, record)| content.stages.get(*name) != Some(record));
    let gone = content.stages.keys().find(|name| !records.contains_key(*name));
    let Some(name) = differs.map(|(name, _)| name).or(gone) else { return Ok(()) };
    let message =
        format!("stage `{name}` is not as it was built last: build, or read by the workspace's URL");
    Err(Error::new(ErrorKind::Usage, message))
}

fn wire(plan: &FlowPlan) -> BTreeMap<String, Wiring> {
    let mut all = BTreeMap::new();
    for stage in &plan.stages {
        let name = stage.name.clone();
        let mut wiring = merged(&all, &stage.from);
        match &stage.operator {
            Operator::Generate(_) | Operator::GenerateAsked(_) | Operator::Teach(_) => {
                wiring.bases = vec![Base::Made(name.clone())];
            }
            Operator::Verify(..)
            | Operator::VerifyAgainst(..)
            | Operator::VerifyAsked(..)
            | Operator::Judge(..)
            | Operator::VerifyGraph(..) => {
                wiring.bases = vec![Base::Judged(name.clone())];
                wiring.purges.clear();
            }
            Operator::Dedup(_) => wiring.purges.push(name.clone()),
            Operator::Source(_) | Operator::Mix(_) | Operator::Publish(_) | Operator::Keyed(_) => {}
        }
        all.insert(name, wiring);
    }
    all
}

fn merged(all: &BTreeMap<String, Wiring>, from: &[String]) -> Wiring {
    let mut merged = Wiring::default();
    for wiring in from.iter().filter_map(|name| all.get(name)) {
        merged.bases.extend(wiring.bases.iter().cloned());
        merged.purges.extend(wiring.purges.iter().cloned());
    }
    merged
}
