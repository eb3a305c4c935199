use std::fmt;
use std::sync::Arc;

use crate::{Document, Identity, Key, Verifier};

/// Documents that no sample may hold, as the sources that bring them stand: a benchmark's items.
///
/// They are read only when something must be held against them: their digest alone says whether they are what they
/// were.
pub struct HeldOut {
    digest: Key,
    read: Box<dyn Fn() -> Vec<Document> + Send + Sync>,
}

impl HeldOut {
    /// Names documents that `read` can bring; it must bring equal ones for an equal digest.
    pub fn new(digest: Key, read: impl Fn() -> Vec<Document> + Send + Sync + 'static) -> Self {
        HeldOut { digest, read: Box::new(read) }
    }

    /// Takes documents that are at hand.
    pub fn of(mut documents: Vec<Document>) -> Self {
        documents.sort();
        let mut digest = Key::builder("held-out");
        for document in &documents {
            digest = digest.key(document.digest());
        }
        HeldOut::new(digest.finish(), move || documents.clone())
    }

    /// Returns the digest of all documents: it changes whenever one does.
    pub fn digest(&self) -> Key {
        self.digest
    }

    /// Reads all documents, in order of source and id.
    pub fn documents(&self) -> Vec<Document> {
        let mut documents = (self.read)();
        documents.sort();
        documents
    }
}

impl fmt::Debug for HeldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldOut").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// Finds held-out documents in samples, and in documents before anything is made of them.
///
/// It is a description: which documents are held out is known when a build has brought their sources up to date, and
/// then it makes the verifier that looks for them.
///
/// # Contract
/// - The verifier's identity holds the digest of what is held out: another item is another behaviour (trusted).
/// - The verifier is pure, reads no documents, and rejects what holds an item (law-tested, as any verifier).
pub trait HeldOutCheck: Send + Sync {
    /// Returns who the check is, whatever is held out.
    fn identity(&self) -> Identity;

    /// Makes the verifier that looks for these documents.
    fn against(&self, held_out: Arc<HeldOut>) -> Arc<dyn Verifier>;

    /// Says what a reader of the report must know of a held-out document, as the names of figures that it counts for.
    fn notes(&self, document: &Document, note: &mut dyn FnMut(&str));
}
