#!/usr/bin/python3
"""Judges decoders and shipped detections by log lines with the decoder and level another product gives them.

usage: wazuh_logs.py SUITE [--only GLOB] [--json OUT] [--jobs N]     (TOCSIN=PATH names the binary)

SUITE holds samples.jsonl: file, section, n, verdict, log, decoder, rule, alert (level 0-15). Rows whose verdict is
`fail` are skipped. Each (file, section) is one stream, in order of n.

Groups:
  parsed    each sample whose decoder is not a bare JSON reader: the family of `tocsin decode` is one that
            wazuh_families.yaml gives for `decoder` (one that it does not know fails), and source.ip is set where an
            address follows from, src, rhost or client
  detected  each section whose highest level is at least 7: at least one alert of the shipped packs
  quiet     each section whose highest level is at most 2: none
--only picks sections by "file: section".
"""
import collections
import concurrent.futures
import fnmatch
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from score import Score, arguments

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ADDRESS = re.compile(r"\b(?:from|src|rhost|client)(?:ip)?\b[ =:\[(\"']{0,3}((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*)"
                     r"(?![\w.])", re.IGNORECASE)
YEAR = "2024"  # of stamps without one; any will do


class Tocsin:
    def __init__(self):
        self.path = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")

    def run(self, arguments, text=None):
        done = subprocess.run([self.path, *arguments], input=text, capture_output=True, timeout=1800, check=False)
        if done.returncode != 0:
            raise SystemExit(f"tocsin {arguments[0]}: exit {done.returncode}: {done.stderr[-2000:]!r}")
        return [json.loads(line) for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]

    def decode(self, lines):
        """What is made of each line, in order, from one process."""
        answers = self.run(["decode", "-o", "ndjson"], "".join(line + "\n" for line in lines).encode())
        if len(answers) != len(lines):
            raise SystemExit(f"{len(lines)} lines, {len(answers)} answers")
        return answers

    def replay(self, folder):
        return self.run(["replay", "-o", "ndjson", "-q", str(folder)])


def one_line(text):
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def read_sections(suite, only):
    sections, skipped = collections.OrderedDict(), 0
    with (suite / "samples.jsonl").open(encoding="utf-8") as file:
        for row in map(json.loads, filter(str.strip, file)):
            if not fnmatch.fnmatch(f"{row['file']}: {row['section']}", only):
                continue
            if row["verdict"] == "fail":
                skipped += 1
            else:
                sections.setdefault((row["file"], row["section"]), []).append(row)
    for rows in sections.values():
        rows.sort(key=lambda row: int(row["n"]))
    return sections, skipped


def named_addresses(text):
    out = []
    for found in ADDRESS.finditer(text):
        try:
            out.append(str(ipaddress.ip_address(found[1])))
        except ValueError:
            continue
    return out


def judge_reading(row, answer, families):
    wanted = families.get(row["decoder"])
    if wanted is None:
        return f"no family is known for decoder {row['decoder']!r}"
    got = {answer["decoder"], *(event.get("event.module", "") for event in answer["events"])}
    if not got & set(wanted):
        return f"decoded by {answer['decoder'] or 'nobody'}, not by {'/'.join(wanted)}: {row['log'][:200]}"
    if named_addresses(row["log"]) and not any("source.ip" in event for event in answer["events"]):
        return f"{answer['decoder']}/{answer['pattern']} sets no source.ip: {row['log'][:250]}"
    return None


def judge_parsed(tocsin, sections, families, score):
    every = [row for group in sections.values() for row in group]
    rows = [row for row in every if row.get("decoder") and row["decoder"] not in families["json_only"]]
    score.groups["parsed"]["skipped"] += sum(not row.get("decoder") for row in every)  # the suite names no family
    for row, answer in zip(rows, tocsin.decode([one_line(row["log"]) for row in rows])):
        case = f"{row['file']}: {row['section']} [{row['n']}]"
        score.add("parsed", case, judge_reading(row, answer, families["families"]))


def write_streams(folder, streams):
    """One input a stream, each about a host of its own, so that every alert tells where it comes from."""
    inputs = []
    for number, rows in streams:
        name = f"{number}.log"
        (folder / name).write_text("".join(one_line(row["log"]) + "\n" for row in rows), encoding="utf-8")
        inputs.append({"path": name, "host": f"stream-{number}", "year": int(YEAR), "timezone": "UTC"})
    (folder / "recording.yaml").write_text(yaml.safe_dump({"name": "streams", "inputs": inputs}), encoding="utf-8")


def alerts_of(tocsin, streams):
    """Alerts by stream number. Streams of one line share a process: what counts over several events is left out, since
    it could only have counted across streams; the others have one each."""
    alone = len(streams) == 1
    with tempfile.TemporaryDirectory() as folder:
        write_streams(Path(folder), streams)
        out = collections.defaultdict(list)
        for alert in tocsin.replay(folder):
            if alone or (len(alert.get("events", [])) <= 1 and alert.get("alert.count", 1) == 1):
                number = streams[0][0] if alone else int(alert["host.name"].removeprefix("stream-"))
                out[number].append(alert["rule.title"])
        return out


def judge_alerts(tocsin, sections, score, jobs):
    judged = []
    for number, (key, rows) in enumerate(sections.items()):
        highest = max(int(row.get("alert") or 0) for row in rows)
        if highest >= 7 or highest <= 2:
            judged.append((number, key, rows, "detected" if highest >= 7 else "quiet"))
    runs = [[(number, rows) for number, _, rows, _ in judged if len(rows) == 1]]
    runs += [[(number, rows)] for number, _, rows, _ in judged if len(rows) > 1]
    alerts = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for found in pool.map(lambda streams: alerts_of(tocsin, streams), filter(None, runs)):
            alerts.update(found)
    for number, (file, section), rows, group in judged:
        titles = alerts.get(number, [])
        if group == "detected":
            reason = None if titles else f"no alert: {rows[-1]['log'][:300]}"
        else:
            reason = f"alerts: {', '.join(sorted(set(titles)))}: {rows[0]['log'][:200]}" if titles else None
        score.add(group, f"{file}: {section}", reason)


def main():
    options = arguments(__doc__).parse_args()
    if not (options.suite / "samples.jsonl").is_file():
        print(f"skipped: no samples.jsonl in {options.suite}")
        return 0

    with (HERE / "wazuh_families.yaml").open(encoding="utf-8") as file:
        families = yaml.safe_load(file)
    sections, skipped = read_sections(options.suite, options.only)
    tocsin, score = Tocsin(), Score(groups=("parsed", "detected", "quiet"))
    score.skip("parsed", skipped)
    judge_parsed(tocsin, sections, families, score)
    judge_alerts(tocsin, sections, score, options.jobs)
    return score.finish(options.json)


if __name__ == "__main__":
    sys.exit(main())
