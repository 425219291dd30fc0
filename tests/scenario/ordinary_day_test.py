#!/usr/bin/python3
"""A working day of ordinary logs through `tocsin replay`: nothing alerts, and the decoders know the lines."""
import json
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN", str(ROOT / "build/release/bin/tocsin"))
DAY = pathlib.Path(__file__).resolve().parent / "ordinary_day"


def run(*arguments, **keywords):
    return subprocess.run([TOCSIN, *map(str, arguments)], capture_output=True, timeout=300, check=True, **keywords).stdout


class OrdinaryDay(unittest.TestCase):
    def test_nothing_alerts(self):
        rows = [json.loads(line) for line in run("replay", "-o", "ndjson", DAY).splitlines()]
        self.assertEqual([], sorted({row["rule.title"] for row in rows}))

    def test_its_logins_are_understood(self):
        for log, program, failures in (("keycloak.log", "keycloak", 9), ("nextcloud.log", "nextcloud", 4)):
            with (DAY / log).open("rb") as lines:
                out = run("decode", "-o", "ndjson", "--program", program, stdin=lines)
            events = [event for line in out.splitlines() for event in json.loads(line)["events"]]
            failed = [e for e in events if e.get("event.outcome") == "failure" and e.get("event.type") == "start"]
            self.assertEqual(failures, len(failed), log)
            self.assertTrue(all(e.get("source.ip") and e.get("user.name") for e in failed), log)


if __name__ == "__main__":
    unittest.main()
