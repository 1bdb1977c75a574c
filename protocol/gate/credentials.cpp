#include "protocol/gate/credentials.hpp"

#include <cstdint>
#include <string>

namespace clearance::protocol {

namespace {

constexpr int sextet(char c) noexcept {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Into memory that `out` owns already: a string that grew would leave copies.
bool decode(std::string_view text, std::string& out) {
  if (text.empty() || text.size() % 4 != 0)
    return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=');
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const auto x = sextet(c);
    if (x < 0)
      return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(x);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xff);
    }
  }
  // Bits that encode nothing must be zero: one token has one spelling.
  return (bits & ((1U << count) - 1)) == 0;
}

bool takes_scheme(std::string_view& value, std::string_view scheme) noexcept {
  if (value.size() <= scheme.size() || value[scheme.size()] != ' ')
    return false;
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if ((static_cast<unsigned char>(value[i]) | 0x20U)
        != static_cast<unsigned char>(scheme[i]))
      return false;
  value.remove_prefix(value.find_first_not_of(' ', scheme.size()));
  return true;
}

void add(std::vector<secret>& to, std::string_view token) {
  if (!token.empty())
    to.emplace_back(token);
}

} // namespace

std::vector<secret> read_credentials(std::string_view authorization) {
  while (authorization.ends_with(' '))
    authorization.remove_suffix(1);
  std::vector<secret> result;
  if (takes_scheme(authorization, "bearer")) {
    if (authorization.find_first_of(" \t") == std::string_view::npos)
      add(result, authorization);
  } else if (takes_scheme(authorization, "basic")) {
    std::string decoded;
    if (decode(authorization, decoded)) {
      const std::string_view both = decoded;
      if (const auto colon = both.find(':'); colon != both.npos) {
        add(result, both.substr(0, colon));
        add(result, both.substr(colon + 1));
      }
    }
    wipe(decoded);
  }
  return result;
}

} // namespace clearance::protocol
