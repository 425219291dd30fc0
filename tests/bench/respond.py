#!/usr/bin/python3
"""From a line of sshd's log to the address in the kernel's set: Tocsin, by a trigger that applies, and fail2ban, both
over the same log at the same time, in a network namespace of their own; needs root.

  respond.py [--attackers N] [--burst N] [--backend polling|pyinotify] [--journal]

Each attacker's fifth failure decides, for both. The kernel's own notices tell when an address is in a set; what Tocsin
did meanwhile is read from its store and the guard's journal. `burst`: so many attackers decided by one write. With --journal
the lines come through a journald, to Tocsin alone. Nothing passes or fails by time."""
import argparse
import base64
import ctypes
import json
import os
import pathlib
import random
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402

CLONE_NEWNET = 0x40000000
THRESHOLD = 5  # failures, as the shipped rule counts
POOL = [f"{net}.{i}" for net in ("203.0.113", "198.51.100") for i in range(1, 255)]
TABLES = {"tocsin": "Tocsin", "f2b-table": "fail2ban"}


class Kernel(threading.Thread):
    """When the kernel said that an element is in a set: NFT_MSG_NEWSETELEM of the group of nf_tables (linux/netfilter/nf_tables.h)."""

    NEWSETELEM = 10 << 8 | 12

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((0, 0))
        self.socket.setsockopt(270, 1, 7)  # SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES
        self.seen = {name: {} for name in TABLES.values()}  # address → when first
        self.start()

    @staticmethod
    def attributes(data):
        at = 0
        while at + 4 <= len(data):
            length, kind = struct.unpack_from("=HH", data, at)
            if length < 4:
                return
            yield kind & 0x3FFF, data[at + 4:at + length]
            at += (length + 3) & ~3

    def run(self):
        while True:
            data = self.socket.recv(1 << 20)
            now = time.time()
            at = 0
            while at + 16 <= len(data):
                length, kind = struct.unpack_from("=IH", data, at)
                if kind == self.NEWSETELEM:
                    self.element(dict(self.attributes(data[at + 20:at + length])), now)
                at += (length + 3) & ~3

    def element(self, message, now):
        who = TABLES.get(message.get(1, b"").rstrip(b"\0").decode())
        if who is None:
            return
        for _, element in self.attributes(message.get(3, b"")):
            key = dict(self.attributes(dict(self.attributes(element)).get(1, b""))).get(1, b"")
            if len(key) == 4:
                self.seen[who].setdefault(socket.inet_ntoa(key), now)


def failure(address, number):
    return f"{time.strftime('%b %e %H:%M:%S', time.gmtime())} web01 sshd[{1000 + number % 30000}]: Failed password for root from {address} port {40000 + number % 20000} ssh2\n"


def playbook():
    """Blocks the source of the incident for an hour, and nothing else, as fail2ban does."""
    def name(kind, number):
        return f"{kind}--00000000-0000-4000-8000-{number:012d}"

    command = base64.b64encode(json.dumps({"action": "network.block_address", "parameters": {"address": "__source_ip__:value", "ttl": "1h"}}).encode()).decode()
    return {
        "type": "playbook", "spec_version": "cacao-2.0", "id": name("playbook", 1), "name": "block", "created_by": name("identity", 2),
        "created": "2026-11-22T08:00:00.000Z", "modified": "2026-11-22T08:00:00.000Z", "workflow_start": name("start", 3),
        "playbook_variables": {"__source_ip__": {"type": "string", "external": True}},
        "agent_definitions": {name("linux", 6): {"type": "linux", "name": "this host", "address": {"dname": ["localhost"]}}},
        "workflow": {
            name("start", 3): {"type": "start", "on_completion": name("action", 4)},
            name("action", 4): {"type": "action", "name": "block", "commands": [{"type": "tocsin", "command_b64": command}], "agent": name("linux", 6), "on_completion": name("end", 5)},
            name("end", 5): {"type": "end"}}}


class Tocsin:
    def __init__(self, folder, journal):
        folder.mkdir()
        shelf = folder / "books/block"
        shelf.mkdir(parents=True)
        (shelf / "playbook.json").write_text(json.dumps(playbook()))
        (folder / "triggers.yaml").write_text(f"triggers: [{{playbook: {playbook()['id']}, name: block, attack: [T1110], mode: apply}}]\n")
        many = "per_minute: 10000\nrule_per_minute: 10000\nlive_most: 10000\nblast_most: {peer: 10000}\n"
        (folder / "responder.yaml").write_text(f"mode: automatic\n{many}roles: {{responder: {{users: [0]}}}}\n")
        self.daemon = rig.Daemon(folder, more=f"reports: []\nrespond: {{mode: apply, playbooks: ['{folder}/books'], triggers: '{folder}/triggers.yaml'}}\n")
        self.journal = folder / "responder/journal.jsonl"
        self.daemon.spawn("tocsin-responder", "--socket", self.daemon.runtime / "responder.sock", "--state", folder / "responder", "--config", folder / "responder.yaml")
        rig.wait_for((self.daemon.runtime / "responder.sock").exists, "the responder")
        self.log = self.daemon.log
        self.entrance = rig.Journal(folder) if journal else None
        if journal:
            config = self.daemon.config.read_text()
            self.daemon.config.write_text(config.replace("journald: {enabled: false}", rig.Journal.CONFIG))

    def write(self, lines):
        if self.entrance is None:
            return self.daemon.write(lines.encode())
        for line in lines.splitlines():
            self.entrance.write(line.split("]: ", 1)[1])
        return None

    def stop(self):
        self.daemon.stop()
        if self.entrance:
            self.entrance.stop()

    def start(self):
        self.daemon.start()
        rig.wait_for(lambda: self.daemon.status()["collect"][0]["state"] == "watching", "the log to be followed")

    def stages(self):
        """address → when its alert was stored, its run written down, its intent at the guard, and its outcome."""
        out = {}
        with sqlite3.connect(f"file:{self.daemon.store}/store.db?mode=ro", uri=True) as store:
            for address, stored in store.execute("SELECT value, min(stored) FROM alert JOIN alert_entity ON alert_entity.alert = alert.sequence WHERE kind = 'address' GROUP BY value"):
                out[address] = {"alert": stored / 1e9}
            run_of = {run: json.loads(text)["detail"] for run, text in store.execute("SELECT run, json FROM run_step WHERE phase = 'input'") if "__source_ip__" in text}
            for run, phase, text in store.execute("SELECT run, phase, json FROM run_step WHERE phase IN ('started', 'intent')"):
                out[run_of[run]]["run" if phase == "started" else "run's intent"] = json.loads(text)["time"] / 1e9
        for line in self.journal.read_text().splitlines():
            record = json.loads(line)
            address = record["parameters"].get("address")
            if address in out and record["kind"] in ("intent", "applied"):
                out[address]["guard's " + ("intent" if record["kind"] == "intent" else "outcome")] = record["nanoseconds"] / 1e9
        return out


def fail2ban(folder, log, backend):
    """A server of its own: configuration, socket and database in `folder`."""
    shutil.copytree("/etc/fail2ban", folder)
    shutil.rmtree(folder / "jail.d", ignore_errors=True)
    (folder / "fail2ban.local").write_text(f"[Definition]\nsocket = {folder}/f2b.sock\npidfile = {folder}/f2b.pid\ndbfile = {folder}/f2b.sqlite3\nlogtarget = {folder}/f2b.log\nloglevel = WARNING\n")
    (folder / "jail.local").write_text(f"""\
[DEFAULT]
backend = {backend}
usedns = no
maxretry = {THRESHOLD}
findtime = 10m
bantime = 1h
[sshd]
enabled = true
logpath = {log}
action = nftables[name=sshd, type=allports, table=f2b-table]
""")
    server = subprocess.Popen(["fail2ban-server", "-f", "-c", folder, "-s", f"{folder}/f2b.sock", "-p", f"{folder}/f2b.pid", "start"], env=dict(os.environ, TZ="UTC"), stdout=subprocess.DEVNULL)
    rig.wait_for(lambda: subprocess.run(["fail2ban-client", "-s", f"{folder}/f2b.sock", "status", "sshd"], capture_output=True, check=False).returncode == 0, "fail2ban")
    return server


def quantiles(values):
    values = sorted(values)
    return values[len(values) // 2], values[min(len(values) - 1, len(values) * 99 // 100)], values[-1]


def row(name, seconds):
    print(f"{name:44}{len(seconds):>6}" + "".join(f"{1000 * one:>10.1f}" for one in quantiles(seconds)))


def measure(arguments, folder):
    kernel = Kernel()
    tocsin = Tocsin(folder / "tocsin", arguments.journal)
    server = None
    try:
        tocsin.start()
        if arguments.journal:
            print("through a journal: Tocsin alone")
        elif shutil.which("fail2ban-server"):
            server = fail2ban(folder / "fail2ban", tocsin.log, arguments.backend)
        else:
            print("fail2ban is not installed: its rows are missing")
        tools = [name for name in TABLES.values() if server or name != "fail2ban"]
        single, together = POOL[:arguments.attackers], POOL[arguments.attackers:arguments.attackers + arguments.burst]
        tocsin.write("".join(failure(a, i * 10 + j) for i, a in enumerate(single + together) for j in range(THRESHOLD - 1)))
        time.sleep(3)
        sent = {}
        for i, address in enumerate(single):
            line = failure(address, i * 10 + THRESHOLD)
            sent[address] = time.time()
            tocsin.write(line)
            time.sleep(random.uniform(0.2, 0.4))  # no beat in common with whoever polls
        for tool in tools:
            rig.wait_for(lambda tool=tool: set(single) <= set(kernel.seen[tool]), f"{tool} to block all")
        lines = "".join(failure(a, i * 10 + THRESHOLD) for i, a in enumerate(together))
        begun = time.time()
        tocsin.write(lines)
        for tool in tools:
            rig.wait_for(lambda tool=tool: set(together) <= set(kernel.seen[tool]), f"{tool} to block all of a burst")
        print(f"{'from the deciding line to the kernel, ms':44}{'':>6}{'p50':>10}{'p99':>10}{'most':>10}")
        for tool in tools:
            row(tool, [kernel.seen[tool][a] - sent[a] for a in single])
        stages = tocsin.stages()
        places = ["line", "alert", "run", "run's intent", "guard's intent", "kernel"]
        for a in single:
            stages[a].update({"line": sent[a], "kernel": kernel.seen["Tocsin"][a]})
        row("  of that, after the alert was decided", [stages[a]["kernel"] - stages[a]["alert"] for a in single])
        for before, after in zip(places, places[1:]):
            row(f"    {before} → {after}", [stages[a][after] - stages[a][before] for a in single])
        row("  beyond: kernel → the guard's outcome", [stages[a]["guard's outcome"] - stages[a]["kernel"] for a in single])
        if together:
            for tool in tools:
                last = max(kernel.seen[tool][a] for a in together)
                print(f"{tool + ': ' + str(len(together)) + ' attackers at once':44}{len(together) / (last - begun):>10.1f} a second, the last after {last - begun:.2f} s")
    finally:
        if server:
            server.terminate()
            server.wait()
        tocsin.stop()
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attackers", type=int, default=200)
    parser.add_argument("--burst", type=int, default=100)
    parser.add_argument("--backend", choices=["polling", "pyinotify"], default="pyinotify")
    parser.add_argument("--journal", action="store_true", help="through a journald of its own; without fail2ban")
    parser.add_argument("--folder", type=pathlib.Path, help="where both keep their state; it must be on the disk that counts")
    arguments = parser.parse_args()
    if arguments.attackers + arguments.burst > len(POOL):
        parser.error(f"at most {len(POOL)} attackers in all")
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        parser.error("needs root: makes a network namespace and blocks addresses in it")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, dir=arguments.folder) as folder:
        return measure(arguments, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
