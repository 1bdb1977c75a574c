/// The time of day, for the names of backups and the marker.
#pragma once

#include <chrono>

namespace clearance::services {

inline std::chrono::sys_seconds time_of_day() {
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::system_clock::now());
}

} // namespace clearance::services
