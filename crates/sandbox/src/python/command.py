"""Runs a command that is installed here: the first process of a run starts it, and says how it ended."""

import fcntl
import os
import signal

# What is installed by the system: programs, and what they load.
PLACES = ["/usr/bin", "/usr/lib", "/usr/lib64", "/bin", "/lib", "/lib64"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "TMPDIR": "/tmp"}
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def feed(text):
    """Puts a text on the standard input, where nobody can write; it counts as no part of the scratch folder."""
    data = memoryview(text.encode("utf-8", "replace"))
    fd = os.memfd_create("input", os.MFD_ALLOW_SEALING)
    while data:
        data = data[os.write(fd, data):]
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    os.lseek(fd, 0, os.SEEK_SET)
    os.dup2(fd, 0)
    if fd != 0:
        os.close(fd)


def main(task, kept, _):
    """Runs the command in the scratch folder; all that it started ends with this process."""
    try:
        for path, text in task["files"].items():
            put(path, text.encode("latin-1"))
    except OSError as error:
        return {"missing": "its files do not fit its scratch folder: %s" % error}
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        start(task["argv"], tell)
    os.close(tell)
    why = os.read(told, 1000)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            break
    if why:
        return {"missing": why.decode("utf-8", "replace")}
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status)}
    return {"status": os.WEXITSTATUS(status)}


def put(path, data):
    """Writes a file of the scratch folder."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]
    os.close(fd)


def start(argv, tell):
    """Becomes the command, or tells why it cannot."""
    try:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, ENVIRONMENT)
    except BaseException as error:
        os.write(tell, str(error).encode())
    finally:
        os._exit(127)
