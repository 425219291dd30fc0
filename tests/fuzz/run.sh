#!/bin/sh
# Runs every fuzz target over its seeds, then SECONDS more each, as many at a time as there are processors:
#   sh tests/fuzz/run.sh [SECONDS] [TARGET…]
# Seeds: tests/fuzz/seeds/<target>/. What libFuzzer finds stays in build/fuzz/found/<target>/ and is run again first.
set -eu
cd "$(dirname "$0")/../.."
export UBSAN_OPTIONS=print_stacktrace=1

# One target: one line on stdout, whole; the status says whether it ran clean.
if [ "${1:-}" = --one ]; then
  seconds=$2
  target=$3
  found=build/fuzz/found/$target
  log=build/fuzz/$target.log
  seeds=tests/fuzz/seeds/$target
  mkdir -p "$found"
  [ -d "$seeds" ] || seeds=""
  status=0
  # shellcheck disable=SC2086
  "build/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2500 -artifact_prefix="$found/" \
    -print_final_stats=1 "$found" $seeds >"$log" 2>&1 || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  if [ "$status" -eq 0 ] && [ "${runs:-0}" -gt 0 ] && [ "${covered:-0}" -gt 0 ]; then
    echo "$target: $runs runs, $covered edges, no finding$([ -n "$seeds" ] || echo ", no seeds")"
    exit 0
  fi
  echo "FAILED $target (status $status, ${runs:-0} runs): $(grep -m 1 -E '^SUMMARY|ERROR: ' "$log" || tail -n 1 "$log"); see $log"
  exit 1
fi

seconds=${1:-10}
[ $# -eq 0 ] || shift
sh etc/install-packages.sh check
targets=${*:-$(ls tests/fuzz/*.cpp | sed 's|.*/||; s|\.cpp$||')}
# shellcheck disable=SC2046,SC2086
sh etc/build.sh fuzz $(printf 'fuzz_%s ' $targets)
lines=build/fuzz/run.txt
printf '%s\n' $targets | xargs -P "$(nproc)" -I '{}' sh tests/fuzz/run.sh --one "$seconds" '{}' | tee "$lines" || true
failed=$(grep -c '^FAILED ' "$lines" || true)
passed=$(grep -c ', no finding' "$lines" || true)
wanted=$(printf '%s\n' $targets | wc -l)
echo "fuzz: $passed passed, $failed failed of $wanted, $seconds s each"
[ "$failed" -eq 0 ] && [ "$passed" -eq "$wanted" ]
