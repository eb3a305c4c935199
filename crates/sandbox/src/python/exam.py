"""Tests as they are run: bare assertions, functions as pytest writes them, classes as unittest does. Each is counted."""

import ast
import builtins
import functools
import inspect
import itertools
import operator
import re
import sys
import types
import unittest

import remote

FILE = "<tests>"
COMPARE = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda item, container: item in container, ast.NotIn: lambda item, container: item not in container,
}
SHOWN_CHARS = 120
MARKS = ("parametrize", "skip", "skipif", "xfail")


class Tampered(BaseException):
    """The solution reaches for its judge."""


class Unfit(BaseException):
    """Tests that cannot be run here, and why."""


class Counted(ast.NodeTransformer):
    """Makes each assertion say that it ran, and what it compared."""

    def visit_Assert(self, node):
        self.generic_visit(node)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            name = ast.Constant(type(test.ops[0]).__name__)
            test = call("__compare__", name, test.left, test.comparators[0])
        counted = [ast.Assert(test, node.msg), ast.Expr(call("__ran__"))]
        return [ast.fix_missing_locations(ast.copy_location(item, node)) for item in counted]


def call(name, *args):
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


class Exam:
    """The tests of one program."""

    def __init__(self, source, tree=None, lines_before=0):
        self.lines = source.splitlines()
        self.lines_before = lines_before
        self.tree = tree if tree is not None else ast.parse(source)
        self.unresolved, self.builtins = names_of(self.tree)
        self.modules = modules_used(self.tree)
        self.certain = sum(isinstance(node, ast.Assert) for node in self.tree.body)
        self.asserted = 0
        self.tested = 0
        self.compared = None
        self.liar = None
        self.code = compile(ast.fix_missing_locations(Counted().visit(self.tree)), FILE, "exec")

    def into(self, names):
        """Gives the tests' names what their assertions call."""
        names["__compare__"] = self.compare
        names["__ran__"] = self.ran
        names["__name__"] = "__main__"

    def ran(self):
        self.asserted += 1

    def compare(self, kind, left, right):
        held = COMPARE[getattr(ast, kind)](left, right)
        if not held:
            self.compared = (left, right)
        elif kind == "Eq":
            self.check_equals(left, right)
        return held

    def check_equals(self, left, right):
        """Asks whether two values that say so are equal; only where both live in this process."""
        if self.liar is not None:
            self.liar(left, right)

    def run(self, names):
        """Runs all there is to run, and returns what came of it."""
        main, unittest.main = unittest.main, lambda *args, **named: None
        try:
            exec(self.code, names)
            unittest.main = main
            self.run_collected(names)
        except Tampered as error:
            return outcome("tampered", str(error))
        except Unfit as error:
            return outcome("unfit", str(error))
        except Failed as error:
            return outcome("failed", str(error), self.asserted, self.tested)
        except remote.Gone:
            raise
        except remote.CannotJudge:
            raise
        except AssertionError as error:
            return outcome("failed", self.explain(error), self.asserted, self.tested)
        except BaseException as error:
            return outcome("error", self.explain(error), self.asserted, self.tested)
        finally:
            unittest.main = main
        if self.asserted + self.tested == 0:
            return outcome("none", "the tests ended without an assertion or a test that ran")
        return outcome("passed", None, self.asserted, self.tested)

    def run_collected(self, names):
        for name, value in list(names.items()):
            mine = isinstance(value, (type, types.FunctionType)) and value.__module__ == "__main__"
            if not mine or isinstance(value, types.FunctionType) and value.__code__.co_filename != FILE:
                continue
            if isinstance(value, type) and issubclass(value, unittest.TestCase):
                self.run_case(value)
            elif isinstance(value, type) and name.startswith("Test"):
                self.run_class(value)
            elif isinstance(value, types.FunctionType) and name.startswith("test"):
                self.run_function(name, value)

    def run_case(self, case):
        result = Result(self)
        unittest.TestLoader().loadTestsFromTestCase(case).run(result)
        self.tested += result.testsRun - len(result.skipped) - len(result.expectedFailures)
        if result.unexpectedSuccesses:
            raise Failed("%s passes, and is expected to fail" % result.unexpectedSuccesses[0])

    def run_class(self, kind):
        for name, function in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("test"):
                continue
            item = kind()
            around(item, "setup_method", function)
            self.run_function("%s.%s" % (kind.__name__, name), functools.partial(function, item), function)
            around(item, "teardown_method", function)

    def run_function(self, name, function, marked=None):
        marks = [mark for mark in getattr(marked or function, "pytestmark", []) if mark.name in MARKS]
        if any(mark.name == "skip" or mark.name == "skipif" and mark.args[0] for mark in marks):
            return
        fails = any(mark.name == "xfail" for mark in marks)
        for values in cases(marks):
            wanted = [parameter.name for parameter in inspect.signature(function).parameters.values()
                      if parameter.default is parameter.empty and parameter.kind in (0, 1, 3)]
            lacking = [parameter for parameter in wanted if parameter not in values]
            if lacking:
                raise Unfit("the test %s wants the fixture `%s`: only parameters of `parametrize` are given" % (
                    name, lacking[0]))
            if inspect.iscoroutinefunction(marked or function):
                raise Unfit("the test %s is a coroutine: call it by `asyncio.run`" % name)
            try:
                function(**values)
            except Exception:
                if not fails:
                    raise
            else:
                self.tested += 1

    def explain(self, error):
        """Says where an exception came out of the tests, and what was found there."""
        line, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == FILE:
                line = trace.tb_lineno
            trace = trace.tb_next
        where = "" if line is None else " at line %d: %s" % (line - self.lines_before, self.source(line))
        if isinstance(error, AssertionError):
            found = ""
            if self.compared is not None:
                found = ": %s against %s" % tuple(map(shown, self.compared))
            elif error.args:
                found = ": %s" % shown(error.args[0], str)
            return "an assertion failed" + where + found
        said = shown(error, str)
        return "the tests raised %s%s%s" % (type(error).__name__, ": %s" % said if said else "", where)

    def source(self, line):
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return "`%s`" % clip(text)


class Failed(BaseException):
    """A test that failed, told already."""


class Result(unittest.TestResult):
    """Stops at the first failure, and says what it was."""

    def __init__(self, exam):
        super().__init__()
        self.exam = exam

    def tell(self, test, error):
        if isinstance(error, (remote.Gone, remote.CannotJudge, Unfit)):
            raise error
        kind = "failed" if isinstance(error, AssertionError) else "raised %s" % type(error).__name__
        said = shown(error, str).split("\n")[0]
        raise Failed("the test %s %s%s" % (test.id().removeprefix("__main__."), kind, ": %s" % said if said else ""))

    def addFailure(self, test, error):
        self.tell(test, error[1])

    def addError(self, test, error):
        self.tell(test, error[1])

    def addSkip(self, test, reason):
        method = getattr(test, getattr(test, "_testMethodName", ""), None)
        if not (getattr(type(test), "__unittest_skip__", False) or getattr(method, "__unittest_skip__", False)):
            # Who raises it may be the solution.
            raise Failed("the test %s was skipped while it ran" % test.id().removeprefix("__main__."))
        super().addSkip(test, reason)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.tell(subtest, error[1])


def outcome(kind, why=None, asserted=0, tested=0):
    return {"outcome": kind, "why": why, "assertions": asserted, "tests": tested}


def cases(marks):
    """Returns the arguments of each case that `parametrize` asks for."""
    axes = []
    for mark in marks:
        if mark.name == "parametrize":
            names = mark.args[0]
            names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
            rows = []
            for row in mark.args[1]:
                values = getattr(row, "values", row) if hasattr(row, "marks") else row
                rows.append(dict(zip(names, values)) if len(names) > 1 or hasattr(row, "marks") else {names[0]: row})
            axes.append(rows)
    return [dict(itertools.chain.from_iterable(row.items() for row in rows)) for rows in itertools.product(*axes)]


def around(item, name, function):
    """Calls what a class has for before or behind each test, which may take the test's method."""
    method = getattr(item, name, None)
    if method is not None:
        method(*[function] * len(inspect.signature(method).parameters))


def clip(text):
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"


def shown(value, show=repr):
    """Returns a value as a reason shows it."""
    try:
        return clip(show(value))
    except Exception:
        return "<%s>" % type(value).__name__


def names_of(tree):
    """Returns the names that tests take from their solution, and the built-in ones that they mean as such."""
    loaded, bound = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    free = loaded - bound
    theirs = {name for name in free if not hasattr(builtins, name)}
    # Tests that name nothing else mean the solution's: its `sum`, say.
    free = {name for name in free if not name.startswith("__")}
    return (theirs, free - theirs) if theirs else (free, set())


def modules_used(tree):
    """Returns the names of the standard library's modules whose attributes the tests use."""
    return {node.value.id for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            and node.value.id in sys.stdlib_module_names}
