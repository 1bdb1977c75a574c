/// For how long the key `A` allows.
#pragma once

#include <cstdint>

namespace clearance::services {

struct allow_time {
  char letter; ///< the key
  std::int64_t seconds;
  const char* text;
};

inline constexpr allow_time allow_times[] = {
    {'1', 5 * 60, "5 min"},
    {'2', 60 * 60, "1 h"},
    {'3', 8 * 60 * 60, "8 h"},
    {'4', 24 * 60 * 60, "1 day"},
};

} // namespace clearance::services
