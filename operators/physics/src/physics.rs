use rifflebox_core::{Document, Error, ErrorKind, Identity, Proof, Result, Sample, Verdict, Verifier, Vote};
use rifflebox_template::{Template, Values};
use serde::{Deserialize, Serialize};

use crate::question::Question;
use crate::scene::{Scene, length};
use crate::simulation::{ENGINE, answer};

/// Simulates a scene of rigid bodies, and accepts a sample whose answer is what comes of it.
///
/// Templates make scene and question, as JSON, and the answer, a number or three. The simulation has steps of fixed length
/// and no randomness: it says the same on any machine.
pub struct Physics {
    settings: PhysicsSettings,
    scene: Template,
    question: Template,
    answer: Template,
}

/// Settings of [`Physics`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhysicsSettings {
    /// A template that makes the scene.
    pub scene: String,
    /// A template that makes the question.
    pub question: String,
    /// A template that makes the answer: a number, or three with commas between them.
    pub answer: String,
    /// A unit that the answer may end with.
    #[serde(default)]
    pub unit: Option<String>,
    /// How far an answer may be from what is simulated.
    #[serde(default)]
    pub tolerance: Tolerance,
}

/// How far an answer may be from what is simulated: the larger of the two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tolerance {
    /// In the quantity's own unit.
    pub abs: f64,
    /// As a share of what is simulated.
    pub rel: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Tolerance { abs: 0.0, rel: 0.01 }
    }
}

/// What a verdict depends on.
#[derive(Serialize)]
struct Meaning<'a> {
    #[serde(flatten)]
    settings: &'a PhysicsSettings,
    engine: [&'a str; 2],
}

impl Physics {
    /// The name that flow files use.
    pub const NAME: &'static str = "physics";

    /// Makes the verifier.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: PhysicsSettings) -> Result<Self> {
        let Tolerance { abs, rel } = settings.tolerance;
        if !(abs.is_finite() && rel.is_finite() && abs >= 0.0 && rel >= 0.0 && abs + rel > 0.0) {
            return Err(Error::new(
                ErrorKind::Usage,
                "`tolerance` has `abs` and `rel`, which are not negative and not both 0",
            ));
        }
        Ok(Physics {
            scene: Template::new("scene", &settings.scene)?,
            question: Template::new("question", &settings.question)?,
            answer: Template::new("answer", &settings.answer)?,
            settings,
        })
    }

    fn judge(&self, sample: &Sample) -> Result<Verdict, String> {
        let values = Values::of(sample);
        let scene = Scene::read(&self.scene.fill(&values)?)?;
        let question = Question::read(&self.question.fill(&values)?, &scene)?;
        let stated = numbers(&self.answer.fill(&values)?, self.settings.unit.as_deref())?;
        let simulated = answer(&scene, &question)?;
        if stated.len() != simulated.len() {
            return Err(format!(
                "the answer has {} numbers, and what is asked for {}",
                stated.len(),
                simulated.len()
            ));
        }
        let apart: Vec<f64> = stated.iter().zip(&simulated).map(|(one, other)| one - other).collect();
        let (apart, size) = (norm(&apart), norm(&simulated));
        let Tolerance { abs, rel } = self.settings.tolerance;
        let allowed = abs.max(rel * size);
        let vote = |accept| Vote {
            voter: ENGINE.join(" "),
            accept,
            reason: Some(format!("{}, where {} is stated", shown(&simulated), shown(&stated))),
        };
        if apart <= allowed {
            return Ok(Verdict { votes: vec![vote(true)], ..Verdict::accept() });
        }
        let why = format!(
            "the answer {} differs from {}, which is simulated, by more than {}",
            shown(&stated),
            shown(&simulated),
            shown(&[allowed])
        );
        Ok(Verdict { votes: vec![vote(false)], ..Verdict::reject(why) })
    }
}

impl Verifier for Physics {
    fn identity(&self) -> Identity {
        let meaning = Meaning { settings: &self.settings, engine: ENGINE };
        Identity::new(Self::NAME, "1").with_settings(&meaning)
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        self.judge(sample).unwrap_or_else(|why| Verdict::reject(plain(&why)))
    }
}

/// Characters of a reason that a sample had a hand in.
const REASON_CHARS: usize = 400;

/// Returns a text that fits a line.
fn plain(why: &str) -> String {
    why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS).collect()
}

/// Reads the numbers of an answer.
fn numbers(text: &str, unit: Option<&str>) -> Result<Vec<f64>, String> {
    let trimmed = text.trim();
    let bare = unit.and_then(|unit| trimmed.strip_suffix(unit)).unwrap_or(trimmed).trim();
    let bare = bare.strip_prefix(['[', '(']).and_then(|rest| rest.strip_suffix([']', ')'])).unwrap_or(bare);
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let numbers: Option<Vec<f64>> = bare.split(',').map(number).collect();
    numbers.ok_or_else(|| {
        let excerpt: String = trimmed.chars().filter(|c| !c.is_control()).take(80).collect();
        format!("the answer {excerpt:?} is no number")
    })
}

fn norm(values: &[f64]) -> f64 {
    match values {
        [one] => one.abs(),
        [x, y, z] => length(&[*x, *y, *z]),
        _ => f64::NAN,
    }
}

/// Writes numbers to six digits.
fn shown(values: &[f64]) -> String {
    let one = |value: &f64| {
        let digits = match value.abs() {
            0.0 => 0,
            size => (5 - size.log10().floor() as i64).clamp(0, 12),
        };
        let text = format!("{value:.*}", digits as usize);
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
