//! The verbs: each reads its words, calls the library, and prints what comes back.

mod building;
mod keeping;
mod reading;

use rifflebox::Result;

use crate::arguments::Verb;
use crate::output::Output;
use crate::registry::Registry;
use crate::scaffold;

/// Does what the command line asks for.
///
/// # Errors
/// Whatever the verb's own work fails of; the kind decides the exit code.
pub(crate) async fn run(verb: Verb, registry: &Registry, output: &Output) -> Result<()> {
    match verb {
        Verb::Build(verb) => building::build(&verb, registry, output).await,
        Verb::Plan(verb) => building::plan(&verb, registry, output).await,
        Verb::Preview(verb) => building::preview(&verb, registry, output).await,
        Verb::Watch(verb) => building::watch(&verb, registry, output).await,
        Verb::Status(verb) => reading::status(&verb, output).await,
        Verb::Explain(verb) => reading::explain(&verb, registry, output).await,
        Verb::Rows(verb) => reading::rows(&verb, registry, output).await,
        Verb::Diff(verb) => reading::diff(&verb, output).await,
        Verb::Log(verb) => reading::log(&verb, output).await,
        Verb::Rollback(verb) => keeping::rollback(&verb, output).await,
        Verb::Check(verb) => keeping::check(&verb, registry, output).await,
        Verb::Gc(verb) => keeping::gc(&verb, output).await,
        Verb::New(verb) => scaffold::make(&verb.dir, output),
    }
}
