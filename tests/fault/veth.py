"""Two network namespaces with a veth pair between them: this process moves into one, a process that waits holds the other."""
import ctypes
import os
import pathlib
import shutil
import subprocess
import unittest

import rig

CLONE_NEWNET = 0x40000000
OWN, OTHER = "192.0.2.1", "192.0.2.2"
HERE, THERE = "here", "there"


def run(*command):
    subprocess.run(command, check=True)


class Pair:
    """`here` is in this process's namespace from now on, `there` in the other; IPv4 only, so that nothing is sent unasked."""

    def __init__(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root: makes network namespaces and captures in them")
        for program in ("ip", "nsenter", "unshare"):
            if shutil.which(program) is None:
                raise unittest.SkipTest(f"{program} is not installed")
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise unittest.SkipTest(f"no network namespace can be made here: {os.strerror(ctypes.get_errno())}")
        self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        rig.wait_for(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), "the other namespace")
        run("ip", "link", "set", "lo", "up")
        self.connect()

    def connect(self):
        run("ip", "link", "add", HERE, "type", "veth", "peer", "name", THERE, "netns", str(self.holder.pid))
        for where, device, address in ((self.inside, HERE, OWN), (self.there, THERE, OTHER)):
            where("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{device}/disable_ipv6 || true", stderr=subprocess.DEVNULL)
            where("ip", "addr", "add", f"{address}/24", "dev", device)
            where("ip", "link", "set", device, "up")

    @staticmethod
    def disconnect():
        """Both ends cease to be; `connect` makes others of the same names."""
        run("ip", "link", "del", HERE)

    def close(self):
        self.holder.communicate()

    @staticmethod
    def inside(*command, **keywords):
        return subprocess.run(command, check=True, **keywords)

    def enter(self):
        """What begins a command that runs there."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]

    def there(self, *command, **keywords):
        return subprocess.run([*self.enter(), *command], check=True, **keywords)


def capturing_daemon(folder, rules, more="", workers=1, ring="8MiB"):
    """A daemon that captures on `here`, not started yet."""
    daemon = rig.Daemon(pathlib.Path(folder), more="reports: []\n" + more)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("interfaces: []", f"interfaces: [{{name: {HERE}, workers: {workers}, ring: {ring}}}]"))
    (daemon.rules / "local.rules").write_text(rules)
    return daemon
