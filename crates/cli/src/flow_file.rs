//! `(TOML text) -> FlowPlan`, or every mistake with its place and the nearest right word.

mod environment;
mod kind;
mod mistake;
mod models;
mod node;
mod outline;
mod redact;
mod settings;
mod tiers;
mod wiring;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, HeldOutCheck, Result};
use rifflebox_dataflow::{Against, Budget, FlowPlan, FlowStage, Operator};
use rifflebox_verify::Decontaminate;

use crate::registry::{Given, Made, Registry};
use environment::Environment;
use outline::{Outline, Word};

pub use kind::Kind;
pub use mistake::{Mistake, Mistakes};
pub(crate) use node::texts_of;
pub(crate) use outline::StageTable;
pub(crate) use settings::{of_table, read as read_settings};

/// The workspace of a flow file that names none.
const DEFAULT_WORKSPACE: &str = "file:./workspace";
/// The name of a flow that has none.
const DEFAULT_NAME: &str = "dataset";
/// The published versions that stay retrievable.
const DEFAULT_KEEP_VERSIONS: usize = 10;

/// A flow as a file describes it.
#[derive(Clone)]
pub struct FlowFile {
    /// What the flow is made of.
    pub plan: FlowPlan,
    /// URL of the workspace; a relative `file:` starts at the file's folder.
    pub workspace: String,
    /// The file's text, as it stands.
    pub text: String,
    /// The text as a workspace may keep it: no name that is to be redacted stands in it.
    pub kept_text: String,
    /// The folder at which relative paths start.
    pub base_dir: PathBuf,
}

/// What a verb that only reads needs of a flow file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowHead {
    /// URL of the workspace, as in [`FlowFile`].
    pub workspace: String,
    /// The published versions that stay retrievable.
    pub keep_versions: usize,
}

impl FlowFile {
    /// Reads a flow file, its variables from this process's environment.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Usage`], when the file cannot be read, or is broken: with all mistakes, each with its
    /// place.
    pub fn load(path: &Path, registry: &Registry) -> Result<Self> {
        let text = read_file(path)?;
        Self::parse(&path.display().to_string(), &text, base_dir(path), registry, &process_environment)
    }

    /// Reads the text of a flow file; `path` names it in errors.
    ///
    /// # Errors
    /// As [`FlowFile::load`].
    pub fn parse(
        path: &str,
        text: &str,
        base_dir: &Path,
        registry: &Registry,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let plan = parse(text, base_dir, registry, environment);
        let (plan, workspace) = plan.map_err(|mistakes| Mistakes::new(path, text, mistakes).into_error())?;
        let (text, kept_text) = (text.to_owned(), redact::without_names(text));
        Ok(FlowFile { plan, workspace, text, kept_text, base_dir: base_dir.to_owned() })
    }
}

impl FlowHead {
    /// Reads the top of a flow file; its stages may be broken.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Usage`], when the file cannot be read, is no TOML, or its top is broken.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read_file(path)?;
        Self::parse_in(&path.display().to_string(), &text, base_dir(path), &process_environment)
    }

    /// Reads the top of a flow file's text; `path` names it in errors.
    ///
    /// # Errors
    /// As [`FlowHead::load`].
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        Self::parse_in(path, text, Path::new("."), &process_environment)
    }

    fn parse_in(path: &str, text: &str, base_dir: &Path, environment: Environment<'_>) -> Result<Self> {
        let wrong = |mistakes| Mistakes::new(path, text, mistakes).into_error();
        let mut table = node::parse(text).map_err(wrong)?;
        table.entries.retain(|entry| matches!(entry.key.as_str(), "workspace" | "keep_versions"));
        let mut mistakes = Vec::new();
        environment::substitute(&mut table, environment, &mut mistakes);
        let outline = outline::outline(table, &mut mistakes);
        match mistakes.is_empty() {
            true => Ok(FlowHead {
                workspace: workspace(&outline, base_dir),
                keep_versions: outline.keep_versions.unwrap_or(DEFAULT_KEEP_VERSIONS),
            }),
            false => Err(wrong(mistakes)),
        }
    }
}

fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn base_dir(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "; `rifflebox new DIR` makes one",
            _ => "",
        };
        let message = format!("cannot read the flow file {}{hint}", path.display());
        Error::new(ErrorKind::Usage, message).with_source(error)
    })
}

fn parse(
    text: &str,
    base_dir: &Path,
    registry: &Registry,
    environment: Environment<'_>,
) -> Result<(FlowPlan, String), Vec<Mistake>> {
    let mut table = node::parse(text)?;
    let mut mistakes = Vec::new();
    environment::substitute(&mut table, environment, &mut mistakes);
    let outline = outline::outline(table, &mut mistakes);
    let tokenizer = tokenizer(outline.tokenizer.as_ref(), base_dir);
    let tokenizer = tokenizer.map_err(|mistake| [mistakes.as_slice(), &[mistake]].concat())?;
    // Where a table itself is wrong, whoever reads it would be called wrong as well.
    let mut wires_count = mistakes.is_empty();
    let models = match outline.models.models(environment) {
        Ok(models) => models,
        // What is said of who asks them would follow from this.
        Err(wrong) => return Err([mistakes, wrong].concat()),
    };
    let mut made = Vec::new();
    for table in &outline.stages {
        let given = Given::new(table, base_dir, tokenizer.clone(), &models);
        wires_count &= registry.knows(&given);
        match registry.make(&given) {
            Ok(stage) => {
                mistakes.extend(wrongly_held(table, &stage));
                made.push(stage);
            }
            Err(mistake) => mistakes.push(mistake.or_at(&table.name.span)),
        }
    }
    let order = match wiring::order(&outline.stages) {
        Ok(order) if mistakes.is_empty() => order,
        Err(wiring) if wires_count => return Err([mistakes, wiring].concat()),
        _ => return Err(mistakes),
    };
    let stages: Vec<(&StageTable, &Made)> =
        order.iter().map(|index| (&outline.stages[*index], &made[*index])).collect();
    let mut plan = FlowPlan {
        name: outline.name.as_ref().map_or(DEFAULT_NAME, |name| &name.text).to_owned(),
        tokenizer,
        stages: stages.iter().map(|(table, made)| flow_stage(table, made)).collect(),
        keep_versions: outline.keep_versions.unwrap_or(DEFAULT_KEEP_VERSIONS),
        budget: Budget::default(),
    };
    mistakes = tiers::check(&stages);
    mistakes.extend(outline.budgets.put_into(&mut plan));
    mistakes.extend(outline.models.unasked(&plan));
    if mistakes.is_empty() {
        mistakes.extend(strange_sources(&plan, &outline.stages));
        mistakes.extend(open_sources(&plan, &outline.stages));
        mistakes.extend(kin(&plan, &outline.stages));
    }
    if mistakes.is_empty() {
        mistakes.extend(plan.check().err().map(Mistake::from));
    }
    match mistakes.is_empty() {
        true => Ok((plan, workspace(&outline, base_dir))),
        false => Err(mistakes),
    }
}

/// Returns a mistake for each source that a table names and that does not reach its stage.
fn strange_sources(plan: &FlowPlan, tables: &[StageTable]) -> Vec<Mistake> {
    let strange = plan.stages.iter().filter_map(|stage| {
        let mistake = Mistake::new(plan.strange_source(stage)?);
        let table = tables.iter().find(|table| table.stage_name() == stage.name)?;
        let sources = table.settings.get("sources").map(|entry| entry.node.span.clone());
        Some(mistake.at(sources.unwrap_or_else(|| table.name.span.clone())))
    });
    strange.collect()
}

/// Returns a mistake for each source whose documents a stage would send away, and that does not say what is redacted.
fn open_sources(plan: &FlowPlan, tables: &[StageTable]) -> Vec<Mistake> {
    let mut told = BTreeMap::new();
    for stage in &plan.stages {
        if let Some((source, why)) = plan.open_source(stage)
            && let Some(table) = tables.iter().find(|table| table.stage_name() == source)
        {
            told.entry(source).or_insert_with(|| Mistake::new(why).at(table.name.span.clone()));
        }
    }
    told.into_values().collect()
}

/// Returns a mistake for each stage in which a family would judge what it made itself.
fn kin(plan: &FlowPlan, tables: &[StageTable]) -> Vec<Mistake> {
    let kin = plan.stages.iter().filter_map(|stage| {
        let mistake = Mistake::new(plan.kin(stage)?);
        let table = tables.iter().find(|table| table.stage_name() == stage.name)?;
        let named = ["model", "models", "family"].into_iter().find_map(|key| table.settings.get(key));
        Some(mistake.at(named.map_or(table.name.span.clone(), |entry| entry.node.span.clone())))
    });
    kin.collect()
}

fn flow_stage(table: &StageTable, made: &Made) -> FlowStage {
    let names = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    let check: Arc<dyn HeldOutCheck> = match &made.operator {
        Operator::VerifyAgainst(check, _) => check.clone(),
        _ => Arc::new(Decontaminate::default()),
    };
    let against = (!table.against.is_empty()).then(|| Against::new(names(&table.against), check));
    FlowStage {
        against,
        target: table.target,
        ..FlowStage::new(table.stage_name(), names(&table.from), made.operator.clone())
    }
}

/// Returns what is wrong with a verifier that is held against sources and looks at none, or the other way round.
fn wrongly_held(table: &StageTable, made: &Made) -> Option<Mistake> {
    let header = table.header();
    match (&made.operator, table.against.first()) {
        (Operator::VerifyAgainst(..), None) => {
            let help = "name the sources that are held out: against = [\"gsm8k\"]";
            Some(Mistake::new(format!("[{header}] needs the key `against`")).help(help.to_owned()))
        }
        (
            Operator::Verify(..)
            | Operator::VerifyAsked(..)
            | Operator::Judge(..)
            | Operator::VerifyGraph(..),
            Some(first),
        ) => {
            let mistake = Mistake::new(format!("[{header}] has no key `against`"));
            let help = format!("`use = \"{}\"` has", Decontaminate::NAME);
            return Some(mistake.help(help).at(first.span.clone()));
        }
        _ => None,
    }
    .map(|mistake| mistake.at(table.name.span.clone()))
}

fn tokenizer(
    spec: Option<&Word>,
    base_dir: &Path,
) -> Result<std::sync::Arc<dyn rifflebox_core::Tokenizer>, Mistake> {
    let name = spec.map_or(rifflebox_generate::O200k::NAME, |word| &word.text);
    rifflebox_generate::tokenizer(name, base_dir)
        .map_err(|error| Mistake { span: spec.map(|word| word.span.clone()), ..Mistake::from(error) })
}

/// Returns the workspace's URL; a relative folder starts at the file's own.
fn workspace(outline: &Outline, base_dir: &Path) -> String {
    let url = outline.workspace.as_ref().map_or(DEFAULT_WORKSPACE, |word| &word.text);
    match url.strip_prefix("file:") {
        Some(path) if !path.starts_with('/') && !path.is_empty() => {
            let path = path.strip_prefix("./").unwrap_or(path);
            format!("file:{}", base_dir.join(path).display())
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
