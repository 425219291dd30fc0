#!/usr/bin/python3
"""The conformance driver sigma_sources.py over a small suite of our own: a rule for each kind of source fires on logs as
the source writes them, in every format; a rule that nothing satisfies and one that its source cannot tell are failures.
With TOCSIN_SIGMA=FOLDER of a whole suite: every tenth rule of it, at least 95 of a hundred fire."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "tests/conformance/sigma_sources.py"

RULES = {  # name: (log source, detection)
    "process": ("{product: linux, category: process_creation}",
                "{sel: {Image|endswith: /nc, CommandLine|contains|all: [' -e ', /sh], User: root}, condition: sel}"),
    "parent": ("{product: linux, category: process_creation}",
               "{sel: {ParentImage|endswith: /java}, filter: {CommandLine|contains: safe}, condition: sel and not filter}"),
    "file": ("{product: linux, category: file_event}", "{sel: {TargetFilename|startswith: /etc/cron.d/}, condition: sel}"),
    "connection": ("{product: linux, category: network_connection}",
                   "{sel: {DestinationPort: 4444, Initiated: 'true'}, condition: sel}"),
    "auditd": ("{product: linux, service: auditd}",
               "{sel: {type: EXECVE, a0: tcpdump, a1|startswith: -}, condition: sel}"),
    "sudo": ("{product: linux, service: sudo}", "{sel: {USER|startswith: '#-'}, condition: sel}"),
    "web": ("{category: webserver}", "{sel: {cs-method: POST, cs-uri-query|contains: '/x.php?c=id ', sc-status: 200}, "
            "condition: sel}"),
    "proxy": ("{category: proxy}", "{sel: {c-uri|endswith: .hta, cs-host: files.example.test}, condition: sel}"),
    "dns": ("{category: dns}", "{sel: {query|re: '[a-f0-9]{12}\\.example\\.test'}, condition: sel}"),
    "zeek": ("{product: zeek, service: dce_rpc}", "{sel: {operation: NetrJobAdd, endpoint: atsvc}, condition: sel}"),
    "certificate": ("{product: zeek, service: x509}", "{sel: {certificate.serial: 8BB0}, condition: sel}"),
    "database": ("{category: database}", "{words: [drop table], condition: words}"),
    "antivirus": ("{category: antivirus}", "{sel: {Signature|contains: Webshell}, condition: sel}"),
    "cisco": ("{product: cisco, service: aaa}", "{words: [no logging], condition: words}"),
    "kubernetes": ("{product: kubernetes, service: audit}", "{sel: {verb: create, hostPath: '*'}, condition: sel}"),
    "cloud": ("{product: aws, service: cloudtrail}",
              "{sel: {eventSource: iam.amazonaws.com, eventName: CreateUser}, condition: sel}"),
}
BAD = {
    "never": ("{category: dns}", "{sel: {query: a.example}, condition: sel and not sel}"),
    "untold": ("{category: dns}", "{sel: {query|contains: a.example, shoe_size: 7}, condition: sel}"),
}


def write_suite(folder, rules):
    rows = ["rule_id\tpath\tload"]
    (folder / "rules").mkdir()
    for number, (name, (source, detection)) in enumerate(rules.items()):
        rule_id = f"5f1b0a52-0000-4000-8000-{number:012d}"
        rows.append(f"{rule_id}\trules/{name}.yml\tok")
        (folder / f"rules/{name}.yml").write_text(
            f"title: {name}\nid: {rule_id}\nlogsource: {source}\ndetection: {detection}\n", encoding="utf-8")
    (folder / "corpus.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def run(suite, *more):
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out.json"
        done = subprocess.run([str(DRIVER), str(suite), "--json", str(out), *more], capture_output=True, text=True,
                              timeout=800, check=False)
        if not out.is_file():
            raise SystemExit(f"no answer (exit {done.returncode}): {done.stdout[-800:]}{done.stderr[-800:]}")
        return json.loads(out.read_text(encoding="utf-8"))


def main():
    failed = []
    with tempfile.TemporaryDirectory() as name:
        write_suite(Path(name), RULES)
        answer = run(name)
        failed += [f"{f['group']} {f['case']}: {f['reason'][:400]}" for f in answer["failures"]]
        if answer["groups"]["rules"]["passed"] != len(RULES):
            failed.append(f"{answer['groups']['rules']} instead of {len(RULES)} rules")
    with tempfile.TemporaryDirectory() as name:
        write_suite(Path(name), BAD)
        answer = run(name)
        if answer["groups"]["rules"]["failed"] != len(BAD):
            failed.append(f"rules that cannot fire are said to: {answer['groups']}")
    passed = 2 - bool(failed)
    whole = os.environ.get("TOCSIN_SIGMA")
    if whole:
        rules = run(whole, "--every", "10")["groups"]["rules"]
        if rules["passed"] < 0.95 * (rules["passed"] + rules["failed"]):
            failed.append(f"every tenth rule of {whole}: {rules}")
        passed += 1
    for line in failed:
        print("FAIL", line)
    print(f"{passed} passed, {len(failed)} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
