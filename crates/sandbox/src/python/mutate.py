"""Mutants of a solution: its syntax tree with one small fault each.

A mutant whose byte code is the original's is the original, and none is made of what no test can see: docstrings,
annotations, and the body of `if __name__ == "__main__"`.
"""

import ast
import copy

import exam

ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
              ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
              ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd}
COMPARISON = {ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
              ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
              ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,)}
DELETED = (ast.Assign, ast.AugAssign, ast.Expr, ast.Raise, ast.Delete, ast.Break, ast.Continue)


class Sites(ast.NodeVisitor):
    """Finds the places of a tree where a fault can stand, in the order of the text."""

    def __init__(self):
        self.found = []

    def add(self, node, kind, before, change):
        self.found.append((node.lineno, node.col_offset, len(self.found), kind, before, change))

    def visit_BinOp(self, node):
        other = ARITHMETIC.get(type(node.op))
        text = isinstance(node.left, (ast.Constant, ast.JoinedStr)) and isinstance(getattr(node.left, "value", ""), str)
        if other and not (text and isinstance(node.op, (ast.Mod, ast.Add))):
            self.add(node, "arithmetic", node, lambda new: setattr(new, "op", other()))
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        other = ARITHMETIC.get(type(node.op))
        if other:
            self.add(node, "arithmetic", node, lambda new: setattr(new, "op", other()))
        self.delete(node)
        self.generic_visit(node)

    def visit_Compare(self, node):
        for index, operator in enumerate(node.ops):
            for other in COMPARISON.get(type(operator), ()):
                self.add(node, "comparison", node, lambda new, at=index, to=other: new.ops.__setitem__(at, to()))
        self.generic_visit(node)

    def visit_BoolOp(self, node):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        self.add(node, "boolean", node, lambda new: setattr(new, "op", other()))
        self.generic_visit(node)

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            self.add(node, "boolean", node, lambda new: replace(new, new.operand))
        elif isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            self.add(node, "arithmetic", node, lambda new: replace(new, new.operand))
        self.generic_visit(node)

    def visit_Constant(self, node):
        value = node.value
        if isinstance(value, bool):
            changed = not value
        elif isinstance(value, (int, float)):
            changed = value + 1
        elif isinstance(value, str):
            changed = "" if value else "mutant"
        else:
            return
        self.add(node, "constant", node, lambda new: setattr(new, "value", changed))

    def visit_JoinedStr(self, node):
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                self.visit(value.value)

    def visit_Return(self, node):
        none = isinstance(node.value, ast.Constant) and node.value.value is None
        if node.value is not None and not none:
            self.add(node, "return", node, lambda new: setattr(new, "value", ast.Constant(None)))
        self.generic_visit(node)

    def visit_Assign(self, node):
        self.delete(node)
        self.generic_visit(node)

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):
            self.delete(node)
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.generic_visit(node)

    def visit_Raise(self, node):
        # What an exception says is for people.
        self.delete(node)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node):
        pass

    def visit_FunctionDef(self, node):
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(part)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node):
        if "__name__" not in {getattr(inner, "id", None) for inner in ast.walk(node.test)}:
            self.generic_visit(node)

    def visit_Import(self, node):
        pass

    visit_ImportFrom = visit_Import

    def visit_Break(self, node):
        self.delete(node)

    visit_Continue = visit_Break

    def delete(self, node):
        self.add(node, "statement", node, lambda new: replace(new, ast.Pass()))


def replace(node, other):
    """Makes a node be another, in place."""
    location = {name: getattr(node, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    node.__class__ = other.__class__
    node.__dict__ = {**other.__dict__, **location}


def code_of(tree):
    """Returns what a tree compiles to, as far as it can be told apart by running it."""
    def plain(code):
        constants = tuple(plain(item) if hasattr(item, "co_code") else (type(item).__name__, repr(item))
                          for item in code.co_consts)
        return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return plain(compile(tree, "<mutant>", "exec"))


def mutants(source):
    """Says each mutant that differs from the original and from those before it: its line, kind, text and source."""
    tree = ast.parse(source)
    seen = {code_of(copy.deepcopy(tree))}
    sites = Sites()
    sites.visit(tree)
    same = 0
    made = []
    for line, _, _, kind, node, change in sorted(sites.found, key=lambda site: site[:3]):
        kept = (node.__class__, dict(node.__dict__), list(getattr(node, "ops", [])))
        before = ast.unparse(node)
        change(node)
        ast.fix_missing_locations(tree)
        after = ast.unparse(node)
        try:
            code = code_of(tree)
            text = ast.unparse(tree)
        except (SyntaxError, ValueError, RecursionError):
            code = None
        node.__class__, node.__dict__ = kept[0], kept[1]
        if kept[2]:
            node.ops[:] = kept[2]
        if code is None or code in seen:
            same += 1
            continue
        seen.add(code)
        made.append({"line": line, "kind": kind, "before": exam.clip(before), "after": exam.clip(after), "source": text})
    return made, same


def main(task, report, seed):
    """Returns a solution's mutants; where there are too many, so many of them, spread over the text."""
    try:
        made, same = mutants(task["solution"])
    except (SyntaxError, ValueError, RecursionError) as error:
        return {"outcome": "unfit", "why": "the solution does not parse: %s" % exam.shown(error, str)}
    most = task["most"]
    taken = made if len(made) <= most else [made[index * len(made) // most] for index in range(most)]
    return {"outcome": "mutants", "why": None, "mutants": taken, "all": len(made), "same": same}
