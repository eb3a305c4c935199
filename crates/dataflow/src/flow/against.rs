use std::collections::BTreeSet;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, HeldOut, HeldOutCheck, Key, Result, Verifier};

use super::{FlowPlan, FlowStage, Operator};

/// What a stage is held against: sources of documents that nothing is made of.
///
/// Of a verifier, it says which; a generator withholds the documents that hold one.
#[derive(Clone)]
pub struct Against {
    /// Names of the sources.
    pub sources: Vec<String>,
    check: Arc<dyn HeldOutCheck>,
    /// The check with the documents of a build.
    verifier: Option<Arc<dyn Verifier>>,
}

impl Against {
    /// Names sources, and what finds their documents.
    pub fn new(sources: Vec<String>, check: Arc<dyn HeldOutCheck>) -> Self {
        Against { sources, check, verifier: None }
    }

    /// Returns what finds the sources' documents, whatever they are.
    pub(super) fn check(&self) -> Arc<dyn HeldOutCheck> {
        self.check.clone()
    }

    /// Returns what finds the documents of a build.
    ///
    /// # Errors
    /// When the plan was not told which documents these are: a bug of whoever compiles it.
    pub(super) fn verifier(&self) -> Result<Arc<dyn Verifier>> {
        let unknown =
            || Error::new(ErrorKind::Internal, format!("what {:?} hold is not known", self.sources));
        self.verifier.clone().ok_or_else(unknown)
    }

    /// Returns the fingerprint of what finds the documents of a build.
    pub(super) fn fingerprint(&self) -> Key {
        match &self.verifier {
            Some(verifier) => verifier.identity().fingerprint(),
            None => self.check.identity().fingerprint(),
        }
    }
}

impl FlowPlan {
    /// Returns the names of the sources that stages are held against.
    pub fn held_out(&self) -> BTreeSet<&str> {
        let against = self.stages.iter().filter_map(|stage| stage.against.as_ref());
        against.flat_map(|against| &against.sources).map(String::as_str).collect()
    }

    /// Returns the plan of a build that knows the held-out documents: `find` brings those of some sources.
    #[must_use]
    pub fn with_held_out(&self, find: impl Fn(&[String]) -> HeldOut) -> FlowPlan {
        let mut plan = self.clone();
        for stage in &mut plan.stages {
            let Some(against) = &mut stage.against else { continue };
            let verifier = against.check.against(Arc::new(find(&against.sources)));
            if let Operator::VerifyAgainst(_, on_reject) = stage.operator {
                stage.operator = Operator::Verify(verifier.clone(), on_reject);
            }
            against.verifier = Some(verifier);
        }
        plan
    }

    /// Checks what a stage is held against: sources, and none that something is made of.
    pub(super) fn check_against(&self, stage: &FlowStage) -> Result<()> {
        let usage = |message: String| Err(Error::new(ErrorKind::Usage, message));
        let name = &stage.name;
        let sources = stage.against.as_ref().map(|against| against.sources.as_slice()).unwrap_or_default();
        let (kind, judges) = (stage.operator.kind(), matches!(stage.operator, Operator::VerifyAgainst(..)));
        if sources.is_empty() && (judges || stage.against.is_some()) {
            return usage(format!("stage `{name}` is held against nothing: name its sources"));
        }
        if !sources.is_empty() && !matches!(kind, "generate" | "verify") {
            return usage(format!("stage `{name}` ({kind}) cannot be held against sources"));
        }
        for source in sources {
            match self
                .stages
                .iter()
                .take_while(|other| other.name != *name)
                .find(|other| other.name == *source)
            {
                Some(other) if matches!(other.operator, Operator::Source(_)) => {}
                Some(other) => {
                    let kind = other.operator.kind();
                    return usage(format!(
                        "stage `{name}` is held against `{source}`, which is a {kind}, not a source"
                    ));
                }
                None => {
                    return usage(format!(
                        "stage `{name}` is held against `{source}`, and no stage before it has that name"
                    ));
                }
            }
            if let Some(reader) = self.stages.iter().find(|other| other.from.contains(source)) {
                let reader = &reader.name;
                return usage(format!(
                    "stage `{name}` is held against `{source}`, and `{reader}` makes samples of it: what is held out \
                     is no seed"
                ));
            }
        }
        Ok(())
    }
}
