//! One build, described so that a process of its own can do it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rifflebox::{
    BuildOptions, Cloze, Exact, Failure, Files, Flow, OpenOptions, Passages, Progress, PublishSettings,
    Recipe, Report, Result, Sample, Share, Supported, Tier, Verdict, Wrap, flow, verifier,
};
use rifflebox_storage::{Faults, Kill};
use rifflebox_verify::{Length, LengthSettings};
use serde::{Deserialize, Serialize};

use super::programs::Programs;

/// What to build, where, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    /// The folder of documents.
    pub(crate) documents: PathBuf,
    /// The workspace's URL.
    pub(crate) workspace: String,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) form: Form,
    pub(crate) workers: usize,
    pub(crate) rebuild: bool,
    /// The operation of the store at which the process dies, and whether it is performed before.
    pub(crate) kill: Option<(u64, bool)>,
}

/// The settings of the flow that all proofs build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Form {
    /// The pages that are read.
    pub(crate) files: String,
    /// Fewest words of a sample; no such stage if none.
    pub(crate) min_words: Option<u64>,
    /// Version of a verifier that rejects every eighth sample or so; no such stage if empty.
    pub(crate) lot: String,
    /// Tokens of the mix.
    pub(crate) tokens: u64,
    /// Share of human words in it; tier T2 has the others.
    pub(crate) human: f64,
    /// The service that is asked, if one is.
    pub(crate) service: Option<Service>,
    /// Programs that are run; then the flow is theirs, and nothing else holds.
    pub(crate) programs: Option<Programs>,
}

/// A service that judges samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) version: String,
    /// How long a call takes.
    pub(crate) millis: u64,
    /// Where each answer is noted, if anywhere.
    pub(crate) log: Option<PathBuf>,
    /// Whether nobody answers.
    pub(crate) away: bool,
}

impl Form {
    /// Returns a flow whose budget and shares both bind.
    pub(crate) fn of(files: &str, tokens: u64) -> Form {
        Form {
            files: files.to_owned(),
            min_words: Some(12),
            lot: "1".to_owned(),
            tokens,
            human: 0.7,
            service: None,
            programs: None,
        }
    }

    /// Makes the flow.
    pub(crate) fn flow(&self, documents: &Path) -> Result<Flow> {
        if let Some(programs) = &self.programs {
            return programs.flow(documents);
        }
        let flow = flow("proof");
        let files = Files::matching(&self.files).tier(Tier::T0).license("CC-BY-4.0");
        let pages = flow.documents("pages", files.source("pages", documents)?);
        let human = pages.generate(Passages::default());
        let cloze = pages.generate(Cloze::about("Handbook")).verify(Supported::default());
        let mut samples = human.concat(&cloze);
        if let Some(words) = self.min_words {
            let settings = LengthSettings { min_words: Some(words), ..LengthSettings::default() };
            samples = samples.verify(Length::new(settings, None)?);
        }
        if !self.lot.is_empty() {
            samples = samples.verify(verifier("lot", &self.lot, by_lot(self.lot.clone())));
        }
        if let Some(service) = &self.service {
            samples = samples.verify_asked(service.asked());
        }
        let shares: [(Tier, Share); 2] =
            [(Tier::T0, self.human.into()), (Tier::T2, (1.0 - self.human).into())];
        let mix = samples.dedup(Exact).mix(Recipe::shares(shares).tokens(self.tokens));
        mix.publish_with(PublishSettings { shard_mb: 1, ..PublishSettings::default() });
        Ok(flow)
    }
}

/// Rejects samples by drawing lots, other ones for another version.
fn by_lot(version: String) -> impl Fn(&Sample) -> Verdict + Send + Sync + 'static {
    move |sample| judge(sample, &version)
}

fn judge(sample: &Sample, version: &str) -> Verdict {
    let lot = rifflebox::Key::builder("lot").text(version).key(sample.id()).finish();
    match lot.head64() % 8 {
        0 => Verdict::reject(format!("drew the short lot of version {version}")),
        lot => Verdict::accept().scored(lot as f64 / 8.0),
    }
}

impl Service {
    fn asked(&self) -> impl rifflebox::AskedVerifier + use<> {
        let service = Arc::new(self.clone());
        rifflebox::asked("service", &self.version, move |sample| {
            let service = service.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(service.millis)).await;
                if service.away {
                    return Err(Failure::Owed("nobody answers".to_owned()));
                }
                service.note(&sample);
                Ok(judge(&sample, &format!("service {}", service.version)))
            }
        })
    }

    /// Notes an answer: what a kill cannot take back, since it is in the system's hands.
    fn note(&self, sample: &Sample) {
        let Some(log) = &self.log else { return };
        let line = format!("{}-{} {}\n", self.version, sample.id(), micros());
        let mut file =
            fs::File::options().create(true).append(true).open(log).expect("the log can be opened");
        file.write_all(line.as_bytes()).expect("the log can be written");
    }
}

/// Returns the time in microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "tells when calls were answered, and when a process was killed"
)]
pub(crate) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(since.as_micros()).expect("it is not far after 1970")
}

impl Task {
    /// Describes a build of a folder of documents into a folder.
    pub(crate) fn new(documents: &Path, workspace: &Path, form: &Form) -> Task {
        Task {
            documents: documents.to_owned(),
            workspace: format!("file:{}", workspace.display()),
            cache: None,
            form: form.clone(),
            workers: 2,
            rebuild: false,
            kill: None,
        }
    }

    /// Builds here and now, in this process.
    pub(crate) async fn build(&self, wrap: Option<Wrap>) -> Result<Report> {
        self.build_watched(wrap, None).await
    }

    /// Builds in this process, watched.
    pub(crate) async fn build_watched(
        &self,
        wrap: Option<Wrap>,
        progress: Option<Arc<dyn Progress>>,
    ) -> Result<Report> {
        let kill = self.kill.map(|(operation, after)| Kill { operation, after });
        let deadly = kill.map(|kill| Faults { kill: Some(kill), ..Faults::default() }.wrap().0);
        let options = OpenOptions { cache: self.cache.clone(), wrap: wrap.or(deadly) };
        let workspace = rifflebox::Workspace::open_with(&self.workspace, options).await?;
        let (workers, rebuild) = (self.workers, self.rebuild);
        let options = BuildOptions { workers, rebuild, progress, ..BuildOptions::default() };
        workspace.build_with(&self.form.flow(&self.documents)?, options).await
    }
}
