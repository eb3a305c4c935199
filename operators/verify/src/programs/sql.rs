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

const PROGRAM: &str = include_str!("python/sql.py");

/// Runs a query over a small database of the sample's own, in a sandbox, and compares its rows with the right ones.
///
/// The database is SQLite's, in memory: a schema and data make it, and the query reads it. The right rows are a text, or
/// those of another query over the same data.
pub struct Sql {
    settings: SqlSettings,
    templates: Arc<Templates>,
    asked: Arc<Asked>,
}

/// Settings of [`Sql`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlSettings {
    /// A template of the statements that make tables.
    pub schema: String,
    /// A template of the statements that fill them.
    #[serde(default)]
    pub data: Option<String>,
    /// A template of the query.
    pub query: String,
    /// A template of the right rows: JSON, or CSV with a line of names.
    #[serde(default)]
    pub expected: Option<String>,
    /// A template of a query that gives the right rows.
    #[serde(default)]
    pub reference: Option<String>,
    /// Whether rows must come in the right order.
    #[serde(default)]
    pub ordered: bool,
    /// Whether columns must have the right names, in any case.
    #[serde(default)]
    pub columns: bool,
    /// By how much numbers may differ.
    #[serde(default)]
    pub tolerance: f64,
    /// Whether no row at all may be what is right.
    #[serde(default)]
    pub allow_empty: bool,
    /// The interpreter that has SQLite; `/usr/bin/python3` if not given.
    #[serde(default)]
    pub python: Option<String>,
    /// Seconds of a processor that one query may take; three times as many by the clock.
    #[serde(default = "five")]
    pub seconds: u64,
    /// Megabytes of memory.
    #[serde(default = "half_a_gigabyte")]
    pub memory_mb: u64,
    /// Layers of the sandbox to do without: `landlock`, `seccomp`.
    #[serde(default)]
    pub without: Vec<String>,
    /// Queries at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
}

/// What is asked.
#[derive(Debug)]
struct Templates {
    schema: Template,
    data: Option<Template>,
    query: Template,
    expected: Option<Template>,
    reference: Option<Template>,
}

impl Templates {
    fn read(settings: &SqlSettings) -> Result<Self> {
        let SqlSettings { schema, data, query, expected, reference, tolerance, .. } = settings;
        if expected.is_some() == reference.is_some() {
            return usage("set `expected`, the right rows, or `reference`, a query that gives them");
        }
        if !(tolerance.is_finite() && *tolerance >= 0.0) {
            return usage(format!("`tolerance` is {tolerance}: it is a number, 0 or more"));
        }
        let optional =
            |key, text: &Option<String>| text.as_deref().map(|text| Template::new(key, text)).transpose();
        Ok(Templates {
            schema: Template::new("schema", schema)?,
            data: optional("data", data)?,
            query: Template::new("query", query)?,
            expected: optional("expected", expected)?,
            reference: optional("reference", reference)?,
        })
    }

    fn of(&self, sample: &Sample, settings: &SqlSettings) -> Result<Value, String> {
        let values = Values::of(sample);
        let optional = |template: &Option<Template>| template.as_ref().map(|it| it.fill(&values)).transpose();
        Ok(json!({
            "schema": self.schema.fill(&values)?,
            "data": optional(&self.data)?.unwrap_or_default(),
            "query": self.query.fill(&values)?,
            "expected": optional(&self.expected)?,
            "reference": optional(&self.reference)?,
            "ordered": settings.ordered,
            "columns": settings.columns,
            "tolerance": settings.tolerance.to_string(),
            "allow_empty": settings.allow_empty,
        }))
    }
}

#[derive(Serialize)]
struct Meaning<'a> {
    schema: &'a str,
    data: &'a Option<String>,
    query: &'a str,
    expected: &'a Option<String>,
    reference: &'a Option<String>,
    ordered: bool,
    columns: bool,
    tolerance: f64,
    allow_empty: bool,
    interpreter: &'a Interpreter,
    sqlite: &'a Option<String>,
    seconds: u64,
    memory_mb: u64,
}

impl Sql {
    /// The name that flow files use.
    pub const NAME: &'static str = "sql";

    /// Starts a sandbox on this machine, and makes the verifier.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong, or the layer of the sandbox that is missing
    /// here, or SQLite, with its cure.
    pub fn new(settings: SqlSettings) -> Result<Self> {
        Self::start(settings, |machine| machine.start())
    }

    /// Makes the verifier, with a sandbox of one's own; `python`, `without` and `concurrency` are its to know.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn within(sandbox: Arc<dyn Sandbox>, settings: SqlSettings) -> Result<Self> {
        Self::start(settings, |_| Ok(sandbox))
    }

    fn start(
        settings: SqlSettings,
        sandbox: impl FnOnce(&Machine<'_>) -> Result<Arc<dyn Sandbox>>,
    ) -> Result<Self> {
        let templates = Arc::new(Templates::read(&settings)?);
        let machine = Machine {
            python: settings.python.as_deref(),
            packages: &[],
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
            without: &settings.without,
            concurrency: settings.concurrency,
        };
        let asked = Arc::new(Asked::new(PROGRAM, &machine, || sandbox(&machine))?);
        if asked.sandbox.interpreter().sqlite.is_none() {
            return usage("the interpreter was built without SQLite: name another `python`");
        }
        Ok(Sql { settings, templates, asked })
    }
}

impl AskedVerifier for Sql {
    fn identity(&self) -> Identity {
        let settings = &self.settings;
        let interpreter = self.asked.sandbox.interpreter();
        let meaning = Meaning {
            schema: &settings.schema,
            data: &settings.data,
            query: &settings.query,
            expected: &settings.expected,
            reference: &settings.reference,
            ordered: settings.ordered,
            columns: settings.columns,
            tolerance: settings.tolerance,
            allow_empty: settings.allow_empty,
            interpreter,
            sqlite: &interpreter.sqlite,
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
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
        let (templates, settings) = (self.templates.clone(), self.settings.clone());
        self.asked.each(items, move |sample| templates.of(sample, &settings), verdict)
    }
}

fn verdict(Said { verdict, why }: Said) -> Verdict {
    let why = why.unwrap_or_default();
    match verdict.as_str() {
        "equal" => Verdict::accept(),
        "different" => Verdict::reject(format!("other rows: {why}")),
        _ => Verdict::reject(why),
    }
}

#[cfg(test)]
mod tests;
