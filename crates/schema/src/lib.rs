//! `(schema, value) -> faults`: the part of JSON Schema that endpoints hold models to, and nothing beside it.
//!
//! A schema with another keyword is refused when it is made: what is not checked must not look as if it were.
//!
//! ```
//! use rifflebox_schema::Schema;
//! use serde_json::json;
//!
//! let wanted = json!({ "type": "object", "properties": { "year": { "type": "integer" } }, "required": ["year"] });
//! let schema = Schema::new("the answer", wanted)?;
//! assert!(schema.faults(&json!({ "year": 1843 })).is_empty());
//! assert_eq!(schema.faults(&json!({ "year": "1843" })), ["`/year` is no integer"]);
//! assert_eq!(schema.faults(&json!({})), ["the answer lacks \"year\""]);
//! # Ok::<(), String>(())
//! ```

mod schema;

pub use schema::Schema;
