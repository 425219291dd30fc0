#!/bin/sh
# Runs every fuzz target over its seeds, then SECONDS more each: sh tests/fuzz/run.sh [SECONDS] [TARGET…]
# Seeds: tests/fuzz/seeds/<target>/. What libFuzzer finds stays in build/fuzz/found/<target>/.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-10}
[ $# -eq 0 ] || shift
sh etc/install-packages.sh check
sh etc/build.sh fuzz
targets=${*:-$(ls tests/fuzz/*.cpp | sed 's|.*/||; s|\.cpp$||')}
passed=0
failed=0
for target in $targets; do
  found=build/fuzz/found/$target
  seeds=tests/fuzz/seeds/$target
  mkdir -p "$found"
  [ -d "$seeds" ] || seeds=""
  # shellcheck disable=SC2086
  if "build/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -artifact_prefix="$found/" -print_final_stats=1 "$found" $seeds \
    >"build/fuzz/$target.log" 2>&1; then
    passed=$((passed + 1))
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log") runs, no finding"
  else
    failed=$((failed + 1))
    echo "FAILED $target: see build/fuzz/$target.log"
    tail -n 25 "build/fuzz/$target.log"
  fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
