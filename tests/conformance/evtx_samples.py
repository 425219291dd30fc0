#!/usr/bin/python3
"""Judges event logs (EVTX) of attacks: which Sigma rules fire over each file, how often.

usage: evtx_samples.py SUITE [--rules DIR] [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary)

SUITE holds EVTX files in folders and golden.tsv: file, sha256, n_events, rule_id, oracle_count; a file without hits has
one row, for rule `-`. The rules are those of the Sigma suite beside it (SUITE/../sigma), all that corpus.tsv lists.
Groups:
  pairs    each (file, rule) of golden.tsv fires exactly as often as stated
  extra    each EVTX file: no rule fires that golden.tsv does not state for it; one that reads a field which the record
           gives twice (in System and among its data) is explained by that, printed and not counted
All files are read over all rules, many in a run. A file that is absent, or of another content than golden.tsv was made from (sha256), is skipped: the suite
cannot say what it holds.
"""
import collections
import csv
import fnmatch
import hashlib
import json
import os
import sys
from pathlib import Path

import recordings
from score import Score, arguments

ROOT = Path(__file__).resolve().parents[2]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def rule_folders(rules):
    """What the Sigma suite lists; any other folder as it is."""
    listed = rules / "corpus.tsv"
    if not listed.is_file():
        return [str(rules)]
    return sorted({str(rules / Path(row["path"]).parts[0]) for row in rows(listed)})


def is_ambiguous(alert):
    """Whether the rule reads a name that the record gives twice: in System and among its data. The suite's events hold
    one value by name, so that it cannot say what is right."""
    try:
        record = json.loads(alert.get("event.original", ""))["Event"]
    except (KeyError, TypeError, ValueError):
        return False

    def names(value):
        for key, inner in value.items() if isinstance(value, dict) else ():
            yield key
            yield from names(inner)

    twice = set(names(record.get("System"))) & {n for part in ("EventData", "UserData") for n in names(record.get(part))}
    return any(reason.get("where") in twice for reason in alert.get("why", []))


def judge(score, name, alerts, expected):
    hits = collections.Counter()
    for alert in alerts:
        rule = alert.get("rule.id")
        if rule not in expected and is_ambiguous(alert):
            print(f"explained {name} {rule}: the record gives a field twice that the rule reads")
            continue
        hits[rule] += alert.get("alert.count", 1)
    for rule, count in sorted(expected.items()):
        score.add("pairs", f"{name} {rule}", None if hits[rule] == count else f"{hits[rule]} hits instead of {count}")
    extra = sorted(rule for rule in hits if rule not in expected)
    score.add("extra", name, ", ".join(f"{rule}: {hits[rule]}" for rule in extra) or None)


def main():
    parser = arguments(__doc__, jobs=1)
    parser.add_argument("--rules", type=Path)
    options = parser.parse_args()
    suite = options.suite
    rules = options.rules or suite.resolve().parent / "sigma"
    for needed in (suite / "golden.tsv", rules):
        if not needed.exists():
            print(f"skipped: no suite at {needed}")
            return 0

    expected, digests = collections.defaultdict(dict), {}
    for row in rows(suite / "golden.tsv"):
        if row["rule_id"] != "-":
            expected[row["file"]][row["rule_id"]] = int(row["oracle_count"])
        digests[row["file"]] = row["sha256"]
    score = Score()
    chosen = []
    names = {p.relative_to(suite).as_posix() for p in suite.rglob("*") if p.suffix.lower() == ".evtx" and p.is_file()}
    for name in sorted(names | set(digests)):
        if not fnmatch.fnmatch(name, options.only):
            continue
        known = name in names and (
            name not in digests or hashlib.sha256((suite / name).read_bytes()).hexdigest() == digests[name])
        if known:
            chosen.append(name)
            continue
        for _ in expected.get(name, ()):
            score.skip("pairs")
        score.skip("extra")
    tocsin = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")
    folders = rule_folders(rules)
    alerts = collections.defaultdict(list)
    for place, alert in recordings.replay_apart(tocsin, folders, [suite / name for name in chosen]):
        alerts[place].append(alert)
    for place, name in enumerate(chosen):
        judge(score, name, alerts[place], expected.get(name, {}))
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
