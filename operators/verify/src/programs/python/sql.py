"""Runs a query over a database of a sample's own, in memory, and compares its rows with those that are expected.

Schema and data may make tables and fill them, and the query may read them; nothing attaches a file, loads code, asks for
the time, or draws lots.
"""

import csv
import io
import json
import re
import sqlite3
from decimal import Decimal, InvalidOperation

MOST_STEPS, STEP, MOST_ROWS, MOST_LEFT, MOST_BYTES = 50_000_000, 10_000, 10_000, 1_000, 1_000_000
SHOWN = 120
# What is not the same the next time.
CHANGING = {"random", "randomblob", "current_time", "current_date", "current_timestamp", "changes", "total_changes",
            "last_insert_rowid", "sqlite_version", "sqlite_source_id", "load_extension", "readfile", "writefile", "edit"}
DATES = ("date", "time", "datetime", "julianday", "strftime", "unixepoch", "timediff")
READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, getattr(sqlite3, "SQLITE_RECURSIVE", 33)}
NEVER = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA}
PRAGMAS = {"foreign_keys", "table_info", "encoding"}


class Refused(Exception):
    """Something that is not run, or does not run."""


class Database:
    """A database in memory, with a bound of steps and an account of what was refused."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.other = sqlite3.connect(":memory:")
        self.refused = None
        self.steps = 0
        self.reading = False
        if hasattr(self.connection, "setlimit"):
            self.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
            self.connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        for name in DATES:
            self.connection.create_function(name, -1, self.dated(name), deterministic=True)
        self.connection.set_authorizer(self.allow)
        self.connection.set_progress_handler(self.step, STEP)

    def dated(self, name):
        def call(*arguments):
            if not arguments[name == "strftime":] or any(is_now(said) for said in arguments):
                self.refused = "`%s` asks for the time, which is another the next time" % name
                raise ValueError(self.refused)
            marks = ", ".join("?" * len(arguments))
            return self.other.execute("SELECT %s(%s)" % (name, marks), arguments).fetchone()[0]
        return call

    def allow(self, action, first, second, *_):
        if action in NEVER and not (action == sqlite3.SQLITE_PRAGMA and not self.reading and str(first).lower() in PRAGMAS):
            self.refused = "databases are not attached" if action != sqlite3.SQLITE_PRAGMA else "`pragma %s` is not run" % first
        elif action == sqlite3.SQLITE_FUNCTION and str(second).lower() in CHANGING:
            self.refused = "`%s` is not the same the next time, or reaches out" % second
        elif self.reading and action not in READS:
            self.refused = "the query writes"
        else:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def step(self):
        self.steps += STEP
        if self.steps > MOST_STEPS:
            self.refused = "it takes more than %d steps" % MOST_STEPS
            return 1
        return 0

    def run(self, what, work):
        try:
            return work()
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise Refused("%s: %s" % (what, self.refused or clip(error))) from None

    def fill(self, what, script):
        if script.strip():
            self.run(what, lambda: self.connection.executescript(script))

    def query(self, what, text):
        """Returns the names of the columns, and the rows."""
        self.reading, self.steps = True, 0

        def work():
            cursor = self.connection.execute(text)
            if cursor.description is None:
                raise ValueError("it is no query")
            rows = cursor.fetchmany(MOST_ROWS + 1)
            if len(rows) > MOST_ROWS:
                raise ValueError("it gives more than %d rows" % MOST_ROWS)
            return [column[0] for column in cursor.description], rows
        return self.run(what, work)


def is_now(said):
    """Says whether SQLite reads the word for the present time: it takes bytes for a text, and ends at a zero."""
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return said.split("\0")[0].strip().lower() == "now"


def clip(text):
    text = " ".join(str(text).split())
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def shown(row):
    def one(value):
        if value is None:
            return "NULL"
        return str(value) if isinstance(value, Decimal) else repr(str(value) if isinstance(value, Text) else value)
    return clip("(%s)" % ", ".join(map(one, row)))


class Text(str):
    """A value of a CSV, which may be a number."""


def read(text):
    """Reads rows: JSON, as lists or as objects, or CSV with a line of names; returns the names, if there are any."""
    text = text.strip()
    if text.startswith("{"):
        raise Refused("`expected` is one object: it is a list of rows, or CSV")
    if text.startswith("["):
        try:
            rows = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise Refused("`expected` is no JSON: %s" % clip(error)) from None
        if all(isinstance(row, dict) for row in rows):
            names = list(rows[0]) if rows else None
            if any(set(row) != set(names) for row in rows):
                raise Refused("rows of `expected` have different names")
            rows = [[row[name] for name in names] for row in rows]
        else:
            names = None
            rows = [row if isinstance(row, list) else [row] for row in rows]
        rows = [[plain(value) for value in row] for row in rows]
    else:
        lines = list(csv.reader(io.StringIO(text)))
        names = lines[0] if lines else None
        rows = [[Text(value) for value in line] for line in lines[1:] if line]
    if len({len(row) for row in rows}) > 1:
        raise Refused("rows of `expected` have different lengths")
    return names, rows


def plain(value):
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, (int, Decimal, str)):
        return value
    raise Refused("`expected` holds %s, which no column holds" % clip(json.dumps(value, default=str)))


def number(value):
    """Returns a number as it is written; none if it is none."""
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Text):
        try:
            return Decimal(value.strip()) if re.match(r"^\s*[-+]?[0-9.]", value) else None
        except InvalidOperation:
            return None
    return None


def same(wanted, found, tolerance):
    if isinstance(wanted, Text):
        # In a CSV nothing, an empty text and NULL look the same.
        if wanted == "" or found is None:
            return wanted.strip().upper() in ("", "NULL") and found in (None, "")
        if isinstance(found, str):
            return str(wanted) == found
    one, other = number(wanted), number(found)
    if one is not None and other is not None:
        return one.is_finite() and other.is_finite() and abs(one - other) <= tolerance
    return type(wanted) is type(found) and wanted == found


def alike(wanted, found, tolerance):
    return len(wanted) == len(found) and all(same(*pair, tolerance) for pair in zip(wanted, found))


def compare(wanted, found, ordered, tolerance):
    """Says where rows differ first; nothing if they do not."""
    if wanted and found and len(wanted[0]) != len(found[0]):
        return "%d columns are expected, and there are %d" % (len(wanted[0]), len(found[0]))
    if ordered:
        for at, (one, other) in enumerate(zip(wanted, found)):
            if not alike(one, other, tolerance):
                return "row %d is %s, and %s is expected" % (at + 1, shown(other), shown(one))
    else:
        left, missing = list(found), []
        index = {}
        for at, row in enumerate(found):
            index.setdefault(key(row), []).append(at)
        taken = set()
        for row in wanted:
            places = index.get(key(row))
            if places and alike(row, found[places[-1]], tolerance):
                taken.add(places.pop())
            else:
                missing.append(row)
        left = [row for at, row in enumerate(found) if at not in taken]
        if max(len(left), len(missing)) > MOST_LEFT:
            return "%d rows are missing" % len(missing)
        for row in missing:
            at = next((at for at, other in enumerate(left) if alike(row, other, tolerance)), None)
            if at is None:
                return "the row %s is missing" % shown(row)
            left.pop(at)
        if left:
            return "the row %s is not expected" % shown(left[0])
    if len(wanted) != len(found):
        more = (found if len(found) > len(wanted) else wanted)[min(len(found), len(wanted))]
        return "%d rows are expected, and there are %d; the first of the rest is %s" % (len(wanted), len(found), shown(more))
    return None


def key(row):
    """Rows that are the same have the same key, but for tolerance."""
    return tuple("" if value is None else str(number(value).normalize()) if number(value) is not None else str(value)
                 for value in row)


def main(given):
    tolerance = Decimal(given["tolerance"])
    try:
        database = Database()
        database.fill("`schema`", given["schema"])
        database.fill("`data`", given["data"])
        names, found = database.query("`query`", given["query"])
        if given["reference"] is not None:
            wanted_names, wanted = database.query("`reference`", given["reference"])
        else:
            wanted_names, wanted = read(given["expected"])
    except Refused as error:
        return {"verdict": "refused", "why": str(error)}
    if not wanted and not given["allow_empty"]:
        return {"verdict": "refused", "why": "no row is expected, which any wrong query gives: `allow_empty` accepts it"}
    if given["columns"] and wanted_names is not None and [n.lower() for n in wanted_names] != [n.lower() for n in names]:
        return {"verdict": "different", "why": "the columns are %s, and %s are expected" % (shown(names), shown(wanted_names))}
    why = compare(wanted, found, given["ordered"], tolerance)
    return {"verdict": "different" if why else "equal", "why": why}
