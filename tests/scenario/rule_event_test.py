#!/usr/bin/python3
"""Rules asked about events that are there: explain, backtest, coverage, navigator, with the real program."""
import collections
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")
RULES = """\
title: Root from afar
id: 7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0a01
tags: [attack.credential-access, attack.t1110.001]
logsource: {product: linux, service: sshd}
detection:
  selection: {event.action: ssh_login, user.name: root}
  filter: {source.ip|cidr: 10.0.0.0/8}
  condition: selection and not filter
---
title: Needs what nobody sends
id: 7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0a02
logsource: {product: linux, service: sshd}
detection: {selection: {nobody.sends: x}, condition: selection}
---
title: From a source that is silent
id: 7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0a03
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Served by no view
id: 7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0a04
logsource: {product: nosuch, service: nosuch}
detection: {selection: {a: 1}, condition: selection}
"""
LINE = "Nov 22 15:30:0{} web01 sshd[7]: Failed password for {} from {} port 5000 ssh2\n"


class Eval(unittest.TestCase):
    def test_a_line_that_is_no_question_has_its_answer_too(self):
        with tempfile.TemporaryDirectory() as folder:
            rules = pathlib.Path(folder) / "rules.yml"
            rules.write_text(RULES)
            rule = "7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0a02"
            questions = [json.dumps({"rule": rule, "event": {"nobody.sends": "x"}}), "nonsense", "[]", json.dumps({"rule": rule, "event": {}})]
            done = subprocess.run([TOCSIN, "rule", "eval", "--rules", rules], input="\n".join(questions), capture_output=True, text=True, timeout=60)
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(1, done.returncode)
            self.assertEqual([True, None, None, False], [a.get("match") for a in answers])
            self.assertEqual([2, 3], [a["error"]["line"] for a in answers if "error" in a])


class RuleEvents(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-rules-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.rules = self.folder / "rules.yml"
        self.rules.write_text(RULES, encoding="utf-8")
        self.log = self.folder / "auth.log"
        self.log.write_text(LINE.format(1, "root", "203.0.113.9") + LINE.format(2, "root", "10.1.2.3") +
                            LINE.format(3, "bob", "203.0.113.9"), encoding="utf-8")

    def run_it(self, *arguments, status=0, text=None):
        run = subprocess.run([TOCSIN, *map(str, arguments)], capture_output=True, timeout=120, check=False, text=True,
                             input=text)
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stdout, run.stderr

    def rows(self, *arguments, **more):
        return [json.loads(line) for line in self.run_it(*arguments, "-o", "ndjson", **more)[0].splitlines()]

    def test_explain_names_what_decides(self):
        rows = self.rows("rule", "explain", "Root from afar", "--rules", self.rules, "--event", self.log)
        self.assertEqual([r["match"] for r in rows], [True, False, False])
        self.assertEqual([(x["selection"], x["field"]) for x in rows[1]["leaves"]], [("filter", "source.ip")])
        self.assertEqual(rows[1]["leaves"][0]["test"], "is in 10.0.0.0/8")
        self.assertEqual([(x["holds"], x["field"], x["value"]) for x in rows[2]["leaves"]], [(False, "user.name", "bob")])
        said = self.run_it("rule", "explain", "Root from afar", "--rules", self.rules, "--event", self.log)[0]
        self.assertIn("fails  filter: not source.ip is in 10.0.0.0/8; source.ip = 10.1.2.3", said)

    def test_explain_asks_which_one_is_meant(self):
        base = "7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0a01"
        self.rules.write_text(RULES + f"---\ntitle: Many\nid: {base[:-1]}9\ncorrelation: {{type: event_count, rules: [{base}], "
                              "group-by: [source.ip], timespan: 5m, condition: {gte: 3}}\n", encoding="utf-8")
        said = self.run_it("rule", "explain", base[:-1], "--rules", self.rules, "--event", self.log, status=2)[1]
        self.assertIn("write more of the id", said)
        self.assertIn("is a correlation", self.run_it("rule", "explain", "Many", "--rules", self.rules, "--event", self.log, status=1)[1])

    def test_the_year_of_a_file_is_when_it_was_written(self):
        for written, year in (("2025-11-22T16:00:00", 2025), ("2025-11-21T23:00:00", 2025), ("2025-01-02T00:00:00", 2024)):
            stamp = datetime.datetime.fromisoformat(written + "+00:00").timestamp()
            os.utime(self.log, (stamp, stamp))
            for command in (["rule", "backtest", "--rules", self.rules, self.log], ["replay", "--rules", self.rules, self.log]):
                row = self.rows(*command)[0]
                self.assertEqual(str(year), (row.get("first") or row["@timestamp"])[:4], (written, command[0]))

    def test_no_rules_is_no_success(self):
        self.run_it("rule", "backtest", "--rules", self.folder / "nosuch.yml", self.log, status=1)
        empty = self.folder / "empty"
        empty.mkdir()
        self.assertIn("there is no rule file", self.run_it("rule", "check", empty, status=3)[1])
        self.run_it("rule", "check", "--tuning", self.folder / "nosuch.yaml", self.rules, status=3)

    def test_explain_says_when_the_log_source_is_another(self):
        rows = self.rows("rule", "explain", "From a source that is silent", "--rules", self.rules, status=1,
                         text=self.log.read_text())
        self.assertEqual(rows[0]["leaves"][0]["selection"], "logsource")
        self.run_it("rule", "explain", "nosuch", "--rules", self.rules, "--event", self.log, status=3)
        self.run_it("rule", "explain", self.rules, "--event", self.log, status=2)
        self.run_it("rule", "explain", "Root from afar", "--rules", self.rules, "--event", TOCSIN, status=2)

    def test_backtest_counts_over_files(self):
        rows = self.rows("rule", "backtest", "--rules", self.rules, self.log)
        self.assertEqual([(r["title"], r["alerts"], r["hosts"]) for r in rows], [("Root from afar", 1, 1)])

    def test_backtest_over_a_store_finds_what_was_found(self):
        store = self.folder / "store"
        replayed = self.rows("replay", "--store", store, ROOT / "etc/examples/intrusion")
        found = collections.Counter()
        for alert in replayed:
            if alert["rule.engine"] == "sigma":
                found[alert["rule.id"]] += alert["alert.count"]
        again = {r["rule"]: r["alerts"] for r in self.rows("rule", "backtest", "--store", store, "--since", "2000-01-01")}
        self.assertEqual({rule: again.get(rule) for rule in found}, dict(found))
        self.assertEqual(self.rows("rule", "backtest", "--store", store, "--since", "2000-01-01", "--until", "2000-01-02"),
                         [])
        self.run_it("rule", "backtest", "--store", self.folder / "nosuch", status=3)
        self.run_it("rule", "backtest", "--store", store, "--since", "never", status=2)

    def test_coverage_names_what_is_missing(self):
        rows = {r["title"]: r for r in self.rows("rule", "coverage", "--all", "--rules", self.rules, self.log)}
        self.assertEqual({t: r["coverage"] for t, r in rows.items()},
                         {"Root from afar": "can fire", "Needs what nobody sends": "field missing",
                          "From a source that is silent": "source missing", "Served by no view": "no view"})
        self.assertEqual(rows["Needs what nobody sends"]["missing"], ["nobody.sends"])
        self.assertIn("Channel security", rows["From a source that is silent"]["missing"][0])
        self.assertNotIn("Root from afar", self.run_it("rule", "coverage", "--rules", self.rules, self.log)[0])

    def test_navigator_is_a_layer(self):
        layer = json.loads(self.run_it("rule", "navigator", self.rules, "--name", "mine")[0])
        self.assertEqual((layer["name"], layer["domain"]), ("mine", "enterprise-attack"))
        self.assertEqual([(t["techniqueID"], t["score"]) for t in layer["techniques"]], [("T1110.001", 1)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
