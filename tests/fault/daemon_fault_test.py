#!/usr/bin/python3
"""What goes wrong around the running daemon: its disk fills, its store cannot be written, it is killed at any moment."""
import pathlib
import random
import re
import socket
import subprocess
import tempfile
import time
import unittest

import rig


class Running(unittest.TestCase):
    def setUp(self):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.path.chmod(0o755)
        self.moment = time.gmtime()
        self.next = 700

    def daemon(self, store=None):
        daemon = rig.Daemon(self.path, store)
        self.addCleanup(daemon.stop)
        return daemon

    def guess(self, daemon, source):
        """One burst of guessing from `source`, which makes at least one alert."""
        daemon.write(rig.guesses(self.next, 12, source, self.moment))
        self.next += 100

    @staticmethod
    def sources(daemon):
        """Source addresses that alerts speak of."""
        found = set()
        for alert in daemon.alerts():
            found |= {str(e.get("value")) for e in alert.get("entities", []) if e.get("kind") == "address"}
        return found

    def seen(self, daemon, source):
        rig.wait_for(lambda: source in self.sources(daemon), f"an alert about {source}: {daemon.said()[-1500:]}")


class FullDisk(Running):
    def setUp(self):
        super().setUp()
        rig.need_root()

    def test_detection_goes_on_and_storing_resumes(self):
        with rig.small_disk(self.path / "disk", "48m") as disk:
            (disk / "store").mkdir()
            daemon = self.daemon(disk / "store")
            try:
                daemon.start()
                self.guess(daemon, "203.0.113.11")
                self.seen(daemon, "203.0.113.11")
                filler = rig.fill(disk, 0)
                self.guess(daemon, "203.0.113.12")
                rig.wait_for(lambda: "full" in str(daemon.status().get("store")), "the status to say that the store is full")
                self.assertIsNone(daemon.children["tocsind"].poll(), "the daemon ended")
                self.guess(daemon, "203.0.113.13")
                daemon.write(b"".join(rig.guesses(i, 1, "198.51.100.7", self.moment).replace(b"Failed", b"Accepted") for i in range(5_000)))
                daemon.write(b"".join(b"%s web01 backup[77]: part %d is written\n" % (time.strftime("%b %e %H:%M:%S", self.moment).encode(), i) for i in range(20_000)))
                unstored = lambda: int(re.search(r"^tocsin_events_not_stored_total (\d+)", daemon.ask("metrics").stdout.decode(), re.M)[1])
                rig.wait_for(lambda: unstored() > 0, "events that are not stored to be counted")
                filler.unlink()
                rig.wait_for(lambda: "full" not in str(daemon.status().get("store")), "the status to say that storing goes on")
                for source in ("203.0.113.12", "203.0.113.13"):
                    self.seen(daemon, source)
                self.assertRegex(daemon.said(), "(?i)full|no space|free space")
                self.assertRegex(daemon.said(), f"{unstored()} events were not stored between")
                rig.wait_for(lambda: b"events not stored" in daemon.ask("report", "make", "daily", "--format", "csv").stdout, "the gap to be in a report")
            finally:
                daemon.stop()


class ReadOnlyStore(Running):
    def setUp(self):
        super().setUp()
        rig.need_root()

    def test_at_start_it_says_so_and_ends(self):
        with rig.small_disk(self.path / "disk", "48m") as disk:
            (disk / "store").mkdir()
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            daemon = self.daemon(disk / "store")
            daemon.spawn("tocsind", "--config", daemon.config)
            self.assertEqual(4, daemon.children["tocsind"].wait(rig.PATIENCE), daemon.said()[-2000:])
            self.assertIn(str(disk / "store"), daemon.said())


class Killed(Running):
    def test_nothing_is_lost_or_doubled(self):
        """kill -9 at any moment while lines come; in the end every burst has its alerts, each once."""
        chance = random.Random(11)
        daemon = self.daemon()
        daemon.start()
        sources = []
        for turn in range(8):
            source = f"203.0.113.{100 + turn}"
            sources.append(source)
            self.guess(daemon, source)
            time.sleep(chance.random())
            self.assertEqual(-9, daemon.kill())
            daemon.start()
        for source in sources:
            self.seen(daemon, source)
        alerts = daemon.alerts()
        ids = [alert["alert.id"] for alert in alerts]
        self.assertEqual(len(ids), len(set(ids)))
        per_source = {source: sorted(a["rule.id"] for a in alerts if source in str(a.get("entities"))) for source in sources}
        first = per_source[sources[0]]
        for source, found in per_source.items():
            self.assertEqual(first, found, f"{source} has other alerts than {sources[0]}")

    def test_chain_and_incidents_hold_after_kills(self):
        daemon = self.daemon()
        for turn in range(4):
            daemon.start()
            self.guess(daemon, f"203.0.113.{200 + turn}")
            time.sleep(0.3 * turn)
            daemon.kill()
        daemon.start()
        self.seen(daemon, "203.0.113.203")
        done = daemon.ask("audit", "verify")
        self.assertEqual(0, done.returncode, done.stderr)


class Poison(Running):
    def test_hostile_lines_do_not_stop_the_daemon(self):
        daemon = self.daemon()
        daemon.start()
        noise = random.Random(5)
        for turn in range(6):
            daemon.write(noise.randbytes(200_000).replace(b"\n", b"") + b"\n")
            daemon.write(b"A" * (3 << 20) + b"\n")
            daemon.write(b"Nov 22 15:30:00 web01 sshd[1]: " + b"\0\x1b[2J%n" * 1000 + b"\n")
            self.guess(daemon, f"203.0.113.{30 + turn}")
        for turn in range(6):
            self.seen(daemon, f"203.0.113.{30 + turn}")
        self.assertIsNone(daemon.children["tocsind"].poll())

    def test_hostile_requests_do_not_stop_the_daemon(self):
        daemon = self.daemon()
        daemon.start()
        noise = random.Random(6)
        for content in (b"", b"\xff" * 4, b"\0\0\0\0", b"\x7f\xff\xff\xff", noise.randbytes(100_000), b"\0\0\0\x02{}", b"\0\0\xff\xff" + b"[" * 65535):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(daemon.runtime / "control.sock"))
                try:
                    client.sendall(content)
                    client.shutdown(socket.SHUT_WR)
                    client.recv(4096)
                except OSError:
                    pass  # being cut off is a fair answer
            self.assertEqual(0, daemon.ask("status").returncode)


if __name__ == "__main__":
    unittest.main()
