//! A flow as a graph: one stage of the graph per stage of the flow, one arrangement per thing that must outlive a run.
//!
//! Text lives once, in the arrangement of the stage that made it. What travels between stages is [`Row`]s; where an
//! operator needs text, the rows are joined with it. A purge writes only its exceptions, so its output is a signed
//! sum: what came in, less what it displaced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rifflebox_core::{
    Error, ErrorKind, FileRecord, Inquiring, Judge, Key, Outcome, Result, Row, RowItem, Sample, StageRow,
    Teacher, Value,
};

use super::asked;
use super::candidates::{Candidates, Output, Term};
use super::graph_verifier::{self, GraphVerifier, Verdicts};
use super::inquiry;
use super::keyed::{self, KeyedStep};
use super::make;
use super::records::{Label, Made, MadeHead, Repeat, Status, Unit};
use super::seeds::{Seeds, SourceRows, admitted_documents, sound_documents};
use super::{FlowPlan, FlowStage, MixDecision, Mixer, OnReject, Operator, Purge, Purged};
use crate::graph::{Graph, Keep, Node};
use crate::scope::{Arranged, Rows, Scope};

/// Digest of all that is written between runs and is not an operator's own: a change recomputes everything.
pub fn schema() -> Key {
    Key::builder("rifflebox-arrangements").number(2).finish()
}

/// A flow's graph, and where in it things are kept.
pub struct Compiled {
    /// The graph.
    pub graph: Arc<Graph>,
    /// By stage: the names of the generators whose samples reach it.
    pub generators: BTreeMap<String, BTreeSet<String>>,
}

/// Compiles a checked flow.
///
/// # Errors
/// When the flow is miswired; see [`FlowPlan::check`].
pub fn compile(plan: &FlowPlan) -> Result<Compiled> {
    plan.check()?;
    let mut compiler = Compiler {
        plan,
        graph: Graph::new(),
        sources: BTreeMap::new(),
        texts: BTreeMap::new(),
        outputs: BTreeMap::new(),
        keyed: BTreeMap::new(),
        admitted: BTreeMap::new(),
    };
    for stage in &plan.stages {
        compiler.stage(stage)?;
    }
    let generators = compiler.outputs.into_iter().map(|(name, output)| (name, output.generators)).collect();
    Ok(Compiled { graph: Arc::new(compiler.graph), generators })
}

struct Compiler<'a> {
    plan: &'a FlowPlan,
    graph: Graph,
    sources: BTreeMap<String, SourceRows>,
    /// By generator: the arrangement in which its samples' text lives.
    texts: BTreeMap<String, Arranged<Key, Made>>,
    outputs: BTreeMap<String, Output>,
    /// By step of the user's own logic: the arrangement of what it says.
    keyed: BTreeMap<String, Node>,
    /// By generator that has a target: the documents that it may ask of.
    admitted: BTreeMap<String, Arranged<Key, Option<Key>>>,
}

impl Compiler<'_> {
    fn stage(&mut self, stage: &FlowStage) -> Result<()> {
        let fingerprint = self.fingerprint(stage);
        let output = match &stage.operator {
            Operator::Source(_) => return self.source(stage),
            Operator::Publish(_) => return Ok(()),
            Operator::Keyed(step) => {
                self.keyed(stage, fingerprint, step);
                return Ok(());
            }
            Operator::Generate(generator) => {
                let maker = make::maker(&stage.name, generator.clone(), self.plan.tokenizer.clone());
                self.generate(stage, fingerprint, |scope, documents| {
                    scope.flat_map(documents, move |_, item: RowItem, say| maker(&item, say))
                })?
            }
            Operator::GenerateAsked(generator) => {
                let asking =
                    asked::Generating::new(&stage.name, generator.clone(), self.plan.tokenizer.clone());
                self.generate(stage, fingerprint, |scope, documents| asking.build(scope, documents))?
            }
            Operator::Teach(teacher) => self.teach(stage, fingerprint, teacher)?,
            Operator::Verify(verifier, on_reject) => {
                let judge = make::judge(verifier.clone(), *on_reject);
                self.verify(
                    stage,
                    self.input(stage)?,
                    fingerprint,
                    verifier.reads_documents(),
                    |scope, items| {
                        scope.flat_map(items, move |id, (row, sample, documents), say| {
                            say(id, judge(row, &sample, &documents));
                        })
                    },
                )
            }
            Operator::VerifyAgainst(..) => {
                let message = format!("what stage `{}` is held against is not known", stage.name);
                return Err(Error::new(ErrorKind::Internal, message));
            }
            Operator::VerifyAsked(verifier, on_reject) => {
                let asking = asked::Judging::new(verifier.clone(), *on_reject);
                let reads = verifier.reads_documents();
                self.verify(stage, self.input(stage)?, fingerprint, reads, |scope, items| {
                    asking.build(scope, items)
                })
            }
            Operator::Judge(judge, on_reject) => self.judge(stage, fingerprint, judge, *on_reject)?,
            Operator::VerifyGraph(verifier, on_reject) => {
                self.verify_graph(stage, self.input(stage)?, fingerprint, &**verifier, *on_reject)
            }
            Operator::Dedup(purge) => self.dedup(stage, self.input(stage)?, fingerprint, &**purge),
            Operator::Mix(mixer) => self.mix(stage, self.input(stage)?, fingerprint, &**mixer),
        };
        self.outputs.insert(stage.name.clone(), output);
        Ok(())
    }

    /// What a stage's behaviour depends on: its operator, and what the engine does around it.
    fn fingerprint(&self, stage: &FlowStage) -> Key {
        let engine = match &stage.operator {
            Operator::Verify(verifier, on_reject) => format!("{on_reject:?} {:?}", verifier.proof()),
            Operator::VerifyAsked(verifier, on_reject) => format!("{on_reject:?} {:?}", verifier.proof()),
            Operator::Judge(judge, on_reject) => format!("{on_reject:?} {:?}", judge.describe().proof),
            Operator::VerifyGraph(verifier, on_reject) => format!("{on_reject:?} {:?}", verifier.proof()),
            Operator::Generate(generator) => format!("synthetic: {}", generator.synthetic()),
            _ => String::new(),
        };
        let key = Key::builder("stage")
            .text(stage.operator.kind())
            .key(stage.operator.identity().fingerprint())
            .key(self.plan.tokenizer.fingerprint())
            .text(&engine);
        match &stage.against {
            None => key.finish(),
            Some(against) => key.key(against.fingerprint()).finish(),
        }
    }

    /// `NAME/rows` documents by key; `NAME/files` and `NAME/index` what a scan compares with; `NAME/repeats`.
    fn source(&mut self, stage: &FlowStage) -> Result<()> {
        // A source is never computed anew: its scan says the difference between its files and what is kept.
        let mut scope = Scope::stage(&mut self.graph, &stage.name, Key::MIN);
        let files = scope.input::<Key, (String, FileRecord)>("files");
        scope.arrange("files", files, Keep::Always);
        let index = scope.input::<Key, (Key, Key)>("index");
        scope.arrange("index", index, Keep::Always);
        let rows = scope.input::<Key, RowItem>("rows");
        let rows = scope.arrange("rows", rows, Keep::Always);
        let repeats = scope.reduce("repeated", rows, |_, items: Vec<(RowItem, i64)>, say| {
            let mut sound: Vec<_> = items.into_iter().filter(|(item, _)| item.document.is_ok()).collect();
            sound.sort_by(|(one, _), (two, _)| one.place.cmp(&two.place));
            let mut sound = sound.into_iter().map(|(item, _)| item);
            if let Some(first) = sound.next() {
                sound.for_each(|item| say(Repeat { item, first: first.place.clone() }));
            }
        });
        let repeats = scope.arrange("repeats", repeats.rows(), Keep::Always);
        let counted = scope.weighted_map(rows.rows(), |_, item: RowItem, say| {
            let label = match &item.document {
                Ok(document) => Label { status: Status::Kept, tier: document.tier, unit: Unit::Rows },
                Err(_) => Label { status: Status::Broken, tier: rifflebox_core::Tier::T0, unit: Unit::Rows },
            };
            say(label, (), 1);
        });
        let repeated = scope.weighted_map(repeats.rows(), |_, repeat: Repeat, say| {
            let tier = repeat.item.document.map_or(rifflebox_core::Tier::T0, |document| document.tier);
            say(Label { status: Status::Kept, tier, unit: Unit::Rows }, (), -1);
            say(Label { status: Status::Broken, tier: rifflebox_core::Tier::T0, unit: Unit::Rows }, (), 1);
        });
        let totals = scope.concat(&[counted, repeated]);
        scope.arrange("totals", totals, Keep::Always);
        self.sources.insert(stage.name.clone(), SourceRows { rows, repeats });
        let sources = BTreeSet::from([stage.name.clone()]);
        let output = Output { terms: Vec::new(), generators: BTreeSet::new(), sources };
        self.outputs.insert(stage.name.clone(), output);
        Ok(())
    }

    fn teach(&mut self, stage: &FlowStage, fingerprint: Key, teacher: &Arc<Teacher>) -> Result<Output> {
        let Inquiring { identity, needs_text, .. } = teacher.describe();
        let maker = make::Maker {
            stage: stage.name.clone(),
            identity,
            synthetic: true,
            tokenizer: self.plan.tokenizer.clone(),
        };
        let teaching = inquiry::Teaching { teacher: teacher.clone(), needs_text, maker };
        let admitted = self.admitted(stage);
        self.generate(stage, fingerprint, |scope, documents| {
            let caps = admitted.map(|admitted| {
                let admitted = scope.enter(admitted);
                scope.flat_map(admitted, |key, cap: Option<Key>, say| {
                    if let Some(cap) = cap {
                        say(key, cap);
                    }
                })
            });
            let documents = scope.flat_map(documents, |key, item: RowItem, say| {
                if let Ok(document) = item.document {
                    say(key, document);
                }
            });
            inquiry::build(scope, teaching, documents, caps)
        })
    }

    fn judge(
        &mut self,
        stage: &FlowStage,
        fingerprint: Key,
        judge: &Arc<Judge>,
        on_reject: OnReject,
    ) -> Result<Output> {
        let Inquiring { proof, reads_documents: reads, .. } = judge.describe();
        let judging = inquiry::Judging { judge: judge.clone(), proof, on_reject };
        Ok(self.verify(stage, self.input(stage)?, fingerprint, reads, |scope, items| {
            let items = scope.flat_map(items, |id, (row, sample, documents), say| {
                say(id, (row, (sample, documents)));
            });
            inquiry::build(scope, judging, items, None)
        }))
    }

    /// `NAME/target/admitted` the documents that a stage with a target may ask of, each with the greatest id of a sample
    /// that is wanted of it, if not all are.
    ///
    /// They stand in a stage of their own: a generator that changes is shown them.
    fn admitted(&mut self, stage: &FlowStage) -> Option<Arranged<Key, Option<Key>>> {
        stage.target?;
        let mut scope = Scope::stage(&mut self.graph, &format!("{}/target", stage.name), Key::MIN);
        let admitted = scope.input::<Key, Option<Key>>("admitted");
        let admitted = scope.arrange("admitted", admitted, Keep::Always);
        self.admitted.insert(stage.name.clone(), admitted);
        Some(admitted)
    }

    /// `NAME/samples` each sample with its row, by id.
    fn generate(
        &mut self,
        stage: &FlowStage,
        fingerprint: Key,
        build: impl FnOnce(&mut Scope<'_>, Rows<Key, RowItem>) -> Rows<Key, Made>,
    ) -> Result<Output> {
        let mut scope = Scope::stage(&mut self.graph, &stage.name, fingerprint);
        let admitted = self.admitted.get(&stage.name).map(|admitted| scope.enter_arranged(*admitted));
        let mut documents = Vec::new();
        for from in &stage.from {
            let (rows, repeats) = match admitted {
                None => sound_documents(&mut scope, self.sources[from]),
                Some(admitted) => admitted_documents(&mut scope, self.sources[from], admitted),
            };
            documents.extend([rows, repeats]);
        }
        let documents = scope.concat(&documents);
        let mut notes = Vec::new();
        let made = match &stage.against {
            None => build(&mut scope, documents),
            Some(against) => {
                let (free, withheld) = withhold(&mut scope, documents, against.verifier()?);
                notes.push(held_out_notes(&mut scope, against, &self.sources));
                let made = build(&mut scope, free);
                scope.concat(&[made, withheld])
            }
        };
        let made = scope.arrange("samples", made, Keep::Output);
        if let Some(field) = stage.operator.inquiring().and_then(|inquiring| inquiring.counted_by) {
            notes.push(coverage_notes(&mut scope, &field, documents, made));
        }
        arrange_notes(&mut scope, &notes);
        let heads = scope.weighted_map(made.read_as::<MadeHead>().rows(), |_, head, say| match head {
            MadeHead::Sample(row) => count(&row, Status::Kept, say),
            MadeHead::Failed { .. } => {
                say(
                    Label { status: Status::Failed, tier: rifflebox_core::Tier::T3, unit: Unit::Rows },
                    (),
                    1,
                );
            }
        });
        scope.arrange("totals", heads, Keep::Always);
        self.texts.insert(stage.name.clone(), made);
        Ok(Output {
            terms: vec![Term::Made(made)],
            generators: BTreeSet::from([stage.name.clone()]),
            sources: stage.from.iter().cloned().collect(),
        })
    }

    /// `NAME/verdicts` what the stage says of each row that reached it, by id.
    fn verify(
        &mut self,
        stage: &FlowStage,
        input: Output,
        fingerprint: Key,
        reads_documents: bool,
        build: impl FnOnce(
            &mut Scope<'_>,
            Rows<Key, (Row, Sample, Vec<rifflebox_core::Document>)>,
        ) -> Rows<Key, StageRow>,
    ) -> Output {
        let mut scope = Scope::stage(&mut self.graph, &stage.name, fingerprint);
        let candidates = Candidates::new(&input, &self.texts);
        let items = candidates.read(&mut scope, |row, sample, say| say(row.id, (row, sample)));
        let items = match reads_documents {
            false => scope.flat_map(items, |id, (row, sample), say| say(id, (row, sample, Vec::new()))),
            true => Seeds::new(&input.sources, &self.sources).with_documents(&mut scope, items),
        };
        let judged = build(&mut scope, items);
        let judged = scope.arrange("verdicts", judged, Keep::Output);
        count_outcomes(&mut scope, judged);
        if let Some(against) = &stage.against {
            let notes = held_out_notes(&mut scope, against, &self.sources);
            arrange_notes(&mut scope, &[notes]);
        }
        Output { terms: vec![Term::Judged(judged)], ..input }
    }

    /// `NAME/verdicts` as any verifier's; `NAME/notes` figures.
    fn verify_graph(
        &mut self,
        stage: &FlowStage,
        input: Output,
        fingerprint: Key,
        verifier: &dyn GraphVerifier,
        on_reject: OnReject,
    ) -> Output {
        let mut scope = Scope::stage(&mut self.graph, &stage.name, fingerprint);
        let candidates = Candidates::new(&input, &self.texts);
        let sources = match verifier.sources() {
            [] => input.sources.clone(),
            some => some.iter().cloned().collect(),
        };
        let seeds = Seeds::new(&sources, &self.sources);
        let Verdicts { verdicts, notes } = verifier.verdicts(&mut scope, &candidates, &seeds);
        let judged = graph_verifier::outcomes(&mut scope, &candidates, verdicts, verifier.proof(), on_reject);
        let judged = scope.arrange("verdicts", judged, Keep::Output);
        if let Some(notes) = notes {
            scope.arrange("notes", notes, Keep::Internal);
        }
        count_outcomes(&mut scope, judged);
        Output { terms: vec![Term::Judged(judged)], ..input }
    }

    /// `NAME/displaced` the rows that gave way, by id; `NAME/by` the same by the row that they gave way to; `NAME/notes` figures.
    fn dedup(&mut self, stage: &FlowStage, mut input: Output, fingerprint: Key, purge: &dyn Purge) -> Output {
        let mut scope = Scope::stage(&mut self.graph, &stage.name, fingerprint);
        let candidates = Candidates::new(&input, &self.texts);
        let Purged { displaced, notes } = purge.displaced(&mut scope, &candidates);
        let displaced = scope.arrange("displaced", displaced, Keep::Output);
        if let Some(notes) = notes {
            scope.arrange("notes", notes, Keep::Internal);
        }
        let by = scope.flat_map(displaced.rows(), |id, said: StageRow, say| {
            if let Outcome::Displaced { by, .. } = said.outcome {
                say(by, id);
            }
        });
        scope.arrange("by", by, Keep::Always);
        count_outcomes(&mut scope, displaced);
        input.terms.push(Term::Displaced(displaced));
        input
    }

    /// `NAME/mix` the chosen rows, by route; `NAME/sizes` their bytes by kind and bucket; `NAME/decision`.
    fn mix(&mut self, stage: &FlowStage, input: Output, fingerprint: Key, mixer: &dyn Mixer) -> Output {
        let mut scope = Scope::stage(&mut self.graph, &stage.name, fingerprint);
        let candidates = Candidates::new(&input, &self.texts).rows(&mut scope);
        let mixed = mixer.mix(&mut scope, candidates);
        let chosen = scope.flat_map(mixed.rows, |_, row: Row, say| say(row.route, row));
        let chosen = scope.arrange("mix", chosen, Keep::Output);
        let decision: Arranged<(), MixDecision> = scope.arrange("decision", mixed.decision, Keep::Output);
        let _ = decision;
        let sizes = scope.weighted_map(chosen.rows(), |route: Key, row: Row, say| {
            say((row.kind, (route.head64() >> 52) as u16), (), row.bytes as i64);
        });
        scope.arrange("sizes", sizes, Keep::Always);
        let taken = scope.weighted_map(chosen.rows(), |_, row: Row, say| count(&row, Status::Kept, say));
        let offered = scope.weighted_map(candidates, |_, row: Row, say| count(&row, Status::Unused, say));
        let untaken = scope.weighted_map(chosen.rows(), |_, row: Row, say| {
            count(&row, Status::Unused, &mut |label, (), weight| say(label, (), -weight));
        });
        // What was offered is counted anew with a changed stage, what was taken with its arrangement.
        let offered = scope.arrange("offered", offered, Keep::Internal);
        let _ = offered;
        let totals = scope.concat(&[taken, untaken]);
        scope.arrange("totals", totals, Keep::Always);
        Output { terms: Vec::new(), ..input }
    }

    /// `NAME/rows` what a step of the user's own logic says.
    fn keyed(&mut self, stage: &FlowStage, fingerprint: Key, step: &KeyedStep) {
        let mut scope = Scope::stage(&mut self.graph, &stage.name, fingerprint);
        let mut inputs = Vec::new();
        for from in &stage.from {
            match self.sources.get(from) {
                Some(source) => {
                    let (rows, repeats) = sound_documents(&mut scope, *source);
                    inputs.extend([rows.node, repeats.node]);
                }
                None => inputs.push(self.keyed[from]),
            }
        }
        let said = (step.build)(&mut scope, &inputs);
        let rows = keyed::arrange(&mut scope, said);
        self.keyed.insert(stage.name.clone(), rows);
        self.outputs.insert(stage.name.clone(), Output::default());
    }

    fn input(&self, stage: &FlowStage) -> Result<Output> {
        let mut input = Output::default();
        for from in &stage.from {
            let output = &self.outputs[from];
            if let Some(twice) = input.generators.intersection(&output.generators).next() {
                let message =
                    format!("stage `{}` gets the samples of `{twice}` twice, once by `{from}`", stage.name);
                return Err(Error::new(ErrorKind::Usage, message));
            }
            input.terms.extend(&output.terms);
            input.generators.extend(output.generators.iter().cloned());
            input.sources.extend(output.sources.iter().cloned());
        }
        Ok(input)
    }
}

/// Says how many samples there are for each value of a field, and for how many documents there is none; `NAME/covered` the
/// documents that have one.
fn coverage_notes(
    scope: &mut Scope<'_>,
    field: &str,
    documents: Rows<Key, RowItem>,
    made: Arranged<Key, Made>,
) -> Rows<String, ()> {
    let covered = scope.flat_map(made.read_as::<MadeHead>().rows(), |_: Key, head: MadeHead, say| {
        if let MadeHead::Sample(row) = head {
            say(row.route, ());
        }
    });
    let covered = scope.distinct("covered", covered);
    let all = scope.flat_map(documents, |key: Key, _: RowItem, say| say(key, ()));
    let less = scope.negate(covered.rows());
    let uncovered = scope.concat(&[all, less]);
    let name = "documents without a sample".to_owned();
    let uncovered = scope.flat_map(uncovered, move |_: Key, (), say| say(name.clone(), ()));
    let field = field.to_owned();
    let counts = scope.flat_map(made.rows(), move |_: Key, made: Made, say| {
        if let Made::Sample(_, sample) = made
            && let Some(value) = sample.fields.get(&field).and_then(Value::as_text)
        {
            say(format!("{field} {value}"), ());
        }
    });
    scope.concat(&[uncovered, counts])
}

/// Divides documents into those of which samples may be made, and failed rows for those that hold held-out ones.
fn withhold(
    scope: &mut Scope<'_>,
    documents: Rows<Key, RowItem>,
    verifier: Arc<dyn rifflebox_core::Verifier>,
) -> (Rows<Key, RowItem>, Rows<Key, Made>) {
    let stage = scope.name().to_owned();
    let holds = make::holds(verifier);
    let looked = scope.flat_map(documents, move |key, item: RowItem, say| {
        let reason = item.document.as_ref().ok().and_then(&holds);
        say(key, (reason, item));
    });
    let free = scope.flat_map(looked, |key, (reason, item): (Option<String>, RowItem), say| {
        if reason.is_none() {
            say(key, item);
        }
    });
    let withheld = scope.flat_map(looked, move |_: Key, (reason, item): (Option<String>, RowItem), say| {
        if let (Some(reason), Ok(document)) = (reason, &item.document) {
            make::failed_document(&stage, document, format!("withheld: {reason}"), false, say);
        }
    });
    (free, withheld)
}

/// `NAME/notes`: figures for the report.
fn arrange_notes(scope: &mut Scope<'_>, notes: &[Rows<String, ()>]) {
    if !notes.is_empty() {
        let notes = scope.concat(notes);
        scope.arrange("notes", notes, Keep::Internal);
    }
}

/// Says how many held-out documents are looked for, and how many cannot be.
fn held_out_notes(
    scope: &mut Scope<'_>,
    against: &super::Against,
    sources: &BTreeMap<String, SourceRows>,
) -> Rows<String, ()> {
    let mut notes = Vec::new();
    for source in &against.sources {
        let check = against.check();
        let rows = scope.enter(sources[source].rows);
        notes.push(scope.flat_map(rows, move |_, item: RowItem, say| {
            if let Ok(document) = &item.document {
                check.notes(document, &mut |name| say(name.to_owned(), ()));
            }
        }));
    }
    scope.concat(&notes)
}

/// `NAME/totals`: rows and tokens by what became of them, in the diffs.
fn count_outcomes(scope: &mut Scope<'_>, said: Arranged<Key, StageRow>) {
    let totals = scope.weighted_map(said.rows(), |_, said: StageRow, say| {
        let status = match &said.outcome {
            Outcome::Kept => Status::Kept,
            Outcome::Rejected => Status::Rejected,
            Outcome::Displaced { .. } => Status::Displaced,
            Outcome::Failed { .. } => Status::Failed,
        };
        count(&said.row, status, say);
    });
    scope.arrange("totals", totals, Keep::Always);
}

fn count(row: &Row, status: Status, say: &mut dyn FnMut(Label, (), i64)) {
    let tier = row.tier;
    say(Label { status, tier, unit: Unit::Rows }, (), 1);
    say(Label { status, tier, unit: Unit::Tokens }, (), row.tokens as i64);
    if row.synthetic {
        say(Label { status, tier, unit: Unit::SyntheticTokens }, (), row.tokens as i64);
    }
}
