mod agreement;
mod answer;
mod claims;
mod exact;
mod expression;
mod token;
mod units;

use rifflebox_core::{Document, Error, ErrorKind, Identity, Proof, Result, Sample, Verdict, Verifier, Vote};
use serde::{Deserialize, Serialize};

pub use agreement::Rounding;
use answer::{Leeway, Options, PLACES, Place, Value, Worked};
use claims::Search;

use crate::looked_at::said;
use crate::template::{Template, Values};

/// Evaluates the calculations that a sample states, exactly, and compares its final answer with the truth.
///
/// A calculation is an annotation `<<3*4=12>>`, or, if that is set, a plain `3 * 4 = 12` in running text. Numbers are
/// fractions of whole numbers of bounded size: nothing is rounded but what the text states rounded. The score is the share
/// that is confirmed, and the reason names the first that is wrong, with its right value.
#[derive(Debug)]
pub struct Numeric {
    settings: NumericSettings,
    text: Option<Template>,
    expected: Option<Template>,
    options: Option<Template>,
    places: Vec<Place>,
    leeway: Leeway,
}

/// Settings of [`Numeric`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumericSettings {
    /// A template of the text that is judged; the completion if not given, or what the assistant says, or the text.
    pub text: Option<String>,
    /// Judges annotations `<<expression=value>>`.
    pub annotations: bool,
    /// Judges equalities in running text, too.
    pub equalities: bool,
    /// How a stated decimal may differ from the value.
    pub rounding: Rounding,
    /// Reads `2+3=5+1=6` on from each result; else every part of a chain has the same value.
    pub running: bool,
    /// A template of the right answer.
    pub expected: Option<String>,
    /// Where the text says its answer, the first that there is: `####`, `\boxed`, `the answer is`, `last number`, or a
    /// pattern with a group.
    pub answer: Vec<String>,
    /// By how much the answer may differ from what is expected.
    pub tolerance: Tolerance,
    /// A template of the options of a question of several choices, one a line; the answer is then a letter.
    pub options: Option<String>,
    /// The text must work the option's number out: of all options' numbers, it is the last that the text states.
    pub worked_out: bool,
    /// What must be there.
    pub require: Require,
}

/// By how much an answer may differ; if either admits it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tolerance {
    /// So much.
    pub absolute: Option<f64>,
    /// Such a share of what is expected.
    pub relative: Option<f64>,
}

/// What must be there to be judged. Where an answer is expected, it must be there anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// A calculation, or an answer that is compared.
    #[default]
    Any,
    /// A calculation.
    Calculation,
    /// Nothing: then an accepted sample is proved to be nothing more.
    Nothing,
}

impl Default for NumericSettings {
    fn default() -> Self {
        NumericSettings {
            text: None,
            annotations: true,
            equalities: false,
            rounding: Rounding::default(),
            running: false,
            expected: None,
            answer: PLACES.map(str::to_owned).to_vec(),
            tolerance: Tolerance::default(),
            options: None,
            worked_out: false,
            require: Require::default(),
        }
    }
}

/// Wrong calculations that votes name, at most.
const MOST_VOTES: usize = 10;

impl Numeric {
    /// The name that flow files use.
    pub const NAME: &'static str = "numeric";

    /// Makes the verifier.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: NumericSettings) -> Result<Self> {
        let template =
            |key, text: &Option<String>| text.as_deref().map(|text| Template::new(key, text)).transpose();
        let usage = |message: &str| Err(Error::new(ErrorKind::Usage, message));
        if !settings.annotations && !settings.equalities && settings.expected.is_none() {
            return usage("nothing is judged: set `expected`, `equalities` or `annotations`");
        }
        if settings.options.is_some() && settings.expected.is_none() {
            return usage("`options` are given, and no `expected`: set the template of the right letter");
        }
        if settings.worked_out && settings.options.is_none() {
            return usage("`worked_out` is about the number of an option: set `options`");
        }
        if settings.answer.is_empty() {
            return usage("`answer` is empty: name a place where the text says its answer");
        }
        Ok(Numeric {
            text: template("text", &settings.text)?,
            expected: template("expected", &settings.expected)?,
            options: template("options", &settings.options)?,
            places: settings.answer.iter().map(|place| Place::read(place)).collect::<Result<_>>()?,
            leeway: Leeway::new(settings.tolerance.absolute, settings.tolerance.relative)?,
            settings,
        })
    }

    fn judge(&self, sample: &Sample) -> Result<Verdict, String> {
        let values = Values::of(sample);
        let text = match &self.text {
            Some(template) => template.fill(&values)?,
            None => said(&sample.content),
        };
        let NumericSettings { annotations, equalities, rounding, running, .. } = self.settings;
        let claims = Search { annotations, equalities, rounding, running }.of(&text);
        let mut tally = Tally::default();
        for (at, claim) in claims.iter().enumerate() {
            let wrong = claim.wrong.as_ref().map(|why| format!("`{}`: {why}", claim.text));
            tally.add(format!("calculation {}", at + 1), wrong);
        }
        if let Some(expected) = &self.expected {
            let expected = expected.fill(&values)?;
            let wrong = match &self.options {
                Some(options) => self.choice(&text, &expected, &Options::read(&options.fill(&values)?)),
                None => self.answer(&text, &expected),
            };
            tally.add("answer".to_owned(), wrong.err());
        }
        match self.settings.require {
            Require::Calculation if claims.is_empty() => Err("no calculation was found".to_owned()),
            Require::Any if tally.judged == 0 => Err("nothing was found that could be judged".to_owned()),
            _ => Ok(tally.verdict()),
        }
    }

    /// Compares the final answer with the truth, which may be a whole solution with its own final answer.
    fn answer(&self, text: &str, expected: &str) -> Result<(), String> {
        let truth =
            truth(expected, &self.places).ok_or("`expected` is empty: there is nothing to compare with")?;
        let (_, said) = answer::find(text, &self.places).ok_or("no final answer was found")?;
        let value = Value::of(said);
        match value.agrees(&truth, &self.leeway) {
            true => Ok(()),
            false => Err(format!("the answer `{}` is not `{}`", value.shown(), truth.shown())),
        }
    }

    fn choice(&self, text: &str, expected: &str, options: &Options) -> Result<(), String> {
        let right = options.letter(expected).ok_or_else(|| {
            format!("`expected` is `{}`: it is the letter of an option", claims::clip(expected))
        })?;
        let (at, chosen) = options.chosen(text, &self.places).ok_or("no final answer was found")?;
        if chosen != right {
            return Err(format!("the answer is {chosen}, not {right}"));
        }
        if !self.settings.worked_out {
            return Ok(());
        }
        match options.worked_out(chosen, &text[..at]) {
            Worked::Same => Ok(()),
            Worked::Other(other) => Err(format!("the answer is {chosen}, and the text works out {other}")),
            Worked::None => Err(format!("the answer is {chosen}, and the text does not work it out")),
            Worked::NoNumber => Err(format!("option {chosen} has no number that could be worked out")),
        }
    }
}

impl Verifier for Numeric {
    fn identity(&self) -> Identity {
        Identity::new(Self::NAME, "1").with_settings(&self.settings)
    }

    fn proof(&self) -> Proof {
        match self.settings.require {
            Require::Nothing => Proof::Filtered,
            _ => Proof::Confirmed,
        }
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        self.judge(sample).unwrap_or_else(Verdict::reject)
    }
}

/// What was judged so far.
#[derive(Debug, Default)]
struct Tally {
    judged: usize,
    right: usize,
    reason: Option<String>,
    votes: Vec<Vote>,
}

impl Tally {
    fn add(&mut self, voter: String, wrong: Option<String>) {
        self.judged += 1;
        let Some(why) = wrong else {
            self.right += 1;
            return;
        };
        self.reason.get_or_insert_with(|| format!("{voter}: {why}"));
        if self.votes.len() < MOST_VOTES {
            self.votes.push(Vote { voter, accept: false, reason: Some(why) });
        }
    }

    fn verdict(self) -> Verdict {
        let share = if self.judged == 0 { 1.0 } else { self.right as f64 / self.judged as f64 };
        let accept = self.reason.is_none();
        Verdict { accept, reason: self.reason, votes: self.votes, ..Verdict::accept().scored(share) }
    }
}

/// Reads what is expected: a value, or a text that says it where answers are said.
fn truth(expected: &str, places: &[Place]) -> Option<Value> {
    let expected = expected.trim();
    let said = match expected.lines().count() {
        0 => return None,
        1 if expected.split_whitespace().count() <= MOST_WORDS => None,
        _ => answer::find(expected, places).map(|(_, said)| said),
    };
    Some(Value::of(said.unwrap_or(expected)))
}

/// A value is said in so many words; more are a text.
const MOST_WORDS: usize = 8;

#[cfg(test)]
mod tests;
