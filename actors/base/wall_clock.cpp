#include "actors/base/wall_clock.hpp"

#include <chrono>

namespace clearance::actors {

std::int64_t wall_clock_now() noexcept {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch())
      .count();
}

} // namespace clearance::actors
