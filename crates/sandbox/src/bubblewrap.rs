use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rifflebox_core::{Failure, Result};
use tokio::sync::oneshot;

use crate::filter::{self, Whose};
use crate::outcome::Unconfined;
use crate::pool::{Job, Pool};
use crate::server::{Plan, Trouble, usage};
use crate::{Interpreter, Layer, Layers, Limits, Program, Running, Sandbox};

/// The interpreter that is taken where none is named: the system's, which everybody may read.
const PYTHON: &str = "/usr/bin/python3";

/// Sandboxes that stand, by their settings: several stages of a flow have one in common, and no more runs at once than it
/// has workers.
static STANDING: Mutex<Vec<(BubblewrapSettings, Weak<Bubblewrap>)>> = Mutex::new(Vec::new());

/// Fork servers within bubblewrap, on this machine.
///
/// Each of `width` workers has a server for each seed that programs are run with; a server starts when it is first
/// needed, and is replaced where it dies. Nothing runs as root: where this process is root, servers run as nobody.
#[derive(Clone)]
pub struct Bubblewrap {
    interpreter: Interpreter,
    layers: Layers,
    width: usize,
    pool: Arc<Pool>,
}

/// Settings of [`Bubblewrap`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BubblewrapSettings {
    /// The interpreter; `/usr/bin/python3` if not given.
    pub python: Option<String>,
    /// Packages of it that programs may import, beside the standard library.
    pub packages: Vec<String>,
    /// Folders and files of this machine that commands may read besides, at the same place: what is installed elsewhere than
    /// in `/usr/bin` and `/usr/lib`.
    pub read: Vec<PathBuf>,
    /// Layers to do without, of [`Layer::OPTIONAL`].
    pub without: Vec<Layer>,
    /// Runs at once; one for each processor if not given.
    pub width: Option<usize>,
    /// Runs after which a server is replaced; 1 makes each run a new interpreter's, and slow. Never if not given.
    pub renew_after: Option<u64>,
    /// The program `bwrap`, if it is not on the path.
    pub bubblewrap: Option<String>,
}

impl Bubblewrap {
    /// Starts the sandbox, and runs nothing in it once, to see that every layer holds.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`] when something is missing: what, and what to do about it.
    pub fn start(settings: &BubblewrapSettings) -> Result<Self> {
        if let Some(layer) = settings.without.iter().find(|layer| !Layer::OPTIONAL.contains(layer)) {
            return Err(usage(format!("`without` may name `landlock` and `seccomp`, not `{layer}`")));
        }
        let python = settings.python.as_deref().unwrap_or(PYTHON);
        let interpreter = Interpreter::survey(python, &settings.packages)?;
        let filter = |whose| match settings.without.contains(&Layer::Seccomp) {
            true => Ok(Vec::new()),
            false => filter::program(whose).map_err(|why| missing(Layer::Seccomp, &why)),
        };
        let plan = Plan {
            interpreter,
            read: settings.read.iter().map(|path| readable(path)).collect::<Result<_>>()?,
            filter: filter(Whose::Interpreter)?,
            command_filter: filter(Whose::Command)?,
            without: settings.without.clone(),
            bubblewrap: settings.bubblewrap.clone().unwrap_or_else(|| "bwrap".to_owned()),
            renew_after: settings.renew_after,
        };
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let width = settings.width.unwrap_or(threads).max(1);
        let (pool, layers) = Pool::start(&plan, width, Self::SEED).map_err(refusal)?;
        let wanted = Layer::ALL.into_iter().filter(|layer| !plan.without.contains(layer));
        if let Some(layer) = wanted.into_iter().find(|layer| !layers.0.contains(layer)) {
            return Err(missing(layer, "it is not on"));
        }
        let pool = Arc::new(pool);
        Ok(Bubblewrap { interpreter: plan.interpreter, layers, width, pool })
    }

    /// Returns the sandbox of these settings that stands already, or starts it; it ends with its last user.
    ///
    /// # Errors
    /// As [`Bubblewrap::start`].
    pub fn shared(settings: &BubblewrapSettings) -> Result<Arc<Self>> {
        let mut standing = STANDING.lock().unwrap_or_else(PoisonError::into_inner);
        standing.retain(|(_, sandbox)| sandbox.strong_count() > 0);
        let same = standing.iter().find(|(of, _)| of == settings);
        if let Some(sandbox) = same.and_then(|(_, sandbox)| sandbox.upgrade()) {
            return Ok(sandbox);
        }
        let sandbox = Arc::new(Self::start(settings)?);
        standing.push((settings.clone(), Arc::downgrade(&sandbox)));
        Ok(sandbox)
    }

    /// The seed of a server that stands from the start.
    pub const SEED: u32 = 1;

    /// Returns the layers that hold each run.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }
}

impl Sandbox for Bubblewrap {
    fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    fn width(&self) -> usize {
        self.width
    }

    fn run(&self, program: Program, limits: Limits) -> Running {
        let (answer, said) = oneshot::channel();
        self.pool.push(Job { program, limits, answer });
        let pool = self.pool.clone();
        Box::pin(async move {
            let outcome = said.await;
            drop(pool);
            outcome.unwrap_or_else(|_| Err(Failure::Owed("the sandbox was closed".to_owned())))
        })
    }
}

/// Places that are the kernel's, or all of this machine: no installation lies there, and secrets do.
const NEVER_READ: [&str; 5] = ["/proc", "/sys", "/dev", "/run", "/tmp"];

/// Returns where a place lies that commands may read; it is shown under the name that it was given by.
fn readable(path: &Path) -> Result<PathBuf> {
    let shown = path.display();
    if !path.is_absolute() {
        return Err(usage(format!("`read` names `{shown}`, which is no absolute path")));
    }
    let real = path.canonicalize().map_err(|error| usage(format!("`read` names `{shown}`: {error}")))?;
    let whole = [path, &real].contains(&Path::new("/"));
    if whole || NEVER_READ.iter().any(|never| real.starts_with(never) || path.starts_with(never)) {
        return Err(usage(format!("`read` names `{shown}`: name a folder of an installation, and no more")));
    }
    Ok(path.to_owned())
}

/// Says why the sandbox cannot be used on this machine, and what would cure it.
fn refusal(trouble: Trouble) -> rifflebox_core::Error {
    match trouble {
        Trouble::Unconfined(Unconfined(Some(layer), why)) => missing(layer, &why),
        // bubblewrap itself makes the first namespaces.
        Trouble::Gone(why) if why.contains("namespace") || why.contains("uid map") => {
            missing(Layer::User, &why)
        }
        Trouble::Unconfined(Unconfined(None, why)) | Trouble::Gone(why) => unsafe_here(&why),
        Trouble::Unwanted => unsafe_here("the sandbox was closed"),
    }
}

fn missing(layer: Layer, why: &str) -> rifflebox_core::Error {
    unsafe_here(&format!("the layer `{layer}` is missing ({why}): {}", layer.cure()))
}

fn unsafe_here(why: &str) -> rifflebox_core::Error {
    usage(format!("programs cannot be run here in safety: {why}"))
}
