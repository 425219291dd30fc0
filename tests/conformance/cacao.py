#!/usr/bin/python3
"""CACAO 2.0: playbooks of a suite and of our own, judged through `tocsin playbook check`, `rehearse`, `verify` and `test`.

usage: cacao.py SUITE [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary)

The suite is any folder with playbooks as JSON files, and signature examples as Markdown; data markings and extension
definitions that lie in files of their own are judged inside a playbook.

valid, invalid   by its traits (cacao_patterns.py) a playbook must give the codes of cacao_expected.yaml: every code that a
                 trait asks for, and no other. No error where no trait is one. The probes of cacao_probes.py are edits of
                 every playbook that is clean under --strict: each must be accepted, or refused with its code.
signature        every worked example: canonical form and hash as printed there, the signature verifies, and does not once a
                 byte of playbook, signature or key is another, or the time is.
conditions, own  what lies in cacao/ beside this file (see its README).
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import cacao_own
import cacao_patterns
import cacao_probes
import cacao_signatures
from score import Score, arguments

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Tocsin:
    def __init__(self):
        self.program = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")

    def run(self, *words):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)

    def rows(self, *words):
        """Rows of `-o ndjson`, and the exit status."""
        run = self.run(*words, "-o", "ndjson")
        try:
            return [json.loads(line) for line in run.stdout.splitlines()], run.returncode
        except ValueError:
            raise SystemExit(f"tocsin {' '.join(map(str, words))}: no JSON (exit {run.returncode}): {run.stderr[:1000]}") from None

    def check(self, path, *options):
        """The codes of errors and of warnings, and whether the exit status agrees with them."""
        (row,), status = self.rows("playbook", "check", path, *options)
        found = {level: {d["code"] for d in row["diagnostics"] if d["severity"] == level} for level in ("error", "warning")}
        for d in row["diagnostics"]:
            if not d["line"] or not d["column"] or "path" not in d or not d["cause"]:
                raise SystemExit(f"{path}: a diagnostic without place or reason: {d}")
        if row["valid"] != (status == 0) or row["valid"] != (not found["error"]):
            raise SystemExit(f"{path}: exit status {status}, valid {row['valid']}, errors {found['error']} do not agree")
        return found


def expectations(playbook):
    """Codes by level that the traits of a playbook ask for, and those that may come with them."""
    wanted, may = {"error": set(), "warning": set()}, set()
    for row in yaml.safe_load((HERE / "cacao_expected.yaml").read_text()):
        if getattr(cacao_patterns, row["trait"])(playbook):
            wanted[row["level"]].add(row["code"])
            may.update(row.get("may", []))
    return wanted, may


def difference(wanted, may, found):
    for level in ("error", "warning"):
        if missing := wanted[level] - found[level]:
            return f"no {level} {', '.join(sorted(missing))}"
        if surplus := found[level] - wanted[level] - may:
            return f"{level} {', '.join(sorted(surplus))} without a trait that asks for it"
    return None


def judge_playbook(tocsin, path, playbook):
    wanted, may = expectations(playbook)
    found = tocsin.check(path)
    reason = difference(wanted, may, found)
    strict = tocsin.check(path, "--strict")
    if not reason and strict["error"] != found["error"] | found["warning"]:
        reason = "--strict does not make every warning an error, and nothing else"
    return "invalid" if wanted["error"] else "valid", reason, not strict["error"]


def judge_text(tocsin, scratch, name, playbook, code):
    """A playbook made here: accepted under --strict (code None), or refused with the code."""
    path = scratch / (name.replace("/", "_") + ".json")
    path.write_text(json.dumps(playbook, ensure_ascii=False, indent=1))
    found = tocsin.check(path, "--strict")["error"]
    if code is None:
        return f"refused: {', '.join(sorted(found))}" if found else None
    return None if code in found else f"not refused with {code} but with {sorted(found) or 'nothing'}"


def load(path):
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeError):
        return {}
    return found if isinstance(found, dict) else {}


def embedded(base, found):
    """A marking or extension definition, inside a playbook that is clean."""
    playbook = copy.deepcopy(base)
    playbook.pop("playbook_processing_summary", None)
    kind = found["type"]
    if kind == "extension-definition":
        name = found.get("id") or f"{kind}--5d0f0c1e-5c0b-4c3e-9a39-0c5d6a1e9f01"
        playbook.setdefault("extension_definitions", {})[name] = {k: v for k, v in found.items() if k != "id"}
        playbook.setdefault("playbook_extensions", {})[name] = {}
    else:
        playbook.setdefault("data_marking_definitions", {})[found["id"]] = found
        playbook["markings"] = sorted({*playbook.get("markings", []), found["id"]})
    return playbook


def main():
    options = arguments(__doc__).parse_args()
    if not options.suite.is_dir():
        print(f"skipped: no suite at {options.suite}")
        return 0
    tocsin, score = Tocsin(), Score(options.only, ("valid", "invalid", "signature", "conditions", "own"))
    files = {str(p.relative_to(options.suite)): p for p in sorted(options.suite.rglob("*.json"))}
    objects = {name: load(path) for name, path in files.items()}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        scratch, jobs, clean = Path(folder), [], []
        for name, found in objects.items():
            if found.get("type") != "playbook":
                continue
            group, reason, is_clean = judge_playbook(tocsin, files[name], found)
            if is_clean and group == "valid":
                clean.append((name, found))
            if score.wanted(name):
                score.add(group, name, reason)
        if not clean:
            clean = [("own", cacao_own.base())]

        def plan(group, name, playbook, code):
            if score.wanted(name):
                jobs.append((group, name, pool.submit(judge_text, tocsin, scratch, name, playbook, code)))
        for name, found in objects.items():
            if "$schema" not in found and (found.get("type") == "extension-definition"
                                           or str(found.get("type", "")).startswith("marking-")):
                plan("valid", name, embedded(clean[0][1], found), None)
        for base, found in clean:
            for probe, playbook, code in cacao_probes.probes(found):
                plan("invalid" if code else "valid", f"probe {probe} of {base}", playbook, code)
        for group, name, job in jobs:
            score.add(group, name, job.result())
        for name, reason in cacao_signatures.judge(tocsin, options.suite, scratch):
            if score.wanted(name):
                score.add("signature", name, reason)
        for group, name, reason in cacao_own.judge(tocsin, HERE / "cacao", scratch):
            if score.wanted(name):
                score.add(group, name, reason)
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
