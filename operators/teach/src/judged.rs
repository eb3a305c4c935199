//! What judges see of a sample: the same names whatever its layout.

use rifflebox_core::{Content, Judged, Result, Verdict};
use rifflebox_template::Values;

use crate::cast::usage;
use crate::prompt::Prompt;

/// Returns the values of a sample as prompts of judges name them: its columns and fields, and beside them `question` and
/// `answer`, whatever the layout calls them, and `document`, empty where the judge reads none.
///
/// Of a dialogue, the answer is its last turn; of a preference, the better answer; a plain text is all answer.
pub(crate) fn values((sample, documents): &Judged) -> Values {
    let (question, answer) = question_and_answer(&sample.content);
    let document: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
    Values::of(sample)
        .with("context", sample.context.clone().unwrap_or_default())
        .with("question", question)
        .with("answer", answer)
        .with("document", document.join("\n\n"))
}

/// Refuses a prompt of the user's that names `document` where the judge is shown none.
pub(crate) fn sees_what_it_names(prompt: &Prompt, given: Option<&str>, documents: bool) -> Result<()> {
    match given.is_some() && !documents && prompt.names("document") {
        true => usage("`prompt` names `document`, and this judge is shown none: set `documents = true`"),
        false => Ok(()),
    }
}

/// Returns what is asked and what is answered.
pub(crate) fn question_and_answer(content: &Content) -> (String, String) {
    match content {
        Content::Text { text } => (String::new(), text.clone()),
        Content::Completion { prompt, completion } => (prompt.clone(), completion.clone()),
        Content::Preference { prompt, chosen, .. } => (prompt.clone(), chosen.clone()),
        Content::Messages { messages } => {
            let (last, before) = match messages.split_last() {
                Some((last, before)) => (last.content.clone(), before),
                None => (String::new(), &messages[..]),
            };
            let before = before.iter().map(|turn| format!("{}: {}", turn.role, turn.content));
            (before.collect::<Vec<_>>().join("\n"), last)
        }
    }
}

/// Returns a text with its runs of white space as single spaces, and in lower case: as passages are compared.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Accepts a score of at least a threshold, and gives the reason of a lower one.
pub(crate) fn at_least(score: f64, threshold: f64, reason: impl FnOnce() -> String) -> Verdict {
    match score >= threshold {
        true => Verdict::accept(),
        false => Verdict::reject(reason()),
    }
    .scored(score)
}

/// Returns the texts that a sample's answer rests on: its context, or its documents where it has none.
pub(crate) fn grounds((sample, documents): &Judged) -> Result<Vec<&str>, String> {
    let texts: Vec<&str> = match sample.context.as_deref() {
        Some(context) => vec![context],
        None => documents.iter().map(|document| document.text.as_str()).collect(),
    };
    match texts.iter().all(|text| text.trim().is_empty()) {
        true => Err("the sample has neither a context nor a document".to_owned()),
        false => Ok(texts),
    }
}

/// Returns what a sample asks, if it asks anything.
pub(crate) fn question((sample, _): &Judged) -> Result<String, String> {
    match question_and_answer(&sample.content).0 {
        question if question.trim().is_empty() => Err("the sample asks nothing".to_owned()),
        question => Ok(question),
    }
}

/// Refuses a threshold that is no share.
pub(crate) fn is_share(key: &str, share: f64) -> Result<(), rifflebox_core::Error> {
    match (0.0..=1.0).contains(&share) {
        true => Ok(()),
        false => crate::usage(format!("`{key}` lies between 0 and 1")),
    }
}
