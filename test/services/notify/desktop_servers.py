"""terok-clearance-notify in front of two real servers, dunst and notification-daemon, on a display
that nobody sees (Xvfb). test/services/notify/desktop.py says what is decided; here is what only a
real server can show: that it takes what the program sends, and that its buttons come back.

Usage: desktop_servers.py PROGRAM [DIRECTORY]. With DIRECTORY the pictures of the popups are left
there (needs ImageMagick). Every wait is for something that must come.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOOLS = {"dunst": "dunst", "dunstctl": "dunst", "Xvfb": "xvfb", "xwininfo": "x11-utils"}
for tool, package in TOOLS.items():
    if not shutil.which(tool):
        print(f"skipped: notify_servers: {tool} is not installed (package {package})")
        sys.exit(77)

from desktop import World, private_bus, prompt  # noqa: E402: starts the session bus

DAEMON = "/usr/lib/notification-daemon/notification-daemon"
PICTURES = sys.argv[2] if len(sys.argv) > 2 else None

# Asks for the action as dunst does it: with a program that gets the names of the actions.
DUNST = """
[global]
font = Sans 11
width = 420
height = 300
notification_limit = 5
dmenu = {menu}
[urgency_critical]
frame_color = "#ff0000"
"""


class Display:
    def __init__(self):
        told, tell = os.pipe()
        self.x = subprocess.Popen(["Xvfb", "-displayfd", str(tell), "-screen", "0", "640x480x24",
                                   "-nolisten", "tcp"], pass_fds=[tell], stderr=subprocess.DEVNULL)
        os.close(tell)
        self.number = ""
        while not self.number.endswith("\n"):
            more = os.read(told, 16).decode()
            assert more, "Xvfb does not start"
            self.number += more
        os.close(told)
        os.environ["DISPLAY"] = ":" + self.number.strip()
        os.environ["NO_AT_BRIDGE"] = "1"  # GTK asks for no program that reads the screen

    @staticmethod
    def popups():
        """Windows that are shown and are no icons."""
        tree = subprocess.run(["xwininfo", "-root", "-children"], capture_output=True, text=True,
                              check=False).stdout
        shown = 0
        for line in tree.splitlines():
            words = line.split()
            if words and words[0].startswith("0x"):
                of = subprocess.run(["xwininfo", "-id", words[0]], capture_output=True, text=True,
                                    check=False).stdout
                width = next((int(x.split()[-1]) for x in of.splitlines()
                              if x.strip().startswith("Width:")), 0)
                shown += "IsViewable" in of and width > 100
        return shown

    @staticmethod
    def picture(name):
        if PICTURES and shutil.which("import"):
            subprocess.run(["import", "-window", "root", f"{PICTURES}/{name}.png"], check=True)

    def end(self):
        self.x.terminate()
        self.x.wait(60)


def waits_for(world, holds, what):
    """A look is a program of its own: not too often."""
    def later():
        time.sleep(0.05)
        return holds()
    world.await_that(later, what)


def shown_by_dunst():
    answer = subprocess.run(["dunstctl", "count", "displayed"], capture_output=True, text=True,
                            check=False).stdout
    return int(answer) if answer.strip().isdigit() else 0


def test_dunst_takes_a_click(program, display):
    """Its menu of actions has our buttons, and the one that is chosen decides."""
    directory = tempfile.mkdtemp()
    menu, chosen = directory + "/menu", directory + "/chosen"
    with open(menu, "w", encoding="ascii") as out:
        out.write(f"#!/bin/sh\ntee {chosen} | grep -m1 Deny\n")
    os.chmod(menu, 0o700)
    with open(directory + "/dunstrc", "w", encoding="ascii") as out:
        out.write(DUNST.format(menu=menu))
    server = subprocess.Popen(["dunst", "-conf", directory + "/dunstrc"],
                              stderr=subprocess.DEVNULL)
    world = World(program)
    world.hub.prompts = [prompt(1, revision=4)]
    waits_for(world, lambda: shown_by_dunst() == 1 and display.popups() == 1, "the popup")
    display.picture("dunst-one")
    subprocess.run(["dunstctl", "context"], check=True)
    world.await_that(lambda: world.hub.decided, "the decision")
    assert world.hub.decided == [("b-1", 4, "deny", "notify")]
    with open(chosen, encoding="ascii") as lines:
        names = lines.read()
    assert "Allow" in names and "Deny" in names and "Open" in names, names
    # Somebody else's decision, and a container that ended: each closes its popup.
    world.hub.send(removed=["b-1"])
    waits_for(world, lambda: shown_by_dunst() == 0, "the end of the popup")
    world.hub.send(prompt=prompt(2, flags=["metadata_service"], target="<b>169.254.169.254</b>"))
    world.hub.send(prompt=prompt(3))
    waits_for(world, lambda: shown_by_dunst() == 1 and display.popups() == 1, "the second popup")
    display.picture("dunst-flagged")
    # A name is text, whatever the server does with markup.
    history = subprocess.run(["dunstctl", "close-all"], check=True)
    history = json.loads(subprocess.run(["dunstctl", "history"], capture_output=True, text=True,
                                        check=True).stdout)
    bodies = [x["body"]["data"] for x in history["data"][0]]
    assert not any("<b>169" in x or "<B>169" in x for x in bodies), bodies
    for number in 2, 3:
        world.hub.send(prompt=prompt(number, state="gone", why="container_exited"))
    waits_for(world, lambda: shown_by_dunst() == 0 and display.popups() == 0, "its end")
    world.end()
    server.terminate()
    server.wait(60)
    shutil.rmtree(directory)


def test_notification_daemon_shows_and_closes(program, display):
    if not os.path.exists(DAEMON):
        print("skipped: notify_servers: notification-daemon is not installed")
        return
    closed = []
    bus = private_bus()
    bus.add_signal_receiver(lambda number, reason: closed.append(int(reason)),
                            "NotificationClosed", "org.freedesktop.Notifications")
    server = subprocess.Popen([DAEMON], stderr=subprocess.DEVNULL)
    world = World(program)
    world.hub.prompts = [prompt(1)]
    waits_for(world, lambda: display.popups() >= 1, "the popup")
    display.picture("notification-daemon-one")
    # Of its own accord the server leaves the popup of a notification that is closed.
    world.hub.send(prompt=prompt(1, state="gone", why="container_exited"))
    waits_for(world, lambda: closed and display.popups() == 0, "its end")
    world.end()
    server.terminate()
    server.wait(60)


def main():
    display = Display()
    tests = [x for name, x in sorted(globals().items()) if name.startswith("test_")]
    try:
        for test in tests:
            print(test.__name__, flush=True)
            test(sys.argv[1], display)
    finally:
        display.end()  # the servers end with their display
    print(f"{len(tests)} cases")


main()
