#!/usr/bin/python3
"""Judges Tocsin by cases in the form of suricata-verify: rules, a capture, checks on the EVE output.

    suricata_verify.py SUITE [--index TSV] [--only GLOB] [--json OUT] [--jobs N]

TOCSIN names the binary (default: build/release/bin/tocsin). A case is a folder with a test.yaml; it is judged by that
file alone. The index (default SUITE/index.tsv) says which cases are fair for an IDS-mode engine: `feasible` yes, maybe
or no. Groups: core (yes), http-evader (yes, under a folder of that name), maybe. Without an index every case is core.
"""

import argparse
import concurrent.futures
import csv
import fnmatch
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import yaml

import suricata_log

ACTING_AS = (8, 0, 7)
TIMEOUT_SECONDS = 120
# What `requires: features` may ask for and an IDS-mode engine of ours meets. Lua is never among them.
FEATURES = {
    "AF_PACKET", "PCAP_SET_BUFF", "HAVE_PACKET_FANOUT", "LIBCAP_NG", "LIBNET1.1", "HAVE_HTP_URI_NORMALIZE_HOOK",
    "PCRE_JIT", "PCRE2", "HAVE_NSS", "HTTP2_DECOMPRESSION", "HAVE_LIBJANSSON", "JANSSON", "TLS", "TLS_C11", "MAGIC",
    "RUST", "POPCNT64", "HAVE_JA3", "HAVE_JA4", "JA3", "JA4", "GEOIP", "HAVE_GEOIP", "HAVE_MAGIC",
}


class Skipped(Exception):
    pass


class Failed(Exception):
    pass


def as_list(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# --- versions and requirements -------------------------------------------------------------------------------------

def parse_version(text):
    numbers = re.findall(r"\d+", str(text).split("-")[0])
    return tuple(int(n) for n in numbers[:3])


def compare_version(text):
    """-1, 0 or 1: our version against `text`, over the parts that `text` has."""
    wanted = parse_version(text)
    have = ACTING_AS[: len(wanted)]
    return (have > wanted) - (have < wanted)


def unmet(requires, folder):
    """The first requirement that is not met, or None. Unknown requirements are not met."""
    for key, value in (requires or {}).items():
        if key == "min-version":
            if compare_version(value) < 0:
                return f"needs version {value}"
        elif key == "lt-version":
            if compare_version(value) >= 0:
                return f"needs a version below {value}"
        elif key == "gt-version":
            if compare_version(value) <= 0:
                return f"needs a version above {value}"
        elif key == "version":
            if compare_version(value) != 0:
                return f"needs version {value}"
        elif key == "features":
            for feature in as_list(value):
                wanted = not str(feature).startswith("!")
                if (str(feature).lstrip("!") in FEATURES) != wanted:
                    return f"needs feature {feature}"
        elif key == "env":
            for name in as_list(value):
                if not os.environ.get(name):
                    return f"needs environment {name}"
        elif key == "files":
            for name in as_list(value):
                if not os.path.exists(os.path.join(folder, name)):
                    return f"needs file {name}"
        elif key == "os":
            if platform.system().lower() not in [str(v).lower() for v in as_list(value)]:
                return f"needs {value}"
        elif key == "arch":
            if platform.machine() not in as_list(value):
                return f"needs {value}"
        elif key == "script":
            for script in as_list(value):
                done = subprocess.run(str(script), shell=True, cwd=folder, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, timeout=30)
                if done.returncode != 0:
                    return "needs a script to succeed"
        elif key == "lambda":
            if not eval(str(value), {"sys": sys, "os": os, "platform": platform}):  # the suite's own condition
                return "needs a condition to hold"
        elif key != "pcap":
            return f"needs {key}"
    return None


def skip_reason(skip):
    for item in as_list(skip):
        if item is True:
            return "the suite skips it"
        if not isinstance(item, dict):
            continue
        if "feature" in item and str(item["feature"]) in FEATURES:
            return item.get("msg", "the suite skips it with this feature")
        if "uid" in item and item["uid"] == os.getuid():
            return item.get("msg", "the suite skips it for this user")
        if "config" in item or "mode" in item:
            continue
    return None


# --- checks --------------------------------------------------------------------------------------------------------


def find_value(path, thing):
    for part in path.split("."):
        match = re.fullmatch(r"(.*?)((?:\[\d+\])*)", part)
        name, indexes = match.group(1), re.findall(r"\[(\d+)\]", match.group(2))
        if name == "__len":
            return len(thing) if thing is not None else None
        if name:
            if not isinstance(thing, dict) or name not in thing:
                return None
            thing = thing[name]
        for index in indexes:
            if not isinstance(thing, list) or int(index) >= len(thing):
                return None
            thing = thing[int(index)]
    return thing


OPERATIONS = {
    "__find": lambda have, want: isinstance(have, str) and str(want) in have,
    "__contains": lambda have, want: have is not None and want in have,
    "__startswith": lambda have, want: isinstance(have, str) and have.startswith(str(want)),
    "__endswith": lambda have, want: isinstance(have, str) and have.endswith(str(want)),
    "__gt": lambda have, want: have is not None and have > want,
    "__gte": lambda have, want: have is not None and have >= want,
    "__lt": lambda have, want: have is not None and have < want,
    "__lte": lambda have, want: have is not None and have <= want,
}


def same(have, want):
    # Python holds True == 1; JSON does not.
    if isinstance(have, bool) != isinstance(want, bool):
        return False
    return have == want


def event_matches(event, conditions):
    for key, want in conditions.items():
        if key == "has-key":
            if any(find_value(name, event) is None for name in as_list(want)):
                return False
        elif key == "not-has-key":
            if any(find_value(name, event) is not None for name in as_list(want)):
                return False
        else:
            head, _, last = key.rpartition(".")
            if last in OPERATIONS:
                if not OPERATIONS[last](find_value(head, event), want):
                    return False
            elif not same(find_value(key, event), want):
                return False
    return True


class Case:
    def __init__(self, name, folder, group, suite):
        self.name = name
        self.folder = folder
        self.group = group
        self.suite = suite
        self.output = None
        self.events = {}
        self.named_capture = None

    def run(self, binary):
        with open(os.path.join(self.folder, "test.yaml"), encoding="utf-8") as file:
            self.config = yaml.safe_load(file) or {}
        reason = unmet(self.config.get("requires"), self.folder)
        if reason:
            raise Skipped(reason)
        reason = skip_reason(self.config.get("skip"))
        if reason:
            raise Skipped(reason)
        with tempfile.TemporaryDirectory(prefix="suricata-verify-") as output:
            self.output = output
            self.execute(binary)
            self.judge()

    def expand(self, text):
        text = str(text)
        for name, value in (("TEST_DIR", self.folder), ("OUTPUT_DIR", self.output), ("SRCDIR", self.suite),
                            ("TOP_SRCDIR", self.suite)):
            text = text.replace("${%s}" % name, value)
        return text

    def single(self, pattern):
        found = sorted(f for f in os.listdir(self.folder) if re.search(pattern, f))
        return [os.path.join(self.folder, f) for f in found]

    def capture(self):
        wanted = self.config.get("pcap")
        if wanted is False:
            return None
        if wanted:
            path = os.path.join(self.folder, self.expand(wanted))
            if not os.path.exists(path):
                raise Skipped(f"the capture {wanted} is not in the suite")
            return path
        found = self.single(r"\.pcap(ng)?$")
        if len(found) > 1:
            raise Failed("more than one capture")
        return found[0] if found else None

    def rules(self):
        wanted = self.config.get("rules")
        if wanted:
            return [os.path.join(self.folder, self.expand(wanted))]
        return self.single(r"\.rules$")[:1]

    def words(self):
        """Suricata's options; a command of the case's own counts when it is one plain run of it."""
        command = self.config.get("command")
        if command:
            words = shlex.split(self.expand(command))
            if not words or not words[0].endswith("/suricata") or {"|", "&&", ";", ">", "||"} & set(words):
                raise Failed("runs a command of its own")
            return words[1:]
        words = []
        for item in as_list(self.config.get("args")):
            words.extend(shlex.split(self.expand(item)))
        return words

    def arguments(self):
        """Suricata's options → options of `tocsin replay`; and whether it is only a test of the configuration."""
        options, rules, only_test, own_yaml = [], self.rules(), False, None
        words = self.words()
        i = 0
        while i < len(words):
            word = words[i]
            value = words[i + 1] if i + 1 < len(words) else ""
            if word == "-k":
                if value == "none":
                    options += ["-k", "none"]
                i += 1
            elif word.startswith("--set="):
                options += ["--set", word[6:]]
            elif word == "--set":
                options += ["--set", value]
                i += 1
            elif word.startswith("--data-dir="):
                options += ["--set", "default-data-dir=" + word[11:]]
            elif word in ("-c", "-S", "-s", "-r", "-l", "--runmode"):
                if word == "-c":
                    own_yaml = value
                elif word == "-S":
                    rules = [value]
                elif word == "-s":
                    rules.append(value)
                elif word == "-r":
                    self.named_capture = value
                i += 1
            elif word == "-T":
                only_test = True
            i += 1
        if own_yaml is None and os.path.exists(os.path.join(self.folder, "suricata.yaml")):
            own_yaml = os.path.join(self.folder, "suricata.yaml")
        if own_yaml is not None and os.path.exists(os.path.join(self.folder, own_yaml)):
            options += ["--suricata-yaml", os.path.join(self.folder, own_yaml)]
        return options, [os.path.join(self.folder, r) for r in rules], only_test

    def execute(self, binary):
        if "--simulate-ips" in self.words():
            raise Skipped("inline mode")
        capture = self.capture()
        options, rules, only_test = self.arguments()
        if self.named_capture:
            capture = os.path.join(self.folder, self.named_capture)
        if capture is None and not only_test:
            raise Skipped("no capture")
        if only_test or capture is None:
            command = [binary, "rule", "check"] + [w for w in rules]
        else:
            if not rules:
                empty = os.path.join(self.output, "none.rules")
                open(empty, "w").close()
                rules = [empty]
            command = [binary, "replay"]
            for rule in rules:
                command += ["--rules", rule]
            command += options + ["--eve", os.path.join(self.output, "eve.json"), capture]
        environment = dict(os.environ, TZ="UTC")
        for name, value in (self.config.get("env") or {}).items():
            environment[name] = self.expand(value)
        with open(os.path.join(self.output, "stdout"), "wb") as out, \
             open(os.path.join(self.output, "stderr"), "wb") as err:
            try:
                done = subprocess.run(command, cwd=self.folder, env=environment, stdout=out, stderr=err,
                                      timeout=TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                raise Failed(f"no end after {TIMEOUT_SECONDS} s") from None
        expected = self.config.get("exit-code", 0)
        refused = suricata_log.refused_rules(os.path.join(self.output, "stderr"))
        # The suite runs Suricata so that it ends where a rule is refused; a replay says so and goes on with the rest.
        status = 1 if refused and expected != 0 else done.returncode
        if (status == 0) != (expected == 0):
            with open(os.path.join(self.output, "stderr"), encoding="utf-8", errors="replace") as err:
                tail = " | ".join(err.read().strip().splitlines()[:2])
            raise Failed(f"exit status {done.returncode}, expected {expected}: {tail[:300]}")
        suricata_log.write_engine_log(refused, os.path.join(self.folder, "suricata.yaml"), self.output)

    def judge(self):
        checks = as_list(self.config.get("checks"))
        skipped, failures = 0, []
        for number, check in enumerate(checks, 1):
            for kind, body in check.items():
                if isinstance(body, dict) and unmet(body.get("requires"), self.folder):
                    skipped += 1
                    continue
                try:
                    self.check(kind, body)
                except Failed as failure:
                    failures.append(f"check {number}: {failure}")
        if failures:
            more = f" (+{len(failures) - 1} more)" if len(failures) > 1 else ""
            raise Failed(failures[0] + more)
        if checks and skipped == sum(len(c) for c in checks):
            raise Skipped("all checks ask for another version or feature")

    def check(self, kind, body):
        if kind == "filter":
            self.check_filter(body)
        elif kind == "stats":
            self.check_stats(body)
        elif kind == "shell":
            self.check_shell(body)
        elif kind == "file-compare":
            self.check_files(body)
        else:
            raise Failed(f"the check '{kind}' is not known")

    def read_events(self, name):
        if name not in self.events:
            path = os.path.join(self.output, name)
            if not os.path.exists(path):
                raise Failed(f"{name} was not written")
            with open(path, encoding="utf-8", errors="replace") as file:
                self.events[name] = [json.loads(line) for line in file if line.strip()]
        return self.events[name]

    def check_filter(self, body):
        events = self.read_events(body.get("filename", "eve.json"))
        count = sum(1 for event in events if event_matches(event, body.get("match") or {}))
        if count != body.get("count"):
            raise Failed(f"{count} events instead of {body.get('count')} match {json.dumps(body.get('match'))}")

    def check_stats(self, body):
        records = [e for e in self.read_events("eve.json") if e.get("event_type") == "stats"]
        if not records:
            raise Failed("no stats record")
        for key, want in body.items():
            if key == "requires":
                continue
            have = find_value(key, records[-1].get("stats", {}))
            if not same(have, want):
                raise Failed(f"stats {key} is {have}, expected {want}")

    def check_shell(self, body):
        done = subprocess.run(self.expand(body["args"]), shell=True, cwd=self.output, capture_output=True, timeout=60,
                              env=dict(os.environ, TZ="UTC", TEST_DIR=self.folder, OUTPUT_DIR=self.output))
        if done.returncode != 0:
            raise Failed(f"shell check ends with {done.returncode}: {body['args'][:120]}")
        if "expect" in body and done.stdout.decode(errors="replace").strip() != str(body["expect"]).strip():
            raise Failed(f"shell check says {done.stdout[:80]!r}, expected {str(body['expect'])[:80]!r}")

    def check_files(self, body):
        first = os.path.join(self.output, self.expand(body["filename"]))
        second = os.path.join(self.folder, self.expand(body["expected"]))
        try:
            with open(first, "rb") as a, open(second, "rb") as b:
                if a.read() != b.read():
                    raise Failed(f"{body['filename']} differs from {body['expected']}")
        except OSError as error:
            raise Failed(str(error)) from None


# --- the suite -----------------------------------------------------------------------------------------------------

def find_cases(suite, index_path, only):
    top = os.path.join(suite, "tests") if os.path.isdir(os.path.join(suite, "tests")) else suite
    index = {}
    if index_path and os.path.exists(index_path):
        with open(index_path, newline="", encoding="utf-8") as file:
            index = {row["name"]: row for row in csv.DictReader(file, delimiter="\t")}
    cases = []
    for folder, folders, files in os.walk(top):
        folders.sort()
        if "test.yaml" not in files:
            continue
        name = os.path.relpath(folder, top)
        if only and not fnmatch.fnmatch(name, only):
            continue
        feasible = index[name]["feasible"] if name in index else "yes"
        if feasible == "no":
            group = None
        elif feasible == "maybe":
            group = "maybe"
        else:
            group = "http-evader" if name.split(os.sep)[0] == "http-evader" else "core"
        cases.append(Case(name, os.path.abspath(folder), group, os.path.abspath(suite)))
    return cases


def judge(case, binary):
    if case.group is None:
        return "skipped", "the index says it is not feasible"
    try:
        case.run(binary)
        return "passed", ""
    except Skipped as reason:
        return "skipped", str(reason)
    except Failed as reason:
        return "failed", str(reason)
    except Exception as error:  # a broken case or output is a failure with its reason, never an end of the run
        return "failed", f"{type(error).__name__}: {error}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("--index")
    parser.add_argument("--only")
    parser.add_argument("--json", dest="output")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.suite):
        print(f"skipped: the suite {arguments.suite} is not there")
        return 0
    here = os.path.dirname(os.path.abspath(__file__))
    binary = os.environ.get("TOCSIN", os.path.join(here, "..", "..", "build", "release", "bin", "tocsin"))
    binary = shutil.which(binary) or os.path.abspath(binary)
    if not os.access(binary, os.X_OK):
        print(f"there is no program at {binary}; build it or set TOCSIN", file=sys.stderr)
        return 2
    index = arguments.index or os.path.join(arguments.suite, "index.tsv")
    cases = find_cases(arguments.suite, index, arguments.only)
    groups, failures = {}, []
    total = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, arguments.jobs)) as pool:
        for case, (verdict, reason) in zip(cases, pool.map(lambda c: judge(c, binary), cases)):
            group = case.group or "not-feasible"
            groups.setdefault(group, {"passed": 0, "failed": 0, "skipped": 0})[verdict] += 1
            total[verdict] += 1
            if verdict == "failed":
                failures.append({"case": case.name, "group": group, "reason": reason})
                print(f"FAILED {case.name} [{group}]: {reason}", flush=True)
    for name, counts in sorted(groups.items()):
        print(f"{name}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            json.dump({**total, "groups": groups, "failures": failures}, file, indent=1)
            file.write("\n")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
