"""What the fault tests stand on: the programs, small file systems that fill up, and a daemon that can be killed.

TOCSIN=PATH names the `tocsin` program; the daemons are looked for beside it.
"""
import calendar
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOCSIN = pathlib.Path(os.environ.get("TOCSIN", ROOT / "build/release/bin/tocsin"))
EXAMPLES = ROOT / "etc/examples"
INTRUSION = EXAMPLES / "intrusion"
PATIENCE = 60  # seconds; a hang is a failure, a slow machine is not


def need(*programs):
    for program in programs:
        if not program.is_file():
            raise unittest.SkipTest(f"{program} is not built")


def need_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root: mounts small file systems")


def rows(output: bytes):
    return [json.loads(line) for line in output.splitlines()]


def replay(*arguments, memory=None, patience=300):
    """A finished `tocsin replay`; `memory` caps its address space."""
    command = [str(TOCSIN), "replay", *map(str, arguments)]
    if memory is not None:
        command = ["prlimit", f"--as={memory}", *command]
    return subprocess.run(command, capture_output=True, timeout=patience, check=False)


def stored_alerts(store):
    done = subprocess.run([TOCSIN, "alert", "list", "--store", store, "--limit", "0", "-o", "ndjson"], capture_output=True, check=False, timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"alert list: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return sorted(alert["alert.id"] for alert in rows(done.stdout))


@contextlib.contextmanager
def small_disk(folder, size):
    """A tmpfs of its own at `folder`."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tocsin-fault", folder], check=True)
    try:
        yield folder
    finally:
        # Whoever still holds it open must not make the unmount fail.
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder, leave):
    """Fills the file system of `folder` but for `leave` bytes; the filler's path is given."""
    filler = pathlib.Path(folder, "filler")
    free = shutil.disk_usage(folder).free
    with filler.open("wb") as out:
        block = b"\0" * 4096
        for _ in range(max(0, (free - leave) // len(block))):
            out.write(block)
    return filler


def wait_for(condition, what, patience=PATIENCE):
    """What `condition` gives once it is true; `what` may be a function, asked when it was waited for in vain."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"waited {patience} s for {what() if callable(what) else what}")


class Journal:
    """A journald over a /run of this process's own mount namespace."""

    PROGRAM = pathlib.Path("/lib/systemd/systemd-journald")
    CONFIG = "journald: {enabled: true, directory: /run/log/journal}"

    def __init__(self, folder):
        if ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0:  # CLONE_NEWNS
            raise unittest.SkipTest("needs root: makes a mount namespace")
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        for path in ("/run/systemd/journal", "/run/log/journal"):
            os.makedirs(path)
        self.said = (folder / "journald.log").open("ab")
        self.server = subprocess.Popen([self.PROGRAM], stdout=self.said, stderr=self.said)
        self.entrance = "/run/systemd/journal/socket"
        wait_for(lambda: os.path.exists(self.entrance) and self.files(), "journald")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    @staticmethod
    def files():
        return list(pathlib.Path("/run/log/journal").glob("*/*.journal"))

    def write(self, message):
        self.socket.sendto(f"SYSLOG_IDENTIFIER=sshd\nPRIORITY=6\nMESSAGE={message}\n".encode(), self.entrance)

    def rotate(self):
        before = len(self.files())
        self.server.send_signal(signal.SIGUSR2)
        wait_for(lambda: len(self.files()) > before, "the journal to rotate")

    def stop(self):
        self.server.terminate()
        self.server.wait()
        self.socket.close()
        self.said.close()


class Daemon:
    """tocsind with its opener, in a folder of its own, following one log. `more`: further sections of its configuration."""

    def __init__(self, folder, store=None, more="reports: []\n"):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.runtime = self.folder / "runtime"
        self.store = pathlib.Path(store) if store else self.state / "store"
        self.log = self.folder / "auth.log"
        self.config = self.folder / "tocsin.yaml"
        for path in (self.state, self.runtime):
            path.mkdir(exist_ok=True)
        self.log.touch()
        self.rules = self.folder / "rules"
        self.rules.mkdir(exist_ok=True)
        self.configure(more)
        self.environment = dict(os.environ, TOCSIN_STATE=str(self.state), TOCSIN_RUNTIME=str(self.runtime), TOCSIN_CONFIG=str(self.config))
        self.children = {}

    def configure(self, more):
        self.config.write_text(f"""\
host: {{name: web01}}
collect:
  interfaces: []
  logs:
    - {{paths: ["{self.log}"], kind: syslog}}
  journald: {{enabled: false}}
  audit: {{enabled: false}}
  opener: "{self.runtime}/opener.sock"
  time_zone: "UTC"
rules:
  packs: ["{ROOT}/rules/packs"]
  paths: ["{self.rules}"]
  decoders: ["{ROOT}/etc/decoders"]
  views: ["{ROOT}/rules/sigma/views"]
store:
  directory: "{self.store}"
  free_least: 0
control: {{socket: "{self.runtime}/control.sock"}}
{more}""")

    def spawn(self, name, *arguments):
        out = (self.folder / f"{name}.log").open("ab")
        self.children[name] = subprocess.Popen([TOCSIN.with_name(name), *map(str, arguments)], stdout=out, stderr=out, env=self.environment)
        out.close()

    def start(self):
        if "tocsin-opener" not in self.children:
            self.spawn("tocsin-opener", "--config", self.config, "--socket", self.runtime / "opener.sock")
        self.spawn("tocsind", "--config", self.config)

        def up():
            if self.children["tocsind"].poll() is not None:
                raise AssertionError(f"tocsind ended with {self.children['tocsind'].returncode}: {self.said()[-2000:]}")
            return self.ask("status").returncode == 0 and all(one["state"] != "no such file yet" for one in self.status()["collect"])

        wait_for(up, "tocsind to answer")

    def ask(self, *arguments):
        return subprocess.run([TOCSIN, *map(str, arguments)], capture_output=True, env=self.environment, timeout=PATIENCE, check=False)

    def status(self):
        done = self.ask("status", "-o", "json")
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode(errors="replace"))
        found = json.loads(done.stdout)
        return found[0] if isinstance(found, list) else found

    def alerts(self):
        done = self.ask("alert", "list", "--limit", "0", "-o", "ndjson")
        return rows(done.stdout) if done.returncode == 0 else []

    def said(self):
        return (self.folder / "tocsind.log").read_text(errors="replace")

    def write(self, text):
        with self.log.open("ab") as out:
            out.write(text)

    def kill(self):
        child = self.children.pop("tocsind")
        child.send_signal(signal.SIGKILL)
        return child.wait()

    def stop(self):
        for child in reversed(self.children.values()):
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = {}


def guesses(first, count, source, moment):
    """Lines of sshd that tell of password guessing, from `moment` (struct_time, UTC) on, one a second."""
    start = calendar.timegm(moment)
    return b"".join(
        (time.strftime("%b %e %H:%M:%S", time.gmtime(start + i)) +
         f" web01 sshd[{first + i}]: Failed password for root from {source} port {40000 + first + i} ssh2\n").encode() for i in range(count))
