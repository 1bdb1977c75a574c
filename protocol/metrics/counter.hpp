/// What the parts of a program count.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// One number, by the names that the log uses for it: the component and the
/// field of its line "counters". Both are literals.
struct counter {
  std::string_view part;
  std::string_view name;
  std::uint64_t value = 0;

  friend bool operator==(const counter&, const counter&) = default;
};

using counter_list = std::vector<counter>;

} // namespace clearance::protocol
