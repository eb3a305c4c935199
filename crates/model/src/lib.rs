//! `(endpoint, request) -> answer`: a thin client of servers that speak OpenAI's protocol.
//!
//! A [`Model`] is one of a flow's `[model.NAME]` tables. It asks [`ChatRequest`]s and keeps of each [`Answer`] the raw
//! bodies, what the model says of itself, its tokens and its price. What does not come is a failure that is owed, asked
//! again by the next build, or final. It bounds itself by what the endpoint bears, stops where nothing comes back, and
//! never shows its key.
//!
//! This crate knows neither samples nor verdicts: its users make requests of them and read them from answers. It has no
//! runtime of its own, and dropping a future stops its request.
//!
//! ```
//! use rifflebox_model::{ChatRequest, Model, ModelSettings};
//!
//! let settings = ModelSettings::new("http://localhost:8000/v1", "small-model", "small");
//! let model = Model::new(settings, |_| None)?;
//! let request = ChatRequest::user("What does a riffle box split?");
//! assert_eq!(model.fingerprint(&request), model.fingerprint(&request));
//! // let answer = model.chat(request).await?;
//! # Ok::<(), rifflebox_core::Error>(())
//! ```

mod answer;
mod batch;
mod breaker;
mod call;
mod endpoint;
mod gate;
mod image;
mod model;
mod pace;
mod price;
mod request;
mod respondent;
mod schema;
mod secret;
mod settings;
mod structured;
mod transport;
mod trouble;
mod vectors;
mod wire;

pub use answer::{Answer, Exchange, TokenLogprob, ToolCall, Usage};
pub use batch::{BatchState, BatchTicket};
pub use breaker::BreakerSettings;
pub use image::{Image, Images};
pub use model::{Model, Models, Spent};
pub use price::{Price, Rate};
pub use request::{ChatMessage, ChatRequest, Part, Role, Sampling, Tool};
pub use respondent::ModelRequest;
pub use schema::AnswerSchema;
pub use settings::{EndpointUrl, ModelSettings, SchemaMode};
pub use vectors::{Embedded, Scored};

#[cfg(test)]
mod tests;
