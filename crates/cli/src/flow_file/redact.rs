//! `redact = "NAME"` and `[redact.NAME]`: the table in the place of its name.

use super::mistake::Mistake;
use super::node::{self, Entry, Node, Table, Value};
use rifflebox_core::nearest;

/// The first word of the tables that say how documents are redacted.
pub(crate) const TABLE: &str = "redact";

/// Words that say it all, and are no names of tables.
const WORDS: [&str; 2] = ["standard", "none"];

/// The tables `[redact.NAME]` of a flow file.
#[derive(Debug, Default)]
pub(crate) struct Redactions {
    tables: Vec<Entry>,
}

impl Redactions {
    /// Takes the tables out of a flow file's.
    pub(crate) fn take(file: &mut Table, mistakes: &mut Vec<Mistake>) -> Self {
        let Some(entry) = file.take(TABLE) else { return Redactions::default() };
        let Value::Table(named) = entry.node.value else {
            let message = "`redact` is a key of a source, or a table: write [redact.NAME]";
            mistakes.push(Mistake::new(message).at(entry.key_span));
            return Redactions::default();
        };
        let mut redactions = Redactions::default();
        for entry in named.entries {
            let wrong = match entry.node.value {
                Value::Table(_) if WORDS.contains(&entry.key.as_str()) => {
                    let message = format!("`{}` has a meaning of its own: take another name", entry.key);
                    Some(Mistake::new(message))
                }
                Value::Table(_) => None,
                _ => {
                    let message =
                        format!("a redaction needs a name, and `{}` stands outside of one", entry.key);
                    Some(Mistake::new(message).help("write [redact.NAME] above it".to_owned()))
                }
            };
            match wrong {
                Some(mistake) => mistakes.push(mistake.at(entry.key_span)),
                None => redactions.tables.push(entry),
            }
        }
        redactions
    }

    /// Puts each table in the place of its name in the settings of sources; returns what is wrong with names.
    pub(crate) fn put_into<'a>(&self, sources: impl Iterator<Item = &'a mut Table>) -> Vec<Mistake> {
        let mut used = vec![false; self.tables.len()];
        let mut mistakes = Vec::new();
        for entry in sources.flat_map(|settings| &mut settings.entries).filter(|entry| entry.key == TABLE) {
            let Value::Text(name) = &entry.node.value else { continue };
            if WORDS.contains(&name.as_str()) {
                continue;
            }
            match self.tables.iter().position(|table| table.key == *name) {
                Some(index) => {
                    used[index] = true;
                    entry.node = self.tables[index].node.clone();
                }
                None => {
                    let known = WORDS.into_iter().chain(self.tables.iter().map(|table| table.key.as_str()));
                    let mistake = Mistake::new(format!("there is no table [redact.{name}]"));
                    mistakes.push(mistake.help(nearest(name, known)).at(entry.node.span.clone()));
                    // Only one mistake of it.
                    entry.node.value = Value::Text(WORDS[1].to_owned());
                }
            }
        }
        let unused = self.tables.iter().zip(used).filter(|(_, used)| !used);
        mistakes.extend(unused.map(|(table, _)| {
            let help = format!("name it in a source: redact = {:?}", table.key);
            Mistake::new(format!("no source is redacted by [redact.{}]", table.key))
                .help(help)
                .at(table.key_span.clone())
        }));
        mistakes
    }
}

/// Returns a flow file's text with `<NAME>` for each name that it lists as one to redact.
pub(crate) fn without_names(text: &str) -> String {
    let Ok(file) = node::parse(text) else { return String::new() };
    let mut spans = Vec::new();
    let of = |table: &Table, key: &str| table.get(key).map(|entry| entry.node.clone());
    for inner in of(&file, TABLE).iter().flat_map(tables) {
        spans.extend(names(&inner));
    }
    for source in of(&file, "source").iter().flat_map(tables) {
        if let Some(Node { value: Value::Table(settings), .. }) = of(&source, TABLE) {
            spans.extend(names(&settings));
        }
    }
    spans.sort_by_key(|span| std::cmp::Reverse(span.start));
    let mut kept = text.to_owned();
    spans.into_iter().for_each(|span| kept.replace_range(span, "\"<NAME>\""));
    kept
}

fn tables(node: &Node) -> Vec<Table> {
    let Value::Table(table) = &node.value else { return Vec::new() };
    let inner = table.entries.iter().filter_map(|entry| match &entry.node.value {
        Value::Table(table) => Some(table.clone()),
        _ => None,
    });
    inner.collect()
}

/// Returns where the names of a redaction stand, those that are variables of the environment aside.
fn names(settings: &Table) -> Vec<std::ops::Range<usize>> {
    let Some(Entry { node: Node { value: Value::List(names), .. }, .. }) = settings.get("names") else {
        return Vec::new();
    };
    let is_variable = |node: &&Node| matches!(&node.value, Value::Text(name) if name.starts_with("${"));
    names.iter().filter(|node| !is_variable(node)).map(|node| node.span.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_keeps_no_name() {
        let text = "# Who\n[redact.people]\nnames = [\"Ada Lovelace\", 'Bo', \"${THIRD}\"]\n\n[source.docs]\nfiles = \"a\"\n\
                    redact = { names = [\"Ada\"], key_env = \"K\" }\n[source.more]\nredact = \"people\"\n";
        let kept = "# Who\n[redact.people]\nnames = [\"<NAME>\", \"<NAME>\", \"${THIRD}\"]\n\n[source.docs]\nfiles = \"a\"\n\
                    redact = { names = [\"<NAME>\"], key_env = \"K\" }\n[source.more]\nredact = \"people\"\n";
        assert_eq!(without_names(text), kept);
        assert_eq!(without_names("names = [\"a\"]\n"), "names = [\"a\"]\n");
    }
}
