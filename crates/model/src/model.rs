use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox_core::{Error, ErrorKind, Exposure, Failure, Key, Limits, Result, nearest};
use serde_json::json;

use crate::answer::{Answer, Usage};
use crate::call::Caller;
use crate::endpoint::Endpoint;
use crate::image::Images;
use crate::request::{ChatRequest, fingerprint};
use crate::secret::Secret;
use crate::settings::ModelSettings;
use crate::structured::{Dialogue, Paid};
use crate::transport::{Sent, Transport, client};
use crate::trouble::Trouble;

/// A model behind an endpoint. Clones are the same model: they share its pace and its breaker.
#[derive(Clone)]
pub struct Model {
    settings: Arc<ModelSettings>,
    caller: Arc<Caller>,
    /// Why no call can be made, if none can.
    keyless: Option<String>,
    images: Option<Arc<dyn Images>>,
    meter: Arc<Meter>,
}

/// What was spent on a model by one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Answers that came, those included that did not fit or were cut off.
    pub answers: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Their price, in millionths of a USD.
    pub micro_usd: u64,
}

#[derive(Debug, Default)]
struct Meter {
    answers: AtomicU64,
    input: AtomicU64,
    output: AtomicU64,
    cached: AtomicU64,
    reasoning: AtomicU64,
    micro_usd: AtomicU64,
}

impl Model {
    /// Makes a model of its settings; `environment` looks a variable up, and is asked for the key's alone.
    ///
    /// A key that is missing is no error here: a flow that needs no call needs no key. Its calls are owed.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ModelSettings, environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        settings.check()?;
        let client = client(&settings.url.parse()?)?;
        let endpoint = Arc::new(Endpoint::new(settings.concurrency, settings.breaker));
        Self::at(endpoint, client, settings, &environment)
    }

    fn at(
        endpoint: Arc<Endpoint>,
        client: reqwest::Client,
        settings: ModelSettings,
        environment: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let secret = settings.key_env.as_deref().and_then(environment).and_then(|text| Secret::new(&text));
        let keyless = match (&settings.key_env, &secret) {
            (Some(name), None) => Some(format!("there is no key: set the variable {name}")),
            _ => None,
        };
        let transport = Transport::new(client, &settings, secret)?;
        let (retries, patience) = (settings.retries, settings.patience());
        Ok(Model {
            settings: Arc::new(settings),
            caller: Arc::new(Caller { endpoint, transport, retries, patience }),
            keyless,
            images: None,
            meter: Arc::default(),
        })
    }

    /// Reads images that the endpoint cannot read by itself.
    #[must_use]
    pub fn with_images(mut self, images: Arc<dyn Images>) -> Self {
        self.images = Some(images);
        self
    }

    /// Returns what the flow says of it.
    pub fn settings(&self) -> &ModelSettings {
        &self.settings
    }

    /// Returns how an operator that asks it may be called: what it is given leaves the house.
    pub fn limits(&self) -> Limits {
        Limits { batch: 1, concurrency: self.settings.concurrency, exposure: Exposure::Leaves }
    }

    /// Returns what was spent on it so far by this process, answers included that came to nothing.
    pub fn spent(&self) -> Spent {
        self.meter.read()
    }

    /// Says why no call can be made, if none can: the key is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the variable.
    pub fn ready(&self) -> Result<()> {
        match &self.keyless {
            Some(reason) => Err(Error::new(ErrorKind::Usage, reason.clone())),
            None => Ok(()),
        }
    }

    /// Returns the digest of all that the answer to a request depends on.
    ///
    /// Not the URL, nor any limit: the same question to the same model elsewhere is the same question.
    pub fn fingerprint(&self, request: &ChatRequest) -> Key {
        let sampling = request.sampling.or(&self.settings.defaults());
        // What a request says as the settings do is the same as what it leaves to them.
        let request = ChatRequest { sampling, ..request.clone() };
        let model = json!([self.settings.model, self.settings.schema, self.settings.extra]);
        fingerprint("chat", model, request.meaning())
    }

    /// Asks, and returns the answer; one that does not fit the request's schema is asked for again, within bounds.
    ///
    /// # Errors
    /// [`Failure::Owed`] for what may pass, or what somebody has to mend first; [`Failure::Final`] for what the endpoint
    /// or the model refuses, what was cut off, and what never fits the schema.
    pub async fn chat(&self, request: &ChatRequest) -> Result<Answer, Failure> {
        self.chat_paid(request).await.0
    }

    /// Does the same, and says what it cost, also where nothing came of it.
    pub(crate) async fn chat_paid(&self, request: &ChatRequest) -> (Result<Answer, Failure>, Paid) {
        match Dialogue::begin(self, request).await {
            Ok(dialogue) => dialogue.ask().await,
            Err(failure) => (Err(failure), Paid::default()),
        }
    }

    pub(crate) fn images(&self) -> Option<&dyn Images> {
        self.images.as_deref()
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.caller.transport.secret()
    }

    pub(crate) async fn call<T>(
        &self,
        sent: &Sent,
        read: impl Fn(&str) -> Result<T, Trouble>,
    ) -> Result<(T, String), Failure> {
        match &self.keyless {
            Some(reason) => Err(Failure::Owed(reason.clone())),
            None => self.caller.call(sent, read).await,
        }
    }

    pub(crate) fn spend(&self, usage: &Usage, micro_usd: u64) {
        self.meter.add(usage, micro_usd);
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("settings", &self.settings).field("spent", &self.spent()).finish()
    }
}

impl Meter {
    fn add(&self, usage: &Usage, micro_usd: u64) {
        for (sum, number) in [
            (&self.answers, 1),
            (&self.input, usage.input),
            (&self.output, usage.output),
            (&self.cached, usage.cached),
            (&self.reasoning, usage.reasoning),
            (&self.micro_usd, micro_usd),
        ] {
            sum.fetch_add(number, Ordering::Relaxed);
        }
    }

    fn read(&self) -> Spent {
        let number = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        Spent {
            answers: number(&self.answers),
            usage: Usage {
                input: number(&self.input),
                output: number(&self.output),
                cached: number(&self.cached),
                reasoning: number(&self.reasoning),
            },
            micro_usd: number(&self.micro_usd),
        }
    }
}

/// The models of a flow, by name. Those of one URL, key and name at the endpoint share its pace and its breaker.
#[derive(Clone, Debug, Default)]
pub struct Models {
    models: BTreeMap<String, Model>,
}

impl Models {
    /// Makes the models of a flow's tables; `environment` looks variables up.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the model and the setting that is wrong.
    pub fn new(
        tables: BTreeMap<String, ModelSettings>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let named =
            |name: &str, error: Error| Error::new(error.kind(), format!("model `{name}`: {}", error.chain()));
        // An endpoint bears what the most modest of its models says.
        let mut widths: BTreeMap<_, usize> = BTreeMap::new();
        for (name, settings) in &tables {
            settings.check().map_err(|error| named(name, error))?;
            let width = widths.entry(place(settings)).or_insert(usize::MAX);
            *width = (*width).min(settings.concurrency);
        }
        let (mut endpoints, mut models) = (BTreeMap::new(), BTreeMap::new());
        for (name, settings) in tables {
            let place = place(&settings);
            let shared: &(Arc<Endpoint>, reqwest::Client) = match endpoints.entry(place.clone()) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let url = settings.url.parse().map_err(|error| named(&name, error))?;
                    let client = client(&url).map_err(|error| named(&name, error))?;
                    entry.insert((Arc::new(Endpoint::new(widths[&place], settings.breaker)), client))
                }
            };
            let (endpoint, client) = shared.clone();
            let model =
                Model::at(endpoint, client, settings, &environment).map_err(|error| named(&name, error))?;
            models.insert(name, model);
        }
        Ok(Models { models })
    }

    /// Returns a model.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when none has that name, with the nearest.
    pub fn get(&self, name: &str) -> Result<&Model> {
        self.models.get(name).ok_or_else(|| {
            let hint = nearest(name, self.names()).unwrap_or_else(|| "the flow names none".to_owned());
            Error::new(ErrorKind::Usage, format!("no model is called `{name}`: {hint}"))
        })
    }

    /// Returns all names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// Returns all models with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.models.iter().map(|(name, model)| (name.as_str(), model))
    }
}

/// Returns by what models share an endpoint.
fn place(settings: &ModelSettings) -> (crate::settings::EndpointUrl, Option<String>, String) {
    (settings.url.clone(), settings.key_env.clone(), settings.model.clone())
}
