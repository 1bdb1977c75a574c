#include "services/gate/hooks/backup_age.hpp"

#include "protocol/gate/cgi.hpp"
#include "protocol/gate/limits.hpp"

#include <charconv>
#include <cstdlib>
#include <string>
#include <system_error>

namespace clearance::services {

std::optional<std::chrono::days> parse_days(std::string_view text) {
  constexpr int most = 36500; // a date so far back is still a date
  int result = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, result);
  if (error != std::errc{} || end != last || result < 1 || result > most)
    return std::nullopt;
  return std::chrono::days{result};
}

std::chrono::seconds backup_max_age() {
  const char* value = std::getenv( // NOLINT(concurrency-mt-unsafe)
      std::string(protocol::backup_age_variable).c_str());
  const auto days = parse_days(value != nullptr ? value : "");
  return days ? *days : protocol::gate_limits::backup_age;
}

} // namespace clearance::services
