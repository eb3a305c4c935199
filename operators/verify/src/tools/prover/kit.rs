use serde::{Deserialize, Serialize};

use super::lexis::{Lexis, Strings};

/// What is known of a prover: how it writes comments, what its proofs may not say, and what it prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kit {
    /// Nothing is: settings say all.
    #[default]
    Plain,
    /// Coq, also as Rocq.
    Coq,
    /// Lean 4.
    Lean,
    /// Isabelle.
    Isabelle,
    /// Metamath.
    Metamath,
}

impl Kit {
    /// Returns the name of the file that a prover is given.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Kit::Plain => "sample.txt",
            Kit::Coq => "Sample.v",
            Kit::Lean => "Sample.lean",
            Kit::Isabelle => "Sample.thy",
            Kit::Metamath => "sample.mm",
        }
    }

    /// Returns the arguments with which the prover says its version.
    pub(super) const fn version_arguments(self) -> &'static [&'static str] {
        match self {
            // It says so when it starts, and ends with its input.
            Kit::Metamath => &[],
            Kit::Isabelle => &["version"],
            _ => &["--version"],
        }
    }

    /// Returns what an accepted file makes the prover print.
    pub(super) const fn success(self) -> Option<&'static str> {
        match self {
            Kit::Coq => Some(r"Closed under the global context\s*\z"),
            Kit::Lean => Some(concat!(
                r"'[^']*{{ nonce }}' (does not depend on any axioms|depends on axioms: ",
                r"\[(propext|Classical\.choice|Quot\.sound)(,\s*(propext|Classical\.choice|Quot\.sound))*\])"
            )),
            Kit::Metamath => Some(r"(?m)^All proofs in the database were verified in [0-9.]+ s\.$"),
            Kit::Plain | Kit::Isabelle => None,
        }
    }

    /// Returns what no accepted file makes the prover print.
    pub(super) const fn failure(self) -> &'static [&'static str] {
        match self {
            Kit::Plain => &[],
            Kit::Coq => &[r"(?m)^Error:", r"(?m)^Axioms:"],
            Kit::Lean => &[r"(?m)^[^\n]*: error", r"declaration uses 'sorry'", r"\bsorryAx\b"],
            Kit::Isabelle => &[r"(?m)^\*\*\* "],
            // It ends well whatever it found.
            Kit::Metamath => &[r"(?m)^\?", r"statement\(s\) were not proved"],
        }
    }

    /// Returns what a sample's words may not say, beside comments and strings: what takes a proof for granted, brings in
    /// an axiom, changes what is checked or what words mean, or prints.
    pub(super) const fn cheats(self) -> &'static [&'static str] {
        match self {
            Kit::Plain => &[],
            Kit::Coq => &[
                r"\b(Admitted|admit|give_up|Abort)\b",
                r"\b(Axioms?|Conjectures?|Parameters?|Hypothes[ie]s|Variables?|Context|Primitive|Symbols?)\b",
                r"\b(bypass_check|type_in_type)\b",
                r"\b(Set|Unset)\s+[A-Z]",
                r"\b(Load|Redirect|Cd|Drop|Require|Declare|Extraction|Register)\b",
                r"\b(Notation|Infix|Coercion|Canonical|Ltac2?|Tactic)\b",
                r"\b(idtac|Print|Check|Eval|Compute|Search|About|Show|Fail)\b",
            ],
            Kit::Lean => &[
                r"\b(sorry|sorryAx|admit|stop)\b",
                r"\b(axiom|opaque|unsafe|partial|implemented_by|extern|csimp)\b",
                r"\b(native_decide|ofReduceBool|ofReduceNat|reduceBool|reduceNat|trustCompiler)\b",
                r"\b(macro|macro_rules|syntax|notation|infix[lr]?|prefix|postfix|elab|elab_rules|declare_syntax_cat)\b",
                r"\b(set_option|initialize|builtin_initialize|run_cmd|run_tac|run_elab|run_meta|skipKernelTC)\b",
                r"#[a-z]",
                r"\bimport\b",
            ],
            Kit::Isabelle => &[
                r"\b(sorry|oops|axiomatization|axioms?|oracle|quick_and_dirty|skip_proofs)\b",
                r"\b(ML|ML_file|ML_val|ML_prf|ML_command|SML_file|SML_import|setup|local_setup)\b",
                r"\b(method_setup|attribute_setup|simproc_setup|parse_translation|print_translation|code_printing)\b",
                r"\b(notation|no_notation|abbreviation|syntax|translations|overloading)\b",
                r"\b(theory|imports|typedecl|consts|judgment)\b",
            ],
            Kit::Metamath => &[r"\$a", r"\$e", r"\$f", r"\$\[", r"(^|\s)\?($|\s)"],
        }
    }

    /// Returns how the prover writes comments and strings.
    pub(super) fn lexis(self) -> Lexis {
        let block = |open: &str, close: &str| vec![(open.to_owned(), close.to_owned())];
        match self {
            Kit::Plain => Lexis::default(),
            Kit::Coq => Lexis {
                blocks: block("(*", "*)"),
                nested: true,
                strings: Strings::Doubled,
                strings_in_comments: true,
                ..Lexis::default()
            },
            Kit::Lean => Lexis {
                lines: vec!["--".to_owned()],
                blocks: block("/-", "-/"),
                nested: true,
                strings: Strings::Escaped,
                lean: true,
                ..Lexis::default()
            },
            Kit::Isabelle => Lexis {
                blocks: block("(*", "*)"),
                nested: true,
                strings: Strings::Escaped,
                ..Lexis::default()
            },
            Kit::Metamath => Lexis { blocks: block("$(", "$)"), ..Lexis::default() },
        }
    }
}
