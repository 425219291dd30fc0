"""Events that satisfy a Sigma rule, drawn from its detection: a value for each field that a chosen way through the
condition wants, nothing for what it must not have. What is drawn is a guess: whoever draws asks `tocsin rule eval`
whether the rule holds. Used by sigma_sources.py."""
import base64
import ipaddress
import random
import re
import re._parser as regex_parser
from fnmatch import fnmatchcase

KEYWORDS = "_raw"  # the field under which a bare keyword is found
FILLINGS = ("probe", "x1", "", "7")


class Unsolvable(Exception):
    pass


# The condition → ("and"|"or", children) | ("not", child) | ("leaf", field, modifiers, values)

class Condition:
    def __init__(self, text, detection):
        self.tokens = re.findall(r"\(|\)|[^\s()]+", text)
        self.place = 0
        self.detection = detection

    def parse(self):
        node = self.level("or", lambda: self.level("and", self.negation))
        if self.place != len(self.tokens):
            raise Unsolvable(f"condition ends at {self.tokens[self.place]}")
        return node

    def peek(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self):
        self.place += 1
        return self.tokens[self.place - 1]

    def level(self, word, below):
        children = [below()]
        while self.peek().lower() == word:
            self.take()
            children.append(below())
        return children[0] if len(children) == 1 else (word, children)

    def negation(self):
        if self.peek().lower() == "not":
            self.take()
            return ("not", self.negation())
        if self.peek() == "(":
            self.take()
            node = self.level("or", lambda: self.level("and", self.negation))
            self.take()
            return node
        return self.atom()

    def atom(self):
        name = self.take()
        if self.peek().lower() != "of":
            return selection(self.detection[name])
        self.take()
        wanted = self.take()
        names = [n for n in self.detection if n != "condition" and not n.startswith("_")
                 and (wanted == "them" or fnmatchcase(n, wanted))]
        return ("and" if name.lower() == "all" else "or", [selection(self.detection[n]) for n in names])


def selection(value):
    if isinstance(value, dict):
        return ("and", [item(key, content) for key, content in value.items()])
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        return ("or", [selection(v) for v in value])
    return item("", value)


def item(key, content):
    field, *modifiers = key.split("|")
    values = content if isinstance(content, list) else [content]
    apart = [("leaf", field or KEYWORDS, modifiers, value) for value in (values or [None])]
    node = ("and" if "all" in modifiers else "or", apart)
    return ("not", node) if "neq" in modifiers else node


def tree(rule):
    detection = rule["detection"]
    conditions = detection["condition"]
    texts = conditions if isinstance(conditions, list) else [conditions]
    return ("or", [Condition(text, detection).parse() for text in texts])


# One way through the tree: leaves that must hold, and that must not.

def choose(node, wanted, draw, out):
    kind = node[0]
    if kind == "leaf":
        out.append((node, wanted))
    elif kind == "not":
        choose(node[1], not wanted, draw, out)
    elif (kind == "and") == wanted:
        for child in node[1]:
            choose(child, wanted, draw, out)
    else:
        choose(draw.choice(node[1]) if node[1] else ("and", []), wanted, draw, out)


# A value that a leaf is content with: (text before, text anywhere, text after) or the whole value.

def unescape(text, filling):
    """A Sigma value, its wildcards filled."""
    out, place = [], 0
    while place < len(text):
        char = text[place]
        following = text[place + 1:place + 2]
        if char == "\\" and following and following in "*?\\":
            out.append(following)
            place += 2
            continue
        out.append(filling if char == "*" else (filling or "x")[0] if char == "?" else char)
        place += 1
    return "".join(out)


CLASSES = {"category_digit": "7", "category_word": "w", "category_space": " ", "category_not_space": "x",
           "category_not_digit": "x", "category_not_word": "-"}
PRINTABLE = [chr(code) for code in (*range(97, 123), *range(48, 58), *range(65, 91), *range(33, 48), *range(58, 65), 32)]


def in_set(items, draw):
    negated = bool(items) and str(items[0][0]).lower() == "negate"
    members = [c for c in PRINTABLE if any(holds_char(i, c) for i in items)]
    if negated:
        members = [c for c in PRINTABLE if c not in members]
    elif not members:  # beyond ASCII
        return chr(next(i[1] if str(i[0]).lower() == "literal" else i[1][0] for i in items))
    if not members:
        raise Unsolvable("a class without characters")
    return draw.choice(members[:6])


def holds_char(part, char):
    kind, value = str(part[0]).lower(), part[1]
    if kind == "literal":
        return value == ord(char)
    if kind == "range":
        return value[0] <= ord(char) <= value[1]
    name = str(value).lower()
    good = char.isdigit() if "digit" in name else char.isspace() if "space" in name else char.isalnum() or char == "_"
    return good != ("not" in name)


def of_regex(parts, draw, groups):
    out = []
    for kind, value in parts:
        name = str(kind).lower()
        if name == "literal":
            out.append(chr(value))
        elif name == "not_literal":
            out.append("y" if value == ord("x") else "x")
        elif name == "any":
            out.append("x")
        elif name == "in":
            out.append(in_set(value, draw))
        elif name == "branch":
            out.append(of_regex(draw.choice(value[1]), draw, groups))
        elif name == "subpattern":
            groups[value[0]] = of_regex(value[-1], draw, groups)
            out.append(groups[value[0]])
        elif name in ("max_repeat", "min_repeat", "possessive_repeat"):
            least, most, inner = value
            times = least if least or draw.random() < 0.6 else min(int(most), 2)
            out += [of_regex(inner, draw, groups) for _ in range(times)]
        elif name == "atomic_group":
            out.append(of_regex(value, draw, groups))
        elif name == "groupref":
            out.append(groups.get(value, ""))
        elif name == "assert":
            out.append(of_regex(value[1], draw, groups) if value[0] > 0 else "")
        elif name not in ("at", "assert_not"):
            raise Unsolvable(f"regular expression with {name}")
    return "".join(out)


def regex_text(pattern, draw):
    flags = re.match(r"\(\?([a-z]+)\)", pattern)
    body = pattern[flags.end():] if flags else pattern
    try:
        text = of_regex(regex_parser.parse(body), draw, {})
    except (re.error, RecursionError) as problem:
        raise Unsolvable(f"regular expression: {problem}") from None
    return text, body.startswith("^"), body.endswith("$") and not body.endswith("\\$")


def encoded(text, modifiers, draw):
    data = text.encode()
    for modifier in modifiers:
        if modifier in ("wide", "utf16le"):
            data = data.decode().encode("utf-16-le")
        elif modifier == "utf16be":
            data = data.decode().encode("utf-16-be")
        elif modifier == "utf16":
            data = data.decode().encode("utf-16")
        elif modifier == "base64":
            data = base64.b64encode(data)
        elif modifier == "base64offset":
            offset = draw.choice((0, 1, 2))
            whole = base64.b64encode(b" " * offset + data)
            cut = (None, -3, -2)[(len(data) + offset) % 3]
            data = whole[(0, 2, 3)[offset]:cut]
    return data.decode(errors="replace")


def demand(leaf, draw):
    """("whole"|"start"|"end"|"part", text) or ("same", other field) or ("absent",) or ("present",)"""
    _, field, modifiers, value = leaf
    names = set(modifiers)
    if "fieldref" in names:
        return ("same", value)
    if "exists" in names:
        return ("present",) if value else ("absent",)
    if value is None:
        return ("absent",)
    if "cidr" in names:
        network = ipaddress.ip_network(value)
        return ("whole", str(network[min(1 + draw.randrange(5), network.num_addresses - 1)]))
    if names & {"gt", "gte", "lt", "lte"}:
        return ("whole", value + (1 if "gt" in names else -1 if "lt" in names else 0))
    if "re" in names:
        text, at_start, at_end = regex_text(str(value), draw)
        kind = "whole" if at_start and at_end else "start" if at_start else "end" if at_end else "part"
        return (kind, text)
    if isinstance(value, bool):
        return ("whole", str(value).lower())
    if isinstance(value, (int, float)) and not names & {"contains", "startswith", "endswith"}:
        return ("whole", value)
    filling = draw.choice(FILLINGS)
    text = encoded(unescape(str(value), filling), modifiers, draw)
    for modifier, kind in (("contains", "part"), ("startswith", "start"), ("endswith", "end")):
        if modifier in names:
            return (kind, text)
    return ("part" if field == KEYWORDS else "whole", text)


def merge(field, demands, draw):
    """One value for all that is asked of a field."""
    whole = [d[1] for d in demands if d[0] == "whole"]
    if whole:
        return whole[0]
    starts = sorted((d[1] for d in demands if d[0] == "start"), key=len)
    ends = sorted((d[1] for d in demands if d[0] == "end"), key=len)
    parts = []
    for text in (d[1] for d in demands if d[0] == "part"):
        if not any(text.lower() in other.lower() for other in parts + starts + ends):
            parts.append(text)
    if not starts and not parts and not ends:
        return draw.choice(("probe", "x", "3"))
    between = draw.choice((" ", "", "/", "x"))
    if draw.random() < 0.3:
        draw.shuffle(parts)
    head = starts[-1] if starts else draw.choice(("", "", "probe" + between, "/usr/bin"))
    tail = ends[-1] if ends else draw.choice(("", "", between + "probe", "x"))
    pieces = [p for p in (head, *parts, tail) if p]
    text = pieces[0] if pieces else "probe"
    for piece in pieces[1:]:
        text = text + piece if text.endswith(between) or piece.startswith(between) else text + between + piece
    return text


def draw_event(node, draw):
    leaves = []
    choose(node, True, draw, leaves)
    wanted, avoided = {}, {}
    for leaf, positive in leaves:
        found = demand(leaf, draw)
        if positive:
            wanted.setdefault(leaf[1], []).append(found)
        elif found[0] == "absent":
            wanted.setdefault(leaf[1], []).append(("present",))
        elif found[0] == "whole" and draw.random() < 0.5:
            avoided[leaf[1]] = found[1]
    event = {}
    for field, demands in wanted.items():
        if ("absent",) not in demands and not any(d[0] == "same" for d in demands):
            event[field] = merge(field, demands, draw)
    for field, value in avoided.items():  # there, and another value
        if field not in wanted:
            event[field] = value + 1 if isinstance(value, (int, float)) else f"x{value}"
    for field, demands in wanted.items():
        for found in demands:
            if found[0] == "same":
                event[field] = event.setdefault(found[1], "probe")
    return event


def draw_events(rule, count, seed):
    """Different events, the same for the same seed."""
    draw, node, seen = random.Random(seed), tree(rule), []
    for _ in range(count):
        event = draw_event(node, draw)
        if event not in seen:
            seen.append(event)
    return seen
