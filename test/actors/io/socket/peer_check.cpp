#include "actors/io/socket/peer_check.hpp"

#include "protocol/base/limits.hpp"
#include "test/support/fixture/log_record.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace peer_check_tests {

using namespace clearance;

TEST_CASE("a peer with our own uid is admitted, any other is not") {
  test::log_record log;
  io::peer_check x{"reader socket"};
  CHECK(x.admits({::getuid(), 1, "ours"}));
  CHECK(x.refused() == 0);
  CHECK(log.all().empty());
  CHECK_FALSE(x.admits({::getuid() + 1, 7, "theirs"}));
  CHECK(x.refused() == 1);
  const auto line = log.only("refused a peer of another uid");
  CHECK(line["socket"] == "reader socket");
  CHECK(line["uid"] == std::to_string(::getuid() + 1));
  CHECK(line["pid"] == "7");
}

TEST_CASE(
    "where verdicts are given, no peer from inside a container is heard") {
  test::log_record log;
  io::peer_check x{"clearance socket", io::peer_place::outside_containers};
  CHECK(x.admits({::getuid(), ::getpid(), "ours"}));
  // It has the first number in process namespaces of its own, and another one
  // here.
  const auto contained = static_cast<pid_t>(::syscall(
      SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, nullptr, 0, 0, 0));
  if (contained == 0) {
    ::pause();
    ::_exit(0);
  }
  if (contained < 0) {
    test::skipped("user namespaces");
    return;
  }
  CHECK_FALSE(x.admits({::getuid(), contained, "inside"}));
  CHECK(io::peer_check{"reader socket"}.admits(
      {::getuid(), contained, "inside"}));
  ::kill(contained, SIGKILL);
  ::waitpid(contained, nullptr, 0);
  // It may have been one that was inside.
  CHECK_FALSE(x.admits({::getuid(), contained, "ended"}));
  CHECK(x.refused() == 2);
  const auto lines =
      log.with("refused a peer that runs in a container or has ended");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["socket"] == "clearance socket");
  CHECK(lines[0]["pid"] == std::to_string(contained));
}

// The gate's socket is mounted into a container, so every user in the container
// can connect.
TEST_CASE(
    "a flood of foreign peers is counted, and not each of them is logged") {
  test::log_record log;
  io::peer_check x{"gate socket"};
  constexpr auto flood = 10 * protocol::limits::log_max_lines;
  for (std::size_t i = 0; i < flood; ++i)
    CHECK_FALSE(x.admits({::getuid() + 1, 7, "theirs"}));
  CHECK(x.refused() == flood);
  CHECK(log.with("refused a peer of another uid").size() < flood / 2);
}

} // namespace peer_check_tests
