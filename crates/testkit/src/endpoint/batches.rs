//! Files and batches, which the endpoint keeps by itself.

use std::collections::BTreeMap;

use rifflebox_core::Key;
use serde_json::{Value, json};

use super::{Inner, Said};
use crate::random::Random;

#[derive(Debug)]
pub(super) struct Batches {
    /// After how many looks at it a batch has ended.
    pub(super) looks: usize,
    files: BTreeMap<String, String>,
    batches: Vec<Batch>,
}

#[derive(Clone, Debug)]
struct Batch {
    id: String,
    body: Value,
    looks: usize,
    lines: usize,
    output: Option<String>,
    errors: Option<String>,
}

impl Default for Batches {
    fn default() -> Self {
        Batches { looks: 1, files: BTreeMap::new(), batches: Vec::new() }
    }
}

impl Batches {
    pub(super) fn count(&self) -> usize {
        self.batches.len()
    }

    fn keep(&mut self, content: String) -> String {
        let id = format!("file-{}", self.files.len());
        self.files.insert(id.clone(), content);
        id
    }

    fn shown(&self, batch: &Batch) -> Value {
        let has_ended = batch.looks >= self.looks;
        let mut shown = json!({
            "id": batch.id,
            "object": "batch",
            "endpoint": batch.body["endpoint"],
            "input_file_id": batch.body["input_file_id"],
            "metadata": batch.body["metadata"],
            "status": if has_ended { "completed" } else { "in_progress" },
            "request_counts": {
                "total": batch.lines,
                "completed": if has_ended { batch.lines } else { 0 },
                "failed": 0,
            },
        });
        if has_ended {
            shown["output_file_id"] = json!(batch.output);
            shown["error_file_id"] = json!(batch.errors);
        }
        shown
    }
}

/// Answers what is about files and batches; nothing of all else.
pub(super) fn answer(inner: &mut Inner, method: &str, path: &str, body: &[u8]) -> Option<Said> {
    let parts: Vec<&str> = path.split('/').collect();
    Some(match (method, parts.as_slice()) {
        ("POST", ["files"]) => {
            let id = inner.batches.keep(uploaded(&String::from_utf8_lossy(body)));
            Said::json(&json!({ "id": id, "object": "file", "purpose": "batch" }))
        }
        ("GET", ["files", id, "content"]) => match inner.batches.files.get(*id) {
            Some(content) => Said::text(200, content.clone()),
            None => Said::error(404, "no such file"),
        },
        ("POST", ["batches"]) => made(inner, body),
        ("GET", ["batches"]) => {
            let shown: Vec<Value> =
                inner.batches.batches.iter().map(|batch| inner.batches.shown(batch)).collect();
            Said::json(&json!({ "object": "list", "data": shown, "has_more": false }))
        }
        ("GET", ["batches", id]) => match inner.batches.batches.iter().position(|batch| batch.id == *id) {
            Some(index) => {
                inner.batches.batches[index].looks += 1;
                Said::json(&inner.batches.shown(&inner.batches.batches[index]))
            }
            None => Said::error(404, "no such batch"),
        },
        _ => return None,
    })
}

/// Makes a batch; its requests are answered at once, and shown when it has ended.
fn made(inner: &mut Inner, body: &[u8]) -> Said {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let file = body["input_file_id"].as_str().unwrap_or_default();
    let Some(content) = inner.batches.files.get(file).cloned() else {
        return Said::error(400, "no such file");
    };
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    for line in content.lines().filter(|line| !line.trim().is_empty()) {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        let path = line["url"].as_str().unwrap_or_default().trim_start_matches("/v1/").to_owned();
        let asked = inner.count(&path, line["body"].to_string().as_bytes());
        let said = inner.script.clone().answer(&asked);
        inner.note(&said);
        let status = said.told_status();
        let answer: Value = serde_json::from_slice(said.body()).unwrap_or_default();
        let mut shown = json!({ "id": format!("line-{}", asked.number), "custom_id": line["custom_id"] });
        match status {
            0 => {
                shown["error"] =
                    json!({ "code": "batch_expired", "message": "this request was not executed" })
            }
            _ => shown["response"] = json!({ "status_code": status, "body": answer }),
        }
        if status == 200 { output.push(shown) } else { errors.push(shown) }
    }
    let lines = output.len() + errors.len();
    let mut random = Random::new(Key::of(content.as_bytes()).head64());
    let mut keep = |mut lines: Vec<Value>| {
        // In no order, as endpoints may.
        for last in (1..lines.len()).rev() {
            lines.swap(last, random.below(last as u64 + 1) as usize);
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        (!lines.is_empty()).then(|| inner.batches.keep(text))
    };
    let (output, errors) = (keep(output), keep(errors));
    let batch =
        Batch { id: format!("batch-{}", inner.batches.count()), body, looks: 0, lines, output, errors };
    let shown = inner.batches.shown(&batch);
    inner.batches.batches.push(batch);
    Said::json(&shown)
}

/// Returns the file of a multipart body.
fn uploaded(body: &str) -> String {
    let boundary = body.lines().next().unwrap_or_default();
    let parts = body.split(boundary).filter_map(|part| part.split_once("\r\n\r\n"));
    let file = parts.filter(|(head, _)| head.contains("filename=")).map(|(_, content)| content).next();
    file.unwrap_or_default().trim_end().to_owned()
}
