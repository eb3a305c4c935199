//! A flow as plain data, so that a history can change it, and change it back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rifflebox::{
    Cloze, Content, Decontaminate, DecontaminateSettings, Document, Draft, Exact, Files, Flow, Generator,
    Identity, Key, Length, LengthSettings, NearDuplicates, NearSettings, OnReject, Passages, PublishSettings,
    Recipe, Result, Sample, Samples, Share, Supported, TableRows, Tier, Tokenizer, Verbatim,
    VerbatimSettings, Verdict, verifier, verifier_with_documents,
};

use super::service::{Asker, Judge, Jury, Service, Teacher};

/// What makes samples, in order of the flow.
pub(super) const MAKERS: [&str; 6] = ["passages", "rows", "cloze", "lines", "asker", "teacher"];
/// What judges samples, in order of the flow.
pub(super) const CHECKS: [&str; 6] = ["length", "lot", "grounded", "judge", "verbatim", "jury"];

/// A flow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    /// By operator: those of [`MAKERS`] and [`CHECKS`] that stand.
    pub(super) stages: BTreeMap<&'static str, Stage>,
    /// By operator its name, no two the same.
    pub(super) names: BTreeMap<&'static str, String>,
    /// How many tokens a word has.
    pub(super) word: u64,
    /// Which pages are read.
    pub(super) pages: &'static str,
    /// Tier of the pages' words; the tables' are T1.
    pub(super) tier: Tier,
    /// Whether the pages have a licence.
    pub(super) licensed: bool,
    /// The tables' column of ids, if tables are read.
    pub(super) tables: Option<&'static str>,
    /// Whether the checks stand in the other order.
    pub(super) swapped: bool,
    /// Whether passages go past the checks.
    pub(super) branched: bool,
    pub(super) purge: Purged,
    /// Of what likeness near-duplicates are purged behind the exact ones, in percent.
    pub(super) near: Option<u64>,
    /// How many of the teacher's samples are wanted that pass, if not all are.
    pub(super) target: Option<u64>,
    /// Whether what is made is held against a source that is held out, and how.
    pub(super) held_out: Option<HeldOut>,
    /// One of a few recipes.
    pub(super) recipe: u64,
    /// Whether some documents are held out for validation.
    pub(super) splits: bool,
    /// Whether to publish although calls are owed.
    pub(super) partial: bool,
    /// Whether a second mix is published elsewhere.
    pub(super) second: bool,
}

/// How an operator stands in the flow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Stage {
    /// Its version, or what it is set to.
    pub(super) version: u64,
    pub(super) on_reject: OnReject,
}

/// Where copies are purged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Purged {
    Never,
    BeforeChecks,
    AfterChecks,
}

/// What is looked for of a source that is held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HeldOut {
    /// Whether documents are withheld, before anything is made of them; samples are rejected otherwise.
    pub(super) withheld: bool,
    /// Words in a row that nothing may share with it.
    pub(super) words: usize,
}

impl HeldOut {
    fn check(self) -> Result<Decontaminate> {
        Decontaminate::new(DecontaminateSettings { n: self.words, near_n: 3, ..Default::default() })
    }
}

impl Shape {
    /// Returns the flow over a folder; a second mix goes to the URL `second`.
    pub(super) fn flow(&self, folder: &Path, service: &Service, second: &str) -> Result<Flow> {
        let flow = Flow::with_tokenizer("history", Arc::new(Words(self.word)));
        let mut pages = Files::matching(self.pages).tier(self.tier);
        if self.licensed {
            pages = pages.license("CC-BY-4.0");
        }
        let mut documents = flow.documents("pages", pages.source("pages", folder)?);
        if let Some(column) = self.tables {
            let tables = Files::matching("tables/*.jsonl").tier(Tier::T1).id(column);
            documents = documents.concat(&flow.documents("tables", tables.source("tables", folder)?));
        }
        let exam = match self.held_out {
            None => None,
            Some(held_out) => {
                let exam = Files::matching("exam/*.jsonl").source("exam", folder)?;
                Some((flow.documents("exam", exam), held_out))
            }
        };
        if let Some((exam, held_out)) = exam.as_ref().filter(|(_, held_out)| held_out.withheld) {
            documents = documents.withhold(exam, held_out.check()?);
        }
        let mut human = None;
        let mut made = None;
        for name in MAKERS {
            let Some(stage) = self.stages.get(name) else { continue };
            let at = &self.names[name];
            let samples = match name {
                "passages" => documents.generate(passages(stage.version)).named(at),
                "rows" => documents.generate(TableRows::of([("text", "text")])).named(at),
                "cloze" => documents.generate(Cloze::default()).named(at).verify(Supported::default()),
                "lines" => documents.generate(Lines(stage.version)).named(at),
                "teacher" => {
                    let teacher = Teacher { version: stage.version, service: service.clone() };
                    let taught = documents.teach(teacher).named(at);
                    match self.target {
                        Some(target) => taught.target(target),
                        None => taught,
                    }
                }
                _ => {
                    let asker = Asker { version: stage.version, service: service.clone() };
                    documents.generate_asked(asker).named(at)
                }
            };
            let joins = if self.branched && name == "passages" { &mut human } else { &mut made };
            *joins = join(joins.take(), samples);
        }
        if made.is_none() && human.is_none() {
            // Under a name that no other operator is given.
            made = Some(documents.generate(Passages::default()).named("all that there is"));
        }
        if let Some((exam, held_out)) = exam.as_ref().filter(|(_, held_out)| !held_out.withheld) {
            let check = held_out.check()?;
            made = made.map(|made| made.verify_against(exam, check));
        }
        let samples = self.judged(made, human, service)?;
        let settings = PublishSettings { shard_mb: 1, partial: self.partial, ..PublishSettings::default() };
        let splits = self.splits.then(|| ("validation".to_owned(), 0.25)).into_iter().collect();
        let main = samples.mix(recipe(self.recipe));
        main.publish_with(PublishSettings { splits, ..settings.clone() });
        if self.second {
            let mix = samples.mix(Recipe::default().tokens(40).min_anchor(0.0)).named("second");
            mix.publish_with(PublishSettings { to: Some(second.to_owned()), ..settings });
        }
        Ok(flow)
    }

    /// Puts samples through purge and checks.
    fn judged(&self, made: Option<Samples>, human: Option<Samples>, service: &Service) -> Result<Samples> {
        let Some(mut samples) = made else {
            return Ok(human.expect("something is made"));
        };
        if self.purge == Purged::BeforeChecks {
            samples = self.purged(&samples)?;
        }
        let mut checks = CHECKS;
        if self.swapped {
            checks.reverse();
        }
        for name in checks {
            let Some(stage) = self.stages.get(name) else { continue };
            let Stage { version, on_reject, .. } = *stage;
            let judged = match name {
                "length" => {
                    let settings = LengthSettings { min_words: Some(4 + version * 6), ..Default::default() };
                    samples.verify_or(Length::new(settings, None)?, on_reject)
                }
                "lot" => samples
                    .verify_or(verifier("lot", &version.to_string(), move |s| lot(s, version)), on_reject),
                "verbatim" => samples.verify_graph_or(verbatim(version)?, on_reject),
                "grounded" => {
                    let judge = move |s: &Sample, of: &[Document]| grounded(s, of, version);
                    samples.verify_or(
                        verifier_with_documents("grounded", &version.to_string(), judge),
                        on_reject,
                    )
                }
                "jury" => samples.judge_or(Jury { version, service: service.clone() }, on_reject),
                _ => samples.verify_asked(Judge { version, service: service.clone() }),
            };
            samples = judged.named(&self.names[name]);
        }
        let all = human.map_or(samples.clone(), |human| human.concat(&samples));
        if self.purge == Purged::AfterChecks { self.purged(&all) } else { Ok(all) }
    }

    fn purged(&self, samples: &Samples) -> Result<Samples> {
        let exact = samples.dedup(Exact);
        let Some(percent) = self.near else { return Ok(exact) };
        // Single words of a small vocabulary: much is alike, and by little more or less than that.
        let settings =
            NearSettings { threshold: percent as f64 / 100.0, n: 1, crowd: 8, ..Default::default() };
        Ok(exact.dedup(NearDuplicates::new(settings)?))
    }
}

fn join(one: Option<Samples>, other: Samples) -> Option<Samples> {
    Some(one.map_or(other.clone(), |one| one.concat(&other)))
}

fn passages(version: u64) -> Passages {
    Passages { max_chars: [2_000, 200, 90][version as usize % 3], ..Passages::default() }
}

/// Rejects what copies a few words, and compares with few documents: lines of lists are short, and say much the same.
fn verbatim(version: u64) -> Result<Verbatim> {
    let settings =
        VerbatimSettings { min_words: 4, max_words: 5 + version as usize, crowd: 2, ..Default::default() };
    Verbatim::new(settings, Path::new(""))
}

fn recipe(number: u64) -> Recipe {
    let most = [(Tier::T0, 1.0), (Tier::T1, 1.0), (Tier::T2, 0.4), (Tier::T3, 0.3)];
    let ranges = Recipe::shares(most.map(|(tier, most)| (tier, Share::between(0.0, most))));
    match number % 5 {
        0 => Recipe::default().min_anchor(0.0),
        1 => Recipe::default().min_anchor(0.0).tokens(150),
        2 => ranges.tokens(300),
        3 => ranges,
        _ => Recipe::default().tokens(60),
    }
}

fn lot(sample: &Sample, version: u64) -> Verdict {
    let lot = Key::builder("lot").number(version).key(sample.content.digest()).finish().head64() % 6;
    if lot == 5 && sample.text().contains("panic") {
        panic_quietly("a lot that panics");
    }
    match lot {
        0 => Verdict::reject(format!("drew the short lot of version {version}")),
        lot => Verdict::accept().scored(lot as f64 / 6.0),
    }
}

/// Panics, and prints nothing of it.
fn panic_quietly(message: &str) -> ! {
    std::panic::resume_unwind(Box::new(message.to_owned()))
}

/// Rejects what its document says in too few words.
fn grounded(sample: &Sample, documents: &[Document], version: u64) -> Verdict {
    let words: usize = documents.iter().map(|document| document.text.split_whitespace().count()).sum();
    match words < 10 + 15 * version as usize {
        true => Verdict::reject(format!("{words} words are no ground for {}", sample.stage.len())),
        false => Verdict::accept().scored(1.0 / (1.0 + (words % 7) as f64)),
    }
}

/// Makes a sample of each line of a list; fails or panics where a document says so.
struct Lines(u64);

impl Generator for Lines {
    fn identity(&self) -> Identity {
        Identity::new("lines", self.0.to_string())
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        for line in document.text.lines().filter_map(|line| line.strip_prefix("- ")) {
            if line.contains("blow up") {
                panic_quietly("a line that blows up");
            }
            if line.contains("refuse") {
                return Err("will not read this".to_owned());
            }
            say(Draft::new(Content::Text { text: format!("{line} {}", "again ".repeat(self.0 as usize)) }));
        }
        Ok(())
    }
}

/// Counts words, so many tokens each.
struct Words(u64);

impl Tokenizer for Words {
    fn name(&self) -> &str {
        "words"
    }

    fn fingerprint(&self) -> Key {
        Key::of(format!("words {}", self.0).as_bytes())
    }

    fn count(&self, text: &str) -> u64 {
        text.split_whitespace().count() as u64 * self.0
    }
}
