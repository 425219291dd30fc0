#!/usr/bin/python3
"""Runs every command of the README's ```sh blocks, as a newcomer would."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = pathlib.Path(os.environ.get("TOCSIN", ROOT / "build/release/bin/tocsin"))


def commands():
    for readme in [ROOT / "README.md"]:
        for block in re.findall(r"```sh\n(.*?)```", readme.read_text(), re.S):
            yield from (line for line in block.splitlines() if line.strip())


class Readme(unittest.TestCase):
    def test_every_command_works(self):
        shown = list(commands())
        self.assertGreater(len(shown), 5)
        with tempfile.TemporaryDirectory() as folder:
            environment = dict(os.environ, PATH=f"{TOCSIN.parent}:{os.environ['PATH']}", TOCSIN_STATE=folder, TOCSIN_RUNTIME=folder)
            for command in shown:
                with self.subTest(command):
                    # doctor tells what this machine lacks by its exit status; that is an answer too.
                    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, timeout=120)
                    self.assertIn(done.returncode, (0, 1) if "doctor" in command else (0,), done.stderr.decode(errors="replace"))
                    self.assertTrue(done.stdout or done.stderr, command)

    def test_what_the_screen_shows_is_what_comes_out(self):
        shown = re.findall(r"^2026-\S+ \S+ +\d+ +\S+ +(.*?)(?:…| {2,})", (ROOT / "README.md").read_text(), re.M)
        out = subprocess.run([TOCSIN, "replay", "etc/examples/intrusion"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        self.assertGreater(len(shown), 3)
        for title in shown:
            self.assertIn(title, out)


if __name__ == "__main__":
    unittest.main()
