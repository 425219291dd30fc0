"""Many recordings in one replay, alerts told apart by the recording they came from: each is said to come from a host of
its own, so that an event which stands in two of them is two events. Used by sigma.py and evtx_samples.py."""
import collections
import json
import os
import subprocess
import tempfile
from pathlib import Path

FILES_MOST = 400  # open at once


class Failed(Exception):
    pass


def replay_apart(tocsin, rules, files):
    """Yields (place in files, alert) in no particular order. Raises Failed with what the program said."""
    for start in range(0, len(files), FILES_MOST):
        yield from ((start + number, alert) for number, alert in part(tocsin, rules, files[start:start + FILES_MOST]))


def part(tocsin, rules, files):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recording = ["inputs:"]
        for number, file in enumerate(files):
            link = f"{number}{Path(file).suffix}"
            os.symlink(Path(file).resolve(), folder / link)
            recording.append(f"  - {{path: {link}, host: recording-{number}}}")
        (folder / "recording.yaml").write_text("\n".join(recording) + "\n", encoding="utf-8")
        command = [tocsin, "replay", "-o", "ndjson"]
        for rule in rules:
            command += ["--rules", rule]
        run = subprocess.run(command + [name], capture_output=True, timeout=1800, check=False)
    if run.returncode != 0:
        raise Failed(f"exit {run.returncode}: {run.stderr.decode(errors='replace').strip()[-600:]}")
    for line in run.stdout.decode(errors="replace").splitlines():
        if line.strip():
            alert = json.loads(line)
            yield int(alert["host.name"].removeprefix("recording-")), alert


def count_hits(pairs):
    """Numbers of alerts by place, then by rule id."""
    hits = collections.defaultdict(collections.Counter)
    for place, alert in pairs:
        hits[place][alert.get("rule.id")] += alert.get("alert.count", 1)
    return hits
