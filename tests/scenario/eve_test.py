#!/usr/bin/python3
"""EVE records of a recording: the golden file, for any number of workers. TOCSIN=PATH names the binary;
TOCSIN_UPDATE_GOLDEN=1 writes the golden file anew."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN", str(ROOT / "build/release/bin/tocsin"))
GOLDEN = ROOT / "tests/golden/eve/intrusion.json"


def eve(workers):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "eve.json"
        done = subprocess.run([TOCSIN, "replay", "--workers", str(workers), "--eve", str(path),
                               str(ROOT / "etc/examples/intrusion")], capture_output=True, timeout=300)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode(errors="replace"))
        return path.read_text(encoding="utf-8")


class Eve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = eve(1)
        if os.environ.get("TOCSIN_UPDATE_GOLDEN"):
            GOLDEN.parent.mkdir(parents=True, exist_ok=True)
            GOLDEN.write_text(cls.text, encoding="utf-8")

    def test_golden(self):
        self.maxDiff = None
        self.assertEqual(self.text.splitlines(), GOLDEN.read_text(encoding="utf-8").splitlines())

    def test_workers_do_not_matter(self):
        for workers in (2, 3):
            self.assertEqual(self.text, eve(workers))

    def test_records_are_whole(self):
        records = [json.loads(line) for line in self.text.splitlines()]
        types = {record["event_type"] for record in records}
        self.assertLessEqual({"alert", "flow", "stats"}, types)
        for record in records:
            self.assertIn("timestamp", record)
            if record["event_type"] in ("flow", "http", "dns", "tls", "fileinfo"):
                self.assertIn("flow_id", record)
                self.assertTrue(record["community_id"].startswith("1:"))


if __name__ == "__main__":
    unittest.main()
