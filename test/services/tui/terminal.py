"""terok-clearance-tui on a real terminal: pyte shows what its bytes mean.

Usage: terminal.py PROGRAM TEROK_CLEARANCE. A hub of this file's own is in front of it. Every wait
is for something that must come; what takes longer than the guard is a fault.
"""

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import termios
import time

try:
    import pyte
except ImportError:
    print("skipped: tui_terminal: python3-pyte is not installed")
    sys.exit(77)

GUARD = 60
PASTE_BEGIN, PASTE_END = b"\x1b[200~", b"\x1b[201~"


def prompt(number, **more):
    target = f"host{number}.example"
    return {
        "id": f"b-{number}", "revision": 1, "container": "6f1d2c3b4a59",
        "dossier": {"task": "pip-upgrade"}, "target": target, "domain": target,
        "dest": "203.0.113.7", "addresses": ["203.0.113.7"],
        "more_addresses": 0, "ports": [443], "protocols": [6], "flags": [],
        "first_seen": 1, "last_seen": 1, "count": 1, "state": "waiting",
        "quiet": False, "opens": "An allow opens everything.", **more,
    }


class Hub:
    """Answers Watch with `prompts`, and keeps what is decided."""

    def __init__(self, path, prompts):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.peers = {}
        self.prompts = prompts
        self.watcher = None
        self.decided = []

    def fds(self):
        return [self.listener, *self.peers]

    def ready(self, which):
        if which is self.listener:
            peer, _ = which.accept()
            self.peers[peer] = b""
            return
        try:
            data = which.recv(65536)
        except ConnectionResetError:  # it ended before it had read all
            data = b""
        if not data:
            del self.peers[which]
            return
        *calls, self.peers[which] = (self.peers[which] + data).split(b"\0")
        for call in map(json.loads, calls):
            method = call["method"].rsplit(".", 1)[1]
            if method == "Watch":
                self.watcher = which
                self.send({"prompts": self.prompts, "complete": True})
            elif method == "Decide":
                given = call["parameters"]
                self.decided.append((given["prompt"], given["action"]))
                self.say(which, {"decision": {
                    "action": given["action"], "result": "applied"}})

    def send(self, parameters):
        self.say(self.watcher, parameters, True)

    @staticmethod
    def say(peer, parameters, continues=False):
        message = {"parameters": parameters, "continues": continues}
        peer.sendall(json.dumps(message).encode() + b"\0")


class Terminal:
    """The program as the job of a little shell, which says when it stops."""

    def __init__(self, argv, hub, rows=24, columns=80, **environment):
        self.hub = hub
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.job = None  # its process, and how it is
        told, tell = os.pipe()
        self.told = told
        self.shell, self.fd = pty.fork()
        if self.shell == 0:
            os.environ.update({"TERM": "linux", "LC_ALL": "C.UTF-8",
                               **environment})
            self.be_shell(argv, tell, rows, columns)
        os.close(tell)
        self.heard = b""

    @staticmethod
    def be_shell(argv, tell, rows, columns):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        fcntl.ioctl(0, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            # Who starts the tests may ignore some, as nohup does.
            for each in (signal.SIGTTOU, signal.SIGHUP, signal.SIGINT,
                         signal.SIGTERM):
                signal.signal(each, signal.SIG_DFL)
            os.execv(argv[0], argv)
        os.write(tell, b"job %d\n" % job)
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            if os.WIFSTOPPED(status):
                os.tcsetpgrp(0, os.getpid())
                os.write(tell, b"stopped\n")
                # `fg` of a shell.
                os.read(0, 1)
                os.tcsetpgrp(0, job)
                os.kill(-job, signal.SIGCONT)
            else:
                os.write(tell, b"ended %d\n"
                         % os.waitstatus_to_exitcode(status))
                os._exit(0)

    def step(self, seconds):
        fds = [self.fd, self.told, *self.hub.fds()]
        for each in select.select(fds, [], [], seconds)[0]:
            if each == self.fd:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    data = b""
                self.raw += data
                self.stream.feed(data)
            elif each == self.told:
                self.heard += os.read(self.told, 4096)
            else:
                self.hub.ready(each)

    def await_(self, what, holds, guard=GUARD):
        end = time.monotonic() + guard
        while not holds():
            left = end - time.monotonic()
            if left <= 0:
                print("\n".join(self.screen.display))
                raise SystemExit(f"awaited in vain: {what}")
            self.step(min(left, 0.05))

    def text(self):
        return "\n".join(self.screen.display)

    def await_text(self, text):
        self.await_(text, lambda: text in self.text())

    def send(self, keys):
        os.write(self.fd, keys)

    def press_until(self, keys, what, holds):
        """A key that comes too early is refused: then it is pressed again."""
        end = time.monotonic() + GUARD
        while not holds() and time.monotonic() < end:
            self.send(keys)
            pause = time.monotonic() + 1
            while not holds() and time.monotonic() < pause:
                self.step(0.05)
        self.await_(what, holds, 0.1)

    def await_heard(self, word):
        self.await_(word, lambda: word in self.heard)

    def pid(self):
        self.await_heard(b"\n")
        return int(self.heard.split()[1])

    def leave(self):
        self.send(b"\x03")
        self.await_heard(b"ended 0")
        os.waitpid(self.shell, 0)
        os.close(self.fd)

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))


class World:
    def __init__(self, program, prompts, rows=24, columns=80, arguments=(),
                 **environment):
        self.directory = tempfile.TemporaryDirectory()
        where = self.directory.name
        self.hub = Hub(f"{where}/terok-clearance.sock", prompts)
        self.terminal = Terminal([program, *arguments], self.hub, rows, columns,
                                 XDG_RUNTIME_DIR=where, **environment)


def decides(program):
    world = World(program, [prompt(1), prompt(2)])
    x = world.terminal
    x.await_text("host2.example")
    assert "─────" in x.text(), "lines of boxes where text is UTF-8"
    x.send(b"j")
    x.await_text(">   6f1d2c3b4a59")
    x.press_until(b"x", "a denial", lambda: world.hub.decided)
    assert world.hub.decided == [("b-1", "deny")], world.hub.decided
    x.await_text("host1.example: denied")
    world.hub.send({"prompt": prompt(1, state="gone", why="container_exited")})
    x.await_("no line of it", lambda: x.text().count("host1.example") <= 1)
    world.hub.send({"prompt": prompt(3)})
    x.await_text("host3.example")
    x.leave()
    # The terminal is as it was: its own screen, no paste mode.
    assert x.raw.rstrip().endswith(b"\x1b[?2004l"), x.raw[-60:]


def paste_is_no_key(program):
    world = World(program, [prompt(1)])
    x = world.terminal
    x.await_text("host1.example")
    x.send(b"j")
    x.await_text(">   6f1d2c3b4a59")
    x.send(PASTE_BEGIN + b"a\nx*q\x03" + PASTE_END)
    x.await_text("never taken for keys")
    assert not world.hub.decided
    x.press_until(b"a", "an allow", lambda: world.hub.decided)
    assert world.hub.decided == [("b-1", "allow")]
    x.leave()


def resizes(program):
    world = World(program, [prompt(n) for n in range(100)])
    x = world.terminal
    x.await_text("host0.example")
    assert "ADDRESS" not in x.text()
    for rows, columns in ((50, 160), (10, 40), (24, 80)):
        x.resize(rows, columns)
        x.await_("a picture of that size", lambda: (
            ("ADDRESS" in x.text()) == (columns == 160)
            and len(x.screen.display) == rows
            and ("HITS" in x.text()) == (columns == 160)
            and ("CONTAINER" in x.text()) == (columns > 40)))
    x.leave()


def suspends(program):
    world = World(program, [prompt(1)])
    x = world.terminal
    x.await_text("host1.example")
    x.send(b"\x1a")
    x.await_heard(b"stopped")
    x.await_("the terminal given back",
             lambda: x.raw.rstrip().endswith(b"\x1b[?2004l"))
    x.screen.reset()
    x.send(b"\n")
    x.await_text("host1.example")
    x.leave()


def stays_away_in_background(program):
    """After `bg` nothing is drawn on the shell's terminal."""
    world = World(program, [prompt(1)])
    x = world.terminal
    x.await_text("host1.example")
    x.send(b"\x1a")
    x.await_heard(b"stopped")
    x.await_("the terminal given back",
             lambda: x.raw.rstrip().endswith(b"\x1b[?2004l"))
    before = x.raw
    os.kill(x.pid(), signal.SIGCONT)
    watcher = world.hub.watcher
    world.hub.send({"prompt": prompt(2)})
    # It follows the hub and answers when it is asked to end.
    end = time.monotonic() + 2
    while time.monotonic() < end:
        x.step(0.05)
    assert world.hub.watcher is watcher
    assert x.raw == before, x.raw[len(before):]
    gone = os.pidfd_open(x.pid())
    os.kill(x.pid(), signal.SIGTERM)
    x.await_("its end", lambda: select.select([gone], [], [], 0)[0])
    x.send(b"\n")
    x.await_heard(b"ended 0")


def name_of_slave(fd):
    tiocgptn = 0x80045430  # os.ptsname() of Python 3.13
    number, = struct.unpack("I", fcntl.ioctl(fd, tiocgptn, b"\0" * 4))
    return f"/dev/pts/{number}"


def ends_while_output_stops(program):
    """Ctrl-S of another program, or a terminal that is not read."""
    for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        world = World(program, [prompt(1)])
        x = world.terminal
        x.await_text("host1.example")
        slave = os.open(name_of_slave(x.fd), os.O_RDWR | os.O_NOCTTY)
        termios.tcflow(slave, termios.TCOOFF)
        world.hub.send({"prompt": prompt(2)})
        # Either it waits in write(), or it has not drawn yet: both must end.
        with open(f"/proc/{x.pid()}/wchan", encoding="ascii") as wchan:
            for _ in range(40):
                wchan.seek(0)
                if wchan.read() not in ("0", "poll_schedule_timeout",
                                        "do_poll.constprop.0"):
                    break
                x.step(0.05)
        os.kill(x.pid(), number)
        x.await_heard(b"ended 0")
        modes = termios.tcgetattr(slave)
        assert modes[3] & termios.ICANON and modes[3] & termios.ECHO, modes
        os.close(slave)


def mouse(program):
    world = World(program, [prompt(1), prompt(2)], arguments=["--mouse"])
    x = world.terminal
    x.await_text("host2.example")
    assert b"\x1b[?1006h" in x.raw
    row = next(i for i, line in enumerate(x.screen.display)
               if "host2.example" in line)
    x.send(b"\x1b[<0;9;%dM\x1b[<0;9;%dm" % (row + 1, row + 1))
    x.await_("a selection",
             lambda: x.screen.display[row].startswith(">"))
    x.leave()
    assert b"\x1b[?1006l" in x.raw


def colours(program):
    for arguments, environment, expected in (
            ((), {}, True),
            ((), {"NO_COLOR": "1"}, False),
            (("--color", "never"), {}, False),
            (("--color", "always"), {"NO_COLOR": "1"}, True)):
        world = World(program, [prompt(1, flags=["metadata_service"])],
                      arguments=arguments, **environment)
        x = world.terminal
        x.await_text("host1.example")
        row = next(i for i, line in enumerate(x.screen.display)
                   if "host1.example" in line)
        found = x.screen.buffer[row][2].fg != "default"
        assert found == expected, (arguments, environment)
        assert "!" in x.screen.display[row], "no colour says anything alone"
        x.leave()


def escapes(program):
    bad = "\x1b]0;owned\x07\x1b[2J\u009b5n"
    world = World(program, [prompt(1, target=bad, domain=bad, container=bad,
                                   flags=[bad], dossier={"task": bad})])
    x = world.terminal
    x.await_text("\\x1b]0;")
    x.send(b"j\r")
    x.await_text("revision 1")
    x.leave()
    assert b"\x1b]0;" not in x.raw and b"\x1b[2J\xc2" not in x.raw
    assert b"\xc2\x9b" not in x.raw


def sleeps(program):
    world = World(program, [prompt(1)])
    x = world.terminal
    x.await_text("host1.example")
    status = f"/proc/{x.pid()}/status"

    def waits():
        with open(status, encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines
                        if line.startswith("voluntary_ctxt_switches"))
    # Whatever the machine does: who has nothing to do does not wake up. One
    # wake-up is the clock's minute, and what came before may still be drawn.
    x.await_("a quiet second", lambda: quiet(waits, x))
    x.leave()


def quiet(waits, x):
    before = waits()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        x.step(end - time.monotonic())
    return waits() - before <= 1


def terminal_goes(program):
    world = World(program, [prompt(1)])
    x = world.terminal
    x.await_text("host1.example")
    pidfd = os.pidfd_open(x.pid())
    os.close(x.fd)
    assert select.select([pidfd], [], [], GUARD)[0], "it ends with its terminal"


def is_executed(program, clearance):
    """terok-clearance without a subcommand starts what lies beside it."""
    with tempfile.TemporaryDirectory() as beside:
        for each in program, clearance:
            shutil.copy(each, beside)
        alone = f"{beside}/terok-clearance"
        world = World(alone, [prompt(1)], arguments=["--color", "never"])
        x = world.terminal
        x.await_text("host1.example")
        with open(f"/proc/{x.pid()}/cmdline", "rb") as words:
            assert words.read() == b"terok-clearance-tui\0--color\0never\0"
        x.leave()
        os.remove(f"{beside}/terok-clearance-tui")
        world = World(alone, [], columns=250, PATH="/nowhere")
        x = world.terminal
        x.await_heard(b"ended 1")
        x.await_text("install the package terok-clearance-tui")


def main():
    program = os.path.realpath(sys.argv[1])
    for test in (decides, paste_is_no_key, resizes, suspends,
                 stays_away_in_background, ends_while_output_stops, mouse,
                 colours, escapes, sleeps, terminal_goes):
        print(test.__name__, flush=True)
        test(program)
    print(is_executed.__name__, flush=True)
    is_executed(program, os.path.realpath(sys.argv[2]))


main()
