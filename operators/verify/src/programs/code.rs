use rifflebox_core::{Error, ErrorKind, Result, Sample};

use crate::template::{Template, Values};

/// The line of a template that parts the solution from its tests.
pub(crate) const TESTS: &str = "# tests";

/// The setting that holds the template.
const KEY: &str = "program";

/// A template that makes a program of a sample.
#[derive(Debug)]
pub(crate) struct CodeTemplate {
    solution: Template,
    tests: Option<Template>,
}

/// A program: a solution and its tests, or a file that holds both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) solution: String,
    pub(crate) tests: Option<String>,
}

impl CodeTemplate {
    /// Reads a template, and parts it at its line `# tests`: before anything is put in, so that no sample can do it.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let at: Vec<usize> =
            text.lines().enumerate().filter(|(_, line)| line.trim() == TESTS).map(|(at, _)| at).collect();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        match at[..] {
            [] => Ok(CodeTemplate { solution: Template::new(KEY, text)?, tests: None }),
            [at] => Ok(CodeTemplate {
                solution: Template::new(KEY, &lines[..at].concat())?,
                tests: Some(Template::new(KEY, &lines[at + 1..].concat())?),
            }),
            _ => {
                let message = format!("`{KEY}` has {} lines `{TESTS}`: one parts it", at.len());
                Err(Error::new(ErrorKind::Usage, message))
            }
        }
    }

    /// Returns whether the solution is parted from its tests.
    pub(crate) fn has_tests(&self) -> bool {
        self.tests.is_some()
    }

    /// Makes the program of a sample.
    ///
    /// # Errors
    /// What the template wants and the sample has not.
    pub(crate) fn of(&self, sample: &Sample) -> Result<Code, String> {
        let values = Values::of(sample);
        let tests = self.tests.as_ref().map(|tests| tests.fill(&values)).transpose()?;
        Ok(Code { solution: self.solution.fill(&values)?, tests })
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Content, Tier, Value};

    use super::*;

    fn sample() -> Sample {
        Sample {
            stage: "code".into(),
            content: Content::Completion {
                prompt: "def f():\n".into(),
                completion: "    return '<&{{ x }}'\n".into(),
            },
            context: None,
            documents: vec![],
            tier: Tier::T1,
            synthetic: false,
            origin: Default::default(),
            fields: [
                ("tests".to_owned(), Value::List(vec!["assert f()".into(), "assert g()".into()])),
                ("entry".to_owned(), "f".into()),
            ]
            .into(),
        }
    }

    fn code(template: &str) -> Result<Code, String> {
        CodeTemplate::new(template).expect("a template").of(&sample())
    }

    #[test]
    fn values_go_in_raw_and_the_line_parts_the_template_alone() {
        let made =
            code("{{ prompt }}{{ completion }}\n  # tests\n{{ tests | join('\\n') }}\ncheck({{ entry }})\n");
        let wanted = Code {
            solution: "def f():\n    return '<&{{ x }}'\n\n".into(),
            tests: Some("assert f()\nassert g()\ncheck(f)\n".into()),
        };
        assert_eq!(made, Ok(wanted));
        let whole = code("{{ completion }}").map(|code| (code.solution, code.tests));
        assert_eq!(whole, Ok(("    return '<&{{ x }}'\n".to_owned(), None)));
    }

    #[test]
    fn what_a_sample_lacks_is_named_and_what_is_no_template_is_refused() {
        let lacking = code("{{ prompt }}{{ test }}").expect_err("there is no test");
        assert_eq!(lacking, "`program` wants `test`; the sample has completion, entry, prompt, tests");
        let refused = |template: &str| CodeTemplate::new(template).expect_err("it is refused").to_string();
        assert!(refused("{{ prompt").starts_with("`program` is no template: "));
        assert!(refused("{% if a %}\n# tests\n{% endif %}").starts_with("`program` is no template: "));
        assert_eq!(refused("# tests\n# tests"), "`program` has 2 lines `# tests`: one parts it");
    }
}
