"""Our own cases, which anybody may use: see cacao/README.md."""
import json
from concurrent.futures import ThreadPoolExecutor

import yaml

STEP = "{}--6f2b8d10-5a3c-4e7f-9b21-{:012x}"


def base(flow=None, first=None):
    """start → first → … → end, with one person to do things."""
    action, end = STEP.format("action", 2), STEP.format("end", 3)
    flow = flow or {action: {"type": "action", "name": "Look", "agent": STEP.format("individual", 4), "on_completion": end,
                             "commands": [{"type": "manual", "command": "look"}]}}
    return {"type": "playbook", "spec_version": "cacao-2.0", "id": STEP.format("playbook", 0), "name": "Example",
            "created_by": STEP.format("identity", 5), "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z", "workflow_start": STEP.format("start", 1),
            "workflow": {STEP.format("start", 1): {"type": "start", "on_completion": first or action}, **flow,
                         end: {"type": "end"}},
            "agent_definitions": {STEP.format("individual", 4): {"type": "individual", "name": "Ann"}}}


def condition_step(vector, number, following):
    step = {"type": "if-condition", "name": f"v{number}", "condition": vector["condition"],
            "on_true": STEP.format("end", 0x10000 + number), "on_success": following, "on_failure": following}
    if vector.get("variables"):
        step["step_variables"] = {n: dict(zip(("type", "value"), v)) for n, v in vector["variables"].items()}
    return step


def outcome(step):
    if step["status"] == "failed":
        return "error"
    return {"the condition is true": True, "the condition is false": False}.get(step["note"], step["note"])


def conditions(tocsin, path, scratch):
    vectors = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = [f"{i + 1} {v['condition']}"[:80] for i, v in enumerate(vectors)]
    end = STEP.format("end", 3)
    run = [i for i, v in enumerate(vectors) if v["expect"] != "refused"]
    flow = {}
    for place, i in enumerate(run):
        following = STEP.format("if-condition", 0x1000 + run[place + 1]) if place + 1 < len(run) else end
        flow[STEP.format("if-condition", 0x1000 + i)] = condition_step(vectors[i], i, following)
        flow[STEP.format("end", 0x10000 + i)] = {"type": "end"}
    file = scratch / "conditions.json"
    file.write_text(json.dumps(base(flow, next(iter(flow))), ensure_ascii=False))
    (row,), _ = tocsin.rows("playbook", "rehearse", file)
    found = {int(s["name"][1:]): outcome(s) for s in row["steps"] if s["type"] == "if-condition"}
    for i in run:
        got = found.get(i, "not reached")
        yield names[i], None if got == vectors[i]["expect"] else f"{got}, not {vectors[i]['expect']}"
    for i, vector in enumerate(vectors):
        if vector["expect"] == "refused":
            step = STEP.format("if-condition", 0x1000)
            flow = {step: condition_step(vector, 0, end), STEP.format("end", 0x10000): {"type": "end"}}
            file.write_text(json.dumps(base(flow, step), ensure_ascii=False))
            errors = tocsin.check(file)["error"]
            yield names[i], None if errors & {"P0401", "P0303"} else f"not refused: {sorted(errors)}"


def judge_file(tocsin, path, expected):
    """`expected`: [] when it is clean under --strict, else codes, each "P0203" (error) or "P0203 warning"."""
    tolerant, strict = tocsin.check(path), tocsin.check(path, "--strict")
    wanted = {"error": {c for c in expected if " " not in c}, "warning": {c.split()[0] for c in expected if " " in c}}
    if tolerant != wanted:
        return f"{tolerant}, not {wanted}"
    both = wanted["error"] | wanted["warning"]
    return None if strict["error"] == both else f"--strict gives {sorted(strict['error'])}, not {sorted(both)}"


def judge(tocsin, folder, scratch):
    """(group, case, reason)"""
    if not folder.is_dir():
        return
    for name, reason in conditions(tocsin, folder / "conditions.jsonl", scratch):
        yield "conditions", name, reason
    with ThreadPoolExecutor(2) as pool:
        for kind in ("valid", "invalid"):
            expected = yaml.safe_load((folder / f"{kind}.yaml").read_text())
            files = sorted((folder / kind).glob("*.json"))
            for name in sorted(set(expected) ^ {f.stem for f in files}):
                yield "own", f"{kind}/{name}", "file and expectation do not both exist"
            jobs = [(f, pool.submit(judge_file, tocsin, f, expected.get(f.stem, {}).get("codes", []))) for f in files]
            for file, job in jobs:
                yield "own", f"{kind}/{file.stem}", job.result()
    for case in sorted((folder / "traces").iterdir() if (folder / "traces").is_dir() else []):
        run = tocsin.run("playbook", "test", case)
        yield "own", f"traces/{case.name}", None if run.returncode == 0 else (run.stdout + run.stderr)[:400]
