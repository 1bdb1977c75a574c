#include "actors/gate/git_request.hpp"

#include "actors/gate/gate.hpp"
#include "protocol/gate/token_mark.hpp"
#include "test/support/doubles/fake_http.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace git_request_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";
const std::string push_refs = "/r.git/info/refs?service=git-receive-pack";

/// One git request with a gate around it: it answers whatever it is asked.
struct fixture : with_http, actor_fixture {
  actors::gate_actor gate;

  explicit fixture(std::string program = "/git-http-backend") {
    actors::gate_config config;
    config.io = &io;
    config.http = &http;
    config.grants = std::make_shared<const std::vector<protocol::grant>>(
        std::vector<protocol::grant>{
            {protocol::sha256("writer"), "r", true},
            {protocol::sha256("reader"), "r", false},
            {protocol::sha256("all"), "*", false},
        });
    config.backend.program = std::move(program);
    config.backend.cgi.project_root = "/mirrors";
    config.backend.cgi.home = "/h";
    gate = actors::spawn_gate(io, std::move(config));
    run();
  }

  recorded_request_ptr bring(recorded_request_ptr x) {
    http.bring(x);
    run();
    advance(std::chrono::seconds{2}); // wrong tokens are slow
    return x;
  }

  recorded_request_ptr get(std::string target, std::string_view token) {
    return bring(make_request("GET", std::move(target), token));
  }

  int status(std::string method, std::string target, std::string_view token) {
    auto x = bring(make_request(std::move(method), std::move(target), token));
    CHECK(x->plans.empty()); // no child for what is refused
    return x->status;
  }

  std::size_t git_requests() const { return io.alive("git_request").size(); }
};

bool has(const std::vector<std::string>& xs, const std::string& x) {
  return std::find(xs.begin(), xs.end(), x) != xs.end();
}

} // namespace

TEST_CASE_FIXTURE(fixture, "what is granted is served by git http-backend") {
  auto request = make_request("POST", "/r.git/git-receive-pack?q", "writer");
  request->head.content_type = "t/u";
  request->head.content_length = 12;
  request->head.git_protocol = "version=2";
  bring(request);
  REQUIRE_EQ(request->plans.size(), 1);
  const auto& plan = request->plans[0];
  CHECK_EQ(plan.program, "/git-http-backend");
  CHECK_EQ(plan.argv, std::vector<std::string>{"git-http-backend"});
  for (std::string entry :
       {"PATH_INFO=/r.git/git-receive-pack", "QUERY_STRING=q",
        "REQUEST_METHOD=POST", "CONTENT_TYPE=t/u", "CONTENT_LENGTH=12",
        "HTTP_GIT_PROTOCOL=version=2", "GIT_PROJECT_ROOT=/mirrors",
        "SERVER_PROTOCOL=HTTP/1.1"})
    CHECK(has(plan.environment, entry));
}

TEST_CASE_FIXTURE(fixture, "git itself may serve instead, beside it") {
  auto request = get(refs, "writer");
  REQUIRE_EQ(request->plans.size(), 1);
  const auto& direct = request->plans[0].direct;
  REQUIRE(direct);
  CHECK_EQ(direct->program, "/git"); // beside /git-http-backend
  CHECK_EQ(direct->service.repository, "/mirrors/r.git");
  CHECK_EQ(direct->configuration,
           std::vector<std::string>{"/h/.gitconfig", "/h/.config/git/config"});
  CHECK_FALSE(get("/r.git/HEAD", "writer")->plans[0].direct);
}

TEST_CASE_FIXTURE(fixture, "method and path come before the token") {
  CHECK_EQ(status("PUT", refs, ""), 405);
  CHECK_EQ(status("PUT", "/nothing", ""), 405);
  CHECK_EQ(status("GET", "/nothing", ""), 404);
  CHECK_EQ(status("GET", "/nothing", "wrong"), 404);
}

TEST_CASE_FIXTURE(fixture, "the token comes before everything that it opens") {
  auto x = get(refs, "");
  CHECK_EQ(x->status, 401);
  CHECK_EQ(x->text, "Authentication required");
  CHECK(x->fields
        == protocol::http_fields{
            {"WWW-Authenticate", "Basic realm=\"terok gate\""}});
  CHECK_EQ(status("GET", "/r.git/info/refs", ""), 401);
  CHECK_EQ(status("POST", refs, ""), 401);
  CHECK_EQ(status("GET", refs, "wrong"), 403);
  CHECK_EQ(status("POST", refs, "wrong"), 403);
  CHECK_EQ(status("GET", "/s.git/info/refs", "wrong"), 403);
}

// git, JGit and CI systems put a token into either field.
TEST_CASE_FIXTURE(fixture, "a token may stand in more than one place") {
  auto with = [&](std::vector<std::string_view> tokens) {
    auto x = make_request("GET", push_refs, "");
    x->head.has_authorization = true;
    for (auto token : tokens)
      x->head.tokens.push_back(protocol::sha256(token));
    return bring(x);
  };
  CHECK_EQ(with({"x-access-token", "writer"})->plans.size(), 1);
  CHECK_EQ(with({"writer", "x"})->plans.size(), 1);
  CHECK_EQ(with({"reader", "writer"})->text, "this token may only read");
  log.clear();
  // Two that are wrong are one failure.
  CHECK_EQ(with({"wrong", "too"})->status, 403);
  caf::anon_send(gate, actors::report_atom::value);
  run();
  CHECK_EQ(log.only("counters")["wrong_tokens"], "1");
}

TEST_CASE_FIXTURE(fixture, "scope and access come before the query") {
  CHECK_EQ(get("/s.git/HEAD", "writer")->text,
           "this token is for another repository");
  CHECK_EQ(get("/s.git/info/refs", "writer")->text,
           "this token is for another repository");
  CHECK_EQ(status("GET", push_refs, "reader"), 403);
  CHECK_EQ(status("POST", "/r.git/git-receive-pack", "reader"), 403);
  CHECK_EQ(status("GET", "/r.git/git-receive-pack", "reader"), 403);
  CHECK_EQ(
      status("GET", "/anything.git/info/refs?service=git-receive-pack", "all"),
      403);
}

TEST_CASE_FIXTURE(fixture, "the query comes before a child") {
  CHECK_EQ(status("GET", "/r.git/info/refs", "writer"), 403);
  CHECK_EQ(status("GET", refs + "&x", "writer"), 403);
  CHECK_EQ(status("POST", refs, "writer"), 405);
  CHECK_EQ(status("GET", "/r.git/git-upload-pack", "writer"), 405);
}

TEST_CASE_FIXTURE(fixture,
                  "the body of a fetch has a bound, a push's has none") {
  constexpr auto most = protocol::gate_limits::fetch_body_max_bytes;
  auto post = [&](std::string target, std::uint64_t length) {
    auto x = make_request("POST", std::move(target), "writer");
    x->head.content_length = length;
    return bring(x);
  };
  const auto fetch = post("/r.git/git-upload-pack", most);
  REQUIRE_EQ(fetch->plans.size(), 1);
  CHECK_EQ(fetch->plans[0].body_max_bytes, most); // of one of unknown length
  CHECK_EQ(post("/r.git/git-upload-pack", most + 1)->status, 413);
  const auto push = post("/r.git/git-receive-pack", UINT64_MAX);
  REQUIRE_EQ(push->plans.size(), 1);
  CHECK_EQ(push->plans[0].body_max_bytes, UINT64_MAX);
}

TEST_CASE_FIXTURE(fixture, "readers read") {
  for (auto& x :
       {get(refs, "reader"), get("/r.git/HEAD", "reader"),
        get("/whatever.git/HEAD", "all"),
        bring(make_request("POST", "/r.git/git-upload-pack", "reader"))})
    CHECK_EQ(x->plans.size(), 1);
}

TEST_CASE("without git every request that needs it gets 500") {
  fixture x{""};
  auto request = x.get(refs, "writer");
  CHECK_EQ(request->status, 500);
  CHECK_EQ(request->text, "git not found");
  x.log.clear();
}

TEST_CASE_FIXTURE(fixture, "git that cannot be started is a status") {
  auto gone = make_request("GET", refs, "writer");
  gone->serve_error = ENOENT;
  CHECK_EQ(bring(gone)->status, 500);
  auto full = make_request("GET", refs, "writer");
  full->serve_error = EAGAIN;
  CHECK_EQ(bring(full)->status, 503);
  CHECK(full->fields == protocol::http_fields{{"Retry-After", "5"}});
  log.clear();
}

TEST_CASE_FIXTURE(fixture,
                  "an git_request ends with its request and says how") {
  auto x = get(refs + "\x1b", "writer");
  CHECK_EQ(git_requests(), 1);
  x->end({403, 1, 2, "trouble"});
  run();
  CHECK_EQ(git_requests(), 0);
  const auto line = log.only("answered");
  CHECK_EQ(line.level, actors::severity::warning);
  CHECK_EQ(line["method"], "GET");
  CHECK_EQ(line["path"], refs + "\\x1b");
  CHECK_EQ(line["status"], "403");
  CHECK_EQ(line["received"], "1");
  CHECK_EQ(line["sent"], "2");
  CHECK_EQ(line["trouble"], "trouble");
  CHECK_EQ(line["command"], "git");
}

TEST_CASE_FIXTURE(fixture, "what goes well is told as it deserves") {
  auto level = [&](std::string method, std::string target) {
    log.clear();
    bring(make_request(std::move(method), std::move(target), "writer"))
        ->end({200, 0, 0, {}});
    run();
    return log.only("answered").level;
  };
  CHECK_EQ(level("GET", refs), actors::severity::info);
  CHECK_EQ(level("POST", "/r.git/git-receive-pack"), actors::severity::info);
  get(refs, "writer")->end({0, 0, 0, "the client left"});
  run();
  CHECK_EQ(log.only("a client left").level, actors::severity::warning);
}

TEST_CASE_FIXTURE(fixture, "a client that asks without a token is no warning") {
  auto level = [&](recorded_request_ptr x) {
    log.clear();
    bring(x)->end({x->status, 0, 0, {}});
    run();
    return log.only("answered").level;
  };
  CHECK_EQ(level(make_request("GET", refs, "")), actors::severity::debug);
  auto unreadable = make_request("GET", refs, "");
  unreadable->head.has_authorization = true;
  CHECK_EQ(level(unreadable), actors::severity::warning);
  CHECK_EQ(unreadable->status, 401);
  CHECK_EQ(level(make_request("GET", refs, "wrong")),
           actors::severity::warning);
}

TEST_CASE_FIXTURE(fixture, "a repository that git does not find has its cure") {
  get(refs, "writer")->end({404, 0, 0, {}});
  run();
  CHECK_EQ(log.only("git finds no repository there. Is it missing, or was "
                    "another one put in its place while the gate ran? The "
                    "gate's sandbox knows the old one alone: restart the gate")
               .level,
           actors::severity::warning);
  log.clear();
  get("/nothing", "writer")->end({404, 0, 0, {}}); // ours
  run();
  CHECK_EQ(log.with("answered").size(), 1);
  CHECK_EQ(log.all().size(), 1);
}

TEST_CASE_FIXTURE(fixture, "the backend's words are logged escaped") {
  auto x = get(refs, "writer");
  caf::anon_send(x->owner, actors::backend_said{"bad \x1b[31m"});
  run();
  CHECK_EQ(log.only("git says")["line"], "bad \\x1b[31m");
}

TEST_CASE_FIXTURE(fixture,
                  "an git_request dies with its gate, its request dropped") {
  auto x = get(refs, "writer");
  crash(gate, caf::exit_reason::kill);
  CHECK(x->dropped);
  CHECK_EQ(git_requests(), 0);
  log.clear();
}

TEST_CASE_FIXTURE(fixture,
                  "a declined push is a warning with the hook's words") {
  auto push = bring(make_request("POST", "/r.git/git-receive-pack", "writer"));
  REQUIRE_EQ(push->plans.size(), 1);
  CHECK(push->plans[0].reads_report);
  log.clear();
  push->end({200, 1, 2, {}, "refs/heads/x hook declined", "not today"});
  run();
  const auto line = log.only("answered");
  CHECK(line.level == actors::severity::warning);
  CHECK_EQ(line["status"], "200");
  CHECK_EQ(line["declined"], "refs/heads/x hook declined");
  CHECK_EQ(line["said"], "not today");
  auto fetch = bring(make_request("POST", "/r.git/git-upload-pack", "writer"));
  CHECK_FALSE(fetch->plans[0].reads_report);
}

// The hooks count one token's backups where others must not suffer from it.
TEST_CASE_FIXTURE(fixture, "hooks learn which of several tokens pushes") {
  auto push = bring(make_request("POST", "/r.git/git-receive-pack", "writer"));
  CHECK(has(push->plans[0].environment,
            "TEROK_TOKEN_MARK="
                + protocol::token_mark(protocol::sha256("writer"))));
}

TEST_CASE_FIXTURE(fixture, "one token has no mark") {
  caf::anon_send(
      gate,
      actors::new_grants{std::make_shared<const std::vector<protocol::grant>>(
          1, protocol::grant{protocol::sha256("writer"), "r", true})});
  run();
  auto push = bring(make_request("POST", "/r.git/git-receive-pack", "writer"));
  for (const auto& entry : push->plans[0].environment)
    CHECK_FALSE(entry.starts_with("TEROK_TOKEN_MARK="));
}

} // namespace git_request_tests
