use rifflebox_core::{Content, ErrorKind, Tier};

use super::*;

const SCHEMA: &str = "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL);";
const DATA: &str = "INSERT INTO item VALUES (1, 'a', 1.5), (2, 'b', NULL), (3, 'c', 3.0);";

fn settings(given: Value) -> SqlSettings {
    let mut all = json!({
        "schema": "{{ schema }}", "data": "{{ data }}", "query": "{{ completion }}", "concurrency": 1,
    });
    all.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn sample(query: &str, expected: &str) -> Sample {
    let fields = [("schema", SCHEMA), ("data", DATA), ("rows", expected)];
    Sample {
        stage: "queries".into(),
        content: Content::Completion { prompt: "?".into(), completion: query.into() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: fields.map(|(name, text)| (name.to_owned(), text.into())).into(),
    }
}

/// Judges queries by one verifier; says `right`, or the reason.
async fn told(given: Value, pairs: &[(&str, &str)]) -> Vec<String> {
    let verifier = Sql::new(settings(given)).unwrap();
    let items = pairs.iter().map(|(query, rows)| (sample(query, rows), vec![])).collect();
    let verdicts = verifier.verify(items).await.into_iter().map(Result::unwrap);
    verdicts.map(|verdict| verdict.reason.unwrap_or_else(|| "right".to_owned())).collect()
}

fn expected(more: Value) -> Value {
    let mut given = json!({ "expected": "{{ rows }}" });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    given
}

#[tokio::test]
async fn rows_are_compared_as_a_set_that_counts() {
    let pairs = [
        ("SELECT id, name FROM item", r#"[[1, "a"], [3, "c"], [2, "b"]]"#),
        ("SELECT price FROM item", "[1.5, null, 3]"),
        ("SELECT name, price FROM item", "name,price\nb,\na,1.50\nc,3"),
        ("SELECT id FROM item WHERE id < 3", r#"[{"id": 2}, {"id": 1}]"#),
        ("SELECT date('2024-01-31', '+1 day')", r#"["2024-02-01"]"#),
        ("SELECT id FROM item", "[1, 2]"),
        ("SELECT id FROM item UNION ALL SELECT 1", "[1, 2, 3, 3]"),
        ("SELECT sum(price) FROM item", "[4.49]"),
        ("SELECT '1'", "[1]"),
        ("SELECT 1, 2", "[1]"),
    ];
    let wanted = [
        "right",
        "right",
        "right",
        "right",
        "right",
        "other rows: the row (3) is not expected",
        "other rows: the row (3) is missing",
        "other rows: the row (4.49) is missing",
        "other rows: the row (1) is missing",
        "other rows: 1 columns are expected, and there are 2",
    ];
    assert_eq!(told(expected(json!({})), &pairs).await, wanted);
}

#[tokio::test]
async fn order_names_and_tolerance_matter_where_asked() {
    let rows = "[[1], [3], [2]]";
    let ordered =
        told(expected(json!({ "ordered": true })), &[("SELECT id FROM item ORDER BY id", rows)]).await;
    assert_eq!(ordered, ["other rows: row 2 is (2), and (3) is expected"]);
    let named = [("SELECT id AS n FROM item", r#"[{"ID": 1}, {"ID": 2}, {"ID": 3}]"#)];
    assert_eq!(told(expected(json!({})), &named).await, ["right"]);
    assert_eq!(
        told(expected(json!({ "columns": true })), &named).await,
        ["other rows: the columns are ('n'), and ('ID') are expected"]
    );
    let near = [("SELECT sum(price) FROM item", "[4.49]"), ("SELECT sum(price) FROM item", "[4.4]")];
    assert_eq!(
        told(expected(json!({ "tolerance": 0.02 })), &near).await,
        ["right", "other rows: the row (4.4) is missing"]
    );
}

#[tokio::test]
async fn another_query_may_say_what_is_right() {
    let given = json!({ "reference": "{{ rows }}" });
    let pairs = [
        ("SELECT id FROM item", "SELECT id FROM item ORDER BY id DESC"),
        ("SELECT id FROM item", "SELECT id + 1 FROM item"),
        ("SELECT id FROM item", "DROP TABLE item"),
    ];
    let wanted = ["right", "other rows: the row (4) is missing", "`reference`: the query writes"];
    assert_eq!(told(given, &pairs).await, wanted);
}

#[tokio::test]
async fn a_query_reads_and_does_nothing_else() {
    let reason = async |query: &str| told(expected(json!({})), &[(query, "[1]")]).await.remove(0);
    for (query, why) in [
        ("DELETE FROM item", "the query writes"),
        ("CREATE TABLE other(id)", "the query writes"),
        ("ATTACH '/etc/passwd' AS p", "databases are not attached"),
        ("VACUUM INTO '/tmp/copy'", "databases are not attached"),
        ("PRAGMA writable_schema = 1", "`pragma writable_schema` is not run"),
        ("SELECT 1; SELECT 1", "You can only execute one statement at a time."),
        ("SELECT random()", "`random` is not the same the next time, or reaches out"),
        ("SELECT date('now')", "`date` asks for the time, which is another the next time"),
        ("SELECT date(x'6e6f77')", "`date` asks for the time, which is another the next time"),
        ("SELECT strftime('%Y')", "`strftime` asks for the time, which is another the next time"),
        ("SELECT current_date", "`current_date` is not the same the next time, or reaches out"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("", "it is no query"),
        (
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
            "it takes more than 50000000 steps",
        ),
        (
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20000) SELECT x FROM c",
            "it gives more than 10000 rows",
        ),
    ] {
        assert_eq!(reason(query).await, format!("`query`: {why}"), "{query}");
    }
}

#[tokio::test]
async fn what_is_expected_must_be_rows_and_at_least_one() {
    let nothing = "SELECT id FROM item WHERE id > 5";
    let why = "no row is expected, which any wrong query gives: `allow_empty` accepts it";
    assert_eq!(told(expected(json!({})), &[(nothing, "[]")]).await, [why]);
    assert_eq!(told(expected(json!({ "allow_empty": true })), &[(nothing, "[]")]).await, ["right"]);
    let bad = [
        (nothing, r#"{"id": 1}"#),
        (nothing, r#"[{"a": 1}, {"b": 2}]"#),
        (nothing, "[[[1]]]"),
        (nothing, "[[1], [1, 2]]"),
        (nothing, "[1"),
    ];
    let told = told(expected(json!({})), &bad).await;
    assert!(told.iter().all(|why| why.contains("`expected`")), "{told:?}");
}

#[test]
fn settings_name_what_is_wrong_and_the_fingerprint_what_decides() {
    let refused = |given| {
        let error = Sql::new(settings(given)).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    assert!(refused(json!({})).starts_with("set `expected`"));
    assert!(refused(json!({ "expected": "x", "reference": "y" })).starts_with("set `expected`"));
    assert!(refused(json!({ "expected": "{{" })).starts_with("`expected` is no template"));
    assert!(refused(json!({ "expected": "x", "tolerance": -1.0 })).starts_with("`tolerance` is -1"));
    let verifier = Sql::new(settings(json!({ "expected": "x" }))).unwrap();
    assert!(verifier.identity().settings["sqlite"].is_string());
    let other = settings(json!({ "expected": "x", "ordered": true }));
    let other = Sql::within(verifier.asked.sandbox.clone(), other).unwrap();
    assert_ne!(verifier.identity().fingerprint(), other.identity().fingerprint());
}
