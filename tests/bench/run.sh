#!/bin/sh
# Builds the benchmarks, runs them and the peer tools over the same bytes, prints figures and ratios: sh tests/bench/run.sh
#   --only packets|logs|sshd|yara|adversarial, --repetitions N, --json OUT: as compare.py says
#   TOCSIN_RULES=DIR  TOCSIN_SIGMA=DIR  TOCSIN_YARA=DIR   measure these rules as well as the shipped ones
#   TOCSIN_COPIES=N   size of the capture (default 300 times the example recordings)
#   TOCSIN_FILES=DIR  what YARA scans (default: a copy of up to 64 MB of /usr/bin)
#   TOCSIN=PATH       the program for the whole-process runs (default: build/release/bin/tocsin)
# Nothing passes or fails by time: it prints what this machine does, beside what the peers do on it in the same minutes.
set -eu
cd "$(dirname "$0")/../.."
sh etc/install-packages.sh build bench || echo "continuing without them" >&2
# Configured anew: a tree made before the library was installed knows of no benchmarks.
cmake --preset release >/dev/null
sh etc/build.sh release benchmarks
exec /usr/bin/python3 tests/bench/compare.py build/release "$@"
