"""What datatrove decides of documents, and where rifflebox decides otherwise.

    pip install -r requirements.txt
    python compare.py expect FILE > expected.jsonl
    python compare.py compare FILE OURS

FILE holds JSON lines of {"id", "text"}; a name that ends in .zst is decompressed, and a row without an id
takes its "path". OURS is what `cargo run --example decisions < FILE` prints. `expect` writes one line a
document, {"id", "<filter>": null or datatrove's reason}. `compare` prints, by filter, documents, agreement
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
    decisions = {"id": id}
    for name, filter in FILTERS.items():
        # C4's filter edits the document that it is given.
        result = filter.filter(Document(text=text, id=id))
        kept, reason = result if isinstance(result, tuple) else (result, None)
        decisions[name] = None if kept else reason
    return decisions


def compare(name, ours_name):
    with open(ours_name, encoding="utf-8", newline="\n") as file:
        ours = [json.loads(line) for line in file]
    theirs = [decide(id, text) for id, text in rows(name)]
    assert len(theirs) == len(ours), f"{len(theirs)} documents, but {len(ours)} decisions of ours"
    failed = False
    for filter in FILTERS:
        pairs = list(zip(theirs, ours))
        different = [pair for pair in pairs if (pair[0][filter] is None) != (pair[1][filter] is None)]
        kept = sum(row[filter] is None for row in theirs)
        agreement = 1 - len(different) / len(pairs)
        failed |= agreement < 0.999
        print(f"{filter}: {len(pairs)} documents, {kept} kept by datatrove, agreement {agreement:.4%}")
        for their, our in different:
            print(f"  {their['id']}: datatrove {their[filter] or 'keeps'}, rifflebox {our[filter] or 'keeps'}")
    return failed


def main():
    match sys.argv[1:]:
        case ["expect", name]:
            for id, text in rows(name):
                print(json.dumps(decide(id, text), ensure_ascii=False))
        case ["compare", name, ours]:
            sys.exit(compare(name, ours))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
