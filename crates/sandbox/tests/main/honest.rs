//! Honest programs: what tests may do with a solution in a process of its own, and what the sandbox tells of a run.

use std::time::Duration;

use rifflebox_sandbox::{Bubblewrap, End, Limits, Process, Program, Sandbox, Task};

use super::{SANDBOX, run, tests, word};

/// Programs that pass wherever they run: solution, tests.
const PASS: [(&str, &str); 18] = [
    (
        "def add(a, b=2):\n    return a + b\n",
        "assert add(1) == 3\nassert add(1, b=1) == 2\nassert add(*[2, 2]) == 4",
    ),
    // What is changed in place is changed for the tests; what is handed back is what was handed in.
    (
        "def sort(values):\n    values.sort()\n    return values\ndef put(table, inner):\n    inner.append(1)\n    table['k'] = inner\n",
        "values = [2, 1]\nassert sort(values) is values\nassert values == [1, 2]\ntable, inner = {}, []\nput(table, inner)\n\
         assert table == {'k': [1]} and inner == [1]\nassert table['k'] is inner",
    ),
    // Every plain type comes and goes as itself.
    (
        "def same(value):\n    return value\n",
        "import decimal, fractions, datetime, collections, math\n\
         for value in (None, True, 0, -1, 2**70, 1.5, float('inf'), 'ä\\ud800', b'x', 1j, (1, (2,)), [1, [2]], {1: 'a', (1, 2): []},\n\
         \x20             {1, 2}, frozenset([3]), range(1, 9, 2), ..., decimal.Decimal('1.10'), fractions.Fraction(1, 3),\n\
         \x20             datetime.date(2020, 1, 2), datetime.timedelta(seconds=1), collections.deque([1], 3),\n\
         \x20             collections.Counter('aab'), collections.OrderedDict(a=1), bytearray(b'y'), int, str):\n\
         \x20   assert same(value) == value\n    assert type(same(value)) is type(value)\n\
         assert math.isnan(same(float('nan')))",
    ),
    (
        "def apply(f, x):\n    return f(f(x))\n",
        "assert apply(lambda x: x + 1, 1) == 3\nassert apply(str, 5) == '5'\nassert apply(abs, -1) == 1",
    ),
    (
        "class Account:\n    rate = 2\n    def __init__(self, money):\n        self.money = money\n    def add(self, n):\n        self.money += n\n\
         \x20       return self\n    def __eq__(self, other):\n        return self.money == other.money\n    def __len__(self):\n        return self.money\n\
         \x20   def __repr__(self):\n        return 'Account(%d)' % self.money\n    def __lt__(self, other):\n        return self.money < other.money\n\
         \x20   def __add__(self, other):\n        return Account(self.money + other.money)\n",
        "one = Account(3)\nassert one.add(2).money == 5\nassert one == Account(5) and one != Account(6)\nassert len(one) == 5\n\
         assert repr(one) == 'Account(5)'\none.money = 7\nassert one.money == 7 and Account.rate == 2\nassert isinstance(one, Account)\n\
         assert one < Account(9)\nassert (one + one).money == 14\nassert sorted([Account(2), Account(1)])[0].money == 1",
    ),
    (
        "class Lacking(ValueError):\n    pass\ndef fail(kind):\n    raise {'own': Lacking, 'key': KeyError, 'json': __import__('json').JSONDecodeError}[kind](*(['m', 'd', 0] if kind == 'json' else ['why']))\n",
        "import json\nfor kind, error in (('own', Lacking), ('own', ValueError), ('key', KeyError), ('json', json.JSONDecodeError)):\n\
         \x20   try:\n        fail(kind)\n        assert False\n    except error as found:\n        assert kind == 'json' or found.args == ('why',)",
    ),
    (
        "def numbers():\n    yield from (1, 2, 3)\n",
        "assert list(numbers()) == [1, 2, 3]\nassert next(numbers()) == 1\nassert sum(numbers()) == 6",
    ),
    (
        "import math\nLIMIT = 3\ndef f():\n    return math.pi\n",
        "assert math.isclose(f(), 3.14159, abs_tol=0.01)\nassert LIMIT == 3",
    ),
    // A solution may be called as a built-in is.
    ("def sum(a, b):\n    return a * b\n", "assert sum(2, 5) == 10"),
    ("count = 0\ndef tick():\n    global count\n    count += 1\n", "tick()\ntick()\nassert count == 2"),
    (
        "def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x\n",
        "import unittest\nclass Tests(unittest.TestCase):\n    def setUp(self):\n        self.one = f(1)\n    def test_one(self):\n        self.assertEqual(self.one, 1)\n\
         \x20   def test_raises(self):\n        with self.assertRaisesRegex(ValueError, 'negative'):\n            f(-1)\n    @unittest.expectedFailure\n\
         \x20   def test_wrong(self):\n        self.assertEqual(f(1), 2)\nif __name__ == '__main__':\n    unittest.main()",
    ),
    (
        "def f(x):\n    return x * 2\n",
        "def test_f():\n    assert f(1) == 2\nclass TestMore:\n    def setup_method(self):\n        self.two = f(1)\n    def test_two(self):\n        assert self.two == 2",
    ),
    (
        "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')\ndef at():\n    return Point(1, 2)\n",
        "assert at().x == 1\nassert at() == (1, 2)\nassert at()[1] == 2",
    ),
    (
        "import enum\nclass Color(enum.Enum):\n    RED = 1\ndef color():\n    return Color.RED\n",
        "assert color() == Color.RED\nassert color().value == 1",
    ),
    (
        "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\n",
        "assert P(1) == P(1)\nassert P(1) != P(2)\nassert P(3).x == 3",
    ),
    (
        "class C:\n    def __enter__(self):\n        return self\n    def __exit__(self, *_):\n        pass\n    n = 4\n",
        "with C() as c:\n    assert c.n == 4",
    ),
    (
        "import asyncio\nasync def slow():\n    await asyncio.sleep(0)\n    return 3\ndef f():\n    return asyncio.run(slow())\n",
        "assert f() == 3",
    ),
    (
        "import threading, concurrent.futures as c\ndef f():\n    with c.ThreadPoolExecutor(4) as pool:\n        return sorted(pool.map(abs, [-1, 2]))\n",
        "assert f() == [1, 2]",
    ),
];

#[test]
fn honest_programs_pass_apart_from_their_tests_and_together() {
    let mut wrong = Vec::new();
    for (solution, wanted) in PASS {
        for process in [Process::Separate, Process::Shared] {
            let (found, why) =
                word(&run(&SANDBOX, tests(solution, Some(wanted), process), Limits::default()));
            if found != "passed" {
                wrong.push(format!("{process:?}: {found}: {why}\n{solution}{wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[test]
fn a_file_parts_at_its_first_test() {
    let file = "def f(x):\n    assert x\n    return x\n\nassert f(1) == 1\nassert f(2) == 3\n";
    let (found, why) = word(&run(&SANDBOX, tests(file, None, Process::Separate), Limits::default()));
    assert_eq!(found, "failed");
    assert_eq!(why, "an assertion failed at line 6: `assert f(2) == 3`: 2 against 3");
    let (found, _) =
        word(&run(&SANDBOX, tests("def f():\n    return 1\n", None, Process::Shared), Limits::default()));
    assert_eq!(found, "none");
}

#[test]
fn a_reason_says_where_and_what() {
    let reason = |solution: &str, wanted: &str| {
        word(&run(&SANDBOX, tests(solution, Some(wanted), Process::Separate), Limits::default())).1
    };
    let f = "def f(x):\n    return [x]\n";
    assert_eq!(
        reason(f, "a = 1\nassert f(1) == [2]"),
        "an assertion failed at line 2: `assert f(1) == [2]`: [1] against [2]"
    );
    assert_eq!(
        reason(f, "assert f(1) == [2], 'ones'"),
        "an assertion failed at line 1: `assert f(1) == [2], 'ones'`: [1] against [2]"
    );
    assert_eq!(
        reason(f, "assert not f(1), 'full'"),
        "an assertion failed at line 1: `assert not f(1), 'full'`: full"
    );
    assert_eq!(
        reason(f, "f(1, 2)"),
        "the tests raised TypeError: f() takes 1 positional argument but 2 were given at line 1: `f(1, 2)`"
    );
    assert_eq!(
        reason("def f(:", "assert f()"),
        "the solution does not load: SyntaxError: invalid syntax (<solution>, line 1)"
    );
    assert_eq!(
        reason("import numpy", "assert True"),
        "the solution does not load: ModuleNotFoundError: No module named 'numpy'"
    );
    assert_eq!(reason(f, "assert f(:"), "the tests do not parse: invalid syntax (<unknown>, line 1)");
    assert_eq!(
        reason("class A:\n    pass\ndef f():\n    return A()", "assert f() == 1"),
        "the tests compare an object of class A with a plain int: set `process = \"shared\"`"
    );
    assert!(reason(f, "def test_f(tmp_path):\n    assert f(1)").contains("wants the fixture `tmp_path`"));
}

#[test]
fn an_outcome_tells_what_was_used_and_what_held() {
    let solution =
        "def f():\n    kept = bytearray(b'x' * (100 << 20))\n    print('done')\n    return len(kept)\n";
    let outcome =
        run(&SANDBOX, tests(solution, Some("assert f() == 100 << 20"), Process::Separate), Limits::default());
    assert_eq!(outcome.output, "done\n");
    assert!(outcome.usage.memory > 100 << 20, "{:?}", outcome.usage);
    assert!(outcome.usage.cpu > Duration::from_millis(1) && outcome.usage.wall > Duration::from_millis(1));
    assert!(outcome.layers.is_complete());
    assert_eq!(outcome.layers.to_string(), "all layers");
    assert!(matches!(outcome.end, End::Tested(tested) if tested.assertions == 1 && tested.tests == 0));
}

#[test]
fn seeds_decide_the_order_of_sets_and_random_numbers_and_nothing_else_does() {
    let solution = "import random\ndef f():\n    print(list({'a', 'b', 'c', 'd', 'e'}), random.random())\n    return 1\n";
    let printed = |seed| {
        let task = Task::Tests {
            solution: solution.to_owned(),
            tests: Some("assert f() == 1".to_owned()),
            process: Process::Separate,
        };
        run(&SANDBOX, Program { task, seed }, Limits::default()).output
    };
    assert_eq!(printed(1), printed(1));
    assert_ne!(printed(1), printed(2));
    assert_eq!(printed(2), printed(2));
}

#[test]
fn mutants_differ_from_their_original_and_from_each_other() {
    let solution =
        "def f(x, y=2):\n    '''Doc.'''\n    if x > 0 and y:\n        x += 1\n    return x * 1 - y\n";
    let program = |most| Program {
        task: Task::Mutants { solution: solution.to_owned(), most },
        seed: Bubblewrap::SEED,
    };
    let End::Mutated(made) = run(&SANDBOX, program(100), Limits::default()).end else { panic!("no mutants") };
    let said: Vec<_> =
        made.mutants.iter().map(|m| format!("{} {}: {} -> {}", m.line, m.kind, m.before, m.after)).collect();
    let wanted = [
        "1 constant: 2 -> 3",
        "3 boolean: x > 0 and y -> x > 0 or y",
        "3 comparison: x > 0 -> x >= 0",
        "3 comparison: x > 0 -> x <= 0",
        "3 constant: 0 -> 1",
        "4 arithmetic: x += 1 -> x -= 1",
        "4 statement: x += 1 -> pass",
        "4 constant: 1 -> 2",
        "5 return: return x * 1 - y -> return None",
        "5 arithmetic: x * 1 - y -> x * 1 + y",
        "5 arithmetic: x * 1 -> x // 1",
        "5 constant: 1 -> 2",
    ];
    assert_eq!(said, wanted);
    assert!(made.mutants[0].source.starts_with("def f(x, y=3):"), "{}", made.mutants[0].source);
    assert_eq!((made.all, made.same), (12, 0));
    let End::Mutated(few) = run(&SANDBOX, program(3), Limits::default()).end else { panic!("no mutants") };
    assert_eq!((few.mutants.len(), few.all), (3, 12));
    assert_eq!(few.mutants.iter().map(|mutant| mutant.line).collect::<Vec<_>>(), [1, 3, 5]);
}

#[test]
fn runs_wait_for_their_turn_and_all_come() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let runs: Vec<_> = (0..40)
        .map(|number| {
            let solution = format!("def f():\n    return {number}\n");
            SANDBOX.run(
                tests(&solution, Some(&format!("assert f() == {number}")), Process::Separate),
                Limits::default(),
            )
        })
        .collect();
    for run in runs {
        assert_eq!(word(&runtime.block_on(run).expect("the sandbox works")).0, "passed");
    }
}

#[test]
fn a_trusted_program_is_asked_about_data_and_held_as_all_are() {
    let ask = |program: &'static str, input: serde_json::Value| {
        let task = Task::Trusted { program, input };
        run(
            &SANDBOX,
            Program { task, seed: Bubblewrap::SEED },
            Limits { wall: Duration::from_secs(2), ..Limits::default() },
        )
    };
    let doubles = "def main(given):\n    return {'twice': given['text'] * 2, 'name': __name__}\n";
    let outcome = ask(doubles, serde_json::json!({ "text": "__import__('os')" }));
    let wanted = serde_json::json!({ "twice": "__import__('os')__import__('os')", "name": "__main__" });
    assert_eq!(outcome.end, End::Answered(wanted));
    assert!(outcome.layers.is_complete());
    let raised = ask("def main(given):\n    raise ValueError(given)\n", "no".into());
    assert_eq!((raised.end, raised.output.as_str()), (End::Died(0), "ValueError: no\n"));
    assert_eq!(ask("def main(given):\n    while True:\n        pass\n", 0.into()).end, End::TooSlow);
    let reaches = "def main(given):\n    open('/etc/passwd')\n";
    assert!(ask(reaches, 0.into()).output.contains("Error"), "no file of the host is there");
    // What is no answer, since it is no plain data, is none.
    assert_eq!(ask("def main(given):\n    return {1, 2}\n", 0.into()).end, End::Died(0));
}
