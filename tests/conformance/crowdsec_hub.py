#!/usr/bin/python3
"""Judges decoders and shipped detections by a folder of CrowdSec hub tests.

usage: crowdsec_hub.py SUITE [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary)

A case is a folder with config.yaml (which log, of which program), parser.assert and scenario.assert. Groups:
  fields     what parser.assert says of a line: program and pid as its first stage found them, and of the last stage
             source_ip, username or target_user, machine, target_fqdn, http_* and timestamp (the year where it is asserted)
  overflows  each overflow of scenario.assert: an alert of the shipped packs names the same source
  quiet      lines asserted Whitelisted (also where no scenario is loaded): no alert of the shipped packs
One line counts once in `fields`, however many fields it has; one overflow once; one log once in `quiet`.
"""
import ast
import collections
import datetime
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from score import Score, arguments

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("fields", "overflows", "quiet")

# Their name -> ours, the first that is present counts.
NAMES = {
    "source_ip": ("source.ip", "source.address"),
    "username": ("user.name", "user.target.name", "user.email"),
    "target_user": ("user.name", "user.target.name", "user.email"),
    "machine": ("host.name", "log.syslog.hostname", "observer.hostname"),
    "target_fqdn": ("url.domain", "destination.domain"),
    "http_path": ("url.original", "url.path"),  # theirs holds the query or not, by parser
    "http_verb": ("http.request.method",),
    "http_status": ("http.response.status_code",),
    "http_user_agent": ("user_agent.original",),
    "http_referer": ("http.request.referrer",),
    "http_args_len": ("url.query",),
    "http_args": ("url.query",),
    "program": ("log.syslog.appname", "process.name", "observer.vendor"),
    "pid": ("log.syslog.procid", "process.pid"),
}
ENTRY = re.compile(r'results\["([^"]*)"\]\["([^"]*)"\]\[(\d+)\]\.(.*)', re.S)
FIELD = re.compile(r'Evt\.(Parsed|Meta)\["([^"]*)"\](?:\[(\d+):\])? == (.*)', re.S)
OVERFLOW = re.compile(r'results\[(\d+)\]\.Overflow\.(.*)', re.S)
STAMP = re.compile(r"(\d{4})?[-/]?(\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[-+]\d\d:?\d\d)?$")


def literal(text):
    """A quoted string as Go's %q and the suite's own escaping write it."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text.strip().strip('"')


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")) or {}
        self.log = folder / str(config.get("log_file", ""))
        self.label = str(config.get("log_type", ""))
        self.entries = {}      # (stage, parser) -> {index: {"ok", "white", "Parsed", "Meta"}}
        self.overflows = collections.OrderedDict()  # index -> {"sources", "scenario"}
        for name, read in (("parser.assert", self.read_parser), ("scenario.assert", self.read_scenario)):
            path = folder / name
            if path.is_file():
                for statement in path.read_text(encoding="utf-8", errors="replace").splitlines():
                    read(statement)

    def read_parser(self, statement):
        found = ENTRY.match(statement)
        if not found:
            return
        stage, parser, index, rest = found.groups()
        entry = self.entries.setdefault((stage, parser), {}).setdefault(
            int(index), {"ok": False, "white": False, "Parsed": {}, "Meta": {}})
        if rest.startswith("Success == "):
            entry["ok"] = rest.endswith("true")
        elif rest == "Evt.Whitelisted == true":
            entry["white"] = True
        elif field := FIELD.match(rest):
            kind, name, cut, value = field.groups()
            entry[kind][name] = (literal(value), int(cut or 0))

    def read_scenario(self, statement):
        found = OVERFLOW.match(statement)
        if not found:
            return
        overflow = self.overflows.setdefault(int(found[1]), {"sources": set(), "scenario": ""})
        if source := re.match(r'Sources\["([^"]*)"\]', found[2]):
            overflow["sources"].add(source[1])
        elif scenario := re.match(r'Alert\.GetScenario\(\) == "(.*)"', found[2]):
            overflow["scenario"] = scenario[1]

    def lines(self):
        return [line.rstrip("\r") for line in self.log.read_text(encoding="utf-8", errors="replace").split("\n")]

    def expected(self, lines):
        """line number -> (fields, whitelisted): entries of a parser stand in the order of the lines they came from."""
        by_line = collections.OrderedDict()
        full = [i for i, line in enumerate(lines) if line.strip()]
        for (stage, _), entries in sorted(self.entries.items()):
            place = 0
            for index in sorted(entries):
                entry = entries[index]
                message = entry["Parsed"].get("message", (None, 0))[0]
                at = self.find(lines, message, place)
                if at is None and len(entries) == len(full) and index < len(full):
                    at = full[index]
                if at is None:
                    continue
                place = at + 1
                if entry["ok"]:
                    by_line.setdefault(at, []).append((stage, entry))
        return {at: self.merge(found) for at, found in by_line.items()}

    @staticmethod
    def find(lines, message, place):
        if not message:
            return None
        for start, stop in ((place, len(lines)), (0, place)):
            for i in range(start, stop):
                if message in lines[i]:
                    return i
        return None

    @staticmethod
    def merge(found):
        fields = {}
        for stage, entry in found:
            if stage == "s00-raw":
                for name in ("program", "pid"):
                    if name in entry["Parsed"]:
                        fields[name] = entry["Parsed"][name]
        last = max(stage for stage, _ in found)
        for stage, entry in found:
            if stage == last:
                for name, value in entry["Meta"].items():
                    if name in NAMES or name == "timestamp":
                        fields[name] = value
        return fields, any(entry["white"] for _, entry in found)


class Tocsin:
    def __init__(self):
        self.path = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")

    def label(self, label):
        return ["--program", label] if label and label != "syslog" else []

    def decode(self, label, lines):
        """Events by line number, from 0; one process for all lines of a case."""
        command = [self.path, "decode", "-o", "ndjson", "--tz", "UTC", *self.label(label)]
        run = subprocess.run(command, input="\n".join(lines).encode(), capture_output=True, timeout=600, check=False)
        rows = run.stdout.decode(errors="replace").splitlines()
        if run.returncode != 0:
            return {}, run.stderr.decode(errors="replace")[-300:]
        return {at: json.loads(row)["events"] for at, row in enumerate(rows)}, None

    def replay(self, label, log):
        command = [self.path, "replay", "-o", "ndjson", "--tz", "UTC", *self.label(label), str(log)]
        run = subprocess.run(command, capture_output=True, timeout=600, check=False)
        if run.returncode != 0:
            return [], f"exit {run.returncode}: {run.stderr.decode(errors='replace').strip()[-300:]}"
        return [json.loads(line) for line in run.stdout.decode(errors="replace").splitlines() if line.strip()], None


def instant(text, with_year):
    found = STAMP.match(text.strip())
    if not found:
        return text
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    moment = datetime.datetime(int(year) if with_year and year else 2000, int(month), int(day), int(hour), int(minute),
                               int(second), int((fraction or "0")[:6].ljust(6, "0")))
    if zone and zone != "Z":
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment += offset if zone[0] == "-" else -offset
    return moment


def same(name, wanted, cut, event):
    if name == "timestamp":
        got = str(event.get("@timestamp", ""))
        if "." not in wanted:  # some of their parsers keep whole seconds only
            got = re.sub(r"\.\d+", "", got)
        return instant(got[cut:] if cut else got, not cut) == instant(wanted, not cut)
    values = [event[field] for field in NAMES[name] if event.get(field) not in (None, "")]
    if name == "http_args_len":
        return str(len(values[0].encode()) if values else 0) == wanted
    if wanted in ("", "-"):
        return True
    if name == "http_path" and event.get("url.query"):
        values.append(f"{event.get('url.path', '')}?{event['url.query']}")
    texts = [str(item)[cut:] for value in values for item in (value if isinstance(value, list) else [value])]
    wanted = wanted.strip("'")  # one of their parsers takes the quotes of the log along
    return wanted in texts or (name == "source_ip" and wanted.removeprefix("::ffff:") in texts)


def judge_line(fields, events):
    """None, or the first fields that no event of the line has."""
    best = None
    for event in events or [{}]:
        wrong = [f"{name} is {[event.get(f) for f in NAMES.get(name, ('@timestamp',))]}, not {wanted!r}"
                 for name, (wanted, cut) in sorted(fields.items()) if not same(name, wanted, cut, event)]
        if best is None or len(wrong) < len(best):
            best = wrong
    return "; ".join(best) or None


def judge_fields(tocsin, case, lines, expected):
    wanted = {at: fields for at, (fields, _) in expected.items() if fields}
    if not wanted:
        return []
    events, problem = tocsin.decode(case.label, lines)
    return [("fields", f"{case.name}:{at + 1}", problem or judge_line(fields, events.get(at)))
            for at, fields in sorted(wanted.items())]


def named_by(alert):
    out = {str(entity.get("value", "")) for entity in alert.get("entities", [])}
    return out | {str(value) for value in alert.get("fields", {}).values()}


def judge_overflows(tocsin, case):
    alerts, problem = tocsin.replay(case.label, case.log)
    named = set().union(*(named_by(alert) for alert in alerts)) if alerts else set()
    for index, overflow in case.overflows.items():
        missing = [s for s in overflow["sources"] if s not in named]
        bad = not alerts or (missing and len(missing) == len(overflow["sources"]))
        rules = sorted({a.get("rule.title", "") for a in alerts})
        reason = problem or (f"{overflow['scenario']}: no alert names {sorted(overflow['sources'])}; alerts: {rules}"
                             if bad else None)
        yield "overflows", f"{case.name}#{index}", reason


def judge_quiet(tocsin, case, lines, expected):
    white = [lines[at] for at, (_, is_white) in sorted(expected.items()) if is_white]
    if not white:
        return
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / case.log.name
        log.write_text("\n".join(white) + "\n", encoding="utf-8")
        alerts, problem = tocsin.replay(case.label, log)
    titles = sorted({alert.get("rule.title", "") for alert in alerts})
    yield "quiet", case.name, problem or (f"{len(alerts)} alerts: {titles}" if alerts else None)


def judge(tocsin, folder):
    case = Case(folder)
    if not case.log.is_file():
        return []
    lines = case.lines()
    expected = case.expected(lines)
    out = judge_fields(tocsin, case, lines, expected)
    if case.overflows:
        out += judge_overflows(tocsin, case)
    out += judge_quiet(tocsin, case, lines, expected)
    return out


def main():
    options = arguments(__doc__).parse_args()
    if not options.suite.is_dir():
        print(f"skipped: no suite at {options.suite}")
        return 0
    folders = sorted(path.parent for path in options.suite.glob("**/config.yaml")
                     if fnmatch.fnmatch(path.parent.name, options.only))
    tocsin, score = Tocsin(), Score(groups=GROUPS)
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        for results in pool.map(lambda folder: judge(tocsin, folder), folders):
            for group, case, reason in results:
                score.add(group, case, reason)
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
