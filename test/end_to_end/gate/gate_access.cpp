// Who gets what: every refusal, over raw HTTP. Source: gate.md, section 2.

#include "test/end_to_end/world/gate_deployment.hpp"

#include <doctest/doctest.h>

#include <signal.h>

namespace gate_access_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";
const std::string ours = authorization(gate_world::token);

std::string sha256_of(const gate_world& world, std::string_view token) {
  write_file(world.dir / "to-hash", token);
  child_options options;
  options.argv = {"/usr/bin/sha256sum", world.dir / "to-hash"};
  child hash{std::move(options)};
  CHECK_EQ(hash.wait(), exited(0));
  return hash.out().substr(0, 64);
}

std::string grant(const gate_world& world, std::string_view token,
                  std::string_view scope, std::string_view access) {
  return R"({"token_sha256":")" + sha256_of(world, token) + R"(","scope":")"
         + std::string(scope) + R"(","access":")" + std::string(access)
         + R"("})";
}

} // namespace

TEST_CASE("the token opens its repository") {
  const gate_world world;
  world.seed();
  const gate server{world};
  const auto x = server.client().call(http_request("GET", refs, {ours}));
  CHECK_EQ(x.status, 200);
  CHECK_EQ(x.field("Content-Type"),
           "application/x-git-upload-pack-advertisement");
  CHECK_EQ(x.field("Server").substr(0, 11), "terok-gate/");
  CHECK_NE(x.body.find(world.in_mirror({"rev-parse", "main"})),
           std::string::npos);
  CHECK_EQ(
      server.client().call(http_request("GET", "/r.git/HEAD", {ours})).body,
      "ref: refs/heads/main\n");
}

TEST_CASE("a token is taken from where people put it") {
  const gate_world world;
  world.seed();
  gate server{world};
  auto client = server.client();
  auto status = [&](std::string field) {
    return client.call(http_request("GET", refs, {std::move(field)})).status;
  };
  CHECK_EQ(status(authorization("the-token", "x")), 200);
  CHECK_EQ(status(authorization("the-token", "x:y")), 200);
  CHECK_EQ(status(authorization("x-access-token", "the-token")), 200);
  CHECK_EQ(status(authorization("", "the-token")), 200);
  CHECK_EQ(status("Authorization: Bearer the-token"), 200);
  CHECK_EQ(status("Authorization: Bearer dGhlLXRva2Vu"), 403);
  CHECK_EQ(status(authorization("x", "the-token:")), 403);
  CHECK_EQ(server.stop(), exited(0));
  // Each good request is one entry, each bad one a warning.
  const auto log = server.process().err();
  std::size_t good = 0;
  for (std::size_t at = 0; (at = log.find("status=200", at)) != log.npos; ++at)
    ++good;
  CHECK_EQ(good, 5);
}

TEST_CASE("a clone writes no warning, though git asks without a token first") {
  const gate_world world;
  world.seed();
  gate server{world};
  world.must_git({"clone", "-q", server.url(), "clone"});
  CHECK_EQ(server.stop(), exited(0));
  const auto log = server.process().err();
  CHECK_NE(log.find("status=200"), std::string::npos);
  CHECK_EQ(log.find("status=401"), std::string::npos);
  CHECK_EQ(log.find("warning"), std::string::npos);
}

TEST_CASE("no credentials, or none that can be read, are asked for") {
  const gate_world world;
  const gate server{world};
  auto client = server.client();
  for (const auto& fields : std::vector<std::vector<std::string>>{
           {},
           {"Authorization: Basic"},
           {"Authorization: Basic ###"},
           {"Authorization: Basic dG9rZW4="}, // no colon
           {"Authorization: Basic Og=="},     // nothing on either side
           {"Authorization: Bearer"},
           {"Authorization: Digest the-token"},
           {"X-Authorization: Basic dGhlLXRva2VuOg=="},
       }) {
    const auto x = client.call(http_request("GET", refs, fields));
    CHECK_EQ(x.status, 401);
    CHECK_EQ(x.field("WWW-Authenticate"), "Basic realm=\"terok gate\"");
    CHECK_EQ(x.body, "Authentication required");
  }
}

TEST_CASE("a wrong token is refused, whatever it resembles") {
  const gate_world world;
  const gate server{world};
  std::vector<http_client> clients;
  for (std::string_view user : {"the-toke", "the-token2", "The-token", "*", "r",
                                "the-token ", "the-tokem"}) {
    clients.push_back(server.client());
    clients.back().send(http_request("GET", refs, {authorization(user)}));
  }
  for (auto& x : clients)
    CHECK_EQ(x.next().status, 403);
}

TEST_CASE("every path but the four has no route") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  for (std::string target : {
           "/",
           "/r.git",
           "/r.git/",
           "/r.git/config",
           "/r.git/description",
           "/r.git/info/refs/",
           "/r.git/info/../info/refs",
           "/r/info/refs",
           "/r.git/objects/info/packs",
           "/r.git/hooks/post-update.sample",
           "/r%2egit/info/refs",
           "//r.git/info/refs",
           "/../r.git/info/refs",
           "/x/r.git/HEAD",
           "/r.git%00/HEAD",
           "/.git/HEAD",
           "*",
           "http:///r.git/HEAD",
           "http://user@gate/r.git/HEAD",
           "ftp://gate/r.git/HEAD",
           "http://gate",
       }) {
    CAPTURE(target);
    // Before the token: it would not help.
    CHECK_EQ(client.call(http_request("GET", target)).status, 404);
    CHECK_EQ(client.call(http_request("GET", target, {ours})).status, 404);
  }
}

TEST_CASE("the absolute form of a target is the path in it") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  for (std::string start : {"http://gate", "HTTP://127.0.0.1:80", "https://x"})
    for (auto path :
         {"/r.git/HEAD", "/r.git/info/refs?service=git-upload-pack"})
      CHECK_EQ(client.call(http_request("GET", start + path, {ours})).status,
               200);
}

TEST_CASE("what git can do elsewhere and not here is said in a sentence") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  for (auto path : {"/r.git/info/lfs/objects/batch", "/r.git/info/lfs/locks",
                    "/r.git/info/lfs/locks/verify"}) {
    const auto x = client.call(http_request("POST", path, {}, "{}"));
    CHECK_EQ(x.status, 501);
    CHECK_EQ(x.field("Content-Type"), "application/vnd.git-lfs+json");
    CHECK_NE(x.body.find(R"({"message":")"), std::string::npos);
  }
  const auto post =
      client.call(http_request("POST", "/r.git/git-upload-archive", {}, "x"));
  CHECK_EQ(post.status, 501);
  CHECK_NE(post.body.find("git archive"), std::string::npos);
  const auto get = client.call(http_request(
      "GET", "/r.git/info/refs?service=git-upload-archive", {ours}));
  CHECK_EQ(get.status, 403);
  CHECK_NE(get.body.find("git archive"), std::string::npos);
}

TEST_CASE("methods are GET and POST, each where it belongs") {
  const gate_world world;
  const gate server{world};
  auto status = [&](std::string_view method, std::string_view target) {
    return server.client().call(http_request(method, target, {ours}));
  };
  for (auto method : {"PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW",
                      "get", "PROPFIND"}) {
    const auto x = status(method, refs);
    CHECK_EQ(x.status, 405);
    CHECK_EQ(x.field("Allow"), "GET, POST");
  }
  CHECK_EQ(status("POST", refs).status, 405);
  CHECK_EQ(status("POST", "/r.git/HEAD").field("Allow"), "GET");
  CHECK_EQ(status("GET", "/r.git/git-upload-pack").status, 405);
  CHECK_EQ(status("GET", "/r.git/git-receive-pack").field("Allow"), "POST");
  auto head = server.client();
  head.send(http_request("HEAD", refs, {ours}));
  CHECK_EQ(head.next_head().status, 405);
}

TEST_CASE("another repository than the scope is refused, there or not") {
  const gate_world world;
  world.must_git({"init", "-q", "--bare", world.mirror_root() / "s.git"});
  const gate server{world};
  auto client = server.client();
  for (auto name : {"s", "nothing", "R", "r.git", "..", "r-", "."}) {
    CAPTURE(name);
    const auto x = client.call(
        http_request("GET", "/" + std::string(name) + ".git/HEAD", {ours}));
    CHECK_EQ(x.status, 403);
  }
}

TEST_CASE("a repository that is not there is git's 404") {
  const gate_world world;
  fs::remove_all(world.repository());
  const gate server{world};
  CHECK_EQ(server.client().call(http_request("GET", refs, {ours})).status, 404);
}

// git http-backend answers any other query with a plain file that lists every
// ref, hidden ones too.
TEST_CASE("hidden refs appear on no route") {
  const gate_world world;
  world.seed();
  const auto id = world.in_mirror({"rev-parse", "main"});
  world.in_mirror({"update-ref", "refs/hidden/secret", id});
  world.in_mirror({"config", "transfer.hideRefs", "refs/hidden"});
  world.in_mirror({"update-server-info"});
  const gate server{world};
  auto client = server.client();
  for (std::string query :
       {"?service=git-upload-pack", "?service=git-receive-pack"})
    for (auto version : {"version=0", "version=1", "version=2"}) {
      const auto x = client.call(
          http_request("GET", "/r.git/info/refs" + query,
                       {ours, "Git-Protocol: " + std::string(version)}));
      CHECK_EQ(x.status, 200);
      CHECK_EQ(x.body.find("refs/hidden"), std::string::npos);
    }
  for (std::string query : {
           "",
           "?",
           "?service=",
           "?service=git-upload-archive",
           "?x",
           "?service=git-upload-pack&x",
           "?x&service=git-upload-pack",
           "?service=git-upload-pack&service=git-upload-pack",
           "?service=GIT-UPLOAD-PACK",
           "?service=git-upload-pack%20",
       }) {
    CAPTURE(query);
    const auto x =
        client.call(http_request("GET", "/r.git/info/refs" + query, {ours}));
    CHECK_EQ(x.status, 403);
    CHECK_EQ(x.body.find("refs/hidden"), std::string::npos);
  }
  const std::string list = "0014command=ls-refs\n0000";
  const auto x = client.call(
      http_request("POST", "/r.git/git-upload-pack",
                   {ours, "Git-Protocol: version=2",
                    "Content-Type: application/x-git-upload-pack-request"},
                   list));
  CHECK_EQ(x.status, 200);
  CHECK_NE(x.body.find("refs/heads/main"), std::string::npos);
  CHECK_EQ(x.body.find("refs/hidden"), std::string::npos);
}

TEST_CASE("grants tell readers from writers, and are read again on SIGHUP") {
  const gate_world world;
  world.seed();
  const auto file = world.dir / "grants.json";
  auto grants = [&](const std::string& list) {
    write_file(file, R"({"grants":[)" + list + "]}");
  };
  grants(grant(world, "reader", "r", "read-only") + ","
         + grant(world, "writer", "r", "read-write"));
  gate server{world, {{"--grants", file.string()}, {}, false}};
  const std::string push_refs = "/r.git/info/refs?service=git-receive-pack";
  auto status = [&](std::string_view token, const std::string& target,
                    std::string_view method = "GET") {
    return server.client()
        .call(http_request(method, target, {authorization(token)}))
        .status;
  };
  CHECK_EQ(status("reader", refs), 200);
  CHECK_EQ(status("reader", push_refs), 403);
  CHECK_EQ(status("reader", "/r.git/git-receive-pack", "POST"), 403);
  CHECK_EQ(status("writer", push_refs), 200);
  CHECK_EQ(status("reader", "/s.git/HEAD"), 403);

  world.must_git({"clone", "-q", server.url("reader"), "work"});
  world.commit("work", "mine", "mine\n");
  const auto refused = world.git({"push", "-q"}, "work");
  CHECK_EQ(refused.end, exited(128));
  CHECK_NE(refused.err.find("403"), std::string::npos);
  world.must_git({"push", "-q", server.url("writer"), "main"}, "work");

  SUBCASE("a new list replaces the old one") {
    grants(grant(world, "newcomer", "*", "read-only"));
    server.process().kill(SIGHUP);
    server.process().await_err("the grants are new");
    CHECK_EQ(status("newcomer", refs), 200);
    CHECK_EQ(status("writer", push_refs), 403);
  }
  SUBCASE("a list with a mistake changes nothing") {
    write_file(file, R"({"grants":[{"scope":"r"}]})");
    server.process().kill(SIGHUP);
    server.process().await_err("the old grants stay");
    CHECK_EQ(status("writer", push_refs), 200);
  }
}

TEST_CASE("nothing that a client sent stands in the log unescaped or at all") {
  const gate_world world;
  gate server{world, {{"--log-level", "debug"}, {}, true}};
  auto client = server.client();
  CHECK_EQ(client
               .call(http_request("GET",
                                  "/\x9b"
                                  "31m\xff",
                                  {ours}))
               .status,
           404);
  CHECK_EQ(client.call(http_request("GET", refs, {ours})).status, 200);
  CHECK_EQ(server.stop(), exited(0));
  const auto log = server.process().err();
  CHECK_NE(log.find("/\\x9b31m\\xff"), std::string::npos);
  CHECK_EQ(log.find("the-token"), std::string::npos);
  CHECK_EQ(log.find("dGhlLXRva2Vu"), std::string::npos);
  for (const char c : log)
    CHECK((c == '\n' || (c >= 0x20 && c < 0x7f)));
}

TEST_CASE("a gate that cannot listen says why and ends with 1") {
  const gate_world world;
  write_file(world.socket(), "precious");
  child server{gate_on_socket(world)};
  CHECK_EQ(server.wait(), exited(1));
  CHECK_NE(server.err().find(world.socket().string()
                             + ": there is something that is not a socket"),
           std::string::npos);
  CHECK_EQ(read_file(world.socket()), "precious");
}

} // namespace gate_access_tests
