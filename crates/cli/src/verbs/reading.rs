//! Verbs that only read a workspace.

use rifflebox::{Error, ErrorKind, Result};

use super::pending;
use crate::arguments::{Diff, Explain, Read, Rows, flow_first};
use crate::output::Output;
use crate::table::figures;
use crate::target::Target;

pub(super) async fn status(verb: &Read, output: &Output) -> Result<()> {
    let workspace = Target::parse(&verb.flow).open(&verb.places).await?;
    let Some(report) = workspace.status().await? else {
        let message = "nothing has been built in this workspace yet: run `rifflebox build`";
        return Err(Error::new(ErrorKind::Input, message));
    };
    match output.json() {
        true => output.json_line(&report),
        false => output.line(&figures(&report)),
    }
}

pub(super) async fn explain(verb: &Explain, _output: &Output) -> Result<()> {
    let (flow, _what) = flow_first(&verb.words, 1);
    let _workspace = Target::parse(flow).open(&verb.places).await?;
    pending("explain")
}

pub(super) async fn rows(verb: &Rows, _output: &Output) -> Result<()> {
    let _workspace = Target::parse(&verb.flow).open(&verb.places).await?;
    pending("rows")
}

pub(super) async fn diff(verb: &Diff, _output: &Output) -> Result<()> {
    let (flow, _snapshots) = flow_first(&verb.words, 2);
    let _workspace = Target::parse(flow).open(&verb.places).await?;
    pending("diff")
}

pub(super) async fn log(verb: &Read, _output: &Output) -> Result<()> {
    let _workspace = Target::parse(&verb.flow).open(&verb.places).await?;
    pending("log")
}
