//! `sentence -> name, kind`: sentences whose subject is a name in code, and the word for what it is.

use super::page::Page;
use super::words::terms;

/// What a name in code can be, where the name is the world's and not the page's.
const KINDS: [&str; 63] = [
    "environment variable",
    "command-line flag",
    "command line flag",
    "command-line option",
    "feature flag",
    "feature gate",
    "configuration option",
    "configuration key",
    "semantic convention",
    "resource attribute",
    "command",
    "subcommand",
    "flag",
    "option",
    "parameter",
    "keyword",
    "operator",
    "macro",
    "attribute",
    "annotation",
    "metric",
    "label",
    "header",
    "endpoint",
    "processor",
    "exporter",
    "receiver",
    "extension",
    "connector",
    "package",
    "property",
    "setting",
    "directive",
    "modifier",
    "aggregator",
    "tool",
    "library",
    "trait",
    "method",
    "function",
    "type",
    "module",
    "crate",
    "class",
    "field",
    "key",
    "placeholder",
    "variable",
    "plugin",
    "stage",
    "block",
    "clause",
    "struct",
    "enum",
    "interface",
    "object",
    "resource",
    "controller",
    "middleware",
    "provider",
    "utility",
    "service",
    "hook",
];

/// Of these, a tutorial invents its own: only asked where the page holds its own code, and it isn't there.
const INVENTED: [&str; 17] = [
    "metric",
    "label",
    "trait",
    "method",
    "function",
    "type",
    "module",
    "crate",
    "class",
    "package",
    "variable",
    "struct",
    "enum",
    "interface",
    "object",
    "service",
    "resource",
];

/// Returns the heading above, if it helps and does not hold the answer.
pub(super) fn section(page: &Page, number: usize, answer: &str) -> Option<String> {
    let generic = "overview introduction usage configuration setup examples example notes summary details \
        background options flags parameters arguments fields syntax properties settings description reference \
        synopsis attributes available configuration";
    let plain = |word: &str| generic.split_ascii_whitespace().any(|known| known == word);
    let known = |heading: &str| heading.to_lowercase().split_ascii_whitespace().all(plain);
    let heading = page.block(number).sections().find(|heading| !known(heading) && *heading != page.name)?;
    terms(heading).is_disjoint(&terms(answer)).then(|| heading.to_owned())
}

/// Parts "The `X` flag enables …." into the name, what it is, and the rest.
pub(super) fn subject(text: &str) -> Option<(&str, &'static str, &str)> {
    let (code, rest) = code_first(text.strip_prefix("The ").unwrap_or(text))?;
    let (kind, rest) = match kind_first(rest) {
        Some((kind, rest)) => (kind, rest),
        None => (kind_by_look(code)?, rest),
    };
    Some((code.trim(), kind, rest.trim_end_matches('.')))
}

fn code_first(text: &str) -> Option<(&str, &str)> {
    let (code, rest) = text.strip_prefix('`')?.split_once('`')?;
    Some((code, rest.strip_prefix(' ').unwrap_or(rest)))
}

fn kind_first(rest: &str) -> Option<(&'static str, &str)> {
    let kind = KINDS
        .iter()
        .find(|kind| rest.strip_prefix(**kind).is_some_and(|after| after.starts_with([' ', '.'])))?;
    Some((kind, rest[kind.len()..].trim_start()))
}

/// Tells what a name is by how it is written.
pub(super) fn kind_by_look(code: &str) -> Option<&'static str> {
    let upper = code.len() > 5
        && code.contains('_')
        && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let flag = code.starts_with("--") && code.len() > 4 && !code.contains(' ');
    let tools =
        ["cargo ", "rustup ", "kubectl ", "docker ", "helm ", "npm ", "git ", "go ", "pip ", "promtool "];
    match () {
        () if upper => Some("environment variable"),
        () if flag => Some("command-line flag"),
        () if tools.iter().any(|tool| code.starts_with(tool)) => Some("command"),
        () if code.ends_with('!') && code.len() > 2 => Some("macro"),
        () => None,
    }
}

/// Returns whether a name is worth asking for: no value, no invention of the page, nothing that two could answer.
pub(super) fn is_asked_for(page: &Page, code: &str, ask: &str) -> bool {
    let letters = code.chars().filter(|c| c.is_ascii_alphabetic()).count();
    let plain =
        letters >= 3 && code.chars().count() <= 50 && !code.contains(['<', '{', '"', '$', '…', '\'', '=']);
    let kind = ask.split_whitespace().nth(1).unwrap_or_default();
    let invented = || INVENTED.contains(&kind) && (page.includes_code || is_defined(page, code));
    // "the `a` and `b` flags" has been refused by its plural; "`a` or `b`" is refused here.
    let alone = !ask.contains(" or `") && !ask.contains(" and `");
    // A name of a program's own, written bare, is of the page alone.
    let nameless = super::list::is_plain_word(code)
        && ["endpoint", "field", "metric", "label", "parameter", "option"].contains(&kind);
    let camel = |word: &str| {
        word.chars().next().is_some_and(|c| c.is_ascii_lowercase())
            && word.chars().skip(1).any(|c| c.is_ascii_uppercase())
    };
    let bare_names =
        ask.split('`').step_by(2).flat_map(str::split_whitespace).any(|word| camel(word) && word != "macOS");
    plain && !nameless && alone && !bare_names && terms(ask).len() >= 3 && !invented()
}

/// Returns whether one of the page's own code blocks makes something of this name.
fn is_defined(page: &Page, name: &str) -> bool {
    let name = name.rsplit(['.', ':']).next().unwrap_or(name).trim_end_matches("()");
    page.makes(name)
}
