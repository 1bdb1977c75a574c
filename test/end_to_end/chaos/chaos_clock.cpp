// The real-time clock jumps days ahead and years back (a preloaded library does
// that). Only the time in log lines may follow it. The programs measure all
// other times by clocks that only go forward; the lint `clocks` checks the
// sources.

#include "actors/base/sanitizers.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

namespace chaos_clock_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");
const std::string ours = authorization(gate_world::token);

// The preloaded library reads a file, and the sandbox would forbid that.
const std::vector<std::string> without_sandbox{"--sandbox", "off"};

constexpr auto far_ahead = "864000000"; // 27 years
constexpr auto far_back = "-864000000";

/// The file from which the library reads by how much the clock is wrong.
class wrong_clock {
public:
  wrong_clock() { jump("0"); }

  void jump(std::string_view seconds) const {
    write_file(dir_ / "next", seconds);
    std::filesystem::rename(dir_ / "next", dir_ / "offset");
  }

  std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"LD_PRELOAD", TEST_JUMPING_CLOCK},
            {"JUMPING_CLOCK", (dir_ / "offset").string()}};
  }

private:
  temp_dir dir_;
};

/// True for builds with a sanitizer: the sanitizer's library must be loaded
/// first.
bool cannot_preload() {
  constexpr bool result =
      clearance::has_address_sanitizer || clearance::has_thread_sanitizer;
  if (result)
    skipped("needs a build without sanitizers");
  return result;
}

/// The year in the newest line of a log.
int last_year(const std::string& log) {
  const auto line = log.rfind('\n', log.size() - 2);
  return std::stoi(log.substr(line == std::string::npos ? 0 : line + 1, 4));
}

} // namespace

TEST_CASE(
    "a clock that jumps ends no verdict and starts no verdict a second time") {
  if (cannot_preload())
    return;
  const wrong_clock clock;
  const runtime where;
  fake_shield shield;
  auto helper_options = serve_verdict(where, shield.program());
  helper_options.environment = clock.environment();
  auto helper = start(std::move(helper_options), {where.verdict()});
  hub_options options;
  options.process.environment = clock.environment();
  options.arguments = without_sandbox;
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  auto caller = server.client();
  std::optional<int> year;
  for (const auto& [offset, number] :
       {std::pair{far_ahead, "1"}, {far_back, "2"}, {"0", "3"}}) {
    block x;
    x.request_id = std::string("c1:") + number;
    x.dest = std::string("d") + number;
    shield.behave_for(x.dest, "wait exit 0");
    server.emit(x.line());
    CHECK(watcher.next_event() == x.event());
    caller.send_verdict("c1", x.request_id, x.dest, "allow");
    shield.next_run();
    clock.jump(offset);
    // A bad line makes the hub write to its log, and log lines show the clock.
    server.emit("no line of a reader\n");
    server.mark();
    CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
    shield.release_for(x.dest);
    CHECK(caller.next_reply() == applied);
    CHECK(watcher.next_event().type == "verdict_applied");
    CHECK(shield.waiting_runs() == 0);
    // The years in the log show that the clock has jumped.
    const auto before = year;
    year = last_year(server.process().err());
    CHECK((!before || *before != *year));
  }
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a clock that jumps does not end a transfer") {
  if (cannot_preload())
    return;
  const wrong_clock clock;
  const gate_world world;
  world.seed();
  gate server{world, {without_sandbox, clock.environment()}};
  const auto request =
      http_request("GET", "/r.git/info/refs?service=git-upload-pack", {ours});
  auto half = server.client();
  half.send(request.substr(0, request.size() / 2));
  auto idle = server.client();
  CHECK_EQ(idle.call(request).status, 200);
  for (auto offset : {far_ahead, far_back}) {
    clock.jump(offset);
    CHECK_EQ(server.client().call(request).status, 200);
  }
  // Clients that connected before the jumps are still within their time limits.
  CHECK_EQ(idle.call(request).status, 200);
  half.send(request.substr(request.size() / 2));
  CHECK_EQ(half.next().status, 200);
  world.must_git({"clone", "-q", server.url(), "clone"});
  CHECK(server.stop() == exited(0));
}

} // namespace chaos_clock_tests
