use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value};

/// How deep a value, or a chain of references, may be.
const MOST_DEPTH: usize = 100;

/// Keywords that say nothing of a value.
const NOTES: [&str; 12] = [
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    // As in the standard, it is a note unless it is asked for more.
    "format",
    "title",
    "readOnly",
];

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// A schema that was looked through, and its patterns.
#[derive(Debug)]
pub struct Schema {
    /// What a whole value is called.
    whole: &'static str,
    schema: Value,
    patterns: BTreeMap<String, Regex>,
}

impl Schema {
    /// Looks a schema through; `whole` is what faults call the whole of a value, such as `the answer`.
    ///
    /// # Errors
    /// When a keyword is none that is understood here, or stands for something else: its place, and what is wrong.
    pub fn new(whole: &'static str, schema: Value) -> Result<Self, String> {
        let mut patterns = BTreeMap::new();
        look_through(&schema, &schema, "", &mut patterns)?;
        Ok(Schema { whole, schema, patterns })
    }

    /// Returns the schema itself.
    pub fn value(&self) -> &Value {
        &self.schema
    }

    fn place(&self, path: &str) -> String {
        if path.is_empty() { self.whole.to_owned() } else { format!("`{path}`") }
    }

    /// Returns what is wrong with a value, each with its place.
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(value, &self.schema, "", 0, &mut faults);
        faults
    }

    fn check(&self, value: &Value, schema: &Value, path: &str, depth: usize, faults: &mut Vec<String>) {
        let mut fault = |what: String| {
            faults.push(format!("{} {what}", self.place(path)));
        };
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(false) => return fault("must not be there".to_owned()),
            _ => return,
        };
        if depth > MOST_DEPTH {
            return fault("is nested too deeply".to_owned());
        }
        if let Some(types) = schema.get("type")
            && !texts(types).any(|name| is_of(value, name))
        {
            let names: Vec<&str> = texts(types).collect();
            return fault(format!("is no {}", names.join(" or ")));
        }
        if let Some(Value::Array(choices)) = schema.get("enum")
            && !choices.iter().any(|choice| same(choice, value))
        {
            fault(format!("is none of {}", listed(choices)));
        }
        if let Some(wanted) = schema.get("const")
            && !same(wanted, value)
        {
            fault(format!("is not {wanted}"));
        }
        match value {
            Value::String(text) => self.check_text(text, schema, &mut fault),
            Value::Number(number) => check_number(number.as_f64().unwrap_or(f64::NAN), schema, &mut fault),
            Value::Array(items) => {
                check_length(items.len(), schema, ["minItems", "maxItems"], "items", &mut fault);
                let repeats = |(at, item)| items[..at].iter().any(|earlier| same(earlier, item));
                if schema.get("uniqueItems") == Some(&Value::Bool(true))
                    && items.iter().enumerate().any(repeats)
                {
                    fault("says an item twice".to_owned());
                }
                if let Some(of_items) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.check(item, of_items, &format!("{path}/{index}"), depth + 1, faults);
                    }
                }
            }
            Value::Object(fields) => self.check_fields(fields, schema, path, depth, faults),
            Value::Null | Value::Bool(_) => {}
        }
        self.check_parts(value, schema, path, depth, faults);
    }

    fn check_text(&self, text: &str, schema: &Map<String, Value>, fault: &mut impl FnMut(String)) {
        check_length(text.chars().count(), schema, ["minLength", "maxLength"], "characters", fault);
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !self.patterns[pattern].is_match(text)
        {
            fault(format!("does not match {pattern}"));
        }
    }

    fn check_fields(
        &self,
        fields: &Map<String, Value>,
        schema: &Map<String, Value>,
        path: &str,
        depth: usize,
        faults: &mut Vec<String>,
    ) {
        let place = self.place(path);
        for name in schema.get("required").into_iter().flat_map(texts) {
            if !fields.contains_key(name) {
                faults.push(format!("{place} lacks \"{name}\""));
            }
        }
        check_length(fields.len(), schema, ["minProperties", "maxProperties"], "fields", &mut |what| {
            faults.push(format!("{place} {what}"));
        });
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            match (known.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema)) => {
                    self.check(value, schema, &path, depth + 1, faults)
                }
                (None, None) => {}
            }
        }
    }

    /// Checks what a schema is put together from.
    fn check_parts(
        &self,
        value: &Value,
        schema: &Map<String, Value>,
        path: &str,
        depth: usize,
        faults: &mut Vec<String>,
    ) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && let Some(schema) = referred(&self.schema, reference)
        {
            self.check(value, schema, path, depth + 1, faults);
        }
        let parts =
            |key: &str| schema.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for part in parts("allOf") {
            self.check(value, part, path, depth + 1, faults);
        }
        let of_part = |part: &Value| {
            let mut faults = Vec::new();
            self.check(value, part, path, depth + 1, &mut faults);
            faults
        };
        let place = self.place(path);
        if let Some(nearest) = parts("anyOf").iter().map(of_part).min_by_key(Vec::len)
            && !nearest.is_empty()
        {
            faults.push(format!("{place} fits no choice; the nearest: {}", nearest.join(", ")));
        }
        let fitting = parts("oneOf").iter().filter(|part| of_part(part).is_empty()).count();
        if !parts("oneOf").is_empty() && fitting != 1 {
            faults.push(format!("{place} fits {fitting} choices, and has to fit one"));
        }
        if schema.get("not").is_some_and(|part| of_part(part).is_empty()) {
            faults.push(format!("{place} is what it must not be"));
        }
    }
}

/// Looks a schema through: keywords that are known, each as it has to be.
fn look_through(
    schema: &Value,
    root: &Value,
    path: &str,
    patterns: &mut BTreeMap<String, Regex>,
) -> Result<(), String> {
    let wrong = |key: &str, what: &str| Err(format!("`{path}/{key}` {what}"));
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Bool(_) => return Ok(()),
        _ => return Err(format!("`{path}` is neither an object nor true or false")),
    };
    for (key, value) in fields {
        let at = |name: &str| format!("{path}/{key}/{name}");
        match key.as_str() {
            "properties" | "$defs" | "definitions" => {
                let Some(named) = value.as_object() else { return wrong(key, "is no object") };
                for (name, part) in named {
                    look_through(part, root, &at(name), patterns)?;
                }
            }
            "items" | "additionalProperties" | "not" => {
                look_through(value, root, &format!("{path}/{key}"), patterns)?
            }
            "anyOf" | "oneOf" | "allOf" => {
                let Some(parts) = value.as_array().filter(|parts| !parts.is_empty()) else {
                    return wrong(key, "is no list of schemas");
                };
                for (index, part) in parts.iter().enumerate() {
                    look_through(part, root, &at(&index.to_string()), patterns)?;
                }
            }
            "type" if texts(value).count() > 0 && texts(value).all(|name| TYPES.contains(&name)) => {}
            "type" => return wrong(key, "is no type"),
            "enum" | "required" if !value.is_array() => return wrong(key, "is no list"),
            "required" if texts(value).count() != value.as_array().map_or(0, Vec::len) => {
                return wrong(key, "is no list of names");
            }
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties"
                if value.as_u64().is_none() =>
            {
                return wrong(key, "is no number of things");
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" if !value.is_number() => {
                return wrong(key, "is no number");
            }
            "uniqueItems" if !value.is_boolean() => return wrong(key, "is neither true nor false"),
            "pattern" => {
                let pattern = value.as_str().unwrap_or_default();
                match Regex::new(pattern) {
                    Ok(regex) => patterns.insert(pattern.to_owned(), regex),
                    Err(_) => return wrong(key, "is no pattern that is understood here"),
                };
            }
            "$ref" if value.as_str().and_then(|reference| referred(root, reference)).is_none() => {
                return wrong(key, "refers to nothing within the schema");
            }
            "enum" | "const" | "required" | "uniqueItems" | "$ref" => {}
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties" => {}
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {}
            note if NOTES.contains(&note) => {}
            _ => return wrong(key, "is a keyword that is not understood here"),
        }
    }
    Ok(())
}

/// Returns what a reference within a schema names: `#`, or `#/$defs/fact`.
fn referred<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// Returns a text, or the texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value));
    list.iter().filter_map(Value::as_str)
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        // 1.0 is a whole number as well.
        _ => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
    }
}

/// Returns whether two values are the same; 1 and 1.0 are.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let in_other = |(name, value): (&String, &Value)| {
                other.get(name).is_some_and(|same_name| same(value, same_name))
            };
            one.len() == other.len() && one.iter().all(in_other)
        }
        _ => one == other,
    }
}

fn listed(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn check_length(
    length: usize,
    schema: &Map<String, Value>,
    [least, most]: [&str; 2],
    things: &str,
    fault: &mut impl FnMut(String),
) {
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    if let Some(least) = bound(least).filter(|least| (length as u64) < *least) {
        fault(format!("has {length} {things}, at least {least} are wanted"));
    }
    if let Some(most) = bound(most).filter(|most| length as u64 > *most) {
        fault(format!("has {length} {things}, at most {most} are wanted"));
    }
}

fn check_number(number: f64, schema: &Map<String, Value>, fault: &mut impl FnMut(String)) {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    for (key, is_within, words) in [
        ("minimum", (|number, bound| number >= bound) as fn(f64, f64) -> bool, "below"),
        ("maximum", |number, bound| number <= bound, "above"),
        ("exclusiveMinimum", |number, bound| number > bound, "not above"),
        ("exclusiveMaximum", |number, bound| number < bound, "not below"),
    ] {
        if let Some(bound) = bound(key).filter(|bound| !is_within(number, *bound)) {
            fault(format!("is {words} {bound}"));
        }
    }
}

#[cfg(test)]
mod tests;
