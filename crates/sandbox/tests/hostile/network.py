#: tcp wants passed
import socket
def f():
    done = []
    for address in (("127.0.0.1", 80), ("1.1.1.1", 53), ("169.254.169.254", 80)):
        try:
            socket.create_connection(address, timeout=0.2)
            done.append(address)
        except OSError:
            pass
    return done
# tests
assert f() == []

#: listening wants passed
import socket
def f():
    try:
        socket.create_server(("127.0.0.1", 8080))
        return "listens"
    except OSError:
        return "denied"
# tests
assert f() == "denied"

#: udp wants passed
import socket
def f():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("8.8.8.8", 53))
        return "sent"
    except OSError:
        return "denied"
# tests
assert f() == "denied"

#: all-other-sockets wants passed
import socket
def f():
    made = []
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 38, 40, 44):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                socket.socket(family, kind)
                made.append((family, kind))
            except OSError:
                pass
    return made
# tests
assert f() == []

#: an-abstract-unix-socket wants passed
import socket
def f():
    one, other = socket.socketpair()
    try:
        one.connect("\0name")
        return "connected"
    except OSError as error:
        # One of a pair is connected already, and may not ask for another.
        return error.errno
# tests
assert f() == 38

#: names-of-hosts wants passed
import socket
def f():
    try:
        return socket.gethostbyname("example.com")
    except OSError:
        return "denied"
# tests
assert f() == "denied"

#: name-of-this-host wants passed
import platform
def f():
    return platform.node()
# tests
assert f() == "sandbox"
