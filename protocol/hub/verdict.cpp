#include "protocol/hub/verdict.hpp"

#include "protocol/base/limits.hpp"

namespace clearance::protocol {

namespace {

/// What the shield would make of `text`, which is to be one of its operands.
std::optional<std::string> refusal(std::string_view what,
                                   std::string_view text) {
  auto because = [what](std::string_view why) {
    std::string result = "refused: the ";
    result += what;
    result += why;
    return result;
  };
  if (text.empty())
    return because(" is empty");
  if (text.front() == '-')
    return because(" starts with '-' and would be an option");
  if (text.find('\0') != std::string_view::npos)
    return because(" holds a NUL, where a command line would end it");
  if (text.size() > limits::text_max_chars)
    return because(" is longer than any that is announced");
  return std::nullopt;
}

} // namespace

std::string_view to_string(action x) noexcept {
  switch (x) {
  case action::allow:
    return "allow";
  case action::deny:
    return "deny";
  }
  return "deny";
}

std::optional<action> parse_action(std::string_view word) noexcept {
  for (auto x : {action::allow, action::deny})
    if (word == to_string(x))
      return x;
  return std::nullopt;
}

std::optional<std::string> refusal(const shield_call& call) {
  if (auto why = refusal("container", call.container))
    return why;
  return refusal("destination", call.dest);
}

} // namespace clearance::protocol
