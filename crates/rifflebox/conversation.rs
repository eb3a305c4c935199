//! What was asked about an item and what was answered, found again among the kept answers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rifflebox_core::{Document, Heard, Inquiring, Inquiry, Judge, Key, Next, Respondent, Sample, Verdict};
use rifflebox_dataflow::{ANSWERS, Answer, FlowStage, Operator, Reader, kept_answer};
use serde::Serialize;
use serde_json::Value as Json;

use crate::standing::Standing;

/// A call of an inquiry, as people are shown it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryCall {
    /// Whom it went to: the model's name in the flow.
    pub to: String,
    /// The round of questions that it belongs to, from 1.
    pub round: usize,
    /// Its key.
    pub call: Key,
    /// `answered`, `failed` or `owed`.
    pub outcome: &'static str,
    /// Why there is no answer.
    pub reason: Option<String>,
    /// What was asked and what was answered.
    pub said: Json,
}

/// Returns what a stage asked models of a document.
pub(crate) fn taught(standing: &Standing, stage: &FlowStage, document: &Document) -> Vec<StoryCall> {
    match &stage.operator {
        Operator::Teach(teacher) => conversation(&**teacher, document, &standing.reader).calls,
        _ => Vec::new(),
    }
}

/// Returns what a stage asked models of a sample.
pub(crate) fn judged(
    standing: &Standing,
    stage: &FlowStage,
    sample: &Sample,
    documents: &[Document],
) -> Vec<StoryCall> {
    match &stage.operator {
        Operator::Judge(judge, _) => judgement(standing, &**judge, sample, documents).calls,
        _ => Vec::new(),
    }
}

/// Lets a judge judge a sample anew by the kept answers; asks nobody.
pub(crate) fn judged_anew(
    standing: &Standing,
    judge: &Judge,
    sample: &Sample,
    documents: &[Document],
) -> End<Verdict> {
    judgement(standing, judge, sample, documents).end
}

fn judgement(
    standing: &Standing,
    judge: &Judge,
    sample: &Sample,
    documents: &[Document],
) -> Conversation<Verdict> {
    // As the judge is shown it.
    let documents = if judge.describe().reads_documents { documents.to_vec() } else { Vec::new() };
    conversation(judge, &(sample.clone(), documents), &standing.reader)
}

/// An inquiry into an item, as far as kept answers take it.
struct Conversation<Said> {
    calls: Vec<StoryCall>,
    end: End<Said>,
}

/// What an inquiry comes to.
pub(crate) enum End<Said> {
    Said(Said),
    Failed(String),
    /// It asks what nobody has answered.
    Unanswered,
}

impl<Said> From<Next<Said>> for End<Said> {
    fn from(last: Next<Said>) -> Self {
        match last {
            Next::Say(said) | Next::SayRest(said, _) => End::Said(said),
            Next::Fail(reason) => End::Failed(reason),
            Next::Ask(_) => End::Failed("it asks on, or asks nothing".to_owned()),
        }
    }
}

/// Takes all steps of an inquiry into an item that kept answers allow; asks nothing.
fn conversation<Item, Said>(
    inquiry: &dyn Inquiry<Item, Said>,
    item: &Item,
    reader: &Reader,
) -> Conversation<Said> {
    let Inquiring { respondents, rounds, .. } = inquiry.describe();
    let (mut calls, mut heard) = (Vec::new(), Vec::<Vec<Heard>>::new());
    loop {
        let next = catch_unwind(AssertUnwindSafe(|| inquiry.next(item, &heard)));
        let questions = match next.unwrap_or_else(|_| Next::Fail("panic".to_owned())) {
            Next::Ask(questions) if heard.len() < rounds && !questions.is_empty() => questions,
            last => return Conversation { calls, end: last.into() },
        };
        let mut replies = Vec::new();
        for question in &questions {
            let Some(respondent) = respondents.get(question.to) else {
                return Conversation { calls, end: End::Failed("it asks somebody unknown".to_owned()) };
            };
            let call = respondent.key(&question.request);
            let kept = find(reader, &**respondent, call);
            let (outcome, reason, answer) = match &kept {
                Some(Answer::Final(bytes)) => match kept_answer(bytes) {
                    Ok(answer) => ("answered", None, Some(answer)),
                    Err(reason) => ("failed", Some(reason), None),
                },
                Some(Answer::Owed(reason)) => ("owed", Some(reason.clone()), None),
                None => ("owed", None, None),
            };
            if outcome != "owed" {
                let reply = answer.as_deref().map(|answer| respondent.read(answer));
                replies.push(reply.ok_or_else(|| reason.clone().unwrap_or_default()));
            }
            let said = respondent.show(&question.request, answer.as_deref());
            let (to, round) = (respondent.about().name, heard.len() + 1);
            calls.push(StoryCall { to, round, call, outcome, reason, said });
        }
        if replies.len() < questions.len() {
            return Conversation { calls, end: End::Unanswered };
        }
        heard.push(replies);
    }
}

/// Looks a call's answer up wherever its respondent's answers are kept; a final one before one that is owed.
fn find(reader: &Reader, respondent: &dyn Respondent, call: Key) -> Option<Answer> {
    let first = format!("{ANSWERS}{}", respondent.about().answers);
    let more = format!("{first}-");
    let names = reader.names().filter(|name| **name == *first || name.starts_with(&more));
    let names: Vec<String> = names.filter(|name| !name.ends_with("/owed")).map(str::to_owned).collect();
    let kept = names.iter().flat_map(|name| reader.table::<Key, Answer>(name).get(call));
    kept.min_by_key(|answer| matches!(answer, Answer::Owed(_)))
}
