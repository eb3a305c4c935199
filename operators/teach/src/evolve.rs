use std::collections::BTreeMap;
use std::path::Path;

use rifflebox_core::{Document, Draft, Heard, Inquiring, Inquiry, Key, Next, Result};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};

use crate::cast::{Cast, Part, ask, step, text, words};
use crate::draft::{completion, count, texts, those_that_came, told};
use crate::form::Form;
use crate::judged::plain;
use crate::prompt::Prompt;
use crate::usage;

/// Evolves instructions: each document is a seed instruction, which is rewritten in several generations, each more
/// demanding than the last or beside it, and then answered (Evol-Instruct of WizardLM, arXiv:2304.12244).
///
/// Which operation makes a generation is drawn by a digest of the document's text and the generation's number: the same
/// for ever, and spread evenly over many documents. As in that paper, an evolution that comes to nothing is eliminated: one
/// that changes nothing, or that speaks of the rewriting itself. Then the instruction before it is the last, and is
/// answered; a document none of whose evolutions succeeds has failed, and its answer is never asked for.
///
/// A sample is the evolved instruction with its answer, and as fields `operations` (a list, from the first on), `operation`
/// (the last of them), `generation` (from 1) and `seed` (the document's text).
pub struct Evolve {
    settings: EvolveSettings,
    about: Inquiring,
    evolved: Form<Evolved>,
    answer: Prompt,
}

/// Settings of [`Evolve`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EvolveSettings {
    /// The model that is asked.
    pub model: String,
    /// How often each instruction is rewritten.
    #[serde(default = "default_generations")]
    pub generations: usize,
    /// The operations that are drawn from; all if not given.
    #[serde(default = "default_operations")]
    pub operations: Vec<Operation>,
    /// Whether every generation makes a sample, and not the last alone.
    #[serde(default)]
    pub all: bool,
    /// Files with other prompts: `evolve`, which may name `operation` and `instruction`, and `answer`, which may name
    /// `instruction`; both also `text` and the document's fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

/// How an instruction is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// To ask for more depth.
    Deepen,
    /// To add a requirement.
    Constrain,
    /// To put particular terms in the place of general ones.
    Concretise,
    /// To need more steps of reasoning.
    Steps,
    /// Into another one of the same field.
    Breadth,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Deepen => "deepen",
            Operation::Constrain => "constrain",
            Operation::Concretise => "concretise",
            Operation::Steps => "steps",
            Operation::Breadth => "breadth",
        }
    }
}

fn default_generations() -> usize {
    3
}

fn default_operations() -> Vec<Operation> {
    use Operation::{Breadth, Concretise, Constrain, Deepen, Steps};
    vec![Deepen, Constrain, Concretise, Steps, Breadth]
}

#[derive(Deserialize)]
struct Evolved {
    instruction: String,
}

/// Where a document's evolution stands.
struct Lineage {
    /// The instructions, from the first generation on.
    instructions: Vec<String>,
    /// Why it ends there, if it does before its time.
    ends: Option<String>,
}

/// Words by which an instruction gives away that it was rewritten.
const GIVEAWAYS: [&str; 3] = ["given instruction", "rewritten instruction", "original instruction"];

impl Evolve {
    /// The name that flow files use.
    pub const NAME: &'static str = "evolve";
    const VERSION: &'static str = "1";

    /// Makes the generator; prompts are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: EvolveSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=20).contains(&settings.generations) {
            return usage("`generations` lies between 1 and 20");
        }
        if settings.operations.is_empty() {
            return usage("`operations` is empty: name those that are drawn from");
        }
        let own = [
            ("prompts.evolve", include_str!("../prompts/evolve.j2")),
            ("prompts.answer", include_str!("../prompts/answer.j2")),
        ];
        let [evolve, answer] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let evolved = Form::new("evolved", evolve, &[("instruction", text())]);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[evolved.prompt(), &answer]);
        let rounds = settings.generations + 1;
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds };
        Ok(Evolve { about: part.teaching(), evolved, answer, settings })
    }

    /// Draws the operation of a generation, counted from 0.
    fn operation(&self, document: &Document, generation: usize) -> Operation {
        let draw = Key::builder("evolve").text(&document.text).number(generation as u64).finish();
        let operations = &self.settings.operations;
        operations[(draw.head64() % operations.len() as u64) as usize]
    }

    /// Reads the generations that were heard.
    fn lineage(&self, document: &Document, heard: &[Vec<Heard>]) -> Lineage {
        let mut instructions: Vec<String> = Vec::new();
        for (generation, round) in heard.iter().take(self.settings.generations).enumerate() {
            let before = instructions.last().unwrap_or(&document.text);
            let evolved = self.evolved.read(&round[0]).and_then(|Evolved { instruction }| {
                let (is, was) = (plain(&instruction), plain(before));
                match GIVEAWAYS.iter().find(|words| is.contains(**words) && !was.contains(**words)) {
                    _ if is.is_empty() || is == was => Err("it changes nothing".to_owned()),
                    Some(words) => Err(format!("it speaks of \"the {words}\"")),
                    None => Ok(instruction.trim().to_owned()),
                }
            });
            match evolved {
                Ok(instruction) => instructions.push(instruction),
                Err(why) => {
                    let operation = self.operation(document, generation).name();
                    let ends = format!("generation {} ({operation}) is none: {why}", generation + 1);
                    return Lineage { instructions, ends: Some(ends) };
                }
            }
        }
        Lineage { instructions, ends: None }
    }

    /// Returns the generations, counted from 0, that are answered.
    fn answered(&self, lineage: &Lineage) -> std::ops::Range<usize> {
        let generations = lineage.instructions.len();
        let first = if self.settings.all { 0 } else { generations.saturating_sub(1) };
        first..generations
    }

    fn draft(
        &self,
        document: &Document,
        lineage: &Lineage,
        at: usize,
        heard: &Heard,
    ) -> Result<Draft, String> {
        let (reply, answer) = words(heard)?;
        let operations: Vec<&str> = (0..=at).map(|at| self.operation(document, at).name()).collect();
        let fields = [
            ("operation", operations[at].into()),
            ("operations", texts(operations)),
            ("generation", count(at + 1)),
            ("seed", document.text.as_str().into()),
        ];
        Ok(told(reply, completion(lineage.instructions[at].as_str(), answer), fields))
    }

    fn evolve(&self, document: &Document, heard: &[Vec<Heard>]) -> Result<Next<Vec<Draft>>, String> {
        let lineage = self.lineage(document, heard);
        let evolving = match &lineage.ends {
            Some(ends) if lineage.instructions.is_empty() => return Err(ends.clone()),
            // What ends it was heard too.
            Some(_) => lineage.instructions.len() + 1,
            None => self.settings.generations,
        };
        let values = Values::of_document(document);
        if let Some(answers) = heard.get(evolving) {
            let drafts = self.answered(&lineage).zip(answers);
            let drafts = drafts.map(|(at, heard)| self.draft(document, &lineage, at, heard));
            return those_that_came(drafts.collect());
        }
        if heard.len() == evolving {
            let answer = |at: usize| {
                let values = values.clone().with("instruction", lineage.instructions[at].as_str());
                ask(0, &self.answer, &values)
            };
            return self.answered(&lineage).map(answer).collect::<Result<_, _>>().map(Next::Ask);
        }
        let instruction = lineage.instructions.last().map_or(document.text.trim(), String::as_str);
        let operation = self.operation(document, heard.len()).name();
        let values = values.with("operation", operation).with("instruction", instruction);
        self.evolved.ask(0, &values).map(|question| Next::Ask(vec![question]))
    }
}

impl Inquiry<Document, Vec<Draft>> for Evolve {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        step(self.evolve(document, heard))
    }
}

#[cfg(test)]
mod tests;
