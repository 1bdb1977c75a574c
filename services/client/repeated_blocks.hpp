/// Remembers which blocks `watch` has shown.
#pragma once

#include "protocol/hub/event.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace clearance::services {

/// Counts the blocks of each hub, container and target. At
/// client_limits::remembered_blocks_max the oldest ones are forgotten.
class repeated_blocks {
public:
  /// Adds an event that is shown. Returns how many blocks of the same hub,
  /// container and target were shown before; 0 for other events.
  std::uint64_t add(std::string_view hub, const protocol::event& x);

private:
  std::unordered_map<std::string, std::uint64_t> shown_;
  std::deque<std::string> oldest_first_;
};

} // namespace clearance::services
