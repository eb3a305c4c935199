use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that holds a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// A user namespace: it is nobody there, and nobody outside.
    User,
    /// A pid namespace: it sees no other process, and all that it starts ends with it.
    Pid,
    /// A network namespace without a network.
    Net,
    /// A mount namespace: of files there are libraries, to be read.
    Mount,
    /// An ipc namespace.
    Ipc,
    /// A uts namespace.
    Uts,
    /// A scratch folder of its own, of bounded size.
    Scratch,
    /// No capabilities, and no way to get any.
    Capabilities,
    /// Landlock: rules on files, ports and signals that it cannot take off.
    Landlock,
    /// seccomp: the system calls of a plain program, and no other.
    Seccomp,
    /// Resource limits.
    Limits,
}

impl Layer {
    /// All layers.
    pub const ALL: [Layer; 11] = [
        Layer::User,
        Layer::Pid,
        Layer::Net,
        Layer::Mount,
        Layer::Ipc,
        Layer::Uts,
        Layer::Scratch,
        Layer::Capabilities,
        Layer::Landlock,
        Layer::Seccomp,
        Layer::Limits,
    ];

    /// Layers that a setting may do without: the others are of one piece.
    pub const OPTIONAL: [Layer; 2] = [Layer::Landlock, Layer::Seccomp];

    /// Returns the name that settings and reasons use.
    pub const fn name(self) -> &'static str {
        match self {
            Layer::User => "user",
            Layer::Pid => "pid",
            Layer::Net => "net",
            Layer::Mount => "mount",
            Layer::Ipc => "ipc",
            Layer::Uts => "uts",
            Layer::Scratch => "scratch",
            Layer::Capabilities => "capabilities",
            Layer::Landlock => "landlock",
            Layer::Seccomp => "seccomp",
            Layer::Limits => "limits",
        }
    }

    /// Returns the layer of a name.
    pub fn named(name: &str) -> Option<Self> {
        Layer::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// Says what makes the layer available where it is missing.
    pub const fn cure(self) -> &'static str {
        match self {
            Layer::Landlock => {
                "use a kernel of 5.13 or newer with `landlock` among its security modules (`lsm=…` at boot), or accept \
                 one layer less by `without = [\"landlock\"]`"
            }
            Layer::Seccomp => {
                "use a kernel with CONFIG_SECCOMP_FILTER on x86_64 or aarch64, or accept one layer less by \
                 `without = [\"seccomp\"]`"
            }
            Layer::Limits => {
                "raise the hard limits of this process (`ulimit -H -a`): they lie below those of a run"
            }
            _ => {
                "let unprivileged users make user namespaces: `sysctl user.max_user_namespaces=15000`, on Debian \
                 `kernel.unprivileged_userns_clone=1`, on Ubuntu `kernel.apparmor_restrict_unprivileged_userns=0`; in a \
                 container, also lift its seccomp profile (`--security-opt seccomp=unconfined`)"
            }
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The layers that held a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers(pub BTreeSet<Layer>);

impl Layers {
    /// Returns whether nothing was missing.
    pub fn is_complete(&self) -> bool {
        self.0.len() == Layer::ALL.len()
    }
}

/// `all layers`, or those that were missing.
impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing: Vec<&str> =
            Layer::ALL.iter().filter(|layer| !self.0.contains(layer)).map(|layer| layer.name()).collect();
        match missing.is_empty() {
            true => f.write_str("all layers"),
            false => write!(f, "without {}", missing.join(", ")),
        }
    }
}
