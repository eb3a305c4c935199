#: fork-bomb wants error or tampered
import os
def f():
    while True:
        os.fork()
# tests
assert f() == 1

#: fork-bomb-that-hides wants slow
import os
def f():
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
        except OSError:
            pass
# tests
assert f() == 1

#: threads-without-end wants error
import threading, time
def f():
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return 1
# tests
assert f() == 1

#: memory-flood wants error
def f():
    kept = []
    while True:
        kept.append(bytearray(1 << 20))
# tests
assert f() == 1

#: memory-in-one-piece wants error
def f():
    return len(b"x" * (1 << 40))
# tests
assert f() == 1

#: memory-of-many-processes wants large
import os, time
def f():
    for _ in range(8):
        if os.fork() == 0:
            kept = bytearray(b"x" * (60 << 20))
            time.sleep(60)
    time.sleep(60)
    return 1
# tests
assert f() == 1

#: memory-of-many-processes-that-chat wants large
import os, time
def f():
    for _ in range(8):
        if os.fork() == 0:
            kept = bytearray(b"x" * (60 << 20))
            time.sleep(60)
    while True:
        print("x", flush=True)
        time.sleep(0.02)
# tests
assert f() == 1

#: memory-that-many-processes-share wants large
import mmap, os, time
def f():
    for _ in range(8):
        if os.fork() == 0:
            kept = mmap.mmap(-1, 60 << 20)
            for at in range(0, 60 << 20, 4096):
                kept[at] = 1
            time.sleep(60)
    time.sleep(60)
    return 1
# tests
assert f() == 1

#: disk-flood wants error
def f():
    with open("/tmp/flood", "wb") as file:
        while True:
            file.write(b"x" * (1 << 20))
# tests
assert f() == 1

#: disk-flood-in-many-files wants error
def f():
    for number in range(10_000):
        with open("/tmp/%d" % number, "wb") as file:
            file.write(b"x" * (1 << 16))
    return 1
# tests
assert f() == 1

#: inode-flood wants error
import os
def f():
    for number in range(1_000_000):
        os.symlink("nowhere", "/tmp/%d" % number)
# tests
assert f() == 1

#: sparse-file wants error
def f():
    with open("/tmp/sparse", "wb") as file:
        file.truncate(1 << 40)
    return 1
# tests
assert f() == 1

#: output-flood wants flooded
def f():
    while True:
        print("x" * 1000)
# tests
assert f() == 1

#: output-flood-on-stderr wants flooded
import os
def f():
    while True:
        os.write(2, b"x" * 1000)
# tests
assert f() == 1

#: endless-loop wants time or slow
def f():
    while True:
        pass
# tests
assert f() == 1

#: endless-loop-that-forgives wants slow
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
def f():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
# tests
assert f() == 1

#: endless-loop-on-load wants time or slow
while True:
    pass
def f():
    return 1
# tests
assert f() == 1

#: endless-power-in-c wants time or slow
def f():
    return (7 ** (10 ** 8)) % 10
# tests
assert f() == 1

#: endless-regex-in-c wants time or slow
import re
def f():
    return re.match(r"(a|a|aa)*$", "a" * 200 + "b") is None
# tests
assert f() == 1

#: endless-sum-in-c wants time or slow
import itertools
def f():
    return sum(itertools.repeat(1))
# tests
assert f() == 1

#: endless-sleep wants slow
import time
def f():
    time.sleep(1000)
    return 1
# tests
assert f() == 1

#: stack-overflow wants error
def f():
    return f()
# tests
assert f() == 1

#: stack-overflow-in-c wants ended
import sys
sys.setrecursionlimit(1 << 30)
class Deep:
    def __repr__(self):
        return repr(self)
def f():
    return repr(Deep())
# tests
assert f() == "1"

#: file-descriptors-without-end wants error
def f():
    return [open("/dev/null") for _ in range(10_000)]
# tests
assert f() == 1

#: limits-raised wants passed
import resource
def f():
    raised = []
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
        try:
            resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            raised.append(limit)
        except (ValueError, OSError):
            pass
    return raised
# tests
assert f() == []

#: an-answer-without-end wants error, shared failed
def f():
    answer = []
    answer.append(answer)
    return answer
# tests
assert f() == [1]

#: an-answer-as-deep-as-it-gets wants error, shared failed
def f():
    answer = []
    for _ in range(100_000):
        answer = [answer]
    return answer
# tests
assert f() == [1]
