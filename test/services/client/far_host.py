"""`--host` through a real ssh and a real sshd, with keys and settings of their own.

Usage: far_host.py TEROK_CLEARANCE. ssh starts sshd itself (ProxyCommand, sshd -i), so there is no port
and no service. Every wait is for something that must come; what takes longer than the guard is a fault.
"""

import getpass
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

GUARD = 60
SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def skip(why):
    print(f"skipped: far_host: {why}")
    sys.exit(77)


def await_that(holds, what):
    end = time.monotonic() + GUARD
    while not holds():
        assert time.monotonic() < end, f"did not come: {what()}"
        time.sleep(0.01)


class World:
    """A hub in a runtime directory, and ssh to the host `far`, which is this machine."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.here = tempfile.mkdtemp()
        os.makedirs(self.path("runtime"), mode=0o700)
        os.makedirs(self.path("elsewhere"), mode=0o700)
        os.makedirs(self.path("bin"))
        os.symlink(self.program, self.path("bin/terok-clearance"))
        for name in ("host", "user", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)],
                           check=True)
        self.write("sshd_config", f"""
            HostKey {self.path('host')}
            AuthorizedKeysFile {self.path('authorized_keys')}
            StrictModes no
            UsePAM no
            PidFile none
            PermitRootLogin yes
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            SetEnv XDG_RUNTIME_DIR={self.path('runtime')} PATH={self.path('bin')}:/usr/bin:/bin
            """)
        self.write("ssh_config", f"""
            Host far
              User {getpass.getuser()}
              ProxyCommand {SSHD} -i -f {self.path('sshd_config')} 2> {self.path('sshd_log')}
              IdentityFile {self.path('user')}
              IdentitiesOnly yes
              UserKnownHostsFile {self.path('known_hosts')}
              GlobalKnownHostsFile /dev/null
              StrictHostKeyChecking yes
              BatchMode yes
            """)
        self.write("ssh", f"#!/bin/sh\necho $$ > {self.path('pid')}\n"
                          f"exec ssh -F {self.path('ssh_config')} \"$@\"\n")
        os.chmod(self.path("ssh"), 0o700)
        self.know("host")
        self.authorize("")
        self.hub = None
        self.start_hub()

    def path(self, name):
        return f"{self.here}/{name}"

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def know(self, key):
        self.write("known_hosts", "far " + self.read(f"{key}.pub"))

    def authorize(self, options):
        self.write("authorized_keys", options + self.read("user.pub"))

    def start_hub(self):
        self.hub = subprocess.Popen(
            [self.program, "serve", "--no-policy", "--audit", "none", "--inline-verdict",
             "--shield", shutil.which("true")],
            env={**os.environ, "XDG_RUNTIME_DIR": self.path("runtime")},
            stderr=open(self.path("hub_log"), "wb"))
        await_that(lambda: os.path.exists(self.path("runtime/terok-shield-events.sock")),
                   lambda: self.read("hub_log"))

    def block(self, target):
        subprocess.run(
            [self.program, "emit", "--blocked", "--container", "c1", "--dest", "203.0.113.7", "--port",
             "443", "--domain", target],
            env={**os.environ, "XDG_RUNTIME_DIR": self.path("runtime")}, check=True,
            stdout=subprocess.DEVNULL)

    def environment(self):
        return {**os.environ, "XDG_RUNTIME_DIR": self.path("elsewhere"),
                "TEROK_CLEARANCE_SSH": self.path("ssh")}

    def run(self, *words):
        return subprocess.run([self.program, *words], env=self.environment(), capture_output=True,
                              text=True, check=False, timeout=GUARD)

    def end(self):
        self.hub.send_signal(signal.SIGTERM)
        assert self.hub.wait(GUARD) == 0
        shutil.rmtree(self.here)


def test_list_and_decide(world):
    world.block("pypi.org")

    def told():
        listed = world.run("list", "--host", "far")
        assert listed.returncode == 0, listed
        return listed.stdout.split()

    await_that(lambda: "pypi.org" in told(), lambda: world.read("hub_log"))
    identity = told()[0]
    decided = world.run("decide", identity, "1", "allow", "--host", "far")
    assert (decided.returncode, decided.stdout) == (0, "c1 pypi.org: allowed\n"), decided


def test_a_key_for_the_relay_alone(world):
    world.authorize('restrict,command="terok-clearance relay --stdio" ')
    listed = world.run("list", "--host", "far")
    assert listed.returncode == 0, listed
    world.authorize("")


def test_ssh_decides_who_may(world):
    world.know("other")
    refused = world.run("list", "--host", "far")
    assert refused.returncode == 1 and "Host key verification failed" in refused.stderr, refused
    world.know("host")
    world.write("authorized_keys", world.read("other.pub"))
    refused = world.run("list", "--host", "far")
    assert refused.returncode == 1 and "Permission denied" in refused.stderr, refused
    world.authorize("")


def test_it_comes_back(world):
    out = world.path("plain_out")
    with open(out, "wb") as file:
        plain = subprocess.Popen([world.program, "--plain", "--host", "far"], env=world.environment(),
                                 stdin=subprocess.PIPE, stdout=file)
    has = lambda text, times=1: lambda: world.read("plain_out").count(text) >= times
    say = lambda: world.read("plain_out")
    world.block("one.org")
    await_that(has("c1 wants one.org"), say)
    os.kill(int(world.read("pid")), signal.SIGKILL)
    await_that(has("Host far: far is away"), say)
    await_that(has("Host far: connected", 2), say)
    world.block("two.org")
    await_that(has("c1 wants two.org"), say)
    number = world.read("plain_out").split(" c1 wants two.org")[0].rsplit("[", 1)[1].rstrip("]")
    plain.stdin.write(f"d {number} not now\n".encode())
    plain.stdin.flush()
    await_that(has(f"[{number}] denied"), say)
    # A hub there that restarts, while the connection stands.
    world.hub.send_signal(signal.SIGTERM)
    assert world.hub.wait(GUARD) == 0
    await_that(lambda: "Hub far:terok-clearance: " in say().split("denied")[-1], say)
    os.remove(world.path("runtime/terok-shield-events.sock")) if os.path.exists(
        world.path("runtime/terok-shield-events.sock")) else None
    world.start_hub()
    world.block("three.org")
    await_that(has("c1 wants three.org"), say)
    plain.stdin.close()
    assert plain.wait(GUARD) == 0


def test_watch(world):
    out = world.path("watch_out")
    with open(out, "wb") as file:
        watch = subprocess.Popen([world.program, "watch", "--host", "far"], env=world.environment(),
                                 stdout=file, stderr=subprocess.STDOUT)
    say = lambda: world.read("watch_out")
    await_that(lambda: "following the hub at far:" in say(), say)
    world.block("four.org")
    await_that(lambda: "domain=four.org" in say() and "list --host far --container c1\n" in say(), say)
    os.kill(int(world.read("pid")), signal.SIGKILL)
    await_that(lambda: "far is away" in say(), say)
    await_that(lambda: say().count("following the hub at far:") == 2, say)
    world.block("five.org")
    await_that(lambda: "domain=five.org" in say(), say)
    watch.send_signal(signal.SIGTERM)
    assert watch.wait(GUARD) == 0


def main():
    if not SSHD or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        skip("openssh-client and openssh-server are not installed")
    if os.getuid() == 0 and not os.path.isdir("/run/sshd"):
        skip("as root sshd needs /run/sshd")
    world = World(sys.argv[1])
    try:
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                print(name, flush=True)
                test(world)
    except BaseException:
        for name in ("sshd_log", "hub_log", "plain_out", "watch_out"):
            if os.path.exists(world.path(name)):
                print(f"{name}:\n{world.read(name)}")
        raise
    world.end()


main()
