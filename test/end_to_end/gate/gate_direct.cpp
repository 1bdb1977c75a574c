// Where the gate starts `git upload-pack` and `git receive-pack` by itself, the
// client and the hooks see what they see behind `git http-backend`. A section
// [http] in the repository's configuration is what makes the gate ask
// `git http-backend`.

#include "test/end_to_end/world/gate_deployment.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace gate_direct_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string ours = authorization(gate_world::token);

std::string packet(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto size = text.size() + 4;
  std::string result = "00";
  result += digits[size / 16];
  result += digits[size % 16];
  result += text;
  return result;
}

/// Git's own programs, and a git http-backend that leaves a note.
struct noted {
  gate_world world;
  gate server;

  explicit noted(std::vector<std::string> arguments = {})
      : server(world, {std::move(arguments), {prepare()}}) {
    world.seed();
  }

  std::pair<std::string, std::string> prepare() const {
    const fs::path real = world.must_git({"--exec-path"});
    const auto exec = world.dir / "exec";
    fs::create_directory(exec);
    fs::create_symlink(real / "git", exec / "git");
    write_file(exec / "git-http-backend",
               "#!/bin/sh\n>\"$GIT_PROJECT_ROOT/r.git/asked\"\nexec "
                   + (real / "git-http-backend").string() + "\n");
    fs::permissions(exec / "git-http-backend", fs::perms::owner_all);
    return {"GIT_EXEC_PATH", exec.string()};
  }

  /// Whether git http-backend ran since the last call.
  bool asked() const { return fs::remove(world.repository() / "asked"); }

  /// From here on git http-backend is asked.
  void configure() const { world.in_mirror({"config", "http.x", "y"}); }

  http_response call(const std::string& bytes) const {
    return server.client().call(bytes);
  }
};

struct service_request {
  std::string what;
  std::string bytes;
};

std::vector<service_request> requests(const std::string& tip) {
  std::vector<service_request> result;
  for (std::string service : {"git-upload-pack", "git-receive-pack"})
    for (std::string version :
         {"", "version=0", "version=1", "version=2", "version=1:version=2",
          "version=22", "nonsense"}) {
      std::vector<std::string> fields{ours};
      if (!version.empty())
        fields.push_back("Git-Protocol: " + version);
      result.push_back(
          {service + ' ' + version,
           http_request("GET", "/r.git/info/refs?service=" + service, fields)});
    }
  auto post = [&](const std::string& service, std::vector<std::string> fields,
                  std::string_view body) {
    fields.push_back(ours);
    fields.push_back("Content-Type: application/x-git-" + service + "-request");
    return http_request("POST", "/r.git/git-" + service, fields, body);
  };
  const std::string version_2 = "Git-Protocol: version=2";
  result.push_back(
      {"a list of refs",
       post("upload-pack", {version_2}, packet("command=ls-refs\n") + "0000")});
  result.push_back(
      {"a fetch",
       post("upload-pack", {version_2},
            packet("command=fetch") + "0001" + packet("no-progress\n")
                + packet("want " + tip + '\n') + packet("done\n") + "0000")});
  result.push_back(
      {"a fetch of version 0",
       post("upload-pack", {},
            packet("want " + tip + '\n') + "0000" + packet("done\n"))});
  result.push_back({"a fetch of what is not there",
                    post("upload-pack", {},
                         packet("want " + std::string(40, '1') + '\n') + "0000"
                             + packet("done\n"))});
  result.push_back({"an empty push", post("receive-pack", {}, "0000")});
  result.push_back(
      {"a push in chunks", post("receive-pack", {"Transfer-Encoding: chunked"},
                                chunked("0000", 1))});
  return result;
}

/// The body, but of a pack its bytes alone: git cuts one into packets as it
/// comes out of another process.
std::string without_cuts(const std::string& body) {
  const auto begin = packet("packfile\n");
  if (!body.starts_with(begin))
    return body;
  std::string result = begin;
  for (std::size_t at = begin.size(); at + 5 < body.size();) {
    const auto size = std::stoul(body.substr(at, 4), nullptr, 16);
    REQUIRE_GT(size, 5);
    result += body.substr(at + 5, size - 5); // behind the band's number
    at += size;
  }
  return result;
}

} // namespace

TEST_CASE("each answer is that of git http-backend, byte for byte") {
  const noted x;
  const auto all = requests(x.world.in_mirror({"rev-parse", "main"}));
  std::vector<http_response> direct;
  for (const auto& request : all)
    direct.push_back(x.call(request.bytes));
  CHECK_FALSE(x.asked());
  x.configure();
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].what);
    const auto other = x.call(all[i].bytes);
    CHECK(x.asked());
    CHECK_EQ(direct[i].status, 200);
    CHECK_EQ(direct[i].head, other.head);
    CHECK_EQ(without_cuts(direct[i].body), without_cuts(other.body));
  }
}

TEST_CASE("clone, fetch and push do without git http-backend") {
  const noted x;
  x.world.must_git({"clone", x.server.url(), "work"});
  x.world.commit("work", "more", noise(3 << 20)); // sent in chunks
  x.world.must_git({"push", "origin", "HEAD:main", "HEAD:refs/heads/other"},
                   "work");
  x.world.must_git({"push", "origin", ":refs/heads/other"}, "work");
  x.world.must_git({"fetch"}, "work");
  CHECK_FALSE(x.asked());
  CHECK_EQ(x.world.in_mirror({"rev-parse", "main"}),
           x.world.must_git({"rev-parse", "HEAD"}, "work"));
  x.configure();
  x.world.must_git({"fetch"}, "work");
  CHECK(x.asked());
}

TEST_CASE("switches of the repository's configuration hold at once") {
  const noted x;
  auto status = [&](const std::string& service) {
    return x
        .call(http_request("GET", "/r.git/info/refs?service=git-" + service,
                           {ours}))
        .status;
  };
  CHECK_EQ(status("receive-pack"), 200);
  x.world.in_mirror({"config", "http.receivepack", "false"});
  CHECK_EQ(status("receive-pack"), 403);
  CHECK_EQ(status("upload-pack"), 200);
  x.world.in_mirror({"config", "http.uploadpack", "false"});
  CHECK_EQ(status("upload-pack"), 403);
  x.world.in_mirror({"config", "--remove-section", "http"});
  CHECK_EQ(status("upload-pack"), 200);
}

TEST_CASE("switches of the operator's HOME hold, too") {
  temp_dir home;
  write_file(home / ".gitconfig", "[http]\n\treceivepack = false\n");
  const noted x{{"--home", home.path()}};
  CHECK_EQ(
      x.call(http_request("GET", "/r.git/info/refs?service=git-receive-pack",
                          {ours}))
          .status,
      403);
}

// Both end without a word of git's protocol; git http-backend has said 200 by
// then.
TEST_CASE("a service that fails before its first byte is a 502") {
  const noted x;
  const auto request = http_request(
      "POST", "/r.git/git-receive-pack",
      {ours, "Content-Type: application/x-git-receive-pack-request"},
      "nonsense");
  CHECK_EQ(x.call(request).status, 502);
  CHECK_FALSE(x.asked());
}

TEST_CASE("a hook finds the same environment") {
  temp_dir hooks;
  write_file(hooks / "post-receive",
             "#!/bin/sh\nenv >\"$GIT_PROJECT_ROOT/r.git/environment\"\n");
  fs::permissions(hooks / "post-receive", fs::perms::owner_all);
  const noted x{{"--hooks-path", hooks.path()}};
  auto environment = [&](const std::string& branch) {
    x.world.must_git({"push", x.server.url(), "HEAD:refs/heads/" + branch},
                     "work");
    const auto text = read_file(x.world.repository() / "environment");
    std::vector<std::string> result;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      auto line = text.substr(at, end - at);
      at = end + 1;
      // Git puts its own directory in front, http-backend once more.
      if (!line.starts_with("PATH="))
        result.push_back(std::move(line));
    }
    std::sort(result.begin(), result.end());
    return result;
  };
  x.world.must_git({"clone", x.server.url(), "work"});
  const auto direct = environment("one");
  CHECK_FALSE(x.asked());
  x.configure();
  CHECK_EQ(environment("two"), direct);
  CHECK(x.asked());
}

} // namespace gate_direct_tests
