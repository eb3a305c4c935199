//! `rows`: every row that a flow ever met, and what became of it.

use rifflebox_core::{
    Content, Error, ErrorKind, Key, Outcome, Result, Row, RowItem, Sample, StageRow, Value,
};
use rifflebox_dataflow::{Flow, FlowStage, Made, MadeHead, OWED, Operator, Repeat, Status};
use serde_json::{Map, Value as Json, json};

use crate::standing::{Standing, owed, repeat_reason};
use crate::story::{Fate, Mixes};
use crate::workspace::Workspace;

/// Which rows are wanted, and what of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowQuery {
    /// Only rows of which this became. Failed ones are those that failed for good and those whose call is owed.
    pub status: Option<Status>,
    /// Only rows that end at this stage, or that it made.
    pub stage: Option<String>,
    /// Further fields: `text`, `prompt`, `completion`, `messages`, `chosen`, `rejected`, `context`, `kind`, `tier`,
    /// `tokens`, `score`, `source`, `license`, or the name of any field of the sample. What a row has not is null.
    pub fields: Vec<String>,
    /// At most this many.
    pub limit: Option<usize>,
}

impl Workspace {
    /// Says each row as a JSON object, stage by stage in the order of the flow, by what became of it.
    ///
    /// An object has `id`, `documents` (as `source:id`; of a broken row the path), `status`, `stage` (where the row
    /// ends; for a published one its mix), `reason`, `by`, `by_documents` and `similarity`, null where it does not
    /// apply, and the fields asked for. A sample that ends at several stages, since several read it, is a row of each.
    ///
    /// Where no status is asked for, documents of which nothing was made come too, with status `nothing`: those of
    /// which no stage made anything, or, if `stage` is a generator, those of which that one made nothing.
    ///
    /// # Errors
    /// When nothing was built yet, another flow was built last, the store fails, or `each` does, which ends the rows.
    pub async fn rows(
        &self,
        flow: &Flow,
        query: &RowQuery,
        each: &mut dyn FnMut(Json) -> Result<()>,
    ) -> Result<()> {
        let standing = Standing::open(&self.storage, flow).await?;
        list(&standing, query, each)
    }
}

/// Lists the rows of a state.
pub(crate) fn list(
    standing: &Standing,
    query: &RowQuery,
    each: &mut dyn FnMut(Json) -> Result<()>,
) -> Result<()> {
    if let Some(name) = &query.stage {
        known_stage(standing, name)?;
    }
    let mut lister = Lister { standing, query, each, left: query.limit.unwrap_or(usize::MAX) };
    match lister.list() {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Checks that a flow has a stage.
///
/// # Errors
/// [`ErrorKind::Usage`] if it has none of that name.
pub(crate) fn known_stage(standing: &Standing, name: &str) -> Result<()> {
    if standing.plan.stage(name).is_some() {
        return Ok(());
    }
    let stages: Vec<&str> = standing.plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let message = format!("no stage is named `{name}`: there are {}", stages.join(", "));
    Err(Error::new(ErrorKind::Usage, message))
}

/// Why a listing ends early.
enum Stop {
    Enough,
    Failed(Error),
}

struct Lister<'a> {
    standing: &'a Standing,
    query: &'a RowQuery,
    each: &'a mut dyn FnMut(Json) -> Result<()>,
    left: usize,
}

/// A row on its way out.
#[derive(Default)]
struct Line<'a> {
    id: Key,
    documents: Vec<String>,
    stage: &'a str,
    reason: Option<String>,
    by: Option<(Key, f64)>,
    row: Option<Row>,
    sample: Option<Sample>,
}

impl Lister<'_> {
    fn list(&mut self) -> Result<(), Stop> {
        if self.left == 0 {
            return Ok(());
        }
        let standing = self.standing;
        for stage in &standing.plan.stages {
            match &stage.operator {
                Operator::Source(_) => self.broken(stage)?,
                Operator::Generate(_) | Operator::GenerateAsked(_) | Operator::Teach(_) => {
                    self.unmade(stage)?
                }
                Operator::Verify(..)
                | Operator::VerifyAgainst(..)
                | Operator::VerifyAsked(..)
                | Operator::Judge(..)
                | Operator::VerifyGraph(..) => self.judged(stage)?,
                Operator::Dedup(_) => self.displaced(stage)?,
                Operator::Mix(_) => self.mixed(stage)?,
                Operator::Publish(_) | Operator::Keyed(_) => {}
            }
        }
        self.nothing()
    }

    fn wants(&self, fate: Fate) -> bool {
        match self.query.status {
            None => true,
            Some(Status::Kept) => fate == Fate::Kept,
            Some(Status::Unused) => fate == Fate::Unused,
            Some(Status::Rejected) => fate == Fate::Rejected,
            Some(Status::Displaced) => fate == Fate::Displaced,
            Some(Status::Failed | Status::Owed) => fate == Fate::Failed,
            Some(Status::Broken) => fate == Fate::Broken,
        }
    }

    /// Returns whether rows that end at a stage can be wanted; those that another stage made are seen one by one.
    fn wants_stage(&self, name: &str) -> bool {
        let Some(wanted) = &self.query.stage else { return true };
        let made = |stage: &&FlowStage| stage.name == *wanted && stage.operator.kind() == "generate";
        wanted == name || self.standing.plan.stages.iter().any(|stage| made(&stage))
    }

    fn broken(&mut self, stage: &FlowStage) -> Result<(), Stop> {
        if !self.wants(Fate::Broken) || !self.wants_stage(&stage.name) {
            return Ok(());
        }
        let name = &stage.name;
        let standing = self.standing;
        standing.reader.table::<Key, RowItem>(&format!("{name}/rows")).scan(
            Key::MIN,
            Key::MAX,
            |id, item, _| {
                let Err(reason) = item.document else { return Ok(()) };
                let documents = vec![format!("{name}:{}", item.place.path)];
                let line = Line { id, documents, stage: name, reason: Some(reason), ..Line::default() };
                self.say(Fate::Broken, line)
            },
        )?;
        standing.reader.table::<Key, Repeat>(&format!("{name}/repeats")).scan(
            Key::MIN,
            Key::MAX,
            |id, repeat, _| {
                let document = repeat.item.document.as_ref();
                let documents = document.map(|document| format!("{name}:{}", document.id)).into_iter();
                let reason = Some(repeat_reason(&repeat));
                let documents = documents.collect();
                self.say(Fate::Broken, Line { id, documents, stage: name, reason, ..Line::default() })
            },
        )
    }

    /// Says the documents on which a generator failed.
    fn unmade(&mut self, stage: &FlowStage) -> Result<(), Stop> {
        if !self.wants(Fate::Failed) || !self.wants_stage(&stage.name) {
            return Ok(());
        }
        let name = &stage.name;
        let standing = self.standing;
        // Heads tell the few failures from the samples without decoding any text.
        let samples = format!("{name}/samples");
        standing.reader.table::<Key, MadeHead>(&samples).scan(Key::MIN, Key::MAX, |id, head, _| {
            if let MadeHead::Sample(_) = head {
                return Ok(());
            }
            for made in standing.reader.table::<Key, Made>(&samples).get(id) {
                let Made::Failed { source, id: document, reason, owed, .. } = made else { continue };
                let reason = if owed { format!("{OWED}{reason}") } else { reason };
                let documents = vec![format!("{source}:{document}")];
                let line = Line { id, documents, stage: name, reason: Some(reason), ..Line::default() };
                self.say(Fate::Failed, line)?;
            }
            Ok(())
        })
    }

    fn judged(&mut self, stage: &FlowStage) -> Result<(), Stop> {
        let wanted = self.wants(Fate::Rejected) || self.wants(Fate::Failed);
        if !wanted || !self.wants_stage(&stage.name) {
            return Ok(());
        }
        let name = &stage.name;
        let verdicts = self.standing.reader.table::<Key, StageRow>(&format!("{name}/verdicts"));
        verdicts.scan(Key::MIN, Key::MAX, |_, said, _| {
            let (fate, reason) = match said.outcome {
                Outcome::Rejected => (Fate::Rejected, said.verdict.and_then(|verdict| verdict.reason)),
                Outcome::Failed { reason } => (Fate::Failed, Some(reason)),
                Outcome::Kept | Outcome::Displaced { .. } => return Ok(()),
            };
            self.sample(fate, said.row, name, |line| line.reason = reason)
        })
    }

    fn displaced(&mut self, stage: &FlowStage) -> Result<(), Stop> {
        if !self.wants(Fate::Displaced) || !self.wants_stage(&stage.name) {
            return Ok(());
        }
        let name = &stage.name;
        let displaced = self.standing.reader.table::<Key, StageRow>(&format!("{name}/displaced"));
        displaced.scan(Key::MIN, Key::MAX, |_, said, _| match said.outcome {
            Outcome::Displaced { by, similarity, .. } => {
                self.sample(Fate::Displaced, said.row, name, |line| line.by = Some((by, similarity.value())))
            }
            Outcome::Kept | Outcome::Rejected | Outcome::Failed { .. } => Ok(()),
        })
    }

    fn mixed(&mut self, stage: &FlowStage) -> Result<(), Stop> {
        let (kept, unused) = (self.wants(Fate::Kept), self.wants(Fate::Unused));
        if !(kept || unused) || !self.wants_stage(&stage.name) {
            return Ok(());
        }
        let name = &stage.name;
        let standing = self.standing;
        let chosen = standing.reader.table::<Key, Row>(&format!("{name}/mix"));
        // Of what was chosen only the names are held: sixteen bytes a row.
        let mut names = Vec::new();
        chosen.scan(Key::MIN, Key::MAX, |_, row, _| {
            if unused {
                names.push(row.id);
            }
            if kept { self.sample(Fate::Kept, row, name, |_| {}) } else { Ok(()) }
        })?;
        if !unused {
            return Ok(());
        }
        names.sort_unstable();
        let mut mixes = Mixes::new(standing);
        standing.arriving(stage, |row| match names.binary_search(&row.id) {
            Ok(_) => Ok(()),
            Err(_) => {
                let reason = mixes.decided(stage, &row).to_string();
                self.sample(Fate::Unused, row, name, |line| line.reason = Some(reason))
            }
        })
    }

    /// Says the documents of which nothing was made, neither a sample nor a failure.
    fn nothing(&mut self) -> Result<(), Stop> {
        if self.query.status.is_some() {
            return Ok(());
        }
        let standing = self.standing;
        let wanted = self.query.stage.as_deref();
        for source in standing.stages("source") {
            let readers: Vec<&FlowStage> = standing
                .stages("generate")
                .filter(|stage| stage.from.contains(&source.name))
                .filter(|stage| wanted.is_none_or(|name| name == stage.name || name == source.name))
                .collect();
            if readers.is_empty() {
                continue;
            }
            let routes = self.routes(&readers)?;
            let stage = wanted.unwrap_or(&source.name);
            let rows = standing.reader.table::<Key, RowItem>(&format!("{}/rows", source.name));
            rows.scan(Key::MIN, Key::MAX, |id, item, _| {
                let Ok(document) = item.document else { return Ok(()) };
                let repeats = || standing.documents(&source.name, id).1;
                if routes.binary_search(&id).is_ok() || repeats().iter().any(|r| r.item.place == item.place) {
                    return Ok(());
                }
                let documents = vec![format!("{}:{}", source.name, document.id)];
                self.write(Fate::Nothing, Line { id, documents, stage, ..Line::default() })
            })?;
        }
        Ok(())
    }

    /// Returns the keys of the documents of which stages made samples, or failed; sixteen bytes each.
    fn routes(&self, stages: &[&FlowStage]) -> Result<Vec<Key>, Stop> {
        let mut routes = Vec::new();
        for stage in stages {
            let samples = format!("{}/samples", stage.name);
            let table = self.standing.reader.table::<Key, MadeHead>(&samples);
            table.scan(Key::MIN, Key::MAX, |_, head, _| {
                let (MadeHead::Sample(Row { route, .. }) | MadeHead::Failed { route, .. }) = head;
                routes.push(route);
                Ok::<(), Stop>(())
            })?;
        }
        routes.sort_unstable();
        routes.dedup();
        Ok(routes)
    }

    /// Says a row that has a sample.
    fn sample<'b>(
        &mut self,
        fate: Fate,
        row: Row,
        stage: &'b str,
        more: impl FnOnce(&mut Line<'b>),
    ) -> Result<(), Stop> {
        if !self.wants(fate) {
            return Ok(());
        }
        let sample = self.standing.sample(row.id).map(|(_, _, sample)| sample);
        let documents = sample.as_ref().map(named).unwrap_or_default();
        let mut line = Line { id: row.id, documents, stage, sample, row: Some(row), ..Line::default() };
        more(&mut line);
        self.say(fate, line)
    }

    fn say(&mut self, fate: Fate, line: Line<'_>) -> Result<(), Stop> {
        let made_by = line.sample.as_ref().map(|sample| sample.stage.as_str());
        let stage = self.query.stage.as_deref();
        let owes = || line.reason.as_deref().is_some_and(owed);
        match stage.is_none_or(|stage| stage == line.stage || Some(stage) == made_by)
            && (self.query.status != Some(Status::Owed) || owes())
        {
            true => self.write(fate, line),
            false => Ok(()),
        }
    }

    fn write(&mut self, fate: Fate, line: Line<'_>) -> Result<(), Stop> {
        let by_documents = line.by.map(|(by, _)| {
            let better = self.standing.sample(by).map(|(_, _, sample)| named(&sample));
            better.unwrap_or_default()
        });
        let mut object = Map::new();
        for field in &self.query.fields {
            object.insert(field.clone(), field_of(field, line.row.as_ref(), line.sample.as_ref()));
        }
        let known = json!({
            "id": line.id,
            "documents": line.documents,
            "status": fate,
            "stage": line.stage,
            "reason": line.reason,
            "by": line.by.map(|(by, _)| by),
            "by_documents": by_documents,
            "similarity": line.by.map(|(_, similarity)| similarity),
        });
        if let Json::Object(known) = known {
            object.extend(known);
        }
        (self.each)(Json::Object(object)).map_err(Stop::Failed)?;
        self.left -= 1;
        if self.left == 0 { Err(Stop::Enough) } else { Ok(()) }
    }
}

/// Returns the documents of a sample, as `source:id`.
fn named(sample: &Sample) -> Vec<String> {
    sample.documents.iter().map(|seed| format!("{}:{}", seed.source, seed.id)).collect()
}

/// Returns a field of a row by its name; null if it has none.
pub(crate) fn field_of(name: &str, row: Option<&Row>, sample: Option<&Sample>) -> Json {
    let (Some(row), Some(sample)) = (row, sample) else { return Json::Null };
    match name {
        "kind" => json!(row.kind.name()),
        "tier" => json!(row.tier),
        "tokens" => json!(row.tokens),
        "score" => json!(row.score.value()),
        "context" => json!(sample.context),
        "source" => json!(sample.documents.first().map(|seed| &seed.source)),
        "license" => json!(sample.documents.first().map(|seed| &seed.license)),
        "messages" => match &sample.content {
            Content::Messages { messages } => json!(messages),
            _ => Json::Null,
        },
        _ => {
            let column = sample.content.columns().into_iter().find(|(column, _)| *column == name);
            let field = || sample.fields.get(name).map_or(Json::Null, Value::to_json);
            column.map_or_else(field, |(_, text)| json!(text))
        }
    }
}
