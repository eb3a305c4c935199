//! Many questions at once, answered within a day, for less: the batch endpoint.
//!
//! A batch outlives the process that asked for it. What has to be remembered of it is a [`BatchTicket`]; a process that
//! died between asking and remembering finds its batch by the digest of what was asked, and pays for no second one.

use std::collections::BTreeMap;

use reqwest::Method;
use rifflebox_core::{Failure, Key};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::model::Model;
use crate::request::ChatRequest;
use crate::structured::{CHAT, Dialogue};
use crate::transport::Sent;
use crate::trouble::{Trouble, excerpt};
use crate::wire::{self, Said};

/// Under which name a batch keeps the digest of what it asks.
const DIGEST: &str = "rifflebox";
/// Pages of batches that are searched for one.
const MOST_PAGES: usize = 50;

/// What a batch is known by: plain data, to be kept until it is collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTicket {
    /// Its name at the endpoint.
    pub id: String,
    /// The digest of what it asks.
    pub digest: Key,
}

/// How far a batch is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BatchState {
    /// It is worked on.
    Running {
        /// Requests that are done.
        done: u64,
        /// All of them.
        total: u64,
    },
    /// It has ended, and can be collected; with a reason, if not by itself.
    Ended(Option<String>),
}

#[derive(Deserialize)]
struct FileBody {
    id: String,
}

#[derive(Deserialize)]
struct BatchBody {
    id: String,
    status: String,
    #[serde(default)]
    output_file_id: Option<String>,
    #[serde(default)]
    error_file_id: Option<String>,
    #[serde(default)]
    request_counts: Option<CountsBody>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    errors: Value,
}

#[derive(Deserialize)]
struct CountsBody {
    #[serde(default)]
    total: u64,
    #[serde(default)]
    completed: u64,
    #[serde(default)]
    failed: u64,
}

#[derive(Deserialize)]
struct PageBody {
    data: Vec<BatchBody>,
    #[serde(default)]
    has_more: bool,
}

/// A line of an output or error file.
#[derive(Deserialize)]
struct LineBody {
    custom_id: String,
    #[serde(default)]
    response: Option<ResponseBody>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct ResponseBody {
    status_code: u16,
    body: Box<RawValue>,
}

impl BatchBody {
    fn state(&self) -> BatchState {
        let counts = self.request_counts.as_ref();
        match self.status.as_str() {
            "completed" => BatchState::Ended(None),
            "failed" | "expired" | "cancelled" => {
                let said = self.errors["data"][0]["message"].as_str().unwrap_or_default();
                let reason = match said.is_empty() {
                    true => format!("the batch is {}", self.status),
                    false => format!("the batch is {}: {}", self.status, excerpt(said, 200)),
                };
                BatchState::Ended(Some(reason))
            }
            _ => BatchState::Running {
                done: counts.map_or(0, |counts| counts.completed + counts.failed),
                total: counts.map_or(0, |counts| counts.total),
            },
        }
    }

    /// Returns whether it is, or comes to, what its requests are answered by.
    fn is_alive(&self) -> bool {
        matches!(self.state(), BatchState::Running { .. } | BatchState::Ended(None))
            && self.status != "cancelling"
    }
}

impl Model {
    /// Asks for answers to many requests, all at once and in no order; equal ones are asked once.
    ///
    /// A batch that already asks the same is taken for it.
    ///
    /// # Errors
    /// As [`Model::chat`]; [`Failure::Owed`] where the endpoint has no batches.
    pub async fn submit_batch(&self, requests: &[ChatRequest]) -> Result<BatchTicket, Failure> {
        let (mut sent, mut kept) = (BTreeMap::new(), String::new());
        for request in requests {
            let dialogue = Dialogue::begin(self, request).await?;
            let key = self.fingerprint(request);
            if sent.insert(key, line(key, dialogue.body())).is_none() {
                kept.push_str(&line(key, dialogue.kept_body()));
            }
        }
        let digest = Key::of(kept.as_bytes());
        if let Some(id) = self.standing_batch(digest).await? {
            return Ok(BatchTicket { id, digest });
        }
        let lines: String = sent.into_values().collect();
        let (file, _) = self.call(&upload(digest, &lines), wire::read::<FileBody>).await?;
        let body = json!({
            "input_file_id": file.id,
            "endpoint": format!("/v1/{CHAT}"),
            "completion_window": "24h",
            "metadata": { DIGEST: digest.to_string() },
        });
        let sent = Sent::post("batches", body.to_string()).aside();
        let (batch, _) = self.call(&sent, wire::read::<BatchBody>).await?;
        Ok(BatchTicket { id: batch.id, digest })
    }

    /// Says how far a batch is.
    ///
    /// # Errors
    /// [`Failure::Owed`] when the endpoint does not say.
    pub async fn poll_batch(&self, ticket: &BatchTicket) -> Result<BatchState, Failure> {
        Ok(self.batch(ticket).await?.state())
    }

    /// Fetches the answers of a batch that has ended, in the order of the requests.
    ///
    /// An answer that does not fit its schema is mended as [`Model::chat`] does, by calls. What the batch did not come
    /// to is owed.
    ///
    /// # Errors
    /// [`Failure::Owed`] when the batch still runs, or its files do not come.
    pub async fn collect_batch(
        &self,
        ticket: &BatchTicket,
        requests: &[ChatRequest],
    ) -> Result<Vec<Result<Answer, Failure>>, Failure> {
        let batch = self.batch(ticket).await?;
        let missing = match batch.state() {
            BatchState::Running { .. } => return Err(Failure::Owed("the batch still runs".to_owned())),
            BatchState::Ended(reason) => {
                reason.unwrap_or_else(|| "the batch ended without an answer".to_owned())
            }
        };
        let mut lines: BTreeMap<Key, LineBody> = BTreeMap::new();
        for file in [batch.output_file_id, batch.error_file_id].into_iter().flatten() {
            for line in self.lines(&file).await? {
                if let Some(key) = Key::parse(&line.custom_id) {
                    // Of two answers to one request the first counts.
                    lines.entry(key).or_insert(line);
                }
            }
        }
        let mut answers = Vec::with_capacity(requests.len());
        let mut done: BTreeMap<Key, usize> = BTreeMap::new();
        for request in requests {
            let key = self.fingerprint(request);
            let answer = match done.get(&key) {
                Some(&earlier) => Result::clone(&answers[earlier]),
                None => match lines.remove(&key) {
                    Some(line) => self.answer_of(line, request).await,
                    None => Err(Failure::Owed(missing.clone())),
                },
            };
            done.entry(key).or_insert(answers.len());
            answers.push(answer);
        }
        Ok(answers)
    }

    async fn batch(&self, ticket: &BatchTicket) -> Result<BatchBody, Failure> {
        let sent = Sent::get(format!("batches/{}", ticket.id)).aside();
        Ok(self.call(&sent, wire::read::<BatchBody>).await?.0)
    }

    /// Returns a batch that already asks what has this digest.
    async fn standing_batch(&self, digest: Key) -> Result<Option<String>, Failure> {
        let digest = digest.to_string();
        let mut path = "batches?limit=100".to_owned();
        for _ in 0..MOST_PAGES {
            let (page, _) = self.call(&Sent::get(path).aside(), wire::read::<PageBody>).await?;
            let same = |batch: &&BatchBody| {
                batch.is_alive() && batch.metadata.as_ref().and_then(|kept| kept.get(DIGEST)) == Some(&digest)
            };
            if let Some(batch) = page.data.iter().find(same) {
                return Ok(Some(batch.id.clone()));
            }
            match page.data.last() {
                Some(last) if page.has_more => path = format!("batches?limit=100&after={}", last.id),
                _ => break,
            }
        }
        Ok(None)
    }

    async fn lines(&self, file: &str) -> Result<Vec<LineBody>, Failure> {
        let read = |text: &str| {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines.map(wire::read::<LineBody>).collect::<Result<Vec<_>, _>>()
        };
        Ok(self.call(&Sent::get(format!("files/{file}/content")).aside(), read).await?.0)
    }

    async fn answer_of(&self, line: LineBody, request: &ChatRequest) -> Result<Answer, Failure> {
        let Some(response) = line.response else {
            let said = line.error["message"].as_str().unwrap_or("the batch says nothing of this request");
            return Err(Failure::Owed(excerpt(said, 200)));
        };
        let raw = response.body.get().to_owned();
        if !(200..300).contains(&response.status_code) {
            return Err(Trouble::of(response.status_code, raw.as_bytes(), None, self.secret()).into_failure());
        }
        let said: Said = wire::read_chat(&raw).map_err(Trouble::into_failure)?;
        let price = self.settings().price.batch_micro_usd(&said.usage);
        Dialogue::begin(self, request).await?.go_on(said, raw, price).await.0
    }
}

/// Writes one request of a batch.
fn line(key: Key, body: &serde_json::Map<String, Value>) -> String {
    let line = json!({ "custom_id": key, "method": "POST", "url": format!("/v1/{CHAT}"), "body": body });
    format!("{line}\n")
}

/// Makes the request that uploads a batch's lines.
fn upload(digest: Key, lines: &str) -> Sent {
    // No line holds this: lines are JSON, in which a line's end is escaped.
    const BOUNDARY: &str = "rifflebox-7d1c2f0e9b";
    let body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{digest}.jsonl\"\r\n\
         Content-Type: application/jsonl\r\n\r\n{lines}\r\n--{BOUNDARY}--\r\n"
    );
    let content_type = "multipart/form-data; boundary=rifflebox-7d1c2f0e9b";
    Sent { method: Method::POST, content_type, ..Sent::post("files", body) }.aside()
}
