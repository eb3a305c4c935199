use std::fmt;

/// What a table of a flow file describes: the first word of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Documents come in.
    Source,
    /// Documents become samples.
    Generate,
    /// Samples are judged.
    Verify,
    /// Copies give way to better rows.
    Dedup,
    /// Rows are chosen to shares and budgets.
    Mix,
    /// A mix is published.
    Publish,
}

impl Kind {
    /// All kinds, in the order in which rows pass them.
    pub const ALL: [Kind; 6] =
        [Kind::Source, Kind::Generate, Kind::Verify, Kind::Dedup, Kind::Mix, Kind::Publish];

    /// Returns the word that flow files use.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Source => "source",
            Kind::Generate => "generate",
            Kind::Verify => "verify",
            Kind::Dedup => "dedup",
            Kind::Mix => "mix",
            Kind::Publish => "publish",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the operator of a table that names none with `use`.
    pub(crate) fn default_operator(self, table: &str) -> &str {
        match self {
            Kind::Source => "files",
            Kind::Mix => "shares",
            Kind::Publish => "folder",
            Kind::Generate | Kind::Verify | Kind::Dedup => table,
        }
    }

    /// Returns whether stages of this kind can read stages of the other.
    pub(crate) fn reads(self, other: Kind) -> bool {
        match self {
            Kind::Source => false,
            Kind::Generate => other == Kind::Source,
            Kind::Publish => other == Kind::Mix,
            Kind::Verify | Kind::Dedup | Kind::Mix => {
                matches!(other, Kind::Generate | Kind::Verify | Kind::Dedup)
            }
        }
    }

    /// Returns the key that names the sources which a stage of this kind is held against.
    pub(crate) fn against_key(self) -> Option<&'static str> {
        match self {
            Kind::Generate => Some("withhold"),
            Kind::Verify => Some("against"),
            Kind::Source | Kind::Dedup | Kind::Mix | Kind::Publish => None,
        }
    }

    /// Says what stages of this kind read, for a message.
    pub(crate) fn diet(self) -> &'static str {
        match self {
            Kind::Source => "it reads no stage",
            Kind::Generate => "it reads sources",
            Kind::Publish => "it reads mixes",
            Kind::Verify | Kind::Dedup | Kind::Mix => "it reads generate, verify and dedup stages",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
