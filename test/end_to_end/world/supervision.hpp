/// A running supervisor of many containers.
#pragma once

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/doubles/fake_shield.hpp"
#include "test/support/net/varlink_client.hpp"

#include <optional>
#include <string>
#include <vector>

namespace clearance::test {

class supervision {
public:
  container_world world;
  fake_shield shield;
  std::optional<unsigned> descriptors =
      {}; ///< the limit of what start() starts

  /// Returns once it follows its directory.
  void start(std::vector<std::string> more = {});

  child& process() { return process_.value(); }

  /// Returns once every service of `x` takes connections.
  void await_served(const container& x);

  /// Returns once nothing of `x` is bound.
  void await_gone(const container& x);

  /// A real push through the gate's unix socket.
  void push(const container& x);

  /// SIGTERM, and its end.
  ending stop();

private:
  std::vector<std::filesystem::path> sockets(const container& x) const;

  std::optional<child> process_;
  int pushes_ = 0;
};

} // namespace clearance::test
