#include "protocol/gate/ref_update.hpp"

#include <algorithm>

namespace clearance::protocol {

std::optional<ref_update> parse_ref_update(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos)
    return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos)
    return std::nullopt;
  ref_update result{std::string(line.substr(0, first)),
                    std::string(line.substr(first + 1, second - first - 1)),
                    std::string(line.substr(second + 1))};
  if (!is_object_id(result.old_id) || !is_object_id(result.new_id)
      || result.old_id.size() != result.new_id.size() || result.ref.empty())
    return std::nullopt;
  return result;
}

std::optional<ref_value> parse_ref_value(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos)
    return std::nullopt;
  const ref_value result{line.substr(0, space), line.substr(space + 1)};
  if (!is_object_id(result.id) || !result.ref.starts_with("refs/"))
    return std::nullopt;
  return result;
}

bool is_object_id(std::string_view text) noexcept {
  return (text.size() == 40 || text.size() == 64)
         && std::all_of(text.begin(), text.end(), [](char c) {
              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            });
}

bool is_null_id(std::string_view id) noexcept {
  return id.find_first_not_of('0') == std::string_view::npos;
}

} // namespace clearance::protocol
