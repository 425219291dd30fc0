#!/usr/bin/python3
"""Rule sets from outside: fetched, compared, test-loaded, installed, taken up by the daemon, and gone back from."""
import hashlib
import http.server
import io
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402


def signature(sid, rev=1, content="abcd", off=False):
    return f'{"# " if off else ""}alert udp any any -> any any (msg:"number {sid}"; content:"{content}"; sid:{sid}; rev:{rev};)\n'


def archive(files, links=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        for name, target in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return out.getvalue()


class Server:
    """Serves one archive, with an ETag; tells what it was asked."""

    def __init__(self, folder=None):
        server = self
        self.body, self.answers = b"", []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                tag = '"' + hashlib.md5(server.body).hexdigest() + '"'
                code = 304 if self.headers.get("If-None-Match") == tag else 200
                if self.path == "/endless":
                    code = 200
                elif self.path == "/moved":
                    code = 302
                elif self.path != "/rules.tar.gz":
                    code = 404
                server.answers.append(code)
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "file:///etc/passwd")
                self.send_header("ETag", tag)
                if self.path != "/endless":
                    self.send_header("Content-Length", str(len(server.body) if code == 200 else 0))
                self.end_headers()
                try:
                    while self.path == "/endless":
                        self.wfile.write(b"\0" * 65536)
                    if code == 200:
                        self.wfile.write(server.body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.scheme, self.certificate = "http", None
        if folder:
            key, self.certificate = folder / "key.pem", folder / "cert.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, key)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.scheme = "https"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, path="/rules.tar.gz"):
        return f"{self.scheme}://127.0.0.1:{self.http.server_address[1]}{path}"

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


class Sets(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.path.chmod(0o755)
        self.daemon = rig.Daemon(self.path)
        self.addCleanup(self.daemon.stop)
        self.source = self.path / "rules.tar.gz"

    def ask(self, *arguments, code=0):
        done = self.daemon.ask(*arguments)
        self.assertEqual(done.returncode, code, done.stderr.decode(errors="replace"))
        return done

    def give(self, **rules):
        self.source.write_bytes(archive({f"rules/{name}.rules": text for name, text in rules.items()} | {"rules/LICENSE": "free"}))

    def update(self, *more, code=0, dry=False):
        done = self.ask("rule", "update", "ours", *more, *(["--dry-run"] if dry else ["--reason", "a test"]), "-o", "ndjson", code=code)
        return [(row["change"], row["rule"]) for row in rig.rows(done.stdout)], done.stderr.decode()

    def loaded(self):
        return next((one["loaded"] for one in self.daemon.status()["rules"] if one["engine"] == "signature"), 0)

    def current(self):
        return os.readlink(self.daemon.state / "rules/ours/current")

    def test_installed_updated_rolled_back(self):
        self.daemon.start()
        before = self.loaded()
        self.give(a=signature(1) + signature(2) + signature(3, off=True), b=signature(4))
        found, said = self.update("--from", self.source, dry=True)
        self.assertEqual(found, [("added", "1:1"), ("added", "1:2"), ("added", "1:4")])
        self.assertFalse((self.daemon.state / "rules/ours").exists())
        self.update("--from", self.source)
        self.assertEqual(self.loaded(), before + 3)
        _, said = self.update()
        self.assertIn("already", said)
        self.give(a=signature(1, rev=2) + signature(2, off=True) + signature(3), c=signature(5) + "alert tcp (broken\n")
        found, _ = self.update()
        self.assertEqual(found, [("added", "1:5"), ("removed", "1:4"), ("changed", "1:1"), ("enabled", "1:3"), ("disabled", "1:2"), ("refused", "")])
        self.assertEqual(self.loaded(), before + 3)
        rows = rig.rows(self.ask("rule", "sets", "-o", "ndjson").stdout)
        self.assertEqual([(r["generation"], r["state"], r["rules"]) for r in rows], [(2, "in use", 3), (1, "kept", 3)])
        self.ask("rule", "rollback", "ours", "--reason", "as before")
        self.assertEqual(self.current(), "generation-000001")
        self.ask("rule", "rollback", "ours", "--reason", "too far", code=3)
        self.ask("rule", "rollback", "ours", "--to", "2", "--reason", "forward")
        self.assertEqual(self.current(), "generation-000002")
        acts = [r["what"] for r in rig.rows(self.ask("audit", "list", "-o", "ndjson").stdout)]
        self.assertEqual(acts.count("rule.update"), 2)
        self.assertEqual(acts.count("rule.rollback"), 2)
        # What is installed is there after a restart as well.
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.loaded(), before + 3)

    def test_a_much_worse_set_is_refused_by_both_ends(self):
        self.daemon.start()
        self.give(a="".join(signature(100 + i) for i in range(200)))
        self.update("--from", self.source)
        self.give(a=signature(100))
        _, said = self.update(code=5)
        self.assertIn("two thirds", said)
        self.give(a="".join(signature(100 + i) for i in range(200)) + "".join(f"alert tcp any any -> any any (frob:{i}; sid:{9000 + i};)\n" for i in range(30)))
        _, said = self.update(code=5)
        self.assertIn("refused", said)
        self.assertEqual(self.current(), "generation-000001")
        # The daemon judges by itself, whatever it is told: files that break only there are withdrawn.
        before = self.loaded()
        self.assertIn(b"two thirds", self.push(self.daemon, {"a.rules": signature(100)}))
        self.assertEqual((self.current(), self.loaded()), ("generation-000001", before))
        self.assertEqual(sorted(p.name for p in (self.daemon.state / "rules/ours").iterdir()), ["current", "generation-000001"])
        for name in ("../a.rules", "/etc/a.rules", "tuning.yaml", "a.sh", ""):
            self.assertIn(b"no file of a rule set", self.push(self.daemon, {name: signature(100)}), name)
        self.give(a=signature(100))
        self.update("--force")
        self.assertEqual(self.current(), "generation-000002")

    @staticmethod
    def push(daemon, files):
        """rule.update as a client of the socket that skips every check of `tocsin`."""
        memory = os.memfd_create("rules")
        os.write(memory, "".join(files.values()).encode())
        listed = [{"name": name, "bytes": len(text)} for name, text in files.items()]
        body = json.dumps({"id": "1", "method": "rule.update", "params": {"set": "ours", "files": listed, "reason": "x", "rules": 1}}).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(daemon.runtime / "control.sock"))
            socket.send_fds(line, [len(body).to_bytes(4, "big") + body], [memory])
            os.close(memory)
            line.settimeout(60)
            got = b""
            while b'"error"' not in got and b'"done"' not in got:
                piece = line.recv(65536)
                if not piece:
                    break
                got += piece
        return got

    def test_hostile_archives_change_nothing(self):
        self.daemon.start()
        for files, links, words in (({"../a.rules": signature(1)}, (), "not good"), ({"/tmp/a.rules": signature(1)}, (), "not good"),
                                    ({"a.rules": signature(1)}, [("b.rules", "/etc/passwd")], "link"), ({"README": "x"}, (), "no rule file"),
                                    ({"a.rules": signature(1), "zeros": "\0" * (80 << 20)}, (), "larger than 64 MiB")):
            self.source.write_bytes(archive(files, links))
            _, said = self.update("--from", self.source, code=1)
            self.assertIn(words, said)
        self.source.write_bytes(os.urandom(5000))
        self.update("--from", self.source, code=1)
        self.update("--from", self.path / "nothing", code=3)
        self.assertFalse((self.daemon.state / "rules/ours").exists())
        # What a set must not bring is left out, and said.
        self.source.write_bytes(archive({"a.rules": signature(1), "tuning.yaml": "tuning: []"}))
        self.assertIn("tuning.yaml is left out", self.update("--from", self.source)[1])

    def test_from_a_server(self):
        self.daemon.start()
        server = Server()
        self.addCleanup(server.stop)
        server.body = archive({"a.rules": signature(1)})
        digest = hashlib.sha256(server.body).hexdigest()
        self.update("--from", server.url(), "--sha256", "0" * 64, code=5)
        self.update("--from", server.url(), "--sha256", digest)
        self.update()
        self.assertEqual(server.answers, [200, 200, 304])
        server.body = archive({"a.rules": signature(1, rev=2)})
        self.assertEqual(self.update()[0], [("changed", "1:1")])
        self.update("--from", server.url("/other"), code=3)
        self.update("--from", server.url("/moved"), code=2)
        self.assertIn("128 MiB", self.update("--from", server.url("/endless"), code=1)[1])

    def test_certificates_are_verified(self):
        server = Server(self.path)
        self.addCleanup(server.stop)
        server.body = archive({"a.rules": signature(1)})
        self.update("--from", server.url(), code=4, dry=True)
        self.update("--from", server.url(), "--ca", server.certificate, dry=True)

    def test_without_a_daemon(self):
        self.give(a=signature(1))
        self.update("--from", self.source, code=6)
        self.update("--from", self.source, "--offline")
        self.assertEqual(self.current(), "generation-000001")
        audit = rig.rows(self.ask("audit", "list", "--store", self.daemon.store, "-o", "ndjson").stdout)
        self.assertEqual([r["what"] for r in audit], ["rule.update"])
        self.daemon.start()
        self.give(a=signature(2))
        self.assertIn("is running", self.update("--offline", code=5)[1])

    def test_packets_are_not_kept_waiting_by_a_reload(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to open the loopback")
        text = self.daemon.config.read_text().replace("interfaces: []", "interfaces: [{name: lo, workers: 1, filter: udp port 40404}]")
        self.daemon.config.write_text(text)
        (self.daemon.rules / "many.rules").write_text("".join(signature(10000 + i, content=f"needle{i}x") for i in range(3000)))
        self.daemon.start()
        stop, sent = threading.Event(), [0]

        def traffic():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                while not stop.is_set():
                    out.sendto(b"x" * 200, ("127.0.0.1", 40404))
                    sent[0] += 1
                    time.sleep(0.001)

        sender = threading.Thread(target=traffic)
        sender.start()
        try:
            for _ in range(3):
                said = self.daemon.said().count("reloaded")
                self.daemon.children["tocsind"].send_signal(signal.SIGHUP)
                rig.wait_for(lambda: self.daemon.said().count("reloaded") > said, "the reload to be said")
        finally:
            stop.set()
            sender.join()
        number = lambda name: int(re.search(name + r"\{[^}]*\} (\d+)", self.ask("metrics").stdout.decode())[1])  # noqa: E731
        rig.wait_for(lambda: number("tocsin_packets_received_total") >= sent[0], "every packet to be taken")
        self.assertEqual(number("tocsin_packets_dropped_total"), 0)
        self.assertLess(number("tocsin_reload_stall_microseconds"), 5000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
