"""Runs a program's tests, and says what came of them.

The judge is the first process of its namespace. The solution never runs in it, but in a child that holds one end of a
line (`apart`), or together with its tests in a child that reports (`together`).
"""

import ast
import importlib
import os
import signal
import socket
import sys
import time
import types

import exam
import guard
import remote
import wire

DEPTH = 1040


def main(task, report, seed):
    """Judges one program, and returns what to report."""
    sys.setrecursionlimit(DEPTH)
    if task["tests"] is None:
        read = lambda: divide(task["solution"])
    else:
        read = lambda: (task["solution"], exam.Exam(task["tests"]))
    # Forks first: what is read before is copied twice.
    judge = apart if task["apart"] and task["tests"] is not None else together
    try:
        return judge(read, seed, task["solution"])
    except Unread as error:
        what = "program does" if task["tests"] is None else "tests do"
        return exam.outcome("unfit", "the %s not parse: %s" % (what, exam.clip(str(error))))


class Unread(Exception):
    """A text that is no program."""


def read_by(read):
    """Reads a solution and its tests."""
    try:
        return read()
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unread(error) from None


def spawn(run, seed):
    """Forks a process that runs what nobody trusts, with one end of a line; returns its number and the other end."""
    here, there = socket.socketpair()
    line, there = here.detach(), there.detach()
    flush()
    pid = os.fork()
    if pid:
        os.close(there)
        return pid, line
    try:
        os.close(line)
        os.close(3)
        import random
        random.seed(seed)
        run(there)
    finally:
        os._exit(1)


def load(source):
    """Runs the solution in a module that calls itself `__main__`."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    exec(compile(source, "<solution>", "exec"), vars(module))
    return vars(module)


# The solution and its tests in two processes.

def apart(read, seed, solution):
    pid, line = spawn(lambda there: answer(there, solution), seed)
    _, test = read_by(read)
    admit = Admit()
    peer = admit.peer = remote.Peer(line, admit, strict=True)
    try:
        loaded = peer.ask("load", None)
        if loaded is not None:
            return exam.outcome("error", "the solution does not load: %s" % exam.clip(str(loaded)))
        names = Names(peer, test)
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        test.into(names)
        names.fetch()
        said = test.run(names)
        if said["outcome"] == "passed" and peer.ask("here", None) is not True:
            peer.gone = peer.gone or "ended"
    except remote.Gone:
        said = None
    except remote.CannotJudge:
        said = None
    flush()
    if peer.gone:
        return ended(pid, peer.gone)
    if peer.refused:
        return exam.outcome("unfit", peer.refused + ": set `process = \"shared\"`")
    return said


def answer(line, source):
    """Is the solution's process: loads it when asked, and does what the tests ask of it."""
    state = {}

    def admit(operation, target, args, named):
        if operation == "load":
            try:
                state["names"] = load(source)
            except BaseException as error:
                return "%s: %s" % (type(error).__name__, error)
            finally:
                flush()
            return None
        if operation == "here":
            return True
        if operation == "name":
            if args[0] not in state["names"]:
                raise KeyError(args[0])
            value = state["names"][args[0]]
            if isinstance(value, types.ModuleType):
                return ("module", value.__name__)
            return ("value", value)
        try:
            return remote.OPERATIONS[operation](peer.objects[target], *args, **named)
        finally:
            flush()

    peer = remote.Peer(line, admit, strict=False)
    while True:
        try:
            peer.serve(wire.receive(line))
        except (wire.Closed, wire.Broken, BrokenPipeError, remote.Gone):
            os._exit(0)


def flush():
    """Hands on what was printed: the process may be ended before it would."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        pass


class Names(dict):
    """The names that tests see: their own, and the solution's where they have none."""

    def __init__(self, peer, test):
        super().__init__()
        self.peer, self.test = peer, test

    def fetch(self):
        """Looks up what is no plain data once; class bodies see only that."""
        for name in sorted(self.test.unresolved | self.test.modules):
            try:
                value = self[name]
            except KeyError:
                continue
            if isinstance(value, (remote.Remote, types.ModuleType, type)):
                self[name] = value

    def __missing__(self, name):
        if name in self.test.modules:
            return importlib.import_module(name)
        if name not in self.test.unresolved:
            raise KeyError(name)
        kind, value = self.peer.ask("name", None, name)
        if kind == "module":
            if str(value).split(".")[0] not in sys.stdlib_module_names:
                self.peer.cannot("the tests use the solution's module `%s`; let them import it" % value)
            return importlib.import_module(value)
        return value


class Admit:
    """What the solution may do with the tests' objects: call what it was handed, and look into it; nothing behind it."""

    NEVER = ("set", "delete")
    # Whoever may call these runs code of its own.
    POWERS = (eval, exec, compile, getattr, setattr, vars, globals, locals, __import__, open, type)

    def __init__(self):
        self.peer = None

    def __call__(self, operation, target, args, named):
        thing = self.peer.objects[target]
        if operation == "get":
            kind = type(thing)
            if kind.__module__ == "__main__" and isinstance(args[0], str) and not args[0].startswith("_"):
                return getattr(thing, args[0])
        elif operation in remote.OPERATIONS and operation not in self.NEVER:
            if operation != "call" or not any(thing is power for power in self.POWERS):
                return remote.OPERATIONS[operation](thing, *args, **named)
        self.peer.cannot("the solution wants to %s an object of the tests, of class %s" % (
            operation, type(thing).__name__))


def ended(pid, how):
    """Says how the solution's process went away before its tests were done."""
    for _ in range(50):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.002)
    else:
        os.kill(pid, signal.SIGKILL)
        done, status = os.waitpid(pid, 0)
    if how != "ended":
        return exam.outcome("tampered", "the solution wrote to its judge's line: %s" % exam.clip(how))
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return exam.outcome("time", "the solution used up its processor time")
        return exam.outcome("ended", "the solution's process was ended by signal %d before its tests were done" % number)
    return exam.outcome("ended", "the solution ended its process with status %d before its tests were done" %
                        os.WEXITSTATUS(status))


# The solution and its tests in one process.

TEST_NAMES = ("test", "check")


def divide(source):
    """Parts a file at its first statement that tests; returns what stands before it, and the tests."""
    tree = ast.parse(source)
    first = next((index for index, node in enumerate(tree.body) if tests_something(node)), len(tree.body))
    tests = ast.Module(tree.body[first:], [])
    return ast.Module(tree.body[:first], []), exam.Exam(source, tests)


def tests_something(node):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name.startswith(TEST_NAMES)
    if isinstance(node, ast.ClassDef):
        bases = [getattr(base, "attr", getattr(base, "id", "")) for base in node.bases]
        return node.name.startswith("Test") or "TestCase" in bases
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        return str(getattr(called, "attr", getattr(called, "id", ""))).startswith(TEST_NAMES)
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node))


def together(read, seed, _):
    token = os.urandom(16).hex()
    pid, line = spawn(lambda there: sit(there, read), seed)
    _, test = read_by(read)
    try:
        if wire.receive(line) != "loaded":
            raise wire.Broken("an early word")
        wire.send(line, token)
        told, said = wire.receive(line), None
        if type(told) is dict and told.get("token") == token and type(told.get("said")) is dict:
            said = told["said"]
        if said is None:
            raise wire.Broken("a report that is none")
        os.waitpid(pid, 0)
        os.set_blocking(line, False)
        try:
            if os.read(line, 1):
                return exam.outcome("tampered", "the solution wrote to its judge's line behind the report")
        except (BlockingIOError, ConnectionResetError):
            pass
    except wire.Closed:
        return ended(pid, "ended")
    except wire.Broken as error:
        return ended(pid, str(error))
    if said.get("outcome") == "passed" and said.get("assertions", 0) < test.certain:
        return exam.outcome("tampered", "the report tells of fewer assertions than the tests have")
    return said


def sit(line, read):
    """Is the process of solution and tests: loads the one, runs the other, reports."""
    watch = guard.Guard()
    solution, test = read_by(read)
    try:
        names = load(solution)
    except SystemExit as error:
        said = exam.outcome("ended", "the solution raised SystemExit: %s before its tests" % error)
    except BaseException as error:
        said = exam.outcome("error", "the solution does not load: %s: %s" % (
            type(error).__name__, exam.shown(error, str)))
    else:
        said = None
    wire.send(line, "loaded")
    token = wire.receive(line)
    if said is None:
        said = examine(watch, names, test)
    flush()
    wire.send(line, {"token": token, "said": said})
    os._exit(0)


def examine(watch, names, test):
    hidden = sorted(name for name in test.builtins if name in names)
    if hidden:
        return exam.outcome("tampered", "the solution redefines `%s`, which the tests use" % hidden[0])
    replaced = watch.replaced()
    if replaced is None:
        test.into(names)
        test.liar = guard.check_equals
        said = test.run(names)
        replaced = watch.replaced()
    if replaced is not None:
        return exam.outcome("tampered", "the solution replaced %s" % replaced)
    return said
