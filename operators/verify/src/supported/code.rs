/// What a block of code says, one entry after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry<'a> {
    /// A line as it stands.
    Line(&'a str),
    /// A name, what is said of it, and the line that gives its value, if that is another.
    Described { name: &'a str, described: String, line: Option<&'a str> },
}

/// Reads a block of code: flags of a help text with their meaning, keys with the comment above them, other lines.
pub(super) fn entries(code: &str) -> Vec<Entry<'_>> {
    let (mut entries, mut comment): (Vec<Entry<'_>>, Vec<&str>) = (Vec::new(), Vec::new());
    for line in code.lines() {
        if line.trim_start().starts_with('#') {
            comment.push(line);
            continue;
        }
        let above = std::mem::take(&mut comment);
        match (flag(line), key(line)) {
            (Some((name, described)), _) => {
                entries.extend(above.into_iter().map(Entry::Line));
                entries.push(Entry::Described { name, described: described.to_owned(), line: None });
            }
            (None, Some(name)) if !above.is_empty() => {
                let words: Vec<&str> =
                    above.iter().map(|line| line.trim().trim_start_matches('#').trim()).collect();
                entries.push(Entry::Described { name, described: words.join(" "), line: Some(line) });
            }
            _ => {
                entries.extend(above.into_iter().map(Entry::Line));
                entries.push(Entry::Line(line));
            }
        }
    }
    entries.extend(comment.into_iter().map(Entry::Line));
    entries
}

/// Parts "-o, --output TYPE   what it does" into the flag and its meaning.
fn flag(line: &str) -> Option<(&str, &str)> {
    let text = line.trim();
    let (names, described) = text.split_once("  ").filter(|_| text.starts_with('-'))?;
    let flag = names.split([' ', ',', '=']).find(|name| name.starts_with("--"))?;
    Some((flag, described.trim()))
}

/// Returns the key of "key: value" or "[ key: value ]".
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.trim().trim_start_matches('[').trim_start().split_once(':')?;
    let plain = key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (plain && !key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_code_are_described() {
        let code =
            "  -o, --out string   Where it goes\n# How often.\n# Really.\n[ poll: <time> ]\nname: x\n# end\n";
        assert_eq!(
            entries(code),
            [
                Entry::Described { name: "--out", described: "Where it goes".to_owned(), line: None },
                Entry::Described {
                    name: "poll",
                    described: "How often. Really.".to_owned(),
                    line: Some("[ poll: <time> ]")
                },
                Entry::Line("name: x"),
                Entry::Line("# end"),
            ]
        );
    }
}
