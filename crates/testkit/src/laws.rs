use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{
    Content, Document, Draft, Failure, FileChange, Generator, Heard, Identity, Inquiring, Inquiry, Judge,
    KeptFiles, Key, Next, Place, Proof, Question, Redaction, Result, Row, RowItem, Sample, Source, Teacher,
    Tokenizer, Value, Verifier,
};
use rifflebox_dataflow::{
    Budget, Change, FlowPlan, FlowStage, Graph, GraphVerifier, Keep, MixDecision, Mixed, Mixer, OnReject,
    Operator, Pace, PublishSettings, Purge, Rows, Scope, compile, encode,
};

use crate::random::Random;
use crate::replay::Replay;

/// How hard the laws are tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Random histories, each of its own seed.
    pub histories: u64,
    /// Runs of each history, each as a new process.
    pub runs: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { histories: 3, runs: 5 }
    }
}

/// Puts a generator through the laws, over random histories of these documents.
///
/// It is pure: asked again, on another thread, it says the same. And kept true through inserts, edits and deletes,
/// restarts and worker counts, its samples are those of a whole-input evaluation (L1, L4).
///
/// # Errors
/// The first law that does not hold, with the seed that shows it.
pub fn generator_laws(
    generator: Arc<dyn Generator>,
    documents: &[Document],
    effort: Effort,
) -> Result<(), String> {
    for document in documents {
        let (one, two) = (drafts(&*generator, document), on_another_thread(|| drafts(&*generator, document)));
        if one != two {
            return Err(format!(
                "{} is not pure: it says two things of {}",
                generator.identity().name,
                document.id
            ));
        }
    }
    histories(&[("made", Operator::Generate(generator))], documents, effort)
}

/// Puts a verifier through the laws, over random histories of these documents, each of which is a sample too.
///
/// # Errors
/// As [`generator_laws`].
pub fn verifier_laws(
    verifier: Arc<dyn Verifier>,
    documents: &[Document],
    effort: Effort,
) -> Result<(), String> {
    let whole = Arc::new(Whole);
    let stages = [
        ("made", Operator::Generate(whole)),
        ("judged", Operator::Verify(verifier, OnReject::Drop)),
        ("judged again", Operator::Verify(Arc::new(AnyText), OnReject::Demote)),
    ];
    histories(&stages, documents, effort)
}

/// Puts a verifier that is a graph through the laws, over random histories of these documents, each of which is a sample
/// too: a synthetic one where its depth is 1.
///
/// # Errors
/// As [`generator_laws`].
pub fn graph_verifier_laws(
    verifier: Arc<dyn GraphVerifier>,
    documents: &[Document],
    effort: Effort,
) -> Result<(), String> {
    let stages = [
        ("made", Operator::Generate(Arc::new(Whole))),
        ("judged before", Operator::Verify(Arc::new(AnyText), OnReject::Tag)),
        ("judged", Operator::VerifyGraph(verifier, OnReject::Drop)),
        ("judged again", Operator::Verify(Arc::new(AnyText), OnReject::Demote)),
    ];
    histories(&stages, documents, effort)
}

/// Puts a purge through the laws, over random histories of these documents, many of them copies of one another.
///
/// # Errors
/// As [`generator_laws`].
pub fn purge_laws(purge: Arc<dyn Purge>, documents: &[Document], effort: Effort) -> Result<(), String> {
    let stages = [
        ("made", Operator::Generate(Arc::new(Whole))),
        ("judged before", Operator::Verify(Arc::new(AnyText), OnReject::Demote)),
        ("purged", Operator::Dedup(purge)),
        ("judged", Operator::Verify(Arc::new(AnyText), OnReject::Tag)),
    ];
    histories(&stages, documents, effort)
}

/// Puts a mixer through the laws, over random histories of these documents.
///
/// # Errors
/// As [`generator_laws`].
pub fn mixer_laws(mixer: Arc<dyn Mixer>, documents: &[Document], effort: Effort) -> Result<(), String> {
    histories(
        &[("made", Operator::Generate(Arc::new(Whole))), ("mixed", Operator::Mix(mixer))],
        documents,
        effort,
    )
}

/// Puts an inquiry that makes samples through the laws, over random histories of these documents.
///
/// Its respondents are asked in earnest: their answers have to depend on the request alone.
///
/// # Errors
/// As [`generator_laws`].
pub fn teacher_laws(teacher: Arc<Teacher>, documents: &[Document], effort: Effort) -> Result<(), String> {
    let runtime = runtime()?;
    for document in documents {
        steps_are_pure(&*teacher, document, &runtime)?;
    }
    asked_histories(&[("made", Operator::Teach(teacher))], documents, effort, Some(runtime.handle()))
}

/// Puts an inquiry that judges through the laws, over random histories of these documents, each of which is a sample too.
///
/// # Errors
/// As [`teacher_laws`].
pub fn judge_laws(judge: Arc<Judge>, documents: &[Document], effort: Effort) -> Result<(), String> {
    let runtime = runtime()?;
    for document in documents {
        steps_are_pure(&*judge, &(Sample::of_document("made", document), vec![document.clone()]), &runtime)?;
    }
    let stages = [
        ("made", Operator::Generate(Arc::new(Whole))),
        ("judged before", Operator::Verify(Arc::new(AnyText), OnReject::Tag)),
        ("judged", Operator::Judge(judge, OnReject::Drop)),
        ("judged again", Operator::Verify(Arc::new(AnyText), OnReject::Demote)),
    ];
    asked_histories(&stages, documents, effort, Some(runtime.handle()))
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| error.to_string())
}

/// Takes all steps of an inquiry into an item, each twice, and asks what it asks.
fn steps_are_pure<Item: Sync, Said: PartialEq + Send>(
    inquiry: &dyn Inquiry<Item, Said>,
    item: &Item,
    runtime: &tokio::runtime::Runtime,
) -> Result<(), String> {
    let Inquiring { identity, respondents, rounds, .. } = inquiry.describe();
    let mut heard: Vec<Vec<Heard>> = Vec::new();
    loop {
        let (one, two) = (inquiry.next(item, &heard), on_another_thread(|| inquiry.next(item, &heard)));
        if one != two {
            return Err(format!(
                "{} is not pure: after {} rounds it says two things",
                identity.name,
                heard.len()
            ));
        }
        let Next::Ask(questions) = one else { return Ok(()) };
        if heard.len() == rounds {
            return Err(format!("{} asks on after the {rounds} rounds that it describes", identity.name));
        }
        let reply = |question: Question| {
            let respondent = respondents.get(question.to).ok_or("it asks a stranger")?;
            match runtime.block_on(respondent.answer(question.request)).answer {
                Ok(answer) => Ok(Ok(respondent.read(&answer))),
                Err(Failure::Final(reason)) => Ok(Err(reason)),
                Err(Failure::Owed(reason)) => Err(format!("a respondent owes an answer: {reason}")),
            }
        };
        heard.push(questions.into_iter().map(reply).collect::<Result<_, String>>()?);
    }
}

/// Puts a chain of stages through random histories of documents, against the whole-input evaluation.
fn histories(stages: &[(&str, Operator)], documents: &[Document], effort: Effort) -> Result<(), String> {
    asked_histories(stages, documents, effort, None)
}

/// Does the same where stages ask, on a runtime.
fn asked_histories(
    stages: &[(&str, Operator)],
    documents: &[Document],
    effort: Effort,
    runtime: Option<&tokio::runtime::Handle>,
) -> Result<(), String> {
    let graph = graph(stages).map_err(|error| error.chain())?;
    for seed in 0..effort.histories {
        let mut random = Random::new(seed);
        let mut replay = Replay { runtime: runtime.cloned(), ..Replay::default() };
        let mut folder: BTreeMap<String, RowItem> = BTreeMap::new();
        for run in 0..effort.runs {
            let epochs =
                (0..1 + random.below(3)).map(|_| edit(&mut folder, documents, &mut random)).collect();
            let pace = Pace {
                workers: 1 + random.below(3) as usize,
                commit_bytes: *random.choose(&[0, 1 << 30]),
                replay_bytes: *random.choose(&[1_000, 1 << 30]),
                ..Pace::default()
            };
            let at = format!("seed {seed}, run {run}");
            replay.run(&graph, epochs, pace).map_err(|error| format!("{at}: {}", error.chain()))?;
            replay.compare(&graph).map_err(|differs| format!("{at}: {differs}"))?;
        }
    }
    Ok(())
}

pub(crate) fn graph(stages: &[(&str, Operator)]) -> Result<Arc<Graph>> {
    let mut all = vec![FlowStage::new("docs", vec![], Operator::Source(Arc::new(Nowhere)))];
    for (name, operator) in stages {
        let from = all.last().map(|stage| stage.name.clone()).into_iter().collect();
        all.push(FlowStage::new((*name).to_owned(), from, operator.clone()));
    }
    if !matches!(stages.last(), Some((_, Operator::Mix(_)))) {
        let from = all.last().map(|stage| stage.name.clone()).into_iter().collect();
        all.push(FlowStage::new("all", from, Operator::Mix(Arc::new(Everything))));
    }
    let from = all.last().map(|stage| stage.name.clone()).into_iter().collect();
    let publish = Operator::Publish(PublishSettings::default());
    all.push(FlowStage::new("publish", from, publish));
    let plan = FlowPlan {
        name: "laws".into(),
        tokenizer: Arc::new(Bytes),
        stages: all,
        keep_versions: 1,
        budget: Budget::default(),
    };
    Ok(compile(&plan)?.graph)
}

/// Inserts, replaces and deletes a few files; a file may say what another says.
fn edit(folder: &mut BTreeMap<String, RowItem>, documents: &[Document], random: &mut Random) -> Vec<Change> {
    let mut changes = Vec::new();
    for _ in 0..random.below(6) {
        let slot = random.below(2 * documents.len() as u64);
        let path = format!("{slot}.{}", if slot.is_multiple_of(2) { "md" } else { "txt" });
        let mut say = |item: &RowItem, diff| {
            let (key, value) = encode(&item.key, item);
            changes.push(Change { input: "docs/rows".into(), key, value, diff });
        };
        if let Some(item) = folder.remove(&path) {
            say(&item, -1);
            if random.once_in(2) {
                continue;
            }
        }
        let document =
            Document { source: "docs".into(), id: path.clone(), ..random.choose(documents).clone() };
        let place = Place { path: path.clone(), line: None };
        let item = RowItem { key: document.key(), place, document: Ok(document) };
        say(&item, 1);
        folder.insert(path, item);
    }
    changes
}

fn drafts(generator: &dyn Generator, document: &Document) -> (Vec<Draft>, Result<(), String>) {
    let mut said = Vec::new();
    let outcome = generator.generate(document, &mut |draft| said.push(draft));
    (said, outcome)
}

fn on_another_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Counts bytes.
struct Bytes;

impl Tokenizer for Bytes {
    fn name(&self) -> &str {
        "bytes"
    }

    fn fingerprint(&self) -> Key {
        Key::of(b"bytes")
    }

    fn count(&self, text: &str) -> u64 {
        text.len() as u64
    }
}

/// A source whose changes come by hand.
struct Nowhere;

impl Source for Nowhere {
    fn identity(&self) -> Identity {
        Identity::new("nowhere", "1")
    }

    fn redaction(&self) -> Redaction {
        Redaction::None
    }

    fn changes(&self, _: &KeptFiles, _: &mut dyn FnMut(FileChange<'_>) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

/// Makes each document one sample, with the document's fields.
pub(crate) struct Whole;

impl Generator for Whole {
    fn identity(&self) -> Identity {
        Identity::new("whole", "1")
    }

    fn synthetic(&self) -> bool {
        false
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        let column = |name: &str| document.fields.get(name).and_then(Value::as_text).map(str::to_owned);
        let draft = Draft::new(match (column("prompt"), column("completion")) {
            (Some(prompt), Some(completion)) => Content::Completion { prompt, completion },
            _ => Content::Text { text: document.text.clone() },
        });
        say(Draft { fields: document.fields.clone(), ..draft });
        Ok(())
    }
}

/// Accepts every text of even length.
struct AnyText;

impl Verifier for AnyText {
    fn identity(&self) -> Identity {
        Identity::new("any-text", "1")
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        true
    }

    fn verify(&self, sample: &rifflebox_core::Sample, documents: &[Document]) -> rifflebox_core::Verdict {
        match sample.text().len().is_multiple_of(2) && documents.len() == 1 {
            true => rifflebox_core::Verdict::accept(),
            false => rifflebox_core::Verdict::reject("odd"),
        }
    }
}

/// Chooses every row.
struct Everything;

impl Mixer for Everything {
    fn identity(&self) -> Identity {
        Identity::new("everything", "1")
    }

    fn mix(&self, scope: &mut Scope<'_>, candidates: Rows<Key, Row>) -> Mixed {
        let one = scope.flat_map(candidates, |_, _: Row, say| say((), ()));
        let one = scope.arrange("any", one, Keep::Internal);
        let one = scope.reduce("once", one, |(), _, say| say(MixDecision::default()));
        Mixed { rows: candidates, decision: one.rows() }
    }
}
