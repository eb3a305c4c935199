//! Inquiries as the engine runs them: rounds of questions, each a call of its own, and what follows from the replies.
//!
//! A round is a demand, answers, and their join. What was heard of an item stands beside it, by item; the inquiry's step
//! is a pure function of both, which is kept nowhere and computed again from kept answers.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rifflebox_core::{
    Cost, Document, Draft, Heard, Inquiring, Judge, Judged, Key, Next, Proof, Question, Respondent, Row,
    StageRow, Teacher, Verdict,
};
use serde::{Deserialize, Serialize};

use super::OnReject;
use super::asked::{OWED, answer, failed_for_good};
use super::make::{Maker, failed, judged};
use super::records::{Made, Spent, SpentUnit};
use crate::ask::{Answer, Answering, Asker};
use crate::engine::message_of;
use crate::graph::Keep;
use crate::scope::{Data, Rows, Scope, Values};

const SCHEMA: &str = "an answer is read as what it was kept";

/// An inquiry at a place in a flow.
pub(super) trait Case: Send + Sync + 'static {
    /// What it is about.
    type Item: Data;
    /// What it says in the end.
    type Said;
    /// A row of its stage.
    type Out: Data;

    fn describe(&self) -> Inquiring;
    fn next(&self, item: &Self::Item, heard: &[Vec<Heard>]) -> Next<Self::Said>;
    fn tell(&self, item: Self::Item, said: Told<Self::Said>, say: &mut dyn FnMut(Key, Self::Out));
}

/// What comes of an inquiry into an item.
pub(super) enum Told<Said> {
    Said(Said),
    /// Something, and why not more.
    Rest(Said, String),
    /// Nothing, for good, and why.
    Failed(String),
    /// Nothing until an owed call is answered.
    Owed(String),
}

/// A question's place: its round and its number within it, both from 0.
type Turn = (u32, u32);

/// What is known of an item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Part<Item> {
    Item(Item),
    Reply(Turn, Answered),
    /// The greatest id of a sample that is wanted of it.
    Cap(Key),
}

/// What became of a question.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Answered {
    Heard(Heard),
    Owed(String),
}

/// A row of what a step says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Step<Out> {
    Ask(Turn, Question),
    Tell(Out),
}

/// What a call cost, and whom.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Paid {
    to: String,
    failed: bool,
    cost: Cost,
}

/// `NAME/N/heard` the items, with what was heard until round N, by item; `NAME/N/R/demand` the items of the questions of
/// round N to respondent R, by call; `NAME/paid` what each call cost; `NAME/spent` their sums.
///
/// Of an item that has a cap, nothing beyond it is told; an inquiry that asks nothing knows of none.
pub(super) fn build<C: Case>(
    scope: &mut Scope<'_>,
    case: C,
    items: Rows<Key, C::Item>,
    caps: Option<Rows<Key, Key>>,
) -> Rows<Key, C::Out> {
    let case = Arc::new(case);
    let Inquiring { respondents, rounds, .. } = case.describe();
    let known = scope.flat_map(items, |id, item: C::Item, say| say(id, Part::Item(item)));
    let caps = caps.map(|caps| scope.flat_map(caps, |id, cap: Key, say| say(id, Part::Cap(cap))));
    let mut known: Vec<_> = std::iter::once(known).chain(caps).collect();
    let (mut told, mut paid) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let steps = match round {
            0 => first_steps(scope, case.clone(), items),
            _ => steps(scope, case.clone(), &known, round),
        };
        told.push(scope.flat_map(steps, |id, step: Step<C::Out>, say| {
            if let Step::Tell(out) = step {
                say(id, out);
            }
        }));
        if round == rounds {
            break;
        }
        for (to, respondent) in respondents.iter().enumerate() {
            let asking = Asking { place: format!("{}/{to}", round + 1), to, respondent: respondent.clone() };
            let questions = scope.flat_map(steps, |id, step: Step<C::Out>, say| {
                if let Step::Ask(turn, question) = step {
                    say(id, (turn, question));
                }
            });
            let (replies, costs) = asking.build(scope, questions);
            known.push(replies);
            paid.push(costs);
        }
    }
    if !paid.is_empty() {
        let paid = scope.concat(&paid);
        spend(scope, paid);
    }
    scope.concat(&told)
}

/// Takes the first step of each item, which rests on nothing heard.
fn first_steps<C: Case>(
    scope: &mut Scope<'_>,
    case: Arc<C>,
    items: Rows<Key, C::Item>,
) -> Rows<Key, Step<C::Out>> {
    let inquirer = Inquirer::new(case, 0);
    scope.flat_map(items, move |id, item: C::Item, say| {
        inquirer.step(item, &Known::default(), &mut |to, step| say(to.unwrap_or(id), step));
    })
}

/// Takes the step after a round, from all that is known by then.
fn steps<C: Case>(
    scope: &mut Scope<'_>,
    case: Arc<C>,
    known: &[Rows<Key, Part<C::Item>>],
    round: usize,
) -> Rows<Key, Step<C::Out>> {
    let known = scope.concat(known);
    let heard = scope.arrange(&format!("{round}/heard"), known, Keep::Internal);
    let inquirer = Inquirer::new(case, round);
    scope.recompute(heard, 1, move |id: &Key, were, are, say| {
        inquirer.step_of(were, &mut |to, step| say(to.unwrap_or(*id), step, -1));
        inquirer.step_of(are, &mut |to, step| say(to.unwrap_or(*id), step, 1));
    })
}

/// What is known of an item beside itself.
#[derive(Default)]
struct Known {
    replies: BTreeMap<Turn, Answered>,
    cap: Option<Key>,
}

/// Takes the steps of an inquiry after so many rounds.
struct Inquirer<C> {
    case: Arc<C>,
    respondents: usize,
    rounds: usize,
    after: usize,
}

/// Receives a row of a step: what is told, by its id; what is asked, by the item's.
type SayStep<'a, Out> = dyn FnMut(Option<Key>, Step<Out>) + 'a;

impl<C: Case> Inquirer<C> {
    fn new(case: Arc<C>, after: usize) -> Self {
        let Inquiring { respondents, rounds, .. } = case.describe();
        Inquirer { case, respondents: respondents.len(), rounds, after }
    }

    fn step_of(&self, parts: Values<Part<C::Item>>, say: &mut SayStep<'_, C::Out>) {
        let (mut item, mut known) = (None, Known::default());
        for (part, weight) in parts {
            match part {
                _ if weight <= 0 => {}
                Part::Item(is) => item = Some(is),
                Part::Reply(turn, answered) => drop(known.replies.insert(turn, answered)),
                Part::Cap(cap) => known.cap = Some(cap),
            }
        }
        if let Some(item) = item {
            self.step(item, &known, say);
        }
    }

    /// Takes the step that follows from the replies of the last round; what followed from earlier ones is said already.
    fn step(&self, item: C::Item, known: &Known, say: &mut SayStep<'_, C::Out>) {
        let mut heard: Vec<Vec<Heard>> = Vec::new();
        let (ended, told) = loop {
            let round = heard.len();
            let questions = match catch_unwind(AssertUnwindSafe(|| self.case.next(&item, &heard))) {
                Ok(Next::Say(said)) => break (round, Told::Said(said)),
                Ok(Next::SayRest(said, lost)) => break (round, Told::Rest(said, lost.join("; "))),
                Ok(Next::Fail(reason)) => break (round, Told::Failed(reason)),
                Err(panic) => break (round, Told::Failed(format!("panic: {}", message_of(&*panic)))),
                Ok(Next::Ask(questions)) => questions,
            };
            if let Err(reason) = self.check(round, &questions) {
                break (round, Told::Failed(reason));
            }
            if round == self.after {
                for (number, question) in questions.into_iter().enumerate() {
                    say(None, Step::Ask((round as u32, number as u32), question));
                }
                return;
            }
            let mut round_heard = Vec::with_capacity(questions.len());
            let mut owed = None;
            for number in 0..questions.len() {
                match known.replies.get(&(round as u32, number as u32)) {
                    Some(Answered::Heard(reply)) => round_heard.push(reply.clone()),
                    Some(Answered::Owed(reason)) => owed = Some(reason.clone()),
                    // Asked in this epoch, and not yet answered in it.
                    None => return,
                }
            }
            if let Some(reason) = owed {
                break (round + 1, Told::Owed(reason));
            }
            heard.push(round_heard);
        };
        if ended == self.after {
            self.case.tell(item, told, &mut |id, out| {
                if known.cap.is_none_or(|cap| id <= cap) {
                    say(Some(id), Step::Tell(out));
                }
            });
        }
    }

    fn check(&self, round: usize, questions: &[Question]) -> Result<(), String> {
        let stranger = questions.iter().find(|question| question.to >= self.respondents);
        match (questions.is_empty(), stranger) {
            _ if round >= self.rounds => {
                Err(format!("the inquiry asks on after the {} rounds that it describes", self.rounds))
            }
            (true, _) => Err("the inquiry asks, and has no question".to_owned()),
            (_, Some(question)) => Err(format!(
                "the inquiry asks respondent {}, and describes {}",
                question.to, self.respondents
            )),
            _ => Ok(()),
        }
    }
}

/// The questions of one round to one respondent.
struct Asking {
    place: String,
    to: usize,
    respondent: Arc<dyn Respondent>,
}

impl Asking {
    fn build<Item: Data>(
        self,
        scope: &mut Scope<'_>,
        questions: Rows<Key, (Turn, Question)>,
    ) -> (Rows<Key, Part<Item>>, Rows<Key, Paid>) {
        let Asking { place, to, respondent } = self;
        let about = respondent.about();
        let asked = respondent.clone();
        let calls = scope.flat_map(questions, move |id, (turn, question): (Turn, Question), say| {
            if question.to == to {
                say(asked.key(&question.request), (id, turn, question.request));
            }
        });
        let demand = scope.flat_map(calls, |call: Key, (id, turn, _): (Key, Turn, Vec<u8>), say| {
            say(call, (id, turn));
        });
        let demand = scope.arrange(&format!("{place}/demand"), demand, Keep::Internal);
        let requests =
            scope.flat_map(calls, |call: Key, (_, _, request): (Key, Turn, Vec<u8>), say| say(call, request));
        let asker = Arc::new(RespondentAsker(respondent.clone()));
        let answers = scope.ask(requests, &about.answers.to_string(), asker);
        let heard =
            scope.join(demand, answers, move |call: Key, (id, turn): (Key, Turn), answer: Answer, say| {
                say(id, (turn, call, read(&*respondent, answer)));
            });
        let replies = scope.flat_map(heard, |id, (turn, _, answered): (Turn, Key, Answered), say| {
            say(id, Part::Reply(turn, answered));
        });
        let costs = scope.flat_map(heard, move |_: Key, (_, call, answered): (Turn, Key, Answered), say| {
            let Answered::Heard(heard) = answered else { return };
            let (failed, cost) = (heard.is_err(), heard.map(|reply| reply.cost).unwrap_or_default());
            say(call, Paid { to: about.name.clone(), failed, cost });
        });
        (replies, costs)
    }
}

/// Reads the final answer to a question: a respondent's, or why there is none.
///
/// # Errors
/// Why the call failed for good.
///
/// # Panics
/// When the bytes are no answer of an inquiry: they stand under their schema's digest.
pub fn kept_answer(bytes: &[u8]) -> Result<Vec<u8>, String> {
    postcard::from_bytes::<Result<Vec<u8>, String>>(bytes).expect(SCHEMA)
}

fn read(respondent: &dyn Respondent, answer: Answer) -> Answered {
    match answer {
        Answer::Owed(reason) => Answered::Owed(reason),
        Answer::Final(bytes) => Answered::Heard(kept_answer(&bytes).map(|answer| respondent.read(&answer))),
    }
}

/// Adds up what calls cost, each once, however many items ask it.
fn spend(scope: &mut Scope<'_>, paid: Rows<Key, Paid>) {
    let paid = scope.distinct("paid", paid);
    let spent = scope.weighted_map(paid.rows(), |_: Key, Paid { to, failed, cost }: Paid, say| {
        let mut add = |unit, count: u64| {
            if count > 0 {
                say(Spent { to: to.clone(), unit }, (), i64::try_from(count).unwrap_or(i64::MAX));
            }
        };
        add(SpentUnit::Calls, 1);
        add(SpentUnit::Failed, u64::from(failed));
        add(SpentUnit::Input, cost.input);
        add(SpentUnit::Output, cost.output);
        add(SpentUnit::MicroUsd, cost.micro_usd);
    });
    scope.arrange("spent", spent, Keep::Internal);
}

struct RespondentAsker(Arc<dyn Respondent>);

impl Asker for RespondentAsker {
    fn batch(&self) -> usize {
        self.0.about().limits.batch
    }

    fn concurrency(&self) -> usize {
        self.0.about().limits.concurrency
    }

    fn has_failed(&self, answer: &[u8]) -> bool {
        failed_for_good(answer)
    }

    fn ask(&self, requests: Vec<(Key, Vec<u8>)>) -> Answering {
        let respondent = self.0.clone();
        Box::pin(async move {
            let mut answers = Vec::with_capacity(requests.len());
            for (_, request) in requests {
                let request = postcard::from_bytes::<Vec<u8>>(&request).expect(SCHEMA);
                answers.push(answer(respondent.answer(request).await.answer));
            }
            answers
        })
    }
}

/// A teacher at a place in a flow.
pub(super) struct Teaching {
    pub(super) teacher: Arc<Teacher>,
    pub(super) needs_text: bool,
    pub(super) maker: Maker,
}

impl Case for Teaching {
    type Item = Document;
    type Said = Vec<Draft>;
    type Out = Made;

    fn describe(&self) -> Inquiring {
        self.teacher.describe()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        if self.needs_text && document.text.trim().is_empty() {
            return Next::Fail("the document has no text, so nothing is asked of it".to_owned());
        }
        self.teacher.next(document, heard)
    }

    fn tell(&self, document: Document, told: Told<Vec<Draft>>, say: &mut dyn FnMut(Key, Made)) {
        match told {
            Told::Said(drafts) => self.maker.samples(&document, document.digest(), drafts, say),
            Told::Rest(drafts, reason) => {
                self.maker.samples(&document, document.digest(), drafts, say);
                self.maker.failed(&document, reason, false, say);
            }
            Told::Failed(reason) => self.maker.failed(&document, reason, false, say),
            Told::Owed(reason) => self.maker.failed(&document, reason, true, say),
        }
    }
}

/// A judge at a place in a flow.
pub(super) struct Judging {
    pub(super) judge: Arc<Judge>,
    pub(super) proof: Proof,
    pub(super) on_reject: OnReject,
}

impl Case for Judging {
    type Item = (Row, Judged);
    type Said = Verdict;
    type Out = StageRow;

    fn describe(&self) -> Inquiring {
        self.judge.describe()
    }

    fn next(&self, (_, judged): &(Row, Judged), heard: &[Vec<Heard>]) -> Next<Verdict> {
        self.judge.next(judged, heard)
    }

    fn tell(&self, (row, _): (Row, Judged), told: Told<Verdict>, say: &mut dyn FnMut(Key, StageRow)) {
        let id = row.id;
        let said = match told {
            // Of one sample there is one verdict.
            Told::Said(verdict) | Told::Rest(verdict, _) => judged(row, verdict, self.proof, self.on_reject),
            Told::Failed(reason) => failed(row, reason),
            Told::Owed(reason) => failed(row, format!("{OWED}{reason}")),
        };
        say(id, said);
    }
}
