use crate::{Document, Draft, Identity, Proof, Sample, Verdict};

/// Makes samples of a document.
///
/// # Contract
/// - Pure: equal documents give equal drafts, in any process, on any machine (law-tested).
/// - A changed answer for any document means a new version or other settings (trusted; goldens guard ours).
/// - A draft said twice of one document counts once (asserted by the engine).
/// - A panic is caught and becomes a failed row (law-tested).
pub trait Generator: Send + Sync {
    /// Returns who the generator is.
    fn identity(&self) -> Identity;

    /// Returns whether the words are the generator's own; false where it only cuts its document's words.
    fn synthetic(&self) -> bool;

    /// Says each draft that it makes of a document.
    ///
    /// # Errors
    /// The reason why nothing can be made of it: the document becomes a failed row with this reason, and
    /// what was said of it before counts for nothing. Having nothing to say is no error.
    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String>;
}

/// Judges a sample, with the documents that it is of.
///
/// # Contract
/// - Pure: equal inputs give equal verdicts, in any process, on any machine (law-tested).
/// - A changed verdict for any input means a new version or other settings (trusted; goldens guard ours).
/// - A panic is caught and becomes a failed row (law-tested).
pub trait Verifier: Send + Sync {
    /// Returns who the verifier is.
    fn identity(&self) -> Identity;

    /// Returns what its acceptance proves.
    fn proof(&self) -> Proof;

    /// Returns whether it reads the documents; if not, `verify` is given none.
    fn reads_documents(&self) -> bool;

    /// Judges one sample.
    fn verify(&self, sample: &Sample, documents: &[Document]) -> Verdict;
}

struct Closure<F> {
    identity: Identity,
    reads_documents: bool,
    judge: F,
}

impl<F: Fn(&Sample, &[Document]) -> Verdict + Send + Sync> Verifier for Closure<F> {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        self.reads_documents
    }

    fn verify(&self, sample: &Sample, documents: &[Document]) -> Verdict {
        (self.judge)(sample, documents)
    }
}

/// Makes a verifier of a pure closure over the sample; it filters, and proves nothing more.
pub fn verifier<F>(name: &str, version: &str, judge: F) -> impl Verifier + use<F>
where
    F: Fn(&Sample) -> Verdict + Send + Sync + 'static,
{
    let judge = move |sample: &Sample, _: &[Document]| judge(sample);
    Closure { identity: Identity::new(name, version), reads_documents: false, judge }
}

/// Makes a verifier of a pure closure over the sample and its documents.
pub fn verifier_with_documents<F>(name: &str, version: &str, judge: F) -> impl Verifier + use<F>
where
    F: Fn(&Sample, &[Document]) -> Verdict + Send + Sync + 'static,
{
    Closure { identity: Identity::new(name, version), reads_documents: true, judge }
}
