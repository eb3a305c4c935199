//! `(Table) -> T`: settings read by serde, with the place of what does not fit.

use std::fmt;
use std::ops::Range;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::mistake::Mistake;
use super::node::{Entry, Node, Table, Value};
use rifflebox_core::nearest;

/// Reads the settings of an operator from its table.
///
/// # Errors
/// The first key or value that does not fit, with its place.
pub(crate) fn read<T: DeserializeOwned>(table: &Table) -> Result<T, Mistake> {
    T::deserialize(TableReader { table }).map_err(|problem| problem.0)
}

/// Says of a key that is unknown or missing in which table it is.
pub(crate) fn of_table(header: &str, mistake: Mistake) -> Mistake {
    let message = match mistake.message.split_once(' ') {
        Some(("unknown", rest)) if rest.starts_with("key") => format!("[{header}] has no {rest}"),
        Some(("missing", rest)) => format!("[{header}] needs the {rest}"),
        _ => return mistake,
    };
    Mistake { message, ..mistake }
}

#[derive(Debug)]
struct Problem(Mistake);

impl Problem {
    fn or_at(self, span: &Range<usize>) -> Self {
        Problem(self.0.or_at(span))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Problem(Mistake::new(message.to_string()))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = in_words(&expected.to_string());
        Problem(Mistake::new(format!("expected {expected}, found {}", said(&found))))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let help = nearest(field, expected.iter().copied());
        Problem(Mistake::new(format!("unknown key `{field}`")).help(help))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = nearest(variant, expected.iter().copied());
        Problem(Mistake::new(format!("unknown value `{variant}`")).help(help))
    }

    fn missing_field(field: &'static str) -> Self {
        Problem(Mistake::new(format!("missing key `{field}`")))
    }
}

fn in_words(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

fn said(found: &de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Bool(truth) => truth.to_string(),
        de::Unexpected::Signed(number) => number.to_string(),
        de::Unexpected::Unsigned(number) => number.to_string(),
        de::Unexpected::Float(number) => number.to_string(),
        de::Unexpected::Str(text) => format!("the string {text:?}"),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

struct TableReader<'a> {
    table: &'a Table,
}

impl<'de> Deserializer<'de> for TableReader<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_map(Entries { rest: self.table.entries.iter(), current: None })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct NodeReader<'a> {
    node: &'a Node,
}

impl<'de> Deserializer<'de> for NodeReader<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match &self.node.value {
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Int(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(list) => visitor.visit_seq(Items { rest: list.iter() }),
            Value::Table(table) => TableReader { table }.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match &self.node.value {
            Value::Text(text) => {
                let text: StrDeserializer<'_, Problem> = text.as_str().into_deserializer();
                text.deserialize_enum(name, variants, visitor)
            }
            _ => Err(Problem(Mistake::new(format!("expected a string, found {}", self.node.kind())))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, Entry>,
    current: Option<&'a Entry>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        self.current = self.rest.next();
        let Some(entry) = self.current else { return Ok(None) };
        let key: StrDeserializer<'_, Problem> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|problem| problem.or_at(&entry.key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let entry = self.current.expect("serde asks for a value after its key");
        let read = seed.deserialize(NodeReader { node: &entry.node });
        read.map_err(|problem| match problem.0.span {
            Some(_) => problem,
            None => {
                let mistake =
                    Mistake { message: format!("`{}`: {}", entry.key, problem.0.message), ..problem.0 };
                Problem(mistake.at(entry.node.span.clone()))
            }
        })
    }
}

struct Items<'a> {
    rest: std::slice::Iter<'a, Node>,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        seed.deserialize(NodeReader { node }).map(Some).map_err(|problem| problem.or_at(&node.span))
    }
}
