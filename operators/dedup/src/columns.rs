//! The columns of samples that an operator's `on` may name.

use rifflebox_core::{Content, listed};

const COLUMNS: [&str; 6] = ["text", "messages", "prompt", "completion", "chosen", "rejected"];

/// Returns all of them: what `on` is unless something else is said.
pub(crate) fn all() -> Vec<String> {
    COLUMNS.map(str::to_owned).to_vec()
}

/// Says what is wrong with an `on` that names something else.
pub(crate) fn wrong(on: &[String]) -> Option<String> {
    let other = on.iter().find(|column| !COLUMNS.contains(&column.as_str()))?;
    Some(format!("`on` names `{other}`, and samples have the columns {}", listed(COLUMNS)))
}

/// Returns the columns of a content that `on` names, each with its place among all of them.
pub(crate) fn of<'a>(
    content: &'a Content,
    on: &[String],
) -> impl Iterator<Item = (usize, &'static str, &'a str)> {
    let columns = content.columns().into_iter().enumerate();
    let named = columns.filter(move |(_, (name, _))| on.iter().any(|column| column == name));
    named.map(|(place, (name, text))| (place, name, text))
}
