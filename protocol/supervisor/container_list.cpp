#include "protocol/supervisor/container_list.hpp"

#include "protocol/supervisor/limits.hpp"
#include "protocol/supervisor/sidecar.hpp"

#include <algorithm>

namespace clearance::protocol {

namespace {

bool is_whole_id(std::string_view text) noexcept {
  return text.size() == supervisor_limits::container_id_max_digits
         && std::all_of(text.begin(), text.end(), [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            });
}

} // namespace

std::vector<listed_container> parse_container_list(std::string_view text) {
  std::vector<listed_container> result;
  for (std::size_t end = 0; (end = text.find('\n')) != text.npos;
       text.remove_prefix(end + 1)) {
    const auto line = text.substr(0, end);
    const auto space = std::min(line.find(' '), line.size());
    const auto id = line.substr(0, space);
    const auto name = line.substr(std::min(space + 1, line.size()));
    if (is_whole_id(id) && is_container_name(name))
      result.push_back({std::string{id}, std::string{name}});
  }
  return result;
}

} // namespace clearance::protocol
