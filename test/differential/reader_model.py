"""The rules of reader lines once more, written to be read (source: clearance.md,
section 2): bytes of one line in, the event's parameters or None out. The model
shares nothing with the hub; both must say the same of the same line.
"""

import re

TYPES = {
    "pending": "connection_blocked",
    "connection_blocked": "connection_blocked",
    "container_started": "container_started",
    "container_exited": "container_exited",
    "shield_up": "shield_up",
    "shield_down": "shield_down",
    "shield_disengaged": "shield_disengaged",
    "shield_down_all": "shield_disengaged",
}

LINE_MAX_BYTES = 256 * 1024
DEPTH_MAX = 128
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n",
           "r": "\r", "t": "\t"}


class Malformed(Exception):
    pass


class Value:
    """One JSON value: its kind, its text (a string's own, else the source)."""

    def __init__(self, kind, text, members=None):
        self.kind = kind
        self.text = text
        self.members = members  # of an object: (key, Value) in order

    def as_text(self):
        if self.kind == "null":
            return "None"
        if self.kind == "boolean":
            return self.text.capitalize()
        return self.text


class Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def space(self):
        while self.peek() and self.peek() in " \t\n\r":
            self.at += 1

    def expect(self, c):
        if self.peek() != c:
            raise Malformed
        self.at += 1

    def document(self):
        self.space()
        value = self.value(0)
        self.space()
        if self.at != len(self.text) or value.kind != "object":
            raise Malformed
        return value

    def value(self, depth):
        begin = self.at
        c = self.peek()
        if c == '"':
            return Value("string", self.string())
        if c and c in "{[":
            if depth == DEPTH_MAX:
                raise Malformed
            members = self.object(depth) if c == "{" else self.array(depth)
            kind = "object" if c == "{" else "array"
            return Value(kind, self.text[begin:self.at], members)
        for word, kind in (("true", "boolean"), ("false", "boolean"),
                           ("null", "null")):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return Value(kind, word)
        found = NUMBER.match(self.text, self.at)
        if not found:
            raise Malformed
        self.at = found.end()
        return Value("number", found.group())

    def object(self, depth):
        self.expect("{")
        members = []
        self.space()
        if self.peek() == "}":
            self.at += 1
            return members
        while True:
            self.space()
            key = self.string()
            self.space()
            self.expect(":")
            self.space()
            members.append((key, self.value(depth + 1)))
            self.space()
            if self.peek() == "}":
                self.at += 1
                return members
            self.expect(",")

    def array(self, depth):
        self.expect("[")
        self.space()
        if self.peek() == "]":
            self.at += 1
            return None
        while True:
            self.space()
            self.value(depth + 1)
            self.space()
            if self.peek() == "]":
                self.at += 1
                return None
            self.expect(",")

    def unit(self):
        digits = self.text[self.at:self.at + 4]
        if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise Malformed
        self.at += 4
        return int(digits, 16)

    def string(self):
        self.expect('"')
        out = []
        while True:
            c = self.peek()
            self.at += 1
            if c == '"':
                return "".join(out)
            if c == "" or c < " ":
                raise Malformed
            if c != "\\":
                out.append(c)
                continue
            c = self.peek()
            self.at += 1
            if c == "u":
                unit = self.unit()
                if 0xD800 <= unit <= 0xDBFF:  # repaired lines have its other half
                    if self.text[self.at:self.at + 2] != "\\u":
                        raise Malformed
                    self.at += 2
                    low = self.unit()
                    if not 0xDC00 <= low <= 0xDFFF:
                        raise Malformed
                    unit = 0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00
                elif 0xDC00 <= unit <= 0xDFFF:
                    raise Malformed
                out.append(chr(unit))
            elif c and c in ESCAPES:
                out.append(ESCAPES[c])
            else:
                raise Malformed


def utf8_repaired(line):
    """Each byte outside a well-formed sequence becomes one space."""
    out = []
    while line:
        try:
            out.append(line.decode("utf-8"))
            break
        except UnicodeDecodeError as e:
            out.append(line[:e.start].decode("utf-8") + " ")
            line = line[e.start + 1:]
    return "".join(out)


SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}"
                        r"(\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
                        r"|\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def strings_repaired(text):
    """In strings each control byte and lone surrogate becomes one space."""
    out = []
    at = 0
    inside = False
    while at < len(text):
        c = text[at]
        if c == '"':
            inside = not inside
        elif inside and c == "\\":
            found = SURROGATES.match(text, at)
            if found and not found.group(1):
                out.append(" ")
                at = found.end()
                continue
            if found:
                out.append(found.group())
                at = found.end()
                continue
            if at + 1 < len(text) and " " <= text[at + 1] <= "~":
                out.append(text[at:at + 2])
                at += 2
                continue
        elif inside and c < " ":
            c = " "
        out.append(c)
        at += 1
    return "".join(out)


def sanitised(text):
    text = "".join(c if " " <= c <= "~" else " " for c in text)
    return text if len(text) <= 256 else text[:253] + "..."


def integer(value):
    if value is None or value.kind not in ("number", "string"):
        raise Malformed
    if value.kind == "string":
        text = value.text.strip(" \t\n\v\f\r")
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise Malformed
        number = int(text)
    else:
        number = integer_part(value.text)
    if not -2 ** 63 <= number < 2 ** 63:
        raise Malformed
    return number


def integer_part(text):
    sign, whole, fraction, exponent = re.fullmatch(
        r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", text).groups()
    digits = whole + (fraction or "")
    if not digits.strip("0"):
        return 0
    point = len(whole) + int(exponent or 0)
    leading = len(digits) - len(digits.lstrip("0"))
    if point - leading > 30:
        raise Malformed
    number = int((digits + "0" * max(0, point - len(digits)))[:max(0, point)]
                 or "0")
    return -number if sign else number


def event_of(line):
    """The event that the line says (clearance.md, section 3); None: none."""
    if len(line) > LINE_MAX_BYTES:
        return None
    line = line.strip(b" \t\n\v\f\r")
    if not line:
        return None
    try:
        document = Parser(strings_repaired(utf8_repaired(line))).document()
        return build(document)
    except Malformed:
        return None


def build(document):
    members = {}
    for key, value in document.members:
        members[key] = value
    given = {k: v for k, v in members.items() if v.kind != "null"}
    kind = TYPES.get(given["type"].as_text()) if "type" in given else None
    if kind is None:
        return None

    def text(key):
        return sanitised(given[key].as_text()) if key in given else ""

    event = {"type": kind, "container": text("container"), "request_id": "",
             "dest": "", "port": 0, "proto": 0, "domain": "", "action": "",
             "ok": False, "reason": "", "dossier": []}
    if not event["container"]:
        raise Malformed
    if kind == "container_exited":
        event["reason"] = text("reason")
    dossier = members.get("dossier")
    if dossier is not None and dossier.kind == "object":
        entries = {}
        for key, value in dossier.members:
            entries[key] = sanitised(value.as_text())
        event["dossier"] = list(entries.items())
    if kind == "connection_blocked":
        if "id" not in given or "dest" not in given:
            raise Malformed
        event.update(request_id=text("id"), dest=text("dest"),
                     domain=text("domain"), port=integer(given.get("port")),
                     proto=integer(given.get("proto")))
    return event
