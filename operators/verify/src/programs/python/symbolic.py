"""Says whether two texts mean the same mathematics.

A text is never evaluated: it is cut into tokens, parsed as an expression by `ast`, and built from a list of functions and
operators. Equal is what SymPy proves equal; different is what differs at a point, to many digits, or by kind or number;
all else is undecided.
"""

import ast
import itertools
import re

import sympy
from sympy import S

MOST_CHARS, MOST_NODES, MOST_DEPTH, MOST_DIGITS = 4000, 600, 60, 300
MOST_POWER, MOST_BITS, MOST_FACTORIAL = 500, 20000, 2000
DIGITS = 40
NEAR, FAR = S(10) ** -30, S(10) ** -25


class Unread(Exception):
    """A text that is nothing known."""


class Bound(Exception):
    """A text that is larger than what is looked at."""


# Reading.

TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([^\W\d]\w*)|(\*\*|<=|>=|!=|==|[-+*/^=<>()\[\]{},;:!|]))")
WORDS = {"and": "and", "or": "or"}
SIGNS = {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "∞": " oo ", "π": " pi ",
         "∪": " U ", "√": " sqrt", "²": "^2", "³": "^3", "∈": " in ", "“": "\"", "”": "\""}


def cbrt(x):
    return sympy.real_root(x, 3)


def small(name, value, most):
    if value.is_Integer and abs(value) > most:
        raise Bound("`%s` of more than %d" % (name, most))
    return value


FUNCTIONS = {
    "sqrt": (sympy.sqrt, 1), "cbrt": (cbrt, 1), "root": (sympy.root, 2), "exp": (sympy.exp, 1),
    "ln": (sympy.log, 1), "log": (sympy.log, (1, 2)), "log2": (lambda x: sympy.log(x, 2), 1),
    "log10": (lambda x: sympy.log(x, 10), 1), "abs": (sympy.Abs, 1), "sign": (sympy.sign, 1),
    "floor": (sympy.floor, 1), "ceil": (sympy.ceiling, 1), "ceiling": (sympy.ceiling, 1),
    "min": (sympy.Min, (1, 20)), "max": (sympy.Max, (1, 20)), "gcd": (sympy.gcd, 2), "lcm": (sympy.lcm, 2),
    "re": (sympy.re, 1), "im": (sympy.im, 1), "conjugate": (sympy.conjugate, 1),
    "factorial": (lambda n: sympy.factorial(small("factorial", n, MOST_FACTORIAL)), 1),
    "binomial": (lambda n, k: sympy.binomial(small("binomial", n, MOST_FACTORIAL), small("binomial", k, MOST_FACTORIAL)), 2),
    "diff": (sympy.diff, (2, 3)), "integrate": (sympy.integrate, (2, 4)), "limit": (sympy.limit, 3),
    "det": (lambda m: m.det(), 1), "inv": (lambda m: m.inv(), 1), "transpose": (lambda m: m.T, 1),
}
for _name in "sin cos tan cot sec csc sinh cosh tanh asin acos atan asinh acosh atanh".split():
    FUNCTIONS[_name] = (getattr(sympy, _name), 1)
for _name in ("sin", "cos", "tan"):
    FUNCTIONS["arc" + _name] = FUNCTIONS["a" + _name]
CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "E": sympy.E, "oo": sympy.oo, "inf": sympy.oo, "infinity": sympy.oo, "I": sympy.I}
EMPTY = {"{}", "{ }", "∅"}


def tokens(text):
    """Cuts a text into tokens, with a sign of multiplication wherever one is left out."""
    if len(text) > MOST_CHARS:
        raise Bound("more than %d characters" % MOST_CHARS)
    for sign, meant in SIGNS.items():
        text = text.replace(sign, meant)
    found, at = [], 0
    text = text.strip().rstrip(".")
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            if not text[at:].strip():
                break
            raise Unread("`%s` is no sign of an expression" % text[at:].strip()[0])
        number, name, sign = match.groups()
        kind = "number" if number else "name" if name else sign
        word = number or name or {"^": "**", "=": "=="}.get(sign, sign)
        if found and times(found[-1], (kind, word)):
            found.append(("*", "*"))
        found.append((kind, word))
        at = match.end()
    return found


def times(before, after):
    """Says whether a multiplication is left out between two tokens."""
    operand = before[0] in ("number", "name", ")", "]")
    if not operand or after[0] not in ("number", "name", "("):
        return False
    if before[1] in WORDS or after[1] in WORDS or {before[1], after[1]} & {"in", "U"}:
        return False
    if before[0] == "name" and after[0] == "(":
        return before[1] not in FUNCTIONS
    return not (before[0] == "number" and after[0] == "number")


def parse(text):
    """Parses a text, without any evaluation; returns its tree and its numbers, which the tree names by their place."""
    found = tokens(text)
    if not found:
        raise Unread("it is empty")
    numbers, words = [], []
    for kind, word in found:
        if kind == "number":
            words.append("n%d" % len(numbers))
            numbers.append(exact(word))
        else:
            # No name is a word of Python's.
            words.append("v" + word if kind == "name" and word not in WORDS else word)
    source = "(" + " ".join(words) + ")"
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unread("`%s` is no expression" % clip(text)) from None
    nodes = sum(1 for _ in itertools.islice(ast.walk(tree), MOST_NODES + 1))
    if nodes > MOST_NODES:
        raise Bound("more than %d parts" % MOST_NODES)
    return tree, numbers


def clip(text):
    text = " ".join(str(text).split())
    return text if len(text) <= 80 else text[:80] + "…"


class Builder:
    """Builds SymPy's objects from a parsed text."""

    OPERATORS = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
                 ast.Div: lambda a, b: a / b}
    RELATIONS = {ast.Eq: sympy.Eq, ast.NotEq: sympy.Ne, ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt,
                 ast.GtE: sympy.Ge}

    def __init__(self, symbols):
        given = {"complex": {}, "real": {"real": True}, "positive": {"positive": True}, "integer": {"integer": True}}
        self.given, self.domain = given[symbols], symbols

    def read(self, text):
        tree, self.numbers = parse(text)
        return self.build(tree, 0)

    def build(self, node, depth):
        if depth > MOST_DEPTH:
            raise Bound("more than %d levels" % MOST_DEPTH)
        build = lambda child: self.build(child, depth + 1)
        if isinstance(node, ast.Name):
            return self.numbers[int(node.id[1:])] if node.id[0] == "n" else self.name(node.id[1:])
        if isinstance(node, ast.BinOp):
            return self.operation(node.op, build(node.left), build(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = scalar(build(node.operand), matrices=True)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Call):
            return self.call(node, build)
        if isinstance(node, ast.Compare):
            return self.relation(node, build)
        if isinstance(node, ast.BoolOp):
            return Both(isinstance(node.op, ast.And), [build(value) for value in node.values])
        if isinstance(node, ast.Set):
            return sympy.FiniteSet(*(scalar(build(item)) for item in node.elts), evaluate=True)
        if isinstance(node, ast.Dict) and not node.keys:
            return S.EmptySet
        if isinstance(node, ast.Tuple):
            items = [build(item) for item in node.elts]
            # `x = 1, y = 2`
            if items and all(isinstance(item, Relation) for item in items):
                return Both(True, items)
            return Ordered("(", items)
        if isinstance(node, ast.List):
            items = [build(item) for item in node.elts]
            if items and all(isinstance(item, Ordered) and item.mark == "[" for item in items):
                if len({len(item.items) for item in items}) > 1:
                    raise Unread("rows of a matrix have different lengths")
                return sympy.Matrix([[scalar(entry) for entry in row.items] for row in items])
            return Ordered("[", items)
        raise Unread("`%s` is nothing that is compared" % type(node).__name__.lower())

    def name(self, name):
        if name in CONSTANTS and not (name == "I" and self.domain != "complex"):
            return CONSTANTS[name]
        if name == "i" and self.domain == "complex":
            return sympy.I
        if name in FUNCTIONS:
            raise Unread("`%s` is a function: write `%s(…)`" % (name, name))
        return sympy.Symbol(name, **self.given)

    def operation(self, operator, left, right):
        if isinstance(operator, ast.Pow):
            return self.power(scalar(left, matrices=True), scalar(right))
        if type(operator) not in self.OPERATORS:
            raise Unread("`%s` is no operator of an expression" % type(operator).__name__.lower())
        left, right = scalar(left, matrices=True), scalar(right, matrices=True)
        if isinstance(operator, ast.Div) and isinstance(right, sympy.MatrixBase):
            raise Unread("nothing is divided by a matrix: `inv` inverts one")
        try:
            return self.OPERATORS[type(operator)](left, right)
        except (TypeError, ValueError) as error:
            raise Unread(clip(error)) from None

    def power(self, base, exponent):
        if isinstance(base, sympy.MatrixBase):
            if not exponent.is_Integer or abs(exponent) > 50:
                raise Bound("a matrix to a power that is no small whole number")
            return base ** exponent
        if exponent.is_Rational and abs(exponent) > MOST_POWER and not (base.is_Rational and base in (0, 1, -1)):
            if not (base.is_Rational and bits(base) * abs(exponent) <= MOST_BITS):
                raise Bound("a power of more than %d" % MOST_POWER)
        if base.is_Rational and exponent.is_Rational and bits(base) * abs(exponent) > MOST_BITS:
            raise Bound("a power of too many digits")
        return base ** exponent

    def call(self, node, build):
        name = node.func.id[1:] if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords:
            raise Unread("something is called that is no function")
        function, count = FUNCTIONS[name]
        least, most = count if isinstance(count, tuple) else (count, count)
        if not least <= len(node.args) <= most:
            raise Unread("`%s` takes %s" % (name, least if least == most else "%d to %d" % (least, most)))
        arguments = [scalar(build(argument), matrices=True) for argument in node.args]
        if name == "integrate" and len(arguments) == 4:
            arguments = [arguments[0], tuple(arguments[1:])]
        try:
            return function(*arguments)
        except (TypeError, ValueError, AttributeError) as error:
            raise Unread("`%s`: %s" % (name, clip(error))) from None

    def relation(self, node, build):
        sides = [build(side) for side in [node.left, *node.comparators]]
        if any(type(operator) not in self.RELATIONS for operator in node.ops):
            raise Unread("that is no relation of numbers")
        if any(isinstance(side, (sympy.Set, sympy.MatrixBase, Ordered, Both, Relation)) for side in sides):
            if len(sides) == 2 and isinstance(node.ops[0], ast.Eq):
                return Named(sides[0], sides[1])
            raise Unread("only numbers are compared by size")
        pairs = [Relation(self.RELATIONS[type(operator)], left, right)
                 for operator, left, right in zip(node.ops, sides, sides[1:])]
        return pairs[0] if len(pairs) == 1 else Both(True, pairs)


class Ordered:
    """A tuple or a list: an order of things."""

    def __init__(self, mark, items):
        self.mark, self.items = mark, items


class Both:
    """Relations that hold together, or one of them."""

    def __init__(self, all_hold, parts):
        self.all_hold, self.parts = all_hold, parts


class Relation:
    """Two sides, not evaluated: `x = x` is one."""

    def __init__(self, kind, left, right):
        self.kind, self.left, self.right = kind, scalar(left), scalar(right)

    @property
    def difference(self):
        return self.left - self.right


class Named:
    """A name for something that is no number: `A = [[1, 2]]`."""

    def __init__(self, name, value):
        self.name, self.value = name, value


def exact(written):
    """Reads a number as it is written: 0.1 is a tenth."""
    digits, _, exponent = written.lower().partition("e")
    if len(digits) > MOST_DIGITS or abs(int(exponent[:9] or 0)) > MOST_DIGITS:
        raise Bound("a number of more than %d digits" % MOST_DIGITS)
    return sympy.Rational(digits) * S(10) ** int(exponent or 0)


def bits(number):
    return max(int(number.p).bit_length(), int(number.q).bit_length())


def scalar(value, matrices=False):
    if isinstance(value, sympy.Expr) or matrices and isinstance(value, sympy.MatrixBase):
        return value
    raise Unread("a number is wanted, and there is %s" % what(value))


def what(value):
    if isinstance(value, sympy.Set):
        return "a set"
    if isinstance(value, sympy.MatrixBase):
        return "a matrix of %d by %d" % value.shape
    if isinstance(value, Ordered):
        return "a tuple of %d" % len(value.items) if value.mark == "(" else "a list of %d" % len(value.items)
    return "a relation" if isinstance(value, (Relation, Both, Named)) else "an expression"


# Sets of intervals are read by themselves: `[0, 1)` is no Python.

PIECE = re.compile(r"\s*([\[\(])([^\[\]\(\),]*(?:\([^()]*\)[^\[\]\(\),]*)*),([^\[\]\(\),]*(?:\([^()]*\)[^\[\]\(\),]*)*)([\]\)])\s*$")


def pieces(text):
    for sign in ("∪", "U"):
        text = re.sub(r"(?<=[\]\)\}])\s*%s\s*(?=[\[\(\{])" % sign, "\0", text)
    return text.split("\0")


def is_interval(text):
    text = text.strip()
    mixed = re.match(r"^\[.*\)$|^\(.*\]$", text, re.S)
    return len(pieces(text)) > 1 or bool(mixed and PIECE.match(text)) or "oo" in text and bool(PIECE.match(text))


def intervals(builder, text):
    """Reads a union of intervals and sets; none if it is none."""
    found = []
    for piece in pieces(text):
        match = PIECE.match(piece)
        if match:
            low, high = (scalar(builder.read(side)) for side in match.group(2, 3))
            if not (low.is_extended_real and high.is_extended_real) or low.free_symbols | high.free_symbols:
                return None
            found.append(sympy.Interval(low, high, match.group(1) == "(", match.group(4) == ")"))
        elif piece.strip() in EMPTY:
            found.append(S.EmptySet)
        else:
            value = builder.read(piece)
            if not isinstance(value, sympy.Set):
                return None
            found.append(value)
    return sympy.Union(*found)


# Deciding.

EQUAL, UNDECIDED = ("equal", None), ("undecided", "neither proved nor refuted")


def different(why):
    return ("different", why)


class Judge:
    def __init__(self, symbols):
        self.domain = symbols
        self.builder = Builder(symbols)

    def both(self, left, right):
        """Compares two texts."""
        if is_interval(left) or is_interval(right):
            sets = [intervals(self.builder, text) for text in (left, right)]
            if None not in sets:
                return self.sets(*sets)
        values = [self.builder.read(text) for text in (left, right)]
        return self.same(*values)

    def same(self, left, right):
        left, right = unnamed(left, right)
        if isinstance(left, sympy.MatrixBase) and isinstance(right, sympy.MatrixBase):
            if left.shape != right.shape:
                return different("%s against %s" % (what(left), what(right)))
            return self.each(list(left), list(right))
        if isinstance(left, Ordered) and isinstance(right, Ordered):
            if left.mark != right.mark or len(left.items) != len(right.items):
                return different("%s against %s" % (what(left), what(right)))
            return self.each(left.items, right.items)
        if isinstance(left, sympy.Set) and isinstance(right, sympy.Set):
            return self.sets(left, right)
        if isinstance(left, (Relation, Both)) and isinstance(right, (Relation, Both)):
            return self.relations(left, right)
        if isinstance(left, sympy.Expr) and isinstance(right, sympy.Expr):
            return self.expressions(left, right)
        return different("%s against %s" % (what(left), what(right)))

    def each(self, left, right):
        found = EQUAL
        for at, (one, other) in enumerate(zip(left, right)):
            verdict, why = self.same(one, other)
            if verdict == "different":
                return different("entry %d: %s" % (at + 1, why))
            if verdict != "equal":
                found = UNDECIDED
        return found

    def sets(self, left, right):
        if isinstance(left, sympy.FiniteSet) and isinstance(right, sympy.FiniteSet):
            return self.finite(list(left), list(right))
        if left == right:
            return EQUAL
        for one, other, words in ((left, right, "the first holds %s, the second does not"),
                                  (right, left, "the second holds %s, the first does not")):
            rest = sympy.Complement(one, other)
            if rest.is_empty is False:
                return different(words % clip(rest))
        rest = sympy.SymmetricDifference(left, right)
        return EQUAL if rest is S.EmptySet else UNDECIDED

    def finite(self, left, right):
        found = EQUAL
        for ones, others in ((left, right), (right, left)):
            for one in ones:
                said = [self.expressions(one, other)[0] for other in others]
                if all(word == "different" for word in said):
                    return different("%s is in one of the sets alone" % clip(one))
                if "equal" not in said:
                    found = UNDECIDED
        return found

    def expressions(self, left, right):
        if left == right:
            return EQUAL
        if any(side.has(sympy.nan, sympy.zoo) for side in (left, right)):
            return different("%s has no value" % clip(left if left.has(sympy.nan, sympy.zoo) else right))
        if left.has(sympy.oo, -sympy.oo) or right.has(sympy.oo, -sympy.oo):
            return different("%s against %s" % (clip(left), clip(right)))
        if left.is_Rational and right.is_Rational:
            return different("%s against %s" % (clip(left), clip(right)))
        point = self.witness(left, right)
        if point is not None:
            return different(point)
        rest = sympy.expand(left - right)
        if rest.is_Rational and rest != 0:
            return different("they differ by %s" % clip(rest))
        return EQUAL if is_zero(left - right) else UNDECIDED

    def witness(self, left, right):
        """Finds a point at which both sides have a value, and not the same."""
        names = sorted(left.free_symbols | right.free_symbols, key=str)
        for values in points(len(names), self.domain):
            at = dict(zip(names, values))
            one, other = (value(side, at) for side in (left, right))
            if one is None or other is None:
                continue
            if self.domain != "complex" and names and any(abs(sympy.im(side)) > NEAR for side in (one, other)):
                # Where it is not real, it has no value.
                continue
            if abs(one - other) > FAR * (1 + abs(one)):
                where = ", ".join("%s = %s" % pair for pair in at.items())
                sides = "%s against %s" % (short(one), short(other))
                if short(one) == short(other):
                    sides = "they differ by %s" % short(one - other)
                return "%s%s" % (sides, " at " + where if where else "")
        return None

    def relations(self, left, right):
        """Compares what holds: by a constant factor, else by the numbers that solve it."""
        if isinstance(left, Relation) and isinstance(right, Relation) and self.proportional(left, right):
            return EQUAL
        if isinstance(left, Both) and isinstance(right, Both) and left.all_hold == right.all_hold:
            matched = lambda ones, others: all(any(self.relations(one, other) == EQUAL for other in others) for one in ones)
            if matched(left.parts, right.parts) and matched(right.parts, left.parts):
                return EQUAL
        names = free(left) | free(right)
        if len(names) != 1 or self.domain == "complex":
            return UNDECIDED
        name = names.pop()
        try:
            solved = [self.solutions(side, name) for side in (left, right)]
        except (NotImplementedError, TypeError, ValueError, RecursionError):
            return UNDECIDED
        if any(side is None for side in solved):
            return UNDECIDED
        return self.sets(*solved)

    def proportional(self, left, right):
        if left.kind in (sympy.Gt, sympy.Ge):
            left = Relation({sympy.Gt: sympy.Lt, sympy.Ge: sympy.Le}[left.kind], left.right, left.left)
        if right.kind in (sympy.Gt, sympy.Ge):
            right = Relation({sympy.Gt: sympy.Lt, sympy.Ge: sympy.Le}[right.kind], right.right, right.left)
        if left.kind != right.kind or is_zero(right.difference) or is_zero(left.difference):
            return False
        factor = sympy.cancel(left.difference / right.difference)
        if not factor.is_number or factor.is_zero is not False:
            return False
        return left.kind in (sympy.Eq, sympy.Ne) or factor.is_positive is True

    def solutions(self, relation, name):
        """Returns all numbers of the domain for which it holds; none where they are not known."""
        if isinstance(relation, Both):
            parts = [self.solutions(part, name) for part in relation.parts]
            if any(part is None for part in parts):
                return None
            return sympy.Intersection(*parts) if relation.all_hold else sympy.Union(*parts)
        plain = sympy.Symbol(name.name, real=True)
        difference = relation.difference.subs(name, plain)
        domain = {"real": S.Reals, "positive": sympy.Interval.open(0, sympy.oo), "integer": S.Integers}[self.domain]
        if relation.kind in (sympy.Eq, sympy.Ne):
            found = sympy.solveset(difference, plain, domain)
            found = found if relation.kind is sympy.Eq else sympy.Complement(domain, found)
        elif self.domain == "integer":
            return None
        else:
            found = sympy.Intersection(sympy.solveset(relation.kind(difference, 0), plain, S.Reals), domain)
        known = (sympy.FiniteSet, sympy.Interval, sympy.Union, sympy.Complement)
        is_known = found is S.EmptySet or isinstance(found, known) and not found.has(sympy.ConditionSet, sympy.ImageSet)
        return found if is_known else None

    def solved(self, equations, solution):
        """Puts each solution back into each equation."""
        equations = [self.builder.read(text) for text in re.split(r"[;\n]", equations) if text.strip()]
        if not equations:
            raise Unread("there is no equation")
        relations = []
        for equation in equations:
            parts = equation.parts if isinstance(equation, Both) and equation.all_hold else [equation]
            if not all(isinstance(part, Relation) for part in parts):
                raise Unread("an equation has two sides, and there is %s" % what(equation))
            relations += parts
        names = sorted(set().union(*(free(relation) for relation in relations)), key=str)
        found = EQUAL
        for at in self.assignments(solution, names):
            unknown = sorted(str(name) for name in at if name not in names)
            if unknown:
                return different("the equation has no `%s`" % unknown[0])
            for relation in relations:
                verdict, why = self.holds(relation, at)
                if verdict == "different":
                    where = ", ".join("%s = %s" % (name, clip(given)) for name, given in at.items())
                    return different("at %s: %s" % (where, why))
                if verdict != "equal":
                    found = (verdict, why)
        return found

    def holds(self, relation, at):
        left, right = (side.subs(at, simultaneous=True) for side in (relation.left, relation.right))
        if self.domain != "complex" and any(given.is_real is False for given in at.values()):
            return different("that is no real number")
        for side in (left, right):
            if side.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
                return different("a side has no value")
        if relation.kind is sympy.Eq:
            return self.expressions(left, right)
        if relation.kind is sympy.Ne:
            verdict, why = self.expressions(left, right)
            return {"equal": different("both sides are %s" % clip(left)), "different": EQUAL}.get(verdict, UNDECIDED)
        said = relation.kind(left, right)
        if said in (S.true, S.false):
            return EQUAL if said is S.true else different("%s against %s" % (clip(left), clip(right)))
        return UNDECIDED

    def assignments(self, text, names):
        """Reads what stands for what: `x = 1, y = 2`, `x = 1 or x = 2`, `{1, 2}`, `1`."""
        found = []
        for option in re.split(r"\bor\b|;|\n", text):
            if not option.strip():
                continue
            values = []
            for part in split(option):
                value = self.builder.read(part)
                values += value.parts if isinstance(value, Both) and value.all_hold else [value]
            if all(isinstance(value, Relation) and value.kind is sympy.Eq and value.left.is_Symbol for value in values):
                at = {}
                for value in values:
                    # `x = 1, x = 2` is two.
                    if value.left in at:
                        found.append(at)
                        at = {}
                    at[value.left] = value.right
                found.append(at)
            elif len(names) == 1 and all(isinstance(value, (sympy.Expr, sympy.FiniteSet)) for value in values):
                for value in values:
                    numbers = list(value) if isinstance(value, sympy.FiniteSet) else [value]
                    found += [{names[0]: number} for number in numbers]
            elif len(values) == 1 and isinstance(values[0], Ordered) and len(values[0].items) == len(names):
                found.append(dict(zip(names, (scalar(item) for item in values[0].items))))
            else:
                raise Unread("`%s` does not say what stands for what" % clip(option))
        if not found:
            raise Unread("there is no solution")
        return found


def split(text):
    """Parts a text at its outer commas."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def unnamed(left, right):
    """Drops a name that one side alone gives its value: `x = 5` against `5`."""
    values = []
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Named):
            one = one.value
        elif isinstance(one, Relation) and one.kind is sympy.Eq and isinstance(other, sympy.Expr):
            if one.left.is_Symbol and one.left not in one.right.free_symbols | other.free_symbols:
                one = one.right
        values.append(one)
    return values


def free(relation):
    if isinstance(relation, Both):
        return set().union(*(free(part) for part in relation.parts))
    if not isinstance(relation, Relation):
        raise Unread("a relation is wanted, and there is %s" % what(relation))
    return relation.left.free_symbols | relation.right.free_symbols


def is_zero(difference):
    """Says whether SymPy proves that it is zero."""
    for form in (lambda d: d, sympy.expand, sympy.cancel, sympy.radsimp, sympy.simplify,
                 lambda d: sympy.simplify(sympy.expand_log(sympy.expand_trig(d), force=False))):
        try:
            form = form(difference)
        except (NotImplementedError, sympy.PolynomialError, TypeError, ValueError, AttributeError):
            continue
        if form == 0 or form.is_zero is True:
            return True
    return difference.equals(0) is True


def points(count, domain):
    """Returns points that are always the same, of both signs where the domain has them."""
    if count == 0:
        return [()]
    if domain == "integer":
        steps = [2, 3, 1, 5, -2, -3, 0, 7, 4, -1]
    else:
        steps = [S(7) / 5, S(3) / 7, S(13) / 4, S(-7) / 5, S(-2) / 3, S(1) / 10, S(9), S(-5), S(23) / 9, S(-1) / 8]
    if domain == "positive":
        steps = [abs(step) for step in steps]
    if domain == "complex":
        steps = [step + sympy.I * other for step, other in zip(steps, steps[3:] + steps[:3])] + steps
    shifted = [steps[shift:] + steps[:shift] for shift in range(len(steps))]
    return [tuple(S(shifted[(row + 3 * column) % len(steps)][column % len(steps)]) for column in range(count))
            for row in range(len(steps))]


def value(side, at):
    """Returns a side's value at a point, to many digits; none where it has none."""
    try:
        found = side.subs(at).evalf(DIGITS, maxn=400)
    except (ValueError, TypeError, ZeroDivisionError, ArithmeticError, NotImplementedError, AttributeError, RecursionError):
        return None
    if not found.is_number or found.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) or not found.is_finite:
        return None
    # What is not evaluated to all of its digits says nothing.
    parts = found.as_real_imag()
    good = all(part.is_Number and (part == 0 or getattr(part, "_prec", 1000) > 60) for part in parts)
    return found if good else None


def short(number):
    real, imaginary = number.as_real_imag()
    text = lambda part: "%.6g" % float(part)
    return text(real) if abs(imaginary) < NEAR else "%s + %si" % (text(real), text(imaginary))


def main(given):
    judge = Judge(given["symbols"])
    try:
        if "equation" in given:
            verdict, why = judge.solved(given["equation"], given["solution"])
        else:
            verdict, why = judge.both(given["left"], given["right"])
    except Unread as error:
        verdict, why = "unreadable", str(error)
    except Bound as error:
        verdict, why = "bound", str(error)
    except RecursionError:
        verdict, why = "bound", "more levels than are looked at"
    except MemoryError:
        raise
    except Exception as error:
        # What SymPy cannot compare, such as sizes of numbers that are not real, it says in its own ways.
        verdict, why = "undecided", "SymPy says: %s" % clip(error)
    return {"verdict": verdict, "why": why}
