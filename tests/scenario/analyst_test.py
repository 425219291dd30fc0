#!/usr/bin/python3
"""What an analyst sees who plays the bundled intrusion through a running daemon and works it from the command line."""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402


class Analyst(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        path.chmod(0o755)
        cls.daemon = rig.Daemon(path, more=f"""\
reports: []
respond: {{playbooks: ["{rig.ROOT}/responders/packs"], triggers: "{rig.ROOT}/responders/packs/triggers.yaml"}}
""")
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.start()
        cls.played = cls.daemon.ask("replay", "--live", rig.INTRUSION).stderr.decode()
        cls.alias = cls.rows("incident", "list", "--exercise")[0]["alias"]

    @classmethod
    def asked(cls, *arguments, status=0):
        done = cls.daemon.ask(*arguments)
        if done.returncode != status:
            raise AssertionError(f"{arguments}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done

    @classmethod
    def rows(cls, *arguments):
        return json.loads(cls.asked(*arguments, "-o", "json").stdout)

    def text(self, *arguments, status=0):
        return self.asked(*arguments, status=status).stdout.decode()

    def complaint(self, *arguments, status):
        return self.asked(*arguments, status=status).stderr.decode()

    def test_a_mistyped_field_is_refused_with_the_right_one(self):
        for option in (("--where", "sorce.ip = 203.0.113.9"), ("--fields", "alert.id,sorce.ip")):
            for command in (("alert", "list"), ("event", "search")):
                self.assertIn("`source.ip`", self.complaint(*command, *option, status=2))
        self.assertIn("`owner`", self.complaint("incident", "list", "--where", "ownr = x", status=2))

    def test_fields_of_events_find_alerts_of_every_engine(self):
        found = self.rows("alert", "list", "--exercise", "--where", "source.ip = *", "--fields", "rule.engine,source.ip")
        self.assertTrue({"signature", "sigma"} <= {one["rule.engine"] for one in found}, found)
        self.assertTrue(all(one["source.ip"] for one in found), found)

    def test_exercises_are_hidden_but_not_silently(self):
        done = self.asked("incident", "list", "-o", "json")
        self.assertEqual(json.loads(done.stdout), [])
        self.assertIn("not shown; --exercise shows", done.stderr.decode())
        self.assertNotIn("not shown", self.asked("incident", "list", "--exercise").stderr.decode())
        self.assertIn("exercises are not stored", self.asked("event", "search", "nothing-has-this").stderr.decode())
        self.assertNotIn("--where", self.asked("event", "search", "nothing-has-this").stderr.decode())
        self.assertIn("a condition goes to --where", self.asked("event", "search", "source.ip=192.0.2.77").stderr.decode())

    def test_playing_twice_says_what_was_known(self):
        self.assertIn(f"tocsin incident show {self.alias}", self.played)
        self.assertNotIn("known", self.played)
        before = len(self.rows("alert", "list", "--exercise", "--limit", "0"))
        self.assertIn("all known from an earlier play", self.asked("replay", "--live", rig.INTRUSION).stderr.decode())
        self.assertEqual(len(self.rows("alert", "list", "--exercise", "--limit", "0")), before)

    def test_taking_an_incident_shows_what_became_of_it(self):
        done = self.asked("incident", "take", self.alias, "--reason", "on shift", "-o", "json")
        after = json.loads(done.stdout)
        after = after[0] if isinstance(after, list) else after
        self.assertEqual(after["state"], "in_progress")
        self.assertTrue(after["owner"])
        self.assertEqual(after["alerts"], after["alert_count"])
        self.assertGreater(after["alerts"], 0)
        self.assertIn("is in_progress", done.stderr.decode())
        self.assertIn("nothing changed", self.asked("incident", "take", self.alias, "--reason", "again").stderr.decode())

    def test_what_tables_show_is_what_the_next_command_takes(self):
        rig.wait_for(lambda: self.rows("playbook", "status", "--incident", self.alias), "rehearsals")
        for run in self.rows("playbook", "status", "--incident", self.alias):
            self.assertIn(run["short"], self.text("playbook", "status"))
            self.assertNotIn("--", run["step"])
            self.asked("playbook", "status", run["short"])
            self.assertIn(run["playbook"], self.text("playbook", "rehearse", run["playbook_short"], "--incident", self.alias))
        for playbook in self.rows("playbook", "list"):
            self.assertIn(playbook["short"], self.text("playbook", "list"))
        self.assertEqual(self.rows("playbook", "list", "--where", "short = none-of-that"), [])

    def test_short_ids_say_how_short_they_may_be(self):
        alert = self.rows("alert", "list", "--exercise")[0]["alert.id"]
        self.asked("alert", "show", alert[:8])
        self.assertIn("at least 4", self.complaint("alert", "show", alert[:3], status=2))
        self.assertIn("at least 4", self.text("alert", "show", "--help"))

    def test_a_rehearsal_acts_on_host_paths_and_the_account_that_was_entered(self):
        inputs = self.rows("playbook", "rehearse", "--incident", self.alias)[0]["inputs"]
        kinds = {(e["kind"], e["value"]) for e in self.rows("incident", "show", self.alias)["entities"]}
        if "__file__" in inputs:
            self.assertIn(("file", inputs["__file__"]), kinds)
        self.assertFalse([value for kind, value in kinds if kind == "file" and value.startswith("/") and "?" in value])
        entered = {e["value"] for a in self.rows("alert", "list", "--exercise", "--limit", "0") if any(t.startswith("T1078") for t in a.get("rule.attack", []))
                   for e in a["entities"] if e["kind"] == "user"}
        if entered:
            self.assertIn(inputs["__user__"], entered)

    def test_a_rehearsal_that_would_fail_says_which_step_and_why(self):
        rig.wait_for(lambda: self.rows("playbook", "status", "--incident", self.alias), "rehearsals")
        playbooks = self.rows("incident", "show", self.alias)["playbooks"]
        self.assertNotIn("failed", [p["state"] for p in playbooks])
        for playbook in playbooks:
            stuck = [step for step in playbook["steps"] if step["state"] == "would fail"]
            self.assertTrue(all(step["obstacle"] for step in stuck))
            if playbook["state"] == "would fail":
                self.assertTrue(stuck, playbook["name"])

    def test_a_report_tells_of_rehearsals_and_counts_no_exercise(self):
        rig.wait_for(lambda: self.rows("playbook", "status", "--incident", self.alias), "rehearsals")
        page = self.text("report", "make", "incident", "--incident", self.alias, "--format", "markdown")
        self.assertIn("rehearsed only", page)
        self.assertNotIn("No playbook", page)
        daily = json.loads(self.text("report", "make", "daily", "--since", "2000-01-01", "--format", "json"))
        self.assertEqual(daily["alerts"]["count"], 0)
        self.assertTrue(all(metric["samples"] == 0 for metric in daily["metrics"]))

    def test_a_report_covers_the_time_its_kind_says_unless_told(self):
        day = datetime.timedelta(days=1)
        for kind, title, length in (("daily", "Daily", day), ("weekly", "Weekly", 7 * day), ("monthly", "Monthly", 30 * day)):
            made = json.loads(self.text("report", "make", kind, "--format", "json"))
            self.assertIn(title, made["report.title"])
            since, until = (datetime.datetime.fromisoformat(made[end].replace("Z", "+00:00")) for end in ("since", "until"))
            self.assertEqual(until - since, length)
        refused = self.asked("report", "make", "weekly", "--since", "2026-11-23", "--until", "2026-11-16", status=2)
        self.assertIn("needs a period", refused.stderr.decode())

    def test_every_list_answers(self):
        for what in ("commands", "engines", "actions", "fields", "protocols", "keywords"):
            self.assertTrue(self.rows("list", what), what)
        self.assertEqual(self.rows("evidence", "list"), [])
        self.asked("evidence", "verify")
        self.asked("audit", "verify")

    def test_playbooks_are_listed_without_a_daemon(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        config = pathlib.Path(folder.name) / "alone.yaml"
        config.write_text(f"respond: {{playbooks: [{rig.ROOT}/responders/packs], triggers: {rig.ROOT}/responders/packs/triggers.yaml}}\ncontrol: {{socket: {folder.name}/nobody.sock}}\n")
        done = subprocess.run([rig.TOCSIN, "playbook", "list", "--config", config, "-o", "json", "--where", "short = ssh-brute-force"], capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("no daemon answers", done.stderr)
        rows = json.loads(done.stdout)
        self.assertEqual(["ssh-brute-force"], [row["short"] for row in rows])
        self.assertEqual("ready", rows[0]["state"])
        self.assertEqual(["network.block_address", "notify", "manual"], rows[0]["actions"])  # each once, people last
        self.assertIn("T1110", rows[0]["trigger"])

    def test_captures_that_hold_nothing_are_told_of(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            whole = next(rig.INTRUSION.glob("*.pcap*")).read_bytes()
            cases = {"empty.pcap": (b"", "is empty"), "text.pcap": (b"<html>not found</html>\n", "its content is none"),
                     "none.pcap": (whole[:24], "holds no packet"), "cut.pcap": (whole[:len(whole) // 2 + 3], "cut.pcap:")}
            for name, (content, word) in cases.items():
                (path / name).write_bytes(content)
                done = subprocess.run([rig.TOCSIN, "replay", path / name], capture_output=True, check=False, env=self.daemon.environment)
                self.assertIn(word, done.stderr.decode(), name)
                self.assertIn(name, done.stderr.decode())
                self.assertIn(word, self.asked("replay", "--live", path / name).stderr.decode(), name)

    def test_tables_obey_columns_where_there_is_no_terminal(self):
        environment = dict(self.daemon.environment, COLUMNS="80")
        done = subprocess.run([rig.TOCSIN, "incident", "list", "--exercise"], capture_output=True, check=True, env=environment)
        self.assertLessEqual(max(len(line) for line in done.stdout.decode().splitlines()), 80)


if __name__ == "__main__":
    os.umask(0o022)
    unittest.main()
