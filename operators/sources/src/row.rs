use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Document, Fields, Key, Origin, Place, Redactions, Result, RowItem, Tier, Value};
use rifflebox_redact::Redactor;

use crate::Files;

/// Why redacting cannot fail once a scan has begun.
const READY: &str = "a scan begins once the redaction is ready";

/// Makes rows of one source: documents with what the source declares, or reasons why there is none.
#[derive(Debug)]
pub(crate) struct RowMaker {
    source: String,
    tier: Tier,
    license: Option<String>,
    origin: Origin,
    id_column: String,
    text_column: String,
    redactor: Option<Arc<Redactor>>,
    #[cfg(feature = "pdf")]
    pdf: Option<crate::formats::pdf::PdfReader>,
}

/// Where each id of a file stood first.
pub(crate) type SeenIds = BTreeMap<Key, u64>;

impl RowMaker {
    pub(crate) fn new(source: &str, files: &Files, redactor: Option<Arc<Redactor>>) -> Self {
        RowMaker {
            source: source.to_owned(),
            tier: files.effective_tier(),
            license: files.license.clone(),
            origin: files.origin(),
            id_column: files.id.clone(),
            text_column: files.text.clone(),
            redactor,
            #[cfg(feature = "pdf")]
            pdf: None,
        }
    }

    /// Takes what reads PDF.
    #[cfg(feature = "pdf")]
    pub(crate) fn with_pdf(mut self, pdf: Option<crate::formats::pdf::PdfReader>) -> Self {
        self.pdf = pdf;
        self
    }

    /// Returns what reads PDF, where the source names such files.
    #[cfg(feature = "pdf")]
    pub(crate) fn pdf(&self) -> Option<&crate::formats::pdf::PdfReader> {
        self.pdf.as_ref()
    }

    /// Returns what redacts its rows, if something does.
    pub(crate) fn redactor(&self) -> Option<&Arc<Redactor>> {
        self.redactor.as_ref()
    }

    /// Returns the digest of a file as it may be kept.
    ///
    /// # Errors
    /// When the redaction is not ready.
    pub(crate) fn kept_digest(&self, digest: Key) -> Result<Key> {
        self.redactor.as_ref().map_or(Ok(digest), |redactor| redactor.digest(digest))
    }

    /// Makes the one document of a file; its id is the file's path.
    pub(crate) fn document(&self, path: &str, text: String, fields: Fields) -> RowItem {
        let mut redactions = Redactions::new();
        let (text, fields) = match &self.redactor {
            None => (text, fields),
            Some(redactor) => (
                redactor.text(text, "", &mut redactions).expect(READY),
                redactor.fields(fields, &mut redactions).expect(READY),
            ),
        };
        self.sound(path, path.to_owned(), text, fields, redactions)
    }

    /// Makes the document of a table's row, or says why it is none; `line` counts from 1.
    ///
    /// Columns are redacted before the row has an id, so that none is made of personal data.
    pub(crate) fn table_row(&self, path: &str, line: u64, columns: Fields, seen: &mut SeenIds) -> RowItem {
        let mut redactions = Redactions::new();
        let mut columns = match &self.redactor {
            None => columns,
            Some(redactor) => redactor.fields(columns, &mut redactions).expect(READY),
        };
        let id = match columns.get(&self.id_column) {
            None | Some(Value::Null) => row_digest(&columns),
            Some(value) => match scalar_text(value) {
                Some(id) => id,
                None => return self.broken(path, Some(line), &wrong_column("id", &self.id_column, value)),
            },
        };
        let text = match columns.remove(&self.text_column) {
            None | Some(Value::Null) => String::new(),
            Some(Value::Text(text)) => text,
            Some(value) => match scalar_text(&value) {
                Some(text) => text,
                None => {
                    return self.broken(path, Some(line), &wrong_column("text", &self.text_column, &value));
                }
            },
        };
        let row = self.sound(path, id, text, columns, redactions);
        match seen.get(&row.key) {
            None => {
                seen.insert(row.key, line);
                row
            }
            Some(first) => {
                let id = row.document.map(|document| document.id).unwrap_or_default();
                self.broken(path, Some(line), &format!("id {id:?} repeats that of line {first}"))
            }
        }
    }

    /// Makes a row that is no document; the reason is put behind the path, and the line where there is one.
    pub(crate) fn broken(&self, path: &str, line: Option<u64>, reason: &str) -> RowItem {
        let key = Key::builder("place").text(&self.source).text(path).number(line.unwrap_or(0)).finish();
        let reason = self.harmless(reason);
        let reason = match line {
            Some(line) => format!("{path}, line {line}: {reason}"),
            None => format!("{path}: {reason}"),
        };
        RowItem { key, place: Place { path: path.to_owned(), line }, document: Err(reason) }
    }

    /// Returns a reason that quotes no personal data. Where the redaction is not ready, nothing of the file was read.
    fn harmless<'a>(&self, reason: &'a str) -> Cow<'a, str> {
        match &self.redactor {
            None => Cow::Borrowed(reason),
            Some(redactor) => {
                let redacted = redactor.text(reason.to_owned(), "", &mut Redactions::new());
                redacted.map_or(Cow::Borrowed(reason), Cow::Owned)
            }
        }
    }

    fn sound(&self, path: &str, id: String, text: String, fields: Fields, redactions: Redactions) -> RowItem {
        let document = Document {
            source: self.source.clone(),
            id,
            text,
            tier: self.tier,
            license: self.license.clone(),
            origin: self.origin.clone(),
            fields,
            redactions,
        };
        RowItem {
            key: document.key(),
            place: Place { path: path.to_owned(), line: None },
            document: Ok(document),
        }
    }
}

/// Returns a whole number as the value that holds it exactly: text beyond 64 bits with sign.
pub(crate) fn whole_number(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
}

fn row_digest(columns: &Fields) -> String {
    let encoded = postcard::to_stdvec(columns).expect("plain data encodes into memory");
    Key::builder("row").bytes(&encoded).finish().to_string()
}

/// Returns the canonical text of a single value: a whole number has no point, whatever type its column has.
fn scalar_text(value: &Value) -> Option<String> {
    /// Below it every whole number is a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            Some((*number as i64).to_string())
        }
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

fn wrong_column(setting: &str, column: &str, value: &Value) -> String {
    let what = if matches!(value, Value::List(_)) { "a list" } else { "a table" };
    format!("column `{column}` holds {what}; name another with `{setting}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maker() -> RowMaker {
        RowMaker::new("s", &Files::matching("*"), None)
    }

    fn row(columns: impl IntoIterator<Item = (&'static str, Value)>) -> RowItem {
        let columns = columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        maker().table_row("t.jsonl", 7, columns, &mut SeenIds::new())
    }

    #[test]
    fn a_number_is_the_same_id_in_any_column_type() {
        for (value, id) in [
            (Value::Int(12), "12"),
            (Value::Float(12.0), "12"),
            (Value::Float(-0.5), "-0.5"),
            (whole_number(u64::MAX), "18446744073709551615"),
            (Value::Bool(true), "true"),
        ] {
            assert_eq!(row([("id", value)]).document.unwrap().id, id);
        }
    }

    #[test]
    fn without_an_id_the_row_is_its_own_name() {
        let (one, two) = (row([("text", "a".into())]), row([("text", "b".into())]));
        assert_eq!(one.document.clone().unwrap().id.len(), 32);
        assert_ne!(one.key, two.key);
        assert_eq!(one, row([("text", "a".into())]));
        assert_eq!(row([("id", Value::Null), ("text", "a".into())]).document.unwrap().text, "a");
    }

    #[test]
    fn a_row_is_redacted_before_it_has_an_id() {
        let redactor = Redactor::new(Default::default(), ".".as_ref()).unwrap();
        let maker = RowMaker::new("s", &Files::matching("*"), Some(Arc::new(redactor)));
        let mut seen = SeenIds::new();
        let mut row = |columns: &[(&str, &str)]| {
            let columns = columns.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
            maker.table_row("t.jsonl", 7, columns.collect(), &mut seen)
        };
        let document = row(&[("text", "to ada@x.org")]).document.unwrap();
        let expected = RowMaker::new("s", &Files::matching("*"), None).table_row(
            "t.jsonl",
            7,
            [("text".to_owned(), Value::from("to <EMAIL>"))].into(),
            &mut SeenIds::new(),
        );
        assert_eq!(document.id, expected.document.unwrap().id);
        assert_eq!(document.redactions, [("email".to_owned(), 1)].into());
        assert_eq!(row(&[("id", "ada@x.org")]).document.unwrap().id, "<EMAIL>");
        let reason = row(&[("id", "bob@x.org")]).document.unwrap_err();
        assert_eq!(reason, "t.jsonl, line 7: id \"<EMAIL>\" repeats that of line 7");
        let reason = maker.broken("ada@x.org.md", None, "holds bob@x.org").document.unwrap_err();
        assert_eq!(reason, "ada@x.org.md: holds <EMAIL>");
    }

    #[test]
    fn columns_that_are_no_text_are_named() {
        let reason = row([("text", Value::List(vec![]))]).document.unwrap_err();
        assert_eq!(reason, "t.jsonl, line 7: column `text` holds a list; name another with `text`");
        let reason = row([("id", Value::Map(Fields::new()))]).document.unwrap_err();
        assert_eq!(reason, "t.jsonl, line 7: column `id` holds a table; name another with `id`");
    }

    #[test]
    fn fields_are_all_columns_but_the_text() {
        let document =
            row([("id", Value::Int(1)), ("text", "x".into()), ("n", Value::Null)]).document.unwrap();
        let names: Vec<&str> = document.fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["id", "n"]);
    }
}
