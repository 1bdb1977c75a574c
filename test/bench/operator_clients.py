"""What the operators' clients cost and how fast they are, in front of hubs of this file's own.

Usage: operator_clients.py DIRECTORY [IDLE_SECONDS]. DIRECTORY has the programs, for example
build/services. Prints one line for each figure that protocol/contract/clients.md names. The hubs
are threads of this process, so the times include those of Python.
"""

import fcntl
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HUBS = 50


def prompt(name):
    return {
        "id": "b-" + name, "revision": 1, "container": "6f1d2c3b4a59", "target": name + ".example",
        "domain": name + ".example", "dest": "203.0.113.7", "addresses": ["203.0.113.7"],
        "more_addresses": 0, "ports": [443], "protocols": [6], "flags": [], "count": 1,
        "first_seen": time.time_ns() // 1000, "last_seen": 1, "state": "waiting", "quiet": False,
        "opens": "An allow opens everything.", "dossier": {"task": "pip-upgrade"},
    }


class Hub:
    """Answers each Watch with two prompts."""

    def __init__(self, path, name):
        self.name = name
        self.watchers = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            if b"Watch" in peer.recv(65536):
                self.say(peer, {"prompts": [prompt(self.name + "-1"), prompt(self.name + "-2")],
                                "complete": True})
                self.watchers.append(peer)

    @staticmethod
    def say(peer, parameters):
        peer.sendall(json.dumps({"parameters": parameters, "continues": True}).encode() + b"\0")

    def send(self, parameters):
        for peer in self.watchers:
            self.say(peer, parameters)


class Terminal:
    """The program on a terminal of 160 x 50, read by a thread that notes when each text came."""

    def __init__(self, program, runtime):
        self.fd, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        self.began = time.monotonic()
        self.child = subprocess.Popen(
            [program], stdin=slave, stdout=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": runtime})
        self.pid = self.child.pid
        os.close(slave)
        self.bytes = b""

    def await_text(self, text, seconds=20):
        """The moment at which `text` was read."""
        end = time.monotonic() + seconds
        while text not in self.bytes:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise SystemExit(f"did not come: {text}")
            self.bytes += os.read(self.fd, 65536)
        return time.monotonic()

    def next_picture(self):
        """The moment at which anything was read."""
        if not select.select([self.fd], [], [], 5)[0]:
            raise SystemExit("no picture came")
        self.bytes += os.read(self.fd, 65536)
        return time.monotonic()

    def last_picture(self):
        """The moment after which the program wrote nothing for half a second."""
        last = time.monotonic()
        while select.select([self.fd], [], [], 0.5)[0]:
            last = self.next_picture()
        return last

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                self.bytes = (self.bytes + os.read(self.fd, 65536))[-65536:]


def status(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def running_ms(pid):
    """Finer than processor_ms()."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as stat:
        return int(stat.read().split()[0]) / 1e6


def processor_ms(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def main():
    programs = sys.argv[1]
    idle = float(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as runtime:
        os.makedirs(runtime + "/terok/clearance")
        hubs = [Hub(f"{runtime}/terok/clearance/h{i}.sock", f"h{i}") for i in range(HUBS)]
        tui = programs + "/terok-clearance-tui"
        first, whole, used = [], [], []
        for _ in range(10):
            x = Terminal(tui, runtime)
            first.append(x.await_text(b"clearance") - x.began)
            used.append(running_ms(x.pid))
            whole.append(x.last_picture() - x.began)
            os.write(x.fd, b"q")
            x.child.wait()
            os.close(x.fd)
            for hub in hubs:
                hub.watchers.clear()
        for each in first, whole, used:
            each.sort()
        print(f"terminal, {HUBS} hubs: first picture after {first[5] * 1000:.0f} ms "
              f"(at most {first[-1] * 1000:.0f}) and {used[5]:.0f} ms of processor time, all prompts "
              f"after {whole[5] * 1000:.0f} ms")

        x = Terminal(tui, runtime)
        x.last_picture()
        lags = []
        for i in range(20):
            x.drain(0.3)
            sent = time.monotonic()
            hubs[0].send({"prompt": prompt(f"lag{i}")})
            lags.append(x.next_picture() - sent)
        lags.sort()
        print(f"terminal: a change is on the screen after {lags[10] * 1000:.0f} ms "
              f"(at most {lags[-1] * 1000:.0f})")

        before, started = processor_ms(x.pid), time.monotonic()
        for i in range(2500):
            hubs[i % HUBS].send({"prompt": {**prompt(f"h{i % HUBS}-1"), "count": i}})
            if i % 50 == 49:
                x.drain(max(0, started + (i + 1) / 500 - time.monotonic()))
        sent = time.monotonic()
        hubs[0].send({"prompt": prompt("last")})
        lag = x.next_picture() - sent
        print(f"terminal, 500 changes a second for 5 s: {processor_ms(x.pid) - before} ms of "
              f"processor time, the next change after {lag * 1000:.0f} ms")

        environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        others = {
            "web": subprocess.Popen([programs + "/terok-clearance-web", "--no-open"],
                                    env=environment, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL),
            "notify": subprocess.Popen([programs + "/terok-clearance-notify"],
                                       env=environment, stderr=subprocess.DEVNULL),
        }
        x.drain(3)
        pids = {"terminal": x.pid, **{name: each.pid for name, each in others.items()}}
        before = {name: status(pid, "voluntary_ctxt_switches") for name, pid in pids.items()}
        x.drain(idle)
        for name, pid in pids.items():
            woke = status(pid, "voluntary_ctxt_switches") - before[name]
            print(f"{name}, idle: {woke} wake-ups in {idle:.0f} s, {status(pid, 'VmRSS') / 1024:.1f}"
                  f" MiB ({status(pid, 'RssAnon') / 1024:.1f} of its own)")
        for each in others.values():
            each.terminate()
            each.wait()
        os.write(x.fd, b"q")
        x.child.wait()


main()
