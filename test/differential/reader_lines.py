#!/usr/bin/env python3
"""Gives a hub and the model of clearance.md, section 2, the same random lines.

Usage: reader_lines.py HUB [--seed N] [--lines N]

Ends with 1 at the first line of which they say different things, and prints it.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile

import reader_model

KEYS = ["type", "container", "id", "dest", "port", "proto", "domain", "reason",
        "dossier", "action", "ok", "Type", ""]
TYPES = list(reader_model.TYPES) + ["verdict_applied", "", "shield"]
TEXTS = ["c1", "203.0.113.7", "api.example.com", "", " ", "a b", "-x", "x" * 256,
         "x" * 257, "\u00e9\u4e16\U0001f600", "443", "+6", " 17 ", "1_0", "0x1"]
RAW = [b'"\\ud800"', b'"\\udc00x"', b'"\\ud83d\\ude00"', b'"a\x01b"',
       b'"\xff\xc3"', b'"\xed\xa0\x80"', b'"\xf0\x9f\x98"', b'"\\q"', b'"\\u12"',
       b'"a\tb"', b'"\x7f"', b'"\\u0000"', b'"\\\\"', b'"\\""', b'NaN',
       b'Infinity', b'tru', b'nulll', b'01', b'1.', b'.5', b'-', b'1e5',
       b'443.9', b'-0', b'1e-3', b'9223372036854775807',
       b'9223372036854775808', b'-9223372036854775808', b'1e19', b'0e999',
       b'1E400', b'{}', b'[]', b'[1, "a",null]', b'{"a":[{}]}', b'true',
       b'false', b'null']


class Lines:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, xs):
        return self.random.choice(xs)

    def string(self):
        text = self.pick(TEXTS)
        if self.random.random() < 0.2:
            text += "".join(chr(self.pick([0x20, 0x22, 0x5c, 0x7e, 0x7f, 0xa0,
                                           0x2028, 0xffff, 0x10ffff, 0x09]))
                            for _ in range(self.random.randrange(5)))
        return json.dumps(text, ensure_ascii=self.random.random() < 0.5
                          ).encode("utf-8", "surrogatepass")

    def value(self, key):
        r = self.random.random()
        if r < 0.12:
            return self.pick(RAW)
        if key == "type" and r < 0.95:
            return json.dumps(self.pick(TYPES[:8] * 4 + TYPES)).encode()
        if key in ("port", "proto") and r < 0.9:
            return str(self.random.randrange(-5, 70000)).encode()
        if key == "dossier" and r < 0.9:
            return self.object(["a", "b", "a.b", "\u00e9", ""], 4, False)
        if r < 0.15:
            depth = self.pick([3, 126, 127, 128, 129])
            return b"[" * depth + b"]" * depth
        return self.string()

    def space(self):
        return self.pick([b""] * 12 + [b" ", b"\t", b"  ", b"\r"])

    def object(self, keys, most, whole):
        names = list(KEYS[:7]) if whole else []
        names += [self.pick(keys) for _ in range(self.random.randrange(most))]
        self.random.shuffle(names)
        members = []
        for name in names:
            if whole and self.random.random() < 0.02:
                continue
            key = json.dumps(name).encode()
            if self.random.random() < 0.02:
                key = self.pick(RAW)
            members.append(self.space() + key + self.space() + b":"
                           + self.space() + self.value(name) + self.space())
        return b"{" + b",".join(members) + b"}"

    def line(self):
        line = self.object(KEYS, 4, True)
        r = self.random.random()
        if r < 0.08:  # cut, or damaged
            at = self.random.randrange(len(line))
            line = line[:at] if r < 0.03 else (
                line[:at] + bytes([self.random.randrange(256)]) + line[at + 1:])
        elif r < 0.1:
            line += self.pick([b"x", b"{}", b",", b"\x00"])
        elif r < 0.11:
            line = self.pick([b"", b" ", b"[]", b"1", b"null", b'"x"', b"\x0b"])
        return (self.space() + line + self.space()).replace(b"\n", b" ")


class Hub:
    def __init__(self, program, directory):
        self.paths = [os.path.join(directory, x) for x in ("c.sock", "r.sock")]
        self.process = subprocess.Popen(
            [program, "serve", "--inline-verdict", "--shield", "/bin/true",
             "--clearance-socket", self.paths[0], "--reader-socket",
             self.paths[1]], stderr=subprocess.PIPE)
        for line in self.process.stderr:
            if b"serving" in line:
                break
        # What it says of the lines is not our concern, but it must not wait.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stderr,
                                      stdout=subprocess.DEVNULL)
        self.client, self.reader = (self.connect(x) for x in self.paths)
        self.client.sendall(
            b'{"method":"org.terok.Clearance1.Subscribe","more":true}\0')
        self.rest = b""

    @staticmethod
    def connect(path):
        result = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        result.settimeout(60)  # a guard against hanging, no more
        result.connect(path)
        return result

    def events_of(self, lines, mark):
        """What the lines make it announce; a line of ours ends them."""
        self.reader.sendall(
            b"".join(x + b"\n" for x in lines)
            + b'{"type":"shield_up","container":"%s"}\n' % mark.encode())
        result = []
        while True:
            message = self.message()
            event = json.loads(message.decode("utf-8", "strict"),
                               object_pairs_hook=list)
            event = dict(dict(dict(event)["parameters"])["event"])
            if event["container"] == mark:
                return result
            result.append(event)

    def message(self):
        while b"\0" not in self.rest:
            more = self.client.recv(1 << 16)
            if not more:
                sys.exit("the hub closed the connection")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return message

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.close()
        code = self.process.wait(60)
        self.drain.wait(60)
        return code


def differ(lines, said, expected):
    """Prints the first line of which hub and model say different things."""
    at = 0
    for line in lines:
        event = reader_model.event_of(line)
        got = said[at] if event is not None and at < len(said) else None
        if event != got:
            print(f"line: {line!r}\nhub: {got}\nmodel: {event}")
            return
        at += event is not None
    print(f"the hub says more than {len(expected)} events: {said[at:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("hub")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=4000)
    options = parser.parse_args()
    source = Lines(options.seed)
    announced = 0
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(os.path.join(directory, "run"), 0o700)
        hub = Hub(options.hub, os.path.join(directory, "run"))
        for first in range(0, options.lines, 50):
            lines = [source.line() for _ in range(50)]
            expected = [x for x in map(reader_model.event_of, lines) if x]
            said = hub.events_of(lines, f"mark {first}")
            if said != expected:
                print(f"seed {options.seed}, lines {first} to {first + 49}")
                differ(lines, said, expected)
                hub.stop()
                return 1
            announced += len(said)
        if hub.stop() != 0:
            print("the hub did not stop as it should")
            return 1
    print(f"{options.lines} lines, {announced} events: hub and model agree")
    return 0 if announced > options.lines // 10 else 1


if __name__ == "__main__":
    sys.exit(main())
