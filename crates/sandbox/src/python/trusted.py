"""Asks a program that is trusted about data that is not."""

import sys
import types


def main(task, report, seed):
    """Runs the program's `main`; what it raises is for the server to print."""
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile(task["program"], "<trusted>", "exec"), vars(module))
    return {"answer": module.main(task["input"])}
