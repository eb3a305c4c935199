#!/usr/bin/env python3
"""Loads published folders with the four readers that users have, and compares what they see.

    read_folder.py FOLDER …

Every config of each folder's card, and `all` where there is one, is loaded by `datasets`, pyarrow, polars
and DuckDB: the same rows in the same columns, as many as the card says, each with one row of provenance.
Prints a line per folder; exits 1 at the first difference, naming it.
"""

import collections
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import datasets  # noqa: E402
import duckdb  # noqa: E402
import polars  # noqa: E402
import pyarrow  # noqa: E402
import pyarrow.dataset  # noqa: E402
import pyarrow.parquet  # noqa: E402
import yaml  # noqa: E402  (comes with datasets)

SHARED = ["tier", "source", "license", "tokens"]
COLUMNS = {
    "text": ["id", "text", *SHARED],
    "messages": ["id", "messages", "context", *SHARED],
    "completion": ["id", "prompt", "completion", "context", *SHARED],
    "preference": ["id", "prompt", "chosen", "rejected", "context", *SHARED],
}
PROVENANCE = {
    "id", "stage", "documents", "seed_digests", "generator", "generator_version", "generator_fingerprint",
    "family", "model", "model_hash", "prompt_digest", "terms", "verifiers", "tier", "depth", "displaced",
    "displaced_count", "redactions",
}
VERIFIER = {"name", "version", "fingerprint", "family", "model", "accept", "score", "reason", "votes"}


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def equal(found, wanted, what):
    expect(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


class Folder:
    """A published folder, as its own card and list describe it."""

    def __init__(self, path):
        self.path = Path(path)
        _, head, self.prose = (self.path / "README.md").read_text("utf-8").split("---\n", 2)
        self.card = yaml.safe_load(head)
        self.snapshot = json.loads((self.path / "snapshot.json").read_text("utf-8"))
        self.data_card = json.loads((self.path / "data-card.json").read_text("utf-8"))
        self.info = {info["config_name"]: info for info in self.card["dataset_info"]}
        self.configs = {config["config_name"]: config for config in self.card["configs"]}

    def kinds(self, config):
        held = sorted({path.split("/")[1] for _, path in self.files(config)}, key=list(COLUMNS).index)
        expect(config == "all" or held == [config], f"config {config} lists shards of {held}")
        return held

    def files(self, config):
        listed = self.configs[config]["data_files"]
        return [(entry["split"], path) for entry in listed for path in entry["path"]]

    def columns(self, config):
        """The columns that the config promises."""
        order = ["id", "text", "messages", "prompt", "completion", "chosen", "rejected", "context", *SHARED]
        held = {column for kind in self.kinds(config) for column in COLUMNS[kind]}
        return [column for column in order if column in held]

    def splits(self, config):
        return {split["name"]: split["num_examples"] for split in self.info[config]["splits"]}


def check_list(folder):
    """The folder holds what `snapshot.json` lists, byte for byte, and the card lists all data shards."""
    files = {entry["path"]: entry for entry in folder.snapshot["files"]}
    held = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*.parquet")}
    expect(set(files) <= held, f"missing files: {sorted(set(files) - held)[:3]}")
    for path, entry in files.items():
        content = (folder.path / path).read_bytes()
        equal(len(content), entry["bytes"], f"bytes of {path}")
        equal(hashlib.sha256(content).hexdigest(), entry["sha256"], f"sha256 of {path}")
        equal(pyarrow.parquet.read_metadata(folder.path / path).num_rows, entry["rows"], f"rows of {path}")
    shards = sorted(path for path in files if path.startswith("data/"))
    default = [config["config_name"] for config in folder.card["configs"] if config.get("default")]
    equal(len(default), 1, "default configs")
    equal(sorted(path for _, path in folder.files(default[0])), shards, "shards of the default config")
    kinds = {path.split("/")[1] for path in shards}
    equal(set(folder.configs), kinds | ({"all"} if len(kinds) > 1 else set()), "configs")
    equal(default[0], "all" if len(kinds) > 1 else next(iter(kinds)), "the default config")
    equal(sorted(shard["data"]["path"] for shard in folder.data_card["shards"]), shards, "shards of data-card.json")
    equal(folder.data_card["snapshot"], folder.snapshot["snapshot"], "the digest in data-card.json")
    rows = sum(entry["rows"] for path, entry in files.items() if path.startswith("data/"))
    equal(folder.data_card["total"]["total"]["samples"], rows, "samples in data-card.json")


def read_datasets(folder, config, split, cache):
    rows = datasets.load_dataset(str(folder.path), config, split=split, cache_dir=cache)
    equal(rows.column_names, folder.columns(config), f"columns of {config} in datasets")
    stream = datasets.load_dataset(str(folder.path), config, split=split, streaming=True)
    plain = [{name: row.get(name) for name in rows.column_names} for row in stream]
    equal(plain, rows.to_list(), f"streamed rows of {config}")
    return plain


def read_pyarrow(folder, config, split):
    files = [str(folder.path / path) for name, path in folder.files(config) if name == split]
    schema = pyarrow.unify_schemas([pyarrow.parquet.read_schema(file) for file in files])
    table = pyarrow.dataset.dataset(files, format="parquet", schema=schema).to_table()
    return table.select(folder.columns(config)).to_pylist()


def read_polars(folder, config, split):
    frames = [polars.read_parquet(folder.path / path) for name, path in folder.files(config) if name == split]
    frame = polars.concat(frames, how="diagonal")
    return frame.select(folder.columns(config)).to_dicts()


def read_duckdb(folder, config, split):
    files = [str(folder.path / path) for name, path in folder.files(config) if name == split]
    columns = folder.columns(config)
    query = duckdb.sql("SELECT {} FROM read_parquet({}, union_by_name = true)".format(
        ", ".join(f'"{column}"' for column in columns), files))
    return [dict(zip(columns, row)) for row in query.fetchall()]


def check_config(folder, config, cache):
    """All readers see the same rows of a config, in the promised columns, as many as the card says."""
    features = [field["name"] for field in folder.info[config]["features"]]
    equal(features, folder.columns(config), f"dataset_info of {config}")
    expect(set(folder.splits(config)) == {split for split, _ in folder.files(config)}, f"splits of {config}")
    by_id = lambda rows: sorted(rows, key=lambda row: row["id"])  # noqa: E731
    seen = []
    for split, wanted in folder.splits(config).items():
        rows = by_id(read_datasets(folder, config, split, cache))
        equal(len(rows), wanted, f"rows of {config}/{split}")
        for reader in (read_pyarrow, read_polars, read_duckdb):
            expect(by_id(reader(folder, config, split)) == rows, f"{reader.__name__} sees other rows of {config}")
        seen += rows
    check_rows(folder, config, seen)
    return seen


def check_rows(folder, config, rows):
    equal(len({row["id"] for row in rows}), len(rows), f"distinct ids of {config}")
    for row in rows:
        present = {column for column, value in row.items() if value is not None}
        shapes = [kind for kind in folder.kinds(config)
                  if present | {"license", "context"} == set(COLUMNS[kind]) | {"license", "context"}]
        equal(len(shapes), 1, f"layouts that {row['id']} of {config} fits, by its columns {sorted(present)}")
        expect(row["tier"] in ("T0", "T1", "T2", "T3"), f"tier of {row['id']}")
        expect(row["tokens"] >= 0 and row["source"], f"tokens and source of {row['id']}")


def check_provenance(folder, rows):
    """Each row has one row of provenance, in the file beside its shard, in the same order."""
    for shard in folder.data_card["shards"]:
        data = polars.read_parquet(folder.path / shard["data"]["path"])
        story = polars.read_parquet(folder.path / shard["provenance"]["path"])
        expect(data["id"].to_list() == story["id"].to_list(), f"provenance of {shard['data']['path']}")
        expect(data["id"].is_sorted() and data["id"].is_unique().all(), f"order of {shard['data']['path']}")
        expect(data["tier"].to_list() == story["tier"].to_list(), f"tiers of {shard['provenance']['path']}")
        expect(PROVENANCE <= set(story.columns), f"missing columns {PROVENANCE - set(story.columns)}")
        fields = {field.name for field in story.schema["verifiers"].inner.fields}
        expect(VERIFIER <= fields, f"missing fields of verifiers {VERIFIER - fields}")
        expect(all(story["documents"].list.len() == story["seed_digests"].list.len()), "a digest for each document")
        tokens = collections.Counter()
        for tier, count in zip(data["tier"], data["tokens"]):
            tokens[tier] += count
        listed = {tier: count["tokens"] for tier, count in shard["figures"]["tiers"].items()}
        equal(listed, dict(tokens), f"tokens by tier of {shard['data']['path']}")
    glob = str(folder.path / "provenance" / "*" / "*.parquet")
    stories = [row[0] for row in duckdb.sql(f"SELECT id FROM read_parquet('{glob}')").fetchall()]
    equal(sorted(stories), sorted(row["id"] for row in rows), "ids of provenance")
    table = pyarrow.dataset.dataset(str(folder.path / "provenance"), format="parquet").to_table()
    equal(table.num_rows, len(rows), "rows of provenance in pyarrow")


def check(path):
    folder = Folder(path)
    check_list(folder)
    with tempfile.TemporaryDirectory() as cache:
        rows = {config: check_config(folder, config, cache) for config in folder.configs}
        default = next(config["config_name"] for config in folder.card["configs"] if config.get("default"))
        plain = datasets.load_dataset(str(folder.path), cache_dir=cache)
        equal({name: part.num_rows for name, part in plain.items()}, folder.splits(default), "rows without a config")
    singles = [row["id"] for config, held in rows.items() if config != "all" for row in held]
    equal(sorted(singles), sorted(row["id"] for row in rows[default]), "ids of the default config")
    check_provenance(folder, rows[default])
    shards = len(folder.data_card["shards"])
    print(f"{path}: {len(singles)} rows in {shards} shards, configs {', '.join(rows)}: four readers agree")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for argument in sys.argv[1:]:
        try:
            check(argument)
        except AssertionError as error:
            sys.exit(f"{argument}: {error}")
