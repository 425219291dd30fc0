#!/usr/bin/python3
"""A playbook looks into the memory of a process: tocsind, tocsin-runner, which may read none, and tocsin-responder, which
lends it a copy where its policy says so."""
import base64
import json
import os
import signal
import subprocess
import unittest

import apply_test
from apply_test import rig


class Memory(unittest.TestCase):
    setUpClass = classmethod(apply_test.Apply.setUpClass.__func__)
    setUp, daemon, tocsin, actions, runs = (getattr(apply_test.Apply, name) for name in ("setUp", "daemon", "tocsin", "actions", "runs"))
    incident = staticmethod(apply_test.Apply.incident)

    def test_memory_is_looked_into(self):
        """YARA finds what only the memory of a process holds: the runner borrows it from the responder, as its policy allows."""
        # Made of two halves at run time: no file and no command line has it.
        program = "kept = bytearray(b''.join([b'marker-of-', b'the-heap', b'-and-what-', b'follows-it'])); print(flush=True); import sys; sys.stdin.read()"
        keeper = subprocess.Popen(["/usr/bin/python3", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=65534, group=65534, extra_groups=[])
        self.addCleanup(keeper.communicate)
        keeper.stdout.readline()
        daemon = self.daemon("automatic")
        book = json.loads((rig.ROOT / "responders/packs/ssh-brute-force/playbook.json").read_text())
        step = next(s for s in book["workflow"].values() if s.get("name") == "Look at the accounts")
        rule = 'rule kept { strings: $a = "marker-of-the-heap" condition: $a }'
        step["commands"] = [{"type": "yara", "command_b64": base64.b64encode(rule.encode()).decode()}]
        step["in_args"] = ["__what__"]
        step["out_args"] = ["__matches__"]
        book["playbook_variables"] |= {"__what__": {"type": "string", "value": f"process:{keeper.pid}:{os.readlink(f'/proc/{keeper.pid}/exe')}"},
                                       "__matches__": {"type": "integer", "value": "0"}}
        shelf = self.path / "books/look-into-memory"
        shelf.mkdir(parents=True)
        (shelf / "playbook.json").write_text(json.dumps(book))
        (self.path / "commands.yaml").write_text(json.dumps({"types": ["yara"], "signatures": "shells", "responder": str(daemon.runtime / "responder.sock")}))
        daemon.stop()
        daemon.config.write_text(daemon.config.read_text().replace(
            "respond: {mode: apply}", f"respond: {{mode: apply, playbooks: [{self.path}/books], runner: runner.sock}}"))
        policy = self.policy.read_text()
        self.policy.write_text(policy.replace("roles:\n", "modes: {process.lend_memory: rehearse}\nroles:\n  reader: {users: [0]}\n"))
        daemon.spawn("tocsin-responder", "--socket", daemon.runtime / "responder.sock", "--state", self.path / "responder", "--config", self.policy)
        daemon.spawn("tocsin-runner", "--socket", daemon.runtime / "runner.sock", "--state", self.path, "--config", self.path / "commands.yaml")
        rig.wait_for((daemon.runtime / "runner.sock").exists, "the runner to listen")
        daemon.start()
        rig.wait_for(lambda: daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")
        daemon.write(apply_test.guessing("web01", "root", apply_test.ATTACKER))
        incident = self.incident(daemon, "web01")
        run = ("playbook", "run", "look-into-memory", "--incident", incident, "--reason", "what does it hold", "--yes")

        def states():
            return [(row["state"], row["detail"]) for row in self.actions(daemon, "process.lend_memory")]

        def rehearsed():
            done = daemon.ask(*run, "--dry-run", "-o", "ndjson")
            return done.stdout.decode() + done.stderr.decode()

        # As shipped: nothing is lent, and both a rehearsal and a run say so.
        said = rehearsed()
        self.assertIn(f"it would look into the memory of {keeper.pid} (python3, uid 65534", said)
        self.assertIn("rehearse: nothing is applied", said)
        self.assertIn("(mode)", self.tocsin(daemon, 0, *run, code=4))
        self.policy.write_text(self.policy.read_text().replace("process.lend_memory: rehearse", "process.lend_memory: automatic"))
        daemon.children["tocsin-responder"].send_signal(signal.SIGHUP)
        rig.wait_for(lambda: "automatic" in rehearsed(), "the policy to be read")
        self.assertEqual([], states())
        self.tocsin(daemon, 0, *run)
        rig.wait_for(lambda: self.runs(daemon)[0]["state"] == "completed", "the run to end")
        told = self.tocsin(daemon, 0, "incident", "show", incident, "-o", "json")
        self.assertRegex(told, "[1-9][0-9]* matches in 0 files and 1 process")
        self.assertNotIn("follows-it", told)  # what stands around a match stays in the process
        self.assertIn("handed over to uid 0", (self.path / "responder/journal.jsonl").read_text())
        self.assertIsNone(keeper.poll())
        found = json.loads([json.loads(line) for line in (self.path / "commands.jsonl").read_text().splitlines() if line][-1]["output"])
        self.assertTrue(found["processes"][0]["complete"], found["processes"])
        where = [int(string["address"], 16) for match in found["found"] for string in match["strings"]]
        with open(f"/proc/{keeper.pid}/mem", "rb") as memory:
            for address in where:
                memory.seek(address)
                self.assertEqual(b"marker-of-the-heap", memory.read(18))
        # It ended meanwhile: the step fails and says why, and nothing is left behind.
        keeper.communicate()
        self.assertIn(f"there is no process {keeper.pid}", self.tocsin(daemon, 0, *run, "--again", code=4))
        self.assertEqual(["journal.jsonl"], [path.name for path in (self.path / "responder").rglob("*") if path.is_file()])


if __name__ == "__main__":
    unittest.main()
