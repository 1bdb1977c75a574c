"""terok-clearance-web by raw sockets, as a browser and as what must not get in.

Usage: web_server.py PROGRAM TEROK_CLEARANCE
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

from web_world import Answer, FakeHub, Web, World, await_, prompt

PROGRAM, CLEARANCE = sys.argv[1:3]


def was_closed(peer):
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def the_page_and_its_fields():
    with World(PROGRAM) as world:
        web = world.web
        answer = web.send("GET", "/", fields={"Host": web.host})
        assert answer.status == 200
        assert answer.body.startswith(b"<!doctype html>")
        assert len(answer.body) < 60 * 1024
        policy = answer.fields["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'sha256-",
                     "style-src 'sha256-", "connect-src 'self'",
                     "require-trusted-types-for 'script'",
                     "frame-ancestors 'none'"):
            assert part in policy, policy
        assert "unsafe" not in policy and "set-cookie" not in answer.fields
        # The connection goes on.
        again = web.send("GET", "/", fields={"Host": web.host}, to=answer.peer)
        assert again.body == answer.body


def a_link_works_once():
    with World(PROGRAM) as world:
        web = world.web
        web.begin()
        first = web.bearer
        assert web.post("/alive").status == 200
        refused = web.post("/session", {"token": web.token}, Authorization=None)
        assert refused.status == 403 and refused.ends()
        # The link of "another window" is another one, and works once, too.
        link = web.post("/window").json()["link"]
        assert link.startswith(f"http://{web.host}/#") and web.token not in link
        web.token = link.split("#")[1]
        web.begin()
        assert web.bearer != first
        web.bearer = first
        assert web.post("/alive").status == 200


def who_is_refused_learns_nothing():
    with World(PROGRAM, [prompt(1)]) as world:
        web = world.web
        web.begin()
        wrong = [
            {"Host": f"127.0.0.1:{web.port}"}, {"Host": f"localhost:{web.port}"},
            {"Host": "evil.example"}, {"Host": web.address}, {"Host": None},
            {"Origin": f"http://{web.address}:{web.port + 1}"},
            {"Origin": "http://evil.example"}, {"Origin": "null"},
            {"Origin": None}, {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": None},
            {"X_Terok_Clearance": None}, {"X_Terok_Clearance": "2"},
            {"Content_Type": "text/plain"}, {"Content_Type": None},
            {"Authorization": None}, {"Authorization": "Bearer " + "0" * 64},
            {"Authorization": "Basic " + web.bearer},
        ]
        calls = ["/window", "/stream", "/alive", "/decide", "/explain",
                 "/quiet", "/rule", "/rules"]
        body = {"number": 1, "revision": 1, "action": "allow"}
        for other in wrong:
            for call in calls if other == {"Authorization": None} else ["/decide"]:
                answer = web.post(call, body, **other)
                assert answer.status == 403, (call, other, answer.head)
                assert answer.body == b"" and answer.ends(), other
                for field in ("cache-control", "content-security-policy",
                              "cross-origin-resource-policy"):
                    assert field in answer.fields
                assert "access-control-allow-origin" not in answer.fields
        # What a browser asks before it sends our field for another page.
        answer = web.send("OPTIONS", "/decide", fields={
            "Host": web.host, "Origin": "http://evil.example",
            "Access-Control-Request-Headers": "x-terok-clearance"})
        assert answer.status == 404 and answer.body == b""
        assert "access-control" not in answer.head.lower()
        assert not world.hub.called("Decide")
        await_("a line about the Host", lambda: b"Host" in web.err)
        assert web.err.count(b"Host") == 1, web.err


def nonsense_closes():
    with World(PROGRAM) as world:
        web = world.web
        web.begin()
        for text in (b"nonsense\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
                     b"GET / HTTP/1.1\r\nX: " + b"x" * 9000):
            peer = web.connect()
            peer.sendall(text)
            answer = Answer(peer)
            assert answer.status in (400, 403) and answer.body == b""
        for body in ("[]", "{", '{"number":"1"}', '{"action":"maybe"}'):
            answer = web.send("POST", "/decide", body)
            assert answer.status == 400 and answer.body == b"" and answer.ends()
        chunked = web.fields(Transfer_Encoding="chunked")
        assert web.send("POST", "/decide", "0\r\n\r\n", chunked).status == 400
        large = web.fields(Content_Length="9000")
        assert web.send("POST", "/decide", "x", large).status == 400


def nobody_is_shut_out():
    """Connections that never say who they are make room."""
    with World(PROGRAM) as world:
        web = world.web
        web.begin()
        stream = web.post("/stream")
        stream.line()
        others = []
        for _ in range(150):
            others.append(web.connect())
            try:
                others[-1].sendall(b"POST /decide HTTP/1.1\r\n")
            except OSError:
                pass  # closed already
        assert web.post("/alive").status == 200
        assert was_closed(others[0])
        world.hub.send({"prompt": prompt(5)})
        stream.line_with(lambda line: line["prompts"])
        streams = [web.post("/stream") for _ in range(4)]
        assert [x.status for x in streams] == [200, 200, 200, 503]
        streams[0].peer.close()
        await_("room for a stream", lambda: web.post("/stream").status == 200)


def a_stream_and_its_resumption():
    with World(PROGRAM, [prompt(1), prompt(2)]) as world:
        web = world.web
        web.begin()
        stream = web.post("/stream")
        assert stream.status == 200
        assert stream.fields["content-type"] == "application/x-ndjson"
        known = {}
        while len(known) < 2:
            line = stream.line()
            known.update({x["target"]: x for x in line["prompts"]})
        version = line["version"]
        stream.peer.close()
        world.hub.send({"prompt": prompt(3), "removed": ["b-1"]})
        again = web.post("/stream", {"after": version})
        line = again.line_with(lambda line: line["prompts"])
        assert "reset" not in line
        assert [x["target"] for x in line["prompts"]] == ["host3.example"]
        assert line["removed"] == [known["host1.example"]["number"]]


def two_pages_and_decisions():
    with World(PROGRAM, [prompt(1), prompt(2)]) as world:
        web, hub = world.web, world.hub
        web.begin()
        streams = [web.post("/stream"), web.post("/stream")]
        line = streams[0].line_with(lambda line: len(line["prompts"]) == 2)
        one, two = line["prompts"]
        answer = web.post("/decide", {"number": one["number"], "revision": 1,
                                      "action": "allow", "reason": "wheels"})
        assert answer.json() == {"what": "done", "text": "allowed"}
        given = hub.called("Decide")[0]
        assert given == {"prompt": "b-1", "revision": 1, "action": "allow",
                         "reason": "wheels", "name": "web"}, given
        decision = {"seq": 1, "prompt": "b-2", "action": "deny",
                    "by": {"kind": "operator", "uid": 7, "name": "tui"},
                    "at": 1, "result": "applied", "container": "c", "target": "t"}
        hub.send({"prompt": prompt(2, state="decided", decision=decision)})
        for stream in streams:
            line = stream.line_with(lambda line: any(
                x["state"] == "decided" for x in line["prompts"]))
            assert "uid 7 (tui)" in json.dumps(line)
        answer = web.post("/decide", {"number": two["number"], "revision": 1,
                                      "action": "deny"})
        assert answer.json()["what"] == "already"
        assert web.post("/decide", {"number": 99, "revision": 1,
                                    "action": "deny"}).json()["what"] == "gone"
        # A revision that is not the current one: the hub says so.
        hub.send({"prompt": prompt(3)})
        line = streams[0].line_with(lambda line: line["prompts"])
        changed = prompt(3, revision=2, flags=["metadata_service"])
        hub.answers["Decide"] = lambda given: ("PromptChanged", {"prompt": changed})
        number = line["prompts"][0]["number"]
        came = web.post("/decide", {"number": number, "revision": 1,
                                    "action": "allow"}).json()
        assert came["what"] == "changed" and "metadata service is new" in came["text"]
        assert web.post("/decide", {"number": number}).json()["what"] == "unknown"


def a_slow_decision_holds_nobody_up():
    with World(PROGRAM, [prompt(1)]) as world:
        web, hub = world.web, world.hub
        web.begin()
        stream = web.post("/stream")
        number = stream.line_with(lambda x: x["prompts"])["prompts"][0]["number"]
        go = threading.Event()
        hub.answers["Decide"] = lambda given: (go.wait(), ("", {}))[1]
        peer = web.connect()
        body = json.dumps({"number": number, "revision": 1, "action": "deny"})
        fields = web.fields(Content_Length=str(len(body)))
        text = "POST /decide HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items())
        peer.sendall((text + "\r\n" + body).encode())
        assert web.post("/alive").status == 200
        go.set()
        assert Answer(peer).json()["what"] == "done"


def explain_rules_quiet_and_rule():
    with World(PROGRAM, [prompt(1)]) as world:
        web, hub = world.web, world.hub
        hub.answers.update({
            "Explain": lambda given: ("", {
                "decision": "ask", "rules": ["wheels"], "unknown": [],
                "opens": "An allow opens all."}),
            "Rules": lambda given: ("", {"state": "in force", "rules": [{
                "name": "wheels", "why": "all \x1b need it", "file": "a.toml",
                "line": 3, "to": ["pypi.org"], "action": "allow"}]}),
        })
        web.begin()
        line = web.post("/stream").line_with(lambda line: line["prompts"])
        number = line["prompts"][0]["number"]
        lines = web.post("/explain", {"number": number}).json()["lines"]
        assert "A rule matches: wheels" in lines, lines
        socket_ = f"{world.runtime}/terok-clearance.sock"
        lines = web.post("/rules", {"hub": socket_}).json()["lines"]
        assert lines[0] == "in force" and "pypi.org" in lines[1], lines
        assert "\x1b" not in lines[1]
        assert web.post("/rules", {"hub": "/x"}).json()["lines"] == ["this hub is gone"]
        came = web.post("/quiet", {"number": number}).json()
        assert came["what"] == "done" and hub.called("Quiet")[0]["on"] is True
        lines = web.post("/rule", {"number": number, "action": "allow"}).json()["lines"]
        assert 'to = ["host1.example"]' in lines, lines


def a_hub_that_restarts_is_stale_and_comes_back():
    with World(PROGRAM, [prompt(1)], True) as world:
        web, hub = world.web, world.hub
        web.begin()
        stream = web.post("/stream")
        stream.line_with(lambda line: line["prompts"])
        hub.stop()
        line = stream.line_with(lambda line: line["prompts"])
        assert line["prompts"][0]["stale"]
        number = line["prompts"][0]["number"]
        came = web.post("/decide", {"number": number, "revision": 1,
                                    "action": "allow"}).json()
        assert came["what"] == "unknown" and "away" in came["text"], came
        hub.prompts = [prompt(1), prompt(2)]
        hub.start()
        stream.line_with(lambda line: any(
            x["target"] == "host2.example" for x in line["prompts"]))


def idle_is_idle():
    with World(PROGRAM, [prompt(1)]) as world:
        web = world.web
        web.begin()
        stream = web.post("/stream")
        stream.line_with(lambda line: line["prompts"])

        def switches():
            with open(f"/proc/{web.process.pid}/status", encoding="ascii") as file:
                words = dict(line.split(":\t", 1) for line in file)
            return int(words["voluntary_ctxt_switches"]), words["VmRSS"]

        # As long as something still moves, it is not idle yet.
        before = switches()[0]
        threading.Event().wait(1)
        for _ in range(20):
            before, last = switches()[0], before
            if before == last:
                break
            threading.Event().wait(1)
        else:
            raise SystemExit("a page that is open wakes the program up")
        assert int(switches()[1].split()[0]) < 16 * 1024, switches()


def the_file_for_the_browser():
    """It has the link, for us alone, and goes away when the page is open."""
    with tempfile.TemporaryDirectory() as directory:
        said = f"{directory}/said"
        browser = f"{directory}/browser"
        with open(browser, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nprintf "%s\\n" "$@" >{said}.new\n'
                       f'cat "$1" >>{said}.new\nmv {said}.new {said}\n')
        os.chmod(browser, 0o700)
        hub = FakeHub(f"{directory}/terok-clearance.sock")
        web = Web(PROGRAM, directory, BROWSER=browser)
        await_("the browser", lambda: os.path.exists(said))
        with open(said, encoding="ascii") as file:
            path, text = file.read().split("\n", 1)
        assert web.token not in path and f"url={web.link}" in text
        info = os.stat(path)
        assert stat.S_IMODE(info.st_mode) == 0o600 and path.startswith(directory)
        web.begin()
        await_("the end of the file", lambda: not os.path.exists(path))
        assert web.end() == 0
        hub.stop()


def addresses():
    with tempfile.TemporaryDirectory() as directory:
        webs = [Web(PROGRAM, directory, "--no-open") for _ in range(3)]
        assert len({web.address for web in webs}) > 1, "addresses are random"
        for web in webs:
            assert web.end() == 0
        web = Web(PROGRAM, directory, "--no-open", "--listen", "127.0.0.1")
        assert web.address == "127.0.0.1"
        taken = subprocess.run(
            [PROGRAM, "--no-open", "--listen", web.host], check=False,
            capture_output=True, text=True, timeout=60)
        assert taken.returncode == 1 and "cannot serve" in taken.stderr
        assert web.end() == 0


def the_subcommand():
    with tempfile.TemporaryDirectory() as directory:
        web = Web(CLEARANCE, directory, "web", "--no-open",
                  PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"])
        assert web.end() == 0
        alone = f"{directory}/terok-clearance"
        shutil.copy(CLEARANCE, alone)
        without = subprocess.run(
            [alone, "web", "--no-open"], check=False, capture_output=True,
            text=True, timeout=60, env={**os.environ, "PATH": "/nowhere"})
        assert without.returncode == 1, without
        assert "package terok-clearance-web" in without.stderr, without.stderr


for test in [
        the_page_and_its_fields, a_link_works_once,
        who_is_refused_learns_nothing, nonsense_closes, nobody_is_shut_out,
        a_stream_and_its_resumption, two_pages_and_decisions,
        a_slow_decision_holds_nobody_up, explain_rules_quiet_and_rule,
        a_hub_that_restarts_is_stale_and_comes_back, idle_is_idle,
        the_file_for_the_browser, addresses, the_subcommand]:
    test()
    print(f"ok: {test.__name__}", flush=True)
