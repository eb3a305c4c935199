//! Verbs that look after what a workspace keeps.

use rifflebox::{Error, ErrorKind, Flow, GcReport, Result};

use crate::arguments::{Check, Gc, Rollback, flow_first};
use crate::output::Output;
use crate::registry::Registry;
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

pub(super) async fn check(verb: &Check, registry: &Registry, output: &Output) -> Result<()> {
    let target = Target::parse(&verb.flow);
    let workspace = target.open(&verb.places).await?;
    let mut report = workspace.check().await?;
    if verb.rerun > 0 {
        let (workspace, flow) = target.open_with_flow(&verb.places, registry).await?;
        report.problems.extend(workspace.check_rerun(&Flow::from_plan(flow.plan), verb.rerun).await?);
    }
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
