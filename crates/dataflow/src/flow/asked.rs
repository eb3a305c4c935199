//! Asked operators as the engine runs them: a demand per distinct input, a durable answer, and their join.

use std::sync::Arc;

use rifflebox_core::{
    AskedGenerator, AskedVerifier, Document, Draft, Failure, Key, Proof, Row, RowItem, Sample, StageRow,
    Tokenizer, Verdict,
};

use super::OnReject;
use super::make::{Maker, failed, judged};
use super::records::{Made, headless};
use crate::ask::{Answer, Answering, Asker};
use crate::graph::Keep;
use crate::scope::{Rows, Scope};

const PLAIN: &str = "plain data encodes into memory";
const SCHEMA: &str = "a request is read as what it was written";

/// Returns the key of the call that judges a sample: of all that the answer may depend on, and of no name.
pub fn call_of_verdict(fingerprint: Key, sample: &Sample, documents: &[Document]) -> Key {
    let mut call = Key::builder("call").key(fingerprint).key(sample.content.digest());
    call = call.text(sample.context.as_deref().unwrap_or_default());
    call = call.bytes(&postcard::to_stdvec(&sample.fields).expect(PLAIN));
    for document in documents {
        call = call.text(&document.text);
    }
    call.finish()
}

/// Returns the key of the call that makes drafts of a document.
pub fn call_of_drafts(fingerprint: Key, document: &Document) -> Key {
    let fields = postcard::to_stdvec(&document.fields).expect(PLAIN);
    Key::builder("call").key(fingerprint).text(&document.text).bytes(&fields).finish()
}

/// An asked verifier at a place in a flow.
pub(crate) struct Judging {
    verifier: Arc<dyn AskedVerifier>,
    on_reject: OnReject,
}

impl Judging {
    pub(crate) fn new(verifier: Arc<dyn AskedVerifier>, on_reject: OnReject) -> Self {
        Judging { verifier, on_reject }
    }

    /// `NAME/demand` the rows by call; the answers stand by fingerprint, so that a rename pays nothing again.
    pub(crate) fn build(
        self,
        scope: &mut Scope<'_>,
        items: Rows<Key, (Row, Sample, Vec<Document>)>,
    ) -> Rows<Key, StageRow> {
        let fingerprint = self.verifier.identity().fingerprint();
        let calls =
            scope.flat_map(items, move |_, (row, sample, documents): (Row, Sample, Vec<Document>), say| {
                let call = call_of_verdict(fingerprint, &sample, &documents);
                say(call, (row, sample, documents));
            });
        let demand =
            scope.flat_map(calls, |call: Key, (row, _, _): (Row, Sample, Vec<Document>), say| say(call, row));
        let demand = scope.arrange("demand", demand, Keep::Internal);
        let requests =
            scope.flat_map(calls, |call: Key, (_, sample, documents): (Row, Sample, Vec<Document>), say| {
                say(call, (sample, documents));
            });
        let asker = Arc::new(JudgeAsker(self.verifier.clone()));
        let answers = scope.ask(requests, &fingerprint.to_string(), asker);
        let (proof, on_reject) = (self.verifier.proof(), self.on_reject);
        scope.join(demand, answers, move |_: Key, row: Row, answer: Answer, say| {
            say(row.id, read_verdict(row, answer, proof, on_reject));
        })
    }
}

fn read_verdict(row: Row, answer: Answer, proof: Proof, on_reject: OnReject) -> StageRow {
    match answer {
        Answer::Owed(reason) => failed(row, format!("{OWED}{reason}")),
        Answer::Final(bytes) => {
            match postcard::from_bytes::<Result<Verdict, String>>(&bytes).expect(SCHEMA) {
                Ok(verdict) => judged(row, verdict, proof, on_reject),
                Err(reason) => failed(row, reason),
            }
        }
    }
}

/// Begins the reason of a row whose call is owed.
pub const OWED: &str = "owed: ";

struct JudgeAsker(Arc<dyn AskedVerifier>);

impl Asker for JudgeAsker {
    fn batch(&self) -> usize {
        self.0.limits().batch
    }

    fn concurrency(&self) -> usize {
        self.0.limits().concurrency
    }

    fn has_failed(&self, answer: &[u8]) -> bool {
        failed_for_good(answer)
    }

    fn ask(&self, requests: Vec<(Key, Vec<u8>)>) -> Answering {
        let items = requests.iter().map(|(_, bytes)| postcard::from_bytes(bytes).expect(SCHEMA)).collect();
        let answering = self.0.verify(items);
        Box::pin(async move { answering.await.into_iter().map(answer).collect() })
    }
}

/// Returns whether a kept answer is a failure: the encoding of a result begins with its variant, and 1 is `Err`.
pub(super) fn failed_for_good(answer: &[u8]) -> bool {
    answer.first() == Some(&1)
}

pub(super) fn answer<T: serde::Serialize>(said: Result<T, Failure>) -> Answer {
    let kept: Result<T, String> = match said {
        Ok(value) => Ok(value),
        Err(Failure::Final(reason)) => Err(reason),
        Err(Failure::Owed(reason)) => return Answer::Owed(reason),
    };
    Answer::Final(postcard::to_stdvec(&kept).expect(PLAIN))
}

/// An asked generator at a place in a flow.
pub(crate) struct Generating {
    generator: Arc<dyn AskedGenerator>,
    maker: Maker,
}

impl Generating {
    pub(crate) fn new(
        stage: &str,
        generator: Arc<dyn AskedGenerator>,
        tokenizer: Arc<dyn Tokenizer>,
    ) -> Self {
        let identity = generator.identity();
        Generating {
            generator,
            maker: Maker { stage: stage.to_owned(), identity, synthetic: true, tokenizer },
        }
    }

    /// `NAME/demand` the documents by call, without their text.
    pub(crate) fn build(self, scope: &mut Scope<'_>, documents: Rows<Key, RowItem>) -> Rows<Key, Made> {
        let fingerprint = self.generator.identity().fingerprint();
        let calls = scope.flat_map(documents, move |_, item: RowItem, say| {
            if let Ok(document) = item.document {
                say(call_of_drafts(fingerprint, &document), document);
            }
        });
        let demand = scope.flat_map(calls, |call: Key, document: Document, say| {
            say(call, (document.digest(), headless(&document)));
        });
        let demand = scope.arrange("demand", demand, Keep::Internal);
        let asker = Arc::new(GenerateAsker(self.generator.clone()));
        let answers = scope.ask(calls, &fingerprint.to_string(), asker);
        let maker = self.maker;
        scope.join(demand, answers, move |_: Key, (digest, head): (Key, Document), answer: Answer, say| {
            match answer {
                Answer::Owed(reason) => maker.failed(&head, reason, true, say),
                Answer::Final(bytes) => {
                    match postcard::from_bytes::<Result<Vec<Draft>, String>>(&bytes).expect(SCHEMA) {
                        Ok(drafts) => maker.samples(&head, digest, drafts, say),
                        Err(reason) => maker.failed(&head, reason, false, say),
                    }
                }
            }
        })
    }
}

struct GenerateAsker(Arc<dyn AskedGenerator>);

impl Asker for GenerateAsker {
    fn batch(&self) -> usize {
        self.0.limits().batch
    }

    fn concurrency(&self) -> usize {
        self.0.limits().concurrency
    }

    fn has_failed(&self, answer: &[u8]) -> bool {
        failed_for_good(answer)
    }

    fn ask(&self, requests: Vec<(Key, Vec<u8>)>) -> Answering {
        let documents =
            requests.iter().map(|(_, bytes)| postcard::from_bytes(bytes).expect(SCHEMA)).collect();
        let answering = self.0.generate(documents);
        Box::pin(async move { answering.await.into_iter().map(answer).collect() })
    }
}
