//! Help texts of commands: "--flag TYPE   what it does", line by line in a block of code.

use super::does::is_deed;
use super::named::section;
use super::page::{Kind, Page};
use super::prose::{is_clean, points_nowhere};
use super::question::{Ask, Question};
use super::words::{bare, gives_away, is_stop, letters, terms};

/// Flags that nearly all programs have, or take from the library that they are a client of.
const COMMON: &str = "help version verbose quiet debug output format config kubeconfig username password token server \
    user context cluster namespace client-certificate client-key certificate-authority log-level loglevel \
    logformat log-format request-timeout tls-server-name proxy-url as as-group as-uid insecure-skip-tls-verify \
    disable-compression timeout no-color color vmodule logtostderr alsologtostderr stderrthreshold log-dir \
    log-backtrace-at log-file log-file-max-size skip-headers skip-log-headers add-dir-header one-output";

/// Asks for each flag that a help text describes, and for the value that it says is the default.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    for (number, block) in page.blocks().iter().enumerate() {
        let Kind::Code { text, .. } = &block.kind else { continue };
        // What all commands of a program share is no matter of this one.
        let shared = |heading: &str| {
            ["inherited", "global", "parent"].iter().any(|word| heading.to_lowercase().contains(word))
        };
        if block.section().is_some_and(shared) || entries(text).count() < 2 {
            continue;
        }
        let Some(command) = command_of(page, number) else { continue };
        for entry in entries(text) {
            for (quality, ask, answer) in entry.questions() {
                questions.push(Question {
                    shape: "flag",
                    quality,
                    ask: Ask::According(ask),
                    section: Some(command.clone()),
                    answer,
                    support: entry.line.trim().to_owned(),
                    span: block.span.clone(),
                    block: number,
                });
            }
        }
    }
}

/// A flag of a help text, and what is said of it.
struct Entry<'a> {
    line: &'a str,
    flag: &'a str,
    /// What it does, without the default behind it.
    said: &'a str,
    /// The default, where the text names one.
    default: Option<&'a str>,
}

/// Parts a help text into its entries; a line that goes on elsewhere is none.
fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let whole = move |at: usize| {
        let flush = indent(lines[at]) + lines[at].trim().find("  ").unwrap_or(0);
        // A deeper line is the rest of the one before.
        lines.get(at + 1).is_none_or(|next| next.trim().starts_with('-') || indent(next) < flush)
    };
    text.lines().enumerate().filter(move |(at, _)| whole(*at)).filter_map(|(_, line)| entry(line))
}

/// Returns what the entries of a help text say, without their flags.
pub(super) fn said(text: &str) -> impl Iterator<Item = &str> {
    entries(text).map(|entry| entry.said)
}

fn entry(line: &str) -> Option<Entry<'_>> {
    let text = line.trim();
    let (names, said) = text.split_once("  ")?;
    let flag = names.split([' ', ',', '=']).find(|name| name.starts_with("--"))?;
    let sound = text.starts_with('-')
        && !COMMON.split_ascii_whitespace().any(|common| flag[2..] == *common)
        && flag.len() > 4
        && flag[2..].chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.');
    let said = said.trim();
    let cut = said.rfind("(default ").or_else(|| said.rfind("(default: "));
    let (said, default) = match cut {
        Some(at) if said.ends_with(')') => {
            let value = said[at..].trim_start_matches("(default").trim_start_matches(':');
            (said[..at].trim(), Some(value.trim_end_matches(')').trim().trim_matches(['"', '\''])))
        }
        _ => (said, None),
    };
    (sound && !said.is_empty()).then_some(Entry { line, flag, said, default })
}

impl Entry<'_> {
    fn questions(&self) -> Vec<(u8, String, String)> {
        let mut asked = Vec::new();
        let flag = self.flag;
        if let Some(value) = self.default.filter(|value| is_telling(value)) {
            let ask = format!("what is the default value of the command-line flag `{flag}`?");
            asked.push((56, ask, value.to_owned()));
        }
        let words = self.said.split_whitespace().count();
        // What an example shows, or the flag says itself, is no news.
        let plain = self.said.split("e.g.").next().unwrap_or_default();
        let known = letters(flag);
        let news = terms(plain).into_iter().filter(|stem| !known.contains(stem.as_str())).count();
        let opening = bare(self.said.split_whitespace().next().unwrap_or_default());
        let whole =
            (5..=40).contains(&words) && news >= 3 && !["if", "when", "same"].contains(&opening.as_str());
        if !whole
            || !is_clean(self.said)
            || !points_nowhere(self.said)
            || self.said.contains(['?', '!'])
            || self.said.to_lowercase().contains("deprecated")
        {
            return asked;
        }
        let ask = match is_deed(self.said) {
            true => format!("what does the command-line flag `{flag}` do?"),
            false => format!("how is the command-line flag `{flag}` described?"),
        };
        asked.push((58, ask, self.said.to_owned()));
        if words >= 6 && !gives_away(self.said, flag) && !self.said.contains('"') {
            let said = self.said.trim_end_matches('.');
            asked.push((57, format!("which command-line flag is described as \"{said}\"?"), flag.to_owned()));
        }
        asked
    }
}

/// Returns whether a default is worth knowing: neither empty nor one of two.
pub(super) fn is_telling(value: &str) -> bool {
    let bare_value = value.trim_matches(['`', '"', '\'', '_', '*']).to_lowercase();
    let points = ["see", "same", "required", "optional", "mandatory", "depends", "varies"];
    let points = bare_value.split_whitespace().any(|word| points.contains(&word));
    let empty = "required deprecated optional mandatory auto automatic default any all true false none nil null empty unset yes no n/a undefined not-set on off disabled enabled";
    // Zero and minus one stand for something else more often than for themselves.
    let sentinel = ["0", "-1", "0s", "1"].contains(&bare_value.as_str());
    !bare_value.is_empty()
        && !points
        && !sentinel
        && !empty.split_ascii_whitespace().any(|known| known == bare_value)
        && value.chars().count() <= 60
        && value.split_whitespace().count() <= 4
        && bare_value.chars().any(char::is_alphanumeric)
        && !bare_value.split_whitespace().any(is_stop)
        && !value.contains(['[', ']', '{', '<', '(', '$', ',', '…'])
}

/// Returns the nearest heading that is a command, such as "helm repo add", or else any that can be named.
fn command_of(page: &Page, number: usize) -> Option<String> {
    let is_word = |word: &str| {
        word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
            && word.starts_with(|c: char| c.is_ascii_lowercase())
    };
    let path = &page.block(number).path;
    let command = path.iter().rev().find(|heading| {
        let plain = heading.trim_matches('`');
        let words = plain.split(' ').count();
        (1..=5).contains(&words) && plain.split(' ').all(is_word)
    });
    command.cloned().or_else(|| section(page, number, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_help_text() {
        let text = "  -s, --shape string   Print as one of two forms (default \"table\")\n      --wait   Wait for it\n\
                    \x20     --long   This goes\n               on here\n";
        let shown: Vec<String> = entries(text)
            .map(|entry| format!("{} | {} | {}", entry.flag, entry.said, entry.default.unwrap_or_default()))
            .collect();
        assert_eq!(shown, ["--shape | Print as one of two forms | table", "--wait | Wait for it | "]);
    }

    #[test]
    fn defaults_worth_knowing() {
        assert!(is_telling("table") && is_telling("5m0s") && is_telling("/etc/app.yaml"));
        assert!(!is_telling("true") && !is_telling("[]") && !is_telling("") && !is_telling("the same"));
    }
}
