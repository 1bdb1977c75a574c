#include "protocol/guard/routes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace clearance::protocol {

namespace {

constexpr std::uint32_t route_up = 1;         // RTF_UP
constexpr std::uint32_t route_reject = 0x200; // RTF_REJECT
constexpr std::size_t fields_max = 11;

using route_fields = std::array<std::string_view, fields_max>;

// What stands between blanks; empty where the line has ended.
route_fields fields_of(std::string_view line) noexcept {
  route_fields result;
  for (auto& x : result) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    x = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(x.size());
  }
  return result;
}

bool is_zero(std::string_view digits, std::size_t count) noexcept {
  return digits.size() == count
         && digits.find_first_not_of('0') == std::string_view::npos;
}

bool leads_out(std::string_view flags, std::string_view device) noexcept {
  std::uint32_t value = 0;
  const auto* end = flags.data() + flags.size();
  const auto [at, error] = std::from_chars(flags.data(), end, value, 16);
  return error == std::errc{} && at == end && (value & route_up) != 0
         && (value & route_reject) == 0 && !device.empty() && device != "lo";
}

template <class Predicate>
bool any_line(std::string_view text, Predicate f) noexcept {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (f(fields_of(line)))
      return true;
  }
  return false;
}

} // namespace

bool has_default_route_v4(std::string_view text) noexcept {
  return any_line(text, [](const route_fields& x) {
    return is_zero(x[1], 8) && is_zero(x[7], 8) && leads_out(x[3], x[0]);
  });
}

bool has_default_route_v6(std::string_view text) noexcept {
  return any_line(text, [](const route_fields& x) {
    return is_zero(x[0], 32) && is_zero(x[1], 2) && leads_out(x[8], x[9]);
  });
}

} // namespace clearance::protocol
