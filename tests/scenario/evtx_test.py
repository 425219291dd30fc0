#!/usr/bin/python3
"""Windows event logs, with the real programs: what fires, what damage costs, and what their reader may do."""
import gzip
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import evtx_writer  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")
READER = pathlib.Path(TOCSIN).parent / "tocsin-evtx"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
RULES = """\
title: A program nobody installed
id: 6d0c1f52-0a3e-4a55-9d0a-0d5f6a1b2c01
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\evil.exe', CommandLine|contains: '<run & hide>'}
  condition: selection
level: high
---
title: A right to everything
id: 6d0c1f52-0a3e-4a55-9d0a-0d5f6a1b2c02
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4656, AccessMask: '0x1fffff'}
  condition: selection
---
title: Somebody could not log in
id: 6d0c1f52-0a3e-4a55-9d0a-0d5f6a1b2c03
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625, TargetUserName: bob}
  condition: selection
"""


def sysmon(number):
    return number, evtx_writer.event(1, number, {"Image": "C:\\evil.exe", "CommandLine": "evil <run & hide>"}, SYSMON)


def security(number, event_id=4625):
    return number, evtx_writer.event(event_id, number, {"TargetUserName": "bob", "AccessMask": "0x001fffff"})


class EventLogs(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-evtx-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.rules = self.folder / "rules.yml"
        self.rules.write_text(RULES, encoding="utf-8")
        self.log = evtx_writer.log([[sysmon(1), security(2)], [security(3, 4656), security(4)]])

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def replay(self, *inputs, status=0):
        run = subprocess.run([TOCSIN, "replay", "--rules", str(self.rules), "-o", "ndjson", *inputs],
                             capture_output=True, timeout=120, check=False, text=True)
        self.assertEqual(run.returncode, status, run.stderr)
        return [json.loads(line) for line in run.stdout.splitlines()], run.stderr

    def titles(self, *inputs):
        alerts, _ = self.replay(*inputs)
        return sorted(a["rule.title"] for a in alerts for _ in range(a["alert.count"]))

    def test_rules_fire_as_over_exported_events(self):
        alerts, _ = self.replay(self.write("Security.evtx", self.log))
        self.assertEqual(sorted(a["rule.title"] for a in alerts for _ in range(a["alert.count"])),
                         ["A program nobody installed", "A right to everything"] + ["Somebody could not log in"] * 2)
        self.assertEqual({a["host.name"] for a in alerts}, {"pc1.example"})
        exported = "".join(a["event.original"] + "\n" for a in alerts)
        from_json = self.titles(self.write("exported.json", exported.encode()))
        self.assertIn("A right to everything", from_json)

    def test_the_same_log_twice_is_the_same_events(self):
        both = [self.write("one.evtx", self.log), self.write("again/two.evtx", self.log)]
        once = self.titles(both[0])
        self.assertEqual(self.titles(*both), once)
        self.assertEqual(self.replay(both[0])[0], self.replay(both[0])[0])

    def test_events_read_twice_are_counted_once(self):
        self.rules.write_text(RULES + """---
title: Many of them
id: 6d0c1f52-0a3e-4a55-9d0a-0d5f6a1b2c04
correlation:
  {type: event_count, rules: [6d0c1f52-0a3e-4a55-9d0a-0d5f6a1b2c03], group-by: [TargetUserName], timespan: 1h,
   condition: {gte: 3}}
""", encoding="utf-8")
        two = self.write("two.evtx", self.log)
        self.assertNotIn("Many of them", self.titles(two, self.write("again.evtx", self.log)))
        self.assertIn("Many of them", self.titles(two, self.write("more.evtx", evtx_writer.log([[security(9)]]))))

    def test_directories_and_compressed_logs(self):
        self.write("logs/a/one.EVTX", evtx_writer.log([[sysmon(1)]]))
        self.write("logs/two.evtx", evtx_writer.log([[security(2)]]))
        self.write("logs/notes.txt", b"nothing")
        self.assertEqual(len(self.titles(str(self.folder / "logs"))), 2)
        self.assertEqual(self.titles(self.write("three.evtx.gz", gzip.compress(self.log))),
                         self.titles(self.write("three.evtx", self.log)))

    def test_damage_costs_what_is_damaged(self):
        cut = self.write("cut.evtx", self.log[:4096 + evtx_writer.CHUNK + 3000])
        self.assertIn("Somebody could not log in", self.titles(cut))
        self.assertIn("ends within a chunk", self.replay(cut)[1])
        overwritten = bytearray(self.log)
        overwritten[4096:4096 + 600] = b"\xAA" * 600
        titles = self.titles(self.write("half.evtx", bytes(overwritten)))
        self.assertEqual(titles, ["A right to everything", "Somebody could not log in"])
        headless = b"ElfFile\0" + b"\xFF" * 4088 + self.log[4096:]
        self.assertEqual(len(self.titles(self.write("headless.evtx", headless))), 4)
        dirty = evtx_writer.log([[sysmon(1)]], dirty=True)
        self.assertEqual(len(self.titles(self.write("dirty.evtx", dirty))), 1)

    def test_hostile_logs_never_stop_the_replay(self):
        good = self.write("good.evtx", self.log)
        chance = random.Random(4)
        hostile = []
        for number in range(60):
            bad = bytearray(self.log)
            for _ in range(chance.choice([1, 4, 40])):
                bad[4096 + chance.randrange(128, 2200) + chance.choice([0, evtx_writer.CHUNK])] = chance.randrange(256)
            hostile.append(self.write(f"bad/{number}.evtx", bytes(bad)))
        # Given first, so that what they cost comes before what is good.
        alerts, _ = self.replay(*hostile, good)
        self.assertGreaterEqual(len(alerts), 3)

    def test_what_is_no_event_log_is_told(self):
        self.write("recording/x.evtx", b"<Event/>")
        (self.folder / "recording/recording.yaml").write_text("inputs: [{path: x.evtx, kind: evtx}]", encoding="utf-8")
        _, said = self.replay(str(self.folder / "recording"), status=1)
        self.assertIn("is no Windows event log", said)
        self.assertIn("holds no records", self.replay(self.write("empty.evtx", evtx_writer.log([])))[1])


class Reader(unittest.TestCase):
    def start(self):
        ours, theirs = socket.socketpair()
        child = subprocess.Popen([str(READER)], stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        theirs.close()
        self.addCleanup(child.wait)
        self.addCleanup(ours.close)
        ours.settimeout(30)
        return ours, child

    def ask(self, line, chunk):
        line.sendall(struct.pack("<II", 0x43585645, len(chunk)) + chunk)
        kinds = []
        while not kinds or kinds[-1] != 3:
            head = self.exactly(line, 16)
            kind, _, _, size, _ = struct.unpack("<BBHIQ", head)
            self.exactly(line, size)
            kinds.append(kind)
        return kinds

    @staticmethod
    def exactly(line, size):
        out = b""
        while len(out) < size:
            part = line.recv(size - len(out))
            if not part:
                raise EOFError
            out += part
        return out

    def test_it_is_confined_before_the_first_chunk(self):
        line, child = self.start()
        self.assertEqual(self.ask(line, evtx_writer.log([[security(1)]])[4096:]), [1, 3])
        status = dict(row.split(":", 1) for row in pathlib.Path(f"/proc/{child.pid}/status").read_text().splitlines())
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(status["Seccomp"].strip(), "2")
        self.assertEqual(int(status["CapEff"], 16), 0)
        limits = pathlib.Path(f"/proc/{child.pid}/limits").read_text()
        self.assertRegex(limits, r"Max address space +\d+ ")
        self.assertRegex(limits, r"Max cpu time +\d+ ")
        # A chunk of noise is answered, and the next one too.
        self.assertEqual(self.ask(line, random.Random(1).randbytes(65536))[-1], 3)
        self.assertEqual(self.ask(line, evtx_writer.log([[security(1)]])[4096:]), [1, 3])

    def test_it_ends_with_its_line_and_at_nonsense(self):
        line, child = self.start()
        line.shutdown(socket.SHUT_WR)
        self.assertEqual(child.wait(10), 0)
        line, child = self.start()
        line.sendall(b"nonsense" * 10)
        self.assertNotEqual(child.wait(10), 0)


if __name__ == "__main__":
    if not READER.exists():
        print(f"skipped: no {READER}; build it with: sh etc/build.sh release tocsin")
        sys.exit(77)
    unittest.main(verbosity=2)
