//! Tests as pytest and unittest write them, with pytest itself among the packages.

use std::sync::LazyLock;

use rifflebox_sandbox::{Bubblewrap, BubblewrapSettings, End, Limits, Outcome, Process};

use super::{run, tests, word};

/// A sandbox whose programs may import pytest (Debian: `apt-get install python3-pytest`).
static PYTEST: LazyLock<Bubblewrap> = LazyLock::new(|| {
    let settings = BubblewrapSettings {
        packages: vec!["pytest".to_owned()],
        width: Some(1),
        ..BubblewrapSettings::default()
    };
    Bubblewrap::start(&settings).unwrap_or_else(|error| panic!("{error}"))
});

const SOLUTION: &str =
    "def f(x):\n    if x < 0:\n        raise ValueError('x is negative')\n    return x + 1\n";

/// Runs tests of `f`, which adds one, in both ways.
fn both(wanted: &str) -> [Outcome; 2] {
    [Process::Separate, Process::Shared]
        .map(|process| run(&PYTEST, tests(SOLUTION, Some(wanted), process), Limits::default()))
}

/// Asserts what comes of tests, and that the reason says why.
#[track_caller]
fn assert_ends(wanted: &str, end: &str, why: &str) {
    for outcome in both(wanted) {
        let (found, said) = word(&outcome);
        assert!(found == end && said.contains(why), "{found}: {said}\n{wanted}");
    }
}

/// Asserts that so many tests ran, with so many assertions.
#[track_caller]
fn assert_passes(wanted: &str, counts: (u64, u64)) {
    for outcome in both(wanted) {
        let End::Tested(tested) = &outcome.end else { panic!("{outcome:?}\n{wanted}") };
        assert_eq!(word(&outcome).0, "passed", "{outcome:?}\n{wanted}");
        assert_eq!((tested.tests, tested.assertions), counts, "{wanted}");
    }
}

#[test]
fn functions_and_classes_are_found_as_pytest_finds_them() {
    let found = "import pytest\n\
        @pytest.mark.parametrize('x, wanted', [(1, 2), pytest.param(2, 3, id='two')])\n\
        def test_each(x, wanted):\n    assert f(x) == wanted\n\
        @pytest.mark.parametrize('x', [1, 2])\n@pytest.mark.parametrize('y', [3, 4, 5])\n\
        def test_all_pairs(x, y):\n    assert f(x) + y == x + y + 1\n\
        def test_close():\n    assert f(0.1) == pytest.approx(1.1)\n\
        def test_raises():\n    with pytest.raises(ValueError, match='negative') as found:\n        f(-1)\n    assert 'x is' in str(found.value)\n\
        class TestMore:\n    def setup_method(self):\n        self.one = f(0)\n    def test_one(self):\n        assert self.one == 1\n\
        def helper():\n    assert False\n";
    assert_passes(found, (11, 11));
}

#[test]
fn marks_say_what_does_not_run_and_what_may_fail() {
    let marked = "import pytest\n\
        @pytest.mark.skip\ndef test_never():\n    assert False\n\
        @pytest.mark.skipif(True, reason='not here')\ndef test_not_here():\n    assert False\n\
        @pytest.mark.skipif(False, reason='here')\ndef test_here():\n    assert f(1) == 2\n\
        @pytest.mark.xfail\ndef test_wrong():\n    assert f(1) == 3\n";
    assert_passes(marked, (1, 1));
    let skipped =
        "import pytest\n@pytest.mark.skip(reason='not today')\ndef test_f():\n    assert f(1) == 2\n";
    assert_ends(skipped, "none", "without an assertion or a test that ran");
}

#[test]
fn what_fails_fails_in_the_words_of_its_style() {
    assert_ends("def test_f():\n    assert f(1) == 3\n", "failed", "line 2: `assert f(1) == 3`: 2 against 3");
    let second =
        "import pytest\n@pytest.mark.parametrize('x', [1, 2])\ndef test_f(x):\n    assert f(x) == 2\n";
    assert_ends(second, "failed", "line 4: `assert f(x) == 2`: 3 against 2");
    let silent = "import pytest\ndef test_f():\n    with pytest.raises(ValueError):\n        f(1)\n";
    assert_ends(silent, "error", "DID NOT RAISE");
    let another = "import pytest\ndef test_f():\n    with pytest.raises(KeyError):\n        f(-1)\n";
    assert_ends(another, "error", "ValueError: x is negative");
    // Who skips while it runs would pass for nothing.
    let skips =
        "import pytest\ndef test_f():\n    pytest.skip('not today')\ndef test_g():\n    assert f(1) == 2\n";
    assert_ends(skips, "error", "Skipped: not today");
    let fixture = "import pytest\n@pytest.fixture\ndef one():\n    return 1\ndef test_f(one):\n    assert f(one) == 2\n";
    assert_ends(fixture, "unfit", "wants the fixture `one`");
}

#[test]
fn cases_of_unittest_run_with_all_that_is_around_them() {
    let cases = "import unittest\n\
        class Tests(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n        cls.known = [(1, 2), (2, 3)]\n\
        \x20   def setUp(self):\n        self.addCleanup(lambda: None)\n\
        \x20   def test_each(self):\n        for x, wanted in self.known:\n            with self.subTest(x=x):\n                self.assertEqual(f(x), wanted)\n\
        \x20   def test_raises(self):\n        self.assertRaises(ValueError, f, -1)\n\
        \x20   @unittest.skip('not today')\n    def test_never(self):\n        self.fail()\n\
        if __name__ == '__main__':\n    unittest.main()\n";
    assert_passes(cases, (2, 0));
    let wrong = "import unittest\nclass Tests(unittest.TestCase):\n    def test_each(self):\n        for x in (1, 2):\n\
        \x20           with self.subTest(x=x):\n                self.assertEqual(f(x), 2)\n";
    assert_ends(wrong, "failed", "Tests.test_each (x=2) failed: 3 != 2");
    let surprising = "import unittest\nclass Tests(unittest.TestCase):\n    @unittest.expectedFailure\n    def test_f(self):\n        self.assertEqual(f(1), 2)\n";
    assert_ends(surprising, "failed", "passes, and is expected to fail");
}
