#!/usr/bin/python3
"""Judges silence and counting by a folder of logs of real systems (loghub: NAME/NAME_2k.log).

usage: loghub.py SUITE [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary; SIGMA=DIR the SigmaHQ
suite, by default the folder `sigma` beside SUITE)

Groups:
  quiet   SigmaHQ's rules alone fire nothing over a log; the shipped packs name no source but those below
  bursts  each source with at least 5 failed logins within 10 minutes has an alert of the shipped packs
What a failed login is stands in FAILED: the line of the service itself; PAM's line where the service is silent.
"""
import collections
import datetime
import fnmatch
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from score import Score, arguments

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("quiet", "bursts")
LEAST, WINDOW = 5, datetime.timedelta(minutes=10)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
STAMP = re.compile(r"([A-Z][a-z]{2}) +(\d+) (\d\d):(\d\d):(\d\d) ")
REPEATED = re.compile(r"message repeated (\d+) times: \[ ")
FAILED = (re.compile(r"Failed \S+ for .* from (\S+) port \d+"), re.compile(r"FAILED LOGIN .* FROM (\S+)"),
          re.compile(r"Authentication failed from (\S+) \("))
PROGRAM = re.compile(r" ([\w./-]+)(?:\([\w-]+\))?\[(\d+)\]: ")
PAM = re.compile(r"authentication failure;.* rhost=(\S+)")
MORE = re.compile(r"(\d+) more authentication failures?;.* rhost=(\S+)")


def moment(line, year):
    found = STAMP.match(line)
    if not found or found[1] not in MONTHS:
        return None
    return datetime.datetime(year, MONTHS.index(found[1]) + 1, *(int(found[i]) for i in range(2, 6)))


def attempts(lines):
    """source -> times of failed logins, in the order of the log."""
    services = {tag[1] for line in lines if (tag := PROGRAM.search(line)) and any(form.search(line) for form in FAILED)}
    out = collections.defaultdict(list)
    for line in lines:
        at = moment(line, 2000)
        if at is None:
            continue
        repeated = REPEATED.search(line)
        count = int(repeated[1]) if repeated else 1
        source = next((found[1] for form in FAILED if (found := form.search(line))), None)
        tag = PROGRAM.search(line)
        if source is None and not (tag and tag[1] in services):
            more = MORE.search(line)
            found = PAM.search(line)
            if more:
                source, count = more[2], int(more[1])
            elif found:
                source = found[1]
        if source:
            out[source] += [at] * count
    return out


def bursts(lines):
    out = set()
    for source, times in attempts(lines).items():
        times.sort()
        if any(times[i + LEAST - 1] - times[i] < WINDOW for i in range(len(times) - LEAST + 1)):
            out.add(source)
    return out


def sources_of_processes(lines):
    """(program, process id) -> sources that its lines name: a session's last word may leave its address out."""
    out = collections.defaultdict(set)
    for line in lines:
        if tag := PROGRAM.search(line):
            out[tag[2]].update(re.findall(r"(?:from|rhost=|by) ?(\d+\.\d+\.\d+\.\d+)", line))
    return out


def replay(log, rules):
    command = [os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin"), "replay", "-o", "ndjson"]
    for rule in rules:
        command += ["--rules", str(rule)]
    run = subprocess.run([*command, str(log)], capture_output=True, timeout=1800, check=False)
    if run.returncode != 0:
        return [], f"exit {run.returncode}: {run.stderr.decode(errors='replace').strip()[-300:]}"
    return [json.loads(line) for line in run.stdout.decode(errors="replace").splitlines() if line.strip()], None


def named_by(alert):
    out = {str(entity.get("value", "")) for entity in alert.get("entities", [])}
    return out | {str(value) for value in alert.get("fields", {}).values()}


def judge(log, sigma):
    out = []
    if sigma:
        alerts, problem = replay(log, sigma)
        titles = sorted({alert.get("rule.title", "") for alert in alerts})
        out.append(("quiet", f"{log.stem} with SigmaHQ alone", problem or (f"{titles}" if alerts else None)))
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    expected, sessions = bursts(lines), sources_of_processes(lines)
    alerts, problem = replay(log, [])
    session = [sessions.get(alert.get("fields", {}).get("log.syslog.procid", ""), set()) for alert in alerts]
    other = [alert for alert, sources in zip(alerts, session) if not (named_by(alert) | sources) & expected]
    reasons = sorted({f"{a.get('rule.title')}: {sorted(e.get('value', '') for e in a.get('entities', []))}" for a in other})
    out.append(("quiet", f"{log.stem} with the shipped packs", problem or ("; ".join(reasons[:8]) or None)))
    named = set().union(*(named_by(alert) for alert in alerts)) if alerts else set()
    for source in sorted(expected):
        out.append(("bursts", f"{log.stem} {source}", None if source in named else "no alert"))
    return out


def main():
    options = arguments(__doc__).parse_args()
    if not options.suite.is_dir():
        print(f"skipped: no suite at {options.suite}")
        return 0
    home = Path(os.environ.get("SIGMA") or options.suite.resolve().parent / "sigma")
    sigma = sorted(path for path in home.glob("rules*") if path.is_dir())
    if not sigma:
        print(f"SigmaHQ's rules are not at {home}; their silence is not judged")
    logs = sorted(log for log in options.suite.glob("*/*.log") if fnmatch.fnmatch(log.stem, options.only))
    score = Score(groups=GROUPS)
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        for results in pool.map(lambda log: judge(log, sigma), logs):
            for group, case, reason in results:
                score.add(group, case, reason)
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
