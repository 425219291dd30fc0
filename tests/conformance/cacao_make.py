#!/usr/bin/python3
"""Writes the playbooks of tests/conformance/cacao/: valid and invalid ones, each showing one thing, and those of traces.

usage: cacao_make.py [FOLDER]     (then `tocsin playbook test --update FOLDER/traces/*`, and read the difference)
"""
import base64
import hashlib
import json
import sys
from pathlib import Path

import cacao_make_traces
import cacao_make_wrong

MARK = {"TLP:CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "TLP:AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "TLP:RED": "e828b379-4e03-4974-9ac4-e53a884c97c1"}


def ident(kind, name):
    """The same random-looking identifier for the same name."""
    d = hashlib.sha256(f"{kind} {name}".encode()).hexdigest()
    return f"{kind}--{d[:8]}-{d[8:12]}-4{d[13:16]}-8{d[17:20]}-{d[20:32]}"


def b64(text):
    return base64.b64encode(text.encode()).decode()


ANN = ident("individual", "Ann")
END = ident("end", "")


def manual(text="look", **more):
    return {"type": "manual", "command": text, **more}


def action(next_step=END, commands=None, **more):
    ways = {"on_completion": next_step} if isinstance(next_step, str) else next_step
    return {"type": "action", "commands": commands or [manual()], "agent": ANN, **more, **ways}


def playbook(steps=None, first=None, **more):
    """start → first → … → end. `steps`: by (type, name); ends of branches are made for ids that are missing."""
    steps = steps or {("action", "look"): action(name="Look")}
    flow = {ident(*key): step for key, step in steps.items()}
    first = first or next(iter(flow))
    out = {"type": "playbook", "spec_version": "cacao-2.0", "id": ident("playbook", ""), "name": "Example",
           "created_by": ident("identity", ""), "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
           **{k: v for k, v in more.items() if k not in ("agent_definitions",)},
           "workflow_start": ident("start", ""),
           "workflow": {ident("start", ""): {"type": "start", "on_completion": first}, **flow, END: {"type": "end"}},
           "agent_definitions": {ANN: {"type": "individual", "name": "Ann"}, **more.get("agent_definitions", {})}}
    return out


def branch_end(name):
    return ident("end", name), {("end", name): {"type": "end"}}


def agent(kind, **more):
    return playbook(agent_definitions={ident(kind, "it"): {"type": kind, "name": "It", **more}})


def target(kind, **more):
    name = ident(kind, "target")
    return playbook({("action", "look"): action(targets=[name])}, target_definitions={name: {"type": kind, "name": "It", **more}})


def auth(kind, **more):
    name = ident(kind, "it")
    out = agent("ssh", address={"ipv4": ["192.0.2.7"]}, authentication_info=name)
    out["authentication_info_definitions"] = {name: {"type": kind, **more}}
    return out


def variable(kind, value, **more):
    return playbook(playbook_variables={"__it__": {"type": kind, **({} if value is None else {"value": value}), **more}})


def command(**properties):
    return playbook({("action", "do"): action(commands=[properties])})


def branching(kind, extra, **properties):
    return playbook({(kind, "fork"): {"type": kind, "on_completion": ident("action", "after"), **properties}, ("action", "after"): action(), **extra},
                    playbook_variables={"__it__": {"type": "string", "value": "a"}})


def marked(level):
    name = "marking-tlp--" + MARK[level]
    return playbook(markings=[name], data_marking_definitions={name: {
        "type": "marking-tlp", "id": name, "created_by": ident("identity", "FIRST"), "created": "2022-10-01T00:00:00.000Z",
        "tlpv2_level": level}})


def valid():
    one, ends_one = branch_end("one")
    two, ends_two = branch_end("two")
    handler, ends_handler = branch_end("handler")
    yield "minimal", "start, action, end", playbook()
    yield "success-and-failure", "both ways on", playbook({("action", "try"): action({"on_success": END, "on_failure": ident("action", "mend")}), ("action", "mend"): action()})
    yield "success-alone", "failure goes to whoever is around", playbook({("action", "try"): action({"on_success": END})})
    yield "delay-zero", "0 is not negative", playbook({("action", "wait"): action(delay=0)})
    yield "delay-and-timeout", "milliseconds", playbook({("action", "wait"): action(delay=1000, timeout=60000)})
    yield "owner", "who answers for a step", playbook({("action", "look"): action(owner=ident("identity", "owner"))})
    yield "step-reference", "hoisted into the playbook's", playbook({("action", "look"): action(external_references=[{"name": "Manual"}])}, external_references=[{"name": "Manual"}])
    yield "exception-handler", "a path of its own", playbook({("action", "look"): action(), ("action", "tell"): action(handler), **ends_handler}, workflow_exception=ident("action", "tell"))
    yield "two-commands", "done in order", playbook({("action", "look"): action(commands=[manual("first"), manual("second")])})
    yield "agent-as-target", "a target may be another agent", playbook({("action", "look"): action(targets=[ANN])})
    for kind in ("group", "individual", "organization", "location"):
        yield f"agent-{kind}", "", agent(kind)
    yield "agent-contact", "how to reach it", agent("group", contact={"email": {"work": "soc@example.org"}, "phone": {"work": "+49 30 123"}})
    yield "agent-place", "civic location", agent("location", location={"region": "western-europe", "country": "DE", "city": "Berlin"}, logical=["cell 3"])
    yield "agent-custom", "the vocabulary is open", agent("robot")
    custom = playbook()
    custom["agent_definitions"][ident("sector", "it")] = {"type": "sector", "name": "It", "sector": "energy"}
    custom["industry_sectors"] = ["energy"]
    yield "agent-sector", "hoisted into industry_sectors", custom
    yield "target-http", "", target("http-api", address={"url": ["http://localhost:8080/"]}, port="8080")
    yield "target-ssh", "", target("ssh", address={"dname": ["host.example.org"]}, port="22")
    yield "target-linux", "", target("linux", address={"ipv6": ["2001:db8::7"]})
    yield "target-net", "all kinds of address", target("net-address", address={"ipv4": ["192.0.2.7"], "l2mac": ["00:11:22:aa:bb:cc"], "vlan": ["12"]})
    yield "target-category", "", target("security-category", category=["firewall", "ids"])
    filled = target("net-address", address={"ipv4": ["__it__:value"]})
    filled["playbook_variables"] = {"__it__": {"type": "ipv4-addr", "value": "192.0.2.1"}}
    yield "address-variable", "filled in when it is known", filled
    filled = target("http-api", address={"url": ["__u__:value"]})
    filled["playbook_variables"] = {"__u__": {"type": "uri", "value": "https://example.org/"}}
    yield "url-variable", "", filled
    yield "auth-basic-kms", "the secret is in a key store", auth("http-basic", user_id="ann", kms=True, kms_key_identifier="k1")
    yield "auth-oauth-kms", "no token", auth("oauth2", oauth_header="Authorization", kms=True, kms_key_identifier="k1")
    hidden = auth("user-auth", username="ann", password="__secret__:value")
    hidden["playbook_variables"] = {"__secret__": {"type": "string", "external": True}}
    yield "auth-variable", "the secret comes from outside", hidden
    for kind, value in (("bool", "true"), ("float", "-1.5e3"), ("hexstring", "00ff"), ("integer", "-7"), ("long", "9007199254740993"),
                        ("ipv4-addr", "192.0.2.0/24"), ("ipv6-addr", "2001:db8::1"), ("mac-addr", "00:11:22:aa:bb:cc"),
                        ("hash", "d41d8cd98f00b204"), ("md5-hash", "d41d8cd98f00b204e9800998ecf8427e"), ("sha256-hash", "ab" * 32),
                        ("string", ""), ("uri", "urn:isbn:0451450523"), ("uuid", "3f1c9a52-7d0e-4b6a-8c1f-000000000001"),
                        ("dictionary", {"a": {"b": ["c", 1]}})):
        yield f"variable-{kind}", "", variable(kind, value)
    yield "variable-unknown", "null: known to be unknown", variable("integer", None)
    yield "variable-constant", "", variable("string", "x", constant=True)
    yield "variable-external", "given by the caller", variable("ipv4-addr", None, external=True)
    yield "variable-of-step", "hides the playbook's", playbook({("action", "look"): action(commands=[manual("__it__:value")], step_variables={"__it__": {"type": "integer", "value": "2"}})}, playbook_variables={"__it__": {"type": "string", "value": "1"}})
    yield "variable-arguments", "in and out", playbook({("action", "look"): action(in_args=["__a__"], out_args=["__b__"])}, playbook_variables={"__a__": {"type": "string", "value": "1"}, "__b__": {"type": "string", "value": ""}})
    for kind in ("bash", "ssh", "powershell", "caldera-cmd"):
        yield f"command-{kind}", "known; another host's work", command(type=kind, command="id")
    for kind in ("sigma", "yara", "kestrel", "jupyter", "elastic"):
        yield f"command-{kind}", "content in Base64", command(type=kind, command_b64=b64("rule a { condition: true }"))
    for name, value in (("process", "process:812"), ("process-of-a-file", "process:812@99173:/usr/sbin/nginx")):
        yield f"yara-{name}", "memory of a process", playbook({("action", "look"): action(commands=[{"type": "yara", "command_b64": b64("rule a { condition: true }")}], in_args=["__it__"])}, playbook_variables={"__it__": {"type": "string", "value": value}})
    yield "command-http", "start line, headers, content", command(type="http-api", command="POST /x HTTP/1.1", headers={"Accept": ["*/*"]}, content="{}")
    yield "command-openc2", "posted", command(type="openc2-http", command="POST /openc2 HTTP/1.1", content_b64=b64("{}"), headers={"Content-Type": ["application/openc2+json;version=1.0"]})
    yield "command-custom", "the vocabulary is open", command(type="ftp", command="get x")
    yield "command-activity", "listed at the top", playbook({("action", "look"): action(commands=[manual(playbook_activity="scan-system")])}, playbook_types=["detection"], playbook_activities=["scan-system"])
    yield "parallel", "each branch its own end", branching("parallel", {**ends_one, ("action", "b"): action(two), **ends_two}, next_steps=[one, ident("action", "b")])
    yield "if-else", "", branching("if-condition", {**ends_one, **ends_two}, condition="__it__:value = 'a'", on_true=one, on_false=two)
    yield "if-alone", "nothing happens when it is false", branching("if-condition", ends_one, condition="__it__:value IN ('a', 'b') AND NOT __it__:value LIKE 'c%'", on_true=one)
    yield "while", "the only loop there is", branching("while-condition", {("action", "b"): action(one), **ends_one}, condition="__it__:value = 'a'", on_true=ident("action", "b"))
    yield "switch", "case and default", branching("switch-condition", {**ends_one, **ends_two}, switch="__it__:value", cases={"a": one, "default": two})
    inner, ends_inner = branch_end("inner")
    yield "nested", "a switch inside an if", branching("if-condition", {("switch-condition", "in"): {"type": "switch-condition", "switch": "__it__:value", "cases": {"a": inner}, "on_completion": one}, **ends_one, **ends_inner}, condition="__it__:value = 'a'", on_true=ident("switch-condition", "in"))
    yield "playbook-action", "by version", playbook({("playbook-action", "other"): {"type": "playbook-action", "playbook_id": ident("playbook", "other"), "playbook_version": "2026-01-01T00:00:00.000Z", "on_completion": END}})
    for level in MARK:
        yield "marking-" + level[4:].lower().replace("+", "-"), "the official object", marked(level)
    name = ident("marking-statement", "it")
    yield "marking-statement", "", playbook(markings=[name], data_marking_definitions={name: {"type": "marking-statement", "id": name, "created_by": ident("identity", ""), "created": "2026-01-01T00:00:00.000Z", "statement": "Copyright"}})
    name = ident("extension-definition", "it")
    definition = {name: {"type": "extension-definition", "name": "It", "created_by": ident("identity", ""), "schema": "https://example.org/s.json", "version": "1"}}
    yield "extension", "of the playbook", playbook(extension_definitions=definition, playbook_extensions={name: {"a": 1}})
    yield "extension-of-step", "", playbook({("action", "look"): action(step_extensions={name: {"x": 1, "y": 2}})}, extension_definitions=definition)
    yield "bounds", "0 and 100 are in range", playbook(priority=0, severity=100, impact=100)
    yield "revoked", "may be read; not run", playbook(revoked=True)
    yield "valid-until-2337", "further than clocks count", playbook(valid_from="2026-01-01T00:00:00Z", valid_until="2337-05-26T15:56:00.123456Z")
    fives = playbook()
    fives["id"] = "playbook--aa7caf3a-d55a-5e9a-834e-056215fba56a"
    yield "id-version-5", "allowed of playbooks", fives
    yield "summary", "true of the content", playbook({("action", "wait"): action(timeout=5)}, playbook_processing_summary={"manual_playbook": True, "temporal_logic": True, "if_logic": False})
    yield "vietnamese", "any script", playbook(name="Chặn địa chỉ tấn công", description="Kịch bản ứng phó", labels=["ứng-phó"])
    yield "metadata", "all of it", playbook(description="d", derived_from=[ident("playbook", "older")], related_to=[ident("malware", "it")], labels=["a"], industry_sectors=["energy"], external_references=[{"name": "mitre-attack", "external_id": "T1110"}])


def write(folder, kind, cases):
    (folder / kind).mkdir(parents=True, exist_ok=True)
    for old in (folder / kind).glob("*.json"):
        old.unlink()
    lines = []
    for name, shows, made, *codes in cases:
        text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, indent=1) + "\n"
        (folder / kind / f"{name}.json").write_text(text, encoding="utf-8")
        row = {"shows": shows or name.replace("-", " ")}
        if codes:
            row["codes"] = codes[0]
        lines.append(f"{name}: {json.dumps(row, ensure_ascii=False)}\n")
    header = {"valid": "# Clean under --strict: no error and no warning.\n",
              "invalid": "# The codes each must give: \"P0203\" as an error, \"P0203 warning\" as a warning; both errors under --strict.\n"}
    (folder / f"{kind}.yaml").write_text(header[kind] + "".join(lines), encoding="utf-8")
    return len(lines)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "cacao"
    made = write(folder, "valid", valid()), write(folder, "invalid", cacao_make_wrong.invalid()), cacao_make_traces.write(folder / "traces")
    print("{} valid, {} invalid, {} traces".format(*made))


if __name__ == "__main__":
    main()
