#!/usr/bin/python3
"""Analysts tune rules: offline over the bundled recording, and in the running daemon, where entries end by themselves."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402

INTRUSION = rig.ROOT / "etc/examples/intrusion"
WEB = "1:9000003"
RULE = """\
title: {title}
id: {id}
status: test
description: any failed password
logsource: {{product: linux, service: sshd}}
detection:
  words: ['Failed password for early']
  condition: words
level: low
"""
FILTER = """\
title: not that network
id: 5f3b0c1e-6f0e-4b57-9b3f-0d5f0c6c0a02
logsource: {{product: linux, service: sshd}}
expires: {until}
filter:
  rules: [{rule}]
  ours: {{source.ip|cidr: 203.0.113.0/24}}
  condition: not ours
"""
FIRST = "5f3b0c1e-6f0e-4b57-9b3f-0d5f0c6c0a01"


def line(number, source):
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
    return f"{stamp} web01 sshd[{number}]: Failed password for early{number} from {source} port {20000 + number} ssh2\n".encode()


class Offline(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN)
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.file = self.path / "tuning.yaml"
        self.environment = dict(os.environ, TOCSIN_STATE=str(self.path / "state"))

    def tocsin(self, *arguments, code=0):
        done = subprocess.run([rig.TOCSIN, *map(str, arguments)], capture_output=True, env=self.environment, timeout=rig.PATIENCE, check=False)
        self.assertEqual(done.returncode, code, done.stderr.decode(errors="replace"))
        return done

    def rules(self, *arguments):
        done = self.tocsin("replay", *arguments, "-o", "ndjson", INTRUSION)
        return [alert["rule.id"] for alert in rig.rows(done.stdout)], done.stderr.decode()

    def add(self, *arguments, **more):
        return self.tocsin("tuning", "add", *arguments, "--tuning", self.file, "--expires", "30d", "--reason", "test", **more)

    def test_a_replay_obeys_the_file(self):
        before, _ = self.rules()
        self.assertIn(WEB, before)
        self.add("suppress", WEB, "--network", "203.0.113.0/24", "--side", "source")
        self.add("disable", "9000201")
        after, said = self.rules("--tuning", self.file)
        self.assertEqual(sorted(after), sorted(r for r in before if r not in (WEB, "1:9000201")))
        self.assertIn(f"{before.count(WEB)} alerts taken", said)
        # The same without an entry for the other network; and a Sigma and a YARA rule by their ids.
        self.file.unlink()
        self.add("suppress", "*", "--filter", "source.ip=203.0.113.66")
        after, _ = self.rules("--tuning", self.file)
        self.assertNotIn(WEB, after)
        self.file.unlink()
        self.add("suppress", WEB, "--network", "198.51.100.0/24")
        self.assertEqual(sorted(self.rules("--tuning", self.file)[0]), sorted(before))
        sigma = next(r for r in before if len(r) == 36)
        yara = next(r for r in before if r.startswith("php_"))
        self.add("suppress", sigma, yara)
        self.assertEqual(sorted(self.rules("--tuning", self.file)[0]), sorted(r for r in before if r not in (sigma, yara)))

    def test_an_entry_that_ended_has_no_effect_and_is_told(self):
        before, _ = self.rules()
        self.file.write_text(f'tuning:\n  - {{do: disable, rule: "{WEB}", owner: a, reason: b, expires: 2026-01-01}}\n')
        after, said = self.rules("--tuning", self.file)
        self.assertEqual(after, before)
        self.assertIn("T0201", said)
        (row,) = rig.rows(self.tocsin("tuning", "list", "--tuning", self.file, "-o", "ndjson").stdout)
        self.assertEqual(row["state"], "expired")
        self.assertIn("T0202", self.warned("do: disable, rule: '1:4242'"))
        self.assertIn("T0204", self.warned(f"do: suppress, rule: '{WEB}', network: 0.0.0.0/0"))

    def warned(self, entry):
        self.file.write_text(f"tuning:\n  - {{{entry}, owner: a, reason: b, expires: {time.strftime('%Y-%m-%d', time.gmtime(time.time() + 86400 * 90))}}}\n")
        return self.tocsin("rule", "check", "--tuning", self.file).stdout.decode()

    def test_preview_counts_what_is_stored(self):
        store = self.path / "store"
        self.tocsin("replay", "--store", store, "-o", "ndjson", INTRUSION)
        ask = ["tuning", "preview", "--exercise", "--store", store, "--since", "2026-11-22T00:00:00Z", "--until", "2026-11-23T00:00:00Z"]
        rows = rig.rows(self.tocsin(*ask, "suppress", WEB, "--network", "203.0.113.0/24", "-o", "ndjson").stdout)
        before, _ = self.rules()
        by = {(row["what"], row["value"]): row for row in rows}
        self.assertEqual(by["rule", WEB]["alerts"], before.count(WEB))
        self.assertEqual(by["source", "203.0.113.66"]["alerts"], before.count(WEB))
        self.assertGreater(by["incident", "INC-2026-0001"]["of"], before.count(WEB))
        said = self.tocsin(*ask, "suppress", WEB, "--filter", "source.ip|cidr=203.0.113.0/24", "--filter", "host.name|exists=true").stderr
        self.assertIn(f"would take away {before.count(WEB)} of".encode(), said)
        said = self.tocsin(*ask, "suppress", WEB, "--filter", "{s: {source.ip: 203.0.113.66}, t: {host.name: elsewhere}, condition: not (s and t)}").stderr
        self.assertIn(b"would take away 0 of", said)
        none = self.tocsin(*ask, "suppress", WEB, "--network", "198.51.100.0/24")
        self.assertIn(b"would take away 0 of", none.stderr)

    def test_mistakes_say_what_to_do(self):
        for arguments, words in ((["suppress", WEB, "--network", "10.0.0.300"], b"10.9.0.0/16"),
                                 (["suppress", "re:x"], b"takes ids"), (["modify", WEB], b"severity"),
                                 (["suppress", WEB, "--filter", "a|nope=b"], b"nope"), (["suppress", WEB, "--filter", "a"], b"FIELD=VALUE"),
                                 (["disable", WEB, "--filter", "a=b"], b"filter are for suppress"),
                                 (["suppress", WEB, "--hours", "27"], b"22:00-06:00")):
            self.assertIn(words, self.add(*arguments, code=2).stderr)
        self.assertIn(b"--reason", self.tocsin("tuning", "add", "disable", WEB, "--tuning", self.file, "--expires", "1d", code=2).stderr)
        self.assertIn(b"--expires", self.tocsin("tuning", "add", "disable", WEB, "--tuning", self.file, "--reason", "x", code=2).stderr)
        self.assertIn(b"366", self.tocsin("tuning", "add", "disable", WEB, "--tuning", self.file, "--reason", "x", "--expires", "900d", code=2).stderr)
        self.assertIn(b"over already", self.tocsin("tuning", "add", "disable", WEB, "--tuning", self.file, "--reason", "x", "--expires", "2020-01-01", code=2).stderr)
        self.tocsin("tuning", "remove", "t-none", "--tuning", self.file, "--reason", "x", code=3)
        self.assertFalse(self.file.exists())

    def test_files_of_suricata_update_are_taken_over(self):
        conf = self.path / "disable.conf"
        conf.write_text(f"# ours\n{WEB}\ngroup:dns\nfrobnicate\n")
        done = self.tocsin("tuning", "import", conf, "--tuning", self.file, "--expires", "30d", "--reason", "taken over")
        self.assertIn(b"1 entry taken over; line 4", done.stderr)
        after, _ = self.rules("--tuning", self.file)
        self.assertFalse([r for r in after if r == WEB or r.startswith("1:90002")])


class Live(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        path.chmod(0o755)
        self.daemon = rig.Daemon(path)
        self.addCleanup(self.daemon.stop)
        (self.daemon.rules / "first.yml").write_text(RULE.format(title="First rule", id=FIRST))
        self.daemon.start()
        self.number = 1000

    def ask(self, *arguments, code=0):
        done = self.daemon.ask(*arguments)
        self.assertEqual(done.returncode, code, done.stderr.decode(errors="replace"))
        return done

    def seen(self, source):
        return sum(a.get("count", 1) for a in self.daemon.alerts() if a["rule.id"] == FIRST and source in json.dumps(a))

    def write(self, source):
        self.number += 1
        self.daemon.write(line(self.number, source))

    def test_suppressed_until_it_ends_then_heard_again(self):
        daemon = self.daemon
        self.write("203.0.113.5")
        rig.wait_for(lambda: self.seen("203.0.113.5") == 1, "the alert before")
        preview = self.ask("tuning", "preview", "suppress", FIRST, "--network", "203.0.113.0/24")
        self.assertIn(b"would take away 1 of 1", preview.stderr)
        done = self.ask("tuning", "add", "suppress", FIRST, "--network", "203.0.113.0/24", "--expires", "12s", "--reason", "a test", "-o", "json")
        (entry,) = json.loads(done.stdout)
        ends = time.monotonic() + 12
        self.assertEqual((entry["state"], entry["rules"]), ("active", 1))
        self.write("203.0.113.6")
        self.write("198.51.100.9")  # not of that network: the sign that both were read
        rig.wait_for(lambda: self.seen("198.51.100.9") == 1, "the alert of another network")
        self.assertEqual(self.seen("203.0.113.6"), 0)
        (row,) = rig.rows(self.ask("tuning", "list", "-o", "ndjson").stdout)
        self.assertEqual(row["alerts"], 1)
        self.assertEqual(daemon.status()["tuning"]["alerts_taken"], 1)
        self.assertIn(b"tocsin_alerts_suppressed_total 1", self.ask("metrics").stdout)
        time.sleep(max(0, ends + 1 - time.monotonic()))
        self.write("203.0.113.7")
        rig.wait_for(lambda: self.seen("203.0.113.7") == 1, "the alert after the entry ended")
        (row,) = rig.rows(self.ask("tuning", "list", "-o", "ndjson").stdout)
        self.assertEqual(row["state"], "expired")
        done = self.ask("tuning", "remove", entry["id"][:6], "--reason", "over")
        journal = rig.rows(self.ask("audit", "list", "-o", "ndjson").stdout)
        self.assertEqual([r["what"] for r in journal if r["what"].startswith("tuning")][:2], ["tuning.remove", "tuning.add"])  # newest first
        self.ask("audit", "verify")

    def test_a_filter_document_ends_while_the_daemon_runs(self):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 15))
        (self.daemon.rules / "filter.yml").write_text(FILTER.format(rule=FIRST, until=until))
        reloads = self.daemon.said().count("reloaded")
        self.daemon.children["tocsind"].send_signal(1)
        rig.wait_for(lambda: self.daemon.said().count("reloaded") > reloads, "the filter to be loaded")
        self.write("203.0.113.5")
        self.write("198.51.100.9")
        rig.wait_for(lambda: self.seen("198.51.100.9") == 1, "the alert that the filter leaves")
        self.assertEqual(self.seen("203.0.113.5"), 0)
        rig.wait_for(lambda: self.daemon.said().count("reloaded") > reloads + 1, "the rules to be loaded again when it ends")
        self.write("203.0.113.6")
        rig.wait_for(lambda: self.seen("203.0.113.6") == 1, "the alert after the filter ended")

    def test_a_file_edited_by_hand_and_an_end_decided_at_load(self):
        daemon = self.daemon
        file = daemon.state / "rules" / "tuning.yaml"
        file.parent.mkdir()
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 10))
        file.write_text(f"tuning:\n  - {{do: modify, rule: {FIRST}, severity: 99, owner: alice, reason: crown jewels, expires: {until}}}\n")
        daemon.children["tocsind"].send_signal(1)
        rig.wait_for(lambda: daemon.status()["tuning"]["active"] == 1, "the entry to be in force")
        self.write("203.0.113.5")
        rig.wait_for(lambda: [a for a in daemon.alerts() if a["alert.severity"] == 99], "the alert to weigh more")
        rig.wait_for(lambda: "T0201" in daemon.said(), "the rules to be loaded again when the entry ends")
        # A mistake leaves its entry out and is said; what is asked by the commands works on.
        file.write_text("tuning:\n  - {do: suppress, rule: x, owner: a, reason: b}\n")
        daemon.children["tocsind"].send_signal(1)
        rig.wait_for(lambda: "T0101" in daemon.said(), "the mistake to be named")
        listed = self.ask("tuning", "list")
        self.assertIn(b"expires", listed.stderr)

    def test_what_would_refuse_rules_is_put_back(self):
        (self.daemon.rules / "a.rules").write_text('alert tcp any any -> any any (msg:"x"; content:"abcd"; sid:77;)\n')
        done = self.ask("tuning", "add", "modify", "1:77", "--replace", r"sid:77;\)", "--with", "", "--expires", "1d", "--reason", "x", code=5)
        self.assertIn(b"refused", done.stderr)
        self.assertFalse((self.daemon.state / "rules" / "tuning.yaml").exists())
        self.assertIn("tuning.add", self.ask("audit", "list", "-o", "ndjson").stdout.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
