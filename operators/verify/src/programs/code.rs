use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};
use rifflebox_core::{Content, Error, ErrorKind, Result, Sample};

/// The line of a template that parts the solution from its tests.
pub(crate) const TESTS: &str = "# tests";

/// A template that makes a program of a sample.
#[derive(Debug)]
pub(crate) struct CodeTemplate {
    environment: Environment<'static>,
    has_tests: bool,
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
        let usage = |message: String| Error::new(ErrorKind::Usage, message);
        let at: Vec<usize> =
            text.lines().enumerate().filter(|(_, line)| line.trim() == TESTS).map(|(at, _)| at).collect();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let parts = match at[..] {
            [] => vec![("program", text.to_owned())],
            [at] => vec![("program", lines[..at].concat()), ("tests", lines[at + 1..].concat())],
            _ => return Err(usage(format!("`program` has {} lines `{TESTS}`: one parts it", at.len()))),
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
        environment.set_syntax(syntax.expect("the usual marks are right"));
        let has_tests = parts.len() == 2;
        for (name, part) in parts {
            environment
                .add_template_owned(name, part)
                .map_err(|error| usage(format!("`program` is no template: {error}")))?;
        }
        Ok(CodeTemplate { environment, has_tests })
    }

    /// Returns whether the solution is parted from its tests.
    pub(crate) fn has_tests(&self) -> bool {
        self.has_tests
    }

    /// Makes the program of a sample.
    ///
    /// # Errors
    /// What the template wants and the sample has not.
    pub(crate) fn of(&self, sample: &Sample) -> Result<Code, String> {
        let values = values(sample);
        Ok(Code {
            solution: self.part("program", &values)?,
            tests: self.has_tests.then(|| self.part("tests", &values)).transpose()?,
        })
    }

    fn part(&self, name: &str, values: &BTreeMap<String, minijinja::Value>) -> Result<String, String> {
        let template = self.environment.get_template(name).expect("both parts were added");
        template.render(minijinja::Value::from_pairs(values.clone())).map_err(|error| {
            let wanted = template.undeclared_variables(false);
            let mut lacking: Vec<&str> =
                wanted.iter().map(String::as_str).filter(|name| !values.contains_key(*name)).collect();
            lacking.sort_unstable();
            match lacking.first() {
                Some(name) => {
                    let has: Vec<&str> = values.keys().map(String::as_str).collect();
                    format!("`program` wants `{name}`; the sample has {}", has.join(", "))
                }
                None => format!("`program` cannot be filled in: {error}"),
            }
        })
    }
}

/// What a template may name: the sample's columns, its context and its fields.
fn values(sample: &Sample) -> BTreeMap<String, minijinja::Value> {
    let mut values: BTreeMap<String, serde_json::Value> =
        sample.fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
    match &sample.content {
        Content::Messages { messages } => {
            let turns =
                messages.iter().map(|turn| serde_json::json!({ "role": turn.role, "content": turn.content }));
            values.insert("messages".to_owned(), turns.collect());
        }
        content => {
            let columns = content.columns().into_iter();
            values.extend(columns.map(|(name, text)| (name.to_owned(), text.into())));
        }
    }
    values.extend(sample.context.as_ref().map(|context| ("context".to_owned(), context.as_str().into())));
    let read = |json| serde_json::from_value(json).expect("plain data is a value of a template");
    values.into_iter().map(|(name, json)| (name, read(json))).collect()
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Tier, Value};

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
