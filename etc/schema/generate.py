#!/usr/bin/python3
"""Turns etc/schema/*.yaml into collectors/event/field_table.h (DESIGN section 3: fields are interned ids)."""
import pathlib
import re
import sys

import yaml

TYPES = {"text", "ip", "integer", "unsigned", "real", "boolean", "time", "duration", "bytes"}


def identifier(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def main(out: str, *sources: str) -> int:
    rows: dict[str, dict] = {}
    for source in sorted(sources):
        for row in yaml.safe_load(pathlib.Path(source).read_text())["fields"]:
            if row["type"] not in TYPES:
                print(f"{source}: {row['name']}: unknown type {row['type']}", file=sys.stderr)
                return 1
            if row["name"] in rows:
                print(f"{source}: {row['name']} is defined twice", file=sys.stderr)
                return 1
            rows[row["name"]] = row
    names = sorted(rows)
    lines = ["#pragma once", "// Generated from etc/schema by generate.py; do not edit.", "",
             '#include "collectors/event/field.h"', "", "namespace tocsin {", "namespace field {"]
    lines += [f"inline constexpr Field {identifier(n)}{{{i}}};" for i, n in enumerate(names, 1)]
    lines += ["}  // namespace field", "", f"inline constexpr FieldRow known_fields[] = {{"]
    for name in names:
        doc = rows[name]["doc"].replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'    {{"{name}", FieldType::{rows[name]["type"].replace("unsigned", "unsigned_")}, "{doc}"}},')
    lines += ["};", "", "}  // namespace tocsin", ""]
    target = pathlib.Path(out)
    text = "\n".join(lines)
    if not target.exists() or target.read_text() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
