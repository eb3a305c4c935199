"""Locks a process into namespaces, Landlock, seccomp and limits of its own, before it runs what nobody trusts."""

import ctypes
import os
import platform
import resource
import signal
import struct

libc = ctypes.PyDLL(None, use_errno=True)
for _name in ("syscall", "prctl"):
    getattr(libc, _name).restype = ctypes.c_long

NEW = {"mount": 0x20000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000}
CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine())
CAPSET = {"x86_64": 126, "aarch64": 91}.get(platform.machine())
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 28, 38, 36
LAYERS = ("user", "pid", "net", "mount", "ipc", "uts", "scratch", "capabilities", "landlock", "seccomp", "limits")


class Missing(Exception):
    """A layer that cannot be had."""


def check(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return result


def fork_into_namespaces():
    """Forks into new namespaces of all kinds; returns the child's number, or 0 in the child.

    One call does what `unshare` and two forks would. The interpreter is told as `os.fork` tells it.
    """
    flags = signal.SIGCHLD
    for flag in NEW.values():
        flags |= flag
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = libc.syscall(CLONE, ctypes.c_ulong(flags), None, None, None, None)
    number = ctypes.get_errno()
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, "new namespaces: %s" % os.strerror(number))
    return pid


def map_user(pid):
    """Lets a child be in its user namespace who it is outside: nobody."""
    uid, gid = os.getuid(), os.getgid()
    for name, text in (("setgroups", "deny"), ("uid_map", "%d %d 1" % (uid, uid)), ("gid_map", "%d %d 1" % (gid, gid))):
        fd = os.open("/proc/%d/%s" % (pid, name), os.O_WRONLY)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


def mount(kind, at, flags, options):
    check(libc.mount(kind, at, kind, flags, options), "mount on %s" % at.decode())


def scratch(size):
    """Gives the process a folder of its own, of bounded size, and takes the list of processes from it."""
    options = b"size=%d,nr_inodes=4096,mode=700" % size
    mount(b"tmpfs", b"/tmp", NOSUID | NODEV | NOEXEC, options)
    mount(b"tmpfs", b"/proc", NOSUID | NODEV | NOEXEC | RDONLY, b"size=4k,nr_inodes=2")
    os.chdir("/tmp")


def limits(given):
    """Bounds what each process may use."""
    none = (0, 0)
    bounds = {
        resource.RLIMIT_AS: (given["memory"],) * 2,
        resource.RLIMIT_CPU: (given["cpu"], given["cpu"] + 1),
        resource.RLIMIT_FSIZE: (given["scratch"],) * 2,
        resource.RLIMIT_NPROC: (given["processes"],) * 2,
        resource.RLIMIT_NOFILE: (64, 64),
        resource.RLIMIT_CORE: none,
        resource.RLIMIT_MEMLOCK: none,
        resource.RLIMIT_MSGQUEUE: none,
        resource.RLIMIT_RTPRIO: none,
    }
    for limit, bound in bounds.items():
        resource.setrlimit(limit, bound)


# What Landlock lets be done, by version: its first has rights on files only.
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
NET_RIGHTS, SCOPES = 3, 3
READ, EXECUTE = 1 << 2 | 1 << 3, 1
SCRATCH = (1 << 1 | READ | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | 1 << 14)
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def landlock(readable, executes):
    """Lets the process read libraries, run them if it may, write into its scratch, and touch nothing else."""
    version = libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    check(version, "Landlock")
    rights = FILE_RIGHTS[min(version, 5)]
    attributes = struct.pack("QQQ", rights, NET_RIGHTS if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = check(libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0)), "Landlock's rules")
    read = READ | (EXECUTE if executes else 0)
    places = [(path, read) for path in readable] + [("/tmp", SCRATCH)] + [(path, 1 << 1 | 1 << 2) for path in DEVICES]
    for path, allowed in places:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        if not os.path.isdir(path):
            allowed &= EXECUTE | 1 << 1 | 1 << 2 | 1 << 14
        rule = struct.pack("=Qi", allowed & rights, fd)
        check(libc.syscall(LANDLOCK_ADD, ctypes.c_int(rules), ctypes.c_int(1), rule, ctypes.c_uint32(0)), "Landlock's rule")
        os.close(fd)
    check(libc.syscall(LANDLOCK_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0)), "Landlock")
    os.close(rules)


def drop_capabilities():
    """Gives up all power over the new namespaces, for good."""
    # No root, no set-uid fixup, no kept or ambient capabilities; all of it locked.
    check(libc.prctl(PR_SET_SECUREBITS, 0b11101111, 0, 0, 0), "secure bits")
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    head = struct.pack("II", 0x20080522, 0)
    check(libc.syscall(CAPSET, head, struct.pack("6I", 0, 0, 0, 0, 0, 0)), "capset")


def seccomp(program):
    """Leaves the process only the system calls that the filter lists."""
    code = ctypes.create_string_buffer(program, len(program))
    filled = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    check(libc.prctl(PR_SET_SECCOMP, 2, filled, 0, 0), "seccomp")


def lock(given):
    """Puts on every layer that is had, in an order in which each can still be put on; returns their names.

    A layer that is wanted and cannot be had raises `Missing`.
    """
    on = ["user", "pid", "net", "mount", "ipc", "uts"]
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    steps = (
        ("scratch", lambda: scratch(given["scratch"])),
        ("landlock", lambda: landlock(given["readable"], given["executes"])),
        ("capabilities", drop_capabilities),
        ("limits", lambda: limits(given)),
        ("seccomp", lambda: seccomp(given["filter"])),
    )
    for name, step in steps:
        if name in given["without"]:
            continue
        try:
            step()
            on.append(name)
        except (OSError, ValueError) as error:
            raise Missing("%s: %s" % (name, error)) from None
    return on
