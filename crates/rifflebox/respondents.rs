//! Askers of a flow behind something that watches them: a counter, a budget.

use std::sync::Arc;

use rifflebox_core::{
    About, Answering, AskedGenerator, AskedVerifier, Document, Draft, Failure, Heard, Identity, Inquiring,
    Inquiry, Judged, Key, Limits, Next, Proof, Reply, Respondent, Response, Verdict,
};
use rifflebox_dataflow::Operator;

/// Stands between an operator and those whom it asks.
pub(crate) trait Watch: Send + Sync {
    /// Lets a call through, or says why not.
    ///
    /// A call to a respondent may be let wait; any other is not.
    fn ask(&self, call: &Call<'_>) -> Permit;

    /// Waits until another call has come to its end, from now on.
    fn next_end(&self) -> Answering<()>;

    /// Hears what became of a call that was let through.
    fn heard(&self, outcome: Outcome);
}

/// Whether a call may be made.
pub(crate) enum Permit {
    /// It may.
    Go,
    /// Perhaps, once others have come to their end.
    Wait,
    /// It may not.
    Refused(Failure),
}

/// A call that is about to be made.
pub(crate) struct Call<'a> {
    /// All texts that it is given.
    pub(crate) texts: Vec<&'a str>,
    /// Who is asked, where that is a respondent.
    pub(crate) about: Option<&'a About>,
}

/// What became of a call.
pub(crate) enum Outcome {
    /// It was answered, for a price where it has one.
    Answered(rifflebox_core::Cost),
    /// It was not, for now or for good; it may have cost something.
    Not(Failure, rifflebox_core::Cost),
}

/// Puts a watch before all calls of an asked operator; any other stays as it is.
pub(crate) fn watched(operator: &Operator, watch: Arc<dyn Watch>) -> Operator {
    match operator {
        Operator::GenerateAsked(of) => Operator::GenerateAsked(Arc::new(Watched { of: of.clone(), watch })),
        Operator::VerifyAsked(of, on_reject) => {
            Operator::VerifyAsked(Arc::new(Watched { of: of.clone(), watch }), *on_reject)
        }
        Operator::Teach(of) => Operator::Teach(Arc::new(Watched { of: of.clone(), watch })),
        Operator::Judge(of, on_reject) => {
            Operator::Judge(Arc::new(Watched { of: of.clone(), watch }), *on_reject)
        }
        operator => operator.clone(),
    }
}

struct Watched<T: ?Sized> {
    of: Arc<T>,
    watch: Arc<dyn Watch>,
}

fn outcome<T>(answer: &Result<T, Failure>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Answered(rifflebox_core::Cost::default()),
        Err(failure) => Outcome::Not(failure.clone(), rifflebox_core::Cost::default()),
    }
}

/// Asks for the items that a watch lets through; the answers come in the order of all items.
fn ask_allowed<I: Send + 'static, O: Send + 'static>(
    watch: Arc<dyn Watch>,
    items: Vec<I>,
    texts: impl for<'a> Fn(&'a I) -> Vec<&'a str>,
    ask: impl FnOnce(Vec<I>) -> Answering<Vec<Result<O, Failure>>>,
) -> Answering<Vec<Result<O, Failure>>> {
    let (mut allowed, mut refusals) = (Vec::new(), Vec::new());
    for item in items {
        let refused = match watch.ask(&Call { texts: texts(&item), about: None }) {
            Permit::Refused(failure) => Some(failure),
            Permit::Go | Permit::Wait => None,
        };
        if refused.is_none() {
            allowed.push(item);
        }
        refusals.push(refused);
    }
    let answering = (!allowed.is_empty()).then(|| ask(allowed));
    Box::pin(async move {
        let answers = match answering {
            Some(answering) => answering.await,
            None => Vec::new(),
        };
        answers.iter().for_each(|answer| watch.heard(outcome(answer)));
        let mut answers = answers.into_iter();
        let fill = |refused: Option<Failure>| match refused {
            Some(failure) => Some(Err(failure)),
            None => answers.next(),
        };
        refusals.into_iter().filter_map(fill).collect()
    })
}

impl AskedGenerator for Watched<dyn AskedGenerator> {
    fn identity(&self) -> Identity {
        self.of.identity()
    }

    fn limits(&self) -> Limits {
        self.of.limits()
    }

    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>> {
        let of = self.of.clone();
        let texts = texts_of(|document: &Document| vec![document.text.as_str()]);
        ask_allowed(self.watch.clone(), documents, texts, move |documents| of.generate(documents))
    }
}

/// Names the lifetimes of a closure that returns what it borrows.
fn texts_of<I, F: for<'a> Fn(&'a I) -> Vec<&'a str>>(texts: F) -> F {
    texts
}

impl AskedVerifier for Watched<dyn AskedVerifier> {
    fn identity(&self) -> Identity {
        self.of.identity()
    }

    fn proof(&self) -> Proof {
        self.of.proof()
    }

    fn reads_documents(&self) -> bool {
        self.of.reads_documents()
    }

    fn limits(&self) -> Limits {
        self.of.limits()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let of = self.of.clone();
        let texts = texts_of(|(sample, documents): &Judged| {
            let columns = sample.content.columns().into_iter().map(|(_, text)| text);
            let documents = documents.iter().map(|document| document.text.as_str());
            columns.chain(sample.context.as_deref()).chain(documents).collect()
        });
        ask_allowed(self.watch.clone(), items, texts, move |items| of.verify(items))
    }
}

impl<Item, Said> Inquiry<Item, Said> for Watched<dyn Inquiry<Item, Said>> {
    fn describe(&self) -> Inquiring {
        let inquiring = self.of.describe();
        let watched = |of| -> Arc<dyn Respondent> { Arc::new(Watched { of, watch: self.watch.clone() }) };
        Inquiring { respondents: inquiring.respondents.into_iter().map(watched).collect(), ..inquiring }
    }

    fn next(&self, item: &Item, heard: &[Vec<Heard>]) -> Next<Said> {
        self.of.next(item, heard)
    }
}

impl Respondent for Watched<dyn Respondent> {
    fn about(&self) -> About {
        self.of.about()
    }

    fn key(&self, request: &[u8]) -> Key {
        self.of.key(request)
    }

    fn answer(&self, request: Vec<u8>) -> Answering<Response> {
        let (of, watch) = (self.of.clone(), self.watch.clone());
        Box::pin(async move {
            loop {
                let end = watch.next_end();
                match permit(&*watch, &*of, &request) {
                    Permit::Go => break,
                    Permit::Wait => end.await,
                    Permit::Refused(failure) => {
                        return Response { answer: Err(failure), cost: rifflebox_core::Cost::default() };
                    }
                }
            }
            let response = of.answer(request).await;
            watch.heard(match &response.answer {
                Ok(_) => Outcome::Answered(response.cost),
                Err(failure) => Outcome::Not(failure.clone(), response.cost),
            });
            response
        })
    }

    fn read(&self, answer: &[u8]) -> Reply {
        self.of.read(answer)
    }

    fn show(&self, request: &[u8], answer: Option<&[u8]>) -> serde_json::Value {
        self.of.show(request, answer)
    }
}

/// Asks a watch whether a request may be made.
fn permit(watch: &dyn Watch, of: &dyn Respondent, request: &[u8]) -> Permit {
    let (about, shown) = (of.about(), of.show(request, None));
    let mut texts = Vec::new();
    gather_texts(&shown, &mut texts);
    watch.ask(&Call { texts, about: Some(&about) })
}

/// Gathers all texts within a request as it is shown.
fn gather_texts<'a>(shown: &'a serde_json::Value, texts: &mut Vec<&'a str>) {
    match shown {
        serde_json::Value::String(text) => texts.push(text),
        serde_json::Value::Array(list) => list.iter().for_each(|item| gather_texts(item, texts)),
        serde_json::Value::Object(map) => map.values().for_each(|item| gather_texts(item, texts)),
        _ => {}
    }
}
