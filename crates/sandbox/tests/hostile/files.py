#: host-files wants passed
def f():
    read = []
    for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/root", "/home", "/var/log", "/boot",
                 "/sys/class", "/usr/bin/python3", "/usr/share", "/usr/local"):
        try:
            open(path, "rb").read(1)
            read.append(path)
        except OSError:
            pass
    return read
# tests
assert f() == []

#: host-folders wants passed
import os
def f():
    seen = []
    for path in ("/", "/etc", "/root", "/home", "/var", "/sys", "/proc", "/dev", "/usr", "/usr/bin", "/run", "/mnt"):
        try:
            os.listdir(path)
            seen.append(path)
        except OSError:
            pass
    return seen
# tests
assert f() == []

#: processes-and-their-environment wants passed
import os
def f():
    read = []
    for name in ("environ", "cmdline", "maps", "status", "fd", "root", "mountinfo", "mem"):
        for pid in ("self", "1", "2", "thread-self"):
            try:
                open("/proc/%s/%s" % (pid, name), "rb").read()
                read.append(name)
            except OSError:
                pass
    return read
# tests
assert f() == []

#: environment-of-the-host wants passed
import os
def f():
    return sorted(set(os.environ) - {"PATH", "LANG", "HOME", "TMPDIR", "PYTHONHASHSEED", "PWD", "LC_CTYPE",
                                    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"})
# tests
assert f() == []

#: a-secret-in-scratch wants passed
def f():
    with open("/tmp/secret", "w") as file:
        file.write("left behind")
    return open("/tmp/secret").read()
# tests
assert f() == "left behind"

#: scratch-of-other-runs wants passed
import os
def f():
    return os.listdir("/tmp"), [path for path in ("/dev/shm/secret", "/var/tmp/secret") if os.path.exists(path)]
# tests
assert f() == ([], [])

#: writing-outside-of-scratch wants passed
import os
def f():
    written = []
    for path in ("/dev/shm/secret", "/secret", "/usr/lib/secret", "/var/tmp/secret", "/proc/secret", "/dev/secret",
                 os.path.dirname(os.__file__) + "/secret.py"):
        try:
            open(path, "w")
            written.append(path)
        except OSError:
            pass
    return written
# tests
assert f() == []

#: a-poisoned-library wants passed
import os, json
def f():
    for path in (json.__file__, os.__file__):
        try:
            os.unlink(path)
            return "deleted"
        except OSError:
            pass
        try:
            os.rename(path, "/tmp/taken")
            return "moved"
        except OSError:
            pass
    return "whole"
# tests
assert f() == "whole"

#: symbolic-links wants passed
import os
def f():
    read = []
    for number, path in enumerate(("/etc/passwd", "/proc/1/environ", "/proc/1/root/etc/passwd", "/")):
        os.symlink(path, "/tmp/link%d" % number)
        try:
            os.listdir("/tmp/link%d" % number) if path == "/" else open("/tmp/link%d" % number).read()
            read.append(path)
        except OSError:
            pass
    return read
# tests
assert f() == []

#: hard-links wants passed
import os
def f():
    made = []
    for path in ("/usr/bin/env", "/dev/null", os.__file__, "/proc/self/mem"):
        try:
            os.link(path, "/tmp/hard")
            made.append(path)
        except OSError:
            pass
    return made
# tests
assert f() == []

#: devices wants passed
import os, stat
def f():
    made = []
    for name, kind, device in (("disk", stat.S_IFBLK, (8, 0)), ("mem", stat.S_IFCHR, (1, 1))):
        try:
            os.mknod("/tmp/" + name, kind | 0o666, os.makedev(*device))
            made.append(name)
        except OSError:
            pass
    return made, os.path.exists("/dev/sda"), os.path.exists("/dev/vda"), os.path.exists("/dev/kvm")
# tests
assert f() == ([], False, False, False)

#: up-and-out wants passed
import os
def f():
    out = []
    for path in ("../../../../etc/passwd", "/tmp/../etc/passwd", "/lib/../etc/passwd"):
        try:
            open(path)
            out.append(path)
        except OSError:
            pass
    os.chdir("/")
    return out
# tests
assert f() == []

#: open-files-of-others wants passed
import os
def f():
    found = []
    for fd in range(0, 1024):
        try:
            kind = os.fstat(fd).st_mode & 0o170000
        except OSError:
            continue
        if fd > 2 and kind != 0o140000:
            found.append(fd)
    return found
# tests
assert f() == []
