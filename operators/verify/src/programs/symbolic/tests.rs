use rifflebox_core::{Content, ErrorKind, Tier};

use super::*;

fn settings(given: Value) -> SymbolicSettings {
    serde_json::from_value(given).unwrap()
}

fn sides(symbols: &str) -> Value {
    json!({ "left": "{{ prompt }}", "right": "{{ completion }}", "symbols": symbols, "concurrency": 1 })
}

fn sample(prompt: &str, completion: &str) -> Sample {
    Sample {
        stage: "algebra".into(),
        content: Content::Completion { prompt: prompt.into(), completion: completion.into() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: Default::default(),
    }
}

/// Judges pairs by one verifier; says `equal`, or the reason.
async fn told(given: Value, pairs: &[(&str, &str)]) -> Vec<String> {
    let verifier = Symbolic::new(settings(given)).unwrap();
    let items = pairs.iter().map(|(left, right)| (sample(left, right), vec![])).collect();
    let verdicts = verifier.verify(items).await.into_iter().map(Result::unwrap);
    verdicts.map(|verdict| verdict.reason.unwrap_or_else(|| "equal".to_owned())).collect()
}

#[track_caller]
fn assert_all_equal(told: &[String], pairs: &[(&str, &str)]) {
    for (said, pair) in told.iter().zip(pairs) {
        assert_eq!(said, "equal", "{pair:?}");
    }
}

#[tokio::test]
async fn what_means_the_same_is_equal() {
    let pairs = [
        ("(x+1)^2", "x^2 + 2x + 1"),
        ("sin(x)^2 + cos(x)^2", "1"),
        ("2(x+y)", "2x + 2y"),
        ("1/sqrt(2)", "sqrt(2)/2"),
        ("sqrt(5+2sqrt(6))", "sqrt(2)+sqrt(3)"),
        ("sqrt(x^2)", "abs(x)"),
        ("0.1 + 0.2", "3/10"),
        ("e^(2 ln(3))", "9"),
        ("diff(x^3, x)", "3x²"),
        ("integrate(2x, x, 0, 3)", "9"),
        ("{1, 2, 3}", "{3, sqrt(4), 1}"),
        ("{}", "{}"),
        ("[0, 1)", "[0, 2/2)"),
        ("(-oo, 2) U (3, oo)", "(3, oo) ∪ (-∞, 2)"),
        ("(0,1) U [1,2)", "(0,2)"),
        ("[[1,2],[3,4]] * [[0,1],[1,0]]", "[[2,1],[4,3]]"),
        ("A = [[1,2]]", "[[1,4/2]]"),
        ("(1, 2)", "(1, 4/2)"),
        ("x = 5", "5"),
        ("2x = 4", "x = 2"),
        ("2x + 2 > 6", "2 < x"),
        ("x^2 = 4", "x = 2 or x = -2"),
        ("x^2 < 4", "-2 < x < 2"),
        ("x = 1, y = 2", "y = 2, x = 1"),
    ];
    assert_all_equal(&told(sides("real"), &pairs).await, &pairs);
}

#[tokio::test]
async fn what_differs_is_shown_where_it_does() {
    let pairs = [
        ("x^2 + 1", "x^2 + 2"),
        ("1.0000000000000000000001", "1"),
        ("x^3 + 1e-40", "x^3"),
        ("sqrt(x^2)", "x"),
        ("{1, 2}", "{1, 2, 3}"),
        ("[0, 1)", "[0, 1]"),
        ("[[1, 2]]", "[[1], [2]]"),
        ("(1, 2)", "(2, 1)"),
        ("x^2 = 4", "x = 2"),
        ("{1}", "1"),
        ("1/0", "1"),
    ];
    let wanted = [
        "different: 2.96 against 3.96 at x = 7/5",
        "different: 10000000000000000000001/10000000000000000000000 against 1",
        "different: they differ by 1/10000000000000000000000000000000000000000",
        "different: 1.4 against -1.4 at x = -7/5",
        "different: 3 is in one of the sets alone",
        "different: the second holds {1}, the first does not",
        "different: a matrix of 1 by 2 against a matrix of 2 by 1",
        "different: entry 1: 1 against 2",
        "different: -2 is in one of the sets alone",
        "different: a set against an expression",
        "different: zoo has no value",
    ];
    assert_eq!(told(sides("real"), &pairs).await, wanted);
}

#[tokio::test]
async fn names_stand_for_numbers_of_a_kind() {
    let roots = [("sqrt(x)*sqrt(y)", "sqrt(x*y)"), ("log(x*y)", "log(x) + log(y)"), ("sqrt(x^2)", "x")];
    assert_all_equal(&told(sides("positive"), &roots).await, &roots);
    let complex = told(sides("complex"), &roots).await;
    assert!(complex.iter().all(|said| said.starts_with("different: ")), "{complex:?}");
    assert_eq!(told(sides("complex"), &[("i^2", "-1")]).await, ["equal"]);
    assert_eq!(told(sides("integer"), &[("cos(pi*n)", "(-1)^n")]).await, ["equal"]);
    // Neither side is real where the other differs from it.
    assert_eq!(
        told(sides("real"), &[("log(x*y)", "log(x) + log(y)")]).await,
        ["undecided: neither proved nor refuted"]
    );
}

#[tokio::test]
async fn solutions_are_put_back() {
    let given = json!({ "equation": "{{ prompt }}", "solution": "{{ completion }}", "concurrency": 1 });
    let right = [
        ("x^2 - 5x + 6 = 0", "x = 2 or x = 3"),
        ("x^2 - 5x + 6 = 0", "{2, 3}"),
        ("x^2 = 4", "x = 2, x = -2"),
        ("x + y = 3; x - y = 1", "x = 2, y = 1"),
        ("x + y = 3\nx - y = 1", "(2, 1)"),
        ("x^2 = 2", "sqrt(2)"),
        ("x > 3", "x = 4"),
    ];
    assert_all_equal(&told(given.clone(), &right).await, &right);
    let wrong = [
        ("x^2 - 5x + 6 = 0", "{2, 4}"),
        ("1/(x-1) = 1/(x-1)", "x = 1"),
        ("x^2 = 2", "1.414"),
        ("3x = 6", "z = 2"),
        ("x > 3", "x = 2"),
        ("x + 1", "x = 2"),
        ("x = 1", ""),
    ];
    let wanted = [
        "different: at x = 4: 2 against 0",
        "different: at x = 1: a side has no value",
        "different: at x = 707/500: 499849/250000 against 2",
        "different: the equation has no `z`",
        "different: at x = 2: 2 against 3",
        "cannot be read: an equation has two sides, and there is an expression",
        "cannot be read: there is no solution",
    ];
    assert_eq!(told(given, &wrong).await, wanted);
    let complex = json!({
        "equation": "{{ prompt }}", "solution": "{{ completion }}", "symbols": "complex", "concurrency": 1,
    });
    let of_no_size = told(complex, &[("x > 1", "x = i")]).await;
    assert!(of_no_size[0].starts_with("undecided: SymPy says: "), "{of_no_size:?}");
}

#[tokio::test]
async fn texts_are_never_run_and_their_size_is_bounded() {
    let deep = format!("{}1{}", "sin(".repeat(100), ")".repeat(100));
    let pairs = [
        ("__import__('os').system('true')", "1"),
        ("x.__class__", "1"),
        ("(lambda: 1)()", "1"),
        ("[y for y in x]", "1"),
        ("open(1)", "open*1"),
        ("9**9**9", "1"),
        ("factorial(100000)", "1"),
        ("1e400", "1"),
        (&"9".repeat(5_000), "1"),
        (deep.as_str(), "1"),
        ("e^(ln 5)", "5"),
        ("", "1"),
    ];
    let wanted = [
        "cannot be read: `'` is no sign of an expression",
        "cannot be read: `.` is no sign of an expression",
        "cannot be read: `(lambda: 1)()` is no expression",
        "cannot be read: `[y for y in x]` is no expression",
        // A name that is no function's is multiplied.
        "equal",
        "too large: a power of more than 500",
        "too large: `factorial` of more than 2000",
        "too large: a number of more than 300 digits",
        "too large: more than 4000 characters",
        "too large: more than 60 levels",
        "cannot be read: `ln` is a function: write `ln(…)`",
        "cannot be read: it is empty",
    ];
    assert_eq!(told(sides("real"), &pairs).await, wanted);
}

#[tokio::test]
async fn what_takes_too_long_is_not_decided() {
    let mut given = sides("real");
    given["seconds"] = 1.into();
    // Too near to differ at a point, and too long to be multiplied out.
    let pair = ("(x+y+z+1)^200", "(x+y+z+1)^199 * (x+y+z+1+1e-60)");
    let told = told(given, &[pair]).await;
    // By a processor's time, or by the clock where the machine is busy.
    assert!(told[0].starts_with("not decided: it takes "), "{told:?}");
}

#[test]
fn settings_name_what_is_wrong_and_the_fingerprint_what_decides() {
    let refused = |given| {
        let error = Symbolic::new(settings(given)).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    assert!(refused(json!({ "left": "1" })).starts_with("set `left` and `right`"));
    assert!(
        refused(json!({ "left": "1", "right": "1", "solution": "1" })).starts_with("set `left` and `right`")
    );
    assert!(refused(json!({ "left": "{{", "right": "1" })).starts_with("`left` is no template"));
    assert_eq!(refused(json!({ "left": "1", "right": "1", "seconds": 0 })), "`seconds` is at least 1");
    let verifier = Symbolic::new(settings(sides("real"))).unwrap();
    let meaning = verifier.identity().settings;
    assert!(meaning["interpreter"]["packages"]["sympy"].is_string(), "{meaning}");
    assert!(meaning["interpreter"]["sqlite"].is_null());
    let other = Symbolic::within(verifier.asked.sandbox.clone(), settings(sides("positive"))).unwrap();
    assert_ne!(verifier.identity().fingerprint(), other.identity().fingerprint());
}
