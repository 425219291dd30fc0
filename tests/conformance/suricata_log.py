"""What a replay said on stderr, as Suricata's log of the engine has it; for suricata_verify.py."""

import json
import os
import re

import yaml


def refused_rules(path):
    """What was said of refused signatures, without their place, number and option."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return re.findall(r"error\[S\d+\]: (?:\d+:\d+: )?(?:[\w.-]+: )?(.*)", file.read())


def write_engine_log(messages, configuration, folder):
    """The log of the engine, where the configuration asks for one in JSON."""
    if not messages or not os.path.exists(configuration):
        return
    with open(configuration, encoding="utf-8", errors="replace") as file:
        outputs = ((yaml.safe_load(file) or {}).get("logging") or {}).get("outputs") or []
    for output in outputs:
        log = output.get("file") if isinstance(output, dict) else None
        if not log or log.get("type") != "json" or str(log.get("enabled")) not in ("True", "yes"):
            continue
        with open(os.path.join(folder, os.path.basename(log["filename"])), "a", encoding="utf-8") as file:
            for message in messages:
                record = {"event_type": "engine", "log_level": "Error", "engine": {"message": message}}
                file.write(json.dumps(record) + "\n")
