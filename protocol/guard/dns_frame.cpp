#include "protocol/guard/dns_frame.hpp"

#include "protocol/guard/wire_reader.hpp"

namespace clearance::protocol {

dns_frame first_dns_frame(std::string_view bytes,
                          std::size_t max_bytes) noexcept {
  wire_reader in(bytes);
  const std::size_t size = in.u16();
  if (!in.ok())
    return {};
  if (size == 0 || size > max_bytes)
    return {dns_frame::kind::malformed, {}, 0};
  const auto message = in.take(size);
  if (!in.ok())
    return {};
  return {dns_frame::kind::complete, message, in.offset()};
}

std::string dns_frame_of(std::string_view message) {
  std::string result;
  result += static_cast<char>(message.size() >> 8 & 0xff);
  result += static_cast<char>(message.size() & 0xff);
  result += message;
  return result;
}

} // namespace clearance::protocol
