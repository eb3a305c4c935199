//! Verifiers that are graphs: what they say of some samples, and how that becomes a row for each.

use rifflebox_core::{Identity, Key, Proof, Row, StageRow, Verdict};

use super::OnReject;
use super::candidates::Candidates;
use super::make::judged;
use super::seeds::Seeds;
use crate::scope::{Arranged, Rows, Scope};

/// A verifier that is a graph: it judges a sample by more than the sample and its own documents.
///
/// # Contract
/// - Of each sample it says one verdict at most (trusted); what it says nothing of is accepted.
/// - A verdict depends on the sample and the set of documents alone, never on their order of arrival (law-tested).
/// - A changed verdict for any input means a new version or other settings (trusted).
pub trait GraphVerifier: Send + Sync {
    /// Returns who the verifier is.
    fn identity(&self) -> Identity;

    /// Returns what its acceptance proves.
    fn proof(&self) -> Proof;

    /// Returns the names of the sources whose documents it reads, of those that reach it; none for all of them.
    fn sources(&self) -> &[String];

    /// Says the verdicts of the samples that it has something to say of.
    fn verdicts(&self, scope: &mut Scope<'_>, candidates: &Candidates, seeds: &Seeds) -> Verdicts;
}

/// What a verifier that is a graph says.
pub struct Verdicts {
    /// At most one verdict of each sample, by its id.
    pub verdicts: Arranged<Key, Verdict>,
    /// What it could not look at, or whatever else a reader of the report must know: figures by name, in the weights.
    pub notes: Option<Rows<String, ()>>,
}

/// Returns each candidate as it leaves the stage: all are accepted, but for those that have a verdict.
pub(super) fn outcomes(
    scope: &mut Scope<'_>,
    candidates: &Candidates,
    verdicts: Arranged<Key, Verdict>,
    proof: Proof,
    on_reject: OnReject,
) -> Rows<Key, StageRow> {
    let leave = move |row: Row, verdict: Verdict| judged(row, verdict, proof, on_reject);
    let rows = candidates.rows(scope);
    let accepted = scope.flat_map(rows, move |id, row: Row, say| say(id, leave(row, Verdict::accept())));
    let said = candidates.join_arriving(scope, verdicts, |verdict: Verdict, row: Row, say| {
        say(row.id, (row, verdict));
    });
    let said = scope.weighted_map(said, move |id: Key, (row, verdict): (Row, Verdict), say| {
        say(id, leave(row.clone(), verdict), 1);
        say(id, leave(row, Verdict::accept()), -1);
    });
    scope.concat(&[accepted, said])
}
