#include "services/client/wall_time.hpp"

#include <array>
#include <chrono>
#include <ctime>

namespace clearance::services {

std::int64_t wall_microseconds() noexcept {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch())
      .count();
}

std::string local_text(std::int64_t microseconds, const char* format) {
  const auto when = static_cast<std::time_t>(microseconds / 1'000'000);
  std::tm parts{};
  ::localtime_r(&when, &parts);
  std::array<char, 64> text{};
  const auto n = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), n};
}

} // namespace clearance::services
