#!/usr/bin/python3
"""Judges whether Sigma rules fire on logs as their sources write them: for each rule an event is solved, written in the
source's own format, decoded and matched.

usage: sigma_sources.py SUITE [--only GLOB] [--json OUT] [--every N]     (TOCSIN=PATH names the binary)

SUITE: a folder with corpus.tsv and the rules it lists. Judged are those that load and whose log source one of our
formats writes (sources/); Windows and macOS have recordings instead. A case is a rule in one format, its group the
log source and the format; the group `rules` says whether a rule fires in any. Steps:
  1. sigma_solver.py draws events that should satisfy the rule; `tocsin rule eval` says which of them do.
  2. The first few that a format has a place for are written as raw logs, each as the log of a host of its own.
  3. One `tocsin replay` reads them all, with all rules: the rule must alert on one of its hosts.
A format that cannot say what a rule asks for (a combined access log names no cookie) is skipped, in the group `rules`
it counts as failed when there is no other.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

import sources
from score import Score, arguments
from sigma import Tocsin, rows, rule_folders
from sigma_solver import Unsolvable, draw_events

DRAWN = 40    # events per rule
WRITTEN = 6   # of those that satisfy it, in each format
TOGETHER = 400  # logs in one replay


def detection_rule(path):
    with path.open(encoding="utf-8") as file:
        return next(d for d in yaml.safe_load_all(file) if d and "detection" in d)


def formats_of(rule, table):
    given = rule["logsource"]
    return table.get(tuple(given.get(k) or "" for k in ("product", "category", "service")), [])


def solve(tocsin, suite, folders, chosen):
    """By path of the rule: events that satisfy it, as the engine itself says; or why there are none."""
    questions, owners, solved = [], [], {}
    for row, rule in chosen:
        solved[row["path"]] = []
        try:
            events = draw_events(rule, DRAWN, row["rule_id"])
        except (Unsolvable, KeyError) as problem:
            solved[row["path"]] = f"not solved: {problem}"
            continue
        questions += [{"rule": row["rule_id"], "event": event} for event in events]
        owners += [row["path"]] * len(events)
    for owner, question, answer in zip(owners, questions, tocsin.evaluate(folders, questions)):
        if answer.get("match"):
            solved[owner].append(question["event"])
    return {path: events or "no event drawn satisfies it" for path, events in solved.items()}


def write_logs(form, events):
    """Different texts, each of one event; and what kept the others from being written."""
    logs, problem = [], None
    for event in events:
        refused = next((name for name in event if form.fields and name not in form.fields), None)
        if refused:
            problem = refused
            continue
        try:
            log = "\n".join(form.write(event)) + "\n"
        except (sources.NoPlace, ValueError) as cause:
            problem = str(cause)
            continue
        if log not in logs:
            logs.append(log)
        if len(logs) == WRITTEN:
            break
    return logs, problem


def alerted(tocsin, folders, cases):
    """Hosts and rules that alerted. `cases`: (host, format, text)."""
    found = set()
    for start in range(0, len(cases), TOGETHER):
        found |= replay(tocsin, folders, cases[start:start + TOGETHER])
    return found


def replay(tocsin, folders, cases):
    with tempfile.TemporaryDirectory() as name:
        folder, inputs = Path(name), []
        for host, form, log in cases:
            (folder / host).write_text(log, encoding="utf-8")
            more = f", program: {form.program}" if form.program else ""
            path = form.path if form.path.startswith("/") else f"/srv/logs/{form.path.replace(':', '')}"
            inputs.append(f"  - {{path: {host}, host: {host}, as: {path}, year: 2024, timezone: UTC{more}}}")
        (folder / "recording.yaml").write_text("inputs:\n" + "\n".join(inputs) + "\n", encoding="utf-8")
        command = [tocsin.path, "replay", "-o", "ndjson"]
        for rules in folders:
            command += ["--rules", rules]
        run = subprocess.run(command + [name], capture_output=True, timeout=1800, check=False)
    if run.returncode != 0:
        raise SystemExit(f"tocsin replay: exit {run.returncode}: {run.stderr.decode(errors='replace')[-900:]}")
    alerts = (json.loads(line) for line in run.stdout.decode(errors="replace").splitlines() if line.strip())
    return {(alert["host.name"], alert.get("rule.id")) for alert in alerts}


def judge(score, chosen, solved, table, seen, logs, problems):
    for row, rule in chosen:
        fired, tried = False, []
        for number, form in enumerate(formats_of(rule, table)):
            group = "/".join(filter(None, (rule["logsource"].get(k) for k in ("product", "category", "service"))))
            group = f"{group} as {form.name}"
            hosts = logs.get((row["path"], number), [])
            if isinstance(solved[row["path"]], str):
                tried.append(solved[row["path"]])
            elif not hosts:
                score.skip(group)
                tried.append(f"{form.name} has no place for {problems[row['path'], number]}")
            elif any((host, row["rule_id"]) in seen for host, _ in hosts):
                score.add(group, row["path"], None)
                fired = True
            else:
                score.add(group, row["path"], f"silent on {hosts[0][1].strip()!r}")
                tried.append(f"silent as {form.name}")
        score.add("rules", row["path"], None if fired else "; ".join(dict.fromkeys(tried)))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--every", type=int, default=1, help="judge only every Nth rule")
    options = parser.parse_args()
    suite = options.suite
    if not (suite / "corpus.tsv").is_file():
        print(f"skipped: no suite at {suite}")
        return 0
    tocsin, score, table = Tocsin(), Score(options.only), sources.all_formats()
    corpus = [row for row in rows(suite / "corpus.tsv") if (suite / row["path"]).is_file()]
    folders = rule_folders(suite, corpus)
    loaded = [row for row in corpus if row["load"] == "ok" and score.wanted(row["path"])]
    chosen = [(row, rule) for row in loaded for rule in [detection_rule(suite / row["path"])]
              if formats_of(rule, table)][::options.every]
    solved = solve(tocsin, suite, folders, chosen)
    cases, logs, problems = [], {}, {}
    for row, rule in chosen:
        events = solved[row["path"]]
        for number, form in enumerate(formats_of(rule, table)):
            texts, problems[row["path"], number] = write_logs(form, events if isinstance(events, list) else [])
            for log in texts:
                host = f"host-{len(cases)}"
                cases.append((host, form, log))
                logs.setdefault((row["path"], number), []).append((host, log))
    seen = alerted(tocsin, folders, cases)
    judge(score, chosen, solved, table, seen, logs, problems)
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
