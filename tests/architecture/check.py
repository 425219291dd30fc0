#!/usr/bin/python3
"""Proves the walls of the house: floors, top level, self-contained headers, file sizes, room READMEs, schema and links,
events that nothing raises.

  check.py [--fast] [--json OUT]     --fast leaves out compiling every header on its own.
Prints a line per failure, then `N passed, N failed, N skipped`.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOORS = ["collectors", "rules", "responders", "daemon"]
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "CHANGELOG.md", "README.md", "daemon", "rules", "collectors",
             "responders", "etc", "tests"}
HEAVY = re.compile(r'#include <(boost/(?!json/fwd)|sqlite3\.h|libpsl\.h|yara|hs(/|\.h)|pcre2|yaml-cpp/|simdjson|openssl/|curl/)')
CODE = (".h", ".cpp")


def tracked() -> list[pathlib.Path]:
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [pathlib.Path(p) for p in out.decode().split("\0") if p and (ROOT / p).exists()]


def check_top_level(files):
    for name in sorted({f.parts[0] for f in files}):
        yield f"top level {name}", None if name in TOP_LEVEL or name.startswith(".") else "does not belong at the top level"


def check_floors(files):
    for f in files:
        if f.suffix not in CODE or f.parts[0] not in FLOORS:
            continue
        floor = FLOORS.index(f.parts[0])
        bad = []
        for number, line in enumerate((ROOT / f).read_text().splitlines(), 1):
            m = re.match(r'#include "(\w+)/', line)
            if m and m[1] in FLOORS and FLOORS.index(m[1]) > floor:
                bad.append(f"line {number} looks up a floor: {line}")
            elif line.startswith('#include "') and not m:
                bad.append(f"line {number} is not root-relative: {line}")
            if f.suffix == ".h" and HEAVY.match(line):
                bad.append(f"line {number} puts a heavy header into ours: {line}")
        yield f"floors {f}", "; ".join(bad) or None


def check_sizes(files):
    for f in files:
        if f.suffix in (*CODE, ".py", ".sh"):
            lines = (ROOT / f).read_text().count("\n")
            yield f"size {f}", None if lines <= 500 else f"{lines} lines; split it by stage (limit 500)"


def check_rooms(files):
    rooms = sorted({f.parent for f in files if f.suffix in CODE and f.parts[0] in FLOORS and len(f.parts) >= 3})
    for room in sorted({pathlib.Path(*r.parts[:2]) for r in rooms}):
        readme = ROOT / room / "README.md"
        if not readme.exists():
            yield f"room {room}", "has no README.md"
        else:
            lines = readme.read_text().count("\n")
            yield f"room {room}", None if lines <= 40 else f"README.md has {lines} lines (limit 40)"


def check_habits(files):
    rules = [(re.compile(r"system_clock::now\(\)"), lambda f: f.parts[:2] != ("daemon", "app"), "asks the wall clock outside daemon/app"),
             (re.compile(r"\b(TODO|FIXME|XXX)\b"), lambda f: True, "holds a loose end"),
             (re.compile(r"\b(std::)?(system|popen)\("), lambda f: True, "starts a shell")]
    for f in files:
        if f.suffix not in CODE or f.parts[0] not in FLOORS:
            continue
        bad = []
        for number, line in enumerate((ROOT / f).read_text().splitlines(), 1):
            code = line.split("//")[0] if "TODO" not in line else line
            bad += [f"line {number} {why}" for pattern, where, why in rules if where(f) and pattern.search(code)]
        yield f"habits {f}", "; ".join(bad) or None


def check_links(files):
    for f in files:
        if f.suffix != ".md":
            continue
        text = (ROOT / f).read_text()
        dead = [m for m in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text) if not (ROOT / f.parent / m).exists()]
        yield f"links {f}", f"dead links: {', '.join(dead)}" if dead else None


def compile_header(header, flags):
    done = subprocess.run(["g++", *flags, "-fsyntax-only", "-x", "c++", "-"], cwd=ROOT, input=f'#include "{header}"\n#include "{header}"\n',
                          capture_output=True, text=True)
    return f"header {header}", None if done.returncode == 0 else done.stderr.splitlines()[0]


def check_events(files):
    """An event that rules can ask for is raised somewhere, or listed as one that is not."""
    table = pathlib.Path("collectors/packet/packet_event.cpp")
    listed = set(re.findall(r'"([\w.]+)"', (ROOT / "rules/signature/keyword/event_name.cpp").read_text()))
    raised = set()
    for f in files:
        if f.suffix in CODE and f.parts[0] == "collectors" and f.stem != table.stem:
            raised.update(re.findall(r"\w+", (ROOT / f).read_text()))
    for event, name in re.findall(r'\{PacketEvent::(\w+),\s*"([\w.]+)"\}', (ROOT / table).read_text()):
        silent = event not in raised
        wrong = "nothing raises it: raise it, or list it in event_name.cpp" if silent else "it is raised: take it off event_name.cpp"
        yield f"event {name}", None if silent == (name in listed) else wrong


def check_headers(files):
    headers = [f for f in files if f.suffix == ".h" and f.parts[0] in FLOORS]
    generated = next((b for b in sorted(ROOT.glob("build/*/generated"))), None)
    if generated is None:
        yield "headers", "no build directory with the generated field table; build first"
        return
    flags = ["-std=c++23", f"-I{ROOT}", f"-I{generated}", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda h: compile_header(h, flags), headers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    files = tracked()
    checks = [check_top_level, check_floors, check_sizes, check_rooms, check_habits, check_links, check_events]
    if not options.fast:
        checks.append(check_headers)
    groups, failures, passed = {}, [], 0
    for check in checks:
        group = groups.setdefault(check.__name__.removeprefix("check_"), {"passed": 0, "failed": 0, "skipped": 0})
        for case, reason in check(files):
            group["failed" if reason else "passed"] += 1
            passed += not reason
            if reason:
                failures.append({"case": case, "group": check.__name__.removeprefix("check_"), "reason": reason})
                print(f"FAILED {case}: {reason}")
    print(f"{passed} passed, {len(failures)} failed, 0 skipped")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"passed": passed, "failed": len(failures), "skipped": 0, "groups": groups, "failures": failures}))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
