//! `${VAR}` in the values of a flow file.

use super::mistake::Mistake;
use super::node::{Node, Table, Value};

/// What a variable's name stands for.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Puts variables into all texts of a table; `$${` stands for `${` itself.
pub(crate) fn substitute(table: &mut Table, environment: Environment<'_>, mistakes: &mut Vec<Mistake>) {
    for entry in &mut table.entries {
        substitute_node(&mut entry.node, environment, mistakes);
    }
}

/// Puts variables into one value, and all values in it.
pub(crate) fn substitute_node(node: &mut Node, environment: Environment<'_>, mistakes: &mut Vec<Mistake>) {
    match &mut node.value {
        Value::Text(text) if text.contains("${") => match expand(text, environment) {
            Ok(expanded) => *text = expanded,
            Err(mistake) => mistakes.push(mistake.at(node.span.clone())),
        },
        Value::List(list) => {
            for node in list {
                substitute_node(node, environment, mistakes);
            }
        }
        Value::Table(table) => substitute(table, environment, mistakes),
        _ => {}
    }
}

fn expand(text: &str, environment: Environment<'_>) -> Result<String, Mistake> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            expanded.push_str(&rest[..at - 1]);
            expanded.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        expanded.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else {
            return Err(Mistake::new("`${` has no closing `}`").help(ESCAPE.to_owned()));
        };
        let name = &rest[at + 2..at + end];
        match environment(name) {
            Some(value) => expanded.push_str(&value),
            None => {
                let message = format!("the environment has no variable `{name}`");
                return Err(Mistake::new(message).help(format!("set {name}, or {ESCAPE}")));
            }
        }
        rest = &rest[at + end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

const ESCAPE: &str = "write `$${` for the characters themselves";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let environment = |name: &str| (name == "USER").then(|| "ada".to_owned());
        let expanded = expand(text, &environment).map_err(|mistake| mistake.message);
        assert_eq!(expanded.as_deref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn variables_become_their_values() {
        check("s3://b/${USER}/x", Ok("s3://b/ada/x"));
        check("${USER}${USER}", Ok("adaada"));
        check("$USER and $${USER}", Ok("$USER and ${USER}"));
        check("plain", Ok("plain"));
    }

    #[test]
    fn what_is_missing_is_named() {
        check("${HOST}", Err("the environment has no variable `HOST`"));
        check("${USER", Err("`${` has no closing `}`"));
    }
}
