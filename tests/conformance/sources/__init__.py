"""Raw logs in the format of their source, from the fields a Sigma rule speaks of. Used by sigma_sources.py.

A format is a function from an event to lines, with what it has a place for. The table of all is `FORMATS`."""
from dataclasses import dataclass
from typing import Callable

EPOCH = 1714557600  # 2024-05-01T10:00:00Z
KEYWORDS = "_raw"   # what a bare keyword of a rule must find


class NoPlace(Exception):
    """The format cannot say this."""


@dataclass(frozen=True)
class Format:
    name: str
    write: Callable        # event → lines
    fields: frozenset      # that it has a place for; empty: any
    program: str = ""      # whose lines these are, where they do not say so themselves
    path: str = ""         # of the file on its host


FORMATS = {}  # (product, category, service), absent parts "" → formats


def source(product="", category="", service=""):
    return (product, category, service)


def register(where, name, fields=(), program="", path=""):
    """Decorates a writer: it serves these log sources."""
    places = where if isinstance(where, list) else [where]

    def take(function):
        for place in places:
            FORMATS.setdefault(place, []).append(Format(name, function, frozenset(fields), program, path))
        return function
    return take


def nested(event, into=None):
    """Dotted names as objects."""
    out = into if into is not None else {}
    for name, value in event.items():
        *folders, last = name.split(".")
        here = out
        for folder in folders:
            here = here.setdefault(folder, {})
            if not isinstance(here, dict):
                raise NoPlace(name)
        here[last] = value
    return out


def text(event):
    """What keywords ask for."""
    found = event.get(KEYWORDS, "probe")
    if "\n" in found:
        raise NoPlace("a line feed in a line")
    return found


def all_formats():
    from . import application, cloud, device, host, web, zeek  # noqa: F401  (they register themselves)
    return FORMATS
