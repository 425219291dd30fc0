#!/usr/bin/python3
"""Figures of the running daemon over a veth pair between two network namespaces; needs root.

  live.py latency [--alerts N]             from send(2) to the alert in the store: p50, p99, most
  live.py loss [--rate PPS] [--seconds N]  a flood at that rate: sent = received + dropped, by cause
  live.py memory [--flows N] [--rules DIR] what tocsind holds with that many connections open, each of one HTTP exchange

Nothing passes or fails by time; `loss` fails when a packet is unaccounted for."""
import argparse
import ctypes
import json
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import rig  # noqa: E402
import veth  # noqa: E402
from many_flows import connection  # noqa: E402

PORT = 4711
RULES = """\
alert tcp any any -> any any (msg:"unknown protocol"; content:"open sesame"; flow:established; sid:4711001; rev:1;)
alert http any any -> any any (msg:"http"; http.uri; content:"/open-sesame"; sid:4711002; rev:1;)
alert udp any any -> any any (msg:"datagram"; content:"open sesame"; sid:4711003; rev:1;)
"""
BATCH = 64


def serve(port):
    server = socket.create_server(("0.0.0.0", port))
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()

        def answer(connection=connection):
            while data := connection.recv(65536):
                if data.startswith(b"GET"):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        threading.Thread(target=answer, daemon=True).start()


def say(count):
    """One alert each: `count` in the middle of a connection of no known protocol, in an HTTP request, in a datagram. When each was sent."""
    sent = {"unknown protocol": [], "http": [], "datagram": []}
    plain = socket.create_connection((veth.OTHER, PORT))
    web = socket.create_connection((veth.OTHER, PORT))
    for one in (plain, web):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(count):
        sent["unknown protocol"].append(time.time())
        plain.sendall(f"say {i}: open sesame\n".encode())
        time.sleep(0.06)
        sent["http"].append(time.time())
        web.sendall(f"GET /open-sesame?{i} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        web.recv(4096)
        time.sleep(0.06)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
            sent["datagram"].append(time.time())
            fresh.sendto(b"open sesame", (veth.OTHER, 9))
        time.sleep(0.06)
    time.sleep(0.5)
    plain.close()
    web.close()
    return sent


def latency(arguments, folder):
    pair = veth.Pair()
    daemon = veth.capturing_daemon(folder, RULES)
    server = subprocess.Popen([*pair.enter(), sys.executable, __file__, "--serve", str(PORT)], stdout=subprocess.PIPE)
    try:
        daemon.start()
        server.stdout.readline()
        sent = say(arguments.alerts)
        rig.wait_for(lambda: len(daemon.alerts()) >= 3 * arguments.alerts, f"{3 * arguments.alerts} alerts, have {len(daemon.alerts())}")
        with sqlite3.connect(f"file:{daemon.store}/store.db?mode=ro", uri=True) as store:
            rows = store.execute("SELECT title, stored / 1e9 FROM alert ORDER BY stored").fetchall()
        stored = {title: [when for name, when in rows if name == title] for title in sent}
        times = {title: sorted((there - here) * 1e3 for here, there in zip(sent[title], stored[title], strict=True)) for title in sent}
        times["all"] = sorted(ms for each in times.values() for ms in each)
        print(f"{'send to stored alert':24}{'alerts':>8}{'p50 ms':>9}{'p99 ms':>9}{'most ms':>9}")
        for title, each in times.items():
            print(f"{title:24}{len(each):>8}{each[len(each) // 2]:>9.1f}{each[min(len(each) - 1, len(each) * 99 // 100)]:>9.1f}{each[-1]:>9.1f}")
    finally:
        server.kill()
        server.wait()
        daemon.stop()
        pair.close()
    return 0


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.POINTER(Iovec)), ("count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("header", Msghdr), ("length", ctypes.c_uint)]


def flood(rate, seconds):
    """Frames of 1,000 flows at that rate, by sendmmsg(2) on a packet socket; prints how many the kernel took."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((veth.THERE, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    batches = []
    keep = []
    for start in range(0, 1024, BATCH):
        messages = (Mmsghdr * BATCH)()
        for i in range(BATCH):
            payload = b"q" * 100
            udp = (1024 + start + i).to_bytes(2, "big") + (5353).to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload
            ip = bytes([0x45, 0]) + (20 + len(udp)).to_bytes(2, "big") + b"\0\1\0\0" + bytes([64, 17, 0, 0]) + socket.inet_aton(veth.OTHER) + socket.inet_aton("198.51.100.7")
            frame = ctypes.create_string_buffer(b"\2" * 6 + b"\4" * 6 + b"\x08\0" + ip + udp)
            vector = Iovec(ctypes.cast(frame, ctypes.c_void_p), len(frame) - 1)
            keep += [frame, vector]
            messages[i].header.vectors = ctypes.pointer(vector)
            messages[i].header.count = 1
        batches.append(messages)
    sent = 0
    begin = time.perf_counter()
    while (now := time.perf_counter() - begin) < seconds:
        if sent > now * rate:
            continue
        done = libc.sendmmsg(raw.fileno(), batches[sent // BATCH % len(batches)], BATCH, 0)
        sent += max(0, done)
    print(json.dumps({"sent": sent, "seconds": time.perf_counter() - begin}))


def connect_many(count, rate):
    """The packets of that many connections, at about that rate."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind((veth.THERE, 0))
    begin = time.perf_counter()
    sent = 0
    for number in range(count):
        for packet in connection(number):
            raw.send(packet)
            sent += 1
        while sent > (time.perf_counter() - begin) * rate:
            time.sleep(0.001)
    print(json.dumps({"sent": sent}))


def resident(daemon):
    status = pathlib.Path(f"/proc/{daemon.children['tocsind'].pid}/status").read_text()
    return {name: int(kib) / 1024 for name, kib in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status, re.MULTILINE)}


def memory(arguments, folder):
    pair = veth.Pair()
    daemon = veth.capturing_daemon(folder, RULES, arguments.more.replace(";", "\n"), workers=arguments.workers, ring=arguments.ring)
    for path in sorted(arguments.rules.glob("*.rules")) + sorted(arguments.rules.glob("*.config")) if arguments.rules else []:
        shutil.copy(path, daemon.rules)
    try:
        daemon.start()
        time.sleep(2)
        before = resident(daemon)
        done = pair.there(sys.executable, __file__, "--connect", str(arguments.flows), str(min(arguments.rate, 60_000)), stdout=subprocess.PIPE)
        sent = json.loads(done.stdout)["sent"]
        time.sleep(2)
        after = resident(daemon)
        counted = figures(daemon)
        flows = re.findall(r"^tocsin_flows(?:\{[^}]*\})? (\d+)$", daemon.ask("metrics").stdout.decode(), re.MULTILINE)
        print(f"{sent:,} packets of {arguments.flows:,} connections sent, {counted['received']:,} received, {counted['ring']:,} dropped; {sum(map(int, flows)):,} flows held")
        print(f"resident: {before['VmRSS']:.0f} MiB before, {after['VmRSS']:.0f} MiB after, at most {after['VmHWM']:.0f} MiB")
        return 0
    finally:
        daemon.stop()
        pair.close()


def figures(daemon):
    """What was received and lost on the interface, by cause."""
    text = daemon.ask("metrics").stdout.decode()
    out = {"received": 0, "ring": 0, "interface": 0}
    for name, labels, value in re.findall(r"^(\w+)_total\{([^}]*)\} (\d+)$", text, re.MULTILINE):
        if name == "tocsin_packets_received":
            out["received"] += int(value)
        if name == "tocsin_packets_dropped" and 'cause="ring"' in labels:
            out["ring"] += int(value)
        if name == "tocsin_capture_lost" and 'cause="interface"' in labels:
            out["interface"] += int(value)
    return out


def loss(arguments, folder):
    pair = veth.Pair()
    daemon = veth.capturing_daemon(folder, RULES, arguments.more.replace(";", "\n"), workers=arguments.workers, ring=arguments.ring)
    try:
        daemon.start()
        time.sleep(2)
        before = figures(daemon)
        done = pair.there(sys.executable, __file__, "--flood", str(arguments.rate), str(arguments.seconds), stdout=subprocess.PIPE)
        sender = json.loads(done.stdout)

        def settled():
            time.sleep(1.5)
            return (now := figures(daemon)) == (time.sleep(1.5) or figures(daemon)) and now

        after = rig.wait_for(settled, "the daemon to be done")
        counted = {name: after[name] - before[name] for name in after}
        print(f"sent      {sender['sent']:>12,} in {sender['seconds']:.1f} s: {sender['sent'] / sender['seconds'] / 1000:.0f} kpps")
        for name, count in counted.items():
            print(f"{name:10}{count:>12,} {100 * count / max(1, sender['sent']):6.2f} %")
        missing = sender["sent"] - sum(counted.values())
        print(f"{'unaccounted':10}{missing:>11,}")
        return 0 if missing == 0 else 1
    finally:
        daemon.stop()
        pair.close()


def main():
    if sys.argv[1:2] == ["--serve"]:
        return serve(int(sys.argv[2]))
    if sys.argv[1:2] == ["--flood"]:
        return flood(float(sys.argv[2]), float(sys.argv[3]))
    if sys.argv[1:2] == ["--connect"]:
        return connect_many(int(sys.argv[2]), float(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["latency", "loss", "memory"])
    parser.add_argument("--alerts", type=int, default=100, help="of each kind")
    parser.add_argument("--rate", type=float, default=300_000, help="packets a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--rules", type=pathlib.Path, help="a directory of rules that are loaded besides")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ring", default="8MiB", help="a small one loses packets: they must be counted")
    parser.add_argument("--more", default="", help="further configuration, ; for a new line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return {"latency": latency, "loss": loss, "memory": memory}[arguments.what](arguments, folder)


if __name__ == "__main__":
    sys.exit(main())
