use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Result, Verdict};
use rifflebox_model::Models;

use crate::flagged::{Flag, FlagSettings, Flagged};

/// A judge that rejects toxic samples: those that demean, insult, threaten or harass, or call for violence or hatred.
///
/// A model is asked, and gives its reason. Filters by words take offence at subjects, and overlook what is said politely;
/// what counts here is what a sample says by itself (as in Llama Guard, arXiv:2312.06674, a model reads a description of
/// what is not wanted; another prompt is another policy).
pub struct Toxic(Flagged);

impl Toxic {
    /// The name that flow files use.
    pub const NAME: &'static str = "toxic";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: FlagSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        let prompt = include_str!("../prompts/toxic.j2");
        let flag = Flag { name: Self::NAME, version: Self::VERSION, prompt };
        Ok(Toxic(Flagged::new(flag, &settings, models, base_dir)?))
    }
}

impl Inquiry<Judged, Verdict> for Toxic {
    fn describe(&self) -> Inquiring {
        self.0.describe()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        self.0.next(judged, heard)
    }
}
