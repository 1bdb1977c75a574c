#include "actors/io/socket/peer_check.hpp"

#include "protocol/base/limits.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

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
