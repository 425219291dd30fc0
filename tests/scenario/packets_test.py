#!/usr/bin/python3
"""Packets, live: two network namespaces, a veth pair between them, real sockets, the real programs.

Packets from before the alert are evidence, a flow of this host names its user, process and unit, and an alert on a
protocol that nobody knows does not wait for the connection's end."""
import hashlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402
import veth  # noqa: E402

OWN, OTHER = veth.OWN, veth.OTHER
PORT = 4711
RULES = """\
alert tcp any any -> any any (msg:"A word nobody knows"; content:"open sesame"; flow:established; sid:4711001; rev:1;)
alert http any any -> any any (msg:"A file to keep"; flow:established,to_client; http.stat_code; content:"200"; filestore; noalert; sid:4711002; rev:1;)
"""
# A web server of one folder.
WEB = """
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
server = http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), handler)
print("ready", flush=True)
server.serve_forever()
"""
# Says "ready", takes connections and keeps them open; ends with its input.
SERVER = """
import socket, sys, threading
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
kept = []
def serve():
    while True:
        connection, _ = server.accept()
        kept.append(connection)
        threading.Thread(target=lambda: [None for _ in iter(lambda: connection.recv(4096), b"")], daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


class Packets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("tcpdump") is None:
            raise unittest.SkipTest("tcpdump is not installed")
        rig.need(*(rig.TOCSIN.with_name(name) for name in ("tocsin", "tocsind", "tocsin-opener")))
        cls.pair = veth.Pair()
        cls.addClassCleanup(cls.pair.close)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.path.chmod(0o755)

    def daemon(self, more=""):
        daemon = veth.capturing_daemon(self.path, RULES, more)
        self.addCleanup(daemon.stop)
        daemon.start()
        return daemon

    def server(self, *prefix, port=PORT):
        server = subprocess.Popen([*prefix, sys.executable, "-c", SERVER, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(server.communicate)
        self.assertEqual(server.stdout.readline(), b"ready\n")
        return server

    def other_server(self):
        return self.server(*self.pair.enter())

    @staticmethod
    def alert_of(daemon, wanted=1):
        return rig.wait_for(lambda: [a for a in daemon.alerts() if a["rule.title"] == "A word nobody knows"][:wanted] or None, f"the alert: {daemon.said()[-1500:]}")

    def test_packets_from_before_the_alert_are_evidence(self):
        daemon = self.daemon("evidence: {after: 1s}\n")
        self.other_server()
        with socket.create_connection((OTHER, PORT)) as client:
            for i in range(5):
                client.sendall(f"harmless {i}\n".encode())
                time.sleep(0.05)
            client.sendall(b"open sesame\n")
            self.alert_of(daemon)
            client.sendall(b"and what follows\n")
            incident = json.loads(daemon.ask("incident", "list", "-o", "ndjson").stdout.splitlines()[0])["alias"]
            capture = self.path / "incident.pcapng"

            def exported():
                return daemon.ask("evidence", "pcap", incident, "-o", capture, "-r", "a test").returncode == 0

            rig.wait_for(exported, f"the packets: {daemon.ask('evidence', 'pcap', incident, '-o', capture).stderr}")
        read = subprocess.run(["tcpdump", "-nn", "-A", "-r", capture], capture_output=True, text=True, check=True).stdout
        for text in ("harmless 0", "harmless 4", "open sesame", "and what follows"):
            self.assertIn(text, read)
        self.assertIn("Flags [S]", read, "the handshake came before the alert")
        raw = capture.read_bytes()
        self.assertIn(f"incident {incident}".encode(), raw)
        self.assertIn(b"community_id 1:", raw)
        self.assertIn(b"A word nobody knows", raw)
        listed = rig.rows(daemon.ask("evidence", "list", "--incident", incident, "-o", "ndjson").stdout)
        self.assertEqual([row["state"] for row in listed], ["kept"])
        self.assertEqual(daemon.ask("evidence", "verify").returncode, 0)
        audit = daemon.ask("audit", "list", "-o", "ndjson").stdout.decode()
        self.assertIn("evidence.exported", audit)
        self.assertIn("a test", audit)
        # The same to standard output, and an incident without packets.
        piped = daemon.ask("evidence", "pcap", incident)
        self.assertEqual(piped.stdout, raw)
        self.assertEqual(daemon.ask("evidence", "pcap", "INC-1999-0001").returncode, 3)

    def test_a_file_that_a_rule_asks_for_is_evidence(self):
        daemon = self.daemon()
        folder = self.path / "web"
        folder.mkdir()
        content = b"MZ" + os.urandom(300_000)
        (folder / "setup.exe").write_bytes(content)
        server = subprocess.Popen([*self.pair.enter(), sys.executable, "-c", WEB, str(PORT + 1), folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        self.assertEqual(server.stdout.readline(), b"ready\n")
        with urllib.request.urlopen(f"http://{OTHER}:{PORT + 1}/setup.exe", timeout=20) as answer:
            self.assertEqual(answer.read(), content)
        digest = hashlib.sha256(content).hexdigest()

        def kept():
            return [row for row in rig.rows(daemon.ask("evidence", "list", "-o", "ndjson").stdout) if row["sha256"] == digest] or None

        [row] = rig.wait_for(kept, f"the file: {daemon.said()[-1500:]}")
        self.assertIn("setup.exe of tcp", row["name"])
        taken = self.path / "sample.bin"
        got = daemon.ask("evidence", "get", digest[:12], "-o", taken, "-r", "a test")
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertEqual(taken.read_bytes(), content)
        self.assertEqual(taken.stat().st_mode & 0o777, 0o600)
        self.assertEqual(daemon.ask("evidence", "get", digest).stdout, content)
        self.assertEqual(daemon.ask("evidence", "get", "0123").returncode, 3)
        self.assertEqual(daemon.ask("evidence", "get", "setup.exe").returncode, 2)
        self.assertIn("a test", daemon.ask("audit", "list", "-o", "ndjson").stdout.decode())

    def test_an_alert_names_user_process_and_unit(self):
        hierarchy = self.path / "cgroup"
        hierarchy.mkdir()
        # The unified hierarchy may be mounted anywhere; a unit is a directory in it.
        veth.run("mount", "-t", "cgroup2", "none", hierarchy)
        self.addCleanup(subprocess.run, ["umount", "-l", hierarchy], check=False)
        unit = hierarchy / f"sesame-{os.getpid()}.service"
        unit.mkdir()
        self.addCleanup(lambda: rig.wait_for(lambda: self.gone(unit), "the unit to be empty"))
        daemon = self.daemon()
        nobody = pwd.getpwnam("nobody")
        server = self.server("setpriv", f"--reuid={nobody.pw_uid}", "--clear-groups", "--")
        (unit / "cgroup.procs").write_text(str(server.pid))
        self.pair.there(sys.executable, "-c", f"import socket, time; c = socket.create_connection(('{OWN}', {PORT})); c.sendall(b'open sesame'); time.sleep(1)")
        alert = self.alert_of(daemon)[0]
        fields = alert["fields"]
        self.assertEqual(fields.get("user.id"), str(nobody.pw_uid), alert)
        self.assertEqual(fields["user.name"], "nobody")
        self.assertEqual(fields.get("process.pid"), str(server.pid), alert)
        self.assertTrue(fields["process.name"].startswith("python3"), alert)
        self.assertEqual(fields["process.executable"], os.path.realpath(sys.executable))
        self.assertEqual(fields["service.name"], unit.name)
        shown = daemon.ask("alert", "show", alert["alert.id"]).stdout.decode()
        for text in ("nobody", str(server.pid), unit.name):
            self.assertIn(text, shown)
        owners = daemon.status()["flow_owners"]
        self.assertGreaterEqual(owners["flows"], 1)
        self.assertIn("tocsin_flows_attributed_total{what=\"process\"}", daemon.ask("metrics").stdout.decode())
        # The record of a flow is written when it is over: here with the daemon.
        daemon.children["tocsind"].terminate()
        daemon.children.pop("tocsind").wait(rig.PATIENCE)
        found = daemon.ask("event", "search", "--store", daemon.store, "--where", f"destination.port = {PORT}", "-o", "ndjson")
        flows = [row for row in rig.rows(found.stdout) if row.get("event.type") == "end"]
        self.assertEqual(len(flows), 1, found)
        self.assertEqual(flows[0]["user.name"], "nobody")
        self.assertEqual(flows[0]["process.pid"], server.pid)
        self.assertEqual(flows[0]["service.name"], unit.name)

    @staticmethod
    def gone(unit):
        try:
            unit.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def test_a_flow_nobody_owns_any_more_is_unknown(self):
        daemon = self.daemon("limits: {stream_wait: 20ms}\n")
        # A packet of this host that no socket sent.
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((veth.HERE, 0))
            payload = b"open sesame"
            udp = (1234).to_bytes(2, "big") + (53).to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload
            ip = bytes([0x45, 0]) + (20 + len(udp)).to_bytes(2, "big") + b"\0\1\0\0" + bytes([64, 17, 0, 0]) + socket.inet_aton(OWN) + socket.inet_aton(OTHER)
            raw.send(b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip + udp)
        rig.wait_for(lambda: daemon.status()["flow_owners"]["flows"] >= 1, "the flow to be asked for")
        self.assertEqual(daemon.status()["flow_owners"]["process"], "0 %")

    def frame(self, sequence, flags, payload=b"", port=1000, fill=0):
        """TCP of a connection of which only this side is shown."""
        data = payload + b"x" * fill
        tcp = port.to_bytes(2, "big") + (80).to_bytes(2, "big") + sequence.to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes([0x50, flags]) + b"\xff\xff" + b"\0" * 4 + data
        ip = bytes([0x45, 0]) + (20 + len(tcp)).to_bytes(2, "big") + b"\0\1\0\0" + bytes([64, 6, 0, 0]) + socket.inet_aton("198.51.100.9") + socket.inet_aton("198.51.100.10")
        return b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip + tcp

    def test_a_one_sided_mirror_and_lost_packets_are_said(self):
        daemon = self.daemon()
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((veth.HERE, 0))
            for flow in range(60):
                for i in range(9):
                    raw.send(self.frame(1 + i, 0x02 if i == 0 else 0x10, port=1000 + flow))
            for _ in range(5):
                raw.send(b"\2" * 6 + b"\4" * 6 + b"\x08\0" + b"\x45")  # no IP header to speak of
            notices = rig.wait_for(lambda: daemon.status().get("capture"), "the notice")
        self.assertEqual([n["notice"] for n in notices if n["state"] == "warning"], ["one-sided"])
        lost = {row["cause"]: row for row in rig.wait_for(lambda: [r for r in daemon.status()["lost"] if r["cause"] == "undecodable" and r["total"]] and daemon.status()["lost"], "lost packets")}
        self.assertEqual(lost["undecodable"]["total"], 5)
        self.assertEqual(lost["undecodable"]["interface"], veth.HERE)
        self.assertEqual(lost["ring"]["total"], 0)
        self.assertIn("one-sided", daemon.ask("status").stdout.decode())
        doctor = daemon.ask("doctor", "-o", "ndjson").stdout.decode()
        self.assertIn("here one-sided", doctor)
        found = rig.wait_for(lambda: daemon.ask("event", "search", "--class", "loss", "-o", "ndjson").stdout, "the event")
        self.assertIn(b"capture.one-sided", found)
        self.assertIn('cause="undecodable",counts="packets"} 5', daemon.ask("metrics").stdout.decode())

    def test_an_alert_does_not_wait_for_the_end_of_the_connection(self):
        daemon = self.daemon()
        self.other_server()
        latencies = []
        with socket.create_connection((OTHER, PORT)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(20):
                client.sendall(f"say {i}: open sesame\n".encode())
                time.sleep(0.15)
            alerts = rig.wait_for(lambda: len(daemon.alerts()) >= 20 and daemon.alerts(), f"20 alerts, have {len(daemon.alerts())}")
        self.assertEqual(len(alerts), 20)
        latencies = self.stored_after(daemon)
        self.assertLess(latencies[len(latencies) // 2], 0.2, latencies)

    def test_an_interface_that_was_away_is_watched_again(self):
        daemon = veth.capturing_daemon(self.path, RULES, workers=2)
        self.addCleanup(daemon.stop)
        self.pair.disconnect()
        connected = False
        try:
            daemon.start()
            for times in (1, 2):  # not there yet at the start; later removed and made anew
                rig.wait_for(lambda: self.states(daemon) == {"no such interface"}, "the interface to be missed")
                self.pair.connect()
                connected = True
                rig.wait_for(lambda: self.states(daemon) == {"watching"}, lambda: f"the interface to be watched: {self.states(daemon)} {daemon.said()[-1500:]}")
                server = self.other_server()
                with socket.create_connection((OTHER, PORT)) as client:
                    client.sendall(b"open sesame\n")
                    rig.wait_for(lambda times=times: len(daemon.alerts()) == times, lambda: f"the alert: {daemon.said()[-1500:]}")
                server.communicate()
                self.pair.disconnect()
                connected = False
            blind = rig.wait_for(lambda: len(self.blind(daemon)) == 2 and self.blind(daemon), "the blind intervals")
            self.assertEqual([cause for cause, _ in blind], ["no such interface"] * 2)
            self.assertTrue(all(length > 0 for _, length in blind), blind)
        finally:
            if not connected:
                self.pair.connect()

    @staticmethod
    def states(daemon):
        return {one["state"] for one in daemon.status()["collect"] if one["source"] == f"interface:{veth.HERE}"}

    @staticmethod
    def blind(daemon):
        import sqlite3
        with sqlite3.connect(f"file:{daemon.store}/store.db?mode=ro", uri=True) as store:
            return store.execute("SELECT cause, until - since FROM blind WHERE source LIKE 'interface:%'").fetchall()

    @staticmethod
    def stored_after(daemon):
        """Seconds from each packet to its alert in the store, least first."""
        import sqlite3
        with sqlite3.connect(f"file:{daemon.store}/store.db?mode=ro", uri=True) as store:
            return sorted((stored - when) / 1e9 for when, stored in store.execute("SELECT time, stored FROM alert"))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    unittest.main(verbosity=2)
