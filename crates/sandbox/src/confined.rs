use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use rifflebox_core::{Failure, Result};
use rifflebox_process::{
    Asked, Confined, Door, End as Ended, Files, Program as Asking, ProgramSettings, Ran, Running,
};

use crate::server::usage;
use crate::{Bubblewrap, BubblewrapSettings, Command, End, Layer, Limits, Outcome, Program, Sandbox, Task};

/// What a confined program may print to each of its outputs.
const OUTPUT_BYTES: u64 = 4 << 20;
/// What it may write.
const SCRATCH_BYTES: u64 = 64 << 20;
/// What its files may hold together.
const MOST_FILE_BYTES: usize = 8 << 20;
/// Its processes and threads.
const PROCESSES: u32 = 64;

/// Makes a program of its settings: one that is confined if they say so, and else one that may do what its user may.
///
/// # Errors
/// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong, or the layer that is missing here.
pub fn program(settings: &ProgramSettings, base_dir: &Path) -> Result<Asking> {
    match settings.confined() {
        None => Asking::new(settings, base_dir),
        Some(confined) => Asking::behind(settings, base_dir, || {
            Ok(Arc::new(Within::new(settings, &confined, settings.read_files(base_dir)?)?))
        }),
    }
}

/// The sandbox, as a door for programs.
struct Within {
    sandbox: Arc<Bubblewrap>,
    files: Files,
    limits: Limits,
}

impl std::fmt::Debug for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Within").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Within {
    fn new(settings: &ProgramSettings, confined: &Confined, files: Files) -> Result<Self> {
        if confined.memory_mb < 64 {
            return Err(usage("`memory_mb` of `sandbox` is at least 64"));
        }
        let below =
            |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if let Some(path) = files.keys().find(|path| !below(path)) {
            return Err(usage(format!(
                "`files` names `{path}`, which lies outside of the flow's folder: name its folder in `read` of `sandbox`"
            )));
        }
        if files.values().map(Vec::len).sum::<usize>() > MOST_FILE_BYTES {
            return Err(usage(format!(
                "`files` hold more than {} MB: name their folder in `read` of `sandbox`, and give a `version`",
                MOST_FILE_BYTES >> 20
            )));
        }
        let sandbox = Bubblewrap::shared(&BubblewrapSettings {
            read: confined.read.clone(),
            without: optional(&confined.without)?,
            width: Some(settings.width()),
            ..BubblewrapSettings::default()
        })?;
        let limits = Limits {
            wall: settings.timeout(),
            cpu: settings.timeout(),
            memory: confined.memory_mb << 20,
            scratch: SCRATCH_BYTES,
            processes: PROCESSES,
            output: OUTPUT_BYTES,
        };
        Ok(Within { sandbox, files, limits })
    }

    fn ran(&self, outcome: Outcome) -> Ran {
        let stdout = outcome.output.into_bytes();
        let plain = |end| Ran::new(end, Vec::new(), &[]);
        match outcome.end {
            End::Ran(ran) => {
                let errors = ran.errors.as_bytes();
                match (ran.missing, ran.status) {
                    (Some(why), _) => {
                        plain(Ended::NotStarted(format!("cannot start the program in the sandbox: {why}")))
                    }
                    (None, Some(0)) => Ran::new(Ended::Well, stdout, errors),
                    (None, Some(status)) => Ran::new(Ended::Status(status), stdout, errors),
                    // Nobody else reaches it: what ends it may be what it runs, which is not to be owed for ever.
                    (None, None) => Ran::new(Ended::Crashed(ran.signal), stdout, errors),
                }
            }
            End::TooSlow => Ran::new(Ended::TooSlow(self.limits.wall), stdout, &[]),
            End::Flooded => Ran::new(Ended::Flooded(OUTPUT_BYTES as usize), stdout, &[]),
            End::TooLarge => Ran::new(Ended::TooLarge(self.limits.memory >> 20), stdout, &[]),
            other => plain(Ended::NotStarted(format!("the sandbox did not run the program: {other:?}"))),
        }
    }
}

impl Door for Within {
    fn run(&self, asked: Asked) -> Running<'_> {
        let Asked { argv, input, limit } = asked;
        let input = String::from_utf8_lossy(&input).into_owned();
        let files: BTreeMap<String, Vec<u8>> = self.files.clone();
        let limits = Limits { wall: limit, cpu: limit.max(Duration::from_secs(1)), ..self.limits };
        let task = Task::Command(Command { argv, input, files });
        let running = self.sandbox.run(Program { task, seed: Bubblewrap::SEED }, limits);
        Box::pin(async move {
            match running.await {
                Ok(outcome) => self.ran(outcome),
                Err(Failure::Owed(why) | Failure::Final(why)) => {
                    Ran::new(Ended::NotStarted(why), Vec::new(), &[])
                }
            }
        })
    }

    fn held(&self) -> Option<String> {
        Some(self.sandbox.layers().to_string())
    }
}

/// Reads which layers of the sandbox to do without.
///
/// # Errors
/// [`rifflebox_core::ErrorKind::Usage`], where one of them is no layer that can be done without.
pub fn optional(names: &[String]) -> Result<Vec<Layer>> {
    let layer = |name: &String| match Layer::named(name) {
        Some(layer) if Layer::OPTIONAL.contains(&layer) => Ok(layer),
        _ => Err(usage(format!("`without` may name `landlock` and `seccomp`, not `{name}`"))),
    };
    names.iter().map(layer).collect()
}
