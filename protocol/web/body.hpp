/// What the body of a call of the page says.
#pragma once

#include "protocol/hub/verdict.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Members that the call does not need are as they are here.
struct web_body {
  std::string token;         ///< of `session`
  std::uint64_t after = 0;   ///< of `stream`: what the page has; 0: nothing
  std::uint64_t number = 0;  ///< the prompt's number in the list; 0: none
  std::int64_t revision = 0; ///< that the page showed
  std::optional<action> answer;
  std::string reason; ///< UTF-8 without control characters
  std::string hub;    ///< of `rules`
};

/// Reads an object. Nothing: it is no JSON object, a member has a wrong type or
/// value, or the reason is too long.
std::optional<web_body> parse_web_body(std::string_view text);

} // namespace clearance::protocol
