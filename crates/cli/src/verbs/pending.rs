//! What the library cannot do yet, with the signatures that it will have: its own methods take the place of these by
//! being there, and then this file goes.

use std::fmt;

use rifflebox::{BuildOptions, Error, ErrorKind, Flow, Report, Result, Workspace};
use serde::Serialize;

/// What stands for a result that there is not.
#[derive(Debug, Serialize)]
pub(super) enum Nothing {}

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// The methods that [`Workspace`] will have.
pub(super) trait Pending {
    async fn plan(&self, _flow: &Flow, _options: &BuildOptions) -> Result<Nothing> {
        pending("plan")
    }

    async fn preview(
        &self,
        _: &Flow,
        _stage: Option<&str>,
        _n: usize,
        _: &BuildOptions,
    ) -> Result<Vec<Nothing>> {
        pending("preview")
    }

    async fn rollback(&self, _version: u64) -> Result<Report> {
        pending("rollback")
    }
}

impl Pending for Workspace {}

fn pending<T>(verb: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, format!("`{verb}` is not yet in this version of rifflebox")))
}
