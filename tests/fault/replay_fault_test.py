#!/usr/bin/python3
"""What goes wrong around a replay: the disk is full, the input is poison, the clock in it jumps."""
import gzip
import pathlib
import random
import struct
import tempfile
import time
import unittest

import rig

MEMORY = 2 << 30


class Folder(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def survived(self, done, what):
        self.assertIn(done.returncode, range(0, 9), f"{what}: ended with {done.returncode}: {done.stderr[-2000:]}")


class FullDisk(Folder):
    """Detection goes on, storing stops, it says so; with space again, storing goes on and nothing is missing."""

    def setUp(self):
        super().setUp()
        rig.need_root()
        self.wanted = rig.replay("-o", "ndjson", rig.INTRUSION).stdout
        self.assertTrue(self.wanted)

    def expected(self):
        store = self.path / "whole"
        rig.replay("--store", store, rig.INTRUSION)
        return rig.stored_alerts(store)

    def test_at_every_amount_of_space(self):
        expected = self.expected()
        self.assertTrue(expected)
        refused = 0
        for leave in (0, 32 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20):
            with self.subTest(leave=leave), rig.small_disk(self.path / "disk", "32m") as disk:
                filler = rig.fill(disk, leave)
                done = rig.replay("-o", "ndjson", "--store", disk / "store", rig.INTRUSION)
                self.survived(done, f"{leave} bytes left")
                if done.returncode != 0:
                    refused += 1
                    self.assertRegex(done.stderr.decode(errors="replace"), "(?i)full|no space|free space")
                if (disk / "store/store.db").exists() and (disk / "store/store.db").stat().st_size > 0:
                    self.assertEqual(self.wanted, done.stdout, "detection did not go on")
                filler.unlink()
                again = rig.replay("--store", disk / "store", rig.INTRUSION)
                self.assertEqual(0, again.returncode, again.stderr[-2000:])
                self.assertEqual(expected, rig.stored_alerts(disk / "store"))
        self.assertGreater(refused, 0, "the disk was never full: the test proves nothing")

    def test_output_that_cannot_be_written(self):
        """Alerts that nobody can read are a failure, not a success."""
        with open("/dev/full", "wb") as full:
            done = rig.subprocess.run([rig.TOCSIN, "replay", "-o", "ndjson", rig.INTRUSION], stdout=full, stderr=rig.subprocess.PIPE, timeout=300, check=False)
        self.assertIn(done.returncode, range(1, 9), done.stderr)


class Poison(Folder):
    """Hostile or broken input: an orderly end, bounded memory, no alert of the good part lost."""

    def run_over(self, name, content):
        path = self.path / name
        path.write_bytes(content)
        done = rig.replay("-o", "ndjson", path, memory=MEMORY)
        self.survived(done, name)
        path.unlink()
        return done

    def test_bit_flips_in_every_example(self):
        chance = random.Random(20261122)
        for name in ("traffic.pcap", "auth.log", "audit.log", "access.log"):
            good = (rig.INTRUSION / name).read_bytes()
            for turn in range(8):
                with self.subTest(name=name, turn=turn):
                    bad = bytearray(good)
                    for _ in range(len(bad) // 500):
                        bad[chance.randrange(len(bad))] = chance.randrange(256)
                    self.run_over(name, bytes(bad))

    def test_cut_anywhere(self):
        chance = random.Random(7)
        for name in ("traffic.pcap", "auth.log", "audit.log"):
            good = (rig.INTRUSION / name).read_bytes()
            for size in (0, 1, 3, 23, 24, 25, *(chance.randrange(len(good)) for _ in range(5))):
                with self.subTest(name=name, size=size):
                    self.run_over(name, good[:size])

    def test_record_lengths_that_lie(self):
        head = (rig.INTRUSION / "traffic.pcap").read_bytes()[:24]
        for captured, wire in ((0xFFFFFFFF, 60), (60, 0xFFFFFFFF), (0x7FFFFFFF, 0x7FFFFFFF), (262145, 262145), (0, 0)):
            with self.subTest(captured=captured, wire=wire):
                self.run_over("lie.pcap", head + struct.pack("<IIII", 1, 0, captured, wire) + b"\xff" * 4096)

    def test_noise_behind_every_magic(self):
        noise = random.Random(3).randbytes(1 << 18)
        magics = {"pcap": b"\xd4\xc3\xb2\xa1", "pcap-swapped": b"\xa1\xb2\xc3\xd4", "pcapng": b"\x0a\x0d\x0d\x0a", "gzip": b"\x1f\x8b\x08\x00",
                  "zstd": b"\x28\xb5\x2f\xfd", "evtx": b"ElfFile\x00", "json": b'{"a":', "audit": b"type=SYSCALL msg=audit(", "none": b""}
        for name, magic in magics.items():
            with self.subTest(name=name):
                self.run_over(f"noise-{name}", magic + noise)

    def test_compressed_bomb(self):
        """2 GiB of one line in 2 MB: costs time, not memory."""
        path = self.path / "bomb.log.gz"
        with gzip.open(path, "wb", compresslevel=1) as out:
            out.write(b"Nov 22 15:29:59 web01 sshd[1]: ")
            for _ in range(2048):
                out.write(b"A" * (1 << 20))
        done = rig.replay("-o", "ndjson", path, memory=MEMORY)
        self.survived(done, "bomb")

    def test_deep_and_wide_json(self):
        self.run_over("deep.json", b"[" * 1_000_000 + b"\n")
        self.run_over("deep-objects.json", b'{"a":' * 500_000 + b"1" + b"}" * 500_000 + b"\n")
        self.run_over("wide.json", b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(200_000)) + b"}\n")
        self.run_over("keys.json", b'{"' + b"k" * (4 << 20) + b'":1}\n')

    def test_good_lines_after_poison_are_seen(self):
        good = (rig.INTRUSION / "auth.log").read_bytes()
        wanted = {a["rule.id"] for a in rig.rows(rig.replay("-o", "ndjson", rig.INTRUSION / "auth.log").stdout)}
        self.assertTrue(wanted)
        poison = [b"\xff\xfe\x80" * 1000, b"%n%s%x\x1b]0;owned\x07", b"\0" * 5000, b"'; DROP TABLE alerts; --", b"A" * (2 << 20)]
        (self.path / "auth.log").write_bytes(good.split(b"\n", 1)[0] + b"\n" + b"\n".join(poison) + b"\n" + good)
        # By its content alone it would be a binary file; whoever follows a log says that it is one.
        (self.path / "recording.yaml").write_text("name: poison\ninputs:\n  - { path: auth.log, kind: syslog, host: web01, timezone: UTC, year: 2026 }\n")
        done = rig.replay("-o", "ndjson", self.path, memory=MEMORY)
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        self.assertLessEqual(wanted, {a["rule.id"] for a in rig.rows(done.stdout)})

    def test_nothing_hostile_reaches_the_terminal(self):
        path = self.path / "auth.log"
        path.write_bytes(b"".join(b"Nov 22 15:30:%02d web01 sshd[%d]: Failed password for root\x1b[2J\xc2\x9b31m from 203.0.113.66 port %d ssh2\n"
                                  % (i, 700 + i, 40000 + i) for i in range(20)))
        done = rig.replay("-o", "table", path)
        self.survived(done, "escape sequences")
        for stream in (done.stdout, done.stderr):
            self.assertNotIn(b"\x1b[2J", stream)
            self.assertNotIn(b"\xc2\x9b", stream)


class Clock(Folder):
    """Times in the input that jump must neither stop the replay nor hide what happens at the right time."""

    def seen(self, *parts):
        path = self.path / "auth.log"
        path.write_bytes(b"".join(parts))
        done = rig.replay("-o", "ndjson", "--year", "2026", path)
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        return {a["rule.id"] for a in rig.rows(done.stdout)}

    def lines(self, moment, source="203.0.113.66", first=700):
        return rig.guesses(first, 12, source, time.strptime(moment, "%Y-%m-%d %H:%M:%S"))

    def test_jumps_forth_and_back(self):
        plain = self.seen(self.lines("2026-11-20 12:00:00"))
        self.assertTrue(plain, "guessing is not seen at all")
        jumpy = self.seen(self.lines("2026-11-20 12:00:00"), self.lines("2026-12-30 12:00:00", "203.0.113.67", 900),
                          self.lines("2026-11-20 11:00:00", "203.0.113.68", 1100))
        self.assertLessEqual(plain, jumpy)

    def test_an_hour_that_happens_twice(self):
        plain = self.seen(self.lines("2026-10-25 02:30:00"))
        twice = self.seen(self.lines("2026-10-25 02:30:00"), self.lines("2026-10-25 02:00:00", "203.0.113.69", 1300))
        self.assertLessEqual(plain, twice)

    def test_the_same_bytes_each_time(self):
        path = self.path / "auth.log"
        path.write_bytes(self.lines("2026-12-31 23:59:55") + self.lines("2026-01-01 00:00:05", first=900) + self.lines("2026-11-20 12:00:00", first=1100))
        runs = {rig.replay("-o", "ndjson", "--year", "2026", "--workers", workers, path).stdout for workers in (1, 1, 2)}
        self.assertEqual(1, len(runs))

    def test_capture_whose_clock_jumps(self):
        good = (rig.INTRUSION / "traffic.pcap").read_bytes()
        bad = bytearray(good)
        at, turn = 24, 0
        while at + 16 <= len(bad):
            _, _, captured, _ = struct.unpack_from("<IIII", bad, at)
            if turn % 97 == 50:
                struct.pack_into("<I", bad, at, (0, 0xFFFFFFFF)[turn % 2])
            at, turn = at + 16 + captured, turn + 1
        path = self.path / "jumpy.pcap"
        path.write_bytes(bad)
        done = rig.replay("-o", "ndjson", path, memory=MEMORY)
        self.assertEqual(0, done.returncode, done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
