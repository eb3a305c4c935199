use serde_json::json;

use super::*;

fn faults(schema: Value, value: Value) -> Vec<String> {
    Schema::new("the answer", schema).unwrap().faults(&value)
}

/// Holds values against a schema: those that fit, and those that do not.
#[track_caller]
fn check(schema: Value, fit: Vec<Value>, others: Vec<Value>) {
    for value in fit {
        assert_eq!(faults(schema.clone(), value.clone()), [""; 0], "{schema} {value}");
    }
    for value in others {
        assert!(!faults(schema.clone(), value.clone()).is_empty(), "{schema} {value}");
    }
}

#[test]
fn types_and_choices() {
    check(json!({ "type": "integer" }), vec![json!(1), json!(1.0), json!(-3)], vec![json!(1.5), json!("1")]);
    check(json!({ "type": ["string", "null"] }), vec![json!("a"), json!(null)], vec![json!(1), json!([])]);
    check(json!({ "enum": ["a", 1] }), vec![json!("a"), json!(1.0)], vec![json!("b"), json!(true)]);
    check(json!({ "const": { "a": [1] } }), vec![json!({ "a": [1] })], vec![json!({ "a": [2] }), json!({})]);
    check(json!(true), vec![json!(1)], vec![]);
    check(json!(false), vec![], vec![json!(1)]);
}

#[test]
fn lengths_and_bounds() {
    check(
        json!({ "minLength": 2, "maxLength": 3 }),
        vec![json!("äö"), json!(7)],
        vec![json!("ä"), json!("abcd")],
    );
    check(json!({ "minItems": 1, "maxItems": 2 }), vec![json!([1])], vec![json!([]), json!([1, 2, 3])]);
    check(json!({ "uniqueItems": true }), vec![json!([1, "1"])], vec![json!([1, 2, 1.0])]);
    check(
        json!({ "minimum": 0, "exclusiveMaximum": 1 }),
        vec![json!(0), json!(0.5)],
        vec![json!(-1), json!(1)],
    );
    check(json!({ "maximum": 5, "exclusiveMinimum": 1 }), vec![json!(5)], vec![json!(1), json!(6)]);
    check(json!({ "pattern": "^[a-z]+$" }), vec![json!("abc")], vec![json!("aB")]);
    check(json!({ "minProperties": 1, "maxProperties": 1 }), vec![json!({ "a": 1 })], vec![json!({})]);
}

#[test]
fn fields_and_items() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "array", "items": { "type": "string" } } },
        "required": ["a"],
        "additionalProperties": false,
    });
    check(
        schema.clone(),
        vec![json!({ "a": ["x"] })],
        vec![json!({}), json!({ "a": [], "b": 1 }), json!([])],
    );
    assert_eq!(faults(schema, json!({ "a": ["x", 1] })), ["`/a/1` is no string"]);
    let others = json!({ "additionalProperties": { "type": "integer" } });
    check(others.clone(), vec![json!({ "x": 1 })], vec![json!({ "x": "1" })]);
    assert_eq!(faults(others, json!({ "a/b": "1" })), ["`/a~1b` is no integer"]);
}

#[test]
fn parts_and_references() {
    let either = json!([{ "type": "string" }, { "type": "integer", "minimum": 3 }]);
    check(json!({ "anyOf": either }), vec![json!("a"), json!(3)], vec![json!(2), json!(null)]);
    check(json!({ "allOf": [{ "minimum": 1 }, { "maximum": 2 }] }), vec![json!(1)], vec![json!(0), json!(3)]);
    check(json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 2 }] }), vec![json!(0)], vec![json!(1)]);
    check(json!({ "not": { "type": "null" } }), vec![json!(1)], vec![json!(null)]);
    let tree = json!({
        "$defs": { "node": {
            "type": "object",
            "properties": { "next": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] } },
            "required": ["next"],
        } },
        "$ref": "#/$defs/node",
    });
    let wrong = json!({ "next": { "next": 1 } });
    check(tree, vec![json!({ "next": { "next": null } })], vec![json!({}), wrong]);
    // One that only refers to itself ends.
    check(json!({ "$ref": "#" }), vec![], vec![json!(1)]);
}

#[test]
fn what_is_not_understood_is_refused() {
    let wrong = |schema: Value| Schema::new("the answer", schema).unwrap_err();
    assert_eq!(wrong(json!({ "minimun": 1 })), "`/minimun` is a keyword that is not understood here");
    assert_eq!(
        wrong(json!({ "properties": { "a": { "type": "strin" } } })),
        "`/properties/a/type` is no type"
    );
    for schema in [
        json!(1),
        json!({ "type": [] }),
        json!({ "items": 1 }),
        json!({ "anyOf": [] }),
        json!({ "required": ["a", 1] }),
        json!({ "minItems": -1 }),
        json!({ "minimum": "1" }),
        json!({ "pattern": "(" }),
        json!({ "$ref": "#/$defs/none" }),
        json!({ "$ref": "https://example.com/schema" }),
        json!({ "if": {}, "then": {} }),
    ] {
        wrong(schema);
    }
}
