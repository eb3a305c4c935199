use rifflebox_core::{Fields, Value};

/// Reads the single values of a front matter; none where there is none, or it is broken: then it is just text.
///
/// A front matter stands at the very start, between lines `---` (YAML) or `+++` (TOML). Of YAML only top-level keys
/// with a value on their own line are said: lists, tables and folded texts are passed over.
pub(crate) fn fields(text: &str) -> Option<Fields> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (first, rest) = text.split_once('\n')?;
    match first.trim_end() {
        "---" => yaml(fenced(rest, &["---", "..."])?),
        "+++" => toml(fenced(rest, &["+++"])?),
        _ => None,
    }
}

/// Returns what stands before the first line that is a closing fence.
fn fenced<'a>(rest: &'a str, fences: &[&str]) -> Option<&'a str> {
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if fences.contains(&line.trim_end()) {
            return Some(&rest[..start]);
        }
        start += line.len();
    }
    None
}

fn toml(block: &str) -> Option<Fields> {
    let table: toml::Table = block.parse().ok()?;
    let single = |value| match value {
        toml::Value::String(text) => Some(Value::Text(text)),
        toml::Value::Integer(number) => Some(Value::Int(number)),
        toml::Value::Float(number) => number.is_finite().then_some(Value::Float(number)),
        toml::Value::Boolean(flag) => Some(Value::Bool(flag)),
        toml::Value::Datetime(time) => Some(Value::Text(time.to_string())),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
    };
    Some(table.into_iter().filter_map(|(key, value)| Some((key, single(value)?))).collect())
}

fn yaml(block: &str) -> Option<Fields> {
    let mut fields = Fields::new();
    let mut lines = block.lines().map(str::trim_end).filter(|line| !is_comment(line)).peekable();
    while let Some(line) = lines.next() {
        let (key, value) = yaml_entry(line)?;
        let mut continued = false;
        while lines
            .next_if(|next| next.starts_with([' ', '\t']) || *next == "-" || next.starts_with("- "))
            .is_some()
        {
            continued = true;
        }
        match yaml_scalar(value) {
            Some(value) if !continued => {
                fields.insert(key, value);
            }
            _ => {}
        }
    }
    Some(fields)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().is_empty() || line.trim_start().starts_with('#')
}

/// Splits `key: value`; a line that is not of this form breaks the block.
fn yaml_entry(line: &str) -> Option<(String, &str)> {
    if line.starts_with([' ', '\t', '-', '{', '[', '&', '*', '!', '%', '@', '`']) {
        return None;
    }
    let at = line.find(": ").or_else(|| line.strip_suffix(':').map(str::len))?;
    let (key, value) = (line[..at].trim(), line[at + 1..].trim());
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    (!key.is_empty()).then(|| (key.to_owned(), value))
}

/// Reads a value that stands on one line; none where it is no single value.
fn yaml_scalar(value: &str) -> Option<Value> {
    match value.chars().next() {
        None => Some(Value::Null),
        Some('"') => double_quoted(value).map(Value::Text),
        Some('\'') => single_quoted(value).map(Value::Text),
        Some('[' | '{' | '|' | '>' | '&' | '*' | '!' | '%' | '@' | '`') => None,
        Some(_) => Some(plain(value.split(" #").next().unwrap_or(value).trim_end())),
    }
}

/// Reads an unquoted value by the core schema of YAML 1.2 (section 10.3.2); dates stay text.
fn plain(text: &str) -> Value {
    match text {
        "null" | "Null" | "NULL" | "~" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    if let (true, Ok(number)) = (numeric, text.parse::<i64>()) {
        return Value::Int(number);
    }
    match text.parse::<f64>() {
        Ok(number) if numeric && number.is_finite() => Value::Float(number),
        _ => text.into(),
    }
}

fn single_quoted(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = value.strip_prefix('\'')?.chars();
    loop {
        match chars.next()? {
            '\'' if chars.as_str().starts_with('\'') => {
                chars.next();
                text.push('\'');
            }
            '\'' => return is_end(chars.as_str()).then_some(text),
            c => text.push(c),
        }
    }
}

/// Reads a quoted value with the escapes that YAML shares with JSON.
fn double_quoted(value: &str) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
    let text = values.next()?.ok()?;
    is_end(&value[values.byte_offset()..]).then_some(text)
}

/// Returns whether nothing follows a quoted value but a comment.
fn is_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t']) && is_comment(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Value)]) {
        let expected: Fields =
            expected.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        assert_eq!(fields(text), Some(expected), "{text}");
    }

    #[test]
    fn yaml_single_values() {
        check(
            "---\ntitle: Getting started: a guide\nweight: 20\ndraft: true\nlinkTitle: 'It''s'\n\
             description: \"a \\\"b\\\"\"\ndate: 2024-01-02\nratio: 0.5\nempty:\nurl: https://x.y/z # why\n---\nBody\n",
            &[
                ("title", "Getting started: a guide".into()),
                ("weight", Value::Int(20)),
                ("draft", Value::Bool(true)),
                ("linkTitle", "It's".into()),
                ("description", "a \"b\"".into()),
                ("date", "2024-01-02".into()),
                ("ratio", Value::Float(0.5)),
                ("empty", Value::Null),
                ("url", "https://x.y/z".into()),
            ],
        );
    }

    #[test]
    fn what_is_no_single_value_is_passed_over() {
        check(
            "---\ntitle: >-\n  folded\n  text\naliases: [/a, /b]\nmenu:\n  main: 1\ntags:\n- x\n- y\n# note\nauthor: A\n---\n",
            &[("author", "A".into())],
        );
        check("---\r\ntitle: A\r\n---\r\nBody", &[("title", "A".into())]);
    }

    #[test]
    fn yaml_quotes() {
        check(
            "---\na: 'x' # note\nb: \"y\" # note\nc: ''\n---\n",
            &[("a", "x".into()), ("b", "y".into()), ("c", "".into())],
        );
        check("---\na: 'x' y\nb: \"y\"z\nc: 'open\nd: \"open\n---\n", &[]);
    }

    #[test]
    fn toml_single_values() {
        check(
            "+++\ntitle = \"A\"\ndate = 2024-01-02\nweight = 3\n[menu]\nx = 1\n+++\nBody",
            &[("title", "A".into()), ("date", "2024-01-02".into()), ("weight", Value::Int(3))],
        );
    }

    #[test]
    fn broken_front_matter_is_text() {
        for text in [
            "---\ntitle: A\nBody",
            "---\nno colon here\n---\n",
            "+++\ntitle = \n+++\n",
            "--- \ntext",
            "",
            "Body",
        ] {
            assert_eq!(fields(text), None, "{text}");
        }
    }
}
