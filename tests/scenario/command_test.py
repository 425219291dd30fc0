#!/usr/bin/python3
"""Commands of playbooks carried out for real by tocsin-runner: bash, ssh against an sshd, PowerShell over it, HTTP against
a server, OpenC2, YARA. Hostile values go through every type and every kind of variable and stay values. What the policy
does not name, what is not signed, and what answers too much or too late, is refused or ended."""
import base64
import getpass
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

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = pathlib.Path(os.environ.get("TOCSIN") or ROOT / "build/release/bin/tocsin")
RUNNER = TOCSIN.with_name("tocsin-runner")
STEP = "action--11111111-2222-4333-8444-000000000001"
AGENT = "--11111111-2222-4333-8444-000000000002"
AUTH = "user-auth--11111111-2222-4333-8444-000000000003"
POWERSHELL = """#!/usr/bin/python3
import re, sys, base64
script = sys.stdin.buffer.read().decode()
known = {n: base64.b64decode(v).decode() for n, v in re.findall(r"^\\$\\{(\\w+)\\} = \\[Text[^']*'([^']*)'", script, re.M)}
said = re.search(r'^Write-Output "\\$\\{(\\w+)\\}"$', script, re.M)
sys.stdout.write(known[said.group(1)])
"""
# Each would leave the file @ behind, or break out of what it stands in, if it were read as anything but a value.
HOSTILE = ["'; touch @ #", '"; touch @; echo "', "$(touch @)", "`touch @`", "${IFS}touch${IFS}@", "a\ntouch @\n", "| touch @", "&& touch @",
           "; touch @", "> @", "*", "~", "a b  c", "\\", "\\'; touch @ #", "'\"'\"; touch @", "-rf", "--help", "%s%n", "!!", "a[$(touch @)]",
           "x\r\nX-Injected: yes", '","admin":true,"x":"', "</value><admin/>", "../../etc/passwd", "?a=b&c=d#e", "{{7*7}}", "__other__:value",
           "$__x__", "\u202e\u0000x"[:1], "\x1b]0;title\x07", "é\u00a0中", "() { :;}; touch @", "=cmd|' /C calc'!A0", "EOF\ntouch @\nEOF", "$((touch))",
           "\t", " ", ""]
NARROW = {"integer": "5", "ipv4-addr": "192.0.2.1", "ipv6-addr": "2001:db8::1", "uuid": "11111111-2222-4333-8444-000000000009", "bool": "true",
          "md5-hash": "d41d8cd98f00b204e9800998ecf8427e", "mac-addr": "00:11:22:33:44:55", "hexstring": "00ff", "float": "1.5", "long": "5",
          "sha256-hash": "0" * 64, "uri": "https://example.org/", "dictionary": "{}"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Web(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        length = int(self.headers.get("content-length") or 0)
        Web.seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length).decode(errors="replace")))
        answers = {"/huge": (200, b"x" * 3_000_000), "/elsewhere": (302, b""), "/around": (302, b""), "/refused": (500, b"no"),
                   "/openc2": (200, b'{"status": 400}')}
        status, body = answers.get(self.path, (200, json.dumps({"path": self.path, "count": 7}).encode()))
        if self.path == "/slow":
            time.sleep(5)
        try:
            self.send_response(status)
            if self.path == "/elsewhere":
                self.send_header("location", "http://127.0.0.2:9/stolen")
            if self.path == "/around":
                self.send_header("location", "/around")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_):
        pass


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for program in (RUNNER, "/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen", "/usr/bin/openssl"):
            if not pathlib.Path(program).exists():
                raise unittest.SkipTest(f"{program} is not there")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-commands-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.ended = []
        cls.canary = cls.folder / "canary"
        cls.user = getpass.getuser()
        for name in ("keys", "keys/revoked", "store", "store/ssh", "store/loose", "store/web", "state", "scan"):
            (cls.folder / name).mkdir(mode=0o700)
        for name, where in (("signer", "keys"), ("other", None), ("gone", "keys/revoked")):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", cls.folder / f"{name}.key"], check=True, capture_output=True)
            if where:
                subprocess.run(["openssl", "pkey", "-in", cls.folder / f"{name}.key", "-pubout", "-out", cls.folder / where / f"{name}.pem"],
                               check=True, capture_output=True)
        cls.start_sshd()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        cls.web_port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.start_runner()

    @classmethod
    def start_sshd(cls):
        cls.ssh_port = free_port()
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cls.folder / name], check=True)
        shutil.copy(cls.folder / "client", cls.folder / "store/ssh/private_key")
        shutil.copy(cls.folder / "client", cls.folder / "store/loose/private_key")
        (cls.folder / "store/loose/private_key").chmod(0o644)
        for name in ("username", "password"):
            (cls.folder / "store/web" / name).write_text("robot\n")
            (cls.folder / "store/web" / name).chmod(0o600)
        (cls.folder / "bin").mkdir()
        (cls.folder / "bin/powershell").write_text(POWERSHELL)
        (cls.folder / "bin/powershell").chmod(0o755)
        host = (cls.folder / "host.pub").read_text()
        (cls.folder / "store/known_hosts").write_text(f"[127.0.0.1]:{cls.ssh_port} {host}")
        (cls.folder / "authorized").write_text((cls.folder / "client.pub").read_text())
        (cls.folder / "sshd.conf").write_text(
            f"ListenAddress 127.0.0.1:{cls.ssh_port}\nHostKey {cls.folder}/host\nAuthorizedKeysFile {cls.folder}/authorized\nStrictModes no\n"
            f"UsePAM no\nPidFile none\nPermitRootLogin yes\nSetEnv PATH={cls.folder}/bin:/usr/bin:/bin\n")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", cls.folder / "sshd.conf"], stderr=subprocess.DEVNULL)
        cls.addClassCleanup(sshd.wait)
        cls.addClassCleanup(sshd.terminate)

    @classmethod
    def start_runner(cls):
        policy = {"types": ["bash", "ssh", "powershell", "http-api", "openc2-http", "yara"], "signatures": "shells", "keys": f"{cls.folder}/keys",
                  "credentials": f"{cls.folder}/store", "hosts": ["127.0.0.0/8"], "plain_http": ["127.0.0.1"], "paths": [f"{cls.folder}/scan"],
                  "time_most": "20s", "output_most": "64KiB"}
        (cls.folder / "commands.yaml").write_text(json.dumps(policy))
        cls.socket_path = str(cls.folder / "runner.sock")
        cls.runner = subprocess.Popen([RUNNER, "--socket", cls.socket_path, "--state", cls.folder / "state", "--config", cls.folder / "commands.yaml"],
                                      stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.end_runner)
        cls.connect()

    @classmethod
    def end_runner(cls):
        cls.line.close()
        cls.runner.kill()
        cls.runner.wait()

    @classmethod
    def connect(cls):
        cls.line = socket.socket(socket.AF_UNIX)
        cls.line.settimeout(30)
        for _ in range(100):
            try:
                return cls.line.connect(cls.socket_path)
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the runner does not listen")

    # --- a playbook of one command

    def playbook(self, command, kind="linux", address=None, port=None, auth=None, in_args=(), variables=("string",), name="__x__"):
        agent = {"type": kind, "name": "There", **({"address": address} if address else {}), **({"port": str(port)} if port else {})}
        if auth:
            agent["authentication_info"] = AUTH
        book = {"type": "playbook", "spec_version": "cacao-2.0", "id": "playbook--11111111-2222-4333-8444-000000000004", "name": "Commands",
                "created_by": "identity--11111111-2222-4333-8444-000000000005", "created": "2026-01-01T00:00:00.000Z",
                "modified": "2026-01-01T00:00:00.000Z", "playbook_variables": {name: {"type": variables[0], "external": True},
                                                                               "__other__": {"type": "string", "value": "OTHER"}},
                "workflow_start": "start--11111111-2222-4333-8444-000000000006",
                "workflow": {"start--11111111-2222-4333-8444-000000000006": {"type": "start", "on_completion": STEP},
                             STEP: {"type": "action", "name": "It", "commands": [command], "agent": kind + AGENT, "in_args": list(in_args),
                                    "on_completion": "end--11111111-2222-4333-8444-000000000007"},
                             "end--11111111-2222-4333-8444-000000000007": {"type": "end"}},
                "agent_definitions": {kind + AGENT: agent}}
        if auth:
            book["authentication_info_definitions"] = {AUTH: {"type": "user-auth", "kms": True, "kms_key_identifier": auth, "username": self.user}}
        return json.dumps(book)

    def signed(self, book, key="signer"):
        plain = self.folder / "plain.json"
        plain.write_text(book)
        run = subprocess.run([TOCSIN, "playbook", "sign", plain, "--key", self.folder / f"{key}.key", "--signee", "Tests"], capture_output=True,
                             check=True, text=True)
        return run.stdout

    def ask(self, kind="run", **more):
        body = json.dumps({"version": 1, "kind": kind, **more}).encode()
        self.line.sendall(struct.pack(">I", len(body)) + body)
        return self.receive()

    def receive(self):
        def exactly(count):
            out = b""
            while len(out) < count:
                got = self.line.recv(count - len(out))
                if not got:
                    raise ConnectionError("the runner closed the line")
                out += got
            return out
        return json.loads(exactly(struct.unpack(">I", exactly(4))[0]))

    count = 0

    def run_it(self, book, value=None, kind="string", key=None, wait=25, name="__x__"):
        Commands.count += 1
        key = key or f"key-{os.getpid()}-{Commands.count}"
        values = [] if value is None else [{"name": name, "type": kind, "text": value}]
        deadline = time.time() + wait
        while True:
            said = self.ask(key=key, playbook=book, step=STEP, command=0, values=values)
            if not said["ok"] or said["state"] != "running" or time.time() > deadline:
                return said
            time.sleep(0.01)

    def hostile(self):
        return [text.replace("@", str(self.canary)) for text in HOSTILE]

    def assert_inert(self, value):
        self.assertFalse(self.canary.exists(), f"{value!r} was carried out")

    def ssh(self, command, kind="ssh", **more):
        return self.signed(self.playbook({"type": kind, "command": command}, "ssh", {"ipv4": ["127.0.0.1"]}, self.ssh_port, "ssh", **more))

    def http(self, line, **more):
        command = {"type": "http-api", "command": line, **more}
        return self.playbook(command, "http-api", {"url": [f"http://127.0.0.1:{self.web_port}"]})

    # --- injection

    def through_shell(self, make):
        for command in ("printf %s __x__:value", 'printf %s "__x__:value"', 'v="$(printf %s -- "__x__:value"; printf .)"; printf %s "${v%.}"',
                        "f() { printf %s \"$1\"; }; f __x__:value", "printf %s \"$__x__\"; : __x__:value # __x__:value's"):
            book = make(command)
            for value in self.hostile():
                said = self.run_it(book, value)
                self.assert_inert(value)
                if said["ok"]:
                    self.assertEqual((said["state"], said["output"].removeprefix("--")), ("done", value), (command, value))
                else:
                    self.assertIn("would be read as an option", said["message"], (command, value))
                    self.assertTrue(value.startswith("-"))

    def test_bash_takes_values_as_values(self):
        self.through_shell(lambda command: self.signed(self.playbook({"type": "bash", "command": command})))

    def test_ssh_takes_values_as_values(self):
        book = self.ssh("printf %s \"__x__:value\"")
        for value in self.hostile():
            said = self.run_it(book, value)
            self.assert_inert(value)
            if said["ok"]:
                self.assertEqual((said["state"], said["output"]), ("done", value), said)
            else:
                self.assertIn("option", said["message"])

    def test_powershell_over_ssh_takes_values_as_values(self):
        book = self.ssh('Write-Output "__x__:value"', "powershell")
        for value in self.hostile():
            said = self.run_it(book, value)
            self.assert_inert(value)
            if said["ok"]:
                self.assertEqual((said["state"], said["output"].replace("\r\n", "\n")), ("done", value.replace("\r\n", "\n")), said)
            else:
                self.assertRegex(said["message"], "option|double quote")

    def test_http_takes_values_as_values(self):
        body = '{"outside": __x__:value, "inside": "a__x__:value"}'
        book = self.http("POST /a/__x__:value/b?q=__x__:value HTTP/1.1", headers={"X-Value": ["__x__:value"], "Content-Type": ["application/json"]},
                         content=body)
        for value in self.hostile():
            Web.seen.clear()
            said = self.run_it(book, value)
            if not said["ok"]:
                self.assertRegex(said["message"], "line break|path of a request", value)
                self.assertFalse(Web.seen)
                continue
            (method, path, headers, sent), = Web.seen
            self.assertEqual(json.loads(sent), {"outside": value, "inside": "a" + value})
            self.assertEqual(headers.get("X-Value", "").encode("latin-1").decode().strip(), value.strip())
            self.assertNotIn("X-Injected", headers)
            self.assertRegex(path, r"^/a/[A-Za-z0-9%._~-]*/b\?q=[A-Za-z0-9%._~-]*$")

    def test_openc2_takes_values_as_values(self):
        content = {"action": "deny", "target": {"ipv4_net": "__x__:value"}}
        command = {"type": "openc2-http", "command": "POST /oc2 HTTP/1.1", "content_b64": base64.b64encode(json.dumps(content).encode()).decode(),
                   "headers": {"Content-Type": ["application/openc2+json;version=1.0"]}}
        book = self.playbook(command, "http-api", {"url": [f"http://127.0.0.1:{self.web_port}"]})
        for value in self.hostile():
            Web.seen.clear()
            self.assertTrue(self.run_it(book, value)["ok"])
            self.assertEqual(json.loads(Web.seen[0][3]), {"action": "deny", "target": {"ipv4_net": value}})
        refusing = json.loads(book)
        refusing["workflow"][STEP]["commands"][0]["command"] = "POST /openc2 HTTP/1.1"
        self.assertEqual(self.run_it(json.dumps(refusing), "x")["state"], "failed")

    def test_values_of_a_narrow_type_are_refused_before_anything_runs(self):
        for kind, good in NARROW.items():
            book = self.signed(self.playbook({"type": "bash", "command": "printf %s \"__x__:value\""}, variables=(kind,)))
            self.assertEqual(self.run_it(book, good, kind)["output"], good)
            for value in self.hostile():
                # The playbook's word on the type counts, whatever the caller says.
                said = self.run_it(book, value, "string")
                self.assert_inert(value)
                if said["ok"]:
                    self.assertIn(kind, ("uri", "dictionary"), (kind, value))
                    self.assertEqual(said["output"], value)

    def test_actions_and_people_take_values_as_values(self):
        action = base64.b64encode(b'{"action":"network.block_address","parameters":{"address":"__x__:value"}}').decode()
        for command in ({"type": "tocsin", "command_b64": action}, {"type": "manual", "command": "look at __x__:value"}):
            plain = self.folder / "plain.json"
            plain.write_text(self.playbook(command))
            for value in self.hostile():
                run = subprocess.run([TOCSIN, "playbook", "rehearse", plain, "--set", f"__x__={value}"], capture_output=True, check=False)
                self.assert_inert(value)
                self.assertNotIn(b"\x1b", run.stdout)
                self.assertEqual(b"nft add element" in run.stdout, False)

    def test_yara_looks_where_it_may(self):
        (self.folder / "scan/bad.txt").write_text("evil inside")
        (self.folder / "scan/link").symlink_to("/etc")
        rule = base64.b64encode(b'rule evil { strings: $a = "evil" condition: $a }').decode()
        book = self.playbook({"type": "yara", "command_b64": rule}, in_args=["__x__"])
        said = self.run_it(book, f"{self.folder}/scan")
        self.assertEqual((said["state"], said["outputs"]["matches"]), ("done", "1"), said)
        self.assertEqual(json.loads(said["output"])["found"], [{"path": f"{self.folder}/scan/bad.txt", "rule": "evil"}])
        for elsewhere in ("/etc", f"{self.folder}/scan/../keys", f"{self.folder}/scan/link", f"{self.folder}/scanning", "relative", *self.hostile()):
            said = self.run_it(book, elsewhere)
            self.assertFalse(said["ok"], (elsewhere, said))

    # --- refused

    def test_shells_need_a_signature_that_counts(self):
        book = self.playbook({"type": "bash", "command": "echo there"})
        for text, code in ((book, "P0720"), (self.signed(book, "other"), "P0722"), (self.signed(book, "gone"), "P0724"),
                           (self.signed(book).replace("echo there", "touch /tmp/x"), "P0721")):
            said = self.run_it(text)
            self.assertEqual((said["ok"], said["code"]), (False, "denied"))
            self.assertIn("(signature)", said["message"])
            self.assertIn(code, said["message"])
        self.assertEqual(self.run_it(self.signed(book))["output"], "there\n")

    def test_unsafe_places_are_refused(self):
        for command in ("echo '__x__:value'", "eval echo __x__:value", "bash -c \"echo __x__:value\"", "echo `echo __x__:value`", "__x__:value",
                        "echo $((__x__:value))", "[[ a -eq __x__:value ]]", "cat <<E\n__x__:value\nE", "echo __x__:value | sh", "echo ${a:-__x__:value}",
                        "echo \\__x__:value", "$(echo __x__:value)", "awk \"{print __x__:value}\"", "a[__x__:value]=1", "xargs rm __x__:value"):
            said = self.run_it(self.signed(self.playbook({"type": "bash", "command": command})), "x")
            self.assertFalse(said["ok"], command)
            self.assertIn("(unsafe)", said["message"], command)

    def test_what_the_policy_does_not_name(self):
        for address, word in (({"ipv4": ["192.0.2.9"]}, "hosts"), ({"dname": ["example.org"]}, "hosts"), ({"ipv4": ["__x__:value"]}, "address of kind")):
            book = self.signed(self.playbook({"type": "ssh", "command": "id"}, "ssh", address, self.ssh_port, "ssh"))
            said = self.run_it(book, "-oProxyCommand=touch /tmp/x")
            self.assertFalse(said["ok"])
            self.assertIn(word, said["message"])
        for key, word in (("loose", "chmod 600"), ("nothing", "has no nothing"), ("../store/ssh", "plain name")):
            book = self.signed(self.playbook({"type": "ssh", "command": "id"}, "ssh", {"ipv4": ["127.0.0.1"]}, self.ssh_port, key))
            said = self.run_it(book)
            self.assertFalse(said["ok"])
            self.assertIn(word, said["message"])
        https = self.playbook({"type": "http-api", "command": "GET / HTTP/1.1"}, "http-api", {"url": [f"https://127.0.0.1:{self.web_port}"]})
        self.assertEqual(self.run_it(https)["state"], "failed")  # no TLS there: not told in the clear either
        plain = self.playbook({"type": "http-api", "command": "GET / HTTP/1.1"}, "http-api", {"url": [f"http://127.0.0.3:{self.web_port}"]})
        self.assertIn("without TLS", self.run_it(plain)["message"])
        said = self.run_it(self.playbook({"type": "sigma", "command_b64": base64.b64encode(b"title: x").decode()}))
        self.assertIn("(type)", said["message"])

    def test_an_unknown_host_key_is_refused(self):
        known = self.folder / "store/known_hosts"
        before = known.read_text()
        self.addCleanup(known.write_text, before)
        known.write_text("")
        said = self.run_it(self.ssh("id"))
        self.assertEqual(said["state"], "failed")
        self.assertIn("verification failed", said["outputs"]["errors"])

    def test_caps(self):
        said = self.run_it(self.signed(self.playbook({"type": "bash", "command": "yes | head -c 10000000"})))
        self.assertEqual(len(said["output"]), 65536)
        self.assertIn("cut", said["summary"])
        for path, state, word in (("/huge", "done", "cut"), ("/elsewhere", "failed", "another place"), ("/around", "failed", "more than"),
                                  ("/refused", "failed", "500")):
            said = self.run_it(self.http(f"GET {path} HTTP/1.1"))
            self.assertEqual(said["state"], state, said)
            self.assertIn(word, said["summary"])
        self.assertNotIn("/stolen", [seen[1] for seen in Web.seen])
        began = time.time()
        said = self.ask(key="slow-1", playbook=self.http("GET /slow HTTP/1.1"), step=STEP, command=0, milliseconds=300)
        while said["state"] == "running":
            time.sleep(0.05)
            said = self.ask(key="slow-1")
        self.assertEqual(said["state"], "failed")
        self.assertLess(time.time() - began, 3)

    def test_cancel_ends_all_of_a_command(self):
        mark = f"{os.getpid()}.77"
        book = self.signed(self.playbook({"type": "bash", "command": f"sleep {mark} & sleep {mark}"}))
        self.assertEqual(self.ask(key="cancelled-1", playbook=book, step=STEP, command=0)["state"], "running")
        self.ask("cancel", key="cancelled-1")
        for _ in range(100):
            said = self.ask(key="cancelled-1")
            if said["state"] != "running":
                break
            time.sleep(0.05)
        self.assertEqual(said["state"], "failed")
        left = subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True, check=False).stdout
        self.assertEqual(left, b"")

    def test_a_key_runs_once_also_after_kill_9(self):
        out = self.folder / "once"
        book = self.signed(self.playbook({"type": "bash", "command": f"echo x >> {out}"}))
        for _ in range(3):
            self.assertEqual(self.run_it(book, key="once-1")["state"], "done")
        slow = self.signed(self.playbook({"type": "bash", "command": f"echo y >> {out}; sleep 30"}))
        self.ask(key="once-2", playbook=slow, step=STEP, command=0)
        for _ in range(100):
            if "y" in out.read_text():
                break
            time.sleep(0.05)
        self.end_runner()
        self.start_runner()
        self.assertEqual(self.run_it(book, key="once-1")["state"], "done")
        self.assertEqual(self.run_it(slow, key="once-2")["state"], "unknown")
        self.assertEqual(out.read_text(), "x\ny\n")

    def test_nonsense_is_answered_and_survived(self):
        for body in (b"", b"{}", b"[1]", b"\xff\xfe", b'{"version":1,"kind":"dance"}', b'{"version":1,"kind":"run"}',
                     b'{"version":1,"kind":"run","key":"a","playbook":"{}","values":[{}]}', b'{"version":1,"kind":"run","key":"../../x","playbook":"{"}'):
            self.line.sendall(struct.pack(">I", len(body)) + body)
            self.assertFalse(self.receive()["ok"], body)
        self.assertTrue(self.ask("status")["ok"])


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1)
