mod asking;
mod builtin;
mod given;

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{AskedGenerator, AskedVerifier, Generator, Tier, Verifier};
use rifflebox_dataflow::Operator;

use crate::flow_file::{Kind, Mistake};
use rifflebox_core::nearest;

pub use given::Given;

/// The operators that flow files can name, by kind and name.
///
/// ```
/// use rifflebox_cli::Registry;
/// use rifflebox_core::{Sample, Verdict, verifier};
///
/// let no_todo = verifier("no-todo", "1", |s: &Sample| match s.text().contains("TODO") {
///     true => Verdict::reject("contains TODO"),
///     false => Verdict::accept(),
/// });
/// let registry = Registry::builtin().with(no_todo);
/// ```
///
/// A flow file then has `[verify.no-todo]`.
#[derive(Clone, Default)]
pub struct Registry {
    constructors: BTreeMap<(Kind, String), Constructor>,
}

type Constructor = Arc<dyn Fn(&Given<'_>) -> Result<Made, Mistake> + Send + Sync>;

/// What a constructor makes of a table.
pub struct Made {
    /// The operator.
    pub operator: Operator,
    /// For a source, the tier of its documents, if they are all of one.
    pub source_tier: Option<Tier>,
    /// For a mixer, the tiers that it gives a share to.
    pub wanted_tiers: Vec<String>,
}

impl Made {
    /// Takes an operator of which nothing more is known.
    pub fn of(operator: Operator) -> Self {
        Made { operator, source_tier: None, wanted_tiers: Vec::new() }
    }
}

impl Registry {
    /// Returns a registry of all operators that come with rifflebox.
    pub fn builtin() -> Self {
        builtin::add(Registry::default())
    }

    /// Adds a verifier, by its own name; it takes no settings.
    #[must_use]
    pub fn with(self, verifier: impl Verifier + 'static) -> Self {
        let verifier: Arc<dyn Verifier> = Arc::new(verifier);
        self.with_operator(Kind::Verify, &verifier.identity().name, move |given| {
            given.settings::<NoSettings>()?;
            Ok(Made::of(Operator::Verify(verifier.clone(), given.on_reject())))
        })
    }

    /// Adds a verifier that asks, by its own name; it takes no settings.
    #[must_use]
    pub fn with_asked(self, verifier: impl AskedVerifier + 'static) -> Self {
        let verifier: Arc<dyn AskedVerifier> = Arc::new(verifier);
        self.with_operator(Kind::Verify, &verifier.identity().name, move |given| {
            given.settings::<NoSettings>()?;
            Ok(Made::of(Operator::VerifyAsked(verifier.clone(), given.on_reject())))
        })
    }

    /// Adds a generator, by its own name; it takes no settings.
    #[must_use]
    pub fn with_generator(self, generator: impl Generator + 'static) -> Self {
        let generator: Arc<dyn Generator> = Arc::new(generator);
        self.with_operator(Kind::Generate, &generator.identity().name, move |given| {
            given.settings::<NoSettings>()?;
            Ok(Made::of(Operator::Generate(generator.clone())))
        })
    }

    /// Adds a generator that asks, by its own name; it takes no settings.
    #[must_use]
    pub fn with_asked_generator(self, generator: impl AskedGenerator + 'static) -> Self {
        let generator: Arc<dyn AskedGenerator> = Arc::new(generator);
        self.with_operator(Kind::Generate, &generator.identity().name, move |given| {
            given.settings::<NoSettings>()?;
            Ok(Made::of(Operator::GenerateAsked(generator.clone())))
        })
    }

    /// Adds an operator that is made of the settings of its table; one of that kind and name gives way.
    #[must_use]
    pub fn with_operator(
        mut self,
        kind: Kind,
        name: &str,
        make: impl Fn(&Given<'_>) -> Result<Made, Mistake> + Send + Sync + 'static,
    ) -> Self {
        self.constructors.insert((kind, name.to_owned()), Arc::new(make));
        self
    }

    /// Returns whether an operator has the name that a table gives.
    pub(crate) fn knows(&self, given: &Given<'_>) -> bool {
        self.constructors.contains_key(&(given.kind(), given.operator().to_owned()))
    }

    /// Makes the operator of a table.
    ///
    /// # Errors
    /// When no operator has the name, or its settings are wrong.
    pub(crate) fn make(&self, given: &Given<'_>) -> Result<Made, Mistake> {
        match self.constructors.get(&(given.kind(), given.operator().to_owned())) {
            Some(make) => make(given),
            None => Err(self.unknown(given)),
        }
    }

    fn unknown(&self, given: &Given<'_>) -> Mistake {
        let (kind, name) = (given.kind(), given.operator());
        let mistake = given.unknown(format!("there is no {kind} operator `{name}`"));
        let other = self.constructors.keys().find(|(_, other)| other == name);
        if let Some((other, _)) = other {
            return mistake.help(format!("`{name}` belongs in a table [{other}.NAME]"));
        }
        let known = self.constructors.keys().filter(|(other, _)| *other == kind);
        mistake.help(nearest(name, known.map(|(_, name)| name.as_str())))
    }
}

/// Settings of an operator that has none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}
