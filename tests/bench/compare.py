#!/usr/bin/python3
"""Runs the benchmarks of a build folder and the peer tools beside them; prints one table.

usage: compare.py BUILD [--only packets|logs|sshd|yara|adversarial] [--repetitions N] [--json OUT]

Everything is per second of processor time, so that other work on the machine disturbs it little. A ratio above 1 means
that Tocsin needs that many times less of it than the peer over the same bytes in the same run.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "etc/examples"
PACK = ROOT / "rules/packs"
EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")
FILES_MOST = 64_000_000
FILE_MOST = 8 << 20


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, figure, unit, note="", ratio=None, peer=""):
        self.rows.append({"what": what, "figure": figure, "unit": unit, "ratio": ratio, "peer": peer, "note": note})

    def find(self, what):
        return next((row for row in self.rows if row["what"] == what), None)

    def compare(self, what, peer_figure, peer):
        row = self.find(what)
        if row is not None and peer_figure:
            row["ratio"], row["peer"] = row["figure"] / peer_figure, peer

    def print(self):
        print(f"{'what':46} {'figure':>14} {'unit':12} {'ratio':>7}  {'against':16} note")
        for row in self.rows:
            ratio = f"{row['ratio']:7.2f}" if row["ratio"] is not None else " " * 7
            figure = f"{row['figure']:,.0f}" if row["figure"] >= 100 else f"{row['figure']:,.1f}"
            print(f"{row['what']:46} {figure:>14} {row['unit']:12} {ratio}  {row['peer']:16} {row['note']}")


def say(line):
    print(line, file=sys.stderr, flush=True)


def run_benchmark(program, repetitions, environment, by_name=True, only="."):
    """Benchmark name -> its median counters; what was skipped is said."""
    if not program.is_file():
        say(f"{program} is not built: left out")
        return {}
    say(f"running {program.name} …")
    done = subprocess.run([program, "--benchmark_format=json", f"--benchmark_repetitions={repetitions}", f"--benchmark_filter={only}"],
                          capture_output=True, env=environment, check=False)
    if done.returncode != 0:
        say(f"{program.name} failed ({done.returncode}): {done.stderr.decode(errors='replace')[-500:]}")
        return {}
    found = {}
    for entry in json.loads(done.stdout)["benchmarks"]:
        name = entry["run_name"].split("/")[0] if by_name else entry["run_name"]
        if entry.get("error_occurred"):
            say(f"  {name}: skipped, {entry['error_message']}")
        elif entry.get("run_type") != "aggregate":
            found.setdefault(name, []).append(entry)
    return {name: {key: statistics.median(e[key] for e in entries) for key in entries[0] if isinstance(entries[0][key], (int, float))}
            for name, entries in found.items()}


def median_seconds(command, repetitions):
    """Median processor time of a command, or nothing (and a line that says why) when it fails."""
    times = []
    for _ in range(repetitions):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        if done.returncode != 0:
            say(f"{pathlib.Path(command[0]).name} failed ({done.returncode}): {done.stderr.decode(errors='replace')[-300:].strip()}")
            return None
    return statistics.median(times)


def describe(counters):
    parts = []
    if "rules" in counters:
        parts.append(f"{counters['rules']:.0f} rules")
        if counters.get("refused"):
            parts.append(f"{counters['refused']:.0f} refused")
        parts.append(f"loaded in {counters['load_seconds']:.2f} s")
        parts.append(f"{counters.get('alerts', 0):.0f} alerts")
    return ", ".join(parts)


def packets(build, table, options, environment, work):
    found = run_benchmark(build / "bench_packets", options.repetitions, environment)
    for name, counters in found.items():
        table.add(f"packets {name}", counters["packets_per_second"], "packets/s",
                  ", ".join(filter(None, (f"{counters['mbit_per_second']:,.0f} Mbit/s", describe(counters)))))
    grower = build / "bench_grow"
    if not grower.is_file():
        say(f"{grower} is not built: no peer for packets")
        return
    capture = work / "grown.pcap"
    grown = subprocess.run([grower, capture, environment.get("TOCSIN_COPIES", "300"), EXAMPLES / "ordinary/traffic.pcap",
                            EXAMPLES / "intrusion/traffic.pcap"], capture_output=True, check=True, text=True)
    count = int(grown.stdout.split()[0])
    peer = None
    if shutil.which("tcpdump"):
        seconds = median_seconds(["tcpdump", "-r", capture, "-w", "/dev/null"], options.repetitions)
        if seconds:
            peer = count / seconds
            table.add("peer tcpdump -r FILE -w /dev/null", peer, "packets/s", f"{count:,} packets, {capture.stat().st_size:,} bytes")
            for name in found:
                table.compare(f"packets {name}", peer, "tcpdump")
    else:
        say("tcpdump is not installed (apt-get install tcpdump): no ratio for packets")
    whole_process(table, options, capture, count, peer)


def whole_process(table, options, capture, count, peer):
    tocsin = pathlib.Path(os.environ.get("TOCSIN", ROOT / "build/release/bin/tocsin"))
    if not tocsin.is_file():
        say(f"{tocsin} is not built: no whole-process run")
        return
    what = "process tocsin replay, shipped signatures"
    command = [tocsin, "replay", "--rules", PACK / "base/signatures", "--workers", "1", "-o", "ndjson"]
    seconds = median_seconds([*command, capture], options.repetitions)
    if seconds:
        table.add(what, count / seconds, "packets/s", "start, reading, rules and alerts included")
        table.compare(what, peer, "tcpdump")


# What both sides must read of each line: host, tag, process, account, address and port.
SSHD_RULES = """version=2
prefix=%date:date-rfc3164% %host:word% sshd[%pid:number%]: 
rule=:Failed password for invalid user %user:word% from %ip:ipv4% port %port:number% ssh2
rule=:Failed password for %user:word% from %ip:ipv4% port %port:number% ssh2
rule=:Accepted %method:word% for %user:word% from %ip:ipv4% port %port:number% ssh2%rest:rest%
rule=:Invalid user %user:word% from %ip:ipv4% port %port:number%
rule=:Connection closed by invalid user %user:word% %ip:ipv4% port %port:number%%rest:rest%
rule=:Connection closed by authenticating user %user:word% %ip:ipv4% port %port:number%%rest:rest%
rule=:Connection closed by %ip:ipv4% port %port:number%%rest:rest%
rule=:Received disconnect from %ip:ipv4% port %port:number%:%rest:rest%
rule=:pam_unix(sshd:session): session %what:word% for user %rest:rest%
rule=:Disconnected from %rest:rest%
"""
SSHD_BYTES = 16 << 20


def sshd_lines(work):
    """sshd lines of the example recording that the rules above know, over and over: the same bytes for both sides."""
    known = re.compile(r" sshd\[\d+\]: (Failed|Accepted|Invalid|Connection closed|Received disconnect|Disconnected|pam_unix\(sshd:session\))")
    lines = [line for line in (EXAMPLES / "intrusion/auth.log").read_text().splitlines() if known.search(line)]
    text = "\n".join(lines) + "\n"
    log = work / "sshd.log"
    log.write_text(text * (SSHD_BYTES // len(text) + 1))
    return log, len(lines) * (SSHD_BYTES // len(text) + 1)


def log_peer(table, options, log, count, work):
    if not shutil.which("lognormalizer"):
        return say("lognormalizer is not installed (apt-get install liblognorm-utils): no ratio for logs")
    rules = work / "sshd.rulebase"
    rules.write_text(SSHD_RULES)
    command = ["sh", "-c", f"exec lognormalizer -r '{rules}' -e json < '{log}'"]
    seconds = median_seconds(command, options.repetitions)
    if seconds:
        # A line it cannot read costs it less than one it can.
        unread = subprocess.run(command, capture_output=True, check=True).stdout.count(b'"unparsed-data"')
        table.add("peer lognormalizer -e json, sshd lines", count / seconds, "events/s", f"{count:,} lines, {unread:,} not read")
        table.compare("logs decode_file", count / seconds, "lognormalizer")


def sshd(build, table, options, environment, work):
    """The sshd lines of `logs` alone, with the answer in one line."""
    logs(build, table, options, environment, work, only="^decode_file")
    own, peer = table.find("logs decode_file"), table.find("peer lognormalizer -e json, sshd lines")
    if own is not None and peer is not None:
        print(f"sshd lines decoded: {own['figure']:,.0f} lines/s; lognormalizer: {peer['figure']:,.0f} lines/s; ratio {own['ratio']:.2f}")


def logs(build, table, options, environment, work, only="."):
    log, count = sshd_lines(work)
    environment = {**environment, "TOCSIN_LOG_FILE": str(log)}
    for name, counters in run_benchmark(build / "bench_logs", options.repetitions, environment, only=only).items():
        table.add(f"logs {name}", counters["events_per_second"], "events/s",
                  ", ".join(filter(None, (f"{counters['lines_per_second']:,.0f} lines/s", f"{counters['mb_per_second']:,.1f} MB/s",
                                          describe(counters)))))
    log_peer(table, options, log, count, work)


def copy_files(work):
    """Something real to scan; the same bytes for both sides."""
    folder = work / "files"
    folder.mkdir()
    total = 0
    for path in sorted(pathlib.Path("/usr/bin").iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        size = path.stat().st_size
        if 0 < size <= FILE_MOST and total + size <= FILES_MOST:
            shutil.copyfile(path, folder / path.name)
            total += size
    return folder


def yara_peer(rules, folder, work, repetitions):
    """Seconds that the yara program needs over the folder, one thread, rules compiled beforehand."""
    files = sorted(p for p in rules.rglob("*") if p.suffix in (".yar", ".yara"))
    compiled = work / "compiled.yarc"
    defined = [part for name in EXTERNALS for part in ("-d", f"{name}=")]
    made = subprocess.run(["yarac", *defined, *(f"n{i}:{path}" for i, path in enumerate(files)), compiled], capture_output=True, check=False)
    if made.returncode != 0:
        say(f"yarac refuses {rules}: {made.stderr.decode(errors='replace')[-300:].strip()}")
        return None
    return median_seconds(["yara", "-C", "-p", "1", "-r", *defined, compiled, folder], repetitions)


def yara(build, table, options, environment, work):
    environment = dict(environment)
    environment.setdefault("TOCSIN_FILES", str(copy_files(work)))
    found = run_benchmark(build / "bench_yara", options.repetitions, environment)
    have = shutil.which("yara") and shutil.which("yarac")
    if found and not have:
        say("yara is not installed (apt-get install yara): no ratio for YARA")
    for name, rules in (("pack_files", PACK), ("given_files", environment.get("TOCSIN_YARA"))):
        if name not in found:
            continue
        counters = found[name]
        what = f"yara {name}"
        table.add(what, counters["mb_per_second"], "MB/s", describe(counters))
        seconds = yara_peer(pathlib.Path(rules), pathlib.Path(environment["TOCSIN_FILES"]), work, options.repetitions) if have else None
        if seconds:
            peer = counters["megabytes"] / seconds
            table.add(f"peer yara -p 1, rules of {name}", peer, "MB/s", f"{counters['files']:.0f} files, {counters['megabytes']:.1f} MB")
            table.compare(what, peer, "yara")


def adversarial(build, table, _options, environment, _work):
    """Nanoseconds a byte of traffic made to be expensive; the note says how they grow while the traffic grows 64-fold."""
    by_case = {}
    for name, counters in run_benchmark(build / "bench_adversarial", 1, environment, by_name=False).items():
        _, case, size = name.split("/")
        by_case.setdefault(case, {})[int(size)] = counters["seconds_per_byte"] * 1e9
    for case, costs in by_case.items():
        first, last = costs[min(costs)], costs[max(costs)]
        table.add(f"adversary {case}", last, "ns/byte", f"{last / first:.2f} times the cost a byte at a 64th of the size")


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    sections = {f.__name__: f for f in (packets, logs, sshd, yara, adversarial)}
    parser.add_argument("--only", choices=sections)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    build = options.build.resolve()
    environment = dict(os.environ)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        work = pathlib.Path(folder)
        for name in [options.only] if options.only else [name for name in sections if name != "sshd"]:  # logs has it
            sections[name](build, table, options, environment, work)
    if not table.rows:
        say("nothing was measured")
        return 1
    print(f"{processor()}, {os.cpu_count()} processors, Linux {platform.release()}; medians of {options.repetitions}; figures per second of processor time, one thread")
    table.print()
    if options.json:
        options.json.write_text(json.dumps(table.rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
