#include "protocol/web/body.hpp"

#include "protocol/json/json_tree.hpp"
#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utf8.hpp"

#include <utility>

namespace clearance::protocol {

namespace {

/// False: the member is there and has another type.
bool take_text(const json_tree& from, std::string_view name, std::string& to) {
  const auto* member = from.find(name);
  if (member == nullptr)
    return true;
  auto text = member->string();
  if (!text)
    return false;
  to = std::move(*text);
  return true;
}

bool take_count(const json_tree& from, std::string_view name,
                std::uint64_t& to) {
  const auto* member = from.find(name);
  if (member == nullptr)
    return true;
  const auto value = member->integer();
  if (!value || *value < 0)
    return false;
  to = static_cast<std::uint64_t>(*value);
  return true;
}

/// Control characters become spaces, as in the terminal interface.
std::string reason_of(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto unit = utf8_at(text, i);
    const bool shows = unit.well_formed && unit.code_point >= 0x20
                       && (unit.code_point < 0x7f || unit.code_point >= 0xa0);
    if (shows)
      result += text.substr(i, unit.length);
    else
      result += ' ';
    i += unit.length;
  }
  return std::string{trimmed(result)};
}

} // namespace

std::optional<web_body> parse_web_body(std::string_view text) {
  const auto tree = parse_json_tree(text);
  if (!tree || tree->type != json_tree::kind::object)
    return std::nullopt;
  web_body result;
  std::uint64_t revision = 0;
  std::string answer;
  if (!take_text(*tree, "token", result.token)
      || !take_count(*tree, "after", result.after)
      || !take_count(*tree, "number", result.number)
      || !take_count(*tree, "revision", revision)
      || !take_text(*tree, "action", answer)
      || !take_text(*tree, "reason", result.reason)
      || !take_text(*tree, "hub", result.hub))
    return std::nullopt;
  result.revision = static_cast<std::int64_t>(revision);
  if (!answer.empty()) {
    result.answer = parse_action(answer);
    if (!result.answer)
      return std::nullopt;
  }
  if (result.reason.size() > client_limits::typed_text_max_bytes)
    return std::nullopt;
  result.reason = reason_of(result.reason);
  return result;
}

} // namespace clearance::protocol
