"""Chromium by chromium-driver: plain WebDriver, no library between."""

import base64
import http.client
import json
import shutil
import subprocess
import threading
import time

from web_world import await_

DRIVER = shutil.which("chromedriver")
CHROMIUM = shutil.which("chromium")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Driver:
    """chromedriver on a port that it chose."""

    def __init__(self):
        self.process = subprocess.Popen(
            [DRIVER, "--port=0"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.port = int(line.rstrip().rstrip(".").rsplit(" ", 1)[1])
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def end(self):
        self.process.terminate()
        self.process.wait(60)

    def ask(self, method, path, body=None):
        to = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        to.request(method, path, json.dumps(body or {}) if method == "POST" else None,
                   {"Content-Type": "application/json"})
        value = json.loads(to.getresponse().read())["value"]
        to.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}")
        return value


class Browser:
    def __init__(self, driver, width=1280, height=800, *arguments):
        self.driver = driver
        options = {"binary": CHROMIUM, "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu",
            "--disable-dev-shm-usage", "--hide-scrollbars",
            "--force-device-scale-factor=1", *arguments]}
        made = driver.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.base = f"/session/{made['sessionId']}"
        self.size(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.ask("DELETE", self.base)

    def post(self, path, body=None):
        return self.driver.ask("POST", self.base + path, body)

    def command(self, name, **parameters):
        return self.post("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def size(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width,
                     height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url):
        self.post("/url", {"url": url})

    def run(self, script, *arguments):
        return self.post("/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector="body"):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def await_text(self, text, selector="body"):
        try:
            return await_(text, lambda: text in self.text(selector))
        except SystemExit:
            print(self.text(), self.run("return document.documentElement.outerHTML")[-3000:])
            raise

    def keys(self, text):
        """Real ones, one after another, to whatever has the focus."""
        actions = []
        for key in text:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.post("/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def click(self, selector):
        found = self.post("/element", {"using": "css selector", "value": selector})
        self.post(f"/element/{found[ELEMENT]}/click")

    def until(self, does, what, holds):
        """What comes too early is refused: then it is done again."""
        end = time.monotonic() + 60
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"in vain: {what}: {self.text()}")
            does()
            pause = time.monotonic() + 1
            while not holds() and time.monotonic() < pause:
                time.sleep(0.02)

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.driver.ask("GET", self.base + "/screenshot")))

    def log(self, kind):
        return self.post("/se/log", {"type": kind})

    def new_tab(self):
        handle = self.post("/window/new", {"type": "tab"})["handle"]
        self.post("/window", {"handle": handle})
        return handle

    def window(self):
        return self.driver.ask("GET", self.base + "/window")

    def to(self, handle):
        self.post("/window", {"handle": handle})


def select(browser, target):
    """By the keyboard alone."""
    browser.await_text(target, "#list")
    browser.until(lambda: browser.keys("j"), f"the selection of {target}",
                  lambda: target in browser.text("#panel h2"))
