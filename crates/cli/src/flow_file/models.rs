//! `[model.NAME]` tables, and the `[budget]` of their calls.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::nearest;
use rifflebox_dataflow::{Budget, FlowPlan};
use rifflebox_model::{ModelSettings, Models};

use super::environment::Environment;
use super::mistake::Mistake;
use super::node::{Table, Value};
use super::outline::Word;
use super::settings;

/// The first word of the tables that describe models.
pub(crate) const MODEL: &str = "model";
/// The table that bounds what calls cost; tables within it bound those of one stage.
pub(crate) const BUDGET: &str = "budget";

/// The tables `[model.NAME]` of a flow file.
#[derive(Debug, Default)]
pub(crate) struct ModelTables {
    tables: Vec<(Word, Table)>,
}

/// The table `[budget]`, and those of stages within it.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    whole: Budget,
    stages: Vec<(Word, Budget)>,
}

impl ModelTables {
    /// Takes the tables out of a flow file's.
    pub(crate) fn take(file: &mut Table, mistakes: &mut Vec<Mistake>) -> Self {
        let Some(entry) = file.take(MODEL) else { return ModelTables::default() };
        let Value::Table(named) = entry.node.value else {
            mistakes.push(Mistake::new("`model` is a table: write [model.NAME]").at(entry.key_span));
            return ModelTables::default();
        };
        let mut tables = Vec::new();
        for entry in named.entries {
            let name = Word { text: entry.key, span: entry.key_span };
            match entry.node.value {
                Value::Table(table) => tables.push((name, table)),
                _ => {
                    let message = format!("a model needs a name, and `{}` stands outside of one", name.text);
                    let help = "write [model.NAME] above it".to_owned();
                    mistakes.push(Mistake::new(message).help(help).at(name.span));
                }
            }
        }
        ModelTables { tables }
    }

    /// Makes the models; keys come from variables of the environment.
    pub(crate) fn models(&self, environment: Environment<'_>) -> Result<Models, Vec<Mistake>> {
        let (mut all, mut mistakes) = (BTreeMap::new(), Vec::new());
        for (name, table) in &self.tables {
            let header = format!("model.{}", name.text);
            let read = settings::read::<ModelSettings>(table)
                .map_err(|mistake| settings::of_table(&header, mistake));
            let read = read.and_then(|settings| match settings.check() {
                Ok(()) => Ok(settings),
                Err(error) => Err(table.mistake(error)),
            });
            match read {
                Ok(settings) => drop(all.insert(name.text.clone(), settings)),
                Err(mistake) => mistakes.push(mistake.or_at(&name.span)),
            }
        }
        match mistakes.is_empty() {
            true => Models::new(all, environment).map_err(|error| vec![Mistake::from(error)]),
            false => Err(mistakes),
        }
    }

    /// Returns a mistake for each model that no stage asks.
    pub(crate) fn unasked(&self, plan: &FlowPlan) -> Vec<Mistake> {
        let inquiries = plan.stages.iter().filter_map(|stage| stage.operator.inquiring());
        let asked: BTreeSet<String> = inquiries
            .flat_map(|inquiry| inquiry.respondents)
            .map(|respondent| respondent.about().name)
            .collect();
        let idle = self.tables.iter().filter(|(name, _)| !asked.contains(&name.text));
        idle.map(|(name, _)| {
            let help = format!("name it in a stage: model = {:?}", name.text);
            Mistake::new(format!("no stage asks [model.{}]", name.text)).help(help).at(name.span.clone())
        })
        .collect()
    }
}

impl Budgets {
    /// Takes the budgets out of a flow file's tables.
    pub(crate) fn take(file: &mut Table, mistakes: &mut Vec<Mistake>) -> Self {
        let mut budgets = Budgets::default();
        let Some(entry) = file.take(BUDGET) else { return budgets };
        let Value::Table(mut table) = entry.node.value else {
            mistakes.push(Mistake::new("`budget` is a table: write [budget]").at(entry.key_span));
            return budgets;
        };
        for entry in std::mem::take(&mut table.entries) {
            match entry.node.value {
                Value::Table(of_stage) => {
                    let name = Word { text: entry.key, span: entry.key_span };
                    match read_budget(&format!("budget.{}", name.text), &of_stage) {
                        Ok(budget) => budgets.stages.push((name, budget)),
                        Err(mistake) => mistakes.push(mistake.or_at(&name.span)),
                    }
                }
                _ => table.entries.push(entry),
            }
        }
        match read_budget(BUDGET, &table) {
            Ok(budget) => budgets.whole = budget,
            Err(mistake) => mistakes.push(mistake.or_at(&entry.key_span)),
        }
        budgets
    }

    /// Gives a flow and its stages what their calls may cost; returns a mistake for each that makes none.
    pub(crate) fn put_into(&self, plan: &mut FlowPlan) -> Vec<Mistake> {
        plan.budget = self.whole;
        let asking = plan.stages.iter().filter(|stage| stage.operator.is_asked());
        let asking: Vec<String> = asking.map(|stage| stage.name.clone()).collect();
        let mut mistakes = Vec::new();
        for (name, budget) in &self.stages {
            match plan.stages.iter_mut().find(|stage| stage.name == name.text && stage.operator.is_asked()) {
                Some(stage) => stage.budget = *budget,
                None => {
                    let mistake = Mistake::new(format!("no stage `{}` makes calls", name.text));
                    let help = nearest(&name.text, asking.iter().map(String::as_str));
                    mistakes.push(mistake.help(help).at(name.span.clone()));
                }
            }
        }
        mistakes
    }
}

fn read_budget(header: &str, table: &Table) -> Result<Budget, Mistake> {
    let budget: Budget = settings::read(table).map_err(|mistake| settings::of_table(header, mistake))?;
    match budget.check() {
        Ok(()) => Ok(budget),
        Err(message) => {
            Err(table.mistake(rifflebox_core::Error::new(rifflebox_core::ErrorKind::Usage, message)))
        }
    }
}
