#!/usr/bin/python3
"""End to end: recordings through `tocsin replay`. TOCSIN=PATH names the binary."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN", str(ROOT / "build/release/bin/tocsin"))
EXAMPLES = ROOT / "etc/examples"


def replay(*arguments, check=True, **keywords):
    done = subprocess.run([TOCSIN, "replay", *map(str, arguments)], capture_output=True, timeout=300, **keywords)
    if check and done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done


def alerts(output: bytes):
    return [json.loads(line) for line in output.splitlines()]


class Intrusion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.first = replay("-o", "ndjson", EXAMPLES / "intrusion").stdout
        cls.alerts = alerts(cls.first)

    def test_all_three_engines_alert(self):
        self.assertLessEqual({"signature", "sigma", "yara"}, {a["rule.engine"] for a in self.alerts})

    def test_every_alert_says_why(self):
        for alert in self.alerts:
            self.assertTrue(alert["why"], alert["rule.title"])
            self.assertTrue(all(r["where"] for r in alert["why"]), alert)

    def test_alerts_carry_the_exercise_mark(self):
        self.assertTrue(all(a.get("tocsin.exercise") for a in self.alerts))

    def test_the_same_bytes_on_every_run_and_for_every_worker_count(self):
        for workers in (1, 1, 2, 3):
            again = replay("-o", "ndjson", "--workers", workers, EXAMPLES / "intrusion").stdout
            self.assertEqual(self.first, again, f"{workers} workers")

    def test_one_incident_holds_them_all(self):
        incidents = alerts(replay("-o", "ndjson", "--incidents", EXAMPLES / "intrusion").stdout)
        self.assertEqual(1, len(incidents), [i.get("incident.title") for i in incidents])
        self.assertEqual({"signature", "sigma", "yara"}, {a["rule.engine"] for a in incidents[0]["alerts"]})


class ManyInputs(unittest.TestCase):
    def test_more_than_the_soft_limit_of_open_files(self):
        """All recordings are open at once; a shell's soft limit is far below the hard one."""
        with tempfile.TemporaryDirectory() as folder:
            logs = [pathlib.Path(folder) / f"{n:03}.log" for n in range(100)]
            for n, log in enumerate(logs):
                log.write_text(f"Nov 22 10:20:{n % 60:02} web{n} sshd[7]: Failed password for root from 203.0.113.9 port 5000 ssh2\n")
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            done = replay("-o", "ndjson", "--year", "2026", *logs,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard)))
            self.assertIn("Many failed SSH logins from one address", {a["rule.title"] for a in alerts(done.stdout)})


WEB_RULE = """\
title: A page
id: 7c1d5c40-6f0e-4e0e-8f43-0c8a5d3e0b01
logsource: {{category: webserver{}}}
detection: {{selection: {{cs-method: GET, cs-uri-query|contains: /}}, condition: selection}}
"""


class WebServer(unittest.TestCase):
    """Rules about web servers see the requests in packets; those that ask for an access log see each request once."""

    def test_packets_serve_them(self):
        with tempfile.TemporaryDirectory() as folder:
            rule = pathlib.Path(folder) / "rule.yml"
            for service, packets in (("", True), (", service: access_log", False)):
                rule.write_text(WEB_RULE.format(service))
                for name, wanted in (("traffic.pcap", packets), ("access.log", True)):
                    found = alerts(replay("-o", "ndjson", "--rules", rule, EXAMPLES / "intrusion" / name).stdout)
                    self.assertEqual(wanted, bool(found), (service, name))


class Configuration(unittest.TestCase):
    def test_the_option_names_it_and_it_must_be_there(self):
        with tempfile.TemporaryDirectory() as folder:
            empty = pathlib.Path(folder) / "rules"
            empty.mkdir()
            config = pathlib.Path(folder) / "tocsin.yaml"
            config.write_text(f"rules: {{packs: [{empty}]}}\n")
            log = EXAMPLES / "intrusion/auth.log"
            self.assertTrue(replay("-o", "ndjson", log).stdout)
            self.assertFalse(replay("-o", "ndjson", "--config", config, log).stdout)
            for command in (["replay", log], ["rule", "check"], ["decode", "x"]):
                done = subprocess.run([TOCSIN, *command, "--config", f"{folder}/none.yaml"], capture_output=True, timeout=60)
                self.assertEqual(3, done.returncode, command)


class Ordinary(unittest.TestCase):
    def test_normal_use_raises_nothing(self):
        self.assertEqual([], [a["rule.title"] for a in alerts(replay("-o", "ndjson", EXAMPLES / "ordinary").stdout)])


class Killed(unittest.TestCase):
    """kill -9 during a replay into a store, then the same replay again: no alert lost or doubled."""

    def stored(self, store):
        done = subprocess.run([TOCSIN, "alert", "list", "--store", store, "--limit", "0", "-o", "ndjson"], capture_output=True, check=True)
        return sorted(a["alert.id"] for a in alerts(done.stdout))

    def test_nothing_is_lost_or_doubled(self):
        with tempfile.TemporaryDirectory() as folder:
            whole = pathlib.Path(folder, "whole")
            replay("--store", whole, EXAMPLES / "intrusion")
            expected = self.stored(whole)
            self.assertTrue(expected)
            self.assertEqual(len(expected), len(set(expected)))
            started = time.monotonic()
            replay("--store", pathlib.Path(folder, "timed"), EXAMPLES / "intrusion")
            length = time.monotonic() - started
            killed = 0
            for part in range(1, 10):
                store = pathlib.Path(folder, f"cut{part}")
                child = subprocess.Popen([TOCSIN, "replay", "--store", store, EXAMPLES / "intrusion"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(length * part / 10)
                child.send_signal(signal.SIGKILL)
                if child.wait() == -signal.SIGKILL:
                    killed += 1
                else:
                    length *= 0.7  # the machine is quicker now than when it was timed
                replay("--store", store, EXAMPLES / "intrusion")
                self.assertEqual(expected, self.stored(store), f"cut at {part}/10")
                replay("--store", store, EXAMPLES / "intrusion")
                self.assertEqual(expected, self.stored(store), "replayed once more")
            self.assertGreater(killed, 3, "the kills came too late to prove anything")


class BadInput(unittest.TestCase):
    """A clear message with the next step, the right exit code, nothing lost."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def test_missing_file(self):
        done = replay("/nonexistent/file.pcap", check=False)
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn(b"does not exist", done.stderr)

    def test_truncated_capture_is_used_up_to_the_cut(self):
        whole = (EXAMPLES / "intrusion/traffic.pcap").read_bytes()
        (self.path / "cut.pcap").write_bytes(whole[:-37])
        full = alerts(replay("-o", "ndjson", EXAMPLES / "intrusion/traffic.pcap").stdout)
        done = replay("-o", "ndjson", self.path / "cut.pcap")
        self.assertIn(b"cut", done.stderr)
        self.assertGreaterEqual(len(alerts(done.stdout)), len(full) - 1)

    def test_binary_file_as_log_does_no_harm(self):
        (self.path / "noise.log").write_bytes(os.urandom(1 << 20))
        self.assertIn(replay(self.path / "noise.log", check=False).returncode, (0, 1))

    def test_a_huge_line_costs_bounded_memory(self):
        path = self.path / "long.log"
        good = b"Nov 22 15:30:00 web01 sshd[700]: Failed password for root from 203.0.113.66 port 5%04d ssh2\n"
        with path.open("wb") as out:
            out.write(b"Nov 22 15:29:59 web01 sshd[1]: ")
            for _ in range(256):
                out.write(b"A" * (4 << 20))
            out.write(b"\n" + b"".join(good % n for n in range(6)))
        done = subprocess.run(["prlimit", f"--as={2 << 30}", TOCSIN, "replay", "-o", "ndjson", path], capture_output=True)
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertTrue(alerts(done.stdout), "the lines after the huge one were lost")

    def test_read_only_store(self):
        store = self.path / "store"
        store.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", store], check=True) if os.geteuid() == 0 else store.chmod(0o500)
        try:
            done = replay("--store", store, EXAMPLES / "intrusion", check=False)
            self.assertEqual(4, done.returncode, done.stderr)
            self.assertIn(str(store).encode(), done.stderr)
        finally:
            subprocess.run(["umount", store], check=True) if os.geteuid() == 0 else store.chmod(0o700)

    def test_text_that_is_no_log_is_a_file_for_yara(self):
        rules = self.path / "mine.yar"
        rules.write_text('rule shell { strings: $a = "system(" condition: $a }')
        (self.path / "up.php").write_text('<?php\nsystem($_GET["c"]);\n')
        (self.path / "auth.log").write_text("Nov 22 15:30:00 web01 sshd[7]: Failed password for system( from 203.0.113.9 port 5 ssh2\n")
        self.assertEqual({"shell"}, {a["rule.title"] for a in alerts(replay("-o", "ndjson", "--rules", rules, self.path / "up.php").stdout)})
        self.assertFalse(alerts(replay("-o", "ndjson", "--rules", rules, self.path / "auth.log").stdout))

    def test_no_next_step_that_needs_a_daemon(self):
        self.assertNotIn(b"tocsin incident take", replay(EXAMPLES / "intrusion").stdout)

    def test_broken_rule_is_named_and_the_rest_loads(self):
        rules = self.path / "mine.rules"
        rules.write_text('alert tcp any any -> any any (msg:"bad"; nosuchkeyword:1; sid:1;)\n'
                         'alert http any any -> any any (msg:"good"; http.method; content:"GET"; sid:2;)\n')
        done = replay("-o", "ndjson", "--rules", rules, EXAMPLES / "intrusion/traffic.pcap")
        self.assertIn(b"nosuchkeyword", done.stderr)
        self.assertEqual({"1:2"}, {a["rule.id"] for a in alerts(done.stdout)})


if __name__ == "__main__":
    unittest.main()
