#include "protocol/guard/unix_sockets.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr std::size_t fields_before_path = 7;
constexpr std::size_t flags_field = 3;
constexpr std::size_t type_field = 4;
constexpr std::uint32_t accepts_connections = 0x10000; // __SO_ACCEPTCON
constexpr std::uint32_t type_datagram = 2;             // SOCK_DGRAM

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
  std::uint32_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, 16);
  return error == std::errc{} && at == end ? std::optional{value}
                                           : std::nullopt;
}

// One line: seven fields, parted by spaces, then the path if there is one.
std::optional<std::string> reachable_path(std::string_view line) {
  std::uint32_t flags = 0;
  std::uint32_t type = 0;
  for (std::size_t i = 0; i < fields_before_path; ++i) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto field = line.substr(0, line.find(' '));
    line.remove_prefix(field.size());
    if (i != flags_field && i != type_field)
      continue;
    const auto value = hexadecimal(field);
    if (!value)
      return std::nullopt;
    (i == flags_field ? flags : type) = *value;
  }
  // One space; the path may begin with others.
  if (!line.starts_with(" /"))
    return std::nullopt;
  if ((flags & accepts_connections) == 0 && type != type_datagram)
    return std::nullopt;
  return std::string{line.substr(1)};
}

} // namespace

std::vector<std::string> reachable_sockets(std::string_view text) {
  std::vector<std::string> result;
  std::set<std::string> seen;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (auto path = reachable_path(line); path && seen.insert(*path).second)
      result.push_back(std::move(*path));
  }
  return result;
}

} // namespace clearance::protocol
