//! "What is the default value of X?": items, rows, headings and sentences that say "defaults to …".

use super::help::is_telling;
use super::line::Line;
use super::list::is_plain_word;
use super::named::{kind_by_look, section};
use super::page::{Kind, Page};
use super::prose::is_clean;
use super::question::{Ask, Question};

/// Ways to announce a default, each followed by its value.
const WAYS: [&str; 10] = [
    "(default: ",
    "(default ",
    "(defaults to ",
    "default value is ",
    "defaults to ",
    "Defaults to ",
    "Default is ",
    "The default is ",
    "Default: ",
    "(Default: ",
];

/// Asks for each default that stands beside the name of what it is the default of.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    for (number, block) in page.blocks().iter().enumerate() {
        let (Kind::Paragraph(line) | Kind::Item { line, .. }) = &block.kind else { continue };
        for (place, sentence) in line.sentences().into_iter().enumerate() {
            let text = &line.text[sentence.clone()];
            let Some((way, value)) = default_in(text) else { continue };
            let lead = (place == 0).then(|| lead(line)).flatten();
            let heads = matches!(block.kind, Kind::Paragraph(_)).then(|| heading(page, number)).flatten();
            let Some(name) = lead.or(heads.filter(|_| text.starts_with(way))) else { continue };
            // One name has one default, and no condition.
            let sure = is_clean(text)
                && line.text.matches("efault").nth(2).is_none()
                && ![" if ", " set to ", " when "].iter().any(|word| text.contains(word));
            if !sure || !name.chars().any(|c| c.is_ascii_alphabetic()) {
                continue;
            }
            let section = section(page, number, "").filter(|section| section.trim_matches('`') != name);
            // A plain word names many things.
            if is_plain_word(&name) {
                continue;
            }
            let kind = kind_by_look(&name).map_or_else(String::new, |kind| format!("the {kind} "));
            questions.push(Question {
                shape: "default",
                quality: 67,
                ask: Ask::According(format!("what is the default value of {kind}`{name}`?")),
                section,
                answer: value,
                support: text.to_owned(),
                span: line.source(&sentence),
                block: number,
            });
        }
    }
}

/// Returns how a text announces a default, and the default.
pub(super) fn default_in(text: &str) -> Option<(&'static str, String)> {
    let (at, way) = WAYS.iter().filter_map(|way| Some((text.find(way)?, *way))).min()?;
    let rest = &text[at + way.len()..];
    let (value, after) = match rest.strip_prefix('`') {
        Some(code) => code.split_once('`')?,
        None => {
            let end = rest.find([')', ',', ';', ' ']).unwrap_or(rest.len());
            let value = rest[..end].trim_end_matches('.');
            let figure = value.starts_with(|c: char| c.is_ascii_digit());
            // "30 seconds" is one value.
            let unit = rest[end..].trim_start().split([' ', '.', ')', ',']).next().unwrap_or_default();
            let units = [
                "seconds", "second", "minutes", "minute", "hours", "hour", "days", "bytes", "ms", "MB", "KB",
            ];
            match figure && units.contains(&unit) {
                true => (&rest[..end + 1 + unit.len()], &rest[end + 1 + unit.len()..]),
                false if figure => (value, &rest[value.len()..]),
                false => return None,
            }
        }
    };
    // "`a` or `b`", "`a` on Windows": one of several.
    let ends = after.is_empty() || after.starts_with(['.', ')', ';']) && !after.contains(" or ");
    (ends && is_telling(value)).then(|| (way, value.to_owned()))
}

/// Returns the name in code with which a line begins, where it is what the line is about.
fn lead(line: &Line) -> Option<String> {
    let text = line.text.strip_prefix("The ").unwrap_or(&line.text);
    let (name, rest) = text.strip_prefix('`')?.split_once('`')?;
    let about = rest.starts_with([':', ' ', '.']) && !rest.starts_with(" and") && !rest.starts_with(" or");
    (about && is_name(name)).then(|| name.to_owned())
}

/// Returns the heading above a paragraph, if it is a name in code.
fn heading(page: &Page, number: usize) -> Option<String> {
    let heading = page.block(number).section()?;
    let name = heading.trim_matches('`');
    let coded = heading.starts_with('`') || name.contains(['_', '.']) || name.starts_with("--");
    (coded && is_name(name)).then(|| name.to_owned())
}

fn is_name(name: &str) -> bool {
    (3..=60).contains(&name.chars().count()) && !name.contains([' ', '<', '{', '"', '$', '=', '*', '('])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults() {
        let found = |text| default_in(text).map(|(_, value)| value);
        assert_eq!(found("`a`: how long it waits (default: `5m`).").as_deref(), Some("5m"));
        assert_eq!(found("Defaults to 30 seconds.").as_deref(), Some("30 seconds"));
        assert_eq!(found("The least number of bytes (default: 512).").as_deref(), Some("512"));
        assert_eq!(found("Defaults to `a` or `b`."), None);
        assert_eq!(found("Defaults to `true`."), None);
        assert_eq!(found("Defaults to the name of the file."), None);
    }
}
