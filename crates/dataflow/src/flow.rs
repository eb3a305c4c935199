//! A flow as its author writes it: stages of operators, wired by name.

mod against;
mod asked;
mod budget;
mod candidates;
mod compile;
mod graph_verifier;
mod inquiry;
mod keyed;
mod make;
mod records;
mod seeds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use rifflebox_core::{
    AskedGenerator, AskedVerifier, Document, Draft, Error, ErrorKind, Exposure, Generator, HeldOutCheck,
    Identity, Inquiring, Inquiry, Judge, Judged, Key, Redaction, Result, Row, Source, StageRow, Teacher,
    Tokenizer, Verdict, Verifier, nearest,
};
use serde::{Deserialize, Serialize};

use crate::scope::{Rows, Scope};

pub use against::Against;
pub use asked::{OWED, call_of_drafts, call_of_verdict};
pub use budget::Budget;
pub use candidates::{Candidates, ReadSample};
pub use compile::{Compiled, compile, schema};
pub use graph_verifier::{GraphVerifier, Verdicts};
pub use inquiry::kept_answer;
pub use keyed::{Keyed, KeyedStep};
pub use records::{Label, Made, MadeHead, Repeat, SampleHead, SamplePart, Spent, SpentUnit, Status, Unit};
pub use seeds::Seeds;

/// What becomes of a sample that a verifier refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnReject {
    /// It stops here, as a rejected row.
    #[default]
    Drop,
    /// It goes on as tier T3.
    Demote,
    /// It goes on as it is, with the verdict beside it.
    Tag,
}

/// A purge: an operator that is a graph, and says which rows a better one displaces.
///
/// # Contract
/// - Each displaced row names a kept, better-ranked row, and how similar the two are (law-tested).
/// - What is displaced depends on the set of rows alone, never on their order of arrival (law-tested).
pub trait Purge: Send + Sync {
    /// Returns who the purge is.
    fn identity(&self) -> Identity;

    /// Says which of the candidates are displaced.
    fn displaced(&self, scope: &mut Scope<'_>, candidates: &Candidates) -> Purged;
}

/// What a purge says.
pub struct Purged {
    /// The rows that give way, by id, with [`rifflebox_core::Outcome::Displaced`].
    pub displaced: Rows<Key, StageRow>,
    /// What it could not look at, or whatever else a reader of the report must know: figures by name, in the weights.
    pub notes: Option<Rows<String, ()>>,
}

/// A mixer: an operator that is a graph, and chooses the rows to publish.
///
/// # Contract
/// - What is chosen depends on the set of rows alone (law-tested).
/// - A small change of the rows moves few others in or out (law-tested with counters).
pub trait Mixer: Send + Sync {
    /// Returns who the mixer is.
    fn identity(&self) -> Identity;

    /// Chooses among the candidates.
    fn mix(&self, scope: &mut Scope<'_>, candidates: Rows<Key, Row>) -> Mixed;
}

/// What a mixer says.
pub struct Mixed {
    /// The rows that it chose, by id.
    pub rows: Rows<Key, Row>,
    /// How it decided, for the report and for rules that refuse publication: one row.
    pub decision: Rows<(), MixDecision>,
}

/// How a mix came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MixDecision {
    /// By label: tokens that came in, tokens that it may have.
    pub quotas: Vec<Quota>,
    /// The label whose short supply bounds the mix, if one does.
    pub bound_by: Option<String>,
    /// Why the mix may not be published, with the numbers.
    pub refused: Option<String>,
}

/// A label's part of a mix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quota {
    /// The label: a tier's name, or whatever the recipe divides by.
    pub label: String,
    /// Tokens of all rows that came in.
    pub available: u64,
    /// Tokens that the mix may hold of it.
    pub quota: u64,
}

/// How a mix is published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishSettings {
    /// Where to: a URL; the workspace's own `dataset/` if none is given.
    pub to: Option<String>,
    /// Logical megabytes (2^20 bytes) after which a shard is split: less makes changes cheaper, and files more.
    pub shard_mb: u64,
    /// Superseded shards of this many snapshots stay, for readers in mid-load.
    pub keep: usize,
    /// Whether to publish although calls are owed or a budget was reached.
    pub partial: bool,
    /// A hand-written part of the card: a file's path, relative to the flow file.
    pub readme: Option<String>,
    /// Parts of the documents that are published as splits of their own, by name: shares between 0 and 1.
    pub splits: std::collections::BTreeMap<String, f64>,
}

impl Default for PublishSettings {
    fn default() -> Self {
        PublishSettings {
            to: None,
            shard_mb: 8,
            keep: 0,
            partial: false,
            readme: None,
            splits: std::collections::BTreeMap::new(),
        }
    }
}

/// What stands at a place in a flow.
#[derive(Clone)]
pub enum Operator {
    /// Documents come in.
    Source(Arc<dyn Source>),
    /// Documents become samples.
    Generate(Arc<dyn Generator>),
    /// Documents become samples, by calls.
    GenerateAsked(Arc<dyn AskedGenerator>),
    /// Documents become samples, by questions to models.
    Teach(Arc<Teacher>),
    /// Samples are judged.
    Verify(Arc<dyn Verifier>, OnReject),
    /// Samples are judged by what they share with held-out documents; [`FlowPlan::with_held_out`] makes it a verifier.
    VerifyAgainst(Arc<dyn HeldOutCheck>, OnReject),
    /// Samples are judged, by calls.
    VerifyAsked(Arc<dyn AskedVerifier>, OnReject),
    /// Samples are judged, by questions to models.
    Judge(Arc<Judge>, OnReject),
    /// Samples are judged by what else there is.
    VerifyGraph(Arc<dyn GraphVerifier>, OnReject),
    /// Copies give way to better rows.
    Dedup(Arc<dyn Purge>),
    /// Rows are chosen to shares and budgets.
    Mix(Arc<dyn Mixer>),
    /// A mix is published.
    Publish(PublishSettings),
    /// A step of the user's own keyed logic.
    Keyed(KeyedStep),
}

impl Operator {
    /// Returns the kind, as flow files name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Operator::Source(_) => "source",
            Operator::Generate(_) | Operator::GenerateAsked(_) | Operator::Teach(_) => "generate",
            Operator::Verify(..)
            | Operator::VerifyAgainst(..)
            | Operator::VerifyAsked(..)
            | Operator::Judge(..)
            | Operator::VerifyGraph(..) => "verify",
            Operator::Dedup(_) => "dedup",
            Operator::Mix(_) => "mix",
            Operator::Publish(_) => "publish",
            Operator::Keyed(_) => "keyed",
        }
    }

    /// Returns whether what it is given is sent to a service of somebody's.
    pub fn leaves(&self) -> bool {
        let leaves = |limits: rifflebox_core::Limits| limits.exposure == Exposure::Leaves;
        match self {
            Operator::GenerateAsked(generator) => leaves(generator.limits()),
            Operator::VerifyAsked(verifier, _) => leaves(verifier.limits()),
            operator => operator.inquiring().is_some_and(|inquiring| {
                inquiring.respondents.iter().any(|respondent| leaves(respondent.about().limits))
            }),
        }
    }

    /// Returns what an inquiry says of itself, if it is one.
    pub fn inquiring(&self) -> Option<Inquiring> {
        match self {
            Operator::Teach(teacher) => Some(teacher.describe()),
            Operator::Judge(judge, _) => Some(judge.describe()),
            _ => None,
        }
    }

    /// Returns whether it makes calls, whose answers are kept.
    pub fn is_asked(&self) -> bool {
        matches!(
            self,
            Operator::GenerateAsked(_) | Operator::VerifyAsked(..) | Operator::Teach(_) | Operator::Judge(..)
        )
    }

    /// Returns the families of the models that speak through it, each with who does.
    pub fn families(&self) -> BTreeMap<String, String> {
        let identity = self.identity();
        let own = identity.family.map(|family| (family, identity.name));
        let asked = self.inquiring().map(|inquiring| inquiring.respondents).unwrap_or_default();
        let asked = asked.iter().map(|respondent| respondent.about());
        own.into_iter().chain(asked.map(|about| (about.family, about.name))).collect()
    }

    /// Returns who the operator is; a publisher is nobody.
    pub fn identity(&self) -> Identity {
        match self {
            Operator::Source(source) => source.identity(),
            Operator::Generate(generator) => generator.identity(),
            Operator::GenerateAsked(generator) => generator.identity(),
            Operator::Teach(teacher) => teacher.describe().identity,
            Operator::Verify(verifier, _) => verifier.identity(),
            Operator::VerifyAgainst(check, _) => check.identity(),
            Operator::VerifyAsked(verifier, _) => verifier.identity(),
            Operator::Judge(judge, _) => judge.describe().identity,
            Operator::VerifyGraph(verifier, _) => verifier.identity(),
            Operator::Dedup(purge) => purge.identity(),
            Operator::Mix(mixer) => mixer.identity(),
            Operator::Publish(settings) => Identity::new("publish", "1").with_settings(settings),
            Operator::Keyed(step) => step.identity.clone(),
        }
    }
}

/// One stage of a flow.
#[derive(Clone)]
pub struct FlowStage {
    /// Its name, unique in the flow.
    pub name: String,
    /// Names of the stages that it reads.
    pub from: Vec<String>,
    /// What stands there.
    pub operator: Operator,
    /// What it is held against, if it is.
    pub against: Option<Against>,
    /// What its calls may cost in one build.
    pub budget: Budget,
    /// How many of its samples are wanted that pass the verifiers behind it; all if not given. Only where models are asked.
    pub target: Option<u64>,
}

impl FlowStage {
    /// Makes a stage that is held against nothing.
    pub fn new(name: impl Into<String>, from: Vec<String>, operator: Operator) -> Self {
        FlowStage {
            name: name.into(),
            from,
            operator,
            against: None,
            budget: Budget::default(),
            target: None,
        }
    }
}

/// All that makes a flow.
#[derive(Clone)]
pub struct FlowPlan {
    /// The flow's name.
    pub name: String,
    /// What counts tokens.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// The stages, in the order of writing.
    pub stages: Vec<FlowStage>,
    /// How many published versions stay retrievable.
    pub keep_versions: usize,
    /// What all calls may cost in one build.
    pub budget: Budget,
}

/// A flow: documents in, a published dataset out.
#[derive(Clone)]
pub struct Flow {
    plan: Arc<Mutex<FlowPlan>>,
}

/// Documents of a source, or of several.
#[derive(Clone)]
pub struct Documents {
    flow: Flow,
    from: Vec<String>,
    withhold: Option<Against>,
}

/// Samples as they leave a stage, or several.
#[derive(Clone)]
pub struct Samples {
    flow: Flow,
    from: Vec<String>,
}

impl Flow {
    /// Starts a flow whose tokens are counted by `tokenizer`.
    pub fn with_tokenizer(name: &str, tokenizer: Arc<dyn Tokenizer>) -> Self {
        let plan = FlowPlan {
            name: name.to_owned(),
            tokenizer,
            stages: Vec::new(),
            keep_versions: 10,
            budget: Budget::default(),
        };
        Flow { plan: Arc::new(Mutex::new(plan)) }
    }

    /// Takes a plan that was made elsewhere, as a flow file's is.
    pub fn from_plan(plan: FlowPlan) -> Self {
        Flow { plan: Arc::new(Mutex::new(plan)) }
    }

    /// Returns what the flow is made of.
    pub fn plan(&self) -> FlowPlan {
        self.lock().clone()
    }

    /// Brings documents in.
    pub fn documents(&self, name: &str, source: impl Source + 'static) -> Documents {
        let name = self.add(name, Vec::new(), Operator::Source(Arc::new(source)));
        Documents { flow: self.clone(), from: vec![name], withhold: None }
    }

    /// Bounds what all calls may cost in one build.
    pub fn budget(&self, budget: Budget) {
        self.lock().budget = budget;
    }

    /// Adds a stage, and returns its name: `name`, or the operator's if that is empty.
    pub fn add(&self, name: &str, from: Vec<String>, operator: Operator) -> String {
        let name = if name.is_empty() { operator.identity().name } else { name.to_owned() };
        self.lock().stages.push(FlowStage::new(name.clone(), from, operator));
        name
    }

    /// Holds the stage that was added last against sources.
    fn hold_last(&self, against: Against) {
        if let Some(stage) = self.lock().stages.last_mut() {
            stage.against = Some(against);
        }
    }

    /// Renames the stage that was added last.
    fn rename_last(&self, name: &str) {
        if let Some(stage) = self.lock().stages.last_mut() {
            name.clone_into(&mut stage.name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, FlowPlan> {
        self.plan.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Documents {
    /// Returns the documents of both.
    #[must_use]
    pub fn concat(&self, other: &Documents) -> Documents {
        Documents { from: [self.from.clone(), other.from.clone()].concat(), ..self.clone() }
    }

    /// Makes nothing of documents in which a check finds held-out ones: they become failed rows, and no call is given
    /// them.
    #[must_use]
    pub fn withhold(&self, held_out: &Documents, check: impl HeldOutCheck + 'static) -> Documents {
        let against = Against::new(held_out.from.clone(), Arc::new(check));
        Documents { withhold: Some(against), ..self.clone() }
    }

    /// Makes samples of each document.
    pub fn generate(&self, generator: impl Generator + 'static) -> Samples {
        self.stage(Operator::Generate(Arc::new(generator)))
    }

    /// Makes samples of each document, by calls.
    pub fn generate_asked(&self, generator: impl AskedGenerator + 'static) -> Samples {
        self.stage(Operator::GenerateAsked(Arc::new(generator)))
    }

    /// Makes samples of each document, by questions to models.
    pub fn teach(&self, teacher: impl Inquiry<Document, Vec<Draft>> + 'static) -> Samples {
        self.stage(Operator::Teach(Arc::new(teacher)))
    }

    fn stage(&self, operator: Operator) -> Samples {
        let name = self.flow.add("", self.from.clone(), operator);
        if let Some(against) = &self.withhold {
            self.flow.hold_last(against.clone());
        }
        Samples { flow: self.flow.clone(), from: vec![name] }
    }
}

impl Samples {
    /// Returns the samples of both.
    #[must_use]
    pub fn concat(&self, other: &Samples) -> Samples {
        Samples { flow: self.flow.clone(), from: [self.from.clone(), other.from.clone()].concat() }
    }

    /// Names the stage that was just added; needed for a second stage of one operator.
    #[must_use]
    pub fn named(mut self, name: &str) -> Samples {
        self.flow.rename_last(name);
        self.from = vec![name.to_owned()];
        self
    }

    /// Bounds what the calls of the stage that was just added may cost in one build.
    #[must_use]
    pub fn within(self, budget: Budget) -> Samples {
        if let Some(stage) = self.flow.lock().stages.last_mut() {
            stage.budget = budget;
        }
        self
    }

    /// Asks of the stage that was just added, which asks models, no more than so many samples that pass the verifiers
    /// behind it: the first in the order of their documents' permanent numbers.
    #[must_use]
    pub fn target(self, samples: u64) -> Samples {
        if let Some(stage) = self.flow.lock().stages.last_mut() {
            stage.target = Some(samples);
        }
        self
    }

    /// Judges each sample; what is refused stops here.
    pub fn verify(&self, verifier: impl Verifier + 'static) -> Samples {
        self.verify_or(verifier, OnReject::Drop)
    }

    /// Judges each sample, and says what becomes of a refused one.
    pub fn verify_or(&self, verifier: impl Verifier + 'static, on_reject: OnReject) -> Samples {
        self.stage(Operator::Verify(Arc::new(verifier), on_reject))
    }

    /// Judges each sample by what it shares with held-out documents; what holds one stops here.
    pub fn verify_against(&self, held_out: &Documents, check: impl HeldOutCheck + 'static) -> Samples {
        let check: Arc<dyn HeldOutCheck> = Arc::new(check);
        let samples = self.stage(Operator::VerifyAgainst(check.clone(), OnReject::Drop));
        self.flow.hold_last(Against::new(held_out.from.clone(), check));
        samples
    }

    /// Judges each sample by calls; what is refused stops here.
    pub fn verify_asked(&self, verifier: impl AskedVerifier + 'static) -> Samples {
        self.verify_asked_or(verifier, OnReject::Drop)
    }

    /// Judges each sample by calls, and says what becomes of a refused one.
    pub fn verify_asked_or(&self, verifier: impl AskedVerifier + 'static, on_reject: OnReject) -> Samples {
        self.stage(Operator::VerifyAsked(Arc::new(verifier), on_reject))
    }

    /// Judges each sample by questions to models; what is refused stops here.
    pub fn judge(&self, judge: impl Inquiry<Judged, Verdict> + 'static) -> Samples {
        self.judge_or(judge, OnReject::Drop)
    }

    /// Judges each sample by questions to models, and says what becomes of a refused one.
    pub fn judge_or(&self, judge: impl Inquiry<Judged, Verdict> + 'static, on_reject: OnReject) -> Samples {
        self.stage(Operator::Judge(Arc::new(judge), on_reject))
    }

    /// Judges each sample by what else there is; what is refused stops here.
    pub fn verify_graph(&self, verifier: impl GraphVerifier + 'static) -> Samples {
        self.verify_graph_or(verifier, OnReject::Drop)
    }

    /// Judges each sample by what else there is, and says what becomes of a refused one.
    pub fn verify_graph_or(&self, verifier: impl GraphVerifier + 'static, on_reject: OnReject) -> Samples {
        self.stage(Operator::VerifyGraph(Arc::new(verifier), on_reject))
    }

    /// Removes copies.
    pub fn dedup(&self, purge: impl Purge + 'static) -> Samples {
        self.stage(Operator::Dedup(Arc::new(purge)))
    }

    /// Chooses what to publish.
    pub fn mix(&self, mixer: impl Mixer + 'static) -> Samples {
        self.stage(Operator::Mix(Arc::new(mixer))).named("main")
    }

    /// Publishes a mix into the workspace's own folder.
    pub fn publish(&self) {
        self.publish_with(PublishSettings::default());
    }

    /// Publishes a mix.
    pub fn publish_with(&self, settings: PublishSettings) {
        let name = format!("publish {}", self.from.join("+"));
        self.flow.add(&name, self.from.clone(), Operator::Publish(settings));
    }

    fn stage(&self, operator: Operator) -> Samples {
        let name = self.flow.add("", self.from.clone(), operator);
        Samples { flow: self.flow.clone(), from: vec![name] }
    }
}

impl FlowPlan {
    /// Returns a stage by its name.
    pub fn stage(&self, name: &str) -> Option<&FlowStage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// Checks the wiring: names are unique, each stage reads what it can, and everything made is read.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with the stage that is wrong, and how.
    pub fn check(&self) -> Result<()> {
        let usage = |message: String| Err(Error::new(ErrorKind::Usage, message));
        for (index, stage) in self.stages.iter().enumerate() {
            let (name, kind) = (&stage.name, stage.operator.kind());
            if self.stages[..index].iter().any(|other| other.name == *name) {
                return usage(format!("two stages are named `{name}`: give one of them another name"));
            }
            if kind != "source" && stage.from.is_empty() {
                return usage(format!("stage `{name}` reads nothing: name its stages with `from`"));
            }
            for from in &stage.from {
                let Some(other) = self.stages[..index].iter().find(|other| other.name == *from) else {
                    return usage(format!(
                        "stage `{name}` reads `{from}`, and no stage before it has that name"
                    ));
                };
                let (reads, gives) = (kind, other.operator.kind());
                let fits = match reads {
                    "generate" => gives == "source",
                    "publish" => gives == "mix",
                    "keyed" => matches!(gives, "source" | "keyed"),
                    _ => matches!(gives, "generate" | "verify" | "dedup"),
                };
                if !fits {
                    return usage(format!("stage `{name}` ({reads}) cannot read `{from}` ({gives})"));
                }
            }
            if stage.target.is_some() && !matches!(stage.operator, Operator::Teach(_)) {
                return usage(format!("stage `{name}` asks no model, and so has no `target`"));
            }
            self.check_against(stage)?;
            let held_out =
                |stage: &FlowStage| stage.against.as_ref().is_some_and(|held| held.sources.contains(name));
            let read = self.stages.iter().any(|other| other.from.contains(name) || held_out(other));
            if !read && !matches!(kind, "publish" | "keyed") {
                return usage(format!("nothing reads stage `{name}`: wire it up, or remove it"));
            }
        }
        if self.stages.is_empty() {
            return usage("the flow has no stages".to_owned());
        }
        if let Some(strange) = self.stages.iter().find_map(|stage| self.strange_source(stage)) {
            return usage(strange);
        }
        if let Some((_, why)) = self.stages.iter().find_map(|stage| self.open_source(stage)) {
            return usage(why);
        }
        match self.stages.iter().find_map(|stage| self.kin(stage)) {
            Some(kin) => usage(kin),
            None => Ok(()),
        }
    }

    /// Returns a source whose documents a stage would send away, and that does not say what is redacted of them; and
    /// what to do about it.
    pub fn open_source(&self, stage: &FlowStage) -> Option<(&str, String)> {
        if !stage.operator.leaves() {
            return None;
        }
        let is_open = |source: &&FlowStage| matches!(&source.operator, Operator::Source(source) if matches!(source.redaction(), Redaction::Unsaid));
        let reaching = self.sources_of(stage);
        let source =
            self.stages.iter().filter(|other| reaching.contains(other.name.as_str())).find(is_open)?;
        let why = format!(
            "stage `{}` sends what it is given to a service, and the source `{}` does not say what is redacted: give it \
             `redact`, \"standard\" or, if all of it may be seen, \"none\"",
            stage.name, source.name
        );
        Some((source.name.as_str(), why))
    }

    /// Says which source a verifier names that does not reach it, if it names one.
    pub fn strange_source(&self, stage: &FlowStage) -> Option<String> {
        let Operator::VerifyGraph(verifier, _) = &stage.operator else { return None };
        let reaching = self.sources_of(stage);
        let strange = verifier.sources().iter().find(|name| !reaching.contains(name.as_str()))?;
        let hint = nearest(strange, reaching).unwrap_or_default();
        Some(format!(
            "`sources` of `{}` names `{strange}`, and no such source reaches it: {hint}",
            stage.name
        ))
    }

    /// Returns the sources whose documents' samples reach a stage.
    fn sources_of<'a>(&'a self, stage: &'a FlowStage) -> BTreeSet<&'a str> {
        let (mut sources, mut open) = (BTreeSet::new(), vec![stage]);
        while let Some(stage) = open.pop() {
            if stage.from.is_empty() {
                sources.insert(stage.name.as_str());
            }
            open.extend(stage.from.iter().filter_map(|from| self.stage(from)));
        }
        sources
    }

    /// Says which generator a judge is kin to, if it is to one: no family judges its own.
    pub fn kin(&self, stage: &FlowStage) -> Option<String> {
        if stage.operator.kind() != "verify" {
            return None;
        }
        let judges = stage.operator.families();
        let (mut seen, mut open) = (BTreeSet::new(), vec![stage]);
        while let Some(next) = open.pop() {
            let makes = next.operator.kind() == "generate";
            if let Some((family, judge)) =
                judges.iter().find(|(family, _)| makes && next.operator.families().contains_key(*family))
            {
                return Some(format!(
                    "`{judge}` judges in stage `{}` and is of the family `{family}`, as what makes the samples of `{}`: let a \
                     model of another family judge them",
                    stage.name, next.name
                ));
            }
            let from = next.from.iter().filter_map(|from| self.stage(from));
            open.extend(from.filter(|stage| seen.insert(stage.name.as_str())));
        }
        None
    }

    /// Returns the names of all arrangements in which the flow's stages keep answers.
    pub fn answers(&self) -> BTreeSet<String> {
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for stage in self.stages.iter().filter(|stage| stage.operator.is_asked()) {
            match stage.operator.inquiring() {
                None => *places.entry(stage.operator.identity().fingerprint()).or_default() += 1,
                Some(inquiring) => {
                    for respondent in inquiring.respondents {
                        *places.entry(respondent.about().answers).or_default() += inquiring.rounds;
                    }
                }
            }
        }
        let names = places.into_iter().flat_map(|(asker, places)| {
            (1..=places).map(move |place| crate::ask::answers_at(&asker.to_string(), place))
        });
        names.collect()
    }
}

#[cfg(test)]
mod tests;
