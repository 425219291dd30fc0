#!/usr/bin/python3
"""The systemd journal, written by a journald of its own in a /run of its own: every entry is an event once, across
rotation and a killed daemon, and soon enough for a response. Needs root."""
import datetime
import pathlib
import statistics
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402


class Follows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rig.need(rig.TOCSIN, rig.TOCSIN.with_name("tocsind"), rig.TOCSIN.with_name("tocsin-opener"), rig.Journal.PROGRAM)
        cls.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        cls.path = pathlib.Path(cls.folder.name)
        cls.journal = rig.Journal(cls.path)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.journal.stop)

    def setUp(self):
        folder = self.path / self.id().rsplit(".", 1)[-1]
        folder.mkdir()
        self.daemon = rig.Daemon(folder)
        config = self.daemon.config.read_text(encoding="utf-8")
        self.daemon.config.write_text(config.replace("journald: {enabled: false}", rig.Journal.CONFIG), encoding="utf-8")
        self.addCleanup(self.daemon.stop)
        self.daemon.start()

    def guess(self, number, user):
        self.journal.write(f"Failed password for {user} from 203.0.113.9 port {40000 + number} ssh2")

    def ports(self, user):
        found = self.daemon.ask("event", "search", "--where", f"user.name = {user}", "--limit", "0", "-o", "ndjson", "--fields", "source.port,event.ingested")
        return rig.rows(found.stdout) if found.returncode == 0 else []

    def test_every_entry_once(self):
        wanted = []

        def write(count):
            for _ in range(count):
                self.guess(len(wanted), "once")
                wanted.append(40000 + len(wanted))
                time.sleep(0.003)

        write(20)
        for _ in range(3):
            self.journal.rotate()
            write(20)
        rig.wait_for(lambda: len(self.ports("once")) >= len(wanted), "the first events")
        self.daemon.kill()
        write(20)
        self.journal.rotate()
        write(20)
        self.daemon.start()
        write(20)
        rig.wait_for(lambda: len(self.ports("once")) >= len(wanted), "all events")
        self.assertEqual(sorted(int(one["source.port"]) for one in self.ports("once")), wanted)

    def test_soon_enough_for_a_response(self):
        """journald itself tells those who wait up to 250 ms later; a look each 10 ms is what is wanted."""
        medians = []
        for attempt in range(3):  # a machine with other work may need another try
            user, sent = f"soon{attempt}", {}
            for i in range(15):
                time.sleep(0.27 + 0.017 * i)  # no beat in common
                sent[40000 + i] = time.time()
                self.guess(i, user)
            rig.wait_for(lambda user=user: len(self.ports(user)) == 15, "the events")
            read = {int(one["source.port"]): datetime.datetime.fromisoformat(one["event.ingested"]).timestamp() for one in self.ports(user)}
            medians.append(statistics.median(read[port] - sent[port] for port in sent))
            if medians[-1] < 0.06:
                break
        print(f"from journald's entrance to the event: {1000 * min(medians):.1f} ms, median of 15")
        self.assertLess(min(medians), 0.06)


if __name__ == "__main__":
    unittest.main()
