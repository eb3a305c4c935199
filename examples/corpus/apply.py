#!/usr/bin/env python3
"""Applies real change sets of `history/changes.jsonl` to a corpus folder.

    apply.py SET [CORPUS]      SET is a number, or a range such as 1-12; CORPUS defaults to this script's folder

Prints each path that changed. Sets of one repository have to be applied in order.
"""

import json
import sys
from pathlib import Path


def apply(first, last, corpus):
    for line in (corpus / "history" / "changes.jsonl").read_text("utf-8").splitlines():
        change = json.loads(line)
        if not first <= change["set"] <= last:
            continue
        page = corpus / "documents" / change["path"]
        if change["op"] == "delete":
            page.unlink()
        else:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(change["text"].encode("utf-8"))
        print(f"set {change['set']}: {change['op']} {change['path']}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    first, _, last = sys.argv[1].partition("-")
    corpus = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    apply(int(first), int(last or first), corpus)
