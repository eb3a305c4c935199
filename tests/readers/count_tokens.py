#!/usr/bin/env python3
"""Compares the tokens of a published folder with the counts of the tokenizer's own library.

    count_tokens.py train TOKENIZER FOLDER   makes a small tokenizer.json of the pages below FOLDER
    count_tokens.py check TOKENIZER FOLDER   counts each row of the published FOLDER again

Special tokens count as plain text. Exits 1 at the first difference, naming the row.
"""

import json
import sys
from pathlib import Path

import pyarrow.parquet
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXTS = ["text", "context", "prompt", "completion", "chosen", "rejected"]


def train(path, folder):
    """A byte-level BPE of 2,000 tokens, with a limit and a special token that no count may heed."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=["the"], initial_alphabet=alphabet, show_progress=False
    )
    pages = sorted(str(page) for page in Path(folder).rglob("*.md"))
    assert pages, f"no pages below {folder}"
    tokenizer.train(pages, trainer)
    tokenizer.enable_truncation(max_length=16)
    tokenizer.save(path)


def check(path, folder):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    rows = total = 0
    for shard in sorted(Path(folder).glob("data/*/*.parquet")):
        for row in pyarrow.parquet.read_table(shard).to_pylist():
            texts = [row[name] for name in TEXTS if row.get(name) is not None]
            texts += [turn["content"] for turn in row.get("messages") or []]
            wanted = sum(len(tokenizer.encode(text, add_special_tokens=False)) for text in texts)
            assert row["tokens"] == wanted, f"{row['id']}: {row['tokens']} tokens published, {wanted} counted"
            rows, total = rows + 1, total + wanted
    assert rows, f"no rows in {folder}"
    print(f"{folder}: {rows} rows, {total} tokens, counted alike")


if __name__ == "__main__":
    {"train": train, "check": check}[sys.argv[1]](*sys.argv[2:])
