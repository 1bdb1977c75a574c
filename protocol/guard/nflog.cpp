#include "protocol/guard/nflog.hpp"

#include "protocol/guard/wire_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr std::size_t header_bytes = 16;   // nlmsghdr
constexpr std::size_t general_bytes = 4;   // nfgenmsg
constexpr std::size_t attribute_bytes = 4; // nlattr

constexpr std::uint16_t type_error = 2;       // NLMSG_ERROR
constexpr std::uint16_t type_packet = 4 << 8; // subsystem ULOG, MSG_PACKET
constexpr std::uint16_t type_config = type_packet | 1;

constexpr std::uint16_t flag_request = 1;
constexpr std::uint16_t flag_ack = 4;

// nfulnl_attr_config and nfulnl_attr_type
constexpr std::uint16_t config_command = 1;
constexpr std::uint16_t config_mode = 2;
constexpr std::uint16_t config_timeout = 4;
constexpr std::uint16_t config_threshold = 5;
constexpr std::uint16_t config_flags = 6;
constexpr std::uint16_t packet_payload = 9;
constexpr std::uint16_t packet_prefix = 10;
constexpr std::uint16_t packet_sequence = 12;
constexpr std::uint16_t attribute_type_mask = 0x3fff; // NLA_TYPE_MASK

constexpr std::size_t aligned(std::size_t size) noexcept {
  return (size + 3) / 4 * 4;
}

template <class Integer>
void put_native(std::string& out, Integer value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void put_u16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

void put_u32(std::string& out, std::uint32_t value) {
  put_u16(out, value >> 16);
  put_u16(out, value & 0xffff);
}

struct setting_attribute {
  std::uint16_t type;
  std::string value;
};

setting_attribute attribute_of(nflog_setting what, std::uint32_t value) {
  setting_attribute x{0, {}};
  switch (what) {
  case nflog_setting::bind:
    return {config_command, std::string(1, 1)}; // NFULNL_CFG_CMD_BIND
  case nflog_setting::copy_max:
    put_u32(x.value, value);
    x.value += '\2'; // NFULNL_COPY_PACKET
    x.value += '\0';
    return {config_mode, std::move(x.value)};
  case nflog_setting::threshold:
    put_u32(x.value, value);
    return {config_threshold, std::move(x.value)};
  case nflog_setting::timeout:
    put_u32(x.value, value);
    return {config_timeout, std::move(x.value)};
  case nflog_setting::sequence:
    put_u16(x.value, 1); // NFULNL_CFG_F_SEQ
    return {config_flags, std::move(x.value)};
  }
  return x;
}

// False: an attribute does not fit into the message.
bool read_attributes(std::string_view bytes, nflog_packet& to) noexcept {
  while (bytes.size() >= attribute_bytes) {
    wire_reader in(bytes);
    const auto size = in.native<std::uint16_t>();
    const auto type = in.native<std::uint16_t>() & attribute_type_mask;
    if (size < attribute_bytes || size > bytes.size())
      return false;
    const auto value = in.take(size - attribute_bytes);
    if (type == packet_payload)
      to.payload = value;
    else if (type == packet_prefix)
      to.prefix = value.substr(0, value.find('\0'));
    else if (type == packet_sequence && value.size() == 4)
      to.sequence = wire_reader(value).u32();
    bytes.remove_prefix(std::min(aligned(size), bytes.size()));
  }
  return true;
}

} // namespace

std::string nflog_request(std::uint16_t group, nflog_setting what,
                          std::uint32_t value) {
  const auto x = attribute_of(what, value);
  const auto size = attribute_bytes + x.value.size();
  std::string out;
  put_native(out, static_cast<std::uint32_t>(header_bytes + general_bytes
                                             + aligned(size)));
  put_native(out, type_config);
  put_native(out, static_cast<std::uint16_t>(flag_request | flag_ack));
  put_native(out, std::uint32_t{0}); // sequence
  put_native(out, std::uint32_t{0}); // to the kernel
  out += '\0';                       // any family
  out += '\0';                       // NFNETLINK_V0
  put_u16(out, group);
  put_native(out, static_cast<std::uint16_t>(size));
  put_native(out, x.type);
  out += x.value;
  out.append(aligned(size) - size, '\0');
  return out;
}

std::optional<nflog_message> nflog_datagram::next() noexcept {
  if (rest_.empty() || malformed_)
    return std::nullopt;
  wire_reader in(rest_);
  const auto size = in.native<std::uint32_t>();
  const auto type = in.native<std::uint16_t>();
  if (!in.ok() || size < header_bytes || size > rest_.size()) {
    malformed_ = true;
    return std::nullopt;
  }
  const auto body = rest_.substr(header_bytes, size - header_bytes);
  rest_.remove_prefix(std::min(aligned(size), rest_.size()));
  nflog_message result;
  wire_reader fields(body);
  if (type == type_error) {
    const auto error = fields.native<std::int32_t>();
    malformed_ =
        !fields.ok() || error == std::numeric_limits<std::int32_t>::min();
    result.what = nflog_message::kind::answer;
    result.answer.error = malformed_ ? 0 : -error;
  } else if (type == type_packet) {
    fields.skip(2); // family and version
    result.packet.group = fields.u16();
    malformed_ = !fields.ok()
                 || !read_attributes(body.substr(general_bytes), result.packet);
    result.what = nflog_message::kind::packet;
  }
  if (malformed_)
    return std::nullopt;
  return result;
}

} // namespace clearance::protocol
