"""What a CACAO 2.0 playbook looks like, asked property by property and without Tocsin: each function says whether a
playbook has one trait. cacao_expected.yaml says which diagnostic code a trait must give, and why.
"""
import base64
import re
from datetime import datetime

STEPS = {"start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"}
AGENTS = {"group", "individual", "location", "organization", "sector", "http-api", "linux", "net-address", "security-category",
          "ssh"}
KNOWN = STEPS | AGENTS | {"playbook", "extension-definition", "http-basic", "oauth2", "user-auth", "marking-iep",
                          "marking-statement", "marking-tlp"}
TYPES = {"attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation"}
TOP = {"type", "spec_version", "id", "name", "description", "playbook_types", "playbook_activities", "playbook_processing_summary",
       "created_by", "created", "modified", "revoked", "valid_from", "valid_until", "derived_from", "related_to", "priority",
       "severity", "impact", "industry_sectors", "labels", "external_references", "markings", "playbook_variables",
       "workflow_start", "workflow_exception", "workflow", "playbook_extensions", "authentication_info_definitions",
       "agent_definitions", "target_definitions", "extension_definitions", "data_marking_definitions", "signatures"}
COMMON = {"type", "name", "description", "external_references", "delay", "timeout", "step_variables", "owner", "on_completion",
          "on_success", "on_failure", "step_extensions"}
EXTRA = {"action": {"commands", "agent", "targets", "in_args", "out_args"},
         "playbook-action": {"playbook_id", "playbook_version", "in_args", "out_args"}, "parallel": {"next_steps"},
         "if-condition": {"condition", "on_true", "on_false"}, "while-condition": {"condition", "on_true"},
         "switch-condition": {"switch", "cases"}}
BASE64_ONLY = {"sigma", "yara", "kestrel", "jupyter", "elastic"}
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([0-9a-fA-F])[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
USE = re.compile(r"(__[A-Za-z][A-Za-z0-9_-]*__):value")
NEXT = ("on_completion", "on_success", "on_failure")


def dicts(playbook, name):
    found = playbook.get(name)
    return found if isinstance(found, dict) else {}


def steps(playbook):
    return {i: s for i, s in dicts(playbook, "workflow").items() if isinstance(s, dict) and s.get("type") in STEPS}


def commands(playbook):
    return [c for s in steps(playbook).values() for c in s.get("commands", []) if isinstance(c, dict)]


def agents(playbook):
    return {**dicts(playbook, "target_definitions"), **dicts(playbook, "agent_definitions")}


def heads(step):
    """First steps of the branches a step owns."""
    cases = step.get("cases")
    return [*step.get("next_steps", []), *(step[n] for n in ("on_true", "on_false") if n in step),
            *(cases.values() if isinstance(cases, dict) else [])]


def nexts(step):
    return [step[n] for n in NEXT if n in step]


def objects(playbook):
    """(id, its object's type) of everything with an identifier in a key."""
    out = [(i, s["type"]) for i, s in steps(playbook).items()]
    for name in ("agent_definitions", "target_definitions", "authentication_info_definitions", "data_marking_definitions"):
        out += [(i, o.get("type", "")) for i, o in dicts(playbook, name).items() if isinstance(o, dict)]
    out += [(i, "extension-definition") for i in dicts(playbook, "extension_definitions")]
    return out


def split_id(text):
    kind, dashes, uuid = text.rpartition("--")
    match = UUID.fullmatch(uuid) if dashes and kind else None
    return (kind, uuid.lower(), int(match[1], 16)) if match else None


def moment(text, digits):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z", text)
    if not match or (digits is not None and len(match[2] or "") != digits):
        return None
    try:
        return datetime.fromisoformat(match[1] + "." + (match[2] or "0")[:6].ljust(6, "0"))
    except ValueError:
        return None


# Traits of the whole

def required_missing(p):
    return any(n not in p for n in ("id", "name", "created_by", "created", "modified"))


def no_workflow(p):
    return not isinstance(p.get("workflow"), dict)


def workflow_of_another_kind(p):
    return "workflow" in p and not isinstance(p["workflow"], dict)


def other_version(p):
    return p.get("spec_version") != "cacao-2.0"


def unknown_property(p):
    return bool(set(p) - TOP) or any(set(s) - COMMON - EXTRA.get(s["type"], set()) for s in steps(p).values())


def empty_list(p):
    return any(v == [] for v in p.values())


def time_without_milliseconds(p):
    return any(n in p and moment(p[n], 3) is None for n in ("created", "modified"))


def valid_times_unreadable(p):
    return any(n in p and moment(p[n], None) is None for n in ("valid_from", "valid_until"))


def modified_before_created(p):
    return all(n in p for n in ("created", "modified")) and p["modified"] < p["created"]


def types_without_activities(p):
    return any(t in TYPES for t in p.get("playbook_types", [])) and not p.get("playbook_activities")


def number_out_of_range(p):
    def out(value, most):
        return isinstance(value, int) and not 0 <= value <= most
    return any(out(p.get(n), 100) for n in ("priority", "severity", "impact")) or any(
        out(s.get(n), 366 * 86_400_000) for s in steps(p).values() for n in ("delay", "timeout"))


# Identifiers

def malformed_id(p):
    return any(split_id(i) is None for i, _ in objects(p)) or any(
        n in p and split_id(p[n]) is None for n in ("id", "created_by"))


def _mismatched(p):
    return [(split_id(i)[0], kind) for i, kind in objects(p) if split_id(i) and kind and split_id(i)[0] != kind]


def id_of_another_known_type(p):
    return any(prefix in KNOWN or kind in KNOWN for prefix, kind in _mismatched(p))


def id_of_another_custom_type(p):
    return any(prefix not in KNOWN and kind not in KNOWN for prefix, kind in _mismatched(p))


def step_id_not_version_4(p):
    return any(split_id(i) and split_id(i)[2] != 4 for i in steps(p))


def uuid_of_two_objects(p):
    names = {i for i, _ in objects(p) if split_id(i)}
    return len({split_id(i)[1] for i in names}) < len(names)


# Workflow

def no_start(p):
    flow = steps(p)
    return isinstance(p.get("workflow"), dict) and (
        not any(s["type"] == "start" for s in flow.values()) or flow.get(p.get("workflow_start"), {}).get("type", "start") != "start")


def no_end(p):
    return isinstance(p.get("workflow"), dict) and not any(s["type"] == "end" for s in steps(p).values())


def unknown_step_type(p):
    return any(not isinstance(s, dict) or s.get("type") not in STEPS for s in dicts(p, "workflow").values())


def dangling_step(p):
    flow = steps(p)
    named = [p[n] for n in ("workflow_start", "workflow_exception") if n in p] if isinstance(p.get("workflow"), dict) else []
    return any(i not in flow for i in named) or any(i not in flow for s in flow.values() for i in nexts(s) + heads(s))


def both_ways_on(p):
    return any("on_completion" in s and ("on_success" in s or "on_failure" in s) for s in steps(p).values())


def next_where_none_may_be(p):
    return any((s["type"] == "end" and nexts(s)) or (s["type"] == "start" and ("on_success" in s or "on_failure" in s))
               for s in steps(p).values())


def no_way_on(p):
    return any(s["type"] != "end" and "on_completion" not in s and (s["type"] == "start" or "on_success" not in s)
               for s in steps(p).values())


def _reach(p, firsts):
    flow, seen, todo = steps(p), set(), [f for f in firsts if f]
    while todo:
        at = todo.pop()
        if at in flow and at not in seen:
            seen.add(at)
            todo += nexts(flow[at]) + heads(flow[at])
    return seen


def unreachable_step(p):
    flow = steps(p)
    return p.get("workflow_start") in flow and len(_reach(p, [p["workflow_start"], p.get("workflow_exception")])) < len(flow)


def loop(p):
    flow = steps(p)
    return any(i in _reach(p, nexts(flow[i]) + heads(flow[i])) for i in _reach(p, [p.get("workflow_start")]))


def end_of_several_branches(p):
    """An end step that is met both in a branch and outside of it, or in two branches."""
    flow, owner = steps(p), {}

    def walk(region, first):
        todo, seen, shared = [first], set(), False
        while todo:
            at = todo.pop()
            if at not in flow or at in seen:
                continue
            seen.add(at)
            if flow[at]["type"] == "end":
                shared |= owner.setdefault(at, region) != region
            todo += nexts(flow[at])
        return shared
    regions = [("", p.get("workflow_start"))] + [(i + str(n), h) for i in sorted(_reach(p, [p.get("workflow_start")]))
                                                 for n, h in enumerate(heads(flow[i]))]
    return any([walk(region, first) for region, first in regions if first])


def one_branch(p):
    return any(s["type"] == "parallel" and len(s.get("next_steps", [])) < 2 for s in steps(p).values())


def step_without_its_property(p):
    needed = {"action": ("agent",), "playbook-action": ("playbook_id",), "if-condition": ("condition", "on_true"),
              "while-condition": ("condition", "on_true"), "switch-condition": ("switch",)}
    return any(n not in s for s in steps(p).values() for n in needed.get(s["type"], ()))


def switch_without_cases(p):
    return any(s["type"] == "switch-condition" and not s.get("cases") for s in steps(p).values())


# Commands

def action_without_commands(p):
    return any(s["type"] == "action" and not s.get("commands") for s in steps(p).values())


def command_without_content(p):
    return any("command" not in c and "command_b64" not in c for c in commands(p))


def payload_not_in_base64(p):
    return any(c.get("type") in BASE64_ONLY and "command" in c and "command_b64" not in c for c in commands(p))


def broken_base64(p):
    def broken(text):
        try:
            base64.b64decode(text, validate=True)
        except ValueError:
            return True
        return False
    return any(n in c and broken(c[n]) for c in commands(p) for n in ("command_b64", "content_b64"))


def no_http_start_line(p):
    return any(c.get("type") in ("http-api", "openc2-http") and "command" in c
               and not re.fullmatch(r"[A-Z]+ \S.* HTTP/\S*", c["command"]) for c in commands(p))


def openc2_not_posted(p):
    return any(c.get("type") == "openc2-http" and re.fullmatch(r"(?!POST )[A-Z]+ \S.* HTTP/\S*", c.get("command", ""))
               for c in commands(p))


def activity_not_listed(p):
    return any("playbook_activity" in c and c["playbook_activity"] not in p.get("playbook_activities", []) for c in commands(p))


# Agents, targets, authentication

def undefined_agent(p):
    return any("agent" in s and s["agent"] not in dicts(p, "agent_definitions") for s in steps(p).values()
               if s["type"] == "action")


def undefined_target(p):
    return any(t not in agents(p) for s in steps(p).values() for t in s.get("targets", []))


def undefined_authentication(p):
    return any("authentication_info" in a and a["authentication_info"] not in dicts(p, "authentication_info_definitions")
               for a in agents(p).values())


def agent_without_its_property(p):
    needed = {"http-api": "address", "ssh": "address", "linux": "address", "net-address": "address", "sector": "sector",
              "security-category": "category"}
    return any(needed.get(a.get("type"), "type") not in a for a in agents(p).values())


def sector_not_listed(p):
    return any("sector" in a and a["sector"] not in p.get("industry_sectors", []) for a in agents(p).values())


def reference_not_listed(p):
    listed = {r.get("name") for r in p.get("external_references", [])}
    used = [r for o in [*steps(p).values(), *commands(p)] for r in o.get("external_references", [])]
    return any("name" in r and r["name"] not in listed for r in used)


def key_store_without_key(p):
    return any(bool(a.get("kms")) != ("kms_key_identifier" in a) for a in dicts(p, "authentication_info_definitions").values())


def key_store_and_secret(p):
    return any(a.get("kms") and ("password" in a or "token" in a) for a in dicts(p, "authentication_info_definitions").values())


def id_of_no_identity_or_playbook(p):
    def wrong(text, kind):
        return split_id(text) is None or (kind and split_id(text)[0] != kind)
    named = [(p[n], "identity") for n in ("created_by",) if n in p]
    named += [(i, "playbook") for i in p.get("derived_from", [])] + [(i, "") for i in p.get("related_to", [])]
    named += [(s[n], kind) for s in steps(p).values() for n, kind in (("owner", "identity"), ("playbook_id", "playbook")) if n in s]
    return any(wrong(text, kind) for text, kind in named)


def incomplete_extension_definition(p):
    return any(not {"type", "name", "created_by", "schema", "version"} <= set(d) for d in dicts(p, "extension_definitions").values())


def incomplete_marking(p):
    return any(not {"type", "id", "created_by", "created"} <= set(d) for d in dicts(p, "data_marking_definitions").values())


def incomplete_signature(p):
    needed = {"type", "id", "created", "modified", "signee", "related_to", "related_version", "hash_algorithm", "algorithm", "value"}
    return any(not needed <= set(s) for s in p.get("signatures", []))


# Variables, markings, extensions

def undeclared_variable(p):
    shared = set(dicts(p, "playbook_variables"))
    for step in steps(p).values():
        texts = [c[n] for c in step.get("commands", []) for n in ("command", "content") if n in c]
        texts += [step[n] for n in ("condition", "switch") if n in step]
        # Variables of the steps around are visible too: only a name that nobody declares is certain.
        known = shared | {v for s in steps(p).values() for v in s.get("step_variables", {})}
        if any(u not in known and not u.isupper() for t in texts for u in USE.findall(t)):
            return True
    return False


def bad_variable_name(p):
    names = [*dicts(p, "playbook_variables"), *(v for s in steps(p).values() for v in s.get("step_variables", {}))]
    return any(not re.fullmatch(r"__[A-Za-z][A-Za-z0-9_-]*__", n) for n in names)


def undefined_marking(p):
    return any(m not in dicts(p, "data_marking_definitions") for m in p.get("markings", []))


def undefined_extension(p):
    used = [*dicts(p, "playbook_extensions"), *(e for s in steps(p).values() for e in s.get("step_extensions", {}))]
    return any(e not in dicts(p, "extension_definitions") for e in used)
