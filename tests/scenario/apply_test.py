#!/usr/bin/python3
"""A playbook is applied for real: log lines become an incident, a person runs the shipped playbook, and the address is in
the kernel's set; it waits for a second person where the policy says so, goes on after kill -9, is undone, and is refused
where it must be. Everything happens in a network namespace of the test's own."""
import base64
import ctypes
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402

CLONE_NEWNET = 0x40000000
OWN, GATEWAY, ATTACKER = "198.51.100.2", "198.51.100.1", "203.0.113.7"
# Users that need no entry anywhere: a responder of tocsind by its group, two approvers of the guard, and somebody.
ANN, BOB, EVE = 64001, 64002, 64003
RESPONDERS = 100  # Debian's group "users"
APPROVERS, APPROVER_GROUP = "games", 60  # any other group that is there


def enter_own_network():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise unittest.SkipTest(f"no network namespace can be made here: {os.strerror(ctypes.get_errno())}")
    for command in ("link set lo up", "link add wan type veth peer name lan", f"addr add {OWN}/24 dev wan", "link set wan up", "link set lan up", f"route add default via {GATEWAY}"):
        subprocess.run(["ip", *command.split()], check=True)


def guessing(host, user, source):
    stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
    return "".join(f"{stamp} {host} sshd[{800 + i}]: Failed password for {user} from {source} port {40000 + i} ssh2\n" for i in range(12)).encode()


def datagram(source, target, port, text):
    """An Ethernet frame with a UDP datagram; sums are left to the card."""
    udp = struct.pack("!HHHH", 40000, port, 8 + len(text), 0) + text
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
    return b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00" + ip + udp


def blocked():
    """What the kernel drops: address → (timeout, seconds left)."""
    done = subprocess.run(["nft", "-j", "list", "set", "inet", "tocsin", "blocked4"], capture_output=True, check=False)
    if done.returncode != 0:
        return {}
    sets = [item["set"] for item in json.loads(done.stdout)["nftables"] if "set" in item]
    return {item["elem"]["val"]: (item["elem"].get("timeout"), item["elem"].get("expires")) for item in sets[0].get("elem", [])}


class Apply(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root: makes a network namespace and applies a block in it")
        for program in ("ip", "nft"):
            if shutil.which(program) is None:
                raise unittest.SkipTest(f"{program} is not installed")
        rig.need(*(rig.TOCSIN.with_name(name) for name in ("tocsin", "tocsind", "tocsin-opener", "tocsin-responder")))
        enter_own_network()

    def setUp(self):
        subprocess.run(["nft", "delete", "table", "inet", "tocsin"], capture_output=True, check=False)  # of a test before
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.path.chmod(0o755)
        # Where other users may run it: the build tree can be in a home that is closed to them.
        self.program = self.path / "tocsin"
        shutil.copy(rig.TOCSIN, self.program)
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.ear.close)
        self.ear.bind(("127.0.0.1", 0))
        self.ear.settimeout(rig.PATIENCE)

    def daemon(self, mode):
        self.policy = self.path / "responder.yaml"
        self.policy.write_text(f"""\
mode: {mode}
roles:
  responder: {{users: [0]}}
  approver: {{users: [{ANN}, {BOB}]}}
channels:
  - {{name: operators, kind: syslog, url: "udp://127.0.0.1:{self.ear.getsockname()[1]}"}}
""")
        daemon = rig.Daemon(self.path, more="reports: []\nrespond: {mode: apply}\n")
        config = daemon.config.read_text().replace("control: {", "control: {responder: users, ")
        daemon.config.write_text(config)
        self.addCleanup(daemon.stop)
        daemon.spawn("tocsin-responder", "--socket", daemon.runtime / "responder.sock", "--state", self.path / "responder", "--config", self.policy)
        rig.wait_for((daemon.runtime / "responder.sock").exists, "the responder to listen")
        (daemon.runtime / "responder.sock").chmod(0o666)  # as its unit has it: the guard decides who may what
        daemon.start()
        # A log is followed from where it ends when it is first seen.
        rig.wait_for(lambda: daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")
        return daemon

    @staticmethod
    def incident(daemon, host, exercise=False):
        def found():
            done = daemon.ask("incident", "list", "--state", "all", "-o", "ndjson", *(["--exercise"] if exercise else []))
            return [row["alias"] for row in rig.rows(done.stdout) if host is None or row["host"] == host]

        return rig.wait_for(found, f"an incident of {host}: {daemon.said()[-1500:]}")[0]

    def run_playbook(self, daemon, incident, *more, code=0, user=0):
        return self.tocsin(daemon, user, "playbook", "run", "ssh-brute-force", "--incident", incident, "--reason", "guessing goes on", "--yes", *more, code=code)

    def tocsin(self, daemon, user, *arguments, code=0, groups=(RESPONDERS,)):
        groups = {} if user == 0 else {"user": user, "group": user, "extra_groups": list(groups)}
        done = subprocess.run([self.program, *arguments], capture_output=True, env=daemon.environment, timeout=rig.PATIENCE, check=False, **groups)
        said = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(code, done.returncode, f"{arguments}: {said}\n{(self.path / 'tocsin-responder.log').read_text()[-1500:]}")
        return said

    def actions(self, daemon, name="network.block_address"):
        listed = json.loads(self.tocsin(daemon, 0, "action", "list", "-o", "json"))
        return [row for row in listed if row["action"] == name]

    def runs(self, daemon):
        return [row for row in rig.rows(daemon.ask("playbook", "status", "-o", "ndjson").stdout) if row["mode"] == "apply"]

    def test_at_once_where_the_policy_says_so(self):
        daemon = self.daemon("automatic")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        self.assertIn("would be run", self.run_playbook(daemon, incident, "--dry-run"))
        self.assertEqual({}, blocked())

        said = self.run_playbook(daemon, incident)
        self.assertIn("waits for a person", said)
        timeout, left = blocked()[ATTACKER]
        self.assertEqual(3600, timeout)
        self.assertTrue(0 < left <= 3600)
        self.assertIn("Password guessing against web01", self.ear.recv(65536).decode())
        # The same again is refused, and so is a crash's second try.
        self.assertIn("under way", self.run_playbook(daemon, incident, code=5))
        daemon.kill()
        daemon.start()
        rig.wait_for(lambda: "goes on" in daemon.said(), "the run to go on")
        rig.wait_for(lambda: self.runs(daemon)[0]["state"] == "waiting", "the run to wait again")
        self.assertEqual(["applied"], [row["state"] for row in self.actions(daemon)])
        self.assertEqual(["applied"], [row["state"] for row in self.actions(daemon, "notify")])

        self.assertIn("completed", self.tocsin(daemon, 0, "playbook", "answer", self.runs(daemon)[0]["run"], "--reason", "nobody got in"))
        self.assertIn("--again", self.run_playbook(daemon, incident, code=5))
        shown = daemon.ask("incident", "show", incident, "-o", "json").stdout.decode()
        for text in ("[apply] started: guessing goes on", "[apply] applied", "nobody got in", "[apply] completed"):
            self.assertIn(text, shown)

        key = self.actions(daemon)[0]["key"]
        self.tocsin(daemon, EVE, "action", "undo", key[:10], "--reason", "mine", code=4)
        self.assertIn(ATTACKER, blocked())
        self.tocsin(daemon, 0, "action", "undo", key[:10], "--reason", "over")
        self.assertEqual({}, blocked())
        self.assertEqual("undone", self.actions(daemon)[0]["state"])

        self.refusals(daemon)

    def refusals(self, daemon):
        for host, source, why in (("gw01", GATEWAY, "default gateway"), ("me01", OWN, "own address")):
            daemon.write(guessing(host, host + "user", source))
            self.assertIn(why, self.run_playbook(daemon, self.incident(daemon, host), code=4))
        daemon.ask("replay", "--live", rig.INTRUSION)
        exercise = next(row["alias"] for row in rig.rows(daemon.ask("incident", "list", "--exercise", "-o", "ndjson").stdout) if row["exercise"])
        self.assertIn("exercise", self.run_playbook(daemon, exercise, code=4))
        daemon.kill()
        daemon.config.write_text(daemon.config.read_text().replace("mode: apply", "mode: rehearse"))
        daemon.start()
        said = self.run_playbook(daemon, self.incident(daemon, "gw01"), code=4)
        self.assertIn("respond.mode is rehearse", said)
        self.assertIn("tocsin playbook rehearse --incident", said)
        self.assertEqual({}, blocked())

    def test_held_retried_and_taken_back(self):
        daemon = self.daemon("automatic")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        self.assertIn("waits for a person", self.run_playbook(daemon, incident))
        run = self.runs(daemon)[0]["run"]
        drawn = self.tocsin(daemon, 0, "playbook", "status", run, "--graph")
        for line in ("done        ", '  action "Block the source for one hour"', "waiting     ", 'action "Look at the accounts"', "running"):
            self.assertIn(line, drawn)
        self.assertIn("under way", self.tocsin(daemon, 0, "playbook", "undo", run, "--reason", "x", "--yes", code=5))
        self.assertIn("under way", self.tocsin(daemon, 0, "playbook", "retry", run, "--reason", "x", code=5))
        self.assertIn("is paused", self.tocsin(daemon, 0, "playbook", "pause", run, "--reason", "whose host is it"))
        self.assertIn("paused already", self.tocsin(daemon, 0, "playbook", "pause", run, "--reason", "x", code=5))
        self.assertEqual("paused", self.runs(daemon)[0]["state"])
        daemon.kill()
        daemon.start()
        rig.wait_for(lambda: "goes on" in daemon.said(), "the run to be taken up")
        self.assertEqual("paused", self.runs(daemon)[0]["state"])
        self.assertIn('waiting     action "Look at the accounts"', self.tocsin(daemon, 0, "playbook", "status", run, "--graph"))
        follower = subprocess.Popen([self.program, "playbook", "status", run, "--follow"], stdout=subprocess.PIPE, env=daemon.environment)
        self.assertIn("waits for a person", self.tocsin(daemon, 0, "playbook", "resume", run, "--reason", "ours"))
        self.tocsin(daemon, 0, "playbook", "answer", run, "--failed", "--reason", "owner away")
        said = self.tocsin(daemon, 0, "playbook", "answer", run, "--reason", "looked at", code=7)
        self.assertIn("Look at the accounts", said)
        shown = follower.communicate(timeout=rig.PATIENCE)[0].decode()
        self.assertEqual(1, follower.returncode)
        self.assertTrue(shown.endswith("failed\n"), shown[-300:])
        self.assertIn("owner away", shown)
        # Once more from the step that failed; what was done before is not done again.
        self.assertIn("waits for a person", self.tocsin(daemon, 0, "playbook", "retry", run, "--reason", "owner is back"))
        self.assertIn("out_args", self.tocsin(daemon, 0, "playbook", "answer", run, "--set", "__source_ip__=10.0.0.1", "--reason", "x", code=7))
        self.tocsin(daemon, 0, "playbook", "retry", run, "--step", "Look at the accounts", "--reason", "without --set")
        self.assertIn("completed", self.tocsin(daemon, 0, "playbook", "answer", run, "--reason", "nobody got in"))
        self.assertEqual(1, len(self.actions(daemon)))
        self.assertIn(ATTACKER, blocked())
        self.assertIn("taken back", self.tocsin(daemon, 0, "playbook", "undo", run, "--reason", "it was us", "--yes"))
        self.assertEqual({}, blocked())
        told = daemon.ask("incident", "show", incident, "-o", "json").stdout.decode()
        for text in ("[apply] paused", "[apply] continued", "[apply] retried", "[apply] undone"):
            self.assertIn(text, told)

    def test_signatures_and_commands(self):
        daemon = self.daemon("automatic")
        book = json.loads((rig.ROOT / "responders/packs/ssh-brute-force/playbook.json").read_text())
        step = next(s for s in book["workflow"].values() if s.get("name") == "Look at the accounts")
        step["commands"] = [{"type": "bash", "command": "printf %s \"__source_ip__:value\" > '" + str(self.path / "said") + "'"}]
        rule = "title: A guess\nlogsource: {product: linux, service: sshd}\ndetection: {s: ['Failed password'], condition: s}\n"
        step["commands"].append({"type": "sigma", "command_b64": base64.b64encode(rule.encode()).decode()})
        step["in_args"] = ["__source_ip__"]
        shelf = self.path / "books/answer-by-shell"
        shelf.mkdir(parents=True)
        keys = self.path / "keys"
        keys.mkdir()
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path / "key"], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", self.path / "key", "-pubout", "-out", keys / "soc.pem"], check=True, capture_output=True)
        (shelf / "playbook.json").write_text(json.dumps(book))
        (self.path / "commands.yaml").write_text(json.dumps({"types": ["bash"], "keys": str(keys)}))
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace(
            "respond: {mode: apply}", f"respond: {{mode: apply, playbooks: [{self.path}/books], runner: runner.sock, signatures: required, keys: {keys}}}"))
        daemon.spawn("tocsin-responder", "--socket", daemon.runtime / "responder.sock", "--state", self.path / "responder", "--config", self.policy)
        daemon.spawn("tocsin-runner", "--socket", daemon.runtime / "runner.sock", "--state", self.path, "--config", self.path / "commands.yaml")
        rig.wait_for((daemon.runtime / "runner.sock").exists, "the runner to listen")
        daemon.start()
        rig.wait_for(lambda: daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        run = ("playbook", "run", "answer-by-shell", "--incident", incident, "--reason", "guessing", "--yes")
        said = self.tocsin(daemon, 0, *run, code=4)
        self.assertIn("P0720", said)
        self.assertIn("tocsin playbook sign", said)
        self.assertEqual({}, blocked())
        signed = subprocess.run([self.program, "playbook", "sign", shelf / "playbook.json", "--key", self.path / "key", "--signee", "SOC"], check=True,
                                capture_output=True).stdout
        (shelf / "playbook.json").write_bytes(signed)
        daemon.kill()
        daemon.start()
        self.tocsin(daemon, 0, *run)
        rig.wait_for(lambda: self.runs(daemon)[0]["state"] == "completed", "the run to end")
        self.assertEqual(ATTACKER, (self.path / "said").read_text())
        # The hunt is tocsind's own: confined as it is, over what it keeps.
        self.assertIn("12 matches in", self.tocsin(daemon, 0, "incident", "show", incident, "-o", "json"))
        self.assertIn(ATTACKER, blocked())
        self.tocsin(daemon, 0, "playbook", "undo", self.runs(daemon)[0]["run"], "--reason", "over", "--yes")
        self.assertEqual({}, blocked())

    def test_packets_become_evidence(self):
        """What a worker holds of an address is in the vault, and nothing else; the guard is not asked."""
        daemon = self.daemon("automatic")
        book = json.loads((rig.ROOT / "responders/packs/ssh-brute-force/playbook.json").read_text())
        step = next(s for s in book["workflow"].values() if s.get("name") == "Block the source for one hour")
        order = {"action": "collect.packets", "parameters": {"address": "__source_ip__:value", "peer_port": "53", "protocol": "udp"}}
        step["commands"] = [{"type": "tocsin", "command_b64": base64.b64encode(json.dumps(order).encode()).decode(), "playbook_activity": "analyze-collected-data"}]
        shelf = self.path / "books/keep-packets"
        shelf.mkdir(parents=True)
        (shelf / "playbook.json").write_text(json.dumps(book))
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace("respond: {mode: apply}", f"respond: {{mode: apply, playbooks: [{self.path}/books]}}")
                                 .replace("interfaces: []", "interfaces: [{name: wan, workers: 2}]"))
        daemon.spawn("tocsin-responder", "--socket", daemon.runtime / "responder.sock", "--state", self.path / "responder", "--config", self.policy)
        daemon.start()
        rig.wait_for(lambda: all(one["state"] == "watching" for one in daemon.status()["collect"]), "the log and the interface to be watched")
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.addCleanup(wire.close)
        wire.bind(("lan", 0))
        for source, port, text in ((ATTACKER, 53, b"sought one"), ("203.0.113.8", 53, b"of another"), (ATTACKER, 80, b"of another port"), (ATTACKER, 53, b"sought two")):
            wire.send(datagram(source, OWN, port, text))
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        rehearsed = self.tocsin(daemon, 0, "playbook", "rehearse", "keep-packets", "--incident", incident)
        self.assertIn(f"2 packets of udp {ATTACKER}", rehearsed)
        self.assertNotIn("packets", self.tocsin(daemon, 0, "evidence", "list", "-o", "ndjson"))
        self.tocsin(daemon, 0, "playbook", "run", "keep-packets", "--incident", incident, "--reason", "what did it ask for", "--yes")
        kept = [row for row in rig.rows(self.tocsin(daemon, 0, "evidence", "list", "-o", "ndjson")) if "2 packets of udp" in row["name"]]
        self.assertEqual(1, len(kept), kept)
        capture = self.path / "kept.pcapng"
        self.tocsin(daemon, 0, "evidence", "pcap", incident, "-o", capture, "--reason", "to look at it")
        got = capture.read_bytes()
        self.assertLess(got.index(b"sought one"), got.index(b"sought two"))
        self.assertNotIn(b"of another", got)
        self.assertEqual([], self.actions(daemon, "collect.packets"))

    def test_people_in_roles_agree(self):
        daemon = self.daemon("automatic")
        book = json.loads((rig.ROOT / "responders/packs/ssh-brute-force/playbook.json").read_text())
        extension = "extension-definition--9b7a1f52-3c64-4d0e-a5c1-6d2f80e4b713"
        step = next(s for s in book["workflow"].values() if s.get("name") == "Look at the accounts")
        step["step_extensions"] = {extension: {"approvals": {"approver": 1, "responder": 1}}}
        step["timeout"] = 3_600_000
        book["extension_definitions"] = {extension: {"type": "extension-definition", "name": "approvals", "created_by": book["created_by"],
                                                     "schema": "https://example.org/approvals", "version": "1"}}
        shelf = self.path / "books/agreed"
        shelf.mkdir(parents=True)
        (shelf / "playbook.json").write_text(json.dumps(book))
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace("respond: {mode: apply}", f"respond: {{mode: apply, playbooks: [{self.path}/books]}}")
                                 .replace("control: {", f"control: {{approver: {APPROVERS}, "))
        daemon.spawn("tocsin-responder", "--socket", daemon.runtime / "responder.sock", "--state", self.path / "responder", "--config", self.policy)
        daemon.start()
        rig.wait_for(lambda: daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        said = self.tocsin(daemon, ANN, "playbook", "run", "agreed", "--incident", incident, "--reason", "guessing", "--yes")
        self.assertIn("waits for 1 approver, 1 responder", said)
        run = self.runs(daemon)[0]["run"]
        approve = ("playbook", "approve", run, "--reason", "seen it")
        self.assertIn("tocsin playbook approve", self.tocsin(daemon, BOB, "playbook", "answer", run, "--reason", "done", code=4))
        self.assertIn("asked for it", self.tocsin(daemon, ANN, *approve, code=4))
        self.assertIn("nothing was done", self.tocsin(daemon, BOB, *approve, "--dry-run"))
        self.assertIn("waits for 1 approver:", self.tocsin(daemon, BOB, *approve))
        self.assertIn("already", self.tocsin(daemon, BOB, *approve, code=5))
        daemon.kill()
        daemon.start()
        rig.wait_for(lambda: "goes on" in daemon.said(), "the run to go on")
        self.tocsin(daemon, EVE, *approve, groups=[APPROVER_GROUP])
        rig.wait_for(lambda: self.runs(daemon)[0]["state"] == "completed", "the run to end")
        told = self.tocsin(daemon, 0, "incident", "show", incident, "-o", "json")
        for text in (f"granted: {BOB}: seen it", f"granted: {EVE}: seen it"):
            self.assertIn(text, told)
        acts = [(row["what"], row["outcome"]) for row in rig.rows(self.tocsin(daemon, 0, "audit", "list", "-o", "ndjson")) if row["what"] == "playbook.approve"]
        self.assertEqual(2, acts.count(("playbook.approve", "granted")))
        # Tried out only: the run is over, and what it applied stays.
        self.assertIn("nothing was done", self.tocsin(daemon, 0, "playbook", "undo", run, "--dry-run"))
        self.assertIn(ATTACKER, blocked())

    def collection(self, taken):
        """A collection of TAXII 2.1 on the loopback that takes everything."""
        class Collection(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken.append((self.path, self.headers["Content-Type"], json.loads(body)["objects"]))
                self.send_response(202)
                self.end_headers()
                self.wfile.write(b'{"failure_count": 0}')

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Collection)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/root/collections/1/objects/"

    def test_nothing_leaves_the_house_before_two_people_agreed(self):
        taken = []
        daemon = self.daemon("automatic")
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace("control: {", f"control: {{approver: {APPROVERS}, "))
        self.policy.write_text(self.policy.read_text() + f'  - {{name: partners, kind: taxii, url: "{self.collection(taken)}"}}\n')
        daemon.spawn("tocsin-responder", "--socket", daemon.runtime / "responder.sock", "--state", self.path / "responder", "--config", self.policy)
        daemon.start()
        rig.wait_for(lambda: daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        self.tocsin(daemon, ANN, "playbook", "run", "regulatory-notify", "--incident", incident, "--reason", "we must", "--yes")
        run = self.runs(daemon)[0]["run"]
        self.tocsin(daemon, ANN, "playbook", "answer", run, "--set", "__serious__=true", "--reason", "patients")
        said = self.tocsin(daemon, ANN, "playbook", "answer", run, "--reason", "drafted")
        self.assertIn("waits for 1 approver, 1 responder", said)
        approve = ("playbook", "approve", run, "--reason", "read it")
        self.tocsin(daemon, BOB, *approve)
        self.assertEqual([], taken)
        self.tocsin(daemon, EVE, *approve, groups=[APPROVER_GROUP])
        rig.wait_for(lambda: taken, "the collection to be told")
        (path, kind, objects), = taken
        self.assertEqual(("/root/collections/1/objects/", "application/taxii+json;version=2.1"), (path, kind))
        self.assertIn(f"[ipv4-addr:value = '{ATTACKER}']", [thing.get("pattern") for thing in objects])
        rig.wait_for(lambda: "shared with partners" in self.tocsin(daemon, 0, "incident", "show", incident, "-o", "json"), "the timeline to tell")
        # What the guard wrote down is the digest of what it kept; what a person exports are the same objects.
        (document,) = (self.path / "responder/documents").iterdir()
        self.assertEqual(document.name, hashlib.sha256(document.read_bytes()).hexdigest())
        self.assertIn(document.name, (self.path / "responder/journal.jsonl").read_text())
        exported = json.loads(self.tocsin(daemon, ANN, "incident", "export", incident))["objects"]
        self.assertEqual({thing["id"] for thing in objects}, {thing["id"] for thing in exported})

    def test_handed_over_between_people(self):
        daemon = self.daemon("observe")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        offer = ("incident", "hand-over", incident, "--to", str(BOB), "--reason", "end of shift")
        accept = ("incident", "accept", incident, "--reason", "mine")
        self.assertIn("tocsin incident take", self.tocsin(daemon, ANN, *offer, code=5))
        self.tocsin(daemon, ANN, "incident", "take", incident, "--reason", "on shift")
        self.assertIn("only who has it", self.tocsin(daemon, EVE, *offer, code=4))
        self.assertIn("no user", self.tocsin(daemon, ANN, *offer, "--then", "nobody-of-that-name", code=3))
        self.assertIn("would be", self.tocsin(daemon, ANN, *offer, "--dry-run"))
        self.assertIn("not offered", self.tocsin(daemon, BOB, *accept, code=5))
        self.assertIn(f"offered to {BOB}", self.tocsin(daemon, ANN, *offer, "--then", str(EVE), "--within", "30m"))
        self.assertIn(f"not to {EVE}", self.tocsin(daemon, EVE, *accept, code=4))
        shown = json.loads(self.tocsin(daemon, ANN, "incident", "show", incident, "-o", "json"))
        self.assertEqual((str(ANN), str(BOB)), (shown["owner"], shown["offered_to"]))
        self.tocsin(daemon, BOB, "incident", "return", incident, "--reason", "ill")
        self.tocsin(daemon, ANN, *offer)
        self.tocsin(daemon, ANN, "incident", "keep", incident, "--reason", "I stay after all")
        self.tocsin(daemon, ANN, *offer)
        daemon.kill()
        daemon.start()
        self.tocsin(daemon, BOB, *accept)
        shown = json.loads(self.tocsin(daemon, ANN, "incident", "show", incident, "-o", "json"))
        self.assertEqual(str(BOB), shown["owner"])
        self.assertNotIn("offered_to", shown)
        kept = [(row["what"], row["reason"]) for row in rig.rows(self.tocsin(daemon, 0, "audit", "list", "-o", "ndjson")) if row["what"].startswith("incident.")]
        for entry in (("incident.hand-over", "end of shift"), ("incident.return", "ill"), ("incident.keep", "I stay after all"), ("incident.accept", "mine")):
            self.assertIn(entry, kept)

    def test_after_a_second_person_said_yes(self):
        daemon = self.daemon("approve")
        daemon.write(guessing("web01", "root", ATTACKER))
        incident = self.incident(daemon, "web01")
        said = self.run_playbook(daemon, incident, code=4, user=ANN)
        self.assertIn("tocsin action approve", said)
        self.assertEqual({}, blocked())
        self.assertEqual("waiting", self.runs(daemon)[0]["state"])
        pending = {row["action"]: row["key"] for row in json.loads(self.tocsin(daemon, 0, "action", "list", "-o", "json"))}
        self.assertEqual({"network.block_address", "notify"}, set(pending))
        for user, why in ((ANN, "asked for it"), (EVE, "no role"), (0, "not the role approver")):
            self.assertIn(why, self.tocsin(daemon, user, "action", "approve", pending["network.block_address"], "--reason", "yes", code=4))
        self.assertEqual({}, blocked())
        self.tocsin(daemon, BOB, "action", "approve", pending["network.block_address"][:12], "--reason", "seen it")
        self.assertIn(ATTACKER, blocked())
        self.tocsin(daemon, BOB, "action", "undo", pending["notify"][:12], "--reason", "they know")
        # What nothing else takes goes to who is on call, which asks for an approver too.
        rig.wait_for(lambda: sum(row["state"] == "pending" for row in self.actions(daemon, "notify")) == 1, "who is on call to be paged")
        self.assertIn("cancelled", self.tocsin(daemon, 0, "playbook", "cancel", self.runs(daemon)[0]["run"], "--reason", "drill", "--yes"))
        ended = self.runs(daemon)[0]
        self.assertEqual(("cancelled", "unanswered"), (ended["state"], ended["outcome"]))
        self.tocsin(daemon, 0, "action", "halt", "--reason", "drill", "--yes")
        self.assertEqual({}, blocked())
        self.assertIn("halted", self.run_playbook(daemon, incident, code=4))


if __name__ == "__main__":
    unittest.main()
