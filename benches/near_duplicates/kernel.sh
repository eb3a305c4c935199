#!/usr/bin/env bash
# Counts the instructions of signatures with valgrind, whose machine has AVX2 and no AVX-512.
#
#   RIFFLEBOX_DATA=… benches/near_duplicates/kernel.sh [ROWS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rows=${1:-1000}
bench=$(cargo bench --bench near_duplicates --no-run 2>&1 | sed -n 's/.*(\(.*\))$/\1/p' | tail -n 1)
folder=${CARGO_TARGET_DIR:-target}/tmp/near-kernel
rm -rf "$folder"
"$bench" corpus "$folder" "$rows"
shingles=$("$bench" shingles "$folder")
counted=$(valgrind --tool=callgrind --callgrind-out-file="$folder/callgrind.out" --collect-atstart=no \
    --toggle-collect='*Permutations*sign*' "$bench" build "$folder" 1 near 2>&1 >/dev/null |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p')
echo "$shingles shingles, $counted instructions: $(python3 -c "print(round($counted / $shingles / 36, 3))") per shingle and permutation"
