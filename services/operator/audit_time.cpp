#include "services/operator/audit_time.hpp"

#include "protocol/text/utc.hpp"

#include <charconv>
#include <system_error>

namespace clearance::services {

namespace {

constexpr std::int64_t second_of_time = 1'000'000;

// Nothing: the date does not exist, or `text` has another form.
std::optional<std::int64_t> date_in(const std::string& word) {
  std::string compact;
  for (const char c : word)
    if (c != '-' && c != ':')
      compact += c;
  if (word.size() == 10)
    compact += "T000000Z";
  const auto time = protocol::parse_compact_utc(compact);
  if (!time)
    return std::nullopt;
  const auto written = protocol::extended_utc(*time);
  if (word != written && word != written.substr(0, 10))
    return std::nullopt;
  return time->time_since_epoch().count() * second_of_time;
}

} // namespace

std::optional<std::int64_t> parse_audit_time(const std::string& word,
                                             std::int64_t now) {
  std::int64_t count = 0;
  const auto* end = word.data() + word.size();
  const auto [at, failed] = std::from_chars(word.data(), end, count);
  if (failed != std::errc{} || at + 1 != end || count < 0
      || count > 100'000'000)
    return date_in(word);
  switch (*at) {
  case 'd':
    count *= 24;
    [[fallthrough]];
  case 'h':
    count *= 60;
    [[fallthrough]];
  case 'm':
    return now - count * 60 * second_of_time;
  default:
    return std::nullopt;
  }
}

} // namespace clearance::services
