#!/usr/bin/python3
"""An incident for others, with the real program: a bundle that keeps the rules of STIX 2.1 and that our own indicator reader
reads back to what was shared, and no more than the marking that is let through."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = os.environ.get("TOCSIN") or str(ROOT / "build/release/bin/tocsin")
EXAMPLE = ROOT / "etc/examples/intrusion"
ID = re.compile(r"[a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
LISTED = {"address 198.51.100.23", "domain c2.example", "domain drop.exfil.example", "address 203.0.113.66"}


def references(thing):
    for name, value in thing.items():
        if name.endswith("_ref"):
            yield value
        elif name.endswith("_refs"):
            yield from value


class Share(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-share-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.store = cls.folder / "store"
        cls.run_it("replay", "--indicators", ROOT / "etc/examples/indicators", "--store", cls.store, EXAMPLE)

    @classmethod
    def run_it(cls, *arguments, status=0):
        run = subprocess.run([TOCSIN, *map(str, arguments)], capture_output=True, timeout=300, check=False, text=True)
        assert run.returncode == status, run.stderr
        return run.stdout

    def export(self, *arguments):
        text = self.run_it("incident", "export", "1", "--store", self.store, *arguments)
        bundle = json.loads(text)
        self.assertEqual(bundle["type"], "bundle")
        ids = [thing["id"] for thing in bundle["objects"]]
        self.assertEqual(len(ids), len(set(ids)))
        for thing in bundle["objects"]:
            self.assertRegex(thing["id"], ID)
            self.assertTrue(thing["id"].startswith(thing["type"] + "--"))
            self.assertEqual(thing["spec_version"], "2.1")
            self.assertEqual([r for r in references(thing) if r not in ids], [], thing)
        return text, bundle["objects"]

    def test_our_own_reader_reads_back_what_was_shared(self):
        text, objects = self.export()
        kinds = {thing["type"] for thing in objects}
        self.assertLessEqual({"identity", "incident", "observed-data", "indicator", "sighting", "relationship",
                              "attack-pattern", "marking-definition"}, kinds)
        shared = self.folder / "shared.json"
        # Observables alone are lists too (of what was seen): what is to be looked for are the indicators.
        shared.write_text(json.dumps({"type": "bundle", "objects": [o for o in objects if o["type"] in (
            "indicator", "marking-definition")]}), encoding="utf-8")
        rows = [json.loads(line) for line in self.run_it("indicator", "list", shared, "-o", "ndjson").splitlines()]
        self.assertEqual(len(rows), sum(o["type"] == "indicator" for o in objects))
        values = {f'{r["kind"]} {r["value"]}' for r in rows}
        self.assertLessEqual(LISTED, values)
        self.assertTrue(any(v.startswith("sha256 ") for v in values), values)
        self.assertFalse([v for v in values if v.startswith("address 10.")], values)
        self.assertEqual(self.export()[0], text)

    def test_no_more_than_the_marking_lets_through(self):
        amber, green = self.export()[1], self.export("--max-tlp", "green")[1]
        self.assertLess(len(green), len(amber))
        self.assertNotIn("marking-definition", {thing["type"] for thing in green})
        incident = next(thing for thing in green if thing["type"] == "incident")
        self.assertEqual(incident["name"], "INC-2026-0001: withheld, TLP:AMBER")
        self.assertNotIn("drop.exfil.example", json.dumps([o for o in green if o["type"] == "indicator"]))
        self.run_it("incident", "export", "1", "--store", self.store, "--max-tlp", "blue", status=2)
        self.run_it("incident", "export", "77", "--store", self.store, status=3)


if __name__ == "__main__":
    unittest.main()
