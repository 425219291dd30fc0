#!/usr/bin/python3
"""TLP: what a list marks too strictly for a way out of the host stays on it: sinks, EVE records, reports."""
import json
import pathlib
import socket
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402

OPEN, SECRET = "203.0.113.10", "203.0.113.66"
LISTS = f"""\
# tocsin: name=open-feed confidence=40 tlp=amber
{OPEN}
# tocsin: name=secret-feed confidence=100 tlp=red
{SECRET}
"""


class Marking(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        path.chmod(0o755)
        lists = path / "lists.txt"
        lists.write_text(LISTS, encoding="utf-8")
        self.sinks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for sink in self.sinks:
            self.addCleanup(sink.close)
            sink.bind(("127.0.0.1", 0))
            sink.settimeout(rig.PATIENCE)
        first, second = (f"127.0.0.1:{sink.getsockname()[1]}" for sink in self.sinks)
        self.daemon = rig.Daemon(path, more=f"""\
reports: []
notify:
  - {{name: first, kind: syslog, address: "{first}", least_severity: 1}}
  - {{name: second, kind: syslog, address: "{second}", least_severity: 50}}
eve: {{file: "{path}/state/eve.json"}}
""")
        config = self.daemon.config.read_text(encoding="utf-8")
        self.daemon.config.write_text(config.replace("rules:\n", f'rules:\n  indicators: {{paths: ["{lists}"]}}\n'), encoding="utf-8")
        self.eve = path / "state/eve.json"
        self.addCleanup(self.daemon.stop)
        self.daemon.start()

    def meet(self, address, sink):
        self.daemon.write(rig.guesses(1, 1, address, time.gmtime()))
        return sink.recv(65536).decode()

    def report(self, *arguments):
        done = self.daemon.ask("report", "make", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_what_is_marked_red_stays(self):
        told = self.meet(OPEN, self.sinks[0])
        self.assertIn(OPEN, told)
        withheld = self.meet(SECRET, self.sinks[1])
        self.assertIn("withheld, TLP:RED", withheld)
        self.assertNotIn("203.0.113", withheld)
        alerts = {a["rule.id"].rsplit(":", 1)[1]: a["alert.tlp"] for a in self.daemon.alerts()}
        self.assertEqual(alerts, {OPEN: "amber", SECRET: "red"})
        rig.wait_for(lambda: self.eve.is_file() and OPEN in self.eve.read_text(encoding="utf-8"), "the EVE record")
        self.assertNotIn(SECRET, self.eve.read_text(encoding="utf-8"))
        self.assertEqual(self.daemon.status()["eve"]["withheld"], 1)
        self.assertNotIn(f"Listed address {SECRET}", self.daemon.said())
        daily = json.loads(self.report("daily", "--format", "json"))
        self.assertEqual((daily["withheld"]["alerts"], daily["withheld"]["incidents"]), (1, 1))
        self.assertEqual(daily["alerts"]["count"], 2)
        for kind in (["daily"], ["incident", "--incident", "2"]):
            self.assertNotIn(SECRET, self.report(*kind, "--format", "markdown"))
            self.assertIn(SECRET, self.report(*kind, "--format", "csv", "--max-tlp", "red"))


if __name__ == "__main__":
    unittest.main()
