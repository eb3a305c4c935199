"""What others need for the same rows: `peers.py rensa|datasketch FOLDER`, of PyPI's packages of these names.

Reads the JSON, makes sets of word 5-grams in Python, as their users do, signs them by 128 permutations, and finds what
shares one of 16 bands of 8. Neither verifies what it finds, nor keeps anything. Prints CPU seconds, seconds and memory.
"""

import json
import pathlib
import re
import resource
import sys
import time

PERMUTATIONS, BANDS, N = 128, 16, 5
WORD = re.compile(r"\w+")


def rows(folder):
    for path in sorted(pathlib.Path(folder, "documents").iterdir()):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def shingles(text):
    words = WORD.findall(text.lower())
    return {" ".join(words[start:start + N]) for start in range(max(1, len(words) - N + 1))}


def with_rensa(folder):
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.8, num_perm=PERMUTATIONS, num_bands=BANDS)
    found = 0
    for number, row in enumerate(rows(folder)):
        signature = RMinHash(num_perm=PERMUTATIONS, seed=1)
        signature.update(list(shingles(row["text"])))
        found += bool(index.query(signature))
        index.insert(number, signature)
    return found


def with_rensa_batches(folder, size=1_000):
    """Its fastest way: signatures of many sets at once, and what is doubled within them by bands at once."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.8, num_perm=PERMUTATIONS, num_bands=BANDS)
    sets, first, found = [], 0, 0
    matrices = []
    for row in rows(folder):
        sets.append(list(shingles(row["text"])))
        if len(sets) == size:
            matrices.append(RMinHash.digest_matrix_from_token_sets(sets, PERMUTATIONS, 1))
            sets = []
    if sets:
        matrices.append(RMinHash.digest_matrix_from_token_sets(sets, PERMUTATIONS, 1))
    for matrix in matrices:
        found += sum(index.insert_matrix_and_query_duplicate_flags(matrix, first))
        first += size
    return found


def with_datasketch(folder):
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, PERMUTATIONS // BANDS))
    found = 0
    with index.insertion_session() as session:
        for number, row in enumerate(rows(folder)):
            signature = MinHash(num_perm=PERMUTATIONS, seed=1)
            signature.update_batch([shingle.encode() for shingle in shingles(row["text"])])
            found += bool(index.query(signature))
            session.insert(number, signature)
    return found


def main():
    _, peer, folder = sys.argv
    ways = {"rensa": with_rensa, "rensa-batches": with_rensa_batches, "datasketch": with_datasketch}
    started = time.perf_counter()
    found = ways[peer](folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "cpu": used.ru_utime + used.ru_stime,
        "wall": time.perf_counter() - started,
        "peak_mb": used.ru_maxrss / 1024,
        "displaced": found,
    }))


if __name__ == "__main__":
    main()
