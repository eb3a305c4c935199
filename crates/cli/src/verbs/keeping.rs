//! Verbs that look after what a workspace keeps.

use rifflebox::{Error, ErrorKind, GcReport, Result};

use super::pending::Pending;
use crate::arguments::{Check, Gc, Rollback, flow_first};
use crate::output::Output;
use crate::table::{bytes, figures, grouped};
use crate::target::Target;

pub(super) async fn rollback(verb: &Rollback, output: &Output) -> Result<()> {
    let (flow, words) = flow_first(&verb.words, 1);
    let version: u64 = words[0].parse().map_err(|_| {
        Error::new(ErrorKind::Usage, format!("`{}` is no version: `rifflebox log` lists them", words[0]))
    })?;
    let workspace = Target::parse(flow).open(&verb.places).await?;
    let report = workspace.rollback(version).await?;
    match output.json() {
        true => output.json_line(&report),
        false => output.line(&figures(&report)),
    }
}

pub(super) async fn check(verb: &Check, output: &Output) -> Result<()> {
    if verb.rerun > 0 {
        let message = "`check --rerun` is not yet in this version of rifflebox";
        return Err(Error::new(ErrorKind::Usage, message));
    }
    let workspace = Target::parse(&verb.flow).open(&verb.places).await?;
    let report = workspace.check().await?;
    if output.json() {
        output.json_line(&report)?;
    } else {
        for problem in &report.problems {
            output.line(problem)?;
        }
        output.line(&format!("{} objects read, {}", grouped(report.objects), bytes(report.bytes)))?;
    }
    match report.problems.len() {
        0 => Ok(()),
        found => Err(Error::new(ErrorKind::Corrupt, format!("{found} problems found"))),
    }
}

pub(super) async fn gc(verb: &Gc, output: &Output) -> Result<()> {
    let target = Target::parse(&verb.flow);
    let workspace = target.open(&verb.places).await?;
    let keep_versions = target.keep_versions(&workspace).await?;
    let report = workspace.gc(keep_versions, verb.dry_run).await?;
    match output.json() {
        true => output.json_line(&report),
        false => output.line(&collected(&report, verb.dry_run)),
    }
}

fn collected(report: &GcReport, dry_run: bool) -> String {
    let verb = if dry_run { "would remove" } else { "removed" };
    format!(
        "{verb} {} objects ({}), {} journal segments and {} manifests; {} objects stay ({})",
        grouped(report.objects),
        bytes(report.bytes),
        grouped(report.segments),
        grouped(report.manifests),
        grouped(report.kept_objects),
        bytes(report.kept_bytes),
    )
}
