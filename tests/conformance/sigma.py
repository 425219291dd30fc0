#!/usr/bin/python3
"""Judges the Sigma engine by a suite folder: rules, vectors and regression data.

usage: sigma.py SUITE [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary)

Groups (each is left out when its part of the suite is absent):
  load             corpus.tsv: exactly the rules marked `ok` load, every other one is refused with a reason
  modifiers        vectors/modifiers.jsonl: the compiled value tree, or a refusal where an error is stated
  vectors          vectors/rules.jsonl: match or not, for flat events
  correlations     vectors/correlations.jsonl: when each group fires first
  regression-json  regression.tsv: hits over the JSON form of each recording, exactly those stated
  regression-evtx  the same over the EVTX form
--only picks cases by name. Rows of vectors with `divergence` are skipped: the suite says that two readings exist.
"""
import collections
import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import recordings
from score import Score, arguments

ROOT = Path(__file__).resolve().parents[2]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def vectors(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class Tocsin:
    def __init__(self):
        named = os.environ.get("TOCSIN")
        self.path = named or str(ROOT / "build/release/bin/tocsin")

    def check(self, paths):
        run = subprocess.run([self.path, "rule", "check", "-o", "json", *paths], capture_output=True, timeout=1800,
                             check=False)
        try:
            return json.loads(run.stdout)
        except ValueError:
            raise SystemExit(f"tocsin rule check gave no JSON (exit {run.returncode}): {run.stderr[:2000]!r}")

    def evaluate(self, rule_paths, questions):
        """Answers in order, from one process."""
        if not questions:
            return []
        command = [self.path, "rule", "eval"]
        for path in rule_paths:
            command += ["--rules", path]
        text = "".join(json.dumps(q, ensure_ascii=False) + "\n" for q in questions)
        run = subprocess.run(command, input=text.encode(), capture_output=True, timeout=3600, check=False)
        answers = run.stdout.decode(errors="replace").splitlines()
        if len(answers) != len(questions):
            raise SystemExit(f"{len(questions)} questions, {len(answers)} answers (exit {run.returncode}): "
                             f"{run.stderr[-2000:]!r}")
        return [json.loads(a) for a in answers]

    def replay(self, rules, recordings):
        """Numbers of alerts by rule id, or the reason there are none."""
        command = [self.path, "replay", "-o", "ndjson"]
        for rule in rules:
            command += ["--rules", rule]
        run = subprocess.run(command + [str(r) for r in recordings], capture_output=True, timeout=1800, check=False)
        if run.returncode != 0:
            return None, f"exit {run.returncode}: {run.stderr.decode(errors='replace').strip()[-300:]}"
        hits = collections.Counter()
        for line in run.stdout.decode(errors="replace").splitlines():
            if line.strip():
                alert = json.loads(line)
                hits[alert.get("rule.id")] += alert.get("alert.count", 1)
        return hits, None


def rule_folders(suite, corpus):
    return sorted({str(suite / Path(row["path"]).parts[0]) for row in corpus})


def group_load(tocsin, suite, score):
    corpus = rows(suite / "corpus.tsv")
    answer = tocsin.check(rule_folders(suite, corpus))
    refused = {os.path.realpath(r["file"]): r for r in answer.get("refused", [])}
    known = set()
    for row in corpus:
        path = os.path.realpath(suite / row["path"])
        known.add(path)
        if not score.wanted(row["path"]):
            continue
        refusal = refused.get(path)
        if row["load"] == "ok":
            reason = f"refused: [{refusal.get('code')}] {refusal.get('reason')}" if refusal else None
        elif refusal is None:
            reason = f"loaded, but the suite says {row['load']}"
        else:
            reason = None if refusal.get("reason") else "refused without a reason"
        score.add("load", row["path"], reason)
    expected = sum(row["load"] == "ok" for row in corpus)
    if score.only == "*" and answer.get("loaded") != expected:
        score.add("load", "count", f"{answer.get('loaded')} loaded, {expected} expected")


def judge_tree(row, answer):
    if "error" in row:
        return None if answer.get("error") else f"accepted: {json.dumps(answer, ensure_ascii=False)[:300]}"
    if answer.get("error"):
        return f"refused: {answer['error']}"
    for key in ("values", "link", "neg"):
        if answer.get(key) != row[key]:
            return f"{key} is {json.dumps(answer.get(key), ensure_ascii=False)[:200]}"
    return None


def judge_match(row, answer):
    if answer.get("error"):
        return f"refused: {answer['error']}"
    if answer.get("match") is not row["match"]:
        return f"match is {answer.get('match')} for {json.dumps(row['event'], ensure_ascii=False)[:300]}"
    if row["match"] and not answer.get("why"):
        return "it matches without saying why"
    return None


def judge_firings(row, answer):
    if answer.get("error"):
        return f"refused: {answer['error']}"
    first = {}
    for firing in answer.get("firings", []):
        key = json.dumps(firing["key"])
        first[key] = min(first.get(key, firing["ts"]), firing["ts"])
    expected = {json.dumps([str(k) for k in fire["key"]]): fire["ts"] for fire in row["first_fire"]}
    if first == expected:
        return None
    wrong = {k for k in first.keys() | expected.keys() if first.get(k) != expected.get(k)}
    return "; ".join(f"{k} fires at {first.get(k)} instead of {expected.get(k)}" for k in sorted(wrong))


def group_vectors(tocsin, score, group, path, rule_paths, keys, name, judge):
    chosen = []
    for row in vectors(path):
        if not score.wanted(name(row)):
            continue
        if row.get("divergence"):
            score.skip(group)
        else:
            chosen.append(row)
    answers = tocsin.evaluate(rule_paths, [{key: row[key] for key in keys} for row in chosen])
    for row, answer in zip(chosen, answers):
        score.add(group, name(row), judge(row, answer))


def hit_set(text):
    out = collections.Counter()
    for part in text.split(","):
        if part:
            rule, _, count = part.partition(":")
            out[rule] += int(count or 1)
    return out


def describe_difference(got, expected):
    wrong = sorted(k for k in got.keys() | expected.keys() if got[k] != expected[k])
    return ", ".join(f"{k}: {got[k]} instead of {expected[k]}" for k in wrong[:5])


def group_regression(tocsin, suite, corpus, score, group, column, jobs):
    """Each recording against every rule that hits any of them: exactly the stated hits. Then all rules over all
    recordings in one run: the same for each."""
    table = rows(suite / "regression.tsv")
    cases = [row for row in table if score.wanted(row["rule_path"])]
    paths = {row["rule_id"]: row["path"] for row in corpus}
    paths.update({row["rule_id"]: row["rule_path"] for row in table})
    expected_all = collections.Counter()
    for row in table:
        expected_all += hit_set(row["oracle_all_hits"])
    rules = sorted(str(suite / paths[rule]) for rule in expected_all if rule in paths)

    def run(row):
        hits, problem = tocsin.replay(rules, [suite / row[column]])
        if problem:
            return row, problem
        return row, describe_difference(hits, hit_set(row["oracle_all_hits"])) or None

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for row, reason in pool.map(run, cases):
            score.add(group, row["rule_path"], reason)
    if corpus and score.only == "*":
        score.add(group, "all rules over all recordings", judge_together(tocsin, suite, corpus, table, column))


def judge_together(tocsin, suite, corpus, table, column):
    try:
        pairs = list(recordings.replay_apart(tocsin.path, rule_folders(suite, corpus), [suite / r[column] for r in table]))
    except recordings.Failed as failed:
        return str(failed)
    hits = recordings.count_hits(pairs)
    wrong = {row["rule_path"]: describe_difference(hits[place], hit_set(row["oracle_all_hits"]))
             for place, row in enumerate(table)}
    return "; ".join(f"{path}: {what}" for path, what in wrong.items() if what) or None


def main():
    options = arguments(__doc__).parse_args()
    suite = options.suite
    if not suite.is_dir():
        print(f"skipped: no suite at {suite}")
        return 0

    tocsin, score = Tocsin(), Score(options.only)
    corpus = rows(suite / "corpus.tsv") if (suite / "corpus.tsv").is_file() else []
    folders = rule_folders(suite, corpus)
    if corpus:
        group_load(tocsin, suite, score)
    parts = suite / "vectors"
    if (parts / "modifiers.jsonl").is_file():
        group_vectors(tocsin, score, "modifiers", parts / "modifiers.jsonl", folders, ("key", "value"),
                      lambda row: f"{row['key']}: {json.dumps(row['value'], ensure_ascii=False)}", judge_tree)
    if (parts / "rules.jsonl").is_file():
        group_vectors(tocsin, score, "vectors", parts / "rules.jsonl", folders, ("rule", "event"),
                      lambda row: f"{row['path']} {row['case']}", judge_match)
    if (parts / "correlations.jsonl").is_file():
        group_vectors(tocsin, score, "correlations", parts / "correlations.jsonl", folders,
                      ("correlation", "rules", "events"), lambda row: f"{row['correlation']['type']} {row['id']}",
                      judge_firings)
    if (suite / "regression.tsv").is_file():
        group_regression(tocsin, suite, corpus, score, "regression-json", "json_path", options.jobs)
        group_regression(tocsin, suite, corpus, score, "regression-evtx", "evtx_path", options.jobs)
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
