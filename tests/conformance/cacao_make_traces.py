"""Playbooks with a fixture, for cacao_make.py: what people and actions answer, so that the trace shows one thing."""
import json


def _flow(*named, **more):
    """Steps by name, in order; each goes on to the next one named here unless it says otherwise."""
    import cacao_make as m
    return m.playbook(dict(named), **more)


def _text(value="0", kind="string", **more):
    return {"type": kind, "value": value, **more}


def traces():
    import cacao_make as m

    def do(name, then=None, **more):
        """An action called `name`, and what comes after it."""
        return (("action", name), m.action(then or m.END, name=name, **more))

    def at(kind, name):
        return m.ident(kind, name)

    def end(name):
        return (("end", name), {"type": "end"})

    def step(kind, name, then=None, **more):
        ways = {"on_completion": then or m.END} if not isinstance(then, dict) else then
        return ((kind, name), {"type": kind, "name": name, **more, **ways})

    failing = {"on_success": m.END, "on_failure": at("action", "mend")}
    shared = {"playbook_variables": {"__n__": _text("0", "integer"), "__word__": _text("a"), "__other__": _text("x")}}

    yield "sequence-with-delay", _flow(do("one", at("action", "two")), do("two", delay=90000)), {}
    yield "failure-taken", _flow(do("try", failing), do("mend")), {"answers": {"try": ["failed"]}}
    yield "failure-untaken", _flow(do("try")), {"answers": {"try": ["failed"]}}
    yield "failure-to-handler", _flow(do("try"), do("tell", at("end", "told")), end("told"), workflow_exception=at("action", "tell")), {"answers": {"try": ["failed"]}}
    yield "failure-of-handler", _flow(do("try"), do("tell", at("end", "told")), end("told"), workflow_exception=at("action", "tell")), {"answers": {"try": ["failed"], "tell": ["failed"]}}
    inside = [do("inside", at("end", "in")), end("in"), do("mend")]
    yield "failure-out-of-branch", _flow(step("if-condition", "fork", failing, condition="__word__:value = 'a'", on_true=at("action", "inside")), *inside, **shared), {"answers": {"inside": ["failed"]}}
    yield "if-true", _flow(step("if-condition", "fork", condition="__word__:value = 'a'", on_true=at("end", "yes"), on_false=at("end", "no")), end("yes"), end("no"), **shared), {}
    yield "if-false", _flow(step("if-condition", "fork", condition="__word__:value = 'b'", on_true=at("end", "yes"), on_false=at("action", "no")), end("yes"), do("no", at("end", "n")), end("n"), **shared), {}
    yield "if-nothing", _flow(step("if-condition", "fork", condition="__word__:value = 'b'", on_true=at("end", "yes")), end("yes"), **shared), {}
    counting = [step("while-condition", "again", condition="__n__:value < 3", on_true=at("action", "count")), do("count", at("end", "in"), out_args=["__n__"]), end("in")]
    yield "while-counted", _flow(*counting, **shared), {"answers": {"count": [{"set": {"__n__": "1"}}, {"set": {"__n__": "2"}}, {"set": {"__n__": "3"}}]}}
    yield "while-never", _flow(*counting, playbook_variables={"__n__": _text("7", "integer")}), {}
    yield "while-capped", _flow(*counting, **shared), {"rounds": 3}
    fork = step("switch-condition", "which", switch="__word__:value", cases={"a": at("action", "first"), "default": at("action", "rest")})
    branches = [do("first", at("end", "f")), end("f"), do("rest", at("end", "r")), end("r")]
    yield "switch-case", _flow(fork, *branches, **shared), {}
    yield "switch-default", _flow(fork, *branches, playbook_variables={"__word__": _text("z")}), {}
    yield "switch-none", _flow(step("switch-condition", "which", switch="__word__:value", cases={"b": at("end", "f")}), end("f"), **shared), {}
    both = step("parallel", "both", next_steps=[at("action", "left"), at("action", "right")])
    sides = [do("left", at("end", "l")), end("l"), do("right", at("end", "r"), delay=30000), end("r")]
    yield "parallel-join", _flow(both, *sides), {}
    yield "parallel-one-fails", _flow(step("parallel", "both", failing, next_steps=[at("action", "left"), at("action", "right")]), *sides, do("mend")), {"answers": {"left": ["failed"]}}
    yield "parallel-all-fail", _flow(both, *sides), {"answers": {"left": ["failed"], "right": ["failed"]}}
    yield "parallel-in-parallel", _flow(step("parallel", "outer", next_steps=[at("parallel", "inner"), at("action", "c")]), step("parallel", "inner", at("end", "i"), next_steps=[at("action", "a"), at("action", "b")]), do("a", at("end", "a"), delay=20000), end("a"), do("b", at("end", "b"), delay=10000), end("b"), end("i"), do("c", at("end", "c")), end("c")), {}
    yield "switch-in-while-in-parallel", _flow(
        step("parallel", "both", next_steps=[at("while-condition", "again"), at("action", "beside")]),
        step("while-condition", "again", at("end", "w"), condition="__n__:value < 2", on_true=at("switch-condition", "which")), end("w"),
        step("switch-condition", "which", at("end", "s"), switch="__n__:value", cases={"0": at("action", "zero"), "1": at("action", "one")}), end("s"),
        do("zero", at("end", "z"), out_args=["__n__"]), end("z"), do("one", at("end", "o"), out_args=["__n__"]), end("o"),
        do("beside", at("end", "b")), end("b"), **shared), {"answers": {"zero": [{"set": {"__n__": "1"}}], "one": [{"set": {"__n__": "2"}}]}}
    yield "timeout-taken", _flow(do("ask", {"on_success": m.END, "on_failure": at("if-condition", "late")}, timeout=60000), step("if-condition", "late", condition=f"__ACTION_TIMEOUT__:value = '{at('action', 'ask')}'", on_true=at("action", "remind")), do("remind", at("end", "r")), end("r")), {"answers": {"ask": ["never"]}}
    yield "timeout-of-owner", _flow(step("if-condition", "fork", failing, timeout=60000, condition="__word__:value = 'a'", on_true=at("action", "inside")), *inside, **shared), {"answers": {"inside": ["never"]}}
    yield "timeout-in-parallel", _flow(step("parallel", "both", failing, next_steps=[at("action", "left"), at("action", "right")]), do("left", at("end", "l"), timeout=5000), end("l"), do("right", at("end", "r"), delay=30000), end("r"), do("mend")), {"answers": {"left": ["never"]}}
    yield "timeout-after-delay", _flow(do("ask", failing, delay=10000, timeout=5000), do("mend")), {"answers": {"ask": ["never"]}}
    yield "two-commands-second-fails", _flow(do("try", failing, commands=[m.manual("first"), m.manual("second"), m.manual("third")]), do("mend")), {"answers": {"try": ["done", "failed"]}}
    yield "answer-outside-out-args", _flow(do("ask", failing), do("mend"), **shared), {"answers": {"ask": [{"set": {"__n__": "5"}}]}}
    yield "answer-of-another-type", _flow(do("ask", failing, out_args=["__n__"]), do("mend"), **shared), {"answers": {"ask": [{"set": {"__n__": "five"}}]}}
    yield "step-variable-hides", _flow(do("ask", at("if-condition", "fork"), out_args=["__word__"], step_variables={"__word__": _text("mine")}), step("if-condition", "fork", condition="__word__:value = 'a'", on_true=at("action", "unchanged")), do("unchanged", at("end", "u")), end("u"), **shared), {"answers": {"ask": [{"set": {"__word__": "changed"}}]}}
    yield "unknown-value-is-false", _flow(step("if-condition", "fork", condition="__void__:value = 1 OR NOT EXISTS __void__:value", on_true=at("action", "void")), do("void", at("end", "v")), end("v"), playbook_variables={"__void__": {"type": "integer"}}), {}
    yield "external-input", _flow(do("see", commands=[m.manual("from __who__:value")]), playbook_variables={"__who__": {"type": "ipv4-addr", "external": True}}), {"inputs": {"__who__": "192.0.2.9", "__nobody__": "x"}}
    hostile = "'; rm -rf / #$(id)`id` __other__:value \u001b[31m\n<b>&"
    yield "hostile-value-inert", _flow(do("see", at("if-condition", "fork"), commands=[m.manual("say __word__:value and __other__:value")]), step("if-condition", "fork", condition="__word__:value = 'a' OR __word__:value LIKE '%__other__:value%'", on_true=at("action", "as text")), do("as text", at("end", "t")), end("t"), playbook_variables={"__word__": {"type": "string", "external": True}, "__other__": _text("secret")}), {"inputs": {"__word__": hostile}}
    called = m.playbook({("action", "inner"): m.action(name="inner", commands=[m.manual("look at __ip__:value")], out_args=["__found__"])}, playbook_variables={"__ip__": {"type": "ipv4-addr", "external": True}, "__found__": _text("")})
    called.update(id=m.ident("playbook", "called"), name="Called")
    newer = {**called, "modified": "2026-02-01T00:00:00.000Z", "name": "Called, newer"}
    variables = {"playbook_variables": {"__ip__": _text("192.0.2.5", "ipv4-addr"), "__found__": _text(""), "__secret__": _text("s")}}
    call = {"playbook_id": called["id"], "in_args": ["__ip__"], "out_args": ["__found__"]}
    after = [step("if-condition", "found", condition="__found__:value = 'yes'", on_true=at("action", "act")), do("act", at("end", "a")), end("a")]
    answers = {"answers": {"inner": [{"set": {"__found__": "yes"}}]}, "playbooks": ["called.json", "newer.json"]}
    both_files = {"called.json": called, "newer.json": newer}
    yield "playbook-action-latest", _flow(step("playbook-action", "other", at("if-condition", "found"), **call), *after, **variables), answers, both_files
    yield "playbook-action-version", _flow(step("playbook-action", "other", at("if-condition", "found"), playbook_version=called["modified"], **call), *after, **variables), answers, both_files
    yield "playbook-action-unknown-version", _flow(step("playbook-action", "other", failing, playbook_version="2025-01-01T00:00:00.000Z", **call), do("mend"), **variables), answers, both_files
    forking = m.playbook({("if-condition", "which"): {"type": "if-condition", "name": "which", "condition": "__ip__:value ISSUBSET '192.0.2.0/24'", "on_true": at("action", "near"), "on_completion": m.END}, ("action", "near"): m.action(at("end", "near"), name="near", delay=10000), ("end", "near"): {"type": "end"}}, playbook_variables={"__ip__": {"type": "ipv4-addr", "external": True}})
    forking.update(id=called["id"], name="Called twice")
    yield "playbook-action-twice-at-once", _flow(step("parallel", "both", next_steps=[at("playbook-action", "left"), at("playbook-action", "right")]), step("playbook-action", "left", at("end", "l"), **call), end("l"), step("playbook-action", "right", at("end", "r"), playbook_id=called["id"]), end("r"), **variables), {"playbooks": ["called.json"]}, {"called.json": forking}
    numbered = _flow(step("playbook-action", "other", failing, **call), do("mend"), playbook_variables={"__ip__": _text("192.0.2.5", "ipv4-addr"), "__found__": _text("0", "integer")})
    yield "playbook-action-of-another-type", numbered, answers, both_files
    yield "playbook-action-fails", _flow(step("playbook-action", "other", failing, **call), do("mend"), **variables), {**answers, "answers": {"inner": ["failed"]}}, both_files


def write(folder):
    count = 0
    for name, playbook, fixture, *others in traces():
        (folder / name).mkdir(parents=True, exist_ok=True)
        files = {"playbook.json": playbook, "fixture.json": fixture, **(others[0] if others else {})}
        for file, content in files.items():
            (folder / name / file).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        count += 1
    return count
