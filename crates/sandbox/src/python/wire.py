"""Plain data as JSON, and frames of it: what processes that do not trust each other say.

Nothing is ever unpickled. Whoever decodes gets values of the types below, and of no other; what is no plain data is
handed to `foreign` by the encoder and comes back to `resolve` of the decoder.
"""

import collections
import datetime
import decimal
import fractions
import json
import os

FRAME_BYTES = 64 << 20
EXACT = 1 << 53
TYPES = {kind.__name__: kind for kind in (
    int, float, str, bool, list, tuple, dict, set, frozenset, bytes, bytearray, complex, range, object, type(None))}


class Broken(Exception):
    """What came is no frame, or none that the other side may send."""


class Closed(Exception):
    """The other side is gone."""


def send(fd, value):
    """Writes one frame."""
    data = json.dumps(value).encode()
    if len(data) > FRAME_BYTES:
        raise OverflowError("%d bytes are more than the line carries" % len(data))
    view = memoryview(len(data).to_bytes(4, "little") + data)
    while view:
        view = view[os.write(fd, view):]


def receive(fd):
    """Reads one frame."""
    size = int.from_bytes(read(fd, 4), "little")
    if size > FRAME_BYTES:
        raise Broken("a frame of %d bytes" % size)
    data = read(fd, size)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Broken("no JSON: %s" % error) from None


def read(fd, size):
    """Reads so many bytes."""
    parts = []
    while size:
        try:
            part = os.read(fd, min(size, 1 << 20))
        except ConnectionResetError:
            raise Closed() from None
        if not part:
            raise Closed()
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# Containers that somebody may change in place, with how their content is listed and replaced.
def _refill(container, content):
    container.clear()
    container.extend(content) if hasattr(container, "extend") else container.update(content)


MUTABLE = (list, dict, set, bytearray, collections.deque, collections.Counter, collections.OrderedDict,
           collections.defaultdict)


class Coder:
    """Encodes and decodes the values of one call; remembers the containers that may change within it."""

    def __init__(self, foreign, resolve):
        self.foreign = foreign
        self.resolve = resolve
        # Containers that crossed with the call, in the order in which both sides meet them.
        self.shared = []
        self.places = {}

    def share(self, container):
        """Takes note of a container, as the other side does in its turn."""
        self.places[id(container)] = len(self.shared)
        self.shared.append(container)

    def encode(self, value, shares=False):
        """Returns the value as JSON; `shares` takes note of its containers."""
        kind = type(value)
        if value is None or kind is bool or kind is str or kind is float:
            return value
        if kind is int:
            return value if -EXACT < value < EXACT else ["i", hex(value)]
        if kind in MUTABLE:
            place = self.places.get(id(value))
            if place is not None:
                return ["@", place]
            if shares:
                self.share(value)
            return self.content(value, shares)
        write = WRITE.get(kind)
        if write is not None:
            return write(self, value, shares)
        if kind is type and TYPES.get(value.__name__) is value:
            return ["y", value.__name__]
        return self.foreign(value)

    def items(self, values, shares):
        return [self.encode(value, shares) for value in values]

    def pairs(self, table, shares):
        return [[self.encode(key, shares), self.encode(value, shares)] for key, value in table.items()]

    def content(self, value, shares=False):
        """Returns a container as JSON, whether it is known or not."""
        kind = type(value)
        if kind is list:
            return ["l", self.items(value, shares)]
        if kind is set:
            return ["s", self.items(value, shares)]
        if kind is bytearray:
            return ["B", bytes(value).hex()]
        if kind is collections.deque:
            return ["q", self.items(value, shares), value.maxlen]
        return [{dict: "d", collections.Counter: "C", collections.OrderedDict: "O"}.get(kind, "V"),
                self.pairs(value, shares)]

    def decode(self, value, shares=False):
        """Returns the value that JSON stands for."""
        if type(value) is not list:
            if type(value) is dict:
                raise Broken("a table")
            return value
        try:
            tag, rest = value[0], value[1:]
            if tag == "@":
                return self.shared[rest[0]]
            if tag in FILL:
                empty = FILL[tag](rest)
                if shares:
                    self.share(empty)
                return self.fill(empty, tag, rest[0], shares)
            if tag in READ:
                return READ[tag](self, rest, shares)
            return self.resolve(tag, rest)
        except (IndexError, TypeError, KeyError, ValueError, ArithmeticError) as error:
            raise Broken("a value that is none: %s" % error) from None

    def fill(self, container, tag, content, shares=False):
        """Puts decoded content into a container, in place of what it holds."""
        if tag == "B":
            content = bytes.fromhex(content)
        elif tag in "lsq":
            content = [self.decode(item, shares) for item in content]
        else:
            content = {self.decode(key, shares): self.decode(item, shares) for key, item in content}
        _refill(container, content)
        return container


FILL = {
    "l": lambda rest: [],
    "s": lambda rest: set(),
    "B": lambda rest: bytearray(),
    "q": lambda rest: collections.deque(maxlen=rest[1]),
    "d": lambda rest: {},
    "C": lambda rest: collections.Counter(),
    "O": lambda rest: collections.OrderedDict(),
    "V": lambda rest: collections.defaultdict(),
}


def _list(coder, values, shares):
    return [coder.decode(value, shares) for value in values]


READ = {
    "i": lambda coder, rest, shares: int(rest[0], 16),
    "t": lambda coder, rest, shares: tuple(_list(coder, rest[0], shares)),
    "z": lambda coder, rest, shares: frozenset(_list(coder, rest[0], shares)),
    "b": lambda coder, rest, shares: bytes.fromhex(rest[0]),
    "c": lambda coder, rest, shares: complex(float(rest[0]), float(rest[1])),
    "r": lambda coder, rest, shares: range(*_list(coder, rest[0], shares)),
    "e": lambda coder, rest, shares: ...,
    "n": lambda coder, rest, shares: NotImplemented,
    "y": lambda coder, rest, shares: TYPES[rest[0]],
    "D": lambda coder, rest, shares: decimal.Decimal(rest[0]),
    "F": lambda coder, rest, shares: fractions.Fraction(*_list(coder, rest[0], shares)),
    "Td": lambda coder, rest, shares: datetime.date.fromisoformat(rest[0]),
    "Tt": lambda coder, rest, shares: datetime.datetime.fromisoformat(rest[0]),
    "Tc": lambda coder, rest, shares: datetime.time.fromisoformat(rest[0]),
    "Ts": lambda coder, rest, shares: datetime.timedelta(*rest[0]),
}

WRITE = {
    tuple: lambda coder, value, shares: ["t", coder.items(value, shares)],
    frozenset: lambda coder, value, shares: ["z", coder.items(value, shares)],
    bytes: lambda coder, value, shares: ["b", value.hex()],
    complex: lambda coder, value, shares: ["c", value.real, value.imag],
    range: lambda coder, value, shares: ["r", coder.items((value.start, value.stop, value.step), shares)],
    type(...): lambda coder, value, shares: ["e"],
    type(NotImplemented): lambda coder, value, shares: ["n"],
    decimal.Decimal: lambda coder, value, shares: ["D", str(value)],
    fractions.Fraction: lambda coder, value, shares: ["F", coder.items((value.numerator, value.denominator), shares)],
    datetime.date: lambda coder, value, shares: ["Td", value.isoformat()],
    datetime.datetime: lambda coder, value, shares: ["Tt", value.isoformat()],
    datetime.time: lambda coder, value, shares: ["Tc", value.isoformat()],
    datetime.timedelta: lambda coder, value, shares: ["Ts", [value.days, value.seconds, value.microseconds]],
}


def plain_base(value):
    """Returns what an object of a class derived from a plain type is as that type, or nothing."""
    for kind in (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset):
        if isinstance(value, kind):
            if kind in (list, tuple, set, frozenset):
                return True, kind(kind.__iter__(value))
            if kind is dict:
                return True, dict(dict.items(value))
            new = {int: int.__int__, float: float.__float__, str: str.__str__, bytes: lambda b: bytes.__getitem__(b, slice(None)),
                   complex: lambda c: complex(complex.real.__get__(c), complex.imag.__get__(c)),
                   bytearray: lambda b: bytearray.__getitem__(b, slice(None))}
            return True, new[kind](value) if kind in new else value
    return False, None
