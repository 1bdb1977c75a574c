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

  /// Waits until the supervisor follows its directory.
  void start(std::vector<std::string> more = {});

  child& process() { return process_.value(); }

  /// Waits until every service of `x` accepts connections.
  void await_served(const container& x);

  /// Waits until no socket of `x` is bound.
  void await_gone(const container& x);

  /// Pushes with git through the gate's unix socket.
  void push(const container& x);

  /// Sends SIGTERM and waits for the end.
  ending stop();

private:
  std::vector<std::filesystem::path> sockets(const container& x) const;

  std::optional<child> process_;
  int pushes_ = 0;
};

} // namespace clearance::test
