#!/usr/bin/env bash
# Makes the reference results again: results/reference/refresh.sh [DATA_DIR] [NAME …]
# Without a data folder, sets that cannot be fetched are left to their stand-ins, which the figures say. Only a quiet
# machine gives times worth keeping (`nmfbench doctor`).
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${1:-}
shift || true
cargo build --release
run() { # NAME COMMAND…: runs it, keeps summary, pictures and machine
  local name=$1 folder found
  shift
  target/release/nmfbench "$@" ${data:+--data-dir "$data"}
  for folder in "results/$name" "results/$name-stand-in"; do [ -f "$folder/summary.md" ] && found=$folder; done
  rm -rf "results/reference/$name"
  mkdir -p "results/reference/$name"
  cp "$found"/summary.md "$found"/machine-*.json "$found"/figures/*.png "results/reference/$name/"
}
papers=$(cd experiments/papers && printf '%s\n' *.toml | sed 's/\.toml$//')
for name in ${@:-faces $papers}; do
  if [ -f "experiments/$name.toml" ]; then run "$name" run "experiments/$name.toml"; else run "$name" paper "$name"; fi
done
