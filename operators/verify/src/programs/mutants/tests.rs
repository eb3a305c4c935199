use rifflebox_core::ErrorKind;

use super::*;
use crate::programs::python_tests::tests::sample;

fn settings() -> MutantsSettings {
    let program = "{{ completion }}\n# tests\n{{ test }}\n";
    serde_json::from_value(serde_json::json!({ "program": program, "concurrency": 2, "seconds": 2 })).unwrap()
}

const CLAMP: &str = "def clamp(x, low, high):\n    if x < low:\n        return low\n    if x > high:\n        return high\n    return x\n";

#[tokio::test]
async fn the_score_is_the_share_of_mutants_that_tests_notice() {
    let verifier = Mutants::new(settings()).unwrap();
    let strong = "assert clamp(5, 1, 9) == 5\nassert clamp(0, 1, 9) == 1\nassert clamp(10, 1, 9) == 9\n";
    let items = [
        (CLAMP, strong),
        (CLAMP, "assert clamp(5, 1, 9)"),
        (CLAMP, "assert clamp(5, 1, 9) == 4"),
        ("x = input", "assert x"),
        ("def f(:", "assert f"),
        ("def f(n):\n    while n > 0:\n        n -= 1\n    return n\n", "assert f(3) == 0"),
    ];
    let items = items.map(|(solution, test)| (sample(solution, test), vec![])).into();
    let verdicts: Vec<Verdict> = verifier.verify(items).await.into_iter().map(Result::unwrap).collect();
    let said: Vec<_> = verdicts.iter().map(|v| (v.accept, v.reason.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        said,
        [
            (true, "its tests notice 5 of 7 mutants"),
            (false, "its tests notice 1 of 7 mutants"),
            (
                false,
                "its own solution does not pass: an assertion failed at line 1: `assert clamp(5, 1, 9) == 4`: 5 against 4"
            ),
            (true, "its tests notice 1 of 1 mutants"),
            (
                false,
                "its own solution does not pass: the solution does not load: SyntaxError: invalid syntax (<solution>, line 1)"
            ),
            (true, "its tests notice 7 of 7 mutants"),
        ]
    );
    // What survives strong tests means the same: at the bound itself both return it.
    let survivors: Vec<_> =
        verdicts[0].votes.iter().map(|v| (v.voter.as_str(), v.reason.as_deref().unwrap())).collect();
    let wanted = [
        ("mutant at line 2", "comparison: `x < low` → `x <= low`"),
        ("mutant at line 4", "comparison: `x > high` → `x >= high`"),
    ];
    assert_eq!(survivors, wanted);
    assert_eq!(verdicts[0].score, rifflebox_core::Score::new(5.0 / 7.0));
}

#[test]
fn wrong_settings_are_named() {
    let refused = |change: fn(&mut MutantsSettings)| {
        let mut settings = settings();
        change(&mut settings);
        let error = Mutants::new(settings).map(|_| "a verifier").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    assert_eq!(refused(|s| s.min_score = 1.5), "`min_score` lies in 0 to 1");
    assert_eq!(refused(|s| s.most = 0), "`most` lies in 1 to 1000");
    assert!(
        refused(|s| s.program = "{{ completion }}".into()).starts_with("`program` has no line `# tests`")
    );
    assert_eq!(refused(|s| s.seconds = 0), "`seconds` is at least 1");
}
