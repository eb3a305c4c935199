//! The rows of a shard, and their stories, gathered from the arrangements.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{About, Error, ErrorKind, Key, Kind, Origin, Result, Row, Sample, StageRow};
use rifflebox_dataflow::{FlowPlan, Made, Operator, Reader, Table};
use rifflebox_publish::{DataRow, Maker, Prefix, ProvenanceRow, Redaction, VerifierEntry};
use serde::{Deserialize, Serialize};

use crate::parallel;

/// Rows that one thread gathers at a time, at least.
const CHUNK: usize = 256;

/// Gathers what one mix publishes.
pub(crate) struct Gatherer<'a> {
    mix: Table<'a, Key, Row>,
    generators: Vec<(Table<'a, Key, Made>, Maker)>,
    verifiers: Vec<(Table<'a, Key, StageRow>, VerifierTemplate)>,
    purges: Vec<Table<'a, Key, Key>>,
}

/// The stages that the rows of a mix come through, and who stands there; enough to write them without the flow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lineage {
    mix: String,
    generators: Vec<(String, Maker)>,
    verifiers: Vec<(String, VerifierTemplate)>,
    purges: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct VerifierTemplate {
    name: String,
    version: String,
    fingerprint: Key,
    family: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    terms: Option<String>,
}

/// The rows of one kind under one prefix, in order of id.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) rows: Vec<DataRow>,
    pub(crate) provenance: Vec<ProvenanceRow>,
    /// Keys of the first documents, in the same order.
    pub(crate) routes: Vec<Key>,
}

impl Lineage {
    /// Finds the stages upstream of a mix, in the order of the flow.
    pub(crate) fn of(plan: &FlowPlan, mix: &str) -> Self {
        let mut lineage = Lineage { mix: mix.to_owned(), ..Lineage::default() };
        let upstream = upstream(plan, mix);
        for stage in plan.stages.iter().filter(|stage| upstream.contains(&stage.name)) {
            let identity = stage.operator.identity();
            let name = stage.name.clone();
            match &stage.operator {
                Operator::Generate(_) | Operator::GenerateAsked(_) | Operator::Teach(_) => {
                    let maker = Maker {
                        fingerprint: identity.fingerprint(),
                        name: identity.name,
                        version: identity.version,
                        family: identity.family,
                        model: joined(abouts(&stage.operator).into_iter().map(|about| about.model)),
                        prompt_digest: stage
                            .operator
                            .inquiring()
                            .and_then(|inquiring| inquiring.prompt_digest),
                        terms: joined(abouts(&stage.operator).into_iter().filter_map(|about| about.terms)),
                        ..Maker::default()
                    };
                    lineage.generators.push((name, maker));
                }
                Operator::Verify(..)
                | Operator::VerifyAgainst(..)
                | Operator::VerifyAsked(..)
                | Operator::Judge(..)
                | Operator::VerifyGraph(..) => {
                    let template = VerifierTemplate {
                        fingerprint: identity.fingerprint(),
                        name: identity.name,
                        version: identity.version,
                        family: identity.family,
                        model: joined(abouts(&stage.operator).into_iter().map(|about| about.model)),
                        terms: joined(abouts(&stage.operator).into_iter().filter_map(|about| about.terms)),
                    };
                    lineage.verifiers.push((name, template));
                }
                Operator::Dedup(_) => lineage.purges.push(name),
                _ => {}
            }
        }
        lineage
    }

    /// Returns the names of the arrangements that the rows are gathered from.
    pub(crate) fn arrangements(&self) -> BTreeSet<String> {
        let made = self.generators.iter().map(|(stage, _)| format!("{stage}/samples"));
        let judged = self.verifiers.iter().map(|(stage, _)| format!("{stage}/verdicts"));
        let purged = self.purges.iter().map(|stage| format!("{stage}/by"));
        made.chain(judged).chain(purged).chain([format!("{}/mix", self.mix)]).collect()
    }
}

impl<'a> Gatherer<'a> {
    /// Prepares to gather the rows of a mix.
    pub(crate) fn new(lineage: Lineage, reader: &'a Reader) -> Self {
        let Lineage { mix, generators, verifiers, purges } = lineage;
        Gatherer {
            mix: reader.table(&format!("{mix}/mix")),
            generators: generators
                .into_iter()
                .map(|(stage, maker)| (reader.table(&format!("{stage}/samples")), maker))
                .collect(),
            verifiers: verifiers
                .into_iter()
                .map(|(stage, template)| (reader.table(&format!("{stage}/verdicts")), template))
                .collect(),
            purges: purges.into_iter().map(|stage| reader.table(&format!("{stage}/by"))).collect(),
        }
    }

    /// Gathers all published rows of one kind under a prefix.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when a published row has no sample.
    pub(crate) fn gather(&self, kind: Kind, prefix: Prefix) -> Result<Gathered> {
        let (first, last) = prefix.range();
        let mut chosen: Vec<Row> = Vec::new();
        self.mix.scan(first, last, |_, row, _| {
            if row.kind == kind {
                chosen.push(row);
            }
            Ok::<(), Error>(())
        })?;
        chosen.sort_by_key(|row| row.id);
        // One change waits for one shard: its rows are worth all cores.
        let chunks: Vec<_> = chosen.chunks(chosen.len().div_ceil(parallel::cores()).max(CHUNK)).collect();
        let parts = parallel::try_map(&chunks, |rows| self.gather_rows(rows))?;
        let mut gathered = Gathered::default();
        for part in parts {
            gathered.rows.extend(part.rows);
            gathered.provenance.extend(part.provenance);
            gathered.routes.extend(part.routes);
        }
        Ok(gathered)
    }

    fn gather_rows(&self, rows: &[Row]) -> Result<Gathered> {
        let mut gathered = Gathered::default();
        for row in rows {
            let (sample, maker) = self.sample(row.id)?;
            gathered.routes.push(row.route);
            gathered.provenance.push(self.provenance(row, &sample, maker));
            gathered.rows.push(data_row(row, sample));
        }
        Ok(gathered)
    }

    fn sample(&self, id: Key) -> Result<(Sample, &Maker)> {
        for (samples, maker) in &self.generators {
            for made in samples.get(id) {
                if let Made::Sample(_, sample) = made {
                    return Ok((*sample, maker));
                }
            }
        }
        Err(Error::new(ErrorKind::Corrupt, format!("sample {id} is chosen and not kept: build --rebuild")))
    }

    fn provenance(&self, row: &Row, sample: &Sample, maker: &Maker) -> ProvenanceRow {
        let mut displaced = BTreeSet::new();
        for displaced_by in &self.purges {
            displaced.extend(displaced_by.get(row.id));
        }
        ProvenanceRow {
            id: row.id,
            stage: sample.stage.clone(),
            documents: sample.documents.clone(),
            generator: Maker { terms: self.terms(row.id, maker), ..made_by(maker, &sample.origin) },
            verifiers: self.verdicts(row.id),
            tier: row.tier,
            depth: sample.origin.depth,
            displaced_count: displaced.len() as u64,
            displaced: displaced.into_iter().collect(),
            redactions: redactions(sample),
            fields: sample.fields.clone(),
        }
    }

    /// Returns the terms of all models that touched a row: its generator's, and those of its judges.
    fn terms(&self, id: Key, maker: &Maker) -> Option<String> {
        let judges = self.verifiers.iter().filter(|(_, template)| template.terms.is_some());
        let judges =
            judges.filter(|(verdicts, _)| verdicts.get(id).iter().any(|said| said.verdict.is_some()));
        let all = maker.terms.iter().chain(judges.filter_map(|(_, template)| template.terms.as_ref()));
        joined(all.flat_map(|terms| terms.split(TERMS_BETWEEN)).map(str::to_owned))
    }

    fn verdicts(&self, id: Key) -> Vec<VerifierEntry> {
        let mut entries = Vec::new();
        for (verdicts, template) in &self.verifiers {
            for verdict in verdicts.get(id).into_iter().filter_map(|said| said.verdict) {
                let VerifierTemplate { name, version, fingerprint, family, model, terms: _ } =
                    template.clone();
                entries.push(VerifierEntry { name, version, fingerprint, family, model, verdict });
            }
        }
        entries
    }
}

/// Stands between the terms of several models.
const TERMS_BETWEEN: &str = "; ";

/// Returns whom an operator asks.
fn abouts(operator: &Operator) -> Vec<About> {
    let respondents = operator.inquiring().map(|inquiring| inquiring.respondents).unwrap_or_default();
    respondents.iter().map(|respondent| respondent.about()).collect()
}

/// Joins what is there, each once and in order.
fn joined(all: impl Iterator<Item = String>) -> Option<String> {
    let all: BTreeSet<String> = all.collect();
    (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(TERMS_BETWEEN))
}

/// Who made a sample: its generator; of words that a source brought in, also what the source declares.
fn made_by(maker: &Maker, origin: &Origin) -> Maker {
    Maker { family: maker.family.clone().or_else(|| origin.family.clone()), ..maker.clone() }
}

/// What was redacted in the documents of a sample, by rule.
fn redactions(sample: &Sample) -> Vec<Redaction> {
    let mut sums = BTreeMap::<&str, u64>::new();
    for (kind, count) in sample.documents.iter().flat_map(|seed| &seed.redactions) {
        *sums.entry(kind).or_default() += count;
    }
    sums.into_iter().map(|(kind, count)| Redaction { kind: kind.to_owned(), count }).collect()
}

fn data_row(row: &Row, sample: Sample) -> DataRow {
    let seed = &sample.documents[0];
    DataRow {
        id: row.id,
        tier: row.tier,
        source: seed.source.clone(),
        license: seed.license.clone(),
        tokens: row.tokens,
        content: sample.content,
        context: sample.context,
    }
}

/// Returns the names of all stages that a stage reads, directly or not.
pub(crate) fn upstream(plan: &FlowPlan, name: &str) -> BTreeSet<String> {
    let wired: BTreeMap<&str, &[String]> =
        plan.stages.iter().map(|stage| (stage.name.as_str(), stage.from.as_slice())).collect();
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = vec![name];
    while let Some(stage) = open.pop() {
        for from in wired.get(stage).copied().unwrap_or_default() {
            if found.insert(from.clone()) {
                open.push(from);
            }
        }
    }
    found
}
