#: the-server-by-its-pipes wants passed
import os
def f():
    written = 0
    for fd in range(3, 1024):
        try:
            if (os.fstat(fd).st_mode & 0o170000) != 0o140000:
                os.write(fd, b"\x10\x00\x00\x00{}")
                written += 1
        except OSError:
            pass
    return written
# tests
assert f() == 0

#: the-server-by-its-parent wants passed
import os, signal
def f():
    hit = 0
    for target in (0, os.getppid(), os.getpgid(0), 2, 3, 4):
        try:
            if target > 1 and target != os.getpid():
                os.kill(target, signal.SIGKILL)
                hit += 1
        except OSError:
            pass
    return hit
# tests
assert f() == 0

#: the-server-by-its-modules wants passed
import sys
def f():
    return sorted(name for name in sys.modules if name in (
        "wire", "remote", "exam", "guard", "confine", "judge", "mutate", "server"))
# tests
assert f() == []

#: the-server-by-what-it-keeps wants passed
import json, sys, builtins
def f():
    # The next run must not see any of this.
    json.dumps = lambda *_: "poisoned"
    sys.modules["math"] = None
    builtins.len = lambda _: 0
    sys.path.insert(0, "/tmp")
    return 1
# tests
assert f.__name__ == "f"

#: the-server-as-it-was-before wants passed
import json, math, sys
def f():
    return json.dumps([1]), len([1, 2]), "/tmp" in sys.path, math.floor(1.5)
# tests
assert f() == ("[1]", 2, False, 1)

#: the-server-by-a-flood-of-answers wants error, shared failed
def f():
    return "x" * (70 << 20)
# tests
assert f() == 1

#: the-server-by-silence wants slow
import os, time
def f():
    os.closerange(0, 1)
    while True:
        time.sleep(100)
# tests
assert f() == 1
