"""What datatrove decides of documents, and where rifflebox decides otherwise.

    pip install -r requirements.txt
    python compare.py expect FILE > expected.jsonl
    python compare.py compare FILE OURS

FILE holds JSON lines of {"id", "text"}; a name that ends in .zst is decompressed, and a row without an id
takes its "path". OURS is what `cargo run --example decisions < FILE` prints. `expect` writes one line a
document, {"id", "<filter>": datatrove's reason to drop it}. `compare` prints, by filter, documents, agreement
and each difference, and fails below 99.9 %.

All filters have their defaults, for English: datatrove then splits words and sentences with spaCy's blank
English pipeline, which downloads nothing.
"""

import io
import json
import sys

import zstandard
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

FILTERS = {
    "c4-quality": C4QualityFilter(),
    "fineweb-quality": FineWebQualityFilter(),
    "gopher-quality": GopherQualityFilter(),
    "gopher-repetition": GopherRepetitionFilter(),
}


def rows(name):
    with open(name, "rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file) if name.endswith(".zst") else file
        for line in io.TextIOWrapper(stream, encoding="utf-8", newline="\n"):
            row = json.loads(line)
            yield str(row.get("id", row.get("path"))), row["text"]


def decide(id, text):
    decisions = {}
    for name, filter in FILTERS.items():
        # C4's filter edits the document that it is given.
        result = filter.filter(Document(text=text, id=id))
        kept, reason = result if isinstance(result, tuple) else (result, None)
        if not kept:
            decisions[name] = reason
    return decisions


def compare(name, ours_name):
    with open(ours_name, encoding="utf-8", newline="\n") as file:
        ours = [json.loads(line) for line in file]
    theirs = [(id, decide(id, text)) for id, text in rows(name)]
    assert [id for id, _ in theirs] == [row["id"] for row in ours], "the decisions are of other documents"
    failed = False
    for filter in FILTERS:
        pairs = [(id, their.get(filter), our[filter]) for (id, their), our in zip(theirs, ours)]
        different = [(id, their, our) for id, their, our in pairs if (their is None) != (our is None)]
        kept = sum(their is None for _, their, _ in pairs)
        agreement = 1 - len(different) / len(pairs)
        failed |= agreement < 0.999
        print(f"{filter}: {len(pairs)} documents, {kept} kept by datatrove, agreement {agreement:.4%}")
        for id, their, our in different:
            print(f"  {id}: datatrove {their or 'keeps'}, rifflebox {our or 'keeps'}")
    return failed


def main():
    match sys.argv[1:]:
        case ["expect", name]:
            for id, text in rows(name):
                print(json.dumps({"id": id} | decide(id, text), ensure_ascii=False))
        case ["compare", name, ours]:
            sys.exit(compare(name, ours))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
