#!/usr/bin/python3
"""Indicator lists with the real program: in every format, over packets and logs, looked up and looked back for."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")
EXAMPLE = ROOT / "etc/examples/intrusion"
LINE = "Nov 22 15:{:02}:0{} web01 sshd[7]: Failed password for {} from {} port 5000 ssh2\n"
PLAIN = """\
# tocsin: name=plain-feed confidence=90 tlp=amber
203.0.113.9  # brute force
!!! is no value
"""
CSV = """\
indicator,type,confidence,tlp,valid_until,description
203.0.113.9,ip,60,green,2099-01-01,seen before
old.example,domain,60,green,2001-01-01,long gone
"""
STIX = {"type": "bundle", "id": "bundle--1", "objects": [
    {"type": "indicator", "id": "indicator--1", "pattern_type": "stix", "name": "Scanner", "confidence": 70,
     "pattern": "[ipv4-addr:value = '203.0.113.10' OR domain-name:value = 'evil.example']",
     "valid_from": "2099-01-01T00:00:00Z",
     "object_marking_refs": ["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}]}
MISP = {"Event": {"info": "A campaign", "Attribute": [
    {"type": "ip-src", "value": "203.0.113.11", "to_ids": True},
    {"type": "ip-src", "value": "203.0.113.12", "to_ids": False}], "Tag": [{"name": "tlp:green"}]}}


class Indicators(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-indicators-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.lists = self.folder / "lists"
        self.lists.mkdir()
        for name, text in (("plain.txt", PLAIN), ("feed.csv", CSV), ("bundle.json", json.dumps(STIX, indent=1)),
                           ("event.json", json.dumps(MISP, indent=1))):
            (self.lists / name).write_text(text, encoding="utf-8")
        self.log = self.folder / "auth.log"
        self.log.write_text("".join(LINE.format(minute, second, "root", address) for minute in (1, 2)
                                    for second, address in enumerate(["203.0.113.9", "203.0.113.10", "203.0.113.11",
                                                                      "203.0.113.12", "192.0.2.1"])), encoding="utf-8")
        self.none = self.folder / "none.yml"
        self.none.write_text("", encoding="utf-8")

    def run_it(self, *arguments, status=0):
        run = subprocess.run([TOCSIN, *map(str, arguments)], capture_output=True, timeout=120, check=False, text=True)
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stdout, run.stderr

    def rows(self, *arguments, **more):
        return [json.loads(line) for line in self.run_it(*arguments, "-o", "ndjson", **more)[0].splitlines()]

    def replay(self, *arguments):
        return self.rows("replay", "--rules", self.none, *arguments)

    def test_a_log_meets_lists_of_all_formats(self):
        alerts = self.replay("--indicators", self.lists, "--year", "2026", self.log)
        # The STIX indicator is not valid yet; MISP's second address is not for detection.
        self.assertEqual(sorted(a["rule.id"] for a in alerts),
                         ["indicator:address:203.0.113.11", "indicator:address:203.0.113.9"])
        alert = next(a for a in alerts if a["rule.id"].endswith(".9"))
        self.assertEqual(alert["rule.engine"], "indicator")
        self.assertEqual(alert["alert.confidence"], 90)
        self.assertIn("tlp:amber", alert["rule.tags"])
        self.assertEqual(alert["fields"]["threat.indicator.provider"], "feed.csv, plain-feed")
        self.assertEqual(alert["why"][0]["where"], "source.ip")

    def test_workers_change_nothing(self):
        outputs = {self.run_it("replay", "--rules", self.none, "--indicators", self.lists, "--year", "2026", "--workers", n,
                               "-o", "ndjson", self.log, EXAMPLE / "traffic.pcap")[0] for n in (1, 2, 4)}
        self.assertEqual(len(outputs), 1)

    def test_packets_meet_addresses_names_and_urls(self):
        store = self.folder / "store"
        self.run_it("replay", "--rules", self.none, "--store", store, EXAMPLE / "traffic.pcap")
        events = self.rows("event", "search", "--store", store, "--limit", "5000")
        flow = next(e for e in events if e["event.dataset"] == "flow")
        http = next(e for e in events if e.get("url.full"))
        mine = self.folder / "mine.txt"
        mine.write_text(f"{http['url.full']}\n", encoding="utf-8")
        alerts = self.replay("--indicators", mine, EXAMPLE / "traffic.pcap")
        self.assertEqual([a["why"][0]["where"] for a in alerts][:1], ["url.full"])
        self.assertTrue(flow["source.ip"])

    def test_check_names_file_and_line(self):
        said = json.loads(self.run_it("indicator", "check", "-o", "json", self.lists, status=1)[0])
        self.assertEqual([(r["file"], r["line"], r["code"]) for r in said["refused"]],
                         [(str(self.lists / "plain.txt"), 3, "I0001")])
        self.assertEqual(said["loaded"], 5)
        self.assertEqual(said["expired"], 1)
        self.assertEqual({x["name"]: (x["format"], x["loaded"], x["merged"], x["skipped"]) for x in said["lists"]},
                         {"plain-feed": ("plain", 0, 1, 0), "feed.csv": ("csv", 2, 0, 0), "bundle.json": ("stix", 2, 0, 0),
                          "event.json": ("misp", 1, 0, 1)})
        self.run_it("indicator", "check", self.lists / "feed.csv")
        self.run_it("indicator", "check", self.folder / "nosuch", status=1)

    def test_list_shows_states(self):
        rows = self.rows("indicator", "list", self.lists)
        self.assertEqual({r["value"]: r["state"] for r in rows},
                         {"203.0.113.9": "in force", "old.example": "expired", "203.0.113.10": "waiting",
                          "evil.example": "waiting", "203.0.113.11": "in force"})
        self.assertEqual([r["value"] for r in self.rows("indicator", "list", self.lists, "--state", "expired")], ["old.example"])
        self.assertEqual(len(self.rows("indicator", "list", self.lists, "--kind", "domain")), 2)

    def stored(self):
        store = self.folder / "store"
        self.run_it("replay", "--rules", self.none, "--store", store, "--year", "2026", self.log)
        return store

    def test_lookup_says_listed_and_seen(self):
        store = self.stored()
        rows = self.rows("indicator", "lookup", "203.0.113[.]9", "--indicators", self.lists, "--store", store, "--since", "2026-01-01")
        self.assertEqual([r["found"] for r in rows], ["indicator", "event", "event"])
        self.assertEqual(rows[0]["sources"], ["feed.csv", "plain-feed"])
        self.run_it("indicator", "lookup", "198.51.100.1", "--indicators", self.lists, "--store", store, "--since", "2026-01-01", status=3)
        self.run_it("indicator", "lookup", "no value", status=2)

    def test_backtest_finds_what_was_stored_before(self):
        store = self.stored()
        rows = self.rows("indicator", "backtest", "--since", "2026-01-01", "--store", store, self.lists)
        self.assertEqual({r["value"]: r["events"] for r in rows}, {"203.0.113.9": 2, "203.0.113.10": 2, "203.0.113.11": 2})
        self.assertEqual(rows[0]["value"], "203.0.113.9")  # the most certain
        again = self.rows("indicator", "backtest", self.lists, "--event", self.log)
        self.assertEqual({r["value"] for r in again}, {r["value"] for r in rows})
        tested = self.rows("rule", "backtest", "--indicators", self.lists, "--since", "2026-01-01", "--store", store)
        self.assertEqual({r["rule"].rsplit(":", 1)[1] for r in tested}, {r["value"] for r in rows})


if __name__ == "__main__":
    unittest.main()
