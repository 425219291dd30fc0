#!/bin/sh
# Configures and builds one preset: sh etc/build.sh release|dev|asan|fuzz [target…]
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
# Precompiled headers need the first; the others let one checkout use what another compiled.
export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=true
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >build-configure.log 2>&1 || { cat build-configure.log >&2; exit 1; }
rm -f build-configure.log
if [ -t 1 ]; then
  cmake --build --preset "$preset" -j "$(nproc)" ${*:+--target "$@"}
else
  # Not a terminal: one line in fifty keeps progress visible without a wall of text.
  export NINJA_STATUS='[%f/%t] '
  mkdir -p "build/$preset"
  cmake --build --preset "$preset" -j "$(nproc)" ${*:+--target "$@"} >"build/$preset/build.log" 2>&1 &
  builder=$!
  while kill -0 "$builder" 2>/dev/null; do
    sleep 10
    tail -n 1 "build/$preset/build.log" | cut -c 1-80
  done
  wait "$builder" || { grep -E -A 12 'error|FAILED' "build/$preset/build.log" | head -60 >&2; exit 1; }
fi
