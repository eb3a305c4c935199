//! `check --rerun`: kept verdicts that follow from what is kept, given again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rifflebox_core::{Error, ErrorKind, Key, Outcome, Result, StageRow, Verdict};
use rifflebox_dataflow::{Flow, FlowStage, Operator};

use crate::conversation::{End, judged_anew};
use crate::standing::{Standing, owed};
use crate::workspace::Workspace;

impl Workspace {
    /// Gives kept verdicts again, and says where one differs: then its code changed without a version. Those of pure
    /// verifiers, and of judges, which read kept answers. Verdicts that were a call's answer, and those of graph verifiers,
    /// are left out.
    ///
    /// Which ones is a matter of chance, and always the same: the `n` of all verdicts whose digests are the least.
    ///
    /// # Errors
    /// When nothing was built yet, another flow was built last, the store fails, or what a verdict was given on is
    /// missing.
    pub async fn check_rerun(&self, flow: &Flow, n: usize) -> Result<Vec<String>> {
        let standing = Standing::open(&self.storage, flow).await?;
        rerun(&standing, n)
    }
}

fn rerun(standing: &Standing, n: usize) -> Result<Vec<String>> {
    let mut chosen: Vec<(Key, &FlowStage)> = Vec::new();
    let can_be_given_again =
        |stage: &&FlowStage| matches!(stage.operator, Operator::Verify(..) | Operator::Judge(..));
    for stage in standing.stages("verify").filter(can_be_given_again) {
        chosen.extend(least(standing, stage, n).into_iter().map(|id| (id, stage)));
    }
    chosen.sort_by(|(one, a), (two, b)| (one, &a.name).cmp(&(two, &b.name)));
    let mut differences = Vec::new();
    for (id, stage) in chosen.into_iter().take(n) {
        differences.extend(again(standing, id, stage)?);
    }
    Ok(differences)
}

/// Returns the first `n` samples by id on which a stage has a verdict.
fn least(standing: &Standing, stage: &FlowStage, n: usize) -> Vec<Key> {
    let mut ids = Vec::new();
    let verdicts = standing.reader.table::<Key, StageRow>(&format!("{}/verdicts", stage.name));
    // Ends at the n-th: an id is a digest, so the first ones are as good as any.
    let _ = verdicts.scan(Key::MIN, Key::MAX, |id, _, _| {
        if ids.len() == n {
            return Err(());
        }
        ids.push(id);
        Ok(())
    });
    ids
}

/// Gives one verdict again, and says what differs.
fn again(standing: &Standing, id: Key, stage: &FlowStage) -> Result<Option<String>> {
    let reads_documents = match &stage.operator {
        Operator::Verify(verifier, _) => verifier.reads_documents(),
        Operator::Judge(judge, _) => judge.describe().reads_documents,
        _ => return Ok(None),
    };
    let name = &stage.name;
    let missing = |what: &str| {
        Error::new(
            ErrorKind::Corrupt,
            format!("{what} of sample {id}, which `{name}` judged, is not kept: build --rebuild"),
        )
    };
    let kept = standing.reader.table::<Key, StageRow>(&format!("{name}/verdicts")).get(id);
    let kept = kept.into_iter().next().ok_or_else(|| missing("the verdict"))?;
    let (_, _, sample) = standing.sample(id).ok_or_else(|| missing("the text"))?;
    let documents = if reads_documents { standing.documents_of(&sample) } else { Vec::new() };
    if reads_documents && documents.is_empty() {
        return Err(missing("the document"));
    }
    let given = match &stage.operator {
        Operator::Verify(verifier, _) => {
            match catch_unwind(AssertUnwindSafe(|| verifier.verify(&sample, &documents))) {
                Ok(verdict) => End::Said(verdict),
                Err(_) => End::Failed("panic".to_owned()),
            }
        }
        Operator::Judge(judge, _) => judged_anew(standing, &**judge, &sample, &documents),
        _ => return Ok(None),
    };
    let same = match (&given, &kept.outcome) {
        (End::Said(verdict), _) => kept.verdict.as_ref() == Some(verdict),
        (End::Failed(_), _) => kept.verdict.is_none(),
        (End::Unanswered, Outcome::Failed { reason }) => owed(reason),
        (End::Unanswered, _) => false,
    };
    if same {
        return Ok(None);
    }
    let before = match (&kept.verdict, &kept.outcome) {
        (Some(verdict), _) => told(verdict),
        (None, Outcome::Failed { reason }) => format!("failed: {reason}"),
        (None, _) => "no verdict".to_owned(),
    };
    let now = match given {
        End::Said(verdict) => format!("is {}", told(&verdict)),
        End::Failed(reason) => format!("is failed: {reason}"),
        End::Unanswered => "asks what nobody has answered".to_owned(),
    };
    let version = stage.operator.identity().version;
    Ok(Some(format!("{name} (version {version}) on sample {id}: was {before}; {now}: give it a new version")))
}

fn told(verdict: &Verdict) -> String {
    let said = if verdict.accept { "accepted" } else { "rejected" };
    let reason = verdict.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
    format!("{said}, score {}{reason}", verdict.score.value())
}
