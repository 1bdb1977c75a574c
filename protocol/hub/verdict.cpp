#include "protocol/hub/verdict.hpp"

#include "protocol/base/limits.hpp"

namespace clearance::protocol {

namespace {

/// Why `text`, one operand of the shield's command line, must be refused; else
/// nothing. `what` names the operand.
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
    return because(" starts with '-': the shield would take it for an option");
  if (text.find('\0') != std::string_view::npos)
    return because(" contains a NUL character");
  if (text.size() > limits::text_max_chars)
    return because(" is longer than 256 characters");
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
