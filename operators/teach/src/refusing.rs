use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Result, Verdict};
use rifflebox_model::Models;

use crate::flagged::{Flag, FlagSettings, Flagged};

/// A judge that rejects answers that refuse: they decline, evade, or say that they cannot.
///
/// Data with many of them teaches a model to refuse what is harmless. Refusals in whole and in part are told apart from
/// answers as in XSTest (arXiv:2308.01263); one that says what is wrong with a question answers it.
pub struct Refusing(Flagged);

impl Refusing {
    /// The name that flow files use.
    pub const NAME: &'static str = "refusing";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: FlagSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        let prompt = include_str!("../prompts/refusing.j2");
        let flag = Flag { name: Self::NAME, version: Self::VERSION, prompt };
        Ok(Refusing(Flagged::new(flag, &settings, models, base_dir)?))
    }
}

impl Inquiry<Judged, Verdict> for Refusing {
    fn describe(&self) -> Inquiring {
        self.0.describe()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        self.0.next(judged, heard)
    }
}
