"""What a solution may not touch where it lives together with its tests. Known tricks fail; nothing more is claimed."""

import builtins
import sys
import unittest
import unittest.case

import exam

WATCHED = [unittest, unittest.case, unittest.suite, unittest.loader, unittest.result, sys.modules["ast"]]
FLAT = (int, float, complex, str, bytes, bool, type(None))
NESTED = (list, tuple, set, frozenset, dict)


class Guard:
    """Remembers what tests rely on, to say later what was replaced."""

    def __init__(self):
        self.before = self.look()

    def look(self):
        tables = {"builtins": dict(vars(builtins))}
        for module in WATCHED:
            tables[module.__name__] = dict(vars(module))
            for name, kind in vars(module).items():
                if isinstance(kind, type) and kind.__module__.startswith("unittest"):
                    tables["%s.%s" % (module.__name__, name)] = dict(vars(kind))
        return tables

    def replaced(self):
        """Returns the name of something that is no longer what it was, or nothing."""
        if sys.gettrace() is not None or sys.getprofile() is not None:
            return "the interpreter's trace function"
        for place, table in self.look().items():
            before = self.before.get(place, {})
            for name in before.keys() | table.keys():
                if before.get(name) is not table.get(name) and name not in ("_", "__warningregistry__"):
                    return "`%s.%s`" % (place, name)
        return None


def check_equals(left, right):
    """Ends the tests where an object of a class of the program's own claims to equal plain data."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if one is other or type(one) in FLAT and type(other) in FLAT:
            continue
        if type(one) in NESTED and type(other) in NESTED:
            pairs.extend(zip(*(thing.items() if isinstance(thing, dict) else thing for thing in (one, other))))
            continue
        for thing, plain in ((one, other), (other, one)):
            if type(plain) in FLAT + NESTED and is_ours(type(thing)):
                raise exam.Tampered("an object of class %s claims to equal a plain %s" % (
                    type(thing).__name__, type(plain).__name__))


def is_from_a_library(kind):
    """Returns whether a class is the one that a library's module has by its name."""
    name = str(kind.__module__)
    module = sys.modules.get(name)
    known = name.split(".")[0] in sys.stdlib_module_names or str(getattr(module, "__file__", "")).startswith("/packages/")
    found = module
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return known and name != "__main__" and found is kind


def is_ours(kind):
    """Returns whether a class compares by a method of the program's own: neither the standard library's nor a package's."""
    for base in kind.__mro__:
        method = vars(base).get("__eq__")
        if method is not None:
            return base.__name__ == "_ANY" or not is_from_a_library(base)
    return False
