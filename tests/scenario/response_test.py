#!/usr/bin/python3
"""The responder for real, in network namespaces of the test's own: an sshd is guessed at and the guesser is in the kernel's
set, for IPv4 and IPv6; the element ends in time without us; a host that is isolated is free again by itself when the way of
management is lost or the responder is killed; what must never be touched is refused, at plan and at apply, by overlap too; a
trigger that applies does so by itself, as far as detection, asset and proof of the source let it."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402
import veth  # noqa: E402

RESPONDER = rig.TOCSIN.with_name("tocsin-responder")
# This host, its gateway and resolver, whoever manages it, what watches it, and attackers: all at the other end of a veth.
OWN, GATEWAY, OPERATOR, MONITOR, ATTACKER = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.129", "192.0.2.66"
OWN6, OPERATOR6, ATTACKER6 = "2001:db8::1", "2001:db8::3", "2001:db8::66"
OTHERS = ["192.0.2.67", "192.0.2.68", "192.0.2.69"]  # further attackers, who need not be there
LEASE = 6  # seconds
SETS = {4: "blocked4", 6: "blocked6"}


def kernel_has(name, element):
    return subprocess.run(["nft", "get", "element", "inet", "tocsin", name, "{ " + element + " }"], capture_output=True, check=False).returncode == 0


class Client:
    """Typed requests to the responder (4-byte length, JSON), as one user."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(rig.PATIENCE)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise

    def ask(self, kind, **fields):
        body = json.dumps({"version": 1, "kind": kind, **fields}).encode()
        self.socket.sendall(struct.pack(">I", len(body)) + body)
        size = struct.unpack(">I", self.exactly(4))[0]
        return json.loads(self.exactly(size))

    def exactly(self, count):
        out = b""
        while len(out) < count:
            part = self.socket.recv(count - len(out))
            if not part:
                raise AssertionError("the responder hung up")
            out += part
        return out

    def do(self, kind, action, key, parameters, **more):
        return self.ask(kind, request={"action": action, "key": key, "parameters": [[k, v] for k, v in parameters.items()], "reason": "seen", "rule": "r", "source": "handshake", **more})

    def close(self):
        self.socket.close()


class Response(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rig.need(RESPONDER)
        for program in ("nft", "sshd", "ssh", "sshpass"):
            if shutil.which(program) is None and not pathlib.Path("/usr/sbin", program).exists():
                raise unittest.SkipTest(f"{program} is not installed")
        cls.pair = veth.Pair()
        cls.addClassCleanup(cls.pair.close)
        for place, device, addresses in ((cls.pair.inside, veth.HERE, [OWN6 + "/64"]), (cls.pair.there, veth.THERE, [OPERATOR + "/24", MONITOR + "/24", ATTACKER + "/24", OPERATOR6 + "/64", ATTACKER6 + "/64"])):
            place("sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{device}/disable_ipv6")
            for address in addresses:
                place("ip", "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
        cls.pair.inside("ip", "route", "add", "default", "via", GATEWAY)
        # Whoever answers for this host listens there.
        cls.management = cls.serve()
        rig.wait_for(lambda: cls.reach(OPERATOR, 2222), "the management endpoint")

    @classmethod
    def serve(cls):
        script = "import socket\ns = socket.create_server(('::', 2222), family=socket.AF_INET6, dualstack_ipv6=True)\nwhile True:\n    s.accept()[0].close()\n"
        child = subprocess.Popen([*cls.pair.enter(), sys.executable, "-c", script])
        cls.addClassCleanup(child.wait)
        cls.addClassCleanup(child.kill)
        return child

    @staticmethod
    def reach(address, port):
        try:
            socket.create_connection((address, port), timeout=0.5).close()
            return True
        except OSError:
            return False

    def knock(self, source, target):
        """Whether `source`, at the other end, gets through to a listener here."""
        script = f"import socket\nsocket.create_connection(('{target}', {self.port}), timeout=1, source_address=('{source}', 0))\n"
        return subprocess.run([*self.pair.enter(), sys.executable, "-c", script], stderr=subprocess.DEVNULL, check=False).returncode == 0

    def setUp(self):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        subprocess.run(["nft", "delete", "table", "inet", "tocsin"], capture_output=True, check=False)
        self.policy = self.path / "responder.yaml"
        self.write_policy()
        self.start()

    def write_policy(self, more=""):
        self.policy.write_text(f"""\
mode: automatic
per_minute: 10000
rule_per_minute: 10000
live_most: 10000
blast_most: {{peer: 10000}}
never_touch: ["{MONITOR}/32"]
roles: {{responder: {{users: [0]}}}}
isolation: {{management: ["{OPERATOR}/32", "{OPERATOR6}/128"], proof: ["{OPERATOR}:2222"], lease: {LEASE}s}}
{more}""")

    def start(self):
        log = (self.path / "responder.log").open("ab")
        self.responder = subprocess.Popen([RESPONDER, "--socket", self.path / "r.sock", "--state", self.path / "state", "--config", self.policy], stdout=log, stderr=log)
        log.close()
        self.addCleanup(self.end, self.responder)

        def up():
            if self.responder.poll() is not None:
                raise AssertionError((self.path / "responder.log").read_text())
            try:
                return Client(self.path / "r.sock")
            except OSError:
                return None

        self.client = rig.wait_for(up, "the responder")
        self.addCleanup(self.client.close)

    @staticmethod
    def end(child):
        if child.poll() is None:
            child.kill()
        child.wait()

    def kill(self):
        self.responder.send_signal(signal.SIGKILL)
        self.responder.wait()

    def sshd(self):
        """A real sshd here; what it says, line by line."""
        key = self.path / "host_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        config = self.path / "sshd_config"
        config.write_text(f"HostKey {key}\nPidFile none\nUsePAM no\nMaxAuthTries 3\nListenAddress 0.0.0.0:2022\nListenAddress [::]:2022\n")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        child = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.stderr.close)
        self.addCleanup(self.end, child)
        rig.wait_for(lambda: self.reach("127.0.0.1", 2022), "sshd")
        return child.stderr

    def guess(self, source, target):
        return subprocess.Popen([*self.pair.enter(), "sshpass", "-p", "wrong", "ssh", "-b", source, "-p", "2022", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=3", f"nobody-here@{target}", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_guessing_at_a_real_sshd_ends_in_the_kernels_set(self):
        said = self.sshd()
        for family, source, target in ((4, ATTACKER, OWN), (6, ATTACKER6, OWN6)):
            self.assertTrue(self.knock(source, target))
            guesser = self.guess(source, target)
            self.addCleanup(self.end, guesser)
            for line in said:
                if "Failed password" in line and f"from {source} " in line:
                    break
            begun = time.monotonic()  # the deciding event
            answer = self.client.do("apply", "network.block_address", f"ssh-{family}", {"address": source, "ttl": "1m"})
            took = time.monotonic() - begun
            self.assertTrue(answer["ok"], answer)
            self.assertTrue(kernel_has(SETS[family], source))
            self.assertLess(took, 0.5)
            self.assertFalse(self.knock(source, target), f"IPv{family}: the guesser still gets through")
            self.client.ask("undo", key=f"ssh-{family}", reason="over")
            self.assertTrue(self.knock(source, target))

    def test_from_the_deciding_event_to_the_kernel(self):
        self.client.do("apply", "network.block_address", "first", {"address": "198.51.100.1"})  # makes the table
        for family, form in ((4, "203.0.113.{}"), (6, "2001:db8:1::{:x}")):
            took = []
            for i in range(1, 201):
                begun = time.monotonic()
                answer = self.client.do("apply", "network.block_address", f"b{family}-{i}", {"address": form.format(i)})
                took.append((time.monotonic() - begun) * 1000)
                self.assertTrue(answer["ok"], answer)
            self.assertTrue(kernel_has(SETS[family], form.format(200)))
            cuts = statistics.quantiles(took, n=100)
            print(f"IPv{family}: request to element in the kernel's set, {len(took)} addresses: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, most {max(took):.1f} ms")
            # 50 ms at the 99th percentile is the aim, on a machine that does nothing else; this one may be building.
            self.assertLess(cuts[49], 100)

    def test_it_ends_in_time_without_us(self):
        for family, source, target in ((4, ATTACKER, OWN), (6, ATTACKER6, OWN6)):
            self.client.do("apply", "network.block_address", f"short-{family}", {"address": source, "ttl": "4s"})
            begun = time.monotonic()
            self.assertTrue(kernel_has(SETS[family], source))
            if family == 6:
                break
        self.kill()
        while kernel_has("blocked4", ATTACKER) or kernel_has("blocked6", ATTACKER6):
            self.assertLess(time.monotonic() - begun, 8, "it did not end in time")
            time.sleep(0.1)
        self.assertGreater(time.monotonic() - begun, 2.5)
        self.assertTrue(self.knock(ATTACKER, OWN) and self.knock(ATTACKER6, OWN6))
        self.start()
        self.assertEqual({"gone"}, {entry["state"] for entry in self.client.ask("list")["entries"]})

    def isolate(self):
        answer = self.client.do("apply", "network.isolate_host", "alone", {"ttl": "10m"})
        self.assertTrue(answer["ok"], answer)
        for source, target, through in ((OPERATOR, OWN, True), (OPERATOR6, OWN6, True), (ATTACKER, OWN, False), (ATTACKER6, OWN6, False)):
            self.assertEqual(through, self.knock(source, target), f"{source} to {target}")
        # What was open before is cut off too, and so is what this host begins.
        self.assertTrue(self.reach(OPERATOR, 2222))
        self.assertFalse(self.reach(ATTACKER, 2222))
        self.assertFalse(self.reach(ATTACKER6, 2222))

    def freed(self, within):
        begun = time.monotonic()
        rig.wait_for(lambda: not kernel_has("isolated", "ipv4") and not kernel_has("isolated", "ipv6"), "the kernel to free the host", patience=within)
        self.assertTrue(self.knock(ATTACKER, OWN) and self.knock(ATTACKER6, OWN6))
        return time.monotonic() - begun

    def test_isolated_as_long_as_the_management_path_holds(self):
        """Yuzu 3429 (IPv6 went past it, established connections lived on), Velociraptor 4203 (what is forbidden must fail)."""
        held = socket.create_connection((ATTACKER, 2222))
        self.addCleanup(held.close)
        self.isolate()
        held.settimeout(1)
        with self.assertRaises(OSError):  # no accept for what was established
            held.sendall(b"x")
            if held.recv(1) == b"":
                raise OSError("closed by the other end before")
        time.sleep(LEASE * 2)
        self.assertTrue(kernel_has("isolated", "ipv4"), "the lease was not renewed while the path held")
        answer = self.client.ask("undo", key="alone", reason="over")
        self.assertTrue(answer["ok"], answer)
        self.freed(1)

    def test_free_by_itself_when_the_path_is_lost(self):
        """SUSE linux-security-sensor 39: the way of management is tried with the rules in force, and they go when it fails."""
        self.isolate()
        self.pair.there("ip", "addr", "del", OPERATOR + "/24", "dev", veth.THERE)
        try:
            self.freed(LEASE + 3)
        finally:
            self.pair.there("ip", "addr", "add", OPERATOR + "/24", "dev", veth.THERE)
        rig.wait_for(lambda: [entry["state"] for entry in self.client.ask("list")["entries"]] == ["gone"], "the guard to see it")
        time.sleep(2)
        self.assertFalse(kernel_has("isolated", "ipv4"), "nobody asked for it a second time")

    def test_free_by_itself_when_the_responder_is_killed(self):
        self.isolate()
        self.kill()
        self.freed(LEASE + 2)
        self.start()
        self.assertEqual(["gone"], [entry["state"] for entry in self.client.ask("list")["entries"]])
        self.assertFalse(kernel_has("isolated", "ipv4"))

    def triggered_daemon(self):
        """tocsind with one trigger that applies: it blocks the source."""
        def name(kind, number):
            return f"{kind}--00000000-0000-4000-8000-{number:012d}"

        command = base64.b64encode(json.dumps({"action": "network.block_address", "parameters": {"address": "__source_ip__:value"}}).encode()).decode()
        book = {"type": "playbook", "spec_version": "cacao-2.0", "id": name("playbook", 1), "name": "block", "created_by": name("identity", 2),
                "created": "2026-11-22T08:00:00.000Z", "modified": "2026-11-22T08:00:00.000Z", "workflow_start": name("start", 3),
                "playbook_variables": {"__source_ip__": {"type": "string", "external": True}},
                "agent_definitions": {name("linux", 6): {"type": "linux", "name": "this host", "address": {"dname": ["localhost"]}}},
                "workflow": {name("start", 3): {"type": "start", "on_completion": name("action", 4)},
                             name("action", 4): {"type": "action", "name": "block", "commands": [{"type": "tocsin", "command_b64": command}], "agent": name("linux", 6), "on_completion": name("end", 5)},
                             name("end", 5): {"type": "end"}}}
        shelf = self.path / "books/block"
        shelf.mkdir(parents=True)
        (shelf / "playbook.json").write_text(json.dumps(book))
        (self.path / "triggers.yaml").write_text(f"triggers: [{{playbook: {book['id']}, name: block, attack: [T1110], mode: apply}}]\n")
        daemon = rig.Daemon(self.path, more=f"""\
reports: []
respond: {{mode: apply, socket: "{self.path}/r.sock", playbooks: ["{self.path}/books"], triggers: "{self.path}/triggers.yaml"}}
assets: [{{level: 5, hosts: [gold01]}}]
""")
        for number, title, selection in ((1, "A guess at a telephone", "event.module: freeswitch, event.outcome: failure"), (2, "A canary sang", "user.name: canary, event.outcome: failure")):
            (daemon.rules / f"{number}.yml").write_text(f"title: {title}\nid: 0e0e0e0e-0000-4000-8000-00000000000{number}\nlogsource: {{product: linux}}\n"
                                                       f"detection: {{s: {{{selection}}}, condition: s}}\nlevel: high\ntags: [attack.t1110]\n")
        self.addCleanup(daemon.stop)
        daemon.start()
        rig.wait_for(lambda: daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")
        return daemon

    def entries(self):
        return {entry["parameters"]["address"]: entry for entry in self.client.ask("list")["entries"]}

    def test_a_trigger_applies_as_far_as_detection_asset_and_proof_let_it(self):
        self.write_policy('rule_modes: {"0e0e0e0e-0000-4000-8000-000000000002": approve}\nasset_modes: {5: rehearse}\n')
        self.responder.send_signal(signal.SIGHUP)
        rig.wait_for(lambda: "policy read again" in (self.path / "responder.log").read_text(), "the policy to be read")
        daemon = self.triggered_daemon()
        stamp = time.strftime("%b %e %H:%M:%S", time.gmtime())
        gold, telephone, canary = OTHERS

        def guesses(host, source, user="root", count=6):
            return "".join(f"{stamp} {host} sshd[{700 + i}]: Failed password for {user} from {source} port {41000 + i} ssh2\n" for i in range(count)).encode()

        daemon.write(guesses("web01", ATTACKER))
        rig.wait_for(lambda: kernel_has("blocked4", ATTACKER), f"the guesser to be blocked: {daemon.said()[-1500:]}")
        self.assertFalse(self.knock(ATTACKER, OWN))
        records = [json.loads(line) for line in (self.path / "state/journal.jsonl").read_text().splitlines()]
        self.assertEqual({"8e49bc12-7ae4-4bbc-ad97-0dd558fd279a"}, {one["rule"] for one in records if one["kind"] == "intent"})

        daemon.write(f"{stamp} pbx01 freeswitch[9]: [WARNING] sofia_reg.c:3223 SIP auth failure (REGISTER) on sofia profile 'internal' for [100@192.0.2.1] from ip {telephone}\n".encode())
        daemon.write(guesses("web02", canary, "canary", 1))
        daemon.write(guesses("gold01", gold))
        rig.wait_for(lambda: {telephone, canary} <= set(self.entries()), f"both to wait: {daemon.said()[-1500:]}")
        for address, why in ((telephone, "can be forged"), (canary, "an approver")):
            entry = self.entries()[address]
            self.assertEqual("pending", entry["state"])
            self.assertIn(why, entry["detail"])
        # Of the precious one nothing is begun, and the forecast says why.
        def rehearsed():
            rows = rig.rows(daemon.ask("playbook", "status", "-o", "ndjson").stdout)
            return [row for row in rows if row["mode"] == "rehearse"]

        rig.wait_for(rehearsed, "the rehearsal")
        self.assertIn("rehearse: nothing is applied", daemon.said())
        self.assertNotIn(gold, self.entries())
        for address in OTHERS:
            self.assertFalse(kernel_has("blocked4", address), address)

    def test_what_else_the_confined_responder_can_do(self):
        """Each within its own system call filter and with its few capabilities."""
        victim = subprocess.Popen(["sleep", "600"])
        self.addCleanup(self.end, victim)

        def state():
            return pathlib.Path(f"/proc/{victim.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

        def done(action, key, parameters):
            answer = self.client.do("apply", action, key, parameters)
            self.assertTrue(answer["ok"], f"{action}: {answer}")
            return answer

        done("process.stop", "stop", {"pid": str(victim.pid), "ttl": "3s"})
        rig.wait_for(lambda: state() == "T", "the process to stop", patience=5)
        rig.wait_for(lambda: state() == "S", "the process to go on when its time is over", patience=10)
        done("process.kill", "kill", {"pid": str(victim.pid), "scope": "tree"})
        self.assertEqual(-signal.SIGKILL, victim.wait(5))
        for pid in (1, self.responder.pid, os.getpid()):
            self.assertIn("never_touch", self.client.do("apply", "process.kill", f"no-{pid}", {"pid": str(pid)})["message"])

        folder = pathlib.Path(dict(done("collect.triage", "triage", {"pid": str(os.getpid())})["outputs"])["folder"])
        for entry in json.loads((folder / "manifest.json").read_text())["files"]:
            self.assertEqual(entry["sha256"], hashlib.sha256((folder / entry["name"]).read_bytes()).hexdigest())

        # Made of two halves at run time: only the memory of this very process has it, no file and no command line.
        keeper = subprocess.Popen(["/usr/bin/python3", "-c", "kept = ''.join(['marker-of-', 'the-heap']); print(flush=True); import sys; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  user=65534, group=65534, extra_groups=[])
        self.addCleanup(keeper.communicate)
        keeper.stdout.readline()
        kept = dict(done("process.dump_maps", "dump", {"pid": str(keeper.pid)})["outputs"])
        folder = pathlib.Path(kept["folder"])
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertTrue(manifest["complete"])
        for entry in manifest["files"]:
            self.assertEqual(entry["sha256"], hashlib.sha256((folder / entry["name"]).read_bytes()).hexdigest())
        self.assertIn(b"marker-of-the-heap", (folder / "memory.bin").read_bytes())
        self.assertNotIn(b"marker-of-the-heap", pathlib.Path(kept["executable"]).read_bytes())
        self.assertIsNone(keeper.poll())

        script = f"import socket\ns = socket.create_connection(('{OWN}', {self.port}), source_address=('{ATTACKER}', 0))\ns.recv(1)\n"
        visitor = subprocess.Popen([*self.pair.enter(), sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, visitor)
        accepted = self.listener.accept()[0]
        self.addCleanup(accepted.close)
        self.assertEqual("1", dict(done("network.kill_flow", "flow", {"address": ATTACKER})["outputs"])["ended"])
        self.assertNotEqual(0, visitor.wait(5))

        done("network.block_port", "port", {"port": str(self.port), "ttl": "1m"})
        self.assertFalse(self.knock(ATTACKER, OWN))
        self.assertTrue(self.client.ask("halt", reason="drill")["ok"])  # stops all, and undoes what is live
        self.assertTrue(self.knock(ATTACKER, OWN))
        self.assertIn("halted", self.client.do("apply", "network.block_port", "late", {"port": "8080"})["message"])

    def test_a_name_is_led_nowhere(self):
        subprocess.run(["nft", "delete", "table", "inet", "tocsin_names"], capture_output=True, check=False)
        resolver = "import socket\ns = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\ns.bind(('::', 53))\nwhile True:\n    q, a = s.recvfrom(999)\n    s.sendto(q[:2] + b'\\x81\\x80' + q[4:], a)\n"
        child = subprocess.Popen([*self.pair.enter(), sys.executable, "-c", resolver])
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        sinkhole = subprocess.Popen([RESPONDER.with_name("tocsin-sinkhole")], stdout=subprocess.PIPE)
        self.addCleanup(sinkhole.stdout.close)
        self.addCleanup(sinkhole.wait)
        self.addCleanup(sinkhole.kill)
        self.assertIn(b"listening", sinkhole.stdout.readline())

        def rcode(name, server=GATEWAY):
            question = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\1\0\1"
            with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as asker:
                asker.settimeout(2)
                asker.sendto(question, (server, 53))
                return asker.recv(999)[3] & 15

        def answered(name):
            try:
                return rcode(name) == 0
            except OSError:
                return False

        rig.wait_for(lambda: answered("evil.example"), "the resolver")
        for name in ("gov.vn", "4.3.2.in-addr.arpa", "example"):
            self.assertFalse(self.client.do("apply", "network.sinkhole", f"never-{name}", {"domain": name})["ok"], name)
        said = self.client.do("apply", "network.sinkhole", "names-1", {"domain": "evil.example", "ttl": "1h"})
        self.assertTrue(said["ok"], said)
        for server in (GATEWAY, MONITOR, OPERATOR6):
            self.assertEqual((5, 5, 0), (rcode("evil.example", server), rcode("zGk3.T.EVIL.example", server), rcode("example.org", server)), server)
        self.assertEqual(b"refused: evil.example\n", sinkhole.stdout.readline())
        # Nobody there to answer: it is not asked elsewhere.
        sinkhole.kill()
        sinkhole.wait()
        self.assertFalse(answered("evil.example"))
        self.assertEqual(0, rcode("example.org"))
        self.assertTrue(self.client.ask("undo", key="names-1", reason="over")["ok"])
        self.assertEqual(0, rcode("evil.example"))
        said = self.client.do("apply", "network.sinkhole", "names-2", {"domain": "worse.example", "ttl": "5s"})
        self.assertTrue(said["ok"], said)
        self.assertFalse(answered("a.worse.example"))
        rig.wait_for(lambda: answered("a.worse.example"), "the kernel to end it")

    def test_what_must_never_be_touched(self):
        # An operator at work: connected to a management port.
        server = socket.create_server((OWN, 22))
        self.addCleanup(server.close)
        self.pair.there("ip", "addr", "add", "192.0.2.200/24", "dev", veth.THERE)
        worker = subprocess.Popen([*self.pair.enter(), sys.executable, "-c", f"import socket, time\ns = socket.create_connection(('{OWN}', 22), source_address=('192.0.2.200', 0))\ntime.sleep(600)"])
        self.addCleanup(self.end, worker)
        accepted = server.accept()[0]
        self.addCleanup(accepted.close)
        resolvers = [line.split()[1] for line in pathlib.Path("/etc/resolv.conf").read_text().splitlines() if line.startswith("nameserver") and ":" not in line]
        targets = {OWN: "own address", OWN6: "own address", GATEWAY: "default gateway", OPERATOR: "management network", OPERATOR6: "management network", MONITOR: "never-touch list", "192.0.2.200": "operator", "127.0.0.1": "loopback", **{one: "" for one in resolvers}}
        targets |= {"192.0.2.0/30": "", "192.0.2.128/25": "", "192.0.2.192/26": "operator", "2001:db8::/64": "", "192.0.0.0/8": "", "0.0.0.0/0": ""}
        for number, (target, why) in enumerate(targets.items()):
            for action in ("network.block_address", "network.limit_rate"):
                planned = self.client.do("rehearse", action, f"p{number}", {"address": target})
                self.assertEqual(("refused", "never_touch"), (planned["verdict"], planned["rule"]), f"{action} {target}: {planned}")
                self.assertIn(why, planned["reason"])
                applied = self.client.do("apply", action, f"{action}-{number}", {"address": target})
                self.assertEqual((False, "denied"), (applied["ok"], applied["code"]), f"{action} {target}")
                self.assertIn("never_touch", applied["message"])
        self.assertTrue(self.client.do("apply", "network.block_address", "other", {"address": "192.0.2.64/30"})["ok"])

    def test_a_block_is_taken_back_when_it_must_not_be_any_more(self):
        self.assertTrue(self.client.do("apply", "network.block_address", "k", {"address": ATTACKER})["ok"])
        self.assertFalse(self.knock(ATTACKER, OWN))
        # The allow-list changes: nobody restarts anything.
        self.policy.write_text(self.policy.read_text().replace(f'["{MONITOR}/32"]', f'["{MONITOR}/32", "{ATTACKER}/32"]'))
        self.responder.send_signal(signal.SIGHUP)
        rig.wait_for(lambda: not kernel_has("blocked4", ATTACKER), "the block to be taken back", patience=5)
        self.assertTrue(self.knock(ATTACKER, OWN))
        self.policy.write_text("mode: wild\n")
        self.responder.send_signal(signal.SIGHUP)  # a bad one changes nothing
        rig.wait_for(lambda: "stays as it was" in (self.path / "responder.log").read_text(), "the bad policy to be refused")
        self.assertEqual("automatic", self.client.ask("status")["mode"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
