"""What drivers have in common: their options, and how they count, print and write what they found."""
import argparse
import fnmatch
import json
from pathlib import Path

RESULTS = ("passed", "failed", "skipped")


def arguments(doc, jobs=2):
    """SUITE [--only GLOB] [--json OUT] [--jobs N]"""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("suite", type=Path)
    parser.add_argument("--only", default="*", help="cases whose name matches")
    parser.add_argument("--json", type=Path, help="write the counts and failures here")
    parser.add_argument("--jobs", type=int, default=jobs)
    return parser


class Score:
    def __init__(self, only="*", groups=()):
        self.only = only
        self.groups = {group: dict.fromkeys(RESULTS, 0) for group in groups}
        self.failures = []

    def wanted(self, case):
        return fnmatch.fnmatch(case, self.only)

    def counts(self, group):
        return self.groups.setdefault(group, dict.fromkeys(RESULTS, 0))

    def add(self, group, case, reason):
        """`reason`: why it failed; None: it passed."""
        if reason is None:
            self.counts(group)["passed"] += 1
            return
        self.counts(group)["failed"] += 1
        self.failures.append({"case": case, "group": group, "reason": reason})
        print(f"FAIL {group} {case}: {reason}"[:600])

    def skip(self, group, count=1):
        self.counts(group)["skipped"] += count

    def finish(self, out):
        """Prints the totals and writes them to the file `out`, if any; the exit status."""
        total = {key: sum(counts[key] for counts in self.groups.values()) for key in RESULTS}
        for group, counts in self.groups.items():
            judged = counts["passed"] + counts["failed"]
            share = f" ({100 * counts['passed'] / judged:.1f} %)" if judged else ""
            print(f"{group}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped{share}")
        print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
        if out:
            answer = {**total, "groups": self.groups, "failures": self.failures}
            out.write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return 1 if total["failed"] else 0
