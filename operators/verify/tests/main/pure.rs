//! Laws of any text: no panic, and nothing but the text decides.

use proptest::prelude::*;
use rifflebox_core::{Content, Proof, Verifier};
use rifflebox_verify::{Numeric, filters};

use crate::{filter, sample};

/// Text that is dense in what the rules look at.
fn odd_text() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        "[a-zA-Z]{1,8}",
        r"[.,:;!?'\x22()\[\]{}<>#*&_~@/\\|+=^%$-]{1,3}",
        "[0-9]{1,4}(km|%|\\.|m/s|US\\$)?",
        "[ \n\t\r]{1,3}",
        "\\PC",
        "(…|’s|n't|e\\.g\\.|:-\\)|https://a\\.io/x|—|日本|。|\u{a0}|\u{fffd})",
    ];
    prop::collection::vec(atom, 0..60).prop_map(|atoms| atoms.concat())
}

/// Text that is dense in what calculations are made of.
fn odd_sums() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        "[0-9]{1,3}([.,][0-9]{1,3})?",
        r"(<<|>>|[-+*/^=%$()x×÷≈½²:!#]){1,2}",
        " (km|m|h|kg|dollars|dozen|million|per|of|and|am|apples|x) ",
        r"(\\frac\{1\}\{2\}|\\boxed\{|\\times|\}|####|The answer is|A: |Option B)",
        "[ \n]{1,2}",
        "\\PC",
    ];
    prop::collection::vec(atom, 0..40).prop_map(|atoms| atoms.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_judged_twice_alike(text in odd_text()) {
        let sample = sample(&text);
        for &name in filters() {
            let verdict = filter(name).verify(&sample, &[]);
            prop_assert_eq!(verdict.accept, verdict.reason.is_none());
            prop_assert_eq!(&filter(name).verify(&sample, &[]), &verdict, "{}", name);
        }
    }

    #[test]
    fn any_calculation_is_judged_twice_alike(text in odd_sums(), expected in odd_sums()) {
        let settings = serde_json::json!({
            "equalities": true, "running": true, "expected": "{{ expected }}", "tolerance": { "relative": 0.1 },
        });
        let numeric = Numeric::new(serde_json::from_value(settings).unwrap()).unwrap();
        let mut sample = sample(&text);
        sample.fields.insert("expected".to_owned(), expected.as_str().into());
        let verdict = numeric.verify(&sample, &[]);
        prop_assert_eq!(verdict.accept, verdict.reason.is_none());
        prop_assert_eq!(&numeric.verify(&sample, &[]), &verdict);
        prop_assert_eq!(verdict.accept, verdict.score.value() == 1.0);
    }

    #[test]
    fn where_the_text_stands_does_not_matter(prompt in odd_text(), completion in odd_text()) {
        let whole = sample(&format!("{prompt}\n\n{completion}"));
        let mut pair = sample("");
        pair.content = Content::Completion { prompt, completion };
        for &name in filters() {
            prop_assert_eq!(filter(name).verify(&pair, &[]), filter(name).verify(&whole, &[]), "{}", name);
        }
    }
}

#[test]
fn filters_prove_nothing_and_read_no_document() {
    for &name in filters() {
        assert!(filter(name).proof() == Proof::Filtered && !filter(name).reads_documents(), "{name}");
    }
}
