"""Playbooks with one mistake each, for cacao_make.py: (name, what it shows, playbook, codes)."""
import json


def edited(change):
    import cacao_make as make
    out = make.playbook()
    change(out, next(s for s in out["workflow"].values() if s["type"] == "action"))
    return out


def _top(**properties):
    return edited(lambda p, a: p.update(properties))


def _without(name):
    return edited(lambda p, a: p.pop(name))


def _step(**properties):
    return edited(lambda p, a: a.update(properties))


def invalid():
    import cacao_make as m
    one, ends_one = m.branch_end("one")
    two, ends_two = m.branch_end("two")
    gone = m.ident("end", "gone")
    # The document
    yield "not-json", "", '{"type": "playbook",}\n', ["P0001"]
    yield "not-an-object", "", "[]\n", ["P0102", "P0106", "P0107", "P0101", "P0101 warning"]
    text = json.dumps(m.playbook(), indent=1)
    yield "key-twice", "two readers, two playbooks", text.replace('"name": "Example"', '"name": "A", "name": "B"') + "\n", ["P0002"]
    yield "too-deep", "", "[" * 80 + "]" * 80 + "\n", ["P0003"]
    # The playbook
    yield "no-type", "", _without("type"), ["P0107"]
    yield "spec-version", "", _top(spec_version="1.1"), ["P0106"]
    yield "no-name", "", _without("name"), ["P0101 warning"]
    yield "no-modified", "", _without("modified"), ["P0101 warning"]
    yield "no-workflow", "", edited(lambda p, a: p.pop("workflow")), ["P0101"]
    yield "workflow-list", "", _top(workflow=[]), ["P0101", "P0102"]
    yield "no-workflow-start", "", _without("workflow_start"), ["P0101"]
    yield "revoked-text", "", _top(revoked="false"), ["P0102"]
    yield "priority", "", _top(priority=101), ["P0105 warning"]
    yield "impact", "", _top(impact=-1), ["P0105 warning"]
    yield "severity-text", "", _top(severity="50"), ["P0102"]
    yield "unknown-property", "", _top(colour="red"), ["P0103 warning"]
    yield "empty-labels", "", _top(labels=[]), ["P0104 warning"]
    yield "empty-targets", "", _top(target_definitions={}), ["P0104 warning"]
    yield "time-offset", "Z alone", _top(created="2026-01-01T00:00:00.000+07:00"), ["P0113 warning"]
    yield "time-microseconds", "", _top(modified="2026-01-01T00:00:00.000000Z"), ["P0113 warning"]
    yield "time-no-day", "there is no 30 February", _top(valid_from="2026-02-30T00:00:00Z"), ["P0113 warning"]
    yield "modified-first", "", _top(modified="2025-01-01T00:00:00.000Z"), ["P0114 warning"]
    yield "until-before-from", "", _top(valid_from="2026-02-01T00:00:00Z", valid_until="2026-01-01T00:00:00Z"), ["P0115 warning"]
    yield "types-alone", "", _top(playbook_types=["attack"]), ["P0116 warning"]
    yield "type-word", "", _top(playbook_types=["cooking"], playbook_activities=["scan-system"]), ["P0117 warning"]
    yield "summary", "says what is not so", _top(playbook_processing_summary={"while_logic": True}), ["P0118 warning"]
    sector = m.agent("sector", sector="energy")
    yield "sector-not-listed", "", sector, ["P0119 warning"]
    yield "reference-not-listed", "", _step(external_references=[{"name": "Manual"}]), ["P0120 warning"]
    yield "derived-from", "from no playbook", _top(derived_from=[m.ident("report", "")]), ["P0110 warning"]
    yield "creator", "no identity", _top(created_by=m.ident("individual", "")), ["P0110 warning"]
    # Identifiers
    yield "id-malformed", "", _top(id="playbook-1"), ["P0110 warning"]
    yield "id-of-another-type", "", _top(id=m.ident("identity", "x")), ["P0207"]
    yield "step-of-another-type", "", m.playbook({("parallel", "look"): m.action()}), ["P0207"]
    stranger = m.ident("robot", "it")
    yield "agent-of-another-type", "neither is known", m.playbook(agent_definitions={stranger: {"type": "android", "name": "It"}}), ["P0207 warning"]
    old = m.playbook()
    key = next(k for k in old["workflow"] if k.startswith("action"))
    new = "action--3f1c9a52-7d0e-1b6a-8c1f-00000000000a"
    yield "step-version-1", "", json.loads(json.dumps(old).replace(key, new)), ["P0111 warning"]
    same = m.playbook(agent_definitions={"group" + m.ANN[len("individual"):]: {"type": "group", "name": "G"}})
    yield "uuid-twice", "", same, ["P0112 warning"]
    # Steps and paths
    yield "step-type", "", _step(type="acting"), ["P0201", "P0203", "P0210 warning", "P0213 warning"]
    start = m.playbook()
    start["workflow"].pop(m.ident("start", ""))
    start["workflow_start"] = m.ident("action", "look")
    yield "no-start", "", start, ["P0202"]
    twice = m.playbook({("action", "look"): m.action(), ("start", "second"): {"type": "start", "on_completion": m.END}})
    yield "two-starts", "", twice, ["P0202", "P0210 warning"]
    yield "back-to-start", "", m.playbook({("action", "look"): m.action(m.ident("start", ""))}), ["P0202", "P0208", "P0210 warning"]
    yield "dangling", "", m.playbook({("action", "look"): m.action(gone)}), ["P0203", "P0210 warning"]
    yield "dangling-failure", "", m.playbook({("action", "look"): m.action({"on_success": m.END, "on_failure": gone})}), ["P0203"]
    yield "dangling-handler", "", _top(workflow_exception=gone), ["P0203"]
    yield "completion-and-success", "", _step(on_success=m.END), ["P0204"]
    yield "completion-and-failure", "", _step(on_failure=m.END), ["P0204"]
    yield "no-next", "", m.playbook({("action", "look"): m.action({})}), ["P0205", "P0210 warning"]
    yield "failure-alone", "", m.playbook({("action", "look"): m.action({"on_failure": m.END})}), ["P0205"]
    ending = m.playbook()
    ending["workflow"][m.END]["on_completion"] = m.ident("action", "look")
    yield "end-goes-on", "", ending, ["P0206", "P0208"]
    failing = m.playbook()
    failing["workflow"][m.ident("start", "")]["on_failure"] = m.END
    yield "start-fails", "", failing, ["P0204", "P0206"]
    yield "loop", "", m.playbook({("action", "a"): m.action(m.ident("action", "b")), ("action", "b"): m.action(m.ident("action", "a"))}), ["P0208", "P0210 warning"]
    fork = {"condition": "__it__:value = 'a'", "on_true": m.ident("action", "in")}
    yield "loop-through-branch", "", m.branching("if-condition", {("action", "in"): m.action(m.ident("if-condition", "fork"))}, **fork), ["P0209"]
    yield "jump-out", "of a branch", m.playbook({("if-condition", "fork"): {"type": "if-condition", "on_completion": m.ident("action", "after"), **fork}, ("action", "in"): m.action(m.ident("action", "after")), ("action", "after"): m.action()}, playbook_variables={"__it__": {"type": "string", "value": "a"}}), ["P0209"]
    yield "unreachable", "", m.playbook({("action", "look"): m.action(), ("action", "other"): m.action()}), ["P0210 warning"]
    yield "one-branch", "", m.branching("parallel", ends_one, next_steps=[one]), ["P0211 warning"]
    yield "no-branch", "", m.branching("parallel", {}, next_steps=[]), ["P0211", "P0104 warning"]
    yield "no-condition", "", m.branching("if-condition", ends_one, on_true=one), ["P0212"]
    yield "no-on-true", "", m.branching("while-condition", {}, condition="__it__:value = 'a'"), ["P0212"]
    yield "no-cases", "", m.branching("switch-condition", {}, switch="__it__:value", cases={}), ["P0212 warning"]
    yield "no-agent", "", edited(lambda p, a: a.pop("agent")), ["P0212"]
    yield "no-playbook-id", "", m.playbook({("playbook-action", "p"): {"type": "playbook-action", "on_completion": m.END}}), ["P0212"]
    yield "shared-end", "of two branches", m.branching("if-condition", ends_one, condition="__it__:value = 'a'", on_true=one, on_false=one), ["P0215 warning"]
    yield "no-action", "", m.playbook({("if-condition", "f"): {"type": "if-condition", "condition": "__a__:value = 1", "on_true": one, "on_completion": m.END}, **ends_one}, playbook_variables={"__a__": {"type": "integer", "value": "1"}}), ["P0213 warning"]
    yield "negative-timeout", "", _step(timeout=-1), ["P0105 warning"]
    yield "negative-delay", "", _step(delay=-1), ["P0105 warning"]
    # Variables and conditions
    yield "variable-name", "", m.playbook(playbook_variables={"bad": {"type": "string"}}), ["P0301"]
    yield "variable-digit", "a letter first", m.playbook(playbook_variables={"__1a__": {"type": "string"}}), ["P0301"]
    for kind, value in (("bool", "yes"), ("integer", "1.5"), ("long", "99999999999999999999"), ("float", "one"), ("ipv4-addr", "999.1.1.1"),
                        ("ipv6-addr", "192.0.2.1"), ("mac-addr", "00:11:22"), ("md5-hash", "ab"), ("sha256-hash", "zz" * 32),
                        ("hexstring", "abc"), ("uuid", "1-2-3"), ("uri", "no uri"), ("dictionary", "{")):
        yield f"value-{kind}", f"not of type {kind}", m.variable(kind, value), ["P0302"]
    yield "value-number", "numbers are written as text", m.variable("integer", 5), ["P0102"]
    yield "value-type", "", m.variable("colour", "red"), ["P0304 warning"]
    yield "undeclared", "", m.command(type="manual", command="see __other__:value"), ["P0303"]
    yield "undeclared-in-header", "", m.command(type="http-api", command="GET / HTTP/1.1", headers={"A": ["__other__:value"]}), ["P0303"]
    yield "constant-written", "", m.playbook({("action", "look"): m.action(out_args=["__k__"])}, playbook_variables={"__k__": {"type": "string", "value": "x", "constant": True}}), ["P0306"]
    yield "external-in-step", "", _step(step_variables={"__s__": {"type": "string", "external": True}}), ["P0307 warning"]
    yield "argument-undeclared", "", _step(in_args=["__other__"]), ["P0309"]
    yield "constant-empty", "", m.variable("string", None, constant=True), ["P0310 warning"]
    for name, text in (("operator", "__it__:value ~ 'a'"), ("bracket", "(__it__:value = 'a'"), ("regex", "__it__:value MATCHES '('"),
                       ("lookaround", "__it__:value MATCHES '(?=a)'"), ("quote", "__it__:value = 'a"), ("rest", "__it__:value = 'a' 'b'")):
        yield f"condition-{name}", "", m.branching("if-condition", ends_one, condition=text, on_true=one), ["P0401"]
    yield "condition-undeclared", "", m.branching("if-condition", ends_one, condition="__other__:value = 'a'", on_true=one), ["P0303"]
    # Commands
    yield "command-empty", "", m.command(type="manual"), ["P0501"]
    yield "command-untyped", "", m.command(command="x"), ["P0101"]
    yield "base64-broken", "", m.command(type="bash", command_b64="a!b="), ["P0503"]
    yield "http-line", "", m.command(type="http-api", command="https://example.org/"), ["P0504 warning"]
    yield "openc2-get", "", m.command(type="openc2-http", command="GET / HTTP/1.1"), ["P0504 warning"]
    yield "action-unknown", "ours, but there is none of that name", m.command(type="tocsin", command_b64=m.b64('{"action":"make.coffee"}')), ["P0505"]
    yield "yara-plain", "", m.command(type="yara", command="rule a { condition: true }"), ["P0506"]
    yield "yara-no-process", "process:PID is a number", edited(lambda p, a: (p.update(playbook_variables={"__it__": {"type": "string", "value": "process:nginx"}}), a.update(commands=[{"type": "yara", "command_b64": m.b64("rule a { condition: true }")}], in_args=["__it__"]))), ["P0511"]
    yield "memory-for-nobody", "a yara command asks for it by itself", m.command(type="tocsin", command_b64=m.b64('{"action":"process.lend_memory","parameters":{"pid":"812"}}')), ["P0505"]
    yield "no-commands", "", _step(commands=[]), ["P0507"]
    yield "activity-not-listed", "", m.command(type="manual", command="x", playbook_activity="scan-system"), ["P0508 warning"]
    # Agents, targets, credentials
    yield "agent-undefined", "", _step(agent=m.ident("group", "x")), ["P0601"]
    yield "target-undefined", "", _step(targets=[m.ident("group", "x")]), ["P0602 warning"]
    yield "agent-unnamed", "", m.playbook(agent_definitions={m.ident("group", "x"): {"type": "group"}}), ["P0101 warning"]
    yield "agent-untyped", "", m.playbook(agent_definitions={m.ident("group", "x"): {"name": "x"}}), ["P0101"]
    yield "address-octet", "", m.agent("net-address", address={"ipv4": ["999.1.1.1"]}), ["P0604"]
    yield "address-kind", "", m.agent("net-address", address={"ipx": ["a"]}), ["P0604 warning"]
    yield "address-vlan", "", m.agent("net-address", address={"vlan": ["5000"]}), ["P0604 warning"]
    yield "address-missing", "", m.agent("ssh"), ["P0605 warning"]
    yield "category-missing", "", m.agent("security-category"), ["P0605 warning"]
    yield "port", "", m.agent("ssh", address={"dname": ["a"]}, port="ssh"), ["P0611 warning"]
    yield "region", "", m.agent("location", location={"region": "atlantis"}), ["P0612 warning"]
    lost = m.agent("ssh", address={"dname": ["a"]}, authentication_info=m.ident("user-auth", "x"))
    yield "auth-undefined", "", lost, ["P0607 warning"]
    yield "kms-without-key", "", m.auth("user-auth", username="a", kms=True), ["P0608 warning"]
    yield "kms-key-without-kms", "", m.auth("user-auth", username="a", kms_key_identifier="k"), ["P0608 warning"]
    yield "kms-and-secret", "", m.auth("user-auth", username="a", password="p", kms=True, kms_key_identifier="k"), ["P0609 warning"]
    # Markings, extensions, signatures
    yield "marking-undefined", "", _top(markings=[m.ident("marking-statement", "x")]), ["P0701 warning"]
    white = m.marked("TLP:CLEAR")
    white["data_marking_definitions"][white["markings"][0]]["tlpv2_level"] = "TLP:WHITE"
    yield "tlp-white", "of version 1", white, ["P0702 warning"]
    wrong = json.loads(json.dumps(m.marked("TLP:RED")).replace(m.MARK["TLP:RED"], m.MARK["TLP:GREEN"]))
    yield "tlp-unofficial", "red under another's id", wrong, ["P0703 warning"]
    bare = m.marked("TLP:RED")
    bare["data_marking_definitions"][bare["markings"][0]].pop("created")
    yield "marking-incomplete", "", bare, ["P0705 warning"]
    extension = m.ident("extension-definition", "x")
    yield "extension-undefined", "", _top(playbook_extensions={extension: {}}), ["P0704 warning"]
    yield "extension-incomplete", "", _top(extension_definitions={extension: {"type": "extension-definition", "name": "x"}}), ["P0706 warning"]
    sign = {"type": "jss", "id": m.ident("jss", ""), "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
            "signee": "Ann", "related_to": m.ident("playbook", ""), "related_version": "2026-01-01T00:00:00.000Z",
            "hash_algorithm": "sha-256", "algorithm": "Ed25519", "public_key": "AA==", "value": "AA"}
    yield "signature-two-keys", "", _top(signatures=[{**sign, "thumbprint": "x"}]), ["P0710 warning"]
    yield "signature-incomplete", "", _top(signatures=[{k: v for k, v in sign.items() if k != "value"}]), ["P0711 warning"]
    yield "signature-of-another", "", _top(signatures=[{**sign, "related_to": m.ident("playbook", "x")}]), ["P0712 warning"]
    yield "signature-of-another-version", "", _top(signatures=[{**sign, "related_version": "2025-01-01T00:00:00.000Z"}]), ["P0712 warning"]
