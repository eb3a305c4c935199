#: signals-to-everybody wants error
import os, signal
def f():
    os.kill(-1, signal.SIGKILL)
    return 1
# tests
assert f() == 2

#: signals-to-the-judge wants passed
import os, signal
def f():
    for number in range(1, 65):
        for target in (1, os.getppid()):
            try:
                os.kill(target, number)
            except OSError:
                pass
    return 1
# tests
assert f() == 1

#: signals-to-strangers wants passed
import os, signal
def f():
    hit = []
    for target in range(1, 5000):
        if target in (1, os.getpid()):
            continue
        try:
            os.kill(target, 0)
            hit.append(target)
        except OSError:
            pass
    return hit
# tests
assert f() == []

#: daemon wants passed
import os, time
def f():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            while True:
                time.sleep(1)
        os._exit(0)
    return 1
# tests
assert f() == 1

#: daemon-that-holds-the-pipes wants passed
import os, time
def f():
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    return 1
# tests
assert f() == 1

#: trace-the-judge wants passed
import ctypes, os
def f():
    libc = ctypes.CDLL(None, use_errno=True)
    return [libc.ptrace(16, os.getppid(), 0, 0), libc.ptrace(0, 0, 0, 0), libc.syscall(310, os.getppid(), 0, 0, 0, 0, 0)]
# tests
assert f() == [-1, -1, -1]

#: write-into-the-judge wants passed
def f():
    done = []
    for path in ("/proc/1/mem", "/proc/self/mem", "/proc/1/fd/3"):
        try:
            open(path, "r+b")
            done.append(path)
        except OSError:
            pass
    return done
# tests
assert f() == []

#: steal-the-judges-files wants passed
import ctypes, os
def f():
    libc = ctypes.CDLL(None)
    pidfd = libc.syscall(434, 1, 0)
    return [pidfd, libc.syscall(438, pidfd, 3, 0)]
# tests
assert f() == [-1, -1]

#: mount wants passed
import ctypes
def f():
    libc = ctypes.CDLL(None)
    return [libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None), libc.mount(b"proc", b"/tmp", b"proc", 0, None),
            libc.umount2(b"/tmp", 2), libc.umount2(b"/proc", 2), libc.pivot_root(b"/tmp", b"/tmp") if hasattr(libc, "pivot_root") else -1]
# tests
assert f() == [-1] * 5

#: new-namespaces wants passed
import ctypes
def f():
    libc = ctypes.CDLL(None)
    return [libc.unshare(flag) for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000)] + [libc.setns(0, 0)]
# tests
assert f() == [-1] * 5

#: clone-into-a-namespace wants passed
import ctypes, os, struct
def f():
    libc = ctypes.CDLL(None)
    children = [libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0), libc.syscall(435, struct.pack("11Q", 0x10000000, *[0] * 10), 88)]
    if 0 in children:
        os._exit(0)
    return children
# tests
assert f() == [-1, -1]

#: become-root wants passed
import os
def f():
    done = []
    for name, args in (("setuid", (0,)), ("setgid", (0,)), ("setresuid", (0, 0, 0)), ("setgroups", ([0],)), ("chroot", ("/tmp",))):
        try:
            getattr(os, name)(*args)
            done.append(name)
        except OSError:
            pass
    return done, os.getuid() != 0
# tests
assert f() == ([], True)

#: set-uid-file wants passed
import os
def f():
    open("/tmp/shell", "wb").close()
    os.chmod("/tmp/shell", 0o4755)
    return bool(os.statvfs("/tmp").f_flag & os.ST_NOSUID)
# tests
assert f() is True

#: run-other-programs wants passed
import os, subprocess
def f():
    done = []
    for path in ("/bin/sh", "/usr/bin/python3", "/usr/bin/env", "/usr/bin/bwrap"):
        try:
            subprocess.run([path, "-c", "true"])
            done.append(path)
        except OSError:
            pass
    return done
# tests
assert f() == []

#: run-a-program-of-its-own wants passed
import os, stat
def f():
    with open("/tmp/own", "wb") as file:
        file.write(b"#!/bin/sh\n")
    os.chmod("/tmp/own", 0o755)
    done = []
    for start in (lambda: os.execv("/tmp/own", ["own"]), lambda: os.posix_spawn("/tmp/own", ["own"], {}), lambda: os.memfd_create("own")):
        try:
            start()
            done.append(start)
        except OSError:
            pass
    return len(done)
# tests
assert f() == 0

#: other-interfaces-of-the-kernel wants passed
import ctypes
CALLS = {"bpf": 321, "io_uring_setup": 425, "keyctl": 250, "add_key": 248, "request_key": 249, "perf_event_open": 298,
         "userfaultfd": 323, "memfd_create": 319, "kexec_load": 246, "init_module": 175, "finit_module": 313,
         "open_by_handle_at": 304, "name_to_handle_at": 303, "fanotify_init": 300, "seccomp": 317, "landlock": 444,
         "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "fsopen": 430, "open_tree": 428,
         "move_mount": 429, "mount_setattr": 442, "pidfd_open": 434, "swapon": 167, "reboot": 169, "acct": 163,
         "quotactl": 179, "iopl": 172, "ioperm": 173, "personality": 135, "vmsplice": 278, "splice": 275, "shmget": 29,
         "msgget": 68, "semget": 64, "mq_open": 240, "syslog": 103, "sethostname": 170, "adjtimex": 159,
         "clock_settime": 227, "settimeofday": 164, "modify_ldt": 154, "lookup_dcookie": 212, "inotify_init1": 294}
def f():
    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    for name, number in CALLS.items():
        if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 38:
            done.append(name)
    return done
# tests
assert f() == []

#: calls-of-another-architecture wants passed
import ctypes
def f():
    libc = ctypes.CDLL(None, use_errno=True)
    # The numbers of x32: socket, execve, ptrace.
    return [libc.syscall(0x40000000 + number, 2, 1, 0) for number in (41, 520, 521)]
# tests
assert f() == [-1, -1, -1]

#: typing-into-the-terminal wants passed
import fcntl
def f():
    done = 0
    for fd in (0, 1, 2):
        for request in (0x5412, 0x541C, 0x5414, 0x5423):
            try:
                fcntl.ioctl(fd, request, b"x" * 64)
                done += 1
            except OSError as error:
                # Not even asked, whether it is a terminal.
                done += error.errno != 38
    return done
# tests
assert f() == 0

#: limits-of-the-judge wants passed
import resource
def f():
    try:
        resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))
        return "done"
    except OSError:
        return "denied"
# tests
assert f() == "denied"

#: other-priorities wants passed
import os
def f():
    done = []
    for name, args in (("setpriority", (0, 1, 19)), ("sched_setaffinity", (1, [0])), ("sched_setscheduler", (1, 0, os.sched_param(0)))):
        try:
            getattr(os, name)(*args)
            done.append(name)
        except OSError:
            pass
    return done
# tests
assert f() == []

#: machine-code-of-its-own wants ended
import ctypes, mmap
def f():
    # hlt: nobody may stop the processor.
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\xf4")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
# tests
assert f() == 1

#: machine-code-that-calls-as-32-bits-do wants ended
import ctypes, mmap
def f():
    # getpid by the old gate, whose numbers are others.
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
# tests
assert f() == 1

#: wild-pointer wants ended
import ctypes
def f():
    return ctypes.string_at(8)
# tests
assert f() == b""
