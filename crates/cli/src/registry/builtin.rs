//! The operators that every flow file knows.

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Result, Tokenizer, Verifier};
use rifflebox_dataflow::{Operator, PublishSettings};
use rifflebox_dedup::{Exact, NearDuplicates, NearSettings, Verbatim};
use rifflebox_generate::{Cloze, CommandGenerator, Passages, Rows};
use rifflebox_mix::Recipe;
use rifflebox_publish::Splits;
use rifflebox_retrieve::Facts;
use rifflebox_sources::Files;
use rifflebox_verify::{
    CommandVerifier, Decontaminate, Format, Mutants, Numeric, PersonalData, Prover, PythonTests,
    QualityClassifier, Refusal, Smt, Sql, Supported, Symbolic, Toxicity, Vocabulary,
};
use serde::de::DeserializeOwned;

use super::{Given, Made, NoSettings, Registry};
use crate::flow_file::{Kind, Mistake};

/// Adds the operators that every flow file knows.
pub(super) fn add(registry: Registry) -> Registry {
    let mut registry = registry
        .with_operator(Kind::Source, "files", files)
        .with_operator(Kind::Generate, "passages", passages)
        .with_operator(Kind::Generate, "rows", rows)
        .with_operator(Kind::Generate, "cloze", cloze)
        .with_operator(Kind::Generate, "command", command_generator)
        .with_operator(Kind::Verify, "supported", supported)
        .with_operator(Kind::Verify, Decontaminate::NAME, decontaminate)
        .with_operator(Kind::Verify, "command", command_verifier)
        .with_operator(Kind::Verify, Numeric::NAME, numeric)
        .with_operator(Kind::Verify, PythonTests::NAME, python_tests)
        .with_operator(Kind::Verify, Mutants::NAME, mutants)
        .with_operator(Kind::Verify, Sql::NAME, sql)
        .with_operator(Kind::Verify, Symbolic::NAME, symbolic)
        .with_operator(Kind::Verify, Smt::NAME, smt)
        .with_operator(Kind::Verify, Prover::NAME, prover)
        .with_operator(Kind::Verify, "verbatim", verbatim)
        .with_operator(Kind::Verify, Facts::NAME, facts)
        .with_operator(Kind::Verify, Format::NAME, |given| judges(given, Format::new))
        .with_operator(Kind::Verify, PersonalData::NAME, |given| judges(given, PersonalData::new))
        .with_operator(Kind::Verify, QualityClassifier::NAME, |given| judges(given, QualityClassifier::new))
        .with_operator(Kind::Verify, Refusal::NAME, |given| judges(given, Refusal::new))
        .with_operator(Kind::Verify, Toxicity::NAME, |given| judges(given, Toxicity::new))
        .with_operator(Kind::Verify, Vocabulary::NAME, |given| judges(given, Vocabulary::new))
        .with_operator(Kind::Dedup, "exact", exact)
        .with_operator(Kind::Dedup, "near", near)
        .with_operator(Kind::Mix, "shares", shares)
        .with_operator(Kind::Publish, "folder", folder);
    registry = super::asking::add(registry);
    #[cfg(feature = "physics")]
    {
        registry = registry.with_operator(Kind::Verify, rifflebox_physics::Physics::NAME, physics);
    }
    for name in rifflebox_verify::filters() {
        registry = registry.with_operator(Kind::Verify, name, filter);
    }
    registry
}

fn files(given: &Given<'_>) -> Result<Made, Mistake> {
    let files: Files = given.settings()?;
    let source = files.source(given.name(), given.base_dir()).map_err(|error| {
        let said = error.to_string();
        let named = ["redact", "pdf"].into_iter().find(|key| said.contains(&format!(": `{key}`: ")));
        let key = named.unwrap_or("files");
        given.mistake_at(key, error.chain())
    })?;
    let tier = Some(files.effective_tier());
    Ok(Made { source_tier: tier, ..Made::of(Operator::Source(Arc::new(source))) })
}

fn passages(given: &Given<'_>) -> Result<Made, Mistake> {
    let passages: Passages = given.settings()?;
    Ok(Made::of(Operator::Generate(Arc::new(passages))))
}

fn rows(given: &Given<'_>) -> Result<Made, Mistake> {
    let rows: Rows = given.settings()?;
    rows.check().map_err(|why| given.mistake_at("columns", why))?;
    Ok(Made::of(Operator::Generate(Arc::new(rows))))
}

fn cloze(given: &Given<'_>) -> Result<Made, Mistake> {
    let cloze: Cloze = given.settings()?;
    cloze.check().map_err(|why| given.mistake_at("about", why))?;
    Ok(Made::of(Operator::Generate(Arc::new(cloze))))
}

fn command_generator(given: &Given<'_>) -> Result<Made, Mistake> {
    let generator = CommandGenerator::new(given.settings()?, given.base_dir());
    Ok(Made::of(Operator::GenerateAsked(Arc::new(generator.map_err(|error| given.mistake(error))?))))
}

fn command_verifier(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = CommandVerifier::new(given.settings()?, given.base_dir());
    let verifier = Arc::new(verifier.map_err(|error| given.mistake(error))?);
    Ok(Made::of(Operator::VerifyAsked(verifier, given.on_reject())))
}

fn python_tests(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = PythonTests::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAsked(Arc::new(verifier), given.on_reject())))
}

fn mutants(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = Mutants::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAsked(Arc::new(verifier), given.on_reject())))
}

fn sql(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = Sql::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAsked(Arc::new(verifier), given.on_reject())))
}

fn symbolic(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = Symbolic::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAsked(Arc::new(verifier), given.on_reject())))
}

fn numeric(given: &Given<'_>) -> Result<Made, Mistake> {
    let numeric = Numeric::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::Verify(Arc::new(numeric), given.on_reject())))
}

fn smt(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = Smt::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAsked(Arc::new(verifier), given.on_reject())))
}

fn prover(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = Prover::new(given.settings()?, given.base_dir()).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAsked(Arc::new(verifier), given.on_reject())))
}

#[cfg(feature = "physics")]
fn physics(given: &Given<'_>) -> Result<Made, Mistake> {
    let verifier = rifflebox_physics::Physics::new(given.settings()?);
    let verifier = Arc::new(verifier.map_err(|error| given.mistake(error))?);
    Ok(Made::of(Operator::Verify(verifier, given.on_reject())))
}

fn supported(given: &Given<'_>) -> Result<Made, Mistake> {
    let supported: Supported = given.settings()?;
    Ok(Made::of(Operator::Verify(Arc::new(supported), given.on_reject())))
}

/// Makes a verifier that is a pure function of its settings and the files that they name.
fn judges<S: DeserializeOwned, V: Verifier + 'static>(
    given: &Given<'_>,
    make: impl FnOnce(S, &Path) -> Result<V, Error>,
) -> Result<Made, Mistake> {
    let verifier = make(given.settings()?, given.base_dir()).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::Verify(Arc::new(verifier), given.on_reject())))
}

fn verbatim(given: &Given<'_>) -> Result<Made, Mistake> {
    let verbatim =
        Verbatim::new(given.settings()?, given.base_dir()).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyGraph(Arc::new(verbatim), given.on_reject())))
}

fn facts(given: &Given<'_>) -> Result<Made, Mistake> {
    let facts = Facts::new(given.settings()?, given.base_dir()).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyGraph(Arc::new(facts), given.on_reject())))
}

fn decontaminate(given: &Given<'_>) -> Result<Made, Mistake> {
    let check = Decontaminate::new(given.settings()?).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::VerifyAgainst(Arc::new(check), given.on_reject())))
}

fn filter(given: &Given<'_>) -> Result<Made, Mistake> {
    let tokenizer: Arc<dyn Tokenizer> = given.tokenizer();
    let filter = rifflebox_verify::by_name_with(given.operator(), given.json(), Some(tokenizer));
    let filter = filter.expect("every filter is registered by its own name");
    let filter = filter.map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::Verify(filter, given.on_reject())))
}

fn exact(given: &Given<'_>) -> Result<Made, Mistake> {
    let NoSettings {} = given.settings()?;
    Ok(Made::of(Operator::Dedup(Arc::new(Exact))))
}

fn near(given: &Given<'_>) -> Result<Made, Mistake> {
    let settings: NearSettings = given.settings()?;
    let near = NearDuplicates::new(settings).map_err(|error| given.mistake(error))?;
    Ok(Made::of(Operator::Dedup(Arc::new(near))))
}

fn shares(given: &Given<'_>) -> Result<Made, Mistake> {
    let recipe: Recipe = given.settings()?;
    match recipe.check() {
        // What no data could make publishable is for the build to refuse.
        Err(error) if error.kind() != ErrorKind::Refused => {
            let key =
                ["shares", "tokens", "min_anchor"].into_iter().find(|key| error.to_string().contains(key));
            return Err(given.mistake_at(key.unwrap_or("shares"), error.chain()));
        }
        _ => {}
    }
    let wanted_tiers = recipe.shares.keys().map(|label| label.name().to_owned()).collect();
    Ok(Made { wanted_tiers, ..Made::of(Operator::Mix(Arc::new(recipe))) })
}

fn folder(given: &Given<'_>) -> Result<Made, Mistake> {
    let settings: PublishSettings = given.settings()?;
    if settings.shard_mb == 0 {
        return Err(given.mistake_at("shard_mb", "`shard_mb` is at least 1"));
    }
    Splits::new(settings.splits.clone()).map_err(|error| given.mistake_at("splits", error.chain()))?;
    Ok(Made::of(Operator::Publish(settings)))
}
