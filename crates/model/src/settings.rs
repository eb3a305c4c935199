use std::fmt;
use std::time::Duration;

use reqwest::Url;
use rifflebox_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::breaker::BreakerSettings;
use crate::price::Price;
use crate::request::Sampling;

/// What a flow file says of a model: a `[model.NAME]` table.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// The endpoint, as `https://api.example.com/v1`.
    pub url: EndpointUrl,
    /// The model's name there.
    pub model: String,
    /// Its lineage: a judge must not share its generator's.
    pub family: String,
    /// The environment variable that holds the key; none where the endpoint wants none.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The terms under which it answers; they travel into every row that it touched.
    #[serde(default)]
    pub terms: Option<String>,
    /// What its tokens cost.
    #[serde(default)]
    pub price: Price,
    /// Seconds that one attempt may take.
    #[serde(default = "defaults::timeout_s")]
    pub timeout_s: u64,
    /// Requests in flight, at most.
    #[serde(default = "defaults::concurrency")]
    pub concurrency: usize,
    /// Further attempts at a call that failed in a way that may pass.
    #[serde(default = "defaults::retries")]
    pub retries: u32,
    /// Further questions after an answer that does not fit its schema.
    #[serde(default = "defaults::repairs")]
    pub repairs: u32,
    /// Seconds that an endpoint at its limit may refuse a call, or ask to wait; a call that is refused for longer is owed.
    #[serde(default = "defaults::patience_s")]
    pub patience_s: u64,
    /// When the endpoint is left alone for a while.
    #[serde(default)]
    pub breaker: BreakerSettings,
    /// How random its answers are.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// From which share of the likeliest tokens it chooses.
    #[serde(default)]
    pub top_p: Option<f64>,
    /// How long an answer may be; one that is cut off there has failed for good.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// Where its randomness starts.
    #[serde(default)]
    pub seed: Option<i64>,
    /// How it is told of the schema that an answer has to fit.
    #[serde(default)]
    pub schema: SchemaMode,
    /// Further fields of each request's body, such as `reasoning_effort`, `top_k` or `max_completion_tokens`.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// How a model is told of the schema that an answer has to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SchemaMode {
    /// In the request's `response_format`: the endpoint holds the model to it.
    #[default]
    Format,
    /// In a last system message, for endpoints that have no such field.
    Prompt,
}

/// The address of an endpoint; one with a user and a password in it is never shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct EndpointUrl(String);

/// Fields of a body that are settings of their own, or that are not the settings' to say.
const OWN_FIELDS: [&str; 12] = [
    "model",
    "messages",
    "input",
    "n",
    "stream",
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "tools",
    "response_format",
    "logprobs",
];

/// Fields that hold what must not be kept.
const SECRETS: [&str; 8] =
    ["api_key", "apikey", "api-key", "key", "authorization", "password", "secret", "access_token"];

mod defaults {
    pub(super) fn timeout_s() -> u64 {
        120
    }

    pub(super) fn concurrency() -> usize {
        16
    }

    pub(super) fn retries() -> u32 {
        5
    }

    pub(super) fn repairs() -> u32 {
        2
    }

    pub(super) fn patience_s() -> u64 {
        300
    }
}

impl ModelSettings {
    /// Makes settings of a model, all others as they are by default.
    pub fn new(url: &str, model: &str, family: &str) -> Self {
        ModelSettings {
            url: EndpointUrl(url.to_owned()),
            model: model.to_owned(),
            family: family.to_owned(),
            key_env: None,
            terms: None,
            price: Price::default(),
            timeout_s: defaults::timeout_s(),
            concurrency: defaults::concurrency(),
            retries: defaults::retries(),
            repairs: defaults::repairs(),
            patience_s: defaults::patience_s(),
            breaker: BreakerSettings::default(),
            temperature: None,
            top_p: None,
            max_tokens: None,
            seed: None,
            schema: SchemaMode::default(),
            extra: Map::new(),
        }
    }

    /// Says what is wrong with the settings, if anything is.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting; never what stands in the URL.
    pub fn check(&self) -> Result<()> {
        self.url.parse()?;
        for (key, text) in [("model", &self.model), ("family", &self.family)] {
            if text.trim().is_empty() {
                return usage(format!("`{key}` is empty"));
            }
        }
        // Whoever pastes a key there reads this instead of it.
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !self.key_env.as_deref().is_none_or(is_name) {
            return usage("`key_env` is the name of an environment variable, and never the key".to_owned());
        }
        for (key, is_zero) in [
            ("timeout_s", self.timeout_s == 0),
            ("concurrency", self.concurrency == 0),
            ("max_tokens", self.max_tokens == Some(0)),
            ("breaker.failures", self.breaker.failures == 0),
        ] {
            if is_zero {
                return usage(format!("`{key}` is at least 1"));
            }
        }
        self.defaults().check()?;
        if let Some(field) = self.extra.keys().find(|field| SECRETS.contains(&field.to_lowercase().as_str()))
        {
            return usage(format!(
                "`extra` holds `{field}`, and is kept with each request: a key belongs into `key_env`"
            ));
        }
        match OWN_FIELDS.iter().find(|field| self.extra.contains_key(**field)) {
            Some(field) => usage(format!("`extra` holds `{field}`, which is not its to say")),
            None => Ok(()),
        }
    }

    /// Returns the lineage as it is compared: however it is written.
    pub fn lineage(&self) -> String {
        self.family.trim().to_lowercase()
    }

    /// Returns what of the settings can change an answer: for a stage's fingerprint.
    ///
    /// Not the URL: the same model answers elsewhere; nor limits, retries, repairs, price or terms.
    pub fn meaning(&self) -> Value {
        json!({
            "model": self.model,
            "sampling": self.defaults(),
            "schema": self.schema,
            "extra": self.extra,
        })
    }

    /// Returns how answers are sampled where a request does not say.
    pub(crate) fn defaults(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            max_tokens: self.max_tokens,
            seed: self.seed,
            stop: Vec::new(),
        }
    }

    /// Returns how long one attempt may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }

    /// Returns how long an endpoint may ask to wait.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_s)
    }
}

impl EndpointUrl {
    /// Reads the address.
    pub(crate) fn parse(&self) -> Result<Url> {
        let Ok(url) = Url::parse(&self.0) else {
            return usage("`url` is no URL, such as https://api.example.com/v1".to_owned());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return usage("`url` holds a user or a password: name a variable by `key_env`".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return usage("`url` ends with its path: keys and other parameters are no part of it".to_owned());
        }
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(url),
            _ => usage("`url` begins with https:// or http://".to_owned()),
        }
    }
}

impl From<&str> for EndpointUrl {
    fn from(text: &str) -> Self {
        EndpointUrl(text.to_owned())
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parse() {
            Ok(url) => f.write_str(url.as_str()),
            Err(_) => f.write_str("<a URL that is refused>"),
        }
    }
}

fn usage<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "
url = 'https://api.example.com/v1'
model = 'small'
family = 'llama'
";

    fn wrong(line: &str) -> String {
        let key = line.split(' ').next().unwrap();
        let others: Vec<&str> = TABLE.lines().filter(|other| other.split(' ').next() != Some(key)).collect();
        let settings: ModelSettings = toml::from_str(&format!("{}\n{line}", others.join("\n"))).unwrap();
        let error = settings.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(!format!("{error:?}{settings:?}").contains("hunter2"), "{error:?}");
        error.to_string()
    }

    #[test]
    fn a_table_says_little_and_may_say_all() {
        let settings: ModelSettings = toml::from_str(TABLE).unwrap();
        assert_eq!(settings, ModelSettings::new("https://api.example.com/v1", "small", "llama"));
        settings.check().unwrap();
        let all = format!(
            "{TABLE}key_env = 'KEY'\nterms = 'open'\nprice = {{ input = 0.15, output = 1 }}\ntimeout_s = 9\n\
             concurrency = 2\nretries = 0\nrepairs = 1\npatience_s = 3\nbreaker = {{ failures = 3, pause_s = 1 }}\n\
             temperature = 0.5\ntop_p = 0.9\nmax_tokens = 64\nseed = 7\nschema = 'prompt'\nextra = {{ top_k = 20 }}"
        );
        let settings: ModelSettings = toml::from_str(&all).unwrap();
        settings.check().unwrap();
        assert!(toml::from_str::<ModelSettings>(&format!("{TABLE}temprature = 1")).is_err());
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_secret_is_not() {
        assert!(wrong("url = 'https://ada:hunter2@example.com/v1'").contains("a user or a password"));
        assert!(wrong("url = 'https://hunter2@example.com/v1'").contains("a user or a password"));
        assert!(wrong("url = 'https://example.com/v1?key=hunter2'").contains("no part of it"));
        assert!(wrong("url = 'ftp://hunter2.example.com'").contains("https://"));
        assert!(wrong("url = 'hunter2'").contains("no URL"));
        assert!(wrong("model = ''").contains("`model` is empty"));
        assert!(wrong("key_env = 'sk-hunter3'").contains("`key_env`"));
        assert!(wrong("concurrency = 0").contains("`concurrency` is at least 1"));
        assert!(wrong("temperature = -1.0").contains("`temperature`"));
        assert!(wrong("extra = { stream = true }").contains("`stream`"));
    }

    #[test]
    fn limits_and_places_change_no_answer() {
        let one = ModelSettings::new("http://localhost/v1", "small", "llama");
        let mut other = ModelSettings::new("https://api.example.com/v1", "small", "llama");
        (other.timeout_s, other.concurrency, other.retries, other.repairs) = (1, 1, 1, 0);
        assert_eq!(one.meaning(), other.meaning());
        other.temperature = Some(0.0);
        assert_ne!(one.meaning(), other.meaning());
    }
}
