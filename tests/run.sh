#!/bin/sh
# Builds release and runs every fast test: sh tests/run.sh [ctest arguments]
# Ends with one line: N passed, N failed, N skipped. Other labels: sh tests/run.sh -L service (slow, root).
set -eu
cd "$(dirname "$0")/.."
sh etc/install-packages.sh build test demo
sh etc/build.sh release
label="-L fast"
[ $# -eq 0 ] || label=""
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# shellcheck disable=SC2086
ctest --test-dir build/release -j "$(nproc)" --output-on-failure $label "$@" >"$log" 2>&1 || status=$?
# ctest's own account names each failure; passes are only counted.
grep -v -e ' Passed ' -e '^ *Start ' "$log" || true
sh tests/count.sh "$log"
exit "$status"
