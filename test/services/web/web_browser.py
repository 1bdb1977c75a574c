"""terok-clearance-web in Chromium, driven by chromium-driver.

Usage: web_browser.py PROGRAM TEROK_CLEARANCE [DIRECTORY FOR PICTURES]
"""

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

from web_driver import CHROMIUM, DRIVER, Browser, Driver, select
from web_world import Web, World, await_, prompt

if not DRIVER or not CHROMIUM:
    print("skipped: web_browser: chromium or chromium-driver is not installed")
    sys.exit(77)

PROGRAM, CLEARANCE = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))


def a_real_block(driver):
    """A hub of our own, with a shield that writes down what it is asked."""
    with tempfile.TemporaryDirectory() as directory:
        asked = f"{directory}/asked"
        shield = f"{directory}/shield"
        with open(shield, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\n[ "$1" != capabilities ] || exit 2\n'
                       f'echo "$*" >>{asked}\n')
        os.chmod(shield, 0o700)
        environment = {**os.environ, "XDG_RUNTIME_DIR": directory}
        hub = subprocess.Popen(
            [CLEARANCE, "serve", "--no-policy", "--inline-verdict",
             "--shield", shield, "--audit", "none"], env=environment,
            stderr=subprocess.DEVNULL)
        await_("the hub", lambda: os.path.exists(f"{directory}/terok-shield-events.sock"))

        def block(name):
            subprocess.run(
                [CLEARANCE, "emit", "--blocked", "--container", "6f1d2c3b4a59",
                 "--dest", "203.0.113.7", "--port", "443", "--domain", name,
                 "--dossier", "task=wheels"], env=environment, check=True,
                stdout=subprocess.DEVNULL, timeout=60)

        def said():
            try:
                with open(asked, encoding="ascii") as file:
                    return file.read().split("\n")[:-1]
            except FileNotFoundError:
                return []

        try:
            web = Web(PROGRAM, directory, "--no-open")
            with Browser(driver) as browser:
                block("good.example")
                browser.open(web.link)
                select(browser, "good.example")
                assert browser.run("return document.title") == "(1) clearance"
                assert web.token not in browser.run("return location.href")
                block("bad.example")
                browser.await_text("bad.example", "#list")
                select(browser, "good.example")
                browser.until(lambda: browser.keys("a"), "an allow", said)
                assert said() == ["allow 6f1d2c3b4a59 good.example"], said()
                browser.await_text("allowed", "#notice")
                await_("one row", lambda: "good.example" not in browser.text("#list"))
                # And by mouse.
                browser.click(".row")
                browser.until(lambda: browser.click("#deny"), "a deny",
                              lambda: len(said()) == 2)
                assert said()[1] == "deny 6f1d2c3b4a59 bad.example", said()
                browser.await_text("Nothing waits")
                assert browser.run("return document.title") == "clearance"
                browser.keys("2")
                browser.await_text("denied bad.example", "#decided")
                browser.await_text("allowed good.example", "#decided")
                browser.keys("4")
                browser.await_text("terok-clearance.sock", "#hubs")
                # A page that is loaded again is still let in.
                browser.post("/refresh")
                browser.await_text("Nothing waits")
                # The link was used.
                browser.new_tab()
                browser.open(web.link)
                browser.await_text("used before")
                assert browser.run("return document.title") == "(!) clearance"
            assert web.end() == 0
        finally:
            hub.terminate()
            hub.wait(60)


def times_of_a_decision(driver):
    """By a clock of the test's own, which goes on only when it says so."""
    clock = ("let now = 1000; performance.now = () => now;"
             "window.advance = ms => { now += ms; };")
    with World(PROGRAM, [prompt(1), prompt(2), prompt(3)]) as world, \
            Browser(driver) as browser:
        browser.command("Page.enable")
        browser.command("Page.addScriptToEvaluateOnNewDocument", source=clock)
        hub = world.hub

        def advance(milliseconds):
            browser.run("window.advance(arguments[0])", milliseconds)

        def refused(keys):
            browser.run("document.querySelector('#notice').textContent = ''")
            browser.keys(keys)
            return "Not yet" in browser.text("#notice")

        def decided(key, number):
            browser.keys(key)
            await_("a decision", lambda: len(hub.called("Decide")) == number)
            await_("its answer", lambda: "allowed" in browser.text("#notice")
                   or "denied" in browser.text("#notice"))
            return hub.called("Decide")[-1]

        browser.open(world.web.link)
        select(browser, "host2.example")
        # Typed ahead, with and without another selection between.
        advance(10_000)
        assert refused("kja")
        advance(499)
        assert refused("a")  # half a second is not over
        advance(1)
        assert refused("a")  # a third of a second behind a refusal is not
        advance(349)
        assert refused("x")
        advance(350)
        assert decided("a", 1)["prompt"] == "b-2"
        # Another revision is another prompt to look at.
        advance(10_000)
        hub.send({"prompt": prompt(2, revision=2, flags=["no_name"])})
        browser.await_text("FLAGS: no name", "#flags")
        assert refused("x")
        advance(500)
        given = decided("x", 2)
        assert given["revision"] == 2 and given["action"] == "deny"
        # Something above goes away, and what is selected moves.
        advance(10_000)
        hub.send({"removed": ["b-1"]})
        await_("a row less", lambda: "host1" not in browser.text("#list"))
        assert refused("a")
        advance(350)
        assert decided("a", 3)["revision"] == 2
        # What was covered was not on the screen.
        advance(10_000)
        browser.keys("?")
        browser.await_text("allow", "#dialog")
        browser.keys("ax")
        browser.keys("\ue00c")
        await_("no dialog", lambda: not browser.run(
            "return document.querySelector('#dialog').open"))
        assert refused("a")
        # Scripts press no buttons.
        advance(10_000)
        browser.run("document.querySelector('#allow').click();"
                    "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'a'}))")
        # A narrow screen: an allow needs all of it, a deny does not.
        advance(10_000)
        browser.size(320, 160)
        select(browser, "host3.example")
        advance(10_000)
        browser.keys("a")
        browser.await_text("Scroll first", "#notice")
        advance(10_000)
        assert decided("x", 4)["prompt"] == "b-3"


def marked_prompts(driver):
    flagged = prompt(2, flags=["no_name"])
    few = [prompt(1), flagged, prompt(3)]
    with World(PROGRAM, few) as world, Browser(driver) as browser:
        hub = world.hub
        browser.open(world.web.link)
        select(browser, "host1.example")
        browser.keys("*")
        browser.await_text("Allow marked 3", "#allow")
        # A changed prompt loses its mark: it is not what was marked.
        hub.send({"prompt": prompt(3, revision=2)})
        browser.await_text("Allow marked 2", "#allow")
        browser.keys("a")
        browser.await_text("Allow 1 prompt", "#dialog h2")
        browser.await_text("Left out, because they are flagged: host2", "#dialog")
        browser.until(lambda: browser.click("#together"), "an allow",
                      lambda: hub.called("Decide"))
        browser.await_text("1 allowed.", "#notice")
        assert [x["prompt"] for x in hub.called("Decide")] == ["b-1"]
        # More than five need their number.
        for number in range(4, 9):
            hub.send({"prompt": prompt(number)})
        browser.await_text("host8.example", "#list")
        browser.keys("\ue00c")
        select(browser, "host1.example")
        browser.keys("*x")
        browser.await_text("Deny 8 prompts", "#dialog h2")
        browser.run("document.querySelector('#typed').focus()")
        browser.keys("7")
        browser.until(lambda: browser.click("#together"), "a refusal",
                      lambda: "not the number 8" in browser.text("#dialog"))
        assert len(hub.called("Decide")) == 1
        browser.run("document.querySelector('#typed').value = ''")
        browser.run("document.querySelector('#typed').focus()")
        browser.keys("8")
        browser.click("#together")
        browser.await_text("8 denied.", "#notice")
        assert sorted(x["prompt"] for x in hub.called("Decide")[1:]) == [
            f"b-{n}" for n in range(1, 9)]
        # Esc forgets marks.
        browser.keys("*")
        browser.await_text("Allow marked 8", "#allow")
        browser.keys("\ue00c")
        await_("no marks", lambda: browser.text("#allow") == "Allow")


def decided_elsewhere_and_two_tabs(driver):
    with World(PROGRAM, [prompt(1), prompt(2)]) as world, Browser(driver) as browser:
        web, hub = world.web, world.hub
        browser.open(web.link)
        first = browser.window()
        select(browser, "host1.example")
        browser.click("#window")
        browser.await_text("Open another window", "#dialog")
        link = browser.run("return document.querySelector('#dialog a').href")
        browser.new_tab()
        browser.open(link)
        browser.await_text("host2.example", "#list")
        browser.to(first)
        browser.click("#dialog-close")
        decision = {"seq": 1, "prompt": "b-1", "action": "deny",
                    "by": {"kind": "operator", "uid": 7, "name": "tui"},
                    "at": int(time.time() * 1e6), "result": "applied",
                    "container": "c", "target": "t"}
        hub.send({"prompt": prompt(1, state="decided", decision=decision)})
        browser.await_text("waits no longer: denied by uid 7 (tui)", "#notice")
        browser.await_text("Nothing is selected", "#panel")
        browser.keys("ax")
        assert not hub.called("Decide")
        # What changed is not decided.
        changed = prompt(2, revision=2, flags=["metadata_service"])
        hub.answers["Decide"] = lambda given: ("PromptChanged", {"prompt": changed})
        select(browser, "host2.example")
        browser.until(lambda: browser.keys("a"), "a change",
                      lambda: "metadata service is new" in browser.text("#notice"))
        browser.await_text("FLAGS: metadata service", "#flags")
        assert hub.called("Decide")[0]["revision"] == 1


def a_hub_and_a_server_that_go_away(driver):
    with World(PROGRAM, [prompt(1)], True) as world, Browser(driver) as browser:
        web, hub = world.web, world.hub
        browser.open(web.link)
        select(browser, "host1.example")
        disabled = "return document.querySelector('#allow').disabled"
        assert not browser.run(disabled)
        hub.stop()
        await_("a button that does nothing", lambda: browser.run(disabled))
        browser.await_text("AWAY", "#counts")
        hub.start()
        await_("a button that works again", lambda: not browser.run(disabled))
        # A server that hangs, as behind a tunnel that died.
        web.process.send_signal(19)
        browser.await_text("What you see may be old", "#alert")
        assert browser.run(disabled)
        web.process.send_signal(18)
        await_("an alert that goes", lambda: browser.text("#alert") == "")
        await_("a button that works", lambda: not browser.run(disabled))


def texts_of_a_container_are_text(driver):
    bad = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    every = prompt(1, target=bad + "&lt;\u202e", domain=bad, container=bad, dest=bad,
                   addresses=[bad], opens=bad, rule=bad, flags=[bad],
                   dossier={bad: bad, "task": bad, "container_name": bad})
    with World(PROGRAM, [every]) as world, Browser(driver) as browser:
        world.hub.answers["Explain"] = lambda given: ("", {
            "decision": bad, "rules": [bad], "unknown": [], "opens": bad})
        browser.open(world.web.link)
        browser.await_text("<img src=x", "#list")
        browser.until(lambda: browser.keys("j"), "a selection",
                      lambda: "<script>" in browser.text("#panel"))
        browser.keys("e")
        browser.await_text("The policy says: <img", "#dialog")
        assert "\u202e" not in browser.text()
        assert browser.run("return document.querySelectorAll('img').length") == 0
        assert browser.run("return document.querySelectorAll('script').length") == 1
        assert browser.run("return document.title") == "(1) clearance"
        # Markup cannot be made, even by a script of ours.
        assert browser.run("try { document.body.innerHTML = '<b>x</b>'; return 'made' }"
                           " catch (e) { return e.name }") == "TypeError"


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Another server of this machine, with a page that wants in."""

    web = None

    def do_GET(self):
        script = f"""
          const base = 'http://{self.web.host}';
          const body = '{{"number":1,"revision":1,"action":"allow"}}';
          const token = 'Bearer {self.web.bearer or "0" * 64}';
          const ways = [
            [base + '/', {{}}],
            [base + '/decide', {{method: 'POST', body, mode: 'no-cors'}}],
            [base + '/decide', {{method: 'POST', body, headers: {{
              'Content-Type': 'application/json', 'X-Terok-Clearance': '1',
              Authorization: token}}}}],
            [base + '/stream', {{method: 'POST', body: '{{}}', credentials: 'include'}}]];
          Promise.all(ways.map(([url, how]) => fetch(url, how)
            .then(x => x.type + x.status, e => e.name)))
            .then(all => {{
              const frame = document.createElement('iframe');
              frame.src = base + '/';
              document.body.append(frame);
              frame.onload = () => {{
                let inside;
                try {{ inside = frame.contentDocument.body.innerText }}
                catch (e) {{ inside = e.name }}
                document.title = all.join() + ' ' + inside;
              }};
            }});"""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f"<body><script>{script}</script>".encode())

    def log_message(self, *_):
        pass


def neighbours_and_other_names(driver):
    with World(PROGRAM, [prompt(1)]) as world:
        web = world.web
        web.begin()  # the neighbour even knows a token
        Neighbour.web = web
        # The same address, another port.
        server = http.server.ThreadingHTTPServer((web.address, 0), Neighbour)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        rules = f"MAP evil.example {web.address}"
        with Browser(driver, 800, 600, f"--host-resolver-rules={rules}") as browser:
            browser.open(f"http://{web.address}:{server.server_port}/")
            await_("the neighbour's tries", lambda: " " in browser.run("return document.title"))
            title = browser.run("return document.title")
            assert "200" not in title, title
            assert "wait" not in title, title
            # A name that was made to point here (DNS rebinding).
            browser.open(f"http://evil.example:{web.port}/")
            assert "clearance" not in browser.run("return document.documentElement.outerHTML"
                                                  ).replace("terok-clearance-web", "")
            browser.open(f"http://evil.example:{server.server_port}/")
            await_("the tries", lambda: " " in browser.run("return document.title"))
            assert "200" not in browser.run("return document.title")
        assert not world.hub.called("Decide")
        server.shutdown()


def no_request_leaves(driver):
    with World(PROGRAM, [prompt(1)]) as world, Browser(driver) as browser:
        browser.log("performance")
        browser.open(world.web.link)
        select(browser, "host1.example")
        browser.keys("e")
        browser.await_text("The policy says", "#dialog")
        urls = []
        for entry in browser.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        assert len(urls) > 3, urls
        for url in urls:
            assert url.startswith((f"http://{world.web.host}/", "data:", "about:")), url
        complaints = [x["message"] for x in browser.log("browser")
                      if x["level"] == "SEVERE" and "favicon" not in x["message"]]
        assert not complaints, complaints


def rules_of_accessibility(driver):
    """What tools like axe look at first."""
    flagged = prompt(2, flags=["metadata_service"], target="169.254.169.254", domain="")
    with World(PROGRAM, [prompt(1), flagged]) as world, Browser(driver) as browser:
        with open(f"{HERE}/accessibility.js", encoding="ascii") as file:
            rules = file.read()
        browser.open(world.web.link)
        for scheme in ("light", "dark"):
            browser.command("Emulation.setEmulatedMedia", features=[
                {"name": "prefers-color-scheme", "value": scheme}])
            for width in (320, 768, 1280, 3840):
                browser.size(width, 800)
                select(browser, "169.254.169.254")
                faults = browser.run(rules)
                assert not faults, (scheme, width, faults)
        # On a telephone the details leave room for the list, and the selected row is there.
        browser.size(320, 640)
        await_("the row above the details", lambda: browser.run(
            "const at = x => document.querySelector(x).getBoundingClientRect();"
            "const top = at('#panel').top, row = at('.row[aria-selected=true]');"
            "return top > 256 && row.top >= 0 && row.bottom <= top"))
        # A window of another tab announces what is new.
        world.hub.send({"prompt": prompt(3)})
        browser.await_text("New: host3.example for pip-upgrade", "#live")
        # Keyboard alone: everything that can be clicked can be reached.
        browser.size(1280, 800)
        browser.run("document.activeElement.blur()")
        reached = set()
        for _ in range(40):
            browser.keys("\ue004")
            reached.add(browser.run("return document.activeElement.id || "
                                    "document.activeElement.dataset.view || ''"))
        wanted = {"window", "help", "filter", "group", "list", "allow", "deny",
                  "reason", "explain", "make-rule", "quiet", "waiting", "decided",
                  "rules", "hubs", "skip"}
        assert wanted <= reached, wanted - reached
        browser.run("document.querySelector('#list').focus()")
        browser.keys("?")
        browser.await_text("allow", "#dialog")
        browser.keys("\ue00c")
        assert not browser.run("return document.querySelector('#dialog').open")
        browser.keys("/")
        browser.keys("host1\ue007")
        rows = "return document.querySelectorAll('.row').length"
        await_("one row", lambda: browser.run(rows) == 1)
        browser.keys("\ue00c")
        await_("all rows", lambda: browser.run(rows) == 3)


def a_window_that_is_resized(driver):
    """The selected row stays on the screen, unless somebody scrolled away from it."""
    in_sight = """
        const at = x => document.querySelector(x).getBoundingClientRect();
        const row = at('.row[aria-selected=true]'), panel = at('#panel');
        const end = panel.left >= row.right ? innerHeight : panel.top;
        return row.top > -1 && row.bottom < end + 1; // a scroll is in whole pixels"""
    frames = ("return new Promise(done => requestAnimationFrame("
              "() => requestAnimationFrame(() => done(true))))")

    def resize(width, height):
        browser.size(width, height)
        await_("the new size", lambda: browser.run(
            "return innerWidth === arguments[0] && innerHeight === arguments[1]", width, height))
        browser.run(frames)

    with World(PROGRAM, [prompt(n) for n in range(1, 61)]) as world, \
            Browser(driver) as browser:
        browser.open(world.web.link)
        browser.await_text("host60.example", "#list")
        browser.until(lambda: browser.keys("G"), "the last row",
                      lambda: "host60.example" in browser.text("#panel h2"))
        for width, height in ((320, 640), (1280, 300), (768, 900), (1280, 800), (320, 480)):
            resize(width, height)
            assert browser.run(in_sight), (width, height)
        # Another view has other rows; the selection is there when one comes back.
        browser.keys("2")
        browser.await_text("Nothing was decided", "#decided")
        resize(1280, 300)
        browser.keys("1")
        await_("the selected row", lambda: browser.run(in_sight))
        browser.run("scrollTo(0, 0)")
        browser.run(frames)
        resize(320, 640)
        assert not browser.run(in_sight)
        assert browser.run("return scrollY") == 0


def pictures(driver, directory):
    many = [prompt(n, dossier={"task": ["pip-upgrade", "web-docs", "crawl"][n % 3]},
                   container=f"77aa01c2d3e{n % 3}") for n in range(3, 40)]
    few = [
        prompt(1, target="files.pythonhosted.org", domain="files.pythonhosted.org",
               count=12, addresses=["151.101.64.223", "151.101.0.223"], dest="151.101.64.223",
               opens="An allow opens every port of every address of files.pythonhosted.org, and "
               "of names below it, until the container ends; a later deny cuts no connection."),
        prompt(2, target="169.254.169.254", domain="", dest="169.254.169.254", ports=[80],
               addresses=["169.254.169.254"], container="77aa01c2d3e4",
               dossier={"task": "web-docs", "project": "alpha"},
               flags=["link_local", "metadata_service", "no_name"],
               opens="An allow opens every port and every protocol of this address, until the "
               "container ends; a later deny cuts no connection."),
        prompt(3, target="registry.npmjs.org", domain="registry.npmjs.org",
               container="77aa01c2d3e4", dossier={"task": "web-docs"}),
    ]
    os.makedirs(directory, exist_ok=True)
    for name, prompts in (("few", few), ("many", few + many), ("none", [])):
        with World(PROGRAM, prompts) as world, Browser(driver) as browser:
            browser.open(world.web.link)
            browser.await_text("hub" if prompts else "Nothing waits")
            if prompts:
                select(browser, "169.254.169.254")
            for scheme in ("light", "dark"):
                browser.command("Emulation.setEmulatedMedia", features=[
                    {"name": "prefers-color-scheme", "value": scheme}])
                for width, height in ((1280, 720), (320, 640), (768, 900), (3840, 2160)):
                    browser.size(width, height)
                    time.sleep(0.3)
                    browser.picture(f"{directory}/{name}-{scheme}-{width}.png")


DRIVE = Driver()
try:
    if len(sys.argv) > 3:
        pictures(DRIVE, sys.argv[3])
    else:
        for test in [a_real_block, times_of_a_decision, marked_prompts,
                     decided_elsewhere_and_two_tabs,
                     a_hub_and_a_server_that_go_away, texts_of_a_container_are_text,
                     neighbours_and_other_names, no_request_leaves,
                     rules_of_accessibility, a_window_that_is_resized]:
            test(DRIVE)
            print(f"ok: {test.__name__}", flush=True)
finally:
    DRIVE.end()
