use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a sample stands between human and bulk synthetic; the lesser tier is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Human expert.
    T0,
    /// Human words, machine-checked or annotated, never rewritten.
    T1,
    /// Synthetic, and passed a verifier that executes, checks or confirms.
    T2,
    /// Synthetic that was only filtered.
    T3,
}

impl Tier {
    /// All tiers, best first.
    pub const ALL: [Tier; 4] = [Tier::T0, Tier::T1, Tier::T2, Tier::T3];

    /// Returns whether the words are human: tiers T0 and T1, the anchor of a mix.
    pub const fn is_anchor(self) -> bool {
        matches!(self, Tier::T0 | Tier::T1)
    }

    /// Returns the name, `T0` to `T3`.
    pub const fn name(self) -> &'static str {
        match self {
            Tier::T0 => "T0",
            Tier::T1 => "T1",
            Tier::T2 => "T2",
            Tier::T3 => "T3",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| tier.name() == name)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
