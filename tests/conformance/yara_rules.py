#!/usr/bin/python3
"""Loads a folder of YARA rules through `tocsin rule check` and expects every file to compile.

usage: yara_rules.py SUITE [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary)

Group `load`: one case per rule file below SUITE. A case passes when no rule of that file was refused.
"""
import argparse
import fnmatch
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = (".yar", ".yara")


def find_tocsin():
    named = os.environ.get("TOCSIN")
    return Path(named) if named else ROOT / "build/release/bin/tocsin"


def check(tocsin, paths):
    """One process for all files: refusals by file, and how many rules loaded."""
    run = subprocess.run([str(tocsin), "rule", "check", "-o", "json", *map(str, paths)], capture_output=True,
                         timeout=900, check=False)
    try:
        answer = json.loads(run.stdout)
    except ValueError:
        raise SystemExit(f"tocsin rule check gave no JSON (exit {run.returncode}): {run.stderr.decode(errors='replace')[:2000]}")
    if not isinstance(answer.get("loaded"), int) or not isinstance(answer.get("refused"), list):
        raise SystemExit("tocsin rule check answered without `loaded` and `refused`")
    if (run.returncode != 0) != bool(answer["refused"]):
        raise SystemExit(f"exit status {run.returncode} does not agree with {len(answer['refused'])} refusals")
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=Path)
    parser.add_argument("--only", default="*")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()

    if not options.suite.is_dir():
        print(f"skipped: no suite at {options.suite}")
        return 0
    files = sorted(p for p in options.suite.rglob("*") if p.suffix in SUFFIXES and p.is_file()
                   and fnmatch.fnmatch(str(p.relative_to(options.suite)), options.only))
    if not files:
        print(f"no rule files below {options.suite}", file=sys.stderr)
        return 2

    answer = check(find_tocsin(), files)
    reasons = {}
    for refusal in answer["refused"]:
        where = f"line {refusal.get('line', 0)}: [{refusal.get('code', '?')}] {refusal.get('reason', '')}"
        reasons.setdefault(os.path.realpath(refusal["file"]), []).append(where)
    failures = []
    for path in files:
        refused = reasons.pop(os.path.realpath(path), [])
        if refused:
            failures.append({"case": str(path.relative_to(options.suite)), "group": "load", "reason": refused[0]})
    for name, refused in reasons.items():
        failures.append({"case": name, "group": "load", "reason": "not part of the suite: " + refused[0]})
    if answer["loaded"] == 0:
        failures.append({"case": "*", "group": "load", "reason": "nothing was loaded"})

    for failure in failures:
        print(f"FAIL {failure['group']} {failure['case']}: {failure['reason']}")
    failed = len(failures)
    passed = max(0, len(files) - failed)
    print(f"{answer['loaded']} rules from {len(files)} files")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    if options.json:
        counts = {"passed": passed, "failed": failed, "skipped": 0}
        options.json.write_text(json.dumps({**counts, "groups": {"load": counts}, "failures": failures}, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
