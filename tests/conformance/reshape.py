#!/usr/bin/python3
"""The same traffic in another shape must raise the same alerts.

    reshape.py SUITE [--rules PATH …] [--every N] [--only GLOB] [--json OUT] [--jobs N] [--keep DIR]

SUITE holds cases in the form of suricata-verify: folders with a test.yaml, rules and a classic pcap file (other formats
are skipped). Each case is replayed with its own rules and those of --rules; --every 10 takes each tenth case. Every
capture is written anew in five shapes: TCP payloads cut into small segments, the pieces sent backwards, everything sent
twice, IPv4 packets cut into fragments, and fragments sent backwards. `tocsin replay` (TOCSIN, default
build/release/bin/tocsin) then raises alerts for the original and for each shape: the sets of (rule, addresses, ports)
must be equal.

Rules that speak of single packets by design (sizes, flags, counts of packets, places in a packet) are left out; how many
is printed. One case is one capture in one shape.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT_SECONDS = 300
CAPTURE_MOST = 4 << 20
RAW_LINKS = {12, 14, 101, 228}
SHAPES = ("segments", "backwards", "twice", "fragments", "fragments-backwards")

# What makes a rule speak of single packets rather than of what is said in them.
PACKET_WORDS = re.compile(
    r"[;(]\s*(dsize|flags|tcp\.flags|window|seq|ack|ttl|id|fragbits|fragoffset|stream_size|itype|icode|tcp\.mss|"
    r"tcp\.hdr|udp\.hdr|ipv4\.hdr|ipv6\.hdr|ip_proto|sameip|ipopts|tos|decode-event|stream-event|app-layer-event|"
    r"engine-event|detection_filter|tag|rpc|byte_test|byte_jump|byte_extract|byte_math|isdataat|urilen|"
    r"prefilter)\s*[:;]")
COUNTING = re.compile(r"threshold\s*:[^;]*type\s+(threshold|both)")
PLACES = re.compile(r"[;(]\s*(offset|depth|startswith|endswith|within|distance|bsize|pcre|nocase)\s*[:;]")
ONE_PACKET = re.compile(r"flow\s*:[^;]*(no_stream|only_stream|no_frag|only_frag)")
STICKY = re.compile(r"(http|dns|tls|ssh|smtp|file|smb|ftp|ja3|ja4|krb5|snmp|sip|mqtt|quic|email)[._][a-z0-9_.]+\s*;|http_[a-z_]+\s*;")


def kept(rule):
    head = rule.split(None, 2)
    if len(head) < 3 or head[1].endswith("-pkt") or head[1] in ("ip", "icmp", "pkthdr"):
        return False
    if PACKET_WORDS.search(rule) or COUNTING.search(rule) or ONE_PACKET.search(rule):
        return False
    # On bytes of a connection itself, places count from where a packet begins as well.
    return bool(STICKY.search(rule)) or not PLACES.search(rule)


def read_rules(paths):
    """The rules that are kept, and how many there were."""
    texts = []
    for path in paths:
        path = pathlib.Path(path)
        texts += sorted(path.rglob("*.rules")) if path.is_dir() else [path]
    lines = [line.strip() for text in texts for line in text.read_text(errors="replace").splitlines()]
    rules = [line for line in lines if line.startswith(("alert ", "drop ", "reject "))]
    return [rule for rule in rules if kept(rule)], len(rules)


def capture_of(case):
    named = (yaml.safe_load((case / "test.yaml").read_text(errors="replace")) or {}).get("pcap")
    if isinstance(named, str):
        return (case / named).resolve()
    captures = sorted(case.glob("*.pcap"))
    if len(captures) != 1:
        raise Unsuitable("no capture of its own")
    return captures[0]


class Unsuitable(Exception):
    pass


def read_capture(path):
    data = path.read_bytes()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}
    if len(data) < 24 or data[:4] not in order:
        raise Unsuitable("not a classic capture")
    end = order[data[:4]]
    link = struct.unpack_from(end + "I", data, 20)[0] & 0xFFFF
    if link != 1 and link not in RAW_LINKS:
        raise Unsuitable(f"link type {link}")
    at, frames = 24, []
    while at + 16 <= len(data):
        seconds, part, kept_bytes, whole = struct.unpack_from(end + "IIII", data, at)
        at += 16
        if kept_bytes != whole or at + kept_bytes > len(data):
            raise Unsuitable("frames are cut")
        frames.append((seconds, part, data[at : at + kept_bytes]))
        at += kept_bytes
    if not frames:
        raise Unsuitable("no frames")
    return end, data[:24], link, frames


def write_capture(path, end, head, frames):
    head = head[:16] + struct.pack(end + "I", 262144) + head[20:]
    with path.open("wb") as out:
        out.write(head)
        for seconds, part, frame in frames:
            out.write(struct.pack(end + "IIII", seconds, part, len(frame), len(frame)) + frame)


def network_start(frame, link):
    """Where the IPv4 header starts, or None."""
    if link != 1:
        return 0 if frame[:1] and frame[0] >> 4 == 4 else None
    at = 12
    while at + 2 <= len(frame):
        kind = struct.unpack_from(">H", frame, at)[0]
        if kind == 0x0800:
            return at + 2
        if kind not in (0x8100, 0x88A8, 0x9100):
            return None
        at += 4
    return None


def sum16(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_header(frame, start, header, payload, **changes):
    header = bytearray(header)
    struct.pack_into(">H", header, 2, len(header) + len(payload))
    if "fragment" in changes:
        struct.pack_into(">H", header, 6, changes["fragment"])
    struct.pack_into(">H", header, 10, 0)
    struct.pack_into(">H", header, 10, sum16(bytes(header)))
    return frame[:start] + bytes(header) + payload


def pieces_of(length, rng):
    cuts, at = [], 0
    while at < length:
        size = min(length - at, rng.choice((1, 2, 7, 31, 97, 211)) if length < 4096 else 400)
        cuts.append((at, size))
        at += size
    return cuts


def parse(frame, link):
    start = network_start(frame, link)
    if start is None or len(frame) < start + 20:
        return None
    size = (frame[start] & 15) * 4
    total = struct.unpack_from(">H", frame, start + 2)[0]
    if size < 20 or total < size or start + total > len(frame):
        return None
    flags = struct.unpack_from(">H", frame, start + 6)[0]
    return start, frame[start : start + size], frame[start + size : start + total], flags


def segmented(frame, link, rng):
    parsed = parse(frame, link)
    if parsed is None or parsed[1][9] != 6 or parsed[3] & 0x3FFF or len(parsed[2]) < 20:
        return [frame]
    start, header, tcp, _ = parsed
    size = (tcp[12] >> 4) * 4
    flags = tcp[13]
    payload = tcp[size:]
    # SYN and RST segments and urgent data keep their shape: what they mean hangs on the packet.
    if size < 20 or size > len(tcp) or len(payload) < 2 or flags & 0x26:
        return [frame]
    sequence = struct.unpack_from(">I", tcp, 4)[0]
    out = []
    for at, count in pieces_of(len(payload), rng):
        head = bytearray(tcp[:size])
        struct.pack_into(">I", head, 4, (sequence + at) & 0xFFFFFFFF)
        last = at + count == len(payload)
        head[13] = flags if last else flags & ~0x09
        struct.pack_into(">H", head, 16, 0)
        body = bytes(head) + payload[at : at + count]
        pseudo = header[12:20] + struct.pack(">BBH", 0, 6, len(body))
        struct.pack_into(">H", head, 16, sum16(pseudo + body))
        out.append(with_header(frame, start, header, bytes(head) + payload[at : at + count]))
    return out


def fragmented(frame, link, rng):
    parsed = parse(frame, link)
    if parsed is None or parsed[3] & 0x3FFF or len(parsed[2]) < 24 or parsed[1][0] != 0x45:
        return [frame]
    start, header, payload, _ = parsed
    out, at = [], 0
    while at < len(payload):
        size = rng.choice((8, 16, 24)) if len(payload) < 512 else 256
        more = 0x2000 if at + size < len(payload) else 0
        out.append(with_header(frame, start, header, payload[at : at + size], fragment=more | at // 8))
        at += size
    return out


def backwards(frames):
    # A FIN must stay last: what comes after the end of a stream is not of it.
    return list(reversed(frames))


def reshape(frames, link, shape, seed):
    rng = random.Random(seed)
    out = []
    for seconds, part, frame in frames:
        if shape in ("segments", "backwards"):
            made = segmented(frame, link, rng)
        elif shape == "twice":
            parsed = parse(frame, link)
            again = parsed is not None and parsed[1][9] == 6 and not parsed[3] & 0x3FFF
            made = [frame, frame] if again else [frame]
        else:
            made = fragmented(frame, link, rng)
        if shape.endswith("backwards"):
            made = backwards(made)
        out += [(seconds, part, piece) for piece in made]
    return out


def alerts_of(tocsin, rules, capture, settings):
    run = subprocess.run([tocsin, "replay", "-k", "none", "-o", "ndjson", "--rules", rules, *settings, capture],
                         capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    if run.returncode not in (0, 1):
        raise Unsuitable(f"status {run.returncode}: {run.stderr.decode(errors='replace').strip()[-200:]}")
    found = set()
    for line in run.stdout.splitlines():
        alert = json.loads(line)
        packet = alert.get("packet") or {}
        ends = sorted((str(packet.get(f"{end}_ip")), packet.get(f"{end}_port")) for end in ("source", "destination"))
        found.add((alert["rule.id"], *ends))
    return found


def judge(tocsin, case, name, common, keep):
    """(shape, reason or None, alerts of the original) for each shape; Unsuitable when the case is none for this."""
    path = capture_of(case)
    if not path.is_file() or path.stat().st_size > CAPTURE_MOST:
        raise Unsuitable("no capture, or one larger than 4 MiB")
    end, head, link, frames = read_capture(path)
    own, _ = read_rules([case])
    if not own and not common:
        raise Unsuitable("no rule speaks of more than single packets")
    settings = ["--suricata-yaml", case / "suricata.yaml"] if (case / "suricata.yaml").is_file() else []
    with tempfile.TemporaryDirectory(prefix="tocsin-reshape-") as folder:
        folder = pathlib.Path(folder)
        rules = folder / "kept.rules"
        rules.write_text("\n".join(own + common) + "\n")
        expected = alerts_of(tocsin, rules, path, settings)
        for shape in SHAPES:
            made = folder / f"{shape}.pcap"
            write_capture(made, end, head, reshape(frames, link, shape, name))
            got = alerts_of(tocsin, rules, made, settings)
            if got == expected:
                yield shape, None, len(expected)
                continue
            if keep:
                shutil.copy(made, keep / (name.replace("/", "_") + f".{shape}.pcap"))
            missing, extra = sorted(expected - got, key=str), sorted(got - expected, key=str)
            yield shape, f"missing {missing[:3]} extra {extra[:3]}", len(expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("--rules", action="append", default=[])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="*")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", type=pathlib.Path, help="reshaped captures that failed are kept here")
    options = parser.parse_args()
    tocsin = os.environ.get("TOCSIN", str(ROOT / "build/release/bin/tocsin"))
    common, whole = read_rules(options.rules)
    if options.rules:
        print(f"{len(common)} of {whole} rules speak of more than single packets", flush=True)
    cases = sorted(p.parent for p in options.suite.rglob("test.yaml"))
    cases = [case for case in cases if fnmatch.fnmatch(str(case.relative_to(options.suite)), options.only)][:: options.every]
    passed, with_alerts, skipped, failures = 0, 0, {}, []

    def run(case):
        name = str(case.relative_to(options.suite))
        try:
            return name, list(judge(tocsin, case, name, common, options.keep)), None
        except (Unsuitable, subprocess.TimeoutExpired, yaml.YAMLError) as problem:
            return name, [], str(problem)

    with concurrent.futures.ThreadPoolExecutor(max_workers=options.jobs) as pool:
        for name, judged, problem in pool.map(run, cases):
            if problem and ("status" in problem or "timed out" in problem):
                failures.append((name, "run", problem))
                print(f"FAILED {name}: {problem}", flush=True)
            elif problem:
                skipped[name] = problem
            with_alerts += bool(judged) and judged[0][2] > 0
            for shape, reason, _ in judged:
                if reason is None:
                    passed += 1
                    continue
                failures.append((name, shape, reason))
                print(f"FAILED {name} [{shape}]: {reason}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"passed": passed, "failed": len(failures), "skipped": len(skipped),
                                            "captures_with_alerts": with_alerts, "failures": failures,
                                            "skips": skipped}, indent=1))
    print(f"{with_alerts} captures raise alerts")
    print(f"{passed} passed, {len(failures)} failed, {len(skipped)} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
