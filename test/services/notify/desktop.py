"""terok-clearance-notify on a real session bus, with a notification server and a hub of this file's
own: a server that can be made to say whatever a hostile or a broken one says.

Usage: desktop.py PROGRAM. Starts itself again under dbus-run-session. Every wait is for something
that must come; what takes longer than the guard is a fault.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

try:
    import dbus
    import dbus.lowlevel
    import dbus.mainloop.glib
    import dbus.service
    from gi.repository import GLib
except ImportError:
    print("skipped: notify_desktop: needs python3-dbus and python3-gi")
    sys.exit(77)
if not shutil.which("dbus-run-session"):
    print("skipped: notify_desktop: dbus-run-session is not installed")
    sys.exit(77)
# Without the directories of services: a server that is installed here would be started by the bus.
BUS = """<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
if "DBUS_TEST_SESSION" not in os.environ:
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as config:
        config.write(BUS)
    os.environ["DBUS_TEST_SESSION"] = config.name
    os.execvp("dbus-run-session", ["dbus-run-session", "--config-file", config.name, "--",
                                   sys.executable, *sys.argv])
if os.path.exists(os.environ["DBUS_TEST_SESSION"]):
    os.remove(os.environ["DBUS_TEST_SESSION"])

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)

GUARD = 60
NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


def prompt(number, **more):
    target = f"host{number}.example"
    return {
        "id": f"b-{number}", "revision": 1, "container": "6f1d2c3b4a59",
        "dossier": {"task": "pip-upgrade"}, "target": target, "domain": target,
        "dest": "203.0.113.7", "addresses": ["203.0.113.7"], "ports": [443],
        "flags": [], "first_seen": 1, "last_seen": 1, "count": 1,
        "state": "waiting", "quiet": False, "opens": "Everything.", **more,
    }


class Hub:
    """Answers Watch with `prompts`, and keeps what is decided."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.listener.setblocking(False)
        self.peers = {}
        self.watchers = []
        self.prompts = []
        self.decided = []

    def step(self):
        try:
            peer, _ = self.listener.accept()
            peer.setblocking(False)
            self.peers[peer] = b""
        except BlockingIOError:
            pass
        for peer in list(self.peers):
            try:
                data = peer.recv(65536)
            except BlockingIOError:
                continue
            if not data:
                del self.peers[peer]
                continue
            *calls, self.peers[peer] = (self.peers[peer] + data).split(b"\0")
            for call in map(json.loads, calls):
                self.answer(peer, call)

    def answer(self, peer, call):
        method = call["method"].rsplit(".", 1)[1]
        if method == "Watch":
            self.watchers.append(peer)
            self.say(peer, {"prompts": self.prompts, "complete": True}, True)
        elif method == "Decide":
            given = call["parameters"]
            self.decided.append((given["prompt"], given["revision"], given["action"], given["name"]))
            self.say(peer, {"decision": {"action": given["action"], "result": "applied"}})

    def send(self, **parameters):
        for peer in self.watchers:
            self.say(peer, parameters, True)

    @staticmethod
    def say(peer, parameters, continues=False):
        message = {"parameters": parameters, "continues": continues}
        peer.sendall(json.dumps(message).encode() + b"\0")


class Server(dbus.service.Object):
    """Keeps what it is asked to show."""

    def __init__(self, bus):
        self.name = dbus.service.BusName(NAME, bus, do_not_queue=True, replace_existing=True,
                                         allow_replacement=True)
        super().__init__(bus, PATH)
        self.shown = []  # (id, replaces, summary, body, actions, hints, timeout)
        self.closed = []
        self.last = 0

    @dbus.service.method(NAME, in_signature="", out_signature="as")
    def GetCapabilities(self):
        return ["actions", "body", "body-markup"]

    @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout):
        if replaces == 0:
            self.last += 1
        self.shown.append((int(replaces) or self.last, int(replaces), str(summary), str(body),
                           list(map(str, actions)), dict(hints), int(timeout)))
        return self.shown[-1][0]

    @dbus.service.method(NAME, in_signature="u", out_signature="")
    def CloseNotification(self, number):
        self.closed.append(int(number))

    @dbus.service.signal(NAME, signature="us")
    def ActionInvoked(self, number, key):
        pass

    @dbus.service.signal(NAME, signature="uu")
    def NotificationClosed(self, number, reason):
        pass

    def end(self):
        self.remove_from_connection()
        del self.name

    def key(self, label):
        actions = self.shown[-1][4]
        return actions[actions.index(label) - 1]


class World:
    """A hub, and the program; the server comes when a case wants it."""

    def __init__(self, program, *options, **environment):
        self.directory = tempfile.mkdtemp()
        self.hub = Hub(self.directory + "/terok-clearance.sock")
        self.errors = self.directory + "/errors"
        self.program = subprocess.Popen(
            [program, *options], stderr=open(self.errors, "wb"),
            env={**os.environ, "XDG_RUNTIME_DIR": self.directory, **environment})

    def await_that(self, holds, what):
        end = time.monotonic() + GUARD
        while not holds():
            assert time.monotonic() < end, f"did not come: {what}; stderr: {self.error_text()}"
            assert self.program.poll() is None, f"it ended: {self.error_text()}"
            self.hub.step()
            if not GLib.MainContext.default().iteration(False):
                time.sleep(0.002)

    def error_text(self):
        with open(self.errors, encoding="ascii") as text:
            return text.read()

    def end(self):
        self.program.send_signal(signal.SIGTERM)
        assert self.program.wait(GUARD) == 0, self.error_text()
        shutil.rmtree(self.directory)


def private_bus():
    return dbus.SessionBus(private=True)


def forge(bus, to, member, *values, signature):
    """A signal that says it is the server's, to everybody or to one alone."""
    message = dbus.lowlevel.SignalMessage(PATH, NAME, member)
    if to:
        message.set_destination(to)
    message.append(*values, signature=signature)
    bus.send_message(message)
    bus.flush()


def name_of_program(bus, world):
    """Its unique name, which anybody may find out."""
    daemon = bus.get_object("org.freedesktop.DBus", "/org/freedesktop/DBus")
    for name in daemon.ListNames(dbus_interface="org.freedesktop.DBus"):
        if name.startswith(":") and daemon.GetConnectionUnixProcessID(
                name, dbus_interface="org.freedesktop.DBus") == world.program.pid:
            return name
    raise AssertionError("the program is not on the bus")


def test_waits_for_a_server_and_decides(program):
    world = World(program)
    world.hub.prompts = [prompt(1, revision=4)]
    world.await_that(lambda: "waiting for one" in world.error_text(), "the warning")
    assert world.error_text().count("\n") == 1, world.error_text()
    bus = private_bus()
    server = Server(bus)
    world.await_that(lambda: server.shown, "the notification")
    number, replaces, summary, body, actions, hints, timeout = server.shown[0]
    assert (replaces, summary, timeout) == (0, "pip-upgrade: 1 blocked", 0)
    assert body == "host1.example port 443, 1 block\nEverything."
    assert actions[1::2] == ["Allow", "Deny", "Open"], actions
    assert hints["urgency"] == 1

    # Signals of another program of the session, to all and to this one alone.
    attacker = private_bus()
    key = server.key("Allow")
    me = name_of_program(attacker, world)
    for to in (None, me):
        forge(attacker, to, "ActionInvoked", dbus.UInt32(number), key, signature="us")
        forge(attacker, to, "NotificationClosed", dbus.UInt32(number), dbus.UInt32(2),
              signature="uu")
    # Closed is no answer. It comes behind the forged ones, on the same socket of the program.
    attacker.call_blocking(me, "/", "org.freedesktop.DBus.Peer", "Ping", "", ())
    server.NotificationClosed(number, 2)
    world.hub.send(prompt=prompt(2))
    world.await_that(lambda: len(server.shown) == 2, "the second one")
    assert world.hub.decided == []
    assert server.shown[1][2] == "pip-upgrade: 2 blocked"
    assert server.shown[1][1] == 0, "the true NotificationClosed was not believed"
    assert server.shown[1][4][1::2] == ["Open", "Open"]
    world.hub.send(removed=["b-2"])
    world.await_that(lambda: len(server.shown) == 3, "the first one alone")
    assert server.shown[2][1] == server.shown[1][0]
    server.ActionInvoked(server.shown[2][0], server.key("Deny"))
    world.await_that(lambda: world.hub.decided, "the decision")
    assert world.hub.decided == [("b-1", 4, "deny", "notify")]
    world.end()


def test_decided_elsewhere_and_another_server(program):
    first_bus = private_bus()
    first = Server(first_bus)
    world = World(program)
    world.hub.prompts = [prompt(1)]
    world.await_that(lambda: first.shown, "the notification")
    world.hub.send(prompt=prompt(1, state="decided", decision={
        "action": "allow", "result": "applied", "by": {"kind": "operator", "uid": 7, "name": "kim"}}))
    world.await_that(lambda: len(first.shown) == 2, "who decided it")
    assert first.shown[1][:4] == (first.shown[0][0], first.shown[0][0], "Decided",
                                  "host1.example: allowed by uid 7 (kim)"), first.shown
    world.await_that(lambda: first.closed, "its end")
    assert first.closed == [first.shown[0][0]]

    world.hub.send(prompt=prompt(3))
    world.await_that(lambda: len(first.shown) == 3, "another prompt")
    # A notification server that was started again, and counts from 1.
    second = Server(private_bus())
    world.await_that(lambda: second.shown, "it is shown again")
    assert second.shown[0][1] == 0 and second.shown[0][2] == "pip-upgrade: 1 blocked"
    # The old one is nobody any more.
    forge(first_bus, None, "ActionInvoked", dbus.UInt32(second.shown[0][0]),
          second.key("Allow"), signature="us")
    second.ActionInvoked(second.shown[0][0], second.key("Deny"))
    world.await_that(lambda: world.hub.decided, "the decision")
    assert [x[2] for x in world.hub.decided] == ["deny"]
    # The container ended.
    world.hub.send(prompt=prompt(3, state="gone", why="container_exited"))
    world.await_that(lambda: second.closed, "its end")
    second.end()
    world.end()


def test_open_and_idle(program):
    server = Server(private_bus())
    world = World(program, "--open", 'echo opened > "$XDG_RUNTIME_DIR/opened"')
    world.hub.prompts = [prompt(1, flags=["private_address"]), prompt(2)]
    world.await_that(lambda: server.shown, "the notification")
    assert server.shown[0][4][1::2] == ["Open", "Open"]
    assert server.shown[0][5]["urgency"] == 2
    server.ActionInvoked(server.shown[0][0], "default")
    opened = world.directory + "/opened"
    world.await_that(lambda: os.path.exists(opened), "what --open starts")
    # A round trip through the program: it has taken everything before.
    bus = private_bus()
    bus.call_blocking(name_of_program(bus, world), "/", "org.freedesktop.DBus.Peer", "Ping", "", ())

    def fact(name):
        with open(f"/proc/{world.program.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name))

    # Its child has ended, too: then it sleeps until something happens.
    before = -1
    while before != fact("voluntary_ctxt_switches"):
        before = fact("voluntary_ctxt_switches")
        time.sleep(1)
    assert fact("VmRSS") < 16 * 1024, fact("VmRSS")
    server.end()
    world.end()


def test_send(program):
    server = Server(private_bus())
    child = subprocess.Popen([program, "--send", "-t", "1234", "a <b> & c", "see <i>this</i> & that"],
                             stdout=subprocess.PIPE)
    end = time.monotonic() + GUARD
    while child.poll() is None and time.monotonic() < end:
        if not GLib.MainContext.default().iteration(False):
            time.sleep(0.002)
    assert child.wait() == 0 and child.stdout.read() == b"1\n"
    assert server.shown[0][2:4] == ("a <b> & c", "see &lt;i&gt;this&lt;/i&gt; &amp; that"), server.shown
    assert server.shown[0][6] == 1234
    server.end()


def test_no_bus(program):
    environment = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    world = World(program, **environment)
    world.await_that(lambda: "there is no session bus" in world.error_text(), "the warning")
    world.end()
    sent = subprocess.run([program, "--send", "a"], env={**os.environ, **environment},
                          capture_output=True, check=False)
    assert sent.returncode == 1 and b"there is no session bus" in sent.stderr, sent


def main():
    program = sys.argv[1]
    tests = [x for name, x in sorted(globals().items()) if name.startswith("test_")]
    for test in tests:
        print(test.__name__, flush=True)
        test(program)
    print(f"{len(tests)} cases")


if __name__ == "__main__":
    main()
