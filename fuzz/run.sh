#!/usr/bin/env bash
# Runs every fuzz target for so many seconds (default 20) and fails when one fails.
# It needs neither a nightly compiler nor cargo-fuzz: these are the flags that
# `cargo fuzz --sanitizer none` would pass.
#   fuzz/run.sh [SECONDS] [TARGET…]
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-20}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(jwt jwks pem fhirpath r4_xml r4_json search)
host=$(rustc -vV | sed -n 's/^host: //p')

flags=(--cfg fuzzing -Cpasses=sancov-module)
for option in level=4 inline-8bit-counters pc-table trace-compares; do
  flags+=("-Cllvm-args=-sanitizer-coverage-$option")
done
# With an explicit --target the flags do not reach build scripts and macros.
RUSTFLAGS="${flags[*]}" cargo build --release --locked --target "$host" --target-dir target

for target in "${targets[@]}"; do
  # What is found goes beside the build; what is in `corpus` was put there by hand.
  mkdir -p "target/corpus/$target" "artifacts/$target"
  log="artifacts/$target/log"
  if "target/$host/release/$target" \
    -max_total_time="$seconds" -max_len=10240 -timeout=5 -rss_limit_mb=1024 \
    -artifact_prefix="artifacts/$target/" -print_final_stats=1 \
    "target/corpus/$target" "corpus/$target" >"$log" 2>&1; then
    echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
  else
    tail -n 60 "$log"
    echo "fuzz $target failed; the input is in fuzz/artifacts/$target"
    exit 1
  fi
done
