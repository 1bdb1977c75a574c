/// When a hub got the blocks that waited there for somebody to follow it.
#pragma once

#include "protocol/base/framing.hpp"
#include "protocol/hub/event.hpp"
#include "services/client/unix_socket.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace clearance::services {

/// An event of Clearance1 has no time. A hub that is followed sends first the
/// blocks that no client was sent, which may be hours old. Its operator
/// interface knows when it got them: `List` is asked once, before the first
/// block is read.
class block_times {
public:
  /// Asks the hub at the other end of `connection`. `due`: then the answer is
  /// not waited for any more.
  void ask(descriptor connection, time_point due);

  /// For poll: the connection on which the hub is asked; -1: it is not asked
  /// now.
  int fd() const noexcept { return connection_.get(); }
  time_point due() const noexcept { return due_; }

  /// Reads a part of the answer.
  void read();

  /// The answer does not count any more, or does not come in time.
  void forget();

  /// When the hub got the newest block of this container and target, in
  /// microseconds since the epoch. Nothing: it is no block, or it is not known.
  std::optional<std::int64_t> of(const protocol::event& x) const;

private:
  void take(std::string_view message);

  descriptor connection_;
  time_point due_{};
  protocol::framer framer_ = protocol::nul_framer();
  /// By container and target.
  std::map<std::pair<std::string, std::string>, std::int64_t> seen_;
};

} // namespace clearance::services
