#!/usr/bin/python3
"""The running daemon through its day: rules change under it, sinks are told, reports are made, it goes and comes back."""
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402

RULE = """\
title: {title}
id: {id}
status: test
description: any failed password of an account whose name begins with {prefix}
logsource: {{product: linux, service: sshd}}
detection:
  words: ['Failed password for {prefix}']
  condition: words
level: low
"""
FIRST = {"title": "First rule", "id": "5f3b0c1e-6f0e-4b57-9b3f-0d5f0c6c0a01", "prefix": "early"}
SECOND = {"title": "Second rule", "id": "5f3b0c1e-6f0e-4b57-9b3f-0d5f0c6c0a02", "prefix": "early"}


def lines(first, count):
    """One failed login an account, each a line of its own."""
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
    return [f"{stamp} web01 sshd[{first + i}]: Failed password for early{first + i} from 203.0.113.5 port {20000 + i} ssh2\n".encode()
            for i in range(count)]


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Live(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.path.chmod(0o755)

    def daemon(self, more="reports: []\n"):
        daemon = rig.Daemon(self.path, more=more)
        self.addCleanup(daemon.stop)
        return daemon

    @staticmethod
    def reload(daemon):
        said = daemon.said().count("reload")
        daemon.children["tocsind"].send_signal(signal.SIGHUP)
        rig.wait_for(lambda: daemon.said().count("reload") > said, f"the reload to be said: {daemon.said()[-1500:]}")

    @staticmethod
    def count(daemon, title):
        return sum(alert.get("count", 1) for alert in daemon.alerts() if alert["rule.title"] == title)

    def test_reloading_loses_no_event(self):
        daemon = self.daemon()
        (daemon.rules / "first.yml").write_text(RULE.format(**FIRST))
        daemon.start()
        total, done = 600, threading.Event()

        def write():
            for line in lines(1000, total):
                daemon.write(line)
                time.sleep(0.004)
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            reloads = 0
            while not done.is_set():
                if reloads == 1:
                    rig.wait_for(lambda: self.count(daemon, "First rule") > 0, "lines seen before the second rule")
                    (daemon.rules / "second.yml").write_text(RULE.format(**SECOND))
                self.reload(daemon)
                reloads += 1
        finally:
            writer.join()
        self.assertGreaterEqual(reloads, 2, "the test must reload while lines come")
        rig.wait_for(lambda: self.count(daemon, "First rule") >= total, f"all {total} lines, have {self.count(daemon, 'First rule')}")
        self.assertEqual(self.count(daemon, "First rule"), total)
        self.assertGreater(self.count(daemon, "Second rule"), 0)
        self.assertLess(self.count(daemon, "Second rule"), total)

    def test_a_mistake_in_the_configuration_keeps_what_is_in_force(self):
        daemon = self.daemon()
        (daemon.rules / "first.yml").write_text(RULE.format(**FIRST))
        daemon.start()
        good = daemon.config.read_text()
        daemon.config.write_text(good + "colour: blue\n")
        self.reload(daemon)
        self.assertIn("what is in force stays", daemon.said())
        daemon.config.write_text(good)
        (daemon.rules / "broken.yml").write_text("title: [")
        self.reload(daemon)
        self.assertIn("broken.yml", daemon.said())
        daemon.write(lines(10, 1)[0])
        rig.wait_for(lambda: self.count(daemon, "First rule") == 1, "the rule that stayed to fire")

    def test_indicator_lists_are_reloaded_and_counted(self):
        daemon = self.daemon()
        lists = self.path / "lists"
        lists.mkdir()
        (lists / "feed.txt").write_text("203.0.113.40\nno value\n")
        daemon.config.write_text(daemon.config.read_text().replace("rules:\n", f"rules:\n  indicators: {{paths: [\"{lists}\"], window: 10m}}\n", 1))
        daemon.start()

        def met(address):
            return sum(a.get("count", 1) for a in daemon.alerts() if a["rule.id"] == f"indicator:address:{address}")

        for number in range(3):
            daemon.write(lines(number, 1)[0].replace(b"203.0.113.5", b"203.0.113.40"))
        rig.wait_for(lambda: met("203.0.113.40") == 1, f"the indicator to fire: {daemon.said()[-1500:]}")
        (lists / "second.csv").write_text("indicator,type,confidence\n203.0.113.41,ip,95\n")
        self.reload(daemon)
        daemon.write(lines(50, 1)[0].replace(b"203.0.113.5", b"203.0.113.41"))
        rig.wait_for(lambda: met("203.0.113.41") == 1, "the list that was added to fire")
        daemon.write(lines(60, 1)[0].replace(b"203.0.113.5", b"203.0.113.40"))
        rig.wait_for(lambda: daemon.status()["indicators"]["folded"] >= 3, f"repeats to be folded across the reload: {daemon.status()['indicators']}")
        self.assertEqual(met("203.0.113.40"), 1)
        counted = daemon.status()["indicators"]
        self.assertEqual((counted["lists"], counted["indicators"], counted["expired"], counted["refused"]), (2, 2, 0, 1))
        engines = {row["name"]: row for row in rig.rows(daemon.ask("list", "engines", "-o", "ndjson").stdout)}
        self.assertEqual(engines["indicator"]["rules"], 2)

    def test_a_changed_section_that_needs_a_restart_is_named(self):
        daemon = self.daemon()
        daemon.start()
        daemon.config.write_text(daemon.config.read_text().replace("web01", "web02"))
        self.reload(daemon)
        rig.wait_for(lambda: "`host` changed" in daemon.said(), "the section to be named")
        self.assertNotIn("`collect` changed", daemon.said())

    def test_a_sink_hears_of_an_incident_once(self):
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(ear.close)
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(rig.PATIENCE)
        daemon = self.daemon(f"""\
reports: []
notify:
  - {{name: soc, kind: syslog, address: "127.0.0.1:{ear.getsockname()[1]}", least_severity: 40}}
""")
        daemon.start()
        daemon.write(rig.guesses(700, 12, "203.0.113.77", time.gmtime()))
        heard = ear.recv(65536).decode()
        self.assertIn("INC-", heard)
        self.assertIn("web01", heard)
        alias = re.search(r"INC-\d+-\d+", heard).group()
        noted = daemon.ask("incident", "note", alias, "the owner knows of it", "--reason", "phone call")
        self.assertEqual(noted.returncode, 0, noted.stderr)
        self.assertIn(b"the owner knows of it", daemon.ask("incident", "show", alias).stdout)
        daemon.write(rig.guesses(900, 12, "203.0.113.77", time.gmtime()))
        rig.wait_for(lambda: len(daemon.alerts()) >= 1, "alerts")
        time.sleep(1.5)
        ear.setblocking(False)
        with self.assertRaises(BlockingIOError):
            ear.recv(65536)

    def test_reports_come_on_schedule_once_each_and_are_caught_up(self):
        daemon = self.daemon("""\
reports:
  - {kind: daily, calendar: "*-*-* *:*:00/2", time_zone: "UTC", formats: [json, html], directory: "reports"}
""")
        daemon.start()
        folder = daemon.state / "reports"

        def made():
            return sorted(path.name for path in folder.glob("*.json")) if folder.is_dir() else []

        rig.wait_for(lambda: len(made()) >= 2, f"two reports: {daemon.said()[-1500:]}")
        listed = rig.rows(daemon.ask("report", "list", "-o", "ndjson").stdout)
        self.assertTrue(any(row["path"].endswith(".html") for row in listed), listed)
        daemon.kill()
        before = {name: (folder / name).stat().st_mtime_ns for name in made()}
        stopped = time.time()
        time.sleep(5)
        daemon.start()
        rig.wait_for(lambda: len(made()) >= len(before) + 3, f"the reports of the time it was down: {before.keys()} {made()} {daemon.said()[-3000:]}")
        again = [name for name, when in before.items() if (folder / name).stat().st_mtime_ns != when]
        # The period that was under way when it was killed may be written once more; no other.
        self.assertLessEqual(len(again), 1, again)
        during = [name for name in made() if name not in before and (folder / name).stat().st_mtime > stopped]
        self.assertGreaterEqual(len(during), 2)

    def test_who_follows_ends_when_nobody_reads(self):
        daemon = self.daemon()
        daemon.start()
        for what in (("event", "search"), ("incident", "list")):
            follower = subprocess.Popen([rig.TOCSIN, *what, "--follow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=daemon.environment)
            self.addCleanup(follower.kill)
            with self.assertRaises(subprocess.TimeoutExpired):
                follower.wait(timeout=0.5)
            follower.stdout.close()
            self.assertEqual(0, follower.wait(timeout=rig.PATIENCE), follower.stderr.read())
            follower.stderr.close()

    def test_the_time_it_was_down_is_a_blind_interval(self):
        daemon = self.daemon()
        daemon.config.write_text(daemon.config.read_text().replace("interfaces: []", 'interfaces: [{name: "lo"}]'))
        daemon.start()
        time.sleep(1)
        daemon.kill()
        time.sleep(1)
        daemon.start()
        report = daemon.ask("report", "make", "daily", "--format", "json", "--file", self.path / "today.json")
        self.assertEqual(report.returncode, 0, report.stderr)
        blind = json.loads((self.path / "today.json").read_text())["blind"]
        self.assertTrue(any(one["cause"] == "tocsind was not running" for one in blind), blind)

    def test_a_source_that_falls_silent_is_an_alert_and_a_blind_interval(self):
        daemon = self.daemon()
        text = daemon.config.read_text()
        daemon.config.write_text(text.replace('  time_zone: "UTC"', '  time_zone: "UTC"\n  silence: {after: {"*@web01": 2s}}'))
        daemon.start()
        title = "A source fell silent"
        for i in range(6):
            daemon.write(b"".join(lines(i, 1)))
            time.sleep(0.5)
        self.assertEqual(self.count(daemon, title), 0)
        rig.wait_for(lambda: self.count(daemon, title) == 1, f"the alert: {daemon.said()[-1500:]}")
        silent = [one for one in daemon.status()["collect"] if one["state"] == "silent"]
        self.assertEqual(len(silent), 1, daemon.status()["collect"])
        self.assertIn("web01", silent[0]["detail"])
        # One silence is one alert, through a restart too.
        daemon.kill()
        daemon.start()
        time.sleep(3)
        self.assertEqual(self.count(daemon, title), 1)
        daemon.write(b"".join(lines(50, 1)))
        rig.wait_for(lambda: not [one for one in daemon.status()["collect"] if one["state"] == "silent"], "it to be heard again")

        def told():
            daemon.ask("report", "make", "daily", "--format", "json", "--file", self.path / "today.json")
            return [one for one in json.loads((self.path / "today.json").read_text())["blind"] if "silent" in one["cause"]]

        rig.wait_for(told, "the blind interval")

    def test_eve_records_of_live_packets_go_to_a_file_that_may_be_moved(self):
        if os.geteuid() != 0:
            self.skipTest("needs root: opens a capture ring")
        daemon = self.daemon('reports: []\neve: {file: "eve/eve.json"}\n')
        daemon.config.write_text(daemon.config.read_text().replace("interfaces: []", 'interfaces: [{name: "lo"}]'))
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
        self.addCleanup(web.server_close)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        url = f"http://127.0.0.1:{web.server_address[1]}"
        (daemon.rules / "eve.rules").write_text('alert http any any -> any any (msg:"asked for"; http.uri; content:"/wanted"; sid:7000001; rev:1;)\n')
        daemon.start()
        file = daemon.state / "eve/eve.json"

        def records(path=file):
            return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

        def asked(name, path=file):
            return [record["event_type"] for record in records(path) if name in record.get("http", {}).get("url", "")]

        urllib.request.urlopen(url + "/wanted-first").read()
        rig.wait_for(lambda: {"http", "alert"} <= set(asked("first")), f"the request and its alert: {daemon.said()[-1500:]}")
        alert = next(record for record in records() if record["event_type"] == "alert")
        self.assertEqual(alert["alert"]["signature_id"], 7000001)
        self.assertIn("community_id", alert)
        moved = file.rename(file.with_suffix(".moved"))
        self.reload(daemon)
        urllib.request.urlopen(url + "/wanted-second").read()
        rig.wait_for(lambda: "http" in asked("second"), "the records in a new file")
        self.assertFalse(asked("second", moved))
        self.assertEqual(daemon.status()["eve"]["state"], "writing")
        rig.wait_for(lambda: any(record["event_type"] == "stats" for record in records()), "counters")


if __name__ == "__main__":
    unittest.main()
