//! `check --rerun`: kept verdicts of pure verifiers, given again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rifflebox_core::{Error, ErrorKind, Key, Outcome, Result, StageRow, Verdict};
use rifflebox_dataflow::{Flow, FlowStage, Operator};

use crate::standing::Standing;
use crate::workspace::Workspace;

impl Workspace {
    /// Runs kept verdicts of pure verifiers again, and says where one differs: then its code changed without a version.
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
    for stage in standing.stages("verify").filter(|stage| matches!(stage.operator, Operator::Verify(..))) {
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
    let Operator::Verify(verifier, _) = &stage.operator else { return Ok(None) };
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
    let documents = match verifier.reads_documents() {
        true => standing.documents_of(&sample),
        false => Vec::new(),
    };
    if verifier.reads_documents() && documents.is_empty() {
        return Err(missing("the document"));
    }
    let given = catch_unwind(AssertUnwindSafe(|| verifier.verify(&sample, &documents))).ok();
    if given == kept.verdict {
        return Ok(None);
    }
    let before = match &kept.outcome {
        Outcome::Failed { reason } => format!("failed: {reason}"),
        _ => told(kept.verdict.as_ref()),
    };
    let version = stage.operator.identity().version;
    let now = told(given.as_ref());
    Ok(Some(format!(
        "{name} (version {version}) on sample {id}: was {before}; is {now}: give the verifier a new version"
    )))
}

fn told(verdict: Option<&Verdict>) -> String {
    let Some(verdict) = verdict else { return "failed".to_owned() };
    let said = if verdict.accept { "accepted" } else { "rejected" };
    let reason = verdict.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
    format!("{said}, score {}{reason}", verdict.score.value())
}
