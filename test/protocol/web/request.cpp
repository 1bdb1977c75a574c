#include "protocol/web/request.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

namespace web_request_tests {

using namespace clearance::protocol;

namespace {

using fields = std::vector<std::pair<std::string, std::string>>;

constexpr auto host = "127.3.1.4:4567";
const auto now = time_point{} + std::chrono::hours{1};

struct web_request_fixture {
  web_request_fixture() {
    web_random random{};
    bearer = *tokens.trade(tokens.issue(random, {}), random, now);
  }

  /// As our page sends a call.
  fields good() const {
    return {{"Host", host},
            {"Origin", std::string{"http://"} + host},
            {"Sec-Fetch-Site", "same-origin"},
            {"Content-Type", "application/json"},
            {"Content-Length", "2"},
            {"X-Terok-Clearance", "1"},
            {"Authorization", "Bearer " + bearer}};
  }

  std::variant<web_call, web_refusal> judged(std::string_view method,
                                             std::string_view target,
                                             const fields& all) const {
    web_request_head head;
    head.start(method, target);
    for (const auto& [name, value] : all)
      head.add(name, value);
    return head.judge(host, tokens, now);
  }

  int status(std::string_view method, std::string_view target,
             const fields& all) const {
    const auto x = judged(method, target, all);
    const auto* why = std::get_if<web_refusal>(&x);
    return why == nullptr ? 200 : why->status;
  }

  web_tokens tokens;
  std::string bearer;
};

} // namespace

TEST_CASE_FIXTURE(web_request_fixture, "the page needs the exact Host alone") {
  CHECK(std::get<web_call>(judged("GET", "/", {{"host", host}}))
        == web_call::page);
  CHECK(status("GET", "/", {}) == 403);
  for (const auto* wrong :
       {"", "127.3.1.4", "127.3.1.4:4568", "localhost:4567", "127.3.1.4:04567",
        "127.3.1.4:4567.", "evil.example:4567", " 127.3.1.4:4567"})
    CHECK(status("GET", "/", {{"Host", wrong}}) == 403);
}

TEST_CASE_FIXTURE(web_request_fixture, "every call of the page is known") {
  const std::vector<std::pair<const char*, web_call>> all{
      {"/session", web_call::session}, {"/window", web_call::window},
      {"/stream", web_call::stream},   {"/alive", web_call::alive},
      {"/decide", web_call::decide},   {"/explain", web_call::explain},
      {"/quiet", web_call::quiet},     {"/rule", web_call::rule},
      {"/rules", web_call::rules}};
  for (const auto& [target, call] : all)
    CHECK(std::get<web_call>(judged("POST", target, good())) == call);
}

TEST_CASE_FIXTURE(web_request_fixture,
                  "what is no call is said to be missing, to our host alone") {
  for (const auto& [method, target] :
       std::vector<std::pair<const char*, const char*>>{
           {"GET", "/stream"},
           {"GET", "/index.html"},
           {"POST", "/"},
           {"PUT", "/decide"},
           {"OPTIONS", "/decide"},
           {"HEAD", "/"},
           {"POST", "/decide?"},
           {"POST", "http://127.3.1.4:4567/decide"}}) {
    CHECK(status(method, target, good()) == 404);
    CHECK(status(method, target, {{"Host", "evil.example"}}) == 403);
  }
}

TEST_CASE_FIXTURE(web_request_fixture,
                  "a call without one of its fields, or with another value, is "
                  "refused") {
  for (std::size_t i = 0; i < good().size(); ++i) {
    auto without = good();
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    CAPTURE(good()[i].first);
    CHECK(status("POST", "/decide", without) == 403);
    // A length is for the parser to read.
    if (good()[i].first == "Content-Length")
      continue;
    auto other = good();
    other[i].second += "x";
    CHECK(status("POST", "/decide", other) == 403);
    other[i].second = "";
    CHECK(status("POST", "/decide", other) == 403);
  }
}

TEST_CASE_FIXTURE(web_request_fixture,
                  "another page is refused, whatever it sends") {
  auto x = good();
  for (const auto* origin :
       {"null", "http://127.3.1.4", "https://127.3.1.4:4567",
        "http://127.3.1.4:4568", "http://evil.example"}) {
    x[1].second = origin;
    CHECK(status("POST", "/stream", x) == 403);
  }
  x = good();
  for (const auto* site : {"same-site", "cross-site", "none"}) {
    x[2].second = site;
    CHECK(status("POST", "/stream", x) == 403);
  }
}

TEST_CASE_FIXTURE(web_request_fixture,
                  "a field that decides who asks may stand there once") {
  for (const auto& field : good()) {
    auto twice = good();
    twice.push_back(field);
    CAPTURE(field.first);
    CHECK(status("POST", "/decide", twice) == 403);
  }
}

TEST_CASE_FIXTURE(web_request_fixture, "a body in chunks is refused") {
  auto x = good();
  x.push_back({"Transfer-Encoding", "chunked"});
  CHECK(status("POST", "/decide", x) == 403);
  CHECK(status("GET", "/", {{"Host", host}, {"Content-Length", "1"}}) == 403);
}

TEST_CASE_FIXTURE(web_request_fixture,
                  "a session needs no bearer token, and all else") {
  auto x = good();
  x.pop_back();
  CHECK(status("POST", "/session", x) == 200);
  x[1].second = "http://evil.example";
  CHECK(status("POST", "/session", x) == 403);
}

TEST_CASE_FIXTURE(web_request_fixture, "names of fields have any case") {
  auto x = good();
  for (auto& [name, value] : x)
    for (auto& c : name)
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  CHECK(status("POST", "/decide", x) == 200);
}

} // namespace web_request_tests
