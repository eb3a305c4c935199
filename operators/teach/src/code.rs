use std::path::Path;

use rifflebox_core::{Document, Draft, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, list, reply, step, text};
use crate::draft::{completion, texts, told};
use crate::form::Form;
use crate::prompt::Prompt;
use crate::usage;

/// Programming tasks in Python, each with a solution and unit tests, inspired by documents (OSS-Instruct of Magicoder,
/// arXiv:2312.02120).
///
/// The prompt is the task, the completion the solution, without a fence; the fields `tests`, a list of pieces of Python,
/// and `entry_point`, a name, are as `python-tests` and `mutants` read them:
///
/// ```toml
/// [verify.runs]
/// use = "python-tests"
/// from = ["code"]
/// program = """
/// {{ completion }}
/// # tests
/// {{ tests | join("\n") }}
/// """
/// ```
///
/// Whether tests hold is theirs to say. What needs no run is said here: a solution that does not define its entry point, or
/// a test that never names it, and the row has failed.
pub struct Code {
    settings: CodeSettings,
    about: Inquiring,
    form: Form<Exercise>,
}

/// Settings of [`Code`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CodeSettings {
    /// The model that is asked.
    pub model: String,
    /// A file with another prompt; it may name `tests`, `text` and the document's fields.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Tests of each solution, at least.
    #[serde(default = "default_tests")]
    pub tests: usize,
}

fn default_tests() -> usize {
    5
}

#[derive(Deserialize)]
struct Exercise {
    task: String,
    entry_point: String,
    solution: String,
    tests: Vec<String>,
}

impl Code {
    /// The name that flow files use.
    pub const NAME: &'static str = "code";
    const VERSION: &'static str = "1";

    /// Makes the generator; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: CodeSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=50).contains(&settings.tests) {
            return usage("`tests` lies between 1 and 50");
        }
        let own = include_str!("../prompts/code.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        let name = json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" });
        let tests = list(text(), settings.tests..=100);
        let fields = [("task", text()), ("entry_point", name), ("solution", text()), ("tests", tests)];
        let form = Form::new("exercise", prompt, &fields);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[form.prompt()]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 1 };
        Ok(Code { about: part.teaching(), form, settings })
    }

    fn draft(&self, heard: &Heard) -> Result<Draft, String> {
        let Exercise { task, entry_point, solution, tests } = self.form.read(heard)?;
        let solution = unfenced(&solution);
        if !defines(solution, &entry_point) {
            return Err(format!("the solution does not define `{entry_point}`"));
        }
        let mut tests: Vec<&str> = tests.iter().map(|test| unfenced(test)).collect();
        let mut seen = std::collections::BTreeSet::new();
        tests.retain(|test| seen.insert(*test));
        if let Some(strange) = tests.iter().find(|test| !words(test).any(|word| word == entry_point)) {
            return Err(format!("a test never names `{entry_point}`: {strange}"));
        }
        if tests.len() < self.settings.tests {
            return Err(format!("{} tests differ, and {} are wanted", tests.len(), self.settings.tests));
        }
        let fields = [("entry_point", entry_point.as_str().into()), ("tests", texts(tests))];
        Ok(told(reply(heard)?, completion(task.trim(), format!("{solution}\n")), fields))
    }
}

/// Returns code without the fence that models like to put around it.
fn unfenced(code: &str) -> &str {
    let code = code.trim_matches('\n').trim_end();
    let inside = code.trim_start().strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inside.and_then(|inside| inside.split_once('\n')) {
        Some((language, inside)) if language.trim().chars().all(char::is_alphanumeric) => inside.trim_end(),
        _ => code,
    }
}

/// Returns whether a name is defined at the top of a program.
fn defines(program: &str, name: &str) -> bool {
    program.lines().any(|line| {
        let rest = ["def ", "async def ", "class "].iter().find_map(|keyword| line.strip_prefix(keyword));
        let assigned = line.strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| words(rest).next() == Some(name))
            || assigned.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

impl Inquiry<Document, Vec<Draft>> for Code {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        step(match heard {
            [] => {
                let values = Values::of_document(document).with("tests", self.settings.tests);
                self.form.ask(0, &values).map(|question| Next::Ask(vec![question]))
            }
            [first, ..] => self.draft(&first[0]).map(|draft| Next::Say(vec![draft])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, document, opening, settings};

    const SOLUTION: &str = "def clamp(x, low, high):\n    return max(low, min(x, high))";

    fn made(solution: &str, entry_point: &str, tests: [&str; 2]) -> Result<Vec<Draft>, String> {
        let said =
            json!({ "task": "Clamp it.", "entry_point": entry_point, "solution": solution, "tests": tests });
        let said = said.to_string();
        let house = House::new(move |asked| {
            assert!(opening(asked).contains("at least 2 tests"), "{}", opening(asked));
            asked.chat(&said)
        });
        let given = settings(json!({ "model": "a", "tests": 2 }));
        house.said(&Code::new(given, &house.models, Path::new(".")).unwrap(), &document("min and max"))
    }

    #[test]
    fn an_exercise_has_the_fields_that_its_verifiers_read() {
        let tests = ["assert clamp(5, 1, 9) == 5", "assert clamp(0, 1, 9) == 1"];
        for solution in [SOLUTION.to_owned(), format!("```python\n{SOLUTION}\n```\n")] {
            let drafts = made(&solution, "clamp", tests).unwrap();
            assert_eq!(drafts[0].content, completion("Clamp it.", format!("{SOLUTION}\n")));
            assert_eq!(drafts[0].fields["entry_point"], "clamp".into());
            assert_eq!(drafts[0].fields["tests"], texts(tests));
        }
    }

    #[test]
    fn the_program_of_the_verifiers_is_made_of_it() {
        let tests = ["assert clamp(5, 1, 9) == 5", "assert clamp(0, 1, 9) == 1"];
        let draft = made(SOLUTION, "clamp", tests).unwrap().remove(0);
        let (mut sample, _) = crate::tests::judged("", "", "");
        (sample.content, sample.fields) = (draft.content, draft.fields);
        let program = "{{ completion }}\n# tests\n{{ tests | join(\"\\n\") }}\n";
        let filled =
            rifflebox_template::Template::new("program", program).unwrap().fill(&Values::of(&sample));
        assert_eq!(filled.unwrap(), format!("{SOLUTION}\n\n# tests\n{}\n{}\n", tests[0], tests[1]));
    }

    #[test]
    fn what_needs_no_run_to_be_wrong_fails() {
        let good = "assert clamp(5, 1, 9) == 5";
        let other = "assert clamp(0, 1, 9) == 1";
        let lacks = made("def clamped(x):\n    clamp = x\n    return clamp", "clamp", [good, other]);
        assert_eq!(lacks, Err("the solution does not define `clamp`".to_owned()));
        let strange = made(SOLUTION, "clamp", [good, "assert clamped(0) == 1"]);
        assert_eq!(strange, Err("a test never names `clamp`: assert clamped(0) == 1".to_owned()));
        assert_eq!(made(SOLUTION, "clamp", [good, good]), Err("1 tests differ, and 2 are wanted".to_owned()));
        let unfit = "the answer does not fit its schema after a repair: `/entry_point` does not match";
        assert!(made(SOLUTION, "clamp(x)", [good, other]).unwrap_err().starts_with(unfit));
    }

    #[test]
    fn definitions_are_found_at_the_top_alone() {
        for program in ["class f:", "async def f(x):", "f = lambda x: x", "x = 1\ndef f(x): pass", "f=1"] {
            assert!(defines(program, "f"), "{program}");
        }
        for program in ["    def f(x): pass", "def ff(x): pass", "f == 1", "f(1)", "ff = 1"] {
            assert!(!defines(program, "f"), "{program}");
        }
    }
}
