// What git http-backend gets, and what becomes of one that misbehaves. The
// gate is given another one by GIT_EXEC_PATH.

#include "test/end_to_end/world/gate_deployment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <signal.h>

namespace gate_backend_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";
const std::string ours = authorization(gate_world::token);

/// A gate whose backend is this shell script.
struct scripted {
  explicit scripted(const std::string& script, gate_options options = {})
      : server(world, with(script, std::move(options))) {
    // nop
  }

  gate_options with(const std::string& script, gate_options options) const {
    const auto program = world.dir / "exec/git-http-backend";
    fs::create_directory(world.dir / "exec");
    write_file(program, "#!/bin/sh\n" + script + "\n");
    fs::permissions(program, fs::perms::owner_all);
    options.environment.emplace_back("GIT_EXEC_PATH",
                                     (world.dir / "exec").string());
    return options;
  }

  http_response get() const {
    return server.client().call(http_request("GET", refs, {ours}));
  }

  gate_world world;
  gate server;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    result.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

} // namespace

TEST_CASE("the backend's environment is that of gate.md and nothing more") {
  const scripted x{"printf 'A: b\\n\\n'; exec /usr/bin/env",
                   {{},
                    {{"PATH", "/usr/bin:/bin"},
                     {"HOME", "/home/of/ours"},
                     {"XDG_CONFIG_HOME", "/x"},
                     {"GIT_DIR", "/y"},
                     {"GIT_CONFIG_GLOBAL", "/z"},
                     {"GIT_TRACE", "1"},
                     {"TEROK_GATE_TOKEN", "not this one"},
                     {"LD_PRELOAD", ""}}}};
  const auto body =
      x.server.client()
          .call(
              http_request("POST", "/r.git/git-upload-pack?x=y",
                           {ours, "Content-Type: t/u", "Content-Encoding: gzip",
                            "Git-Protocol: version=2", "Proxy: evil",
                            "GIT_DIR: evil", "Content-Length: 3"},
                           "abc"))
          .body;
  auto lines = lines_of(body);
  // The shell that runs the script adds these itself.
  lines.erase(std::remove_if(lines.begin(), lines.end(),
                             [](const std::string& line) {
                               return line.starts_with("PWD=")
                                      || line.starts_with("_=")
                                      || line.starts_with("SHLVL=")
                                      || line.starts_with("OLDPWD=");
                             }),
              lines.end());
  std::sort(lines.begin(), lines.end());
  std::string home;
  for (const auto& line : lines)
    if (line.starts_with("HOME="))
      home = line.substr(5);
  CHECK_EQ(lines, std::vector<std::string>{
                      "CONTENT_LENGTH=3",
                      "CONTENT_TYPE=t/u",
                      "GIT_CONFIG_COUNT=7",
                      "GIT_CONFIG_KEY_0=core.hooksPath",
                      "GIT_CONFIG_KEY_1=receive.autogc",
                      "GIT_CONFIG_KEY_2=gc.auto",
                      "GIT_CONFIG_KEY_3=maintenance.auto",
                      "GIT_CONFIG_KEY_4=transfer.hideRefs",
                      "GIT_CONFIG_KEY_5=receive.hideRefs",
                      "GIT_CONFIG_KEY_6=http.maxRequestBuffer",
                      "GIT_CONFIG_NOSYSTEM=1",
                      "GIT_CONFIG_VALUE_0=/dev/null",
                      "GIT_CONFIG_VALUE_1=false",
                      "GIT_CONFIG_VALUE_2=0",
                      "GIT_CONFIG_VALUE_3=false",
                      "GIT_CONFIG_VALUE_4=refs/terok",
                      "GIT_CONFIG_VALUE_5=refs/replace",
                      "GIT_CONFIG_VALUE_6=16777217",
                      "GIT_EXEC_PATH=" + (x.world.dir / "exec").string(),
                      "GIT_HTTP_EXPORT_ALL=1",
                      "GIT_NO_REPLACE_OBJECTS=1",
                      "GIT_PROJECT_ROOT="
                          + fs::canonical(x.world.mirror_root()).string(),
                      "HOME=" + home,
                      "HTTP_CONTENT_ENCODING=gzip",
                      "HTTP_GIT_PROTOCOL=version=2",
                      "PATH=/usr/bin:/bin",
                      "PATH_INFO=/r.git/git-upload-pack",
                      "QUERY_STRING=x=y",
                      "REMOTE_USER=token",
                      "REQUEST_METHOD=POST",
                      "SERVER_PROTOCOL=HTTP/1.1",
                      "TEROK_GATE_LOG_FD=3",
                  });
  // A private home for the gate's lifetime.
  CHECK(fs::is_empty(home));
  CHECK_EQ(mode_of(home) & 077U, 0);
}

TEST_CASE("a private home goes with the gate") {
  scripted x{"printf 'A: b\\n\\n%s' \"$HOME\""};
  const auto home = x.get().body;
  CHECK(fs::is_directory(home));
  CHECK_EQ(x.server.stop(), exited(0));
  CHECK_FALSE(fs::exists(home));
}

TEST_CASE("what the backend says of its response is passed on") {
  const scripted x{"printf 'Status: 404 Gone Fishing\\r\\nX-Own: y\\r\\n"
                   "Connection: close\\r\\nServer: other\\r\\n"
                   "Content-Length: 2\\r\\n\\r\\nhi'"};
  auto client = x.server.client();
  for (int i = 0; i < 2; ++i) {
    const auto got = client.call(http_request("GET", refs, {ours}));
    CHECK_EQ(got.status, 404);
    CHECK_EQ(got.field("X-Own"), "y");
    CHECK_EQ(got.field("Connection"), "");
    CHECK_EQ(got.field("Server").substr(0, 11), "terok-gate/");
    CHECK_EQ(got.body, "hi");
  }
}

TEST_CASE("a backend without a header block is a 502, never a cut-off 200") {
  for (std::string script : {
           "exit 0",
           "exit 1",
           "kill -9 $$",
           "printf 'Content-Type: a/b\\n'",
           "echo fatal, not a repository; echo; echo body",
           "printf 'Status: 2x0 OK\\n\\n'",
           "printf 'A: \\001\\n\\n'",
           "printf '\\n\\nbody'",
           "head -c 20000 /dev/zero | tr '\\0' x",
           "exec >&-",
       }) {
    CAPTURE(script);
    const scripted x{script};
    CHECK_EQ(x.get().status, 502);
  }
}

TEST_CASE("a backend that dies in mid body cuts the connection") {
  for (std::string script : {"printf 'A: b\\n\\nsome'; kill -9 $$",
                             "printf 'Content-Length: 9\\n\\nsome'",
                             "printf 'Content-Length: 3\\n\\nsome'"}) {
    CAPTURE(script);
    const scripted x{script};
    auto client = x.server.client();
    client.send(http_request("GET", refs, {ours}));
    CHECK_THROWS_AS(client.next(), std::runtime_error);
  }
}

// Git's own bound is 10 MiB, and above it git answers with an empty 200.
TEST_CASE("a fetch that asks for more than there may be is told") {
  const gate_world world;
  world.seed();
  const gate server{world};
  const auto id = world.in_mirror({"rev-parse", "main"});
  // Many times the same: git reads them all.
  std::string body =
      "0011command=fetch0001000fno-progress0032want " + id + "\n";
  const auto have = "0032have " + std::string(40, '1') + "\n";
  while (body.size() + have.size() + 13 <= 16 * 1024 * 1024)
    body += have;
  body += "0009done\n0000";
  auto fields = [](const std::string& more) {
    return std::vector<std::string>{
        ours, "Git-Protocol: version=2", more,
        "Content-Type: application/x-git-upload-pack-request"};
  };
  auto post = [&](const std::string& more, const std::string& bytes) {
    return server.client().call(
        http_request("POST", "/r.git/git-upload-pack", fields(more), bytes));
  };
  const auto length = "Content-Length: " + std::to_string(body.size());
  const auto in_chunks = "Transfer-Encoding: chunked";
  CHECK_NE(post(length, body).body.find("PACK"), std::string::npos);
  CHECK_NE(post(in_chunks, chunked(body, 1 << 20)).body.find("PACK"),
           std::string::npos);
  body.append(16 * 1024 * 1024 + 1 - body.size(), '0');
  CHECK_EQ(post(in_chunks, chunked(body, 1 << 20)).status, 413);
  auto client = server.client();
  auto expecting = fields("Content-Length: 16777217");
  expecting.push_back("Expect: 100-continue");
  CHECK_EQ(
      client.call(http_request("POST", "/r.git/git-upload-pack", expecting))
          .status,
      413);
}

TEST_CASE("an exit code alone is git's own affair") {
  const scripted x{"printf 'A: b\\n\\nwhole'; exit 128"};
  CHECK_EQ(x.get().body, "whole");
}

TEST_CASE("what the backend writes is passed on as it comes") {
  const scripted x{"printf 'A: b\\n\\nfirst'; read line; printf second"};
  auto client = x.server.client();
  client.send(http_request("POST", "/r.git/git-upload-pack",
                           {ours, "Content-Length: 3"}));
  CHECK_EQ(client.next_head().status, 200);
  std::string body;
  while (body.find("first") == std::string::npos)
    REQUIRE(client.read_more(body));
  client.send("go\n");
  while (body.find("second") == std::string::npos)
    REQUIRE(client.read_more(body));
}

TEST_CASE("a backend that reads nothing of a body may answer all the same") {
  const scripted x{"exec <&-; printf 'Status: 403 No\\n\\nno'"};
  auto client = x.server.client();
  client.send(http_request("POST", "/r.git/git-receive-pack",
                           {ours, "Transfer-Encoding: chunked"}));
  const auto piece = chunked(std::string(60000, 'x'), 60000);
  // More than all buffers on the way hold; the last chunk never comes.
  for (int i = 0; i < 20; ++i)
    client.send(std::string_view(piece).substr(0, piece.size() - 5));
  CHECK_EQ(client.next().body, "no");
}

TEST_CASE("stderr is logged, escaped and bounded") {
  scripted x{"printf 'bad \\033[31mthing\\n' >&2; "
             "i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done >&2; "
             "printf 'A: b\\n\\n'"};
  CHECK_EQ(x.get().status, 200);
  CHECK_EQ(x.server.stop(), exited(0));
  const auto log = x.server.process().err();
  CHECK_NE(log.find("bad \\x1b[31mthing"), std::string::npos);
  CHECK_NE(log.find("line 18"), std::string::npos);
  CHECK_EQ(log.find("line 19"), std::string::npos);
  CHECK_NE(log.find("more bytes"), std::string::npos);
}

TEST_CASE("git that is not there is said to be") {
  const gate_world world;
  const gate server{world,
                    {{}, {{"PATH", "/nonexistent"}, {"GIT_EXEC_PATH", ""}}}};
  const auto x = server.client().call(http_request("GET", refs, {ours}));
  CHECK_EQ(x.status, 500);
  CHECK_EQ(x.body, "git not found");
}

TEST_CASE("too many requests wait, and more than that are turned away") {
  // Each runs until its body ends.
  const scripted x{"cat >/dev/null; printf 'A: b\\n\\ndone'"};
  std::vector<http_client> clients;
  const auto open_post = http_request("POST", "/r.git/git-upload-pack",
                                      {ours, "Transfer-Encoding: chunked"});
  for (int i = 0; i < 16; ++i) {
    clients.push_back(x.server.client());
    clients.back().send(open_post);
  }
  await_descendants(x.server.process().pid(), 32); // sh and cat each
  std::vector<http_client> waiting;
  for (int i = 0; i < 65; ++i) {
    waiting.push_back(x.server.client());
    waiting.back().send(open_post);
  }
  // One of them found 64 before it: which one, only the gate knows.
  std::size_t refused = 0;
  const deadline guard;
  while (refused == 0) {
    for (auto& client : waiting)
      if (client.socket().readable()) {
        const auto answer = client.next();
        CHECK_EQ(answer.status, 503);
        CHECK_EQ(answer.field("Retry-After"), "5");
        ++refused;
      }
    guard.pace("a refusal");
  }
  CHECK_EQ(refused, 1);
  for (auto& client : clients)
    client.send("0\r\n\r\n");
  for (auto& client : clients)
    CHECK_EQ(client.next().body, "done");
}

} // namespace gate_backend_tests
