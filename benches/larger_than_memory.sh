#!/usr/bin/env bash
# Builds a dataset whose arrangements exceed its memory, and changes its flow: as root, in a memory cgroup of 1 GiB.
#
#   benches/larger_than_memory.sh [DOCUMENTS [MIB]]
#
# 300,000 documents make 2.3 GB of arrangements. A stage that changes is shown all of its inputs again, and may say
# something else of each. `ulimit -v` would not do: it counts mappings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

documents=${1:-300000}
limit=$((${2:-1024} << 20))
bench=$(cargo bench --bench larger_than_memory --no-run 2>&1 | sed -n 's/.*(\(.*\))$/\1/p' | tail -n 1)
folder=${CARGO_TARGET_DIR:-target}/tmp/larger-than-memory-$documents
rm -rf "$folder"
"$bench" "$folder" "corpus:$documents"

if [[ -d /sys/fs/cgroup/memory ]]; then
    group=/sys/fs/cgroup/memory/rifflebox
    mkdir -p "$group"
    echo "$limit" >"$group/memory.limit_in_bytes"
else
    group=/sys/fs/cgroup/rifflebox
    mkdir -p "$group"
    echo "$limit" >"$group/memory.max"
fi
for step in first verifier stage recipe generator; do
    echo -n "$step: "
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        exec "$bench" "$folder" "$step"
    )
done
echo "arrangements: $(du -sb "$folder/workspace/data" | cut -f 1) bytes; memory: $limit bytes"
