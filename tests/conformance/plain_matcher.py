#!/usr/bin/python3
"""The matcher with prefilter must raise the alerts of the plain one without.

    plain_matcher.py SUITE --rules PATH [--only GLOB] [--json OUT] [--jobs N]

Every capture below SUITE goes through the packet floor twice: with the prefiltered matcher (Hyperscan, hashed and sorted
candidates) and with one that evaluates every rule wherever its header fits. The rules are those of --rules and, in
another round, those beside the capture. Alerts are compared by rule, packet and flow. TOCSIN_TESTS names the folder of
the unit tests (default: build/release), of which test_signature does the work. One case is one capture. --jobs is taken
for the sake of its siblings: one process loads the rules once.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("--rules", required=True)
    parser.add_argument("--only")
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    for folder in (options.suite, options.rules):
        if not os.path.isdir(folder):
            print(f"{folder} is not there: nothing to compare")
            print("0 passed, 0 failed, 0 skipped")
            return 0
    program = pathlib.Path(os.environ.get("TOCSIN_TESTS", ROOT / "build/release")) / "test_signature"
    if not program.exists():
        print(f"{program} is not built: sh etc/build.sh release test_signature", file=sys.stderr)
        return 2
    suite = os.path.abspath(options.suite)
    with tempfile.TemporaryDirectory() as picked:
        captures = suite
        if options.only:
            captures = picked
            for path in pathlib.Path(suite).rglob("*.pcap*"):
                case = os.path.relpath(path.parent, suite)
                if fnmatch.fnmatch(case, options.only) and not os.path.exists(os.path.join(picked, case)):
                    os.makedirs(os.path.dirname(os.path.join(picked, case)), exist_ok=True)
                    os.symlink(path.parent, os.path.join(picked, case))
        done = subprocess.run([program, "--gtest_filter=Plain.SameAlertsOnEveryCapture"], capture_output=True, text=True,
                              errors="replace", check=False,
                              env=dict(os.environ, TOCSIN_CAPTURES=captures, TOCSIN_RULES=os.path.abspath(options.rules)))
    total = re.search(r"^(\d+) captures, .*$", done.stdout, re.MULTILINE)
    if not total:
        print(done.stdout[-2000:] + done.stderr[-2000:], file=sys.stderr)
        return 1
    failures = {}
    for match in re.finditer(r"^DIFFERS (.*?) \((.*?)\): (.*)$", done.stdout, re.MULTILINE):
        case = os.path.relpath(match.group(1), captures)
        failures.setdefault(case, f"with {match.group(2)}: {match.group(3)}")
    for case, reason in sorted(failures.items()):
        print(f"FAILED {case}: {reason}")
    passed = int(total.group(1)) - len(failures)
    print(total.group(0))
    print(f"{passed} passed, {len(failures)} failed, 0 skipped")
    if options.json:
        counts = {"passed": passed, "failed": len(failures), "skipped": 0}
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(dict(counts, groups={"captures": counts},
                           failures=[{"case": c, "group": "captures", "reason": r} for c, r in failures.items()]), file)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
