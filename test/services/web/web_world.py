"""A fake hub, the real terok-clearance-web in front of it, and requests as a browser sends them.

Every wait is for something that must come; what takes longer than the guard is a fault.
"""

import atexit
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

GUARD = 60


def await_(what, holds, guard=GUARD):
    end = time.monotonic() + guard
    while True:
        result = holds()
        if result:
            return result
        if time.monotonic() > end:
            raise SystemExit(f"awaited in vain: {what}")
        time.sleep(0.02)


def prompt(number, **more):
    target = f"host{number}.example"
    now = int(time.time() * 1e6)
    return {
        "id": f"b-{number}", "revision": 1, "container": "6f1d2c3b4a59",
        "dossier": {"task": "pip-upgrade"}, "target": target, "domain": target,
        "dest": "203.0.113.7", "addresses": ["203.0.113.7"],
        "more_addresses": 0, "ports": [443], "protocols": [6], "flags": [],
        "first_seen": now, "last_seen": now, "count": 1, "state": "waiting",
        "quiet": False, "opens": "An allow opens everything.", **more,
    }


class FakeHub:
    """Answers Watch with its prompts; `answers` says what else is answered."""

    def __init__(self, path, prompts=()):
        self.path = path
        self.prompts = list(prompts)
        self.calls = []  # (method, parameters)
        self.watchers = []
        self.answers = {"Decide": lambda given: ("", {"decision": {
            "action": given["action"], "result": "applied"}})}
        self.start()

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.wake, self.waker = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def stop(self):
        self.waker.close()
        self.thread.join()
        self.listener.close()
        os.unlink(self.path)

    def run(self):
        peers = {}
        while True:
            ready = select.select([self.wake, self.listener, *peers], [], [])[0]
            for each in ready:
                if each is self.wake:
                    for peer in peers:
                        peer.close()
                    self.watchers = []
                    return
                if each is self.listener:
                    peers[each.accept()[0]] = b""
                    continue
                try:
                    peers[each] = self.serve(each, peers[each])
                except OSError:  # the peer is gone
                    del peers[each]
                    self.watchers = [x for x in self.watchers if x is not each]

    def serve(self, peer, bytes_before):
        data = peer.recv(65536)
        if not data:
            raise ConnectionResetError
        *calls, rest = (bytes_before + data).split(b"\0")
        for call in map(json.loads, calls):
            self.answer(peer, call)
        return rest

    def answer(self, peer, call):
        method = call["method"].rsplit(".", 1)[1]
        given = call.get("parameters", {})
        self.calls.append((method, given))  # before the other side can know
        if method == "Watch":
            self.say(peer, {"prompts": self.prompts, "complete": True}, True)
            self.watchers.append(peer)
        else:
            error, parameters = self.answers.get(method, lambda _: ("", {}))(given)
            self.say(peer, parameters, False, error)

    def called(self, method):
        return [given for name, given in self.calls if name == method]

    def send(self, parameters):
        await_("a watcher", lambda: self.watchers)
        for each in self.watchers:
            self.say(each, parameters, True)

    @staticmethod
    def say(peer, parameters, continues=False, error=""):
        message = {"parameters": parameters, "continues": continues}
        if error:
            message["error"] = "org.terok.ClearanceOperator1." + error
        peer.sendall(json.dumps(message).encode() + b"\0")


class Web:
    """The program, with what it says."""

    def __init__(self, program, runtime, *arguments, **environment):
        self.err = b""
        self.process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "XDG_RUNTIME_DIR": runtime, **environment})
        # After a failure nothing is left behind.
        atexit.register(self.process.kill)
        first = self.process.stdout.readline().decode()
        found = re.search(r"http://(127\.\d+\.\d+\.\d+):(\d+)/#([0-9a-f]{64})$",
                          first.strip())
        assert found, (first, self.process.stderr.read())
        self.link = found.group(0)
        self.address, self.port = found.group(1), int(found.group(2))
        self.token = found.group(3)
        self.host = f"{self.address}:{self.port}"
        self.bearer = ""
        self.reader = threading.Thread(target=self.read_err, daemon=True)
        self.reader.start()

    def read_err(self):
        for line in self.process.stderr:
            self.err += line

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(GUARD)
        self.reader.join()
        return code

    def connect(self):
        return socket.create_connection((self.address, self.port), GUARD)

    def fields(self, **other):
        """As the page sends a call; None leaves a field out."""
        fields = {
            "Host": self.host, "Origin": f"http://{self.host}",
            "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json",
            "X-Terok-Clearance": "1",
            "Authorization": f"Bearer {self.bearer}" if self.bearer else None,
        }
        fields.update({name.replace("_", "-"): value
                       for name, value in other.items()})
        return {name: value for name, value in fields.items()
                if value is not None}

    def send(self, method, target, body="", fields=None, to=None):
        fields = self.fields() if fields is None else fields
        if method == "POST" and "Content-Length" not in fields:
            fields["Content-Length"] = str(len(body))
        text = f"{method} {target} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items())
        to = to or self.connect()
        to.sendall((text + "\r\n" + body).encode())
        return Answer(to)

    def post(self, target, body=None, **other):
        return self.send("POST", target, json.dumps(body or {}),
                         self.fields(**other))

    def begin(self):
        answer = self.post("/session", {"token": self.token})
        assert answer.status == 200, answer.head
        self.bearer = answer.json()["bearer"]


class Answer:
    """One answer; the lines of a stream come as they are asked for."""

    def __init__(self, peer):
        self.peer = peer
        self.rest = b""
        self.take_until(lambda: b"\r\n\r\n" in self.rest)
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.status = int(self.head.split()[1])
        self.fields = dict(line.lower().split(": ", 1)
                           for line in self.head.split("\r\n")[1:])
        self.body = b""
        if "content-length" in self.fields:
            length = int(self.fields["content-length"])
            self.take_until(lambda: len(self.rest) >= length)
            self.body, self.rest = self.rest[:length], self.rest[length:]

    def take_until(self, holds):
        while not holds():
            data = self.peer.recv(65536)
            if not data:
                raise EOFError(self.rest)
            self.rest += data

    def json(self):
        return json.loads(self.body)

    def line(self):
        self.take_until(lambda: b"\r\n" in self.rest)
        size, self.rest = self.rest.split(b"\r\n", 1)
        size = int(size, 16)
        self.take_until(lambda: len(self.rest) >= size + 2)
        line, self.rest = self.rest[:size], self.rest[size + 2:]
        return json.loads(line)

    def line_with(self, holds):
        while True:
            line = self.line()
            if holds(line):
                return line

    def ends(self):
        """Whether the other side closes and says nothing more."""
        try:
            return self.rest == b"" and self.peer.recv(1) == b""
        except ConnectionResetError:
            return True


class World:
    """`is_named`: the hub is followed by name, and so stays while it is away."""

    def __init__(self, program, prompts=(), is_named=False):
        self.directory = tempfile.TemporaryDirectory()
        self.runtime = self.directory.name
        self.hub = FakeHub(f"{self.runtime}/terok-clearance.sock", prompts)
        named = ["--clearance-socket", self.hub.path] if is_named else []
        self.web = Web(program, self.runtime, "--no-open", *named)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.web.end()
        self.hub.stop()
        self.directory.cleanup()
        if kind is None:
            assert code == 0, (code, self.web.err)
            # Whatever happened: no token was logged.
            assert not re.search(rb"[0-9a-f]{64}", self.web.err), self.web.err
