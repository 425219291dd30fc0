"""One-line edits of a clean playbook that tell a validator from the published schemas: what those accept and must not, and
what they refuse and must not."""
import copy

UUIDS = [f"3f1c9a52-7d0e-4b6a-8c1f-0000000000{n:02x}" for n in range(32)]


class Edit:
    """A copy to change: its first action that goes on by on_completion, with the parts that probes bend."""

    def __init__(self, base):
        self.playbook = copy.deepcopy(base)
        self.playbook.pop("playbook_processing_summary", None)  # a summary would have to follow each edit
        self.flow = self.playbook["workflow"]
        self.key = next(i for i, s in self.flow.items() if s["type"] == "action" and "on_completion" in s)
        self.action = self.flow[self.key]
        self.start = self.flow[self.playbook["workflow_start"]]
        self.end = next(i for i, s in self.flow.items() if s["type"] == "end")

    def before_action(self, kind, number, **properties):
        """A step of its own between whatever leads to the action and the action."""
        name = f"{kind}--{UUIDS[number]}"
        old = self.key
        for step in self.flow.values():
            for n in ("on_completion", "on_success", "on_failure"):
                if step.get(n) == old:
                    step[n] = name
        self.flow[name] = {"type": kind, **properties, "on_completion": old}
        return name

    def own_end(self, number):
        name = f"end--{UUIDS[number]}"
        self.flow[name] = {"type": "end"}
        return name

    def variable(self, name, **properties):
        self.playbook.setdefault("playbook_variables", {})[name] = properties

    def agent(self, number, kind, **properties):
        self.playbook.setdefault("agent_definitions", {})[f"{kind}--{UUIDS[number]}"] = {
            "type": kind, "name": "probe", **properties}


def _rename_step(e, new):
    old = e.key
    text = e.flow.pop(old)
    e.flow[new] = text
    for step in e.flow.values():
        for n in ("on_completion", "on_success", "on_failure", "on_true", "on_false"):
            if step.get(n) == old:
                step[n] = new


def _no_start(e):
    e.flow.pop(e.playbook["workflow_start"])
    e.playbook["workflow_start"] = e.key


def _switch(e, cases):
    e.variable("__probe__", type="string", value="a")
    e.before_action("switch-condition", 1, switch="__probe__:value", cases=cases)


def _called(e):
    name = f"playbook-action--{UUIDS[3]}"
    e.flow[name] = {"type": "playbook-action", "playbook_id": f"playbook--{UUIDS[4]}", "on_completion": e.own_end(5)}
    _switch(e, {"a": name})


def _tlp(e):
    name = f"marking-tlp--{UUIDS[6]}"
    e.playbook.setdefault("data_marking_definitions", {})[name] = {
        "type": "marking-tlp", "id": name, "created_by": e.playbook["created_by"], "created": e.playbook["created"],
        "tlpv2_level": "TLP:WHITE"}
    e.playbook.setdefault("markings", []).append(name)


def _oauth(e):
    e.playbook.setdefault("authentication_info_definitions", {})[f"oauth2--{UUIDS[7]}"] = {
        "type": "oauth2", "oauth_header": "Authorization", "kms": True, "kms_key_identifier": "key-1"}


REFUSED = {
    "on_completion with on_success": ("P0204", lambda e: e.action.update(on_success=e.end)),
    "on_completion with on_failure": ("P0204", lambda e: e.action.update(on_failure=e.end)),
    "action without next step": ("P0205", lambda e: e.action.pop("on_completion")),
    "negative timeout": ("P0105", lambda e: e.action.update(timeout=-1)),
    "manual without command": ("P0501", lambda e: e.action.update(commands=[{"type": "manual"}])),
    "yara without command_b64": ("P0506", lambda e: e.action.update(commands=[{"type": "yara", "command": "rule a { condition: true }"}])),
    "dangling on_completion": ("P0203", lambda e: e.action.update(on_completion=f"end--{UUIDS[8]}")),
    "undefined agent": ("P0601", lambda e: e.action.update(agent=f"individual--{UUIDS[9]}")),
    "unknown property": ("P0103", lambda e: e.playbook.update(colour="red")),
    "workflow without start": ("P0202", _no_start),
    "modified before created": ("P0114", lambda e: e.playbook.update(created="2024-01-01T00:00:00.000Z", modified="2023-01-01T00:00:00.000Z")),
    "created without milliseconds": ("P0113", lambda e: e.playbook.update(created="2023-01-01T00:00:00Z")),
    "variable named bad": ("P0301", lambda e: e.variable("bad", type="string", value="")),
    "step id of version 1": ("P0111", lambda e: _rename_step(e, "action--3f1c9a52-7d0e-1b6a-8c1f-00000000000a")),
    "empty cases": ("P0212", lambda e: _switch(e, {})),
    "start with on_success": ("P0206", lambda e: e.start.update(on_success=e.start.pop("on_completion"))),
    "end with on_completion": ("P0206", lambda e: e.flow[e.end].update(on_completion=e.end)),
    "spec_version 1.1": ("P0106", lambda e: e.playbook.update(spec_version="1.1")),
    "missing modified": ("P0101", lambda e: e.playbook.pop("modified")),
    "priority 101": ("P0105", lambda e: e.playbook.update(priority=101)),
    "numeric value": ("P0102", lambda e: e.variable("__probe__", type="integer", value=5)),
    "address 999.1.1.1": ("P0604", lambda e: e.agent(10, "net-address", address={"ipv4": ["999.1.1.1"]})),
    "parallel with one branch": ("P0211", lambda e: e.before_action("parallel", 11, next_steps=[e.own_end(12)])),
    "revoked as text": ("P0102", lambda e: e.playbook.update(revoked="false")),
    "TLP:WHITE": ("P0702", _tlp),
}
ACCEPTED = {
    "as it is": lambda e: None,
    "delay 0": lambda e: e.action.update(delay=0),
    "dictionary value": lambda e: e.variable("__probe__", type="dictionary", value={"a": "b"}),
    "ipv4 variable in address": lambda e: (e.variable("__probe__", type="ipv4-addr", value="192.0.2.1"),
                                           e.agent(13, "net-address", address={"ipv4": ["__probe__:value"]})),
    "url variable in address": lambda e: (e.variable("__u__", type="uri", value="https://example.org/"),
                                          e.agent(14, "http-api", address={"url": ["__u__:value"]})),
    "url of localhost": lambda e: e.agent(15, "http-api", address={"url": ["http://localhost:8080/"]}),
    "oauth2 with kms and no token": _oauth,
    "ipv4 literal": lambda e: e.agent(16, "net-address", address={"ipv4": ["192.0.2.7"]}),
    "dname": lambda e: e.agent(17, "net-address", address={"dname": ["host.example.org"]}),
    "case to end": lambda e: _switch(e, {"a": e.own_end(18)}),
    "case to playbook-action": _called,
    "custom agent type": lambda e: e.agent(19, "robot"),
}


def probes(base):
    """(name, playbook, code it is refused with or None)"""
    try:
        Edit(base)
    except (KeyError, StopIteration):
        return
    for name, (code, change) in REFUSED.items():
        edit = Edit(base)
        change(edit)
        yield name, edit.playbook, code
    for name, change in ACCEPTED.items():
        edit = Edit(base)
        change(edit)
        yield name, edit.playbook, None
