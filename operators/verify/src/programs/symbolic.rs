use std::sync::Arc;

use rifflebox_core::{
    Answering, AskedVerifier, Failure, Identity, Judged, Limits as Calls, Proof, Result, Sample, Verdict,
};
use rifflebox_sandbox::{Interpreter, Sandbox};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::settings::{Machine, five, half_a_gigabyte};
use super::trusted::{Asked, Said};
use crate::asked::usage;
use crate::template::{Template, Values};

const PROGRAM: &str = include_str!("python/symbolic.py");
/// The package that decides, and the one that it computes with: a system's package may not name it.
const PACKAGES: [&str; 2] = ["sympy", "mpmath"];

/// Asks SymPy, in a sandbox, whether two texts mean the same mathematics, or a solution solves its equations.
///
/// Accepted is what SymPy proves. What it can neither prove nor refute is rejected as undecided. A sample's texts are data:
/// they are parsed against a list of functions and operators, and never evaluated as Python.
pub struct Symbolic {
    settings: SymbolicSettings,
    question: Arc<Question>,
    asked: Arc<Asked>,
}

/// Settings of [`Symbolic`]: `left` and `right`, or `equation` and `solution`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolicSettings {
    /// A template of one side: an expression, relation, set, union of intervals, tuple or matrix.
    #[serde(default)]
    pub left: Option<String>,
    /// A template of the other side.
    #[serde(default)]
    pub right: Option<String>,
    /// A template of one or several equations or inequalities, parted by `;` or lines.
    #[serde(default)]
    pub equation: Option<String>,
    /// A template of what solves them.
    #[serde(default)]
    pub solution: Option<String>,
    /// What names stand for.
    #[serde(default)]
    pub symbols: Symbols,
    /// The interpreter that has SymPy; `/usr/bin/python3` if not given.
    #[serde(default)]
    pub python: Option<String>,
    /// Seconds of a processor that one question may take; three times as many by the clock.
    #[serde(default = "five")]
    pub seconds: u64,
    /// Megabytes of memory.
    #[serde(default = "half_a_gigabyte")]
    pub memory_mb: u64,
    /// Layers of the sandbox to do without: `landlock`, `seccomp`.
    #[serde(default)]
    pub without: Vec<String>,
    /// Questions at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
}

/// What names stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Symbols {
    /// Any real number.
    #[default]
    Real,
    /// Any complex number; `i` is the imaginary unit.
    Complex,
    /// Any positive number.
    Positive,
    /// Any whole number.
    Integer,
}

/// What is asked.
#[derive(Debug)]
enum Question {
    Same(Template, Template),
    Solves(Template, Template),
}

impl Question {
    fn read(settings: &SymbolicSettings) -> Result<Self> {
        let SymbolicSettings { left, right, equation, solution, .. } = settings;
        match (left, right, equation, solution) {
            (Some(left), Some(right), None, None) => {
                Ok(Question::Same(Template::new("left", left)?, Template::new("right", right)?))
            }
            (None, None, Some(equation), Some(solution)) => Ok(Question::Solves(
                Template::new("equation", equation)?,
                Template::new("solution", solution)?,
            )),
            _ => usage("set `left` and `right`, which are compared, or `equation` and `solution`"),
        }
    }

    fn of(&self, sample: &Sample, symbols: Symbols) -> Result<Value, String> {
        let values = Values::of(sample);
        Ok(match self {
            Question::Same(left, right) => {
                json!({ "symbols": symbols, "left": left.fill(&values)?, "right": right.fill(&values)? })
            }
            Question::Solves(equation, solution) => json!({
                "symbols": symbols, "equation": equation.fill(&values)?, "solution": solution.fill(&values)?,
            }),
        })
    }
}

#[derive(Serialize)]
struct Meaning<'a> {
    left: &'a Option<String>,
    right: &'a Option<String>,
    equation: &'a Option<String>,
    solution: &'a Option<String>,
    symbols: Symbols,
    interpreter: &'a Interpreter,
    seconds: u64,
    memory_mb: u64,
}

impl Symbolic {
    /// The name that flow files use.
    pub const NAME: &'static str = "symbolic";

    /// Starts a sandbox on this machine, and makes the verifier.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong, or the layer of the sandbox that is missing
    /// here, or SymPy, with its cure.
    pub fn new(settings: SymbolicSettings) -> Result<Self> {
        Self::start(settings, |machine| machine.start())
    }

    /// Makes the verifier, with a sandbox of one's own, which has SymPy; `python`, `without` and `concurrency` are its to
    /// know.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn within(sandbox: Arc<dyn Sandbox>, settings: SymbolicSettings) -> Result<Self> {
        Self::start(settings, |_| Ok(sandbox))
    }

    fn start(
        settings: SymbolicSettings,
        sandbox: impl FnOnce(&Machine<'_>) -> Result<Arc<dyn Sandbox>>,
    ) -> Result<Self> {
        let question = Arc::new(Question::read(&settings)?);
        let packages = PACKAGES.map(str::to_owned);
        let machine = Machine {
            python: settings.python.as_deref(),
            packages: &packages,
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
            without: &settings.without,
            concurrency: settings.concurrency,
        };
        let asked = Arc::new(Asked::new(PROGRAM, &machine, || sandbox(&machine))?);
        Ok(Symbolic { settings, question, asked })
    }
}

impl AskedVerifier for Symbolic {
    fn identity(&self) -> Identity {
        let SymbolicSettings { left, right, equation, solution, symbols, seconds, memory_mb, .. } =
            &self.settings;
        let meaning = Meaning {
            left,
            right,
            equation,
            solution,
            symbols: *symbols,
            interpreter: self.asked.sandbox.interpreter(),
            seconds: *seconds,
            memory_mb: *memory_mb,
        };
        Identity::new(Self::NAME, "1").with_settings(&meaning)
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Calls {
        self.asked.calls()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let (question, symbols) = (self.question.clone(), self.settings.symbols);
        self.asked.each(items, move |sample| question.of(sample, symbols), verdict)
    }
}

fn verdict(Said { verdict, why }: Said) -> Verdict {
    let why = why.unwrap_or_default();
    match verdict.as_str() {
        "equal" => Verdict::accept(),
        "different" => Verdict::reject(format!("different: {why}")),
        "unreadable" => Verdict::reject(format!("cannot be read: {why}")),
        "bound" => Verdict::reject(format!("too large: {why}")),
        _ => Verdict::reject(format!("undecided: {why}")),
    }
}

#[cfg(test)]
mod tests;
