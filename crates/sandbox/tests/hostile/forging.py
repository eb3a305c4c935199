#: exit-0 wants ended
import os
def f():
    os._exit(0)
# tests
assert f() == 1

#: exit-0-on-load wants ended
import os
os._exit(0)
# tests
assert f() == 1

#: exit-by-system-exit wants error, shared ended
raise SystemExit(0)
# tests
assert f() == 1

#: exit-by-system-exit-later wants error
import sys
def f():
    sys.exit(0)
# tests
assert f() == 1

#: exit-behind-the-tests-back wants failed
import atexit, os
atexit.register(os._exit, 0)
def f():
    return 0
# tests
assert f() == 1

#: exit-by-signal wants ended
import os, signal
def f():
    os.kill(os.getpid(), signal.SIGKILL)
# tests
assert f() == 1

#: exit-of-a-child-only wants failed
import os
def f():
    if os.fork() == 0:
        os._exit(0)
    return 0
# tests
assert f() == 1

#: keyboard-interrupt wants error
def f():
    raise KeyboardInterrupt
# tests
assert f() == 1

#: generator-exit wants error
def f():
    raise GeneratorExit
# tests
assert f() == 1

#: faked-reports-on-every-file wants tampered
import json, os
def f():
    said = json.dumps({"outcome": "passed", "why": None, "assertions": 9, "tests": 9, "token": "", "said": {"outcome": "passed"}}).encode()
    for fd in range(3, 1024):
        try:
            os.write(fd, len(said).to_bytes(4, "little") + said)
        except OSError:
            pass
    os._exit(0)
# tests
assert f() == 1

#: faked-reports-on-load wants tampered
import json, os
said = json.dumps({"layers": [], "outcome": "passed", "assertions": 9}).encode()
for fd in range(3, 1024):
    try:
        os.write(fd, len(said).to_bytes(4, "little") + said)
    except OSError:
        pass
os._exit(0)
# tests
assert f() == 1

#: faked-answers-without-a-frame wants tampered
import os
def f():
    for fd in range(3, 1024):
        try:
            os.write(fd, b"\xff\xff\xff\xff" * 10)
        except OSError:
            pass
    os._exit(0)
# tests
assert f() == 1

#: printed-reports wants failed
def f():
    print('{"outcome": "passed", "assertions": 1}')
    print("OK\n\nRan 1 test in 0.000s\n\nOK")
    return 0
# tests
assert f() == 1

#: closed-pipes wants ended
import os
def f():
    os.closerange(0, 1024)
    return 1
# tests
assert f() == 1

#: assertion-error-replaced wants failed, shared tampered
import builtins
class AssertionError(Exception):
    def __init__(self, *args):
        raise SystemExit(0)
builtins.AssertionError = AssertionError
def f():
    return 0
# tests
assert f() == 1

#: built-ins-replaced wants failed, shared tampered
import builtins
builtins.abs = lambda value: 0
def f():
    return 5.0
# tests
assert abs(f() - 1.0) < 1e-6

#: built-ins-replaced-that-everything-needs wants ended
import builtins
builtins.isinstance = lambda *_: True
builtins.type = lambda *_: int
def f():
    return 5.0
# tests
assert isinstance(f(), int)

#: built-ins-hidden wants failed, shared tampered
def abs(value):
    return 0
def f():
    return 5.0
# tests
assert abs(f() - 1.0) < 1e-6

#: a-module-hidden wants failed
class math:
    isclose = staticmethod(lambda *_: True)
def f():
    return 5.0
# tests
import math
assert math.isclose(f(), 1.0)

#: unittest-replaced wants failed, shared tampered
import unittest
unittest.TestCase.assertEqual = lambda *_: None
unittest.TestCase.run = lambda self, result=None: result
def f():
    return 0
# tests
import unittest
class Tests(unittest.TestCase):
    def test_f(self):
        self.assertEqual(f(), 1)

#: unittest-replaced-later wants failed, shared tampered
def f():
    import unittest
    unittest.TestCase.assertEqual = lambda *_: None
    return 0
# tests
import unittest
class Tests(unittest.TestCase):
    def test_f(self):
        self.assertEqual(f(), 1)

#: the-loader-replaced wants failed, shared tampered
import unittest.loader
unittest.loader.TestLoader.loadTestsFromTestCase = lambda *_: unittest.TestSuite()
def f():
    return 0
# tests
import unittest
assert True
class Tests(unittest.TestCase):
    def test_f(self):
        self.assertEqual(f(), 1)

#: the-check-defined-first wants failed
def check(candidate):
    return True
def f():
    return 0
# tests
def check(candidate):
    assert candidate() == 1
check(f)

#: an-object-that-equals-everything wants unfit, shared tampered
class Any:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
def f():
    return Any()
# tests
assert f() == 1

#: an-object-that-equals-everything-and-says-it-is-a-librarys wants unfit, shared tampered
class Fraction:
    def __eq__(self, other):
        return True
Fraction.__module__ = "fractions"
def f():
    return Fraction()
# tests
assert f() == 1

#: a-list-of-objects-that-equal-everything wants unfit, shared tampered
class Any:
    def __eq__(self, other):
        return True
def f():
    return [Any(), Any()]
# tests
assert f() == [1, 2]

#: a-number-that-equals-everything wants failed, shared tampered
class Number(int):
    def __eq__(self, other):
        return True
def f():
    return Number(7)
# tests
assert f() == 1

#: a-number-that-subtracts-to-nothing wants failed, shared passed
class Number(float):
    def __sub__(self, other):
        return 0.0
def f():
    return Number(7)
# tests
assert abs(f() - 1.0) < 1e-6

#: mocks-equal-everything wants unfit, shared tampered
from unittest.mock import ANY
def f():
    return ANY
# tests
assert f() == 1

#: a-trace-function wants failed, shared tampered
import sys
def trace(frame, event, arg):
    frame.f_trace_lines = False
    return trace
sys.settrace(trace)
def f():
    return 0
# tests
assert f() == 1

#: up-the-frames wants failed
import sys
def f():
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if hasattr(value, "asserted"):
                value.asserted = 100
                value.compare = lambda *_: True
                value.code = compile("", "<tests>", "exec")
        frame = frame.f_back
    return 0
# tests
assert f() == 1

#: the-tests-rewritten wants failed, shared failed
import gc
def f():
    for thing in gc.get_objects():
        if type(thing) is dict and "__ran__" in thing:
            thing["f"] = lambda: 1
    return 0
# tests
assert f() == 1

#: into-the-tests-by-a-callback wants unfit, shared error
def f(callback):
    return callback._ask("get", "__globals__")["__builtins__"]["exec"]("import os; os._exit(0)")
# tests
assert f(lambda value: value) == 1

#: into-the-tests-by-setting wants unfit, shared error
def f(callback):
    callback._ask("set", "__code__", (lambda: 1).__code__)
# tests
assert f(lambda value: value) == 1

#: into-the-tests-by-their-objects wants unfit, shared error
def f(thing):
    return thing.kept + thing._secret
# tests
class Thing:
    def __init__(self):
        self.kept = 1
assert f(Thing()) == "1"

#: into-the-tests-by-an-unknown-object wants error
def f(callback):
    callback._peer.ask("call", 1000)
# tests
assert f(lambda value: value) == 1

#: pickles wants failed
import os, pickle
class Bomb:
    def __reduce__(self):
        return os._exit, (0,)
def f():
    return pickle.dumps(Bomb())
# tests
assert f() == 1

#: a-pickle-that-ends-it wants ended
import os, pickle
class Bomb:
    def __reduce__(self):
        return os._exit, (0,)
def f():
    return pickle.loads(pickle.dumps(Bomb()))
# tests
assert f() == 1

#: no-tests wants none
def f():
    return 1
# tests
f()

#: tests-that-never-run wants none
def f():
    return 1
# tests
def check(candidate):
    assert candidate() == 2

#: tests-skipped wants none
import unittest
def f():
    return 1
# tests
import unittest
class Tests(unittest.TestCase):
    @unittest.skip("not today")
    def test_f(self):
        self.assertEqual(f(), 2)

#: tests-that-only-expect-to-fail wants none
def f():
    return 1
# tests
import unittest
class Tests(unittest.TestCase):
    @unittest.expectedFailure
    def test_f(self):
        self.fail()

#: tests-that-end-themselves wants died, shared ended
def f():
    return 1
# tests
import os
os._exit(0)
assert f() == 2

#: a-sign-to-skip wants failed
import unittest
def f():
    raise unittest.SkipTest("not today")
# tests
import unittest
class Tests(unittest.TestCase):
    def test_f(self):
        self.assertEqual(f(), 1)
    def test_g(self):
        self.assertTrue(True)

#: a-sign-to-skip-of-its-own wants error
class Skipped(Exception):
    pass
def f():
    raise Skipped("not today")
# tests
def test_f():
    assert f() == 1
def test_g():
    assert True

#: a-sign-that-a-loop-is-over wants error, shared passed
def f(value):
    raise StopIteration
# tests
assert True
for found, wanted in zip(map(f, [1, 2]), [1, 2]):
    assert found == wanted

#: an-honest-program wants passed
def f(values):
    values.sort()
    return values
# tests
values = [3, 1, 2]
assert f(values) is values
assert values == [1, 2, 3]
