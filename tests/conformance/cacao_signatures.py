"""Worked signature examples in Markdown: what is printed there must come out, and nothing else must verify."""
import copy
import json
import re


def blocks(path):
    return [b.strip() for b in re.findall(r"```[a-z]*\n(.*?)```", path.read_text(encoding="utf-8"), re.S)]


def example(path):
    """The public key, canonical text, hash and signed playbook of one example; None when a part is missing."""
    found = blocks(path)
    key = next((b for b in found if b.startswith("-----BEGIN PUBLIC KEY-----")), None)
    digest = next((b for b in found if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}", b)), None)
    parsed = []
    for text in found:
        try:
            parsed.append((text, json.loads(text)))
        except ValueError:
            continue
    canonical = next((t for t, v in parsed if "\n" not in t and isinstance(v, dict)), None)
    signed = [v for _, v in parsed if isinstance(v, dict) and v.get("type") == "playbook"
              and any("value" in s and "some signature" not in s["value"] for s in v.get("signatures", []))]
    return (key, canonical, digest, signed) if key and canonical and digest and signed else None


def flipped(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def wrong_ones(playbook, index):
    """(what was done, the playbook with it done)"""
    def edit(change):
        out = copy.deepcopy(playbook)
        change(out, out["signatures"][index])
        return out
    yield "another name", edit(lambda p, s: p.update(name=p["name"] + "."))
    yield "a property more", edit(lambda p, s: p.update(labels=["x"]))
    yield "another signee", edit(lambda p, s: s.update(signee="Mallory"))
    yield "a later end", edit(lambda p, s: s.update(valid_until="2099-01-01T00:00:00.000Z"))
    yield "another algorithm", edit(lambda p, s: s.update(algorithm="RS512" if s["algorithm"] != "RS512" else "RS256"))
    yield "a byte of the value", edit(lambda p, s: s.update(value=flipped(s["value"], 40)))
    yield "no value", edit(lambda p, s: s.update(value=""))
    yield "a shorter value", edit(lambda p, s: s.update(value=s["value"][:-8]))
    yield "no signatures", edit(lambda p, s: p.pop("signatures"))
    yield "revoked", edit(lambda p, s: s.update(revoked=True))


def judge(tocsin, suite, scratch):
    for path in sorted(suite.rglob("*.md")):
        parts = example(path)
        if parts is None:
            continue
        name, (key, canonical, digest, signed) = str(path.relative_to(suite)), parts
        pem, file = scratch / "key.pem", scratch / "signed.json"
        pem.write_text(key + "\n")

        def verify(playbook, *options):
            file.write_text(json.dumps(playbook, ensure_ascii=False, indent=2))
            return tocsin.rows("playbook", "verify", file, *options)
        for number, playbook in enumerate(signed):
            index = next(i for i, s in enumerate(playbook["signatures"]) if "some signature" not in s["value"])
            signature = playbook["signatures"][index]
            at = signature.get("valid_from") or signature["created"]
            rows, status = verify(playbook, "--key", pem, "--at", at)
            row = next((r for r in rows if r["signature"] == signature["id"]), {})
            case = f"{name} {number + 1}"
            yield f"{case} canonical", None if row.get("canonical") == canonical else f"canonical form is {row.get('canonical')}"
            yield f"{case} hash", None if row.get("hash") == digest else f"hash is {row.get('hash')}, not {digest}"
            yield f"{case} verifies", None if row.get("valid") is True and status == 0 else f"{row.get('code')}: {row.get('reason')}"
            for what, playbook_changed in wrong_ones(playbook, index):
                _, status = verify(playbook_changed, "--key", pem, "--at", at)
                yield f"{case} {what}", None if status == 1 else f"exit status {status}"
            _, status = verify(playbook, "--at", at)
            yield f"{case} key unknown", None if status == 1 else f"exit status {status}"
            if "valid_until" in signature:
                _, status = verify(playbook, "--key", pem, "--at", "2200-01-01T00:00:00Z")
                yield f"{case} expired", None if status == 1 else f"exit status {status}"
