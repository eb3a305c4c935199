"""The fork server: one warm interpreter that forks a locked process for each run, and outlives whatever that does."""

import gc
import importlib
import json
import os
import select
import signal
import sys
import time

import command
import confine
import judge
import mutate
import trusted
import wire

REPORT_BYTES = 8 << 20
POLL_S = 0.05

# What programs import: read once, and shared by all runs.
PRELOAD = """abc ast array base64 bisect builtins calendar cmath collections collections.abc contextlib copy
dataclasses datetime decimal difflib enum fractions functools hashlib heapq inspect io itertools json math numbers
operator os pprint queue random re secrets statistics string struct sys textwrap threading time traceback types
typing unicodedata unittest warnings weakref zlib""".split()


def readable():
    """Returns the places that hold libraries: all that a run may read."""
    places = {os.path.dirname(os.__file__), *(path for path in sys.path if path)}
    places.update(("/lib64", "/usr/lib64", "/packages"))
    places.update(os.path.join("/usr/lib", name) for name in os.listdir("/usr/lib") if name.endswith("-linux-gnu"))
    if sys.base_prefix != "/usr":
        places.add(os.path.join(sys.base_prefix, "lib"))
    return sorted(place for place in places if os.path.exists(place))


def preload(packages):
    """Imports packages that can be shared by forks; a fork that lacks their threads would wait for them for ever."""
    for name in packages:
        trial = os.fork()
        if trial == 0:
            try:
                importlib.import_module(name)
                os._exit(0 if len(os.listdir("/proc/self/task")) == 1 else 1)
            except BaseException:
                # Who imports it is told why.
                os._exit(1)
        if os.waitpid(trial, 0)[1] == 0:
            importlib.import_module(name)


class Server:
    """Serves runs, one at a time."""

    def __init__(self, settings):
        for name in PRELOAD if settings["warm"] else []:
            importlib.import_module(name)
        if settings["warm"]:
            preload(settings["preload"])
        self.tasks, self.replies = os.dup(0), os.dup(1)
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        self.null = null
        self.given = {
            "filter": bytes.fromhex(settings["filter"]),
            "without": settings["without"],
            "readable": readable(),
            "executes": False,
        }
        self.given_to_commands = {
            **self.given,
            "filter": bytes.fromhex(settings["command_filter"]),
            "readable": command.PLACES + settings["read"],
            "executes": True,
        }
        self.seed = settings["seed"]
        sys.argv = ["program.py"]
        # The first process of a namespace hears no signal from within it that it has no handler for.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        gc.collect()
        gc.freeze()

    def serve(self):
        wire.send(self.replies, {"version": sys.version.split()[0], "implementation": sys.implementation.name})
        while True:
            try:
                task = wire.receive(self.tasks)
            except wire.Closed:
                return
            wire.send(self.replies, self.run(task))

    def run(self, task):
        runs_command = task["task"] == "command"
        given = {**(self.given_to_commands if runs_command else self.given), **task["limits"]}
        output, report, gate, errors = os.pipe(), os.pipe(), os.pipe(), os.pipe()
        began = time.monotonic()
        try:
            pid = confine.fork_into_namespaces()
        except OSError as error:
            for pair in (output, report, gate, errors):
                os.close(pair[0]), os.close(pair[1])
            return {"end": "unconfined", "why": "namespaces: %s" % error}
        if pid == 0:
            self.child(task, given, output[1], errors[1] if runs_command else output[1], report[1], gate[0])
        for fd in (output[1], report[1], gate[0], errors[1]):
            os.close(fd)
        try:
            confine.map_user(pid)
            os.write(gate[1], b"go")
            os.close(gate[1])
            watched = Watch(pid, given, output[0], errors[0], report[0], began)
            watched.until_it_ends()
        except OSError as error:
            os.close(gate[1])
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return {"end": "unconfined", "why": "user: %s" % error}
        finally:
            for fd in (output[0], report[0], errors[0]):
                os.close(fd)
        return watched.reply(began)

    def child(self, task, given, output, errors, report, gate):
        """Is the first process of a run; never returns."""
        try:
            if os.read(gate, 2) != b"go":
                os._exit(1)
            os.dup2(output, 1)
            os.dup2(errors, 2)
            kept = os.dup2(report, 3, inheritable=False) if report != 3 else 3
            os.closerange(4, 1024)
            if task["task"] == "command":
                command.feed(task["input"])
            try:
                layers = confine.lock(given)
            except confine.Missing as error:
                wire.send(kept, {"missing": str(error)})
                os._exit(1)
            wire.send(kept, {"layers": layers})
            entries = {"tests": judge.main, "mutants": mutate.main, "command": command.main, "trusted": trusted.main}
            entry = entries[task["task"]]
            said = entry(task, kept, self.seed)
            wire.send(kept, said)
            os._exit(0)
        except BaseException as error:
            try:
                os.write(2, ("%s: %s\n" % (type(error).__name__, error)).encode())
            finally:
                os._exit(1)


class Watch:
    """Reads what a run says and prints, and ends it where it goes too far."""

    def __init__(self, pid, given, output, errors, report, began):
        self.pid, self.given = pid, given
        self.texts = {output: bytearray(), errors: bytearray(), report: bytearray()}
        self.output, self.errors, self.report = output, errors, report
        self.most = {output: given["output"], errors: given["output"], report: REPORT_BYTES}
        self.deadline = began + given["wall"]
        self.end = None
        self.largest = 0

    def until_it_ends(self):
        poll = select.poll()
        for fd in self.texts:
            poll.register(fd, select.POLLIN)
        open_fds = set(self.texts)
        glance = time.monotonic() + POLL_S
        while open_fds:
            now = time.monotonic()
            if now >= self.deadline:
                self.kill("time")
                break
            if now >= glance:
                glance = now + POLL_S
                if self.memory() > self.given["memory"]:
                    self.kill("memory")
                    break
            for fd, _ in poll.poll(max(0, min(self.deadline, glance) - now) * 1000 + 1):
                data = os.read(fd, 1 << 16)
                if not data:
                    poll.unregister(fd)
                    open_fds.discard(fd)
                    continue
                self.texts[fd] += data
                if len(self.texts[fd]) > self.most[fd]:
                    del self.texts[fd][self.most[fd]:]
                    self.kill("report" if fd == self.report else "output")
                    open_fds.clear()
                    break
        _, self.status, self.usage = os.wait4(self.pid, 0)
        self.took = time.monotonic()

    def kill(self, why):
        """Ends the first process, and so all of its namespace."""
        self.end = why
        os.kill(self.pid, signal.SIGKILL)

    def memory(self):
        """Returns the bytes that all processes of the run hold, of those that run longer than a blink.

        What they share among each other counts for each of them, or they could hide it so.
        """
        total = 0
        mine = {os.getpid(), 1}
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) not in mine:
                try:
                    with open("/proc/%s/status" % name) as file:
                        held = [line.split()[1] for line in file if line.startswith(("RssAnon:", "RssShmem:"))]
                    total += sum(map(int, held)) * 1024
                except (OSError, ValueError):
                    continue
        self.largest = max(self.largest, total)
        return total

    def reply(self, began):
        said = frames(bytes(self.texts[self.report]))
        first = said[0] if said else {}
        usage = self.usage
        answer = {
            "end": self.end or "finished",
            "output": bytes(self.texts[self.output]).decode("utf-8", "replace"),
            "errors": bytes(self.texts[self.errors]).decode("utf-8", "replace"),
            "wall_us": int((self.took - began) * 1e6),
            "cpu_us": int((usage.ru_utime + usage.ru_stime) * 1e6),
            "memory": max(usage.ru_maxrss * 1024, self.largest),
            "layers": first.get("layers", []),
        }
        if "missing" in first:
            answer.update(end="unconfined", why=first["missing"])
        elif self.end is None and len(said) == 2:
            answer["report"] = said[1]
        elif self.end is None:
            answer["end"] = "died"
            answer["signal"] = os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else 0
        return answer


def frames(data):
    """Returns the whole frames of what a run's first process reported."""
    found = []
    while len(data) >= 4:
        size = int.from_bytes(data[:4], "little")
        if len(data) < 4 + size:
            break
        found.append(json.loads(data[4:4 + size]))
        data = data[4 + size:]
    return found


def main(settings):
    Server(settings).serve()
