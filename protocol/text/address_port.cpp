#include "protocol/text/address_port.hpp"

#include <charconv>

namespace clearance::protocol {

std::optional<address_port> parse_address_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos)
    return std::nullopt;
  auto address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  address_port result{std::string{address}, 0};
  const auto* last = text.data() + text.size();
  const auto [end, error] =
      std::from_chars(text.data() + colon + 1, last, result.port);
  if (error != std::errc{} || end != last || address.empty())
    return std::nullopt;
  return result;
}

} // namespace clearance::protocol
