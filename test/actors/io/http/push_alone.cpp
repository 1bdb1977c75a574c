// A push whose client has left, and what a push reports to the log.

#include "actors/io/http/transfer.hpp"
#include "test/actors/io/http/http_fixture.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace push_alone_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;

namespace {

struct push_fixture : http_fixture {
  using http_fixture::http_fixture;

  actors::backend_plan push(const std::string& script) {
    auto result = this->script(script);
    result.runs_on_alone = true;
    result.reads_report = true;
    return result;
  }

  /// Serves a push with its whole body, and returns when its script has
  /// written a line to stderr.
  actors::http_request_ptr serve(http_client& client,
                                 const std::string& script) {
    auto result = request_of(client, open_post + "0\r\n\r\n");
    CHECK_EQ(result->serve(push(script)), 0);
    until([&] { return !heard.said.empty(); }, "a line");
    return result;
  }
};

// A report as git writes it: refs/x is declined, and the hook says why.
const std::string report =
    "printf '0015\\002no pushes today\\n"
    "0033\\001000eunpack ok\\n001cng refs/x hook declined\\n0000"
    "0000'";
const std::string declined = "printf 'A: b\\n\\n'; " + report;

// A script that writes so many lines of progress, of 1000 bytes each.
std::string progress(int lines) {
  return "for i in $(seq " + std::to_string(lines)
         + "); do printf '03ec\\002%0998d\\n' 0; done";
}

} // namespace

TEST_CASE("a push whose client has left is ended at its time limit") {
  auto times = patient();
  times.push_alone = 0ms;
  push_fixture x{times};
  auto client = x.connect();
  const auto request = x.serve(client, "echo here >&2; sleep 1000");
  client = http_client{raw_socket{unique_fd{}}};
  const auto end = x.end();
  CHECK_EQ(end.trouble, "the client left, and the push did not end");
  CHECK(no_children());
}

TEST_CASE("a push whose client has left may end by itself before the limit") {
  push_fixture x;
  auto client = x.connect();
  const auto go = x.dir / "go";
  REQUIRE_EQ(::mkfifo(go.c_str(), 0600), 0);
  const auto wait = "echo here >&2; read word <" + go.string() + "; ";
  std::string script;
  SUBCASE("without a byte of output until then") {
    script = wait + declined;
  }
  SUBCASE("in the middle of its head") {
    script = "printf 'A: '; " + wait + "printf 'b\\n\\n'; " + report;
  }
  SUBCASE("after its head") {
    script = "printf 'A: b\\n\\n'; " + wait + report;
  }
  SUBCASE("behind more output than one read takes") {
    script = wait + "printf 'A: b\\n\\n'; " + progress(300) + "; " + report;
  }
  const auto request = x.serve(client, script);
  const auto descriptors = open_descriptors();
  client = http_client{raw_socket{unique_fd{}}};
  x.until([&] { return open_descriptors() + 2 == descriptors; },
          "the end of the connection at both ends");
  const unique_fd hook{::open(go.c_str(), O_RDWR | O_CLOEXEC)};
  REQUIRE_EQ(::write(hook.get(), "go\n", 3), 3);
  const auto end = x.end();
  CHECK_EQ(end.trouble, "the client left");
  CHECK_EQ(end.declined, "refs/x hook declined");
}

TEST_CASE("a process that holds the output of a push that nobody waits for is "
          "waited for only so long") {
  auto times = patient();
  times.backend_exit = 0ms;
  push_fixture x{times};
  auto client = x.connect();
  const auto held = x.dir / "held";
  REQUIRE_EQ(::mkfifo(held.c_str(), 0600), 0);
  const unique_fd ended{::open(held.c_str(), O_RDWR | O_CLOEXEC)};
  const auto request = x.serve(
      client, "setsid sh -c 'read word <" + held.string()
                  + "' 2>/dev/null & echo here >&2; printf 'A: b\\n\\n'; "
                  + report);
  client = http_client{raw_socket{unique_fd{}}};
  const auto end = x.end();
  CHECK_EQ(end.trouble, "the client left");
  CHECK_EQ(end.declined, "refs/x hook declined");
  REQUIRE_EQ(::write(ended.get(), "end\n", 4), 4);
}

TEST_CASE("the log gets the refs that the report of a push declines") {
  push_fixture x;
  auto client = x.connect();
  auto request = x.request_of(client, open_post + "0\r\n\r\n");
  auto plan = x.push(declined);
  SUBCASE("for a push") {
    CHECK_EQ(request->serve(plan), 0);
    const auto end = x.end();
    CHECK_EQ(end.status, 200);
    CHECK_EQ(end.declined, "refs/x hook declined");
    CHECK_EQ(end.said, "no pushes today");
  }
  SUBCASE("not for other requests") {
    plan.reads_report = false;
    CHECK_EQ(request->serve(plan), 0);
    CHECK_EQ(x.end().declined, "");
  }
}

} // namespace push_alone_tests
