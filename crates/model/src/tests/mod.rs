//! The client against an endpoint that does what a script says.

mod batches;
mod chat;
mod failures;
mod secrecy;
mod vectors;

use rifflebox_core::Failure;
use rifflebox_testkit::{Endpoint, Script};

use crate::{Answer, ChatRequest, Model, ModelSettings};

/// What the key's variable holds.
const KEY: &str = "sk-hunter2/plus+\"more\"";

fn settings(endpoint: &Endpoint) -> ModelSettings {
    let mut settings = ModelSettings::new(&endpoint.url(), "small", "llama");
    settings.key_env = Some("MODEL_KEY".to_owned());
    settings.price = toml::from_str("input = 1\noutput = 10\nbatch = 0.5").unwrap();
    settings.retries = 2;
    settings
}

fn environment(name: &str) -> Option<String> {
    (name == "MODEL_KEY").then(|| KEY.to_owned())
}

/// Starts an endpoint, and makes a model of it.
fn model(script: impl Script + 'static) -> (Endpoint, Model) {
    with(script, |_| {})
}

/// The same, with other settings.
fn with(script: impl Script + 'static, change: impl FnOnce(&mut ModelSettings)) -> (Endpoint, Model) {
    let endpoint = Endpoint::start(script).unwrap();
    let mut settings = settings(&endpoint);
    change(&mut settings);
    let model = Model::new(settings, environment).unwrap();
    (endpoint, model)
}

async fn ask(model: &Model, text: &str) -> Result<Answer, Failure> {
    model.chat(&ChatRequest::user(text)).await
}

#[track_caller]
fn owed(said: Result<Answer, Failure>) -> String {
    match said {
        Err(Failure::Owed(reason)) => reason,
        other => panic!("not owed: {other:?}"),
    }
}

#[track_caller]
fn refused(said: Result<Answer, Failure>) -> String {
    match said {
        Err(Failure::Final(reason)) => reason,
        other => panic!("not final: {other:?}"),
    }
}
