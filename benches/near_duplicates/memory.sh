#!/usr/bin/env bash
# Purges near-duplicates of a corpus within a memory limit: as root, in a memory cgroup.
#
#   RIFFLEBOX_DATA=… benches/near_duplicates/memory.sh [LIMIT_MB [ROWS …]]
#
# What the kernel counts includes cached pages of files; it takes those back when memory is short.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

limit=$((${1:-2048} << 20))
shift || true
bench=$(cargo bench --bench near_duplicates --no-run 2>&1 | sed -n 's/.*(\(.*\))$/\1/p' | tail -n 1)
if [[ -d /sys/fs/cgroup/memory ]]; then
    group=/sys/fs/cgroup/memory/rifflebox-near
    mkdir -p "$group"
    echo "$limit" >"$group/memory.limit_in_bytes"
else
    group=/sys/fs/cgroup/rifflebox-near
    mkdir -p "$group"
    echo "$limit" >"$group/memory.max"
fi
for rows in "${@:-1000000}"; do
    folder=${CARGO_TARGET_DIR:-target}/tmp/near-memory-$rows
    rm -rf "$folder"
    "$bench" corpus "$folder" "$rows"
    sleep 3
    build() {
        (
            echo "$BASHPID" >"$group/cgroup.procs"
            exec "$bench" build "$folder" 2 near
        )
    }
    echo "$rows rows: $(build)"
    for round in 0 1 2; do
        "$bench" change "$folder" "$round"
        echo "$rows rows, 100 changed: $(build)"
    done
    echo "$rows rows: $(du -sm "$folder/documents" | cut -f 1) MB of JSON, $(du -sm "$folder/workspace" | cut -f 1) MB kept"
    rm -rf "$folder"
done
